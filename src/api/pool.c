/* pool.c - a list of jobs under a lock, and the threads that empty it.
 *
 * 1. running[] holds exactly the jobs that a worker has taken and not yet finished; only those, and
 *    only under the lock, may the watcher touch.
 * 2. A worker keeps up to READERS_KEPT connections, the one used longest ago goes first. Between
 *    jobs none of them is in a transaction. */
#include "api/pool.h"

#include <assert.h>
#include <pthread.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"

#define READERS_KEPT 8
#define WATCH_MS 100

/* A connection, and for how many jobs it has not been used. */
struct reader {
    struct brand *brand; /* NULL = this place is free */
    struct sql *db;
    bool busy;     /* in a transaction of the job at hand */
    uint64_t used; /* number of the last job that used it */
};

struct worker {
    struct pool *pool;
    pthread_t thread;
    struct job *running; /* (lock) NULL = idle */
    uint64_t jobs;       /* begun so far */
    struct reader readers[READERS_KEPT];
};

struct pool {
    struct pool_options options;
    struct worker workers[POOL_THREADS_MAX];
    int worker_count; /* threads made */
    pthread_t watcher;
    bool watched;         /* there is a watcher */
    pthread_mutex_t lock; /* guards what follows, and what is marked (lock) */
    pthread_cond_t wake;  /* a job is waiting */
    pthread_cond_t watch; /* a job is running */
    struct job *head, *last;
    struct pool_stats stats;
    bool stopping;
};

/* ---- readers ---- */

static void reader_close(struct reader *r)
{
    sql_close(r->db);
    *r = (struct reader){0};
}

/* The place of a brand's connection, or the one to use for it. */
static struct reader *reader_place(struct worker *w, const struct brand *b)
{
    struct reader *oldest = NULL;
    for (size_t i = 0; i < READERS_KEPT; i++) {
        struct reader *r = &w->readers[i];
        if (r->brand == b) return r;
        if (!r->busy && (!oldest || r->used < oldest->used)) oldest = r;
    }
    return oldest;
}

enum err worker_reader(struct worker *w, struct brand *b, struct sql **out, struct why *why)
{
    struct reader *r = reader_place(w, b);
    assert(r); /* a job asks of one brand */
    if (r->brand != b) {
        struct sql *db;
        TRY(brand_reader(b, &db, why));
        reader_close(r);
        *r = (struct reader){.brand = b, .db = db};
    }
    r->used = w->jobs;
    if (!r->busy) {
        enum err err = sql_begin(r->db);
        if (err != ERR_OK) {
            reader_close(r);
            return why_fail(why, err, MSG_INTERNAL, "", NULL);
        }
        r->busy = true;
    }
    *out = r->db;
    return ERR_OK;
}

/* After a job; a connection over which one failed may be of no more use. */
static void readers_reset(struct worker *w, enum err err)
{
    bool suspect = err_status(err) == 500 || err == ERR_UNAVAILABLE;
    for (size_t i = 0; i < READERS_KEPT; i++) {
        struct reader *r = &w->readers[i];
        if (!r->busy) continue;
        sql_rollback(r->db);
        r->busy = false;
        if (suspect) reader_close(r);
    }
}

/* ---- workers ---- */

/* Called under the lock. */
static struct job *take(struct worker *w)
{
    struct pool *p = w->pool;
    struct job *job = p->head;
    p->head = job->next;
    if (!p->head) p->last = NULL;
    p->stats.waiting--;
    p->stats.taken++;
    p->stats.running++;
    w->running = job;
    w->jobs++;
    if (p->options.watch) {
        if (job->cancel) atomic_store(job->cancel, request_gone(job->req));
        pthread_cond_signal(&p->watch);
    }
    return job;
}

/* Takes the lock, and drops it while the job runs. */
static void work(struct worker *w)
{
    struct pool *p = w->pool;
    struct job *job = take(w);
    struct request *req = job->req;
    pthread_mutex_unlock(&p->lock);
    enum err err = job->run(job, w);
    readers_reset(w, err);
    pthread_mutex_lock(&p->lock);
    w->running = NULL;
    p->stats.running--;
    if (err == ERR_CANCELLED) p->stats.cancelled++;
    pthread_mutex_unlock(&p->lock);
    request_resume(req);
    pthread_mutex_lock(&p->lock);
}

