/* compact.c - the compactor: a thread that turns blocks into parts and merges parts, beside the
 * writer.
 *
 * Sealing: when the tail holds LOG_SEAL_ROWS events, those up to folded_seq are sorted and written
 * as a part; a command then swaps the blocks for the part. Merging: parts are graded by size (tier
 * t holds up to LOG_SEAL_ROWS * 4^(t+1) rows); FANOUT neighbours in seq of one tier become one
 * part, and more of them if they are there, which is what a bulk load leaves: so its rows are
 * merged once. Side files of ids are merged alike, and dropped past the dedupe horizon. All file
 * work happens outside the writer; what it commits is a few rows. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/fs.h"
#include "base/limits.h"
#include "base/log.h"
#include "brand/internal.h"

#define FANOUT 4
#define IDS_FILES_MAX 8

/* ---- sealing the tail ---- */

enum err brand_part_create(struct brand *b, uint32_t *file, struct part_writer **w, struct why *why)
{
    char path[600];
    *file = log_new_file(b);
    log_path(b, *file, "part", path);
    return part_create(path, w, why);
}

/* Events lie in order of arrival and are written in another: have the processor fetch each one,
 * then its properties, then their texts, some rows before they are wanted. */
static void fetch_ahead(const struct event *const *events, size_t count)
{
    enum { TEXTS = 6, PROPS = 12, EVENT = 18 };
    if (count > EVENT) {
        __builtin_prefetch(events[EVENT]);
        __builtin_prefetch((const char *)events[EVENT] + 64);
    }
    if (count > PROPS && events[PROPS]->prop_count) __builtin_prefetch(events[PROPS]->props);
    if (count <= TEXTS) return;
    for (uint16_t i = 0; i < events[TEXTS]->prop_count; i++) {
        const struct event_prop *p = &events[TEXTS]->props[i];
        if (p->type == PROP_TEXT) __builtin_prefetch(p->text.p);
    }
}

enum err compact_write(struct brand *b, const struct event *const *events, size_t count,
                       const struct persona_set *gone, struct sealed *out, struct why *why)
{
    struct part_writer *w;
    TRY(brand_part_create(b, &out->file, &w, why));
    for (size_t i = 0; i < count; i++) {
        struct event changed;
        fetch_ahead(events + i, count - i);
        const struct event *ev = gone ? event_without(gone, events[i], &changed) : events[i];
        enum err err = ev ? part_add(w, ev, why) : ERR_OK;
        if (err == ERR_OK) continue;
        part_abandon(w);
        return err;
    }
    return part_finish(w, &out->info, why);
}

enum err compact_write_ids(struct brand *b, const struct hash128 *ids, size_t count,
                           struct sealed *out, struct why *why)
{
    char path[600];
    uint64_t size_bytes;
    if (count == 0) return ERR_OK;
    out->ids = count;
    out->ids_file = log_new_file(b);
    log_path(b, out->ids_file, "ids", path);
    return dedupe_write(path, ids, count, &size_bytes, why);
}

/* All events of 'view', sorted, and their ids; 'gone' as for compact_write: the ids of its events
 * stay. A view ends where a block ends. */
static enum err seal_view(struct brand *b, struct tail_view *view, const struct persona_set *gone,
                          struct sealed *out, struct why *why)
{
    size_t count, id_count = 0;
    const struct event *const *events = tail_view_commits(view, &count, &out->first_seq);
    struct hash128 *ids = mem_alloc_array(count, sizeof(*ids));
    out->last_seq = out->first_seq + count - 1;
    for (size_t i = 0; i < count; i++) {
        if (events[i]->id.lo | events[i]->id.hi) ids[id_count++] = events[i]->id;
        if (events[i]->received_at > out->newest_at) out->newest_at = events[i]->received_at;
    }
    events = tail_view_events(view, &count);
    enum err err = compact_write(b, events, count, gone, out, why);
    if (err == ERR_OK) err = compact_write_ids(b, ids, id_count, out, why);
    mem_free(ids);
    return err;
}

enum err compact_enter(struct tx *tx, const struct sealed *sealed, struct why *why)
{
    TRY(log_add_part(tx, sealed->file, sealed->first_seq, sealed->last_seq, &sealed->info, why));
    if (!sealed->ids_file) return ERR_OK;
    return log_add_ids(tx, sealed->ids_file, sealed->ids, sealed->newest_at);
}

