/* purge.c - values of properties whose time is over, out of the log of a brand, part by part.
 *
 * A part is counted first, with nothing held. If any of it is to go, it is written anew as a merge
 * of one part is: marked, in the long lane, while sealing goes on; one short transaction swaps it.
 * So each part is purged or it is not, and after a kill the same call does the rest. A tail that
 * holds any is sealed first.
 *
 * Invariants:
 * 1. The mark keeps seals and merges away from the part, the lane's lock an erasure.
 * 2. A part keeps its rows and its range of seq.
 * 3. It ends when each part of the set was looked at: one that was merged away meanwhile is looked
 *    at again as part of what it became. */
#include <inttypes.h>

#include "base/log.h"
#include "brand/internal.h"

struct work {
    struct purge *p;
    uint64_t *values;      /* [expiry.count] of the part under way */
    VEC(uint32_t) looked;  /* files of parts */
    struct log_part from;  /* the part under way: one reference */
    uint32_t file;         /* without the values */
    struct part_info info; /* of it */
};

/* ---- looking ---- */

static bool was_looked_at(const struct work *w, uint32_t file)
{
    for (size_t i = 0; i < w->looked.count; i++) {
        if (w->looked.items[i] == file) return true;
    }
    return false;
}

/* The next part of the set, with a reference; false at the end. */
static bool next_part(struct brand *b, struct work *w)
{
    bool found = false;
    pthread_mutex_lock(&b->log.set_lock);
    for (size_t i = 0; i < b->log.parts.count && !found; i++) {
        if (was_looked_at(w, b->log.parts.items[i].file)) continue;
        w->from = b->log.parts.items[i];
        part_ref(w->from.part);
        found = true;
    }
    pthread_mutex_unlock(&b->log.set_lock);
    if (found) VEC_PUSH(&w->looked, w->from.file);
    return found;
}

static uint64_t sum_of(const uint64_t *values, size_t count)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += values[i];
    return sum;
}

static struct tail_view *view_tail(struct brand *b)
{
    pthread_mutex_lock(&b->log.set_lock);
    struct tail_view *view = tail_view(b->log.tail);
    pthread_mutex_unlock(&b->log.set_lock);
    return view;
}

static uint64_t count_tail(struct brand *b, const struct expiry *e, uint64_t *values)
{
    size_t count;
    uint64_t first_seq;
    struct tail_view *view = view_tail(b);
    const struct event *const *events = tail_view_commits(view, &count, &first_seq);
    memset(values, 0, e->count * sizeof(values[0]));
    events_expired(events, count, e, values);
    tail_view_unref(view);
    return sum_of(values, e->count);
}

/* ---- one part ---- */

static enum err tell_rooms(struct tx *tx)
{
    struct brand *b = tx->brand;
    for (int i = 0; i < b->module_count; i++) {
        if (b->modules[i]->on_purge) TRY(b->modules[i]->on_purge(tx, b->states[i]));
    }
    return ERR_OK;
}

static enum err run_swap(struct tx *tx, void *arg, struct why *why)
{
    struct work *w = arg;
    TRY(log_remove_part(tx, w->from.file));
    TRY(log_add_part(tx, w->file, w->from.first_seq, w->from.last_seq, &w->info, why));
    TRY(tell_rooms(tx));
    return w->p->written ? w->p->written(tx, w->p->arg, w->values) : ERR_OK;
}

/* Under the lock of the long lane, with the part marked. */
static enum err rewrite(struct brand *b, struct work *w, struct why *why)
{
    char path[600];
    w->file = log_new_file(b);
    log_path(b, w->file, "part", path);
    TRY(part_purge(w->from.part, &w->p->expiry, path, w->p->stop, &w->info, why));
    enum err err = brand_call(b, run_swap, w, false, why);
    if (err != ERR_OK) compact_discard(b, w->file, "part");
    if (err != ERR_OK) return err;
    past_mark(b);
    VEC_PUSH(&w->looked, w->file);
    w->p->values += sum_of(w->values, w->p->expiry.count);
    w->p->parts++;
    return ERR_OK;
}

/* Mark the part under way; false: it is not there any more. No merge is under way. */
static bool mark(struct brand *b, const struct work *w, bool merging)
{
    bool found = false;
    pthread_mutex_lock(&b->log.set_lock);
    for (size_t i = 0; i < b->log.parts.count; i++) {
        struct log_part *p = &b->log.parts.items[i];
        if (p->file != w->from.file) continue;
        p->merging = merging;
        found = true;
    }
    pthread_mutex_unlock(&b->log.set_lock);
    return found;
}

static enum err write_anew(struct brand *b, struct work *w, struct why *why)
{
    enum err err = ERR_OK;
    compact_hold(b);
    bool there = mark(b, w, true);
    pthread_mutex_unlock(&b->lanes[LANE_SHORT].round_lock);
    if (there) err = rewrite(b, w, why);
    if (there) (void)mark(b, w, false);
    pthread_mutex_unlock(&b->lanes[LANE_LONG].round_lock);
    return err;
}

static enum err look_at(struct brand *b, struct work *w, struct why *why)
{
    const struct expiry *e = &w->p->expiry;
    memset(w->values, 0, e->count * sizeof(w->values[0]));
    enum err err = part_expired(w->from.part, e, w->values, w->p->stop, why);
    if (err == ERR_OK && sum_of(w->values, e->count)) err = write_anew(b, w, why);
    part_unref(w->from.part);
    return err;
}

/* ---- from outside ---- */

static enum err seal_expired(struct brand *b, struct work *w, struct why *why)
{
    if (count_tail(b, &w->p->expiry, w->values) == 0) return ERR_OK;
    compact_hold(b);
    enum err err = compact_seal(b, true, w->p->stop, why);
    compact_release(b);
    return err == ERR_NOT_FOUND || err == ERR_CONFLICT ? ERR_OK : err;
}

enum err brand_purge(struct brand *b, struct purge *p, struct why *why)
{
    struct work w = {.p = p};
    p->values = p->parts = 0;
    w.values = mem_alloc_array(p->expiry.count + 1, sizeof(w.values[0]));
    enum err err = seal_expired(b, &w, why);
    while (err == ERR_OK && next_part(b, &w))
        err = look_at(b, &w, why);
    mem_free(w.values);
    VEC_FINISH(&w.looked);
    if (p->parts) compactor_wake(b);
    if (p->parts)
        log_info("brand", "values_purged", "values=%" PRIu64 " parts=%" PRIu32, p->values,
                 p->parts);
    return err;
}

enum err brand_expired(struct brand *b, const struct expiry *e, const atomic_bool *stop,
                       struct expired *out, struct why *why)
{
    struct purge none = {.expiry = *e};
    struct work w = {.p = &none};
    enum err err = ERR_OK;
    out->parts = 0;
    w.values = mem_alloc_array(e->count + 1, sizeof(w.values[0]));
    (void)count_tail(b, e, out->values);
    while (err == ERR_OK && next_part(b, &w)) {
        memset(w.values, 0, e->count * sizeof(w.values[0]));
        err = part_expired(w.from.part, e, w.values, stop, why);
        out->parts += sum_of(w.values, e->count) > 0;
        for (size_t i = 0; i < e->count; i++)
            out->values[i] += w.values[i];
        part_unref(w.from.part);
    }
    mem_free(w.values);
    VEC_FINISH(&w.looked);
    return err;
}
