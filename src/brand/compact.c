/* compact.c - the compactor: two threads beside the writer that turn blocks into parts and merge
 * parts.
 *
 * Sealing: when the tail holds enough events, they are sorted and written as a part once the
 * rooms' rows include them; where there would be too many parts, those before it are written anew
 * in the same file. A command then swaps the blocks, and those parts, for it. Which parts become
 * one: tiers.c. Merging: merge.c. All file work happens outside the writer; what it commits is a
 * few rows.
 *
 * The first thread (LANE_SHORT) seals, merges what is soon merged, and merges files of ids. The
 * second (LANE_LONG) merges what takes long, and gives way to questions: the system's scheduler
 * lets it have the time that is left over, and a tenth of a processor where none is. The first does
 * not, because a tail that is not sealed costs every question more. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/log.h"
#include "brand/internal.h"

#define NICENESS 10

/* ---- sealing the tail ---- */

enum err brand_part_create(struct brand *b, uint32_t *file, struct part_writer **w, struct why *why)
{
    char path[600];
    *file = log_new_file(b);
    log_path(b, *file, "part", path);
    return part_create(path, w, why);
}

enum err compact_write(struct brand *b, const struct event *const *events, size_t count,
                       const struct part_gone *gone, struct sealed *out, struct why *why)
{
    struct part_writer *w;
    TRY(brand_part_create(b, &out->file, &w, why));
    for (size_t i = 0; i < count; i++) {
        events_fetch_ahead(events + i, count - i);
        if (gone && part_gone_has(gone, events[i])) continue;
        enum err err = part_add(w, events[i], why);
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

/* What a tail becomes a part with. */
struct sealing {
    struct tail_view *view;          /* ends where a block ends */
    const struct part_gone *gone;    /* as for compact_write: ids of their events stay */
    const struct part_run *absorbed; /* parts right before it, whose rows go into the file too */
    const atomic_bool *stop;         /* as for part_merge */
};

static enum err write_with(struct brand *b, const struct sealing *from, struct sealed *out,
                           struct why *why)
{
    struct part *parts[TIERS_MERGE_MAX];
    struct part_sources sources = {.parts = parts, .part_count = from->absorbed->count};
    char path[600];
    for (size_t i = 0; i < sources.part_count; i++)
        parts[i] = from->absorbed->parts[i].part;
    sources.events = tail_view_events(from->view, &sources.event_count);
    out->file = log_new_file(b);
    log_path(b, out->file, "part", path);
    return part_merge(&sources, path, from->stop, &out->info, why);
}

static enum err write_events(struct brand *b, const struct sealing *from, struct sealed *out,
                             struct why *why)
{
    size_t count;
    const struct event *const *events = tail_view_events(from->view, &count);
    return compact_write(b, events, count, from->gone, out, why);
}

/* A new 'out': all events of the view, sorted, and their ids. */
static enum err seal_view(struct brand *b, const struct sealing *from, struct sealed *out,
                          struct why *why)
{
    size_t count, id_count = 0;
    const struct event *const *events = tail_view_commits(from->view, &count, &out->first_seq);
    struct hash128 *ids = mem_alloc_array(count, sizeof(*ids));
    out->last_seq = out->first_seq + count - 1;
    for (size_t i = 0; i < count; i++) {
        if (events[i]->id.lo | events[i]->id.hi) ids[id_count++] = events[i]->id;
        if (events[i]->received_at > out->newest_at) out->newest_at = events[i]->received_at;
    }
    enum err err = from->absorbed ? write_with(b, from, out, why) : write_events(b, from, out, why);
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

enum err compact_seal_tail(struct tx *tx, const struct part_gone *gone, struct why *why)
{
    struct brand *b = tx->brand;
    if (tail_count(b->log.tail) == 0) return ERR_OK;
    struct sealed sealed = {0};
    struct sealing from = {.view = tail_view(b->log.tail), .gone = gone};
    enum err err = seal_view(b, &from, &sealed, why);
    tail_view_unref(from.view);
    log_wrote(tx, sealed.file, "part");
    log_wrote(tx, sealed.ids_file, "ids");
    return err == ERR_OK ? install_sealed(tx, &sealed, why) : err;
}

/* The writer's half. Somebody else (a bulk load) may have sealed the same events meanwhile. The
 * absorbed parts are still there: their marks keep merges, and the lanes' locks an erasure, from
 * taking them away. */
struct install {
    const struct sealed *sealed;
    const struct part_run *absorbed;
};
static enum err run_install(struct tx *tx, void *arg, struct why *why)
{
    const struct install *in = arg;
    struct sealed sealed = *in->sealed;
    struct sql_stmt *s = sql_use(tx->brand->db, "SELECT 1 FROM event_block WHERE first_seq = $1");
    sql_bind_int(s, 1, (int64_t)sealed.first_seq);
    bool there;
    TRY(sql_step(s, &there));
    sql_reset(s);
    if (!there) return ERR_CONFLICT;
    for (size_t i = 0; i < in->absorbed->count; i++)
        TRY(log_remove_part(tx, in->absorbed->parts[i].file));
    if (in->absorbed->count) sealed.first_seq = in->absorbed->parts[0].first_seq;
    return install_sealed(tx, &sealed, why);
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

/* The tail, if it is to be sealed now, and the parts that become one with it; NULL: not now. */
static struct tail_view *take_tail(struct brand *b, bool any, struct part_run *absorbed)
{
    struct log *log = &b->log;
    struct tail_view *view = NULL;
    struct tier_run run = {0};
    pthread_mutex_lock(&log->set_lock);
    struct tier *tiers = part_tiers(log);
    size_t rows = tail_count(log->tail);
    uint64_t wanted = any ? 1 : tiers_seal_rows(tiers, log->parts.count);
    if (rows >= wanted && tiers_seal(tiers, log->parts.count, rows, &run)) {
        bool apart = any && log->parts.count < TIERS_PARTS_MAX; /* little was asked for */
        if (!apart) part_run_take(log, run, absorbed);
        view = tail_view(log->tail);
    }
    pthread_mutex_unlock(&log->set_lock);
    mem_free(tiers);
    return view;
}

static enum err seal_taken(struct brand *b, const struct sealing *from, struct why *why)
{
    static const struct part_run none;
    struct sealed sealed = {0};
    TRY(fold_first(b, from->view, why));
    enum err err = seal_view(b, from, &sealed, why);
    struct install in = {&sealed, from->absorbed ? from->absorbed : &none};
    if (err == ERR_OK) err = brand_call(b, run_install, &in, false, why);
    if (err != ERR_OK) {
        compact_discard(b, sealed.file, "part");
        compact_discard(b, sealed.ids_file, "ids");
        return err;
    }
    log_info("brand", "part_written",
             "file=%u events=%zu parts=%zu rows=%" PRIu64 " bytes=%" PRIu64, sealed.file,
             tail_view_count(from->view), in.absorbed->count, sealed.info.rows,
             sealed.info.size_bytes);
    return ERR_OK;
}

enum err compact_seal(struct brand *b, bool any, const atomic_bool *stop, struct why *why)
{
    struct part_run absorbed = {.count = 0};
    struct sealing from = {.view = take_tail(b, any, &absorbed), .stop = stop};
    if (!from.view) return ERR_NOT_FOUND;
    if (absorbed.count) from.absorbed = &absorbed;
    enum err err = seal_taken(b, &from, why);
    if (absorbed.count && err == ERR_CORRUPT) { /* a part that cannot be read keeps nobody out */
        log_warn("brand", "part_not_absorbed", "file=%u", absorbed.parts[0].file);
        from.absorbed = NULL;
        err = seal_taken(b, &from, why);
    }
    part_run_release(b, &absorbed);
    tail_view_unref(from.view);
    return err;
}

/* ---- rounds ---- */

/* One round of everything that a lane does; ERR_NOT_FOUND when nothing wanted doing. */
static enum err round_locked(struct brand *b, enum lane lane, const atomic_bool *stop,
                             struct why *why)
{
    if (lane == LANE_LONG) return merge_parts(b, lane, stop, why);
    enum err sealed = compact_seal(b, false, stop, why);
    if (sealed != ERR_OK && sealed != ERR_NOT_FOUND && sealed != ERR_CONFLICT) return sealed;
    enum err merged = merge_parts(b, lane, stop, why);
    if (merged != ERR_OK && merged != ERR_NOT_FOUND) return merged;
    enum err ids = merge_ids(b, why);
    if (ids != ERR_OK && ids != ERR_NOT_FOUND) return ids;
    return sealed == ERR_OK || merged == ERR_OK || ids == ERR_OK ? ERR_OK : ERR_NOT_FOUND;
}

/* One at a time in a lane, whoever runs it. */
static enum err lane_round(struct brand *b, enum lane lane, const atomic_bool *stop,
                           struct why *why)
{
    pthread_mutex_lock(&b->lanes[lane].round_lock);
    enum err err = round_locked(b, lane, stop, why);
    pthread_mutex_unlock(&b->lanes[lane].round_lock);
    return err;
}

void compact_hold(struct brand *b)
{
    for (int i = 0; i < LANES; i++)
        pthread_mutex_lock(&b->lanes[i].round_lock);
}

void compact_release(struct brand *b)
{
    for (int i = LANES; i-- > 0;)
        pthread_mutex_unlock(&b->lanes[i].round_lock);
}

void brand_compact_soon(struct brand *b)
{
    compactor_wake(b);
}

enum err brand_compact(struct brand *b, struct why *why)
{
    for (bool more = true; more;) {
        more = false;
        for (int lane = 0; lane < LANES; lane++) {
            enum err err = lane_round(b, (enum lane)lane, NULL, why);
            if (err != ERR_OK && err != ERR_NOT_FOUND) return err;
            more |= err == ERR_OK;
        }
    }
    return ERR_OK;
}

/* ---- the threads ---- */

/* Until something was asked of the lane; false when it must stop. */
static bool wait_for_work(struct brand *b, struct compact_lane *l)
{
    pthread_mutex_lock(&b->compact_lock);
    while (!l->asked && !b->compact_stop)
        pthread_cond_wait(&b->compact_wake, &b->compact_lock);
    l->asked = false;
    bool stop = b->compact_stop;
    pthread_mutex_unlock(&b->compact_lock);
    return !stop;
}

/* This thread alone, not the process; where it is refused, it runs like any other. */
static void give_way(const struct brand *b)
{
    if (setpriority(PRIO_PROCESS, (id_t)gettid(), NICENESS) != 0)
        log_warn("brand", "compactor_not_nice", "brand=%s", brand_slug(b));
}

static void *compactor(void *arg)
{
    struct compact_lane *l = arg;
    struct brand *b = l->brand;
    if (l->lane == LANE_LONG) give_way(b);
    while (wait_for_work(b, l)) {
        struct why why = {0};
        char text[400];
        enum err err = lane_round(b, l->lane, &b->compact_stop, &why);
        if (err == ERR_OK) compactor_wake(b); /* more may be wanted, of the other lane too */
        if (err == ERR_OK || err == ERR_NOT_FOUND || err == ERR_UNAVAILABLE) continue;
        why_text(&why, LANG_EN, text, sizeof(text));
        log_error("brand", "compaction_failed", "error=%s why=\"%s\"", err_code(err), text);
    }
    return NULL;
}

void compactor_wake(struct brand *b)
{
    pthread_mutex_lock(&b->compact_lock);
    for (int i = 0; i < LANES; i++)
        b->lanes[i].asked = true;
    pthread_cond_broadcast(&b->compact_wake);
    pthread_mutex_unlock(&b->compact_lock);
}

void compactor_init(struct brand *b)
{
    pthread_mutex_init(&b->compact_lock, NULL);
    pthread_cond_init(&b->compact_wake, NULL);
    for (int i = 0; i < LANES; i++) {
        b->lanes[i] = (struct compact_lane){.brand = b, .lane = (enum lane)i, .asked = true};
        pthread_mutex_init(&b->lanes[i].round_lock, NULL);
    }
}

/* From when on the writer may wait for a seal, and until when. */
static void set_sealing(struct brand *b, bool on)
{
    pthread_mutex_lock(&b->queue.lock);
    b->queue.sealing = on;
    pthread_cond_signal(&b->queue.wake);
    pthread_mutex_unlock(&b->queue.lock);
}

enum err compactor_start(struct brand *b, struct why *why)
{
    for (int i = 0; i < LANES; i++) {
        struct compact_lane *l = &b->lanes[i];
        if (pthread_create(&l->thread, NULL, compactor, l) != 0) {
            return why_fail(why, ERR_INTERNAL, MSG_INTERNAL, "", NULL);
        }
        l->started = true;
    }
    set_sealing(b, true);
    return ERR_OK;
}

void compactor_stop(struct brand *b)
{
    set_sealing(b, false);
    pthread_mutex_lock(&b->compact_lock);
    b->compact_stop = true;
    pthread_cond_broadcast(&b->compact_wake);
    pthread_mutex_unlock(&b->compact_lock);
    for (int i = 0; i < LANES; i++) {
        if (b->lanes[i].started) pthread_join(b->lanes[i].thread, NULL);
        b->lanes[i].started = false;
    }
}
