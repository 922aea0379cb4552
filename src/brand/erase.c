/* erase.c - personas out of the log of a brand, or what came of one origin, for good.
 *
 * Parts that hold any of them are written anew beside the old ones, outside of the writer. Then one
 * command, alone in its batch, has the rooms take out their rows, seals the tail without them if it
 * holds any, and swaps the manifest's rows: an erasure has happened or it has not. Files of one
 * that has not are removed here or at the next opening, old files of one that has, after the commit
 * or at the next opening.
 *
 * Invariants:
 * 1. When the swap commits, each part of the set was looked at, and written anew if it held any.
 * Most are before the swap, in LOOKS passes; those that bulk loads have added since, in it.
 * 2. Compaction is held throughout: parts looked at are not merged away.
 * 3. A part keeps its range of seq, though it has fewer rows than that, or none. */
#include <assert.h>
#include <inttypes.h>

#include "base/log.h"
#include "brand/internal.h"

#define LOOKS 2

/* One part that was looked at. */
struct look {
    struct log_part from; /* one reference */
    uint32_t file;        /* without them; 0 = it holds none */
    struct part_info info;
};

struct work {
    struct erasure *e;
    struct part_gone gone;  /* as 'e' had it at the beginning */
    VEC(struct look) looks; /* outside of the writer */
};

/* ---- looking ---- */

static enum err look_at(struct brand *b, const struct part_gone *gone, struct look *l,
                        struct why *why)
{
    char path[600];
    bool held = false;
    TRY(part_holds(l->from.part, gone, &held, why));
    if (!held) return ERR_OK;
    l->file = log_new_file(b);
    log_path(b, l->file, "part", path);
    return part_erase(l->from.part, gone, path, &l->info, why);
}

static bool is_looked_at(const struct work *w, uint32_t file)
{
    for (size_t i = 0; i < w->looks.count; i++) {
        if (w->looks.items[i].from.file == file) return true;
    }
    return false;
}

/* The parts that are new since the last pass. */
static enum err look_at_new(struct brand *b, struct work *w, struct why *why)
{
    size_t first = w->looks.count;
    pthread_mutex_lock(&b->log.set_lock);
    for (size_t i = 0; i < b->log.parts.count; i++) {
        struct look l = {.from = b->log.parts.items[i]};
        if (is_looked_at(w, l.from.file)) continue;
        part_ref(l.from.part);
        VEC_PUSH(&w->looks, l);
    }
    pthread_mutex_unlock(&b->log.set_lock);
    for (size_t i = first; i < w->looks.count; i++)
        TRY(look_at(b, &w->gone, &w->looks.items[i], why));
    return ERR_OK;
}

static bool tail_holds(struct tail_view *view, const struct part_gone *gone)
{
    size_t count;
    uint64_t first_seq;
    const struct event *const *events = tail_view_commits(view, &count, &first_seq);
    for (size_t i = 0; i < count; i++) {
        if (part_gone_has(gone, events[i])) return true;
    }
    return false;
}

/* A tail that holds any becomes a part like any other, so that little of it is left to the swap. */
static enum err shorten_tail(struct brand *b, const struct part_gone *gone, struct why *why)
{
    pthread_mutex_lock(&b->log.set_lock);
    struct tail_view *view = tail_view(b->log.tail);
    pthread_mutex_unlock(&b->log.set_lock);
    bool held = tail_holds(view, gone);
    tail_view_unref(view);
    enum err err = held ? compact_seal(b, true, NULL, why) : ERR_OK;
    return err == ERR_NOT_FOUND || err == ERR_CONFLICT ? ERR_OK : err;
}

/* ---- the swap ---- */

static enum err swap_tail(struct tx *tx, struct work *w, struct why *why)
{
    struct tail_view *view = tail_view(tx->brand->log.tail);
    bool held = tail_holds(view, &w->gone);
    tail_view_unref(view);
    if (!held) return ERR_OK;
    TRY(flush_all(tx)); /* invariant 4 of log.c */
    TRY(compact_seal_tail(tx, &w->gone, why));
    const struct log_part *made = &tx->change.added.items[tx->change.added.count - 1];
    w->e->events += made->last_seq - made->first_seq + 1 - part_get_info(made->part)->rows;
    return ERR_OK;
}