static enum err install_sealed(struct tx *tx, const struct sealed *sealed, struct why *why)
{
    TRY(compact_enter(tx, sealed, why));
    struct sql_stmt *s = sql_use(tx->brand->db, "DELETE FROM event_block WHERE first_seq <= $1");
    sql_bind_int(s, 1, (int64_t)sealed->last_seq);
    TRY(sql_run(s));
    tx->change.dropped_seq = sealed->last_seq;
    return ERR_OK;
}

enum err compact_seal_tail(struct tx *tx, const struct persona_set *gone, struct why *why)
{
    struct brand *b = tx->brand;
    if (tail_count(b->log.tail) == 0) return ERR_OK;
    struct sealed sealed = {0};
    struct tail_view *view = tail_view(b->log.tail);
    enum err err = seal_view(b, view, gone, &sealed, why);
    tail_view_unref(view);
    log_wrote(tx, sealed.file, "part");
    log_wrote(tx, sealed.ids_file, "ids");
    return err == ERR_OK ? install_sealed(tx, &sealed, why) : err;
}

/* The writer's half. Somebody else (a bulk load) may have sealed the same events meanwhile. */
static enum err run_install(struct tx *tx, void *arg, struct why *why)
{
    const struct sealed *sealed = arg;
    struct sql_stmt *s = sql_use(tx->brand->db, "SELECT 1 FROM event_block WHERE first_seq = $1");
    sql_bind_int(s, 1, (int64_t)sealed->first_seq);
    bool there;
    TRY(sql_step(s, &there));
    sql_reset(s);
    if (!there) return ERR_CONFLICT;
    return install_sealed(tx, sealed, why);
}

void compact_discard(struct brand *b, uint32_t file, const char *suffix)
{
    char path[600];
    struct why why;
    if (file == 0 || b->poisoned) return; /* as in log_forget */
    log_path(b, file, suffix, path);
    if (fs_remove(path, &why) != ERR_OK) log_warn("brand", "file_not_removed", "file=%u", file);
}

/* Rows must include the events before their blocks may go (invariant 4 of log.c). */
static enum err fold_first(struct brand *b, struct tail_view *view, struct why *why)
{
    size_t count;
    uint64_t first_seq;
    tail_view_commits(view, &count, &first_seq);
    return brand_fold_to(b, first_seq + count - 1, why);
}

enum err compact_seal(struct brand *b, size_t rows_min, struct why *why)
{
    pthread_mutex_lock(&b->log.set_lock);
    struct tail_view *view = tail_view(b->log.tail);
    pthread_mutex_unlock(&b->log.set_lock);
    struct sealed sealed = {0};
    enum err err = tail_view_count(view) >= rows_min ? fold_first(b, view, why) : ERR_NOT_FOUND;
    if (err == ERR_OK) err = seal_view(b, view, NULL, &sealed, why);
    tail_view_unref(view);
    if (err == ERR_OK) err = brand_call(b, run_install, &sealed, false, why);
    if (err != ERR_OK) {
        compact_discard(b, sealed.file, "part");
        compact_discard(b, sealed.ids_file, "ids");
        return err;
    }
    log_info("brand", "part_written", "file=%u rows=%" PRIu64 " bytes=%" PRIu64, sealed.file,
             sealed.info.rows, sealed.info.size_bytes);
    return ERR_OK;
}

/* ---- merging parts ---- */

struct merge {
    struct log_part sources[LOG_MERGE_MAX];
    size_t count;
    uint32_t file;
    struct part_info info;
};

static int tier_of(uint64_t rows)
{
    int tier = 0;
    for (uint64_t room = (uint64_t)LOG_SEAL_ROWS * FANOUT; rows > room && tier < 24; room *= FANOUT)
        tier++;
    return tier;
}

/* How many parts from 'first' on are of no higher tier than it is, LOG_MERGE_MAX at most. */
static size_t alike(const struct log *log, size_t first)
{
    int tier = tier_of(part_get_info(log->parts.items[first].part)->rows);
    size_t count = 1;
    while (count < LOG_MERGE_MAX && first + count < log->parts.count &&
           tier_of(part_get_info(log->parts.items[first + count].part)->rows) <= tier)
        count++;
    return count;
}

/* The first neighbours of whom there are FANOUT at least, none of a higher tier than the first. */
static bool choose(struct brand *b, struct merge *m)
{
    struct log *log = &b->log;
    bool found = false;
    pthread_mutex_lock(&log->set_lock);
    for (size_t i = 0; !found && i + FANOUT <= log->parts.count; i++) {
        m->count = alike(log, i);
        found = m->count >= FANOUT;
        for (size_t k = 0; k < m->count && found; k++) {
            m->sources[k] = log->parts.items[i + k];
            part_ref(m->sources[k].part);
        }
    }
    pthread_mutex_unlock(&log->set_lock);
    return found;
}

