/* merge.c - which parts become one, and which files of ids.
 *
 * A brand keeps to PARTS_MAX parts, whatever it holds: every question about all of time reads each
 * of them. One more, and the newest are merged: from the first on that has less than SHARE times
 * the rows of all behind it, the last two at least. So a part is written again only when a third of
 * it has come anew: some 10 times in all on the way to 100 M events, 14 to 400 M, from parts of
 * LOG_SEAL_ROWS. A bulk load leaves many parts of one size, which are merged once.
 *
 * A merge of more than SHORT_ROWS rows takes seconds: it is the second lane's, and the first goes
 * on sealing, and merging what comes behind. A part that is being merged is marked; whoever chooses
 * looks only behind the last one marked. Side files of ids are merged alike, and dropped past the
 * dedupe horizon. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/log.h"
#include "brand/internal.h"

#define PARTS_MAX 4
#define SHARE 3
#define SHORT_ROWS ((uint64_t)LOG_SEAL_ROWS * 16)
#define IDS_FILES_MAX 8
#define IDS_FANOUT 4

/* ---- parts ---- */

struct merge {
    struct log_part sources[LOG_MERGE_MAX];
    size_t count;
    uint32_t file;
    struct part_info info;
};

static uint64_t rows_of(const struct log *log, size_t i)
{
    return part_get_info(log->parts.items[i].part)->rows;
}

/* The first part that may be chosen: none before it waits for a merge to end. */
static size_t first_free(const struct log *log)
{
    size_t first = log->parts.count;
    while (first > 0 && !log->parts.items[first - 1].merging)
        first--;
    return first;
}

/* Where the parts to be merged begin, and how many rows there are from there on. */
static size_t first_merged(const struct log *log, uint64_t *rows)
{
    size_t i = first_free(log);
    *rows = 0;
    for (size_t k = i; k < log->parts.count; k++)
        *rows += rows_of(log, k);
    for (; i + 2 < log->parts.count; i++) {
        uint64_t behind = *rows - rows_of(log, i);
        if (rows_of(log, i) < SHARE * behind) break;
        *rows = behind;
    }
    return i;
}

static void mark(struct log *log, struct merge *m, size_t first)
{
    for (size_t i = 0; i < m->count; i++) {
        log->parts.items[first + i].merging = true;
        m->sources[i] = log->parts.items[first + i];
        part_ref(m->sources[i].part);
    }
}

/* What this lane has to merge; false when nothing. */
static bool choose(struct brand *b, enum lane lane, struct merge *m)
{
    struct log *log = &b->log;
    uint64_t rows;
    pthread_mutex_lock(&log->set_lock);
    size_t first = first_merged(log, &rows);
    bool wanted = log->parts.count - first_free(log) > PARTS_MAX &&
                  (rows > SHORT_ROWS) == (lane == LANE_LONG);
    if (wanted) {
        m->count = log->parts.count - first;
        if (m->count > LOG_MERGE_MAX) m->count = LOG_MERGE_MAX;
        mark(log, m, first);
    }
    pthread_mutex_unlock(&log->set_lock);
    return wanted;
}

/* The sources are free again, if they are still there. */
static void release(struct brand *b, struct merge *m)
{
    struct log *log = &b->log;
    pthread_mutex_lock(&log->set_lock);
    for (size_t i = 0; i < log->parts.count; i++) {
        for (size_t k = 0; k < m->count; k++) {
            if (log->parts.items[i].file == m->sources[k].file) log->parts.items[i].merging = false;
        }
    }
    pthread_mutex_unlock(&log->set_lock);
    for (size_t i = 0; i < m->count; i++)
        part_unref(m->sources[i].part);
}

/* The marks keep other merges, and the lanes' locks an erasure, from taking the same parts away. */
static enum err run_merged(struct tx *tx, void *arg, struct why *why)
{
    struct merge *m = arg;
    for (size_t i = 0; i < m->count; i++)
        TRY(log_remove_part(tx, m->sources[i].file));
    return log_add_part(tx, m->file, m->sources[0].first_seq, m->sources[m->count - 1].last_seq,
                        &m->info, why);
}

enum err merge_parts(struct brand *b, enum lane lane, const atomic_bool *stop, struct why *why)
{
    struct merge m = {.count = 0};
    if (!choose(b, lane, &m)) return ERR_NOT_FOUND;
    struct part *parts[LOG_MERGE_MAX];
    char path[600];
    for (size_t i = 0; i < m.count; i++)
        parts[i] = m.sources[i].part;
    m.file = log_new_file(b);
    log_path(b, m.file, "part", path);
    enum err err = part_merge(parts, m.count, path, stop, &m.info, why);
    if (err == ERR_OK) err = brand_call(b, run_merged, &m, false, why);
    if (err != ERR_OK) compact_discard(b, m.file, "part");
    if (err == ERR_OK)
        log_info("brand", "parts_merged", "file=%u parts=%zu rows=%" PRIu64 " bytes=%" PRIu64,
                 m.file, m.count, m.info.rows, m.info.size_bytes);
    release(b, &m);
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
    for (size_t i = 0; i + IDS_FANOUT <= list->files.count; i++) {
        uint64_t ids = 0;
        for (size_t k = 0; k < IDS_FANOUT; k++)
            ids += list->files.items[i + k].count;
        if (ids < best_ids) best = i, best_ids = ids;
    }
    for (size_t k = 0; k < IDS_FANOUT; k++)
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

enum err merge_ids(struct brand *b, struct why *why)
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
