/* keeper.c - the thread that follows a brand's log and clock for its segments.
 *
 * A round: take what is queued, take a snapshot (which holds all of it), look at whom it concerns
 * and at who is due, then tell the listener. Definitions that are new are built beside it, on a
 * thread of their own; whom the keeper looks at meanwhile is looked at again when the build is in
 * its place. */
#include <stdatomic.h>
#include <unistd.h>

#include "base/log.h"
#include "base/wait.h"
#include "segments/internal.h"

#define IDLE_MS 1000
/* All brands together may remember members in so many parts of the machine's memory. */
#define MACHINE_SHARE 8
/* So many times as long as a scan took, the next one that only a load asks for waits. */
#define SCAN_REST 4
/* So many members at a time are carried over to a new panel while there is nothing else to do. */
#define SWEEP 256

/* ---- the first round ---- */

/* What is not in the stored rows: from the tail, if it is all there. */
static void catch_up(struct room *r)
{
    struct snapshot *s = brand_snapshot(r->brand);
    size_t count = 0;
    uint64_t first = 0;
    const struct event *const *events = s->tail ? tail_view_commits(s->tail, &count, &first) : NULL;
    pthread_mutex_lock(&r->lock);
    if (s->seq > r->seq && (count == 0 || first > r->seq + 1)) r->rescan = true;
    for (size_t i = 0; i < count && !r->rescan; i++) {
        struct touch both[2];
        if (first + i <= r->seq) continue;
        size_t of = room_touches(r, events[i], first + i, both);
        for (size_t k = 0; k < of; k++)
            VEC_PUSH(&r->queue, both[k]);
    }
    pthread_mutex_unlock(&r->lock);
    brand_snapshot_release(s);
}

/* ---- rounds ---- */

static bool may_scan(const struct room *r)
{
    uint64_t rested = r->scanned_ns + SCAN_REST * r->scan_ns;
    return r->asked > r->answered || env_mono_ns(brand_env(r->brand)) >= rested;
}

/* Under the lock. */
static bool may_fill(const struct room *r)
{
    return r->unfilled && !r->build && !r->fill && !r->rescan && r->lives.count > 0;
}

/* Under the lock. */
static bool has_work(struct room *r, int64_t now)
{
    int64_t due = due_next(r);
    if (r->queue.count || (r->reload && now >= r->retry_at) || (due != TIME_NONE && due <= now))
        return true;
    if (r->build) return r->build->done;
    if (r->fill && r->fill->done) return true;
    return may_fill(r) || build_wanted(r) || (r->rescan && may_scan(r));
}

/* Under the lock, which is dropped while it waits. */
static void wait_for_work(struct room *r, int64_t now)
{
    int64_t due = due_next(r), ms = IDLE_MS;
    if (due != TIME_NONE && due - now < ms) ms = due - now;
    wait_ms(&r->wake, &r->lock, ms);
}

/* What a round has taken. */
struct taken {
    VEC(struct touch) queue;
    bool reload, rescan, forget;
    bool built, filled; /* what was under way has ended */
    uint64_t told;
};

static void follow(struct room *r, struct taken *t, const struct snapshot *s)
{
    enum err err = t->reload ? define_reload(r, s) : ERR_OK;
    if (err != ERR_OK) {
        log_warn("segments", "not_read", "slug=%s error=%s", brand_slug(r->brand), err_code(err));
        pthread_mutex_lock(&r->lock);
        r->reload = true;
        r->retry_at = r->now + IDLE_MS;
        pthread_mutex_unlock(&r->lock);
    }
    if (t->forget) {
        fill_cancel(r);
        memory_forget_all(r->memory);
        r->unfilled = true;
    }
    define_names(r);
    bool same = s->seq == t->told;
    r->abreast = same && t->queue.count == 0;
    follow_clock(r, s, r->now); /* first: what was due came before what happens now */
    r->abreast = same;
    follow_touches(r, s, t->queue.items, t->queue.count);
    if (t->built) build_install(r, s);
    if (t->filled && r->fill) fill_end(r);
    bool scan = t->rescan && !r->build;
    if (scan || (!r->build && build_wanted(r))) build_begin(r, scan);
    pthread_mutex_lock(&r->lock);
    if (t->rescan && !scan) r->rescan = true;
    if (!r->rescan && !(r->build && r->build->all)) r->seq = t->told;
    r->at = r->now;
    bool fill = may_fill(r);
    pthread_mutex_unlock(&r->lock);
    if (fill) fill_begin(r);
}

/* Under the lock. */
static void note_stats(struct room *r)
{
    r->stats = (struct segments_stats){.seq = r->seq,
                                       .remembered = memory_count(r->memory),
                                       .bytes = memory_bytes(r->memory),
                                       .histories = r->histories,
                                       .complete = !r->unfilled && !r->fill && !r->build};
}

/* Lists have their members at the end of the round that read them. Under the lock. */
static void note_made(struct room *r)
{
    for (size_t i = 0; i < r->lives.count; i++) {
        struct live *l = r->lives.items[i];
        if (l->read && (l->list || l->broken)) l->made = true;
    }
    pthread_cond_broadcast(&r->settled); /* for segments_await() */
}

/* r->moved is the keeper's to change. */
void keeper_tell(struct room *r)
{
    if (r->moved == r->told_moves) return;
    r->told_moves = r->moved;
    pthread_mutex_lock(&r->listener_lock);
    if (r->listener) r->listener(r->listener_ctx, r->brand);
    pthread_mutex_unlock(&r->listener_lock);
}