/* Only the compactor and bulk loads change the set, and bulk loads only add. */
static enum err run_merged(struct tx *tx, void *arg, struct why *why)
{
    struct merge *m = arg;
    for (size_t i = 0; i < m->count; i++)
        TRY(log_remove_part(tx, m->sources[i].file));
    return log_add_part(tx, m->file, m->sources[0].first_seq, m->sources[m->count - 1].last_seq,
                        &m->info, why);
}

static enum err merge_once(struct brand *b, struct why *why)
{
    struct merge m = {.count = 0};
    if (!choose(b, &m)) return ERR_NOT_FOUND;
    struct part *parts[LOG_MERGE_MAX];
    char path[600];
    for (size_t i = 0; i < m.count; i++)
        parts[i] = m.sources[i].part;
    m.file = log_new_file(b);
    log_path(b, m.file, "part", path);
    enum err err = part_merge(parts, m.count, path, &m.info, why);
    if (err == ERR_OK) err = brand_call(b, run_merged, &m, false, why);
    if (err != ERR_OK) compact_discard(b, m.file, "part");
    for (size_t i = 0; i < m.count; i++)
        part_unref(m.sources[i].part);
    if (err == ERR_OK)
        log_info("brand", "parts_merged", "file=%u rows=%" PRIu64, m.file, m.info.rows);
    return err;
}

/* ---- side files of ids ---- */

struct ids_merge {
    struct log_ids sources[IDS_FILES_MAX + 1];
    size_t count;
    bool drop; /* past the horizon: no new file */
    uint32_t file;
    uint64_t ids;
    int64_t newest_at;
};

static enum err run_ids(struct tx *tx, void *arg, struct why *why)
{
    (void)why;
    struct ids_merge *m = arg;
    for (size_t i = 0; i < m->count; i++)
        TRY(log_remove_ids(tx, m->sources[i].file));
    return m->drop ? ERR_OK : log_add_ids(tx, m->file, m->ids, m->newest_at);
}

static int newer_first(const void *a, const void *b)
{
    const struct log_ids *x = a, *y = b;
    return x->newest_at > y->newest_at ? -1 : x->newest_at < y->newest_at;
}

/* The set of side files is the writer's; ask it for a copy. */
struct ids_list {
    VEC(struct log_ids) files;
};
static enum err run_list_ids(struct tx *tx, void *arg, struct why *why)
{
    (void)why;
    struct ids_list *list = arg;
    VEC_RESET(&list->files); /* a batch that was rolled back has run this before */
    for (size_t i = 0; i < tx->brand->log.ids.count; i++)
        VEC_PUSH(&list->files, tx->brand->log.ids.items[i]);
    return ERR_OK;
}

/* Old files beyond both horizons go; else the smallest ones are merged when there are too many. */
static bool choose_ids(struct brand *b, struct ids_list *list, struct ids_merge *m)
{
    if (list->files.count == 0) return false;
    qsort(list->files.items, list->files.count, sizeof(list->files.items[0]), newer_first);
    int64_t oldest = env_now(b->env) - LIMIT_DEDUPE_HOURS * TIME_HOUR;
    uint64_t newer = 0;
    for (size_t i = 0; i < list->files.count && m->count <= IDS_FILES_MAX; i++) {
        const struct log_ids *f = &list->files.items[i];
        if (newer >= LIMIT_DEDUPE_IDS && f->newest_at < oldest) m->sources[m->count++] = *f;
        newer += f->count;
    }
    m->drop = m->count > 0;
    if (m->drop || list->files.count <= IDS_FILES_MAX) return m->drop;
    /* neighbours in age, so that a merged file can still expire: the adjacent run with least ids */
    size_t best = 0;
    uint64_t best_ids = UINT64_MAX;
    for (size_t i = 0; i + FANOUT <= list->files.count; i++) {
        uint64_t ids = 0;
        for (size_t k = 0; k < FANOUT; k++)
            ids += list->files.items[i + k].count;
        if (ids < best_ids) best = i, best_ids = ids;
    }
    for (size_t k = 0; k < FANOUT; k++)
        m->sources[m->count++] = list->files.items[best + k];
    m->newest_at = m->sources[0].newest_at;
    return true;
}

