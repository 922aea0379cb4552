/* scan.c - passes, phases and threads of a scan.
 *
 * The first pass streams members of one persona and gathers those of several; each pass has two
 * phases, spans and then deliveries of what was gathered, and threads are joined between them. When
 * gathering ran out of room, further passes read only what belongs to a share of the gathered
 * members, halved until it fits: slower, but in bounded memory.
 *
 * Files: scan_plan.c what to read, scan_cursor.c reading it, scan_span.c runs of a range of
 * personas, scan_gather.c members of several personas, scan_merge.c, scan_sheet.c and scan_text.c
 * rows. */
#include "eventlog/scan.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "eventlog/scan_work.h"

/* --- threads --- */

static void fail(struct scan_worker *w, enum err err)
{
    struct scanner *sc = w->scanner;
    pthread_mutex_lock(&sc->lock);
    if (!atomic_load(&sc->failed)) {
        sc->err = err;
        sc->why = w->why;
        atomic_store(&sc->failed, true);
    }
    pthread_mutex_unlock(&sc->lock);
}

/* One's own tasks first, in order, then what the others have left. */
static void *work(void *p)
{
    struct scan_worker *w = p;
    struct scanner *sc = w->scanner;
    for (uint32_t i = 0; i < sc->worker_count; i++) {
        struct scan_share *share = &sc->shares[(w->number + i) % sc->worker_count];
        for (;;) {
            size_t task = atomic_fetch_add(&share->next, 1);
            if (task >= share->end) break;
            enum err err = sc->work(w, task);
            if (err == ERR_OK) continue;
            fail(w, err);
            return NULL;
        }
    }
    return NULL;
}

/* Run sc->work on tasks 0 .. count-1. A thread that cannot be started is made up for by the rest.
 */
static enum err run_phase(struct scanner *sc, size_t count, struct why *why)
{
    uint32_t workers = sc->worker_count;
    for (uint32_t i = 0; i < workers; i++) {
        atomic_store(&sc->shares[i].next, count * i / workers);
        sc->shares[i].end = count * (i + 1) / workers;
    }
    if (workers > count) workers = count ? (uint32_t)count : 1;
    pthread_t *threads = mem_alloc_array(workers, sizeof(*threads));
    uint32_t started = 1;
    while (started < workers &&
           pthread_create(&threads[started], NULL, work, &sc->workers[started]) == 0) {
        started++;
    }
    work(&sc->workers[0]);
    for (uint32_t i = 1; i < started; i++) {
        pthread_join(threads[i], NULL);
    }
    mem_free(threads);
    if (!atomic_load(&sc->failed)) return ERR_OK;
    if (why) *why = sc->why;
    return sc->err;
}

/* --- phases --- */

static enum err work_task(struct scan_worker *w, size_t task)
{
    const struct scan_task *t = &w->scanner->tasks.items[task];
    if (w->scanner->scan->pieces) return scan_piece(w, t->source, t->group);
    if (t->source != SCAN_NONE) return scan_memberless(w, t->source, t->group);
    /* Once there is no room, a pass that only gathers has failed. */
    if (!w->scanner->stream && atomic_load(&w->scanner->side_full)) return ERR_OK;
    return scan_span(w, t->from, t->to);
}

static enum err deliver_gathered(struct scanner *sc, struct why *why)
{
    TRY(scan_gather_sort(sc, why));
    if (sc->pieces.count == 0) return ERR_OK;
    sc->work = scan_gather_deliver;
    return run_phase(sc, sc->deliveries.count - 1, why);
}

static enum err run_pass(struct scanner *sc, struct why *why)
{
    atomic_store(&sc->side_full, false);
    atomic_store(&sc->side_bytes, 0);
    scan_plan(sc);
    sc->work = work_task;
    TRY(run_phase(sc, sc->tasks.count, why));
    if (!atomic_load(&sc->side_full)) TRY(deliver_gathered(sc, why));
    for (uint32_t i = 0; i < sc->worker_count; i++) {
        scan_side_reset(&sc->workers[i]);
    }
    return ERR_OK;
}

/* --- passes --- */

static int by_id(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* Distinct members of the map, ascending; the caller frees. */
static uint32_t *gathered_members(const struct persona_map *map, size_t *count)
{
    uint32_t *members = mem_copy(map->member, map->count * sizeof(*members));
    size_t n = 0;
    qsort(members, map->count, sizeof(*members), by_id);
    for (size_t i = 0; i < map->count; i++) {
        if (n == 0 || members[n - 1] != members[i]) members[n++] = members[i];
    }
    *count = n;
    return members;
}

/* Gather 'share' members at a time, fewer when they do not fit. */
static enum err run_shares(struct scanner *sc, const uint32_t *members, size_t count,
                           struct why *why)
{
    size_t share = (count + 1) / 2;
    for (size_t i = 0; i < count;) {
        size_t end = count - i < share ? count : i + share;
        sc->member_from = members[i];
        sc->member_to = end < count ? members[end] : UINT64_MAX;
        TRY(run_pass(sc, why));
        if (!atomic_load(&sc->side_full)) {
            i = end;
        } else if (end - i > 1) {
            share = (end - i) / 2;
        } else {
            return why_fail(why, ERR_TOO_LARGE, MSG_QUERY_MEMORY, "", NULL);
        }
    }
    return ERR_OK;
}

static enum err run_passes(struct scanner *sc, struct why *why)
{
    size_t count;
    sc->stream = true;
    TRY(run_pass(sc, why));
    if (!atomic_load(&sc->side_full)) return ERR_OK;
    uint32_t *members = gathered_members(&sc->map, &count);
    sc->stream = false;
    enum err err = run_shares(sc, members, count, why);
    mem_free(members);
    return err;
}

/* NOLINTNEXTLINE(readability-function-size): seven parameters are the contract */
enum err eventlog_scan(const struct snapshot *s, const struct scan *scan, void *const *workers,
                       int worker_count, scan_fn *fn, struct budget *budget, struct why *why)
{
    struct scanner sc;
    assert(worker_count >= 1 && fn && budget);
    scanner_init(&sc, s, scan, budget);
    sc.fn = fn;
    sc.worker_count = (uint32_t)worker_count;
    sc.shares = mem_alloc_array(sc.worker_count, sizeof(sc.shares[0]));
    sc.workers = mem_alloc_array(sc.worker_count, sizeof(sc.workers[0]));
    for (uint32_t i = 0; i < sc.worker_count; i++) {
        scan_worker_init(&sc.workers[i], &sc, i, workers[i]);
    }
    enum err err = run_passes(&sc, why);
    scanner_finish(&sc);
    return err;
}