/* This thread, and those it makes, get what intake leaves of the processors; where that is refused,
 * they run like any other. A compactor gives way to them in turn. */
static void give_way(const struct pool *p)
{
    if (p->options.niceness == 0) return;
    if (setpriority(PRIO_PROCESS, (id_t)gettid(), p->options.niceness) != 0)
        log_warn("api", "not_nice", "pool=%s niceness=%d", p->options.name, p->options.niceness);
}

static void *worker_main(void *arg)
{
    struct worker *w = arg;
    struct pool *p = w->pool;
    give_way(p);
    pthread_mutex_lock(&p->lock);
    for (;;) {
        while (!p->head && !p->stopping)
            pthread_cond_wait(&p->wake, &p->lock);
        if (!p->head) break; /* stopping, and nothing is left */
        work(w);
    }
    pthread_mutex_unlock(&p->lock);
    for (size_t i = 0; i < READERS_KEPT; i++)
        reader_close(&w->readers[i]);
    return NULL;
}

/* How many jobs are running; those whose client has gone are told to stop. */
static size_t look_at_running(struct pool *p)
{
    size_t running = 0;
    for (int i = 0; i < p->worker_count; i++) {
        struct job *job = p->workers[i].running;
        if (!job) continue;
        running++;
        if (job->cancel && request_gone(job->req)) atomic_store(job->cancel, true);
    }
    return running;
}

static void *watcher_main(void *arg)
{
    struct pool *p = arg;
    const struct timespec pause = {.tv_nsec = WATCH_MS * 1000000L};
    pthread_mutex_lock(&p->lock);
    while (!p->stopping) {
        if (look_at_running(p) == 0) {
            pthread_cond_wait(&p->watch, &p->lock);
            continue;
        }
        pthread_mutex_unlock(&p->lock);
        nanosleep(&pause, NULL);
        pthread_mutex_lock(&p->lock);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

/* ---- life ---- */

/* Under the lock, so that no thread sees half a pool. */
static bool start_threads(struct pool *p)
{
    bool ok = true;
    pthread_mutex_lock(&p->lock);
    while (ok && p->worker_count < p->options.threads) {
        struct worker *w = &p->workers[p->worker_count];
        w->pool = p;
        ok = pthread_create(&w->thread, NULL, worker_main, w) == 0;
        if (ok) p->worker_count++;
    }
    if (ok && p->options.watch) {
        p->watched = pthread_create(&p->watcher, NULL, watcher_main, p) == 0;
        ok = p->watched;
    }
    pthread_mutex_unlock(&p->lock);
    return ok;
}

struct pool *pool_create(const struct pool_options *options)
{
    assert(options->threads >= 1 && options->threads <= POOL_THREADS_MAX);
    struct pool *p = mem_alloc(sizeof(*p));
    p->options = *options;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->wake, NULL);
    pthread_cond_init(&p->watch, NULL);
    if (start_threads(p)) return p;
    pool_destroy(p);
    return NULL;
}

void pool_destroy(struct pool *p)
{
    if (!p) return;
    pthread_mutex_lock(&p->lock);
    p->stopping = true;
    pthread_cond_broadcast(&p->wake);
    pthread_cond_broadcast(&p->watch);
    pthread_mutex_unlock(&p->lock);
    for (int i = 0; i < p->worker_count; i++)
        pthread_join(p->workers[i].thread, NULL);
    if (p->watched) pthread_join(p->watcher, NULL);
    pthread_cond_destroy(&p->wake);
    pthread_cond_destroy(&p->watch);
    pthread_mutex_destroy(&p->lock);
    mem_free(p);
}

bool pool_submit(struct pool *p, struct job *job)
{
    pthread_mutex_lock(&p->lock);
    bool room = p->stats.waiting < p->options.queue && !p->stopping;
    if (room) {
        request_suspend(job->req);
        job->next = NULL;
        if (p->last) p->last->next = job;
        if (!p->head) p->head = job;
        p->last = job;
        p->stats.waiting++;
        pthread_cond_signal(&p->wake);
    }
    pthread_mutex_unlock(&p->lock);
    return room;
}

struct pool_stats pool_stats(struct pool *p)
{
    pthread_mutex_lock(&p->lock);
    struct pool_stats stats = p->stats;
    pthread_mutex_unlock(&p->lock);
    return stats;
}