static enum err swap_part(struct tx *tx, struct work *w, const struct look *l, struct why *why)
{
    if (!l->file) return ERR_OK;
    TRY(log_remove_part(tx, l->from.file));
    TRY(log_add_part(tx, l->file, l->from.first_seq, l->from.last_seq, &l->info, why));
    w->e->events += part_get_info(l->from.part)->rows - l->info.rows;
    w->e->parts++;
    return ERR_OK;
}

static enum err swap_all(struct tx *tx, struct work *w, struct why *why)
{
    const struct log *log = &tx->brand->log;
    w->e->events = w->e->parts = 0;
    TRY(swap_tail(tx, w, why));
    for (size_t i = 0; i < w->looks.count; i++)
        TRY(swap_part(tx, w, &w->looks.items[i], why));
    for (size_t i = 0; i < log->parts.count; i++) {
        struct look l = {.from = log->parts.items[i]};
        if (is_looked_at(w, l.from.file)) continue;
        enum err err = look_at(tx->brand, &w->gone, &l, why);
        log_wrote(tx, l.file, "part");
        TRY(err);
        TRY(swap_part(tx, w, &l, why));
    }
    return ERR_OK;
}

void erasure_note(struct erasure *e, const char *table, uint64_t rows)
{
    assert(e->taken_count < ERASURE_TABLES);
    e->taken[e->taken_count].table = table;
    e->taken[e->taken_count++].rows = rows;
}

enum err erasure_take(struct tx *tx, struct erasure *e, const char *table, const char *remove)
{
    uint64_t rows = 0;
    for (size_t i = 0; i < e->gone.count; i++) {
        bool row = true;
        struct sql_stmt *s = sql_use(tx_sql(tx), remove);
        sql_bind_int(s, 1, e->gone.ids[i]);
        for (; row; rows += row)
            TRY(sql_step(s, &row));
    }
    erasure_note(e, table, rows);
    return ERR_OK;
}

static enum err tell_rooms(struct tx *tx, struct erasure *e)
{
    struct brand *b = tx->brand;
    e->files = 0;
    e->taken_count = 0;
    for (int i = 0; i < b->module_count; i++) {
        if (b->modules[i]->on_erase) TRY(b->modules[i]->on_erase(tx, b->states[i], e));
    }
    return ERR_OK;
}

static enum err run_swap(struct tx *tx, void *arg, struct why *why)
{
    struct work *w = arg;
    if (w->e->rows) TRY(w->e->rows(tx, w->e->arg, why));
    enum err err = tell_rooms(tx, w->e);
    if (err == ERR_OK) err = swap_all(tx, w, why);
    if (err == ERR_OK && w->e->finish) err = w->e->finish(tx, w->e->arg, why);
    if (err != ERR_OK) tx->fatal = err; /* part of it is done already */
    tx->brand->wal_due = true;
    return err;
}

/* ---- from outside ---- */

static enum err erase_locked(struct brand *b, struct work *w, struct why *why)
{
    TRY(shorten_tail(b, &w->gone, why));
    if (w->e->look) TRY(w->e->look(b, w->e->arg, why));
    for (int i = 0; i < LOOKS; i++)
        TRY(look_at_new(b, w, why));
    return brand_call(b, run_swap, w, true, why);
}

enum err brand_erase(struct brand *b, struct erasure *e, struct why *why)
{
    struct work w = {.e = e, .gone = {e->gone, e->origin}};
    compact_hold(b);
    enum err err = erase_locked(b, &w, why);
    for (size_t i = 0; i < w.looks.count; i++) {
        if (err != ERR_OK) compact_discard(b, w.looks.items[i].file, "part");
        part_unref(w.looks.items[i].from.part);
    }
    compact_release(b);
    VEC_FINISH(&w.looks);
    if (err == ERR_OK) past_mark(b);
    if (err == ERR_OK)
        log_info("brand", "events_erased", "events=%" PRIu64 " parts=%" PRIu32, e->events,
                 e->parts);
    return err;
}