/* Under the lock, which is dropped meanwhile. */
static void round_of(struct room *r, struct taken *t)
{
    VEC_RESET(&t->queue);
    struct touch *items = r->queue.items;
    size_t count = r->queue.count, capacity = r->queue.capacity;
    r->queue.items = t->queue.items;
    r->queue.count = 0;
    r->queue.capacity = t->queue.capacity;
    t->queue.items = items;
    t->queue.count = count;
    t->queue.capacity = capacity;
    t->reload = r->reload;
    t->told = r->told;
    t->rescan = r->rescan && !r->build && may_scan(r);
    t->forget = r->forget;
    t->built = r->build && r->build->done;
    t->filled = r->fill && r->fill->done;
    r->reload = r->forget = false;
    if (t->rescan) r->rescan = false;
    pthread_mutex_unlock(&r->lock);
    r->now = env_now(brand_env(r->brand));
    struct snapshot *s = brand_snapshot(r->brand);
    follow(r, t, s);
    brand_snapshot_release(s);
    keeper_tell(r);
    pthread_mutex_lock(&r->lock);
    note_stats(r);
    note_made(r);
}

static void *keeper(void *arg)
{
    struct room *r = arg;
    struct taken t = {0};
    catch_up(r);
    pthread_mutex_lock(&r->lock);
    while (!r->stop) {
        int64_t now = env_now(brand_env(r->brand));
        if (has_work(r, now)) {
            round_of(r, &t);
            continue;
        }
        if (!r->build && !r->rescan) {
            r->answered = r->asked;
            pthread_cond_broadcast(&r->settled);
        }
        if (memory_behind(r->memory)) {
            pthread_mutex_unlock(&r->lock);
            memory_sweep(r->memory, SWEEP);
            pthread_mutex_lock(&r->lock);
            continue;
        }
        wait_for_work(r, now);
    }
    pthread_cond_broadcast(&r->settled);
    pthread_mutex_unlock(&r->lock);
    VEC_FINISH(&t.queue);
    build_cancel(r);
    fill_cancel(r);
    return NULL;
}

/* ---- life ---- */

static atomic_size_t keepers; /* of all brands */

size_t keeper_memory(void)
{
    size_t running = atomic_load(&keepers);
    long pages = sysconf(_SC_PHYS_PAGES), bytes = sysconf(_SC_PAGESIZE);
    if (pages <= 0 || bytes <= 0 || running == 0) return LIMIT_SEGMENT_MEMORY;
    size_t share = (size_t)pages * (size_t)bytes / MACHINE_SHARE / running;
    return share > LIMIT_SEGMENT_MEMORY ? share : LIMIT_SEGMENT_MEMORY;
}

enum err keeper_start(struct room *r)
{
    pthread_mutex_lock(&r->lock);
    if (!r->started) {
        r->started = pthread_create(&r->keeper, NULL, keeper, r) == 0;
        if (r->started) atomic_fetch_add(&keepers, 1);
    }
    pthread_mutex_unlock(&r->lock);
    return r->started ? ERR_OK : ERR_INTERNAL;
}

void keeper_stop(struct room *r)
{
    if (!r->started) return;
    pthread_mutex_lock(&r->lock);
    r->stop = true;
    pthread_cond_signal(&r->wake);
    pthread_mutex_unlock(&r->lock);
    pthread_join(r->keeper, NULL);
    atomic_fetch_sub(&keepers, 1);
    r->started = false;
}

void segments_refresh(struct brand *b)
{
    struct room *r = room_of(b);
    pthread_mutex_lock(&r->lock);
    r->reload |= r->started;
    pthread_cond_signal(&r->wake);
    pthread_mutex_unlock(&r->lock);
}

void segments_touch(struct brand *b, const uint32_t *members, size_t count)
{
    struct room *r = room_of(b);
    if (!r || count == 0) return;
    pthread_mutex_lock(&r->lock);
    if (r->started && r->queue.count + count > LIMIT_SEGMENT_QUEUE) {
        VEC_RESET(&r->queue);
        r->rescan = r->forget = true;
    } else if (r->started) {
        for (size_t i = 0; i < count; i++)
            VEC_PUSH(&r->queue, ((struct touch){members[i], 0, 0}));
    }
    pthread_cond_signal(&r->wake);
    pthread_mutex_unlock(&r->lock);
}

struct segments_stats segments_stats(struct brand *b)
{
    struct room *r = room_of(b);
    pthread_mutex_lock(&r->lock);
    struct segments_stats stats = r->stats;
    pthread_mutex_unlock(&r->lock);
    return stats;
}

/* Under the lock. */
static enum segment_ready ready_of(const struct room *r, struct str code)
{
    uint64_t place;
    const struct live *l = room_find(r, code);
    if (l && l->made) return SEGMENT_READY;
    return map_get(r->saved, code, &place) ? SEGMENT_BUILDING : SEGMENT_MISSING;
}

enum segment_ready segments_await(struct brand *b, struct str code, int64_t ms)
{
    struct room *r = room_of(b);
    struct timespec moment = wait_moment(ms);
    pthread_mutex_lock(&r->lock);
    enum segment_ready ready = ready_of(r, code);
    for (bool more = true; ready == SEGMENT_BUILDING && more && !r->stop;) {
        more = wait_until(&r->settled, &r->lock, &moment);
        ready = ready_of(r, code);
    }
    pthread_mutex_unlock(&r->lock);
    return ready;
}

void segments_settle(struct brand *b)
{
    struct room *r = room_of(b);
    pthread_mutex_lock(&r->lock);
    uint64_t ticket = ++r->asked;
    pthread_cond_signal(&r->wake);
    while (r->started && !r->stop && r->answered < ticket)
        pthread_cond_wait(&r->settled, &r->lock);
    pthread_mutex_unlock(&r->lock);
}