static enum err write_merged_ids(struct brand *b, struct ids_merge *m, struct why *why)
{
    char paths[IDS_FILES_MAX + 1][600], path[600];
    const char *from[IDS_FILES_MAX + 1];
    uint64_t size_bytes;
    for (size_t i = 0; i < m->count; i++) {
        log_path(b, m->sources[i].file, "ids", paths[i]);
        from[i] = paths[i];
    }
    m->file = log_new_file(b);
    log_path(b, m->file, "ids", path);
    return dedupe_merge(from, m->count, path, &m->ids, &size_bytes, why);
}

static enum err ids_once(struct brand *b, struct why *why)
{
    struct ids_list list = {0};
    struct ids_merge m = {.count = 0};
    enum err err = brand_call(b, run_list_ids, &list, false, why);
    if (err == ERR_OK && !choose_ids(b, &list, &m)) err = ERR_NOT_FOUND;
    if (err == ERR_OK && !m.drop) err = write_merged_ids(b, &m, why);
    if (err == ERR_OK) err = brand_call(b, run_ids, &m, false, why);
    if (err != ERR_OK && !m.drop) compact_discard(b, m.file, "ids");
    VEC_FINISH(&list.files);
    return err;
}

/* ---- the thread ---- */

/* One round of everything that wants doing; ERR_NOT_FOUND when nothing did. */
static enum err round_locked(struct brand *b, struct why *why)
{
    enum err sealed = compact_seal(b, LOG_SEAL_ROWS, why);
    if (sealed != ERR_OK && sealed != ERR_NOT_FOUND && sealed != ERR_CONFLICT) return sealed;
    enum err merged = merge_once(b, why);
    if (merged != ERR_OK && merged != ERR_NOT_FOUND) return merged;
    enum err ids = ids_once(b, why);
    if (ids != ERR_OK && ids != ERR_NOT_FOUND) return ids;
    return sealed == ERR_OK || merged == ERR_OK || ids == ERR_OK ? ERR_OK : ERR_NOT_FOUND;
}

/* What a round chose must still be there when it commits: one round at a time. */
static enum err compact_round(struct brand *b, struct why *why)
{
    pthread_mutex_lock(&b->round_lock);
    enum err err = round_locked(b, why);
    pthread_mutex_unlock(&b->round_lock);
    return err;
}

void brand_compact_soon(struct brand *b)
{
    compactor_wake(b);
}

enum err brand_compact(struct brand *b, struct why *why)
{
    enum err err;
    do {
        err = compact_round(b, why);
    } while (err == ERR_OK);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static void *compactor(void *arg)
{
    struct brand *b = arg;
    pthread_mutex_lock(&b->compact_lock);
    while (!b->compact_stop) {
        if (!b->compact_asked) pthread_cond_wait(&b->compact_wake, &b->compact_lock);
        b->compact_asked = false;
        if (b->compact_stop) break;
        pthread_mutex_unlock(&b->compact_lock);
        struct why why = {0};
        enum err err = compact_round(b, &why);
        if (err != ERR_OK && err != ERR_NOT_FOUND && err != ERR_UNAVAILABLE) {
            char text[400];
            why_text(&why, LANG_EN, text, sizeof(text));
            log_error("brand", "compaction_failed", "error=%s why=\"%s\"", err_code(err), text);
        }
        pthread_mutex_lock(&b->compact_lock);
        if (err == ERR_OK) b->compact_asked = true; /* more may be wanted */
    }
    pthread_mutex_unlock(&b->compact_lock);
    return NULL;
}

void compactor_wake(struct brand *b)
{
    pthread_mutex_lock(&b->compact_lock);
    b->compact_asked = true;
    pthread_cond_signal(&b->compact_wake);
    pthread_mutex_unlock(&b->compact_lock);
}

enum err compactor_start(struct brand *b, struct why *why)
{
    b->compact_asked = true;
    if (pthread_create(&b->compactor, NULL, compactor, b) != 0) {
        return why_fail(why, ERR_INTERNAL, MSG_INTERNAL, "", NULL);
    }
    b->compactor_started = true;
    return ERR_OK;
}

void compactor_stop(struct brand *b)
{
    if (!b->compactor_started) return;
    pthread_mutex_lock(&b->compact_lock);
    b->compact_stop = true;
    pthread_cond_signal(&b->compact_wake);
    pthread_mutex_unlock(&b->compact_lock);
    pthread_join(b->compactor, NULL);
    b->compactor_started = false;
}
