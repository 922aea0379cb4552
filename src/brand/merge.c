/* merge.c - parts become one, and files of ids.
 *
 * tiers.c says which parts. A merge of more than SHORT_ROWS rows takes seconds: it is the second
 * lane's, and the first goes on sealing, and merging what comes behind. A part that is being read
 * for that is marked, and nobody else chooses it. Side files of ids are merged when they are many,
 * and dropped past the dedupe horizon. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/log.h"
#include "brand/internal.h"

#define SHORT_ROWS ((uint64_t)TIERS_SEAL_ROWS * 16)
#define IDS_FILES_MAX 8
#define IDS_FANOUT 4

/* ---- parts ---- */

struct merge {
    struct part_run from;
    uint32_t file;
    struct part_info info;
};

struct tier *part_tiers(const struct log *log)
{
    struct tier *tiers = mem_alloc_array(log->parts.count + 1, sizeof(*tiers));
    for (size_t i = 0; i < log->parts.count; i++) {
        const struct log_part *p = &log->parts.items[i];
        tiers[i] = (struct tier){part_get_info(p->part)->rows, p->merging};
    }
    return tiers;
}

void part_run_take(struct log *log, struct tier_run run, struct part_run *out)
{
    out->count = run.count;
    for (size_t i = 0; i < run.count; i++) {
        log->parts.items[run.first + i].merging = true;
        out->parts[i] = log->parts.items[run.first + i];
        part_ref(out->parts[i].part);
    }
}

/* What this lane has to merge; false when nothing. */
static bool choose(struct brand *b, enum lane lane, struct merge *m)
{
    struct log *log = &b->log;
    struct tier_run run;
    uint64_t rows = 0;
    pthread_mutex_lock(&log->set_lock);
    struct tier *tiers = part_tiers(log);
    bool wanted = tiers_merge(tiers, log->parts.count, &run);
    for (size_t i = 0; wanted && i < run.count; i++)
        rows += tiers[run.first + i].rows;
    wanted = wanted && (rows > SHORT_ROWS) == (lane == LANE_LONG);
    if (wanted) part_run_take(log, run, &m->from);
    pthread_mutex_unlock(&log->set_lock);
    mem_free(tiers);
    return wanted;
}

void part_run_release(struct brand *b, struct part_run *run)
{
    struct log *log = &b->log;
    pthread_mutex_lock(&log->set_lock);
    for (size_t i = 0; i < log->parts.count; i++) {
        for (size_t k = 0; k < run->count; k++) {
            if (log->parts.items[i].file == run->parts[k].file) log->parts.items[i].merging = false;
        }
    }
    pthread_mutex_unlock(&log->set_lock);
    for (size_t i = 0; i < run->count; i++)
        part_unref(run->parts[i].part);
    run->count = 0;
}

/* The marks keep other merges, and the lanes' locks an erasure, from taking the same parts away. */
static enum err run_merged(struct tx *tx, void *arg, struct why *why)
{
    struct merge *m = arg;
    const struct part_run *from = &m->from;
    for (size_t i = 0; i < from->count; i++)
        TRY(log_remove_part(tx, from->parts[i].file));
    return log_add_part(tx, m->file, from->parts[0].first_seq,
                        from->parts[from->count - 1].last_seq, &m->info, why);
}

enum err merge_parts(struct brand *b, enum lane lane, const atomic_bool *stop, struct why *why)
{
    struct merge m = {.file = 0};
    if (!choose(b, lane, &m)) return ERR_NOT_FOUND;
    struct part *parts[TIERS_MERGE_MAX];
    struct part_sources sources = {.parts = parts, .part_count = m.from.count};
    char path[600];
    for (size_t i = 0; i < m.from.count; i++)
        parts[i] = m.from.parts[i].part;
    m.file = log_new_file(b);
    log_path(b, m.file, "part", path);
    enum err err = part_merge(&sources, path, stop, &m.info, why);
    if (err == ERR_OK) err = brand_call(b, run_merged, &m, false, why);
    if (err != ERR_OK) compact_discard(b, m.file, "part");
    if (err == ERR_OK)
        log_info("brand", "parts_merged", "file=%u parts=%zu rows=%" PRIu64 " bytes=%" PRIu64,
                 m.file, m.from.count, m.info.rows, m.info.size_bytes);
    part_run_release(b, &m.from);
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
