/* pool.h - threads for requests that would hold up an HTTP thread, with a bounded queue.
 *
 * A job lives in its request's arena. From a successful pool_submit() on the request belongs to the
 * pool, which suspends it, runs the job, and resumes it. Any thread may submit. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>

#include "brand/brand.h"
#include "http/http.h"

struct pool;
struct worker;

struct job {
    struct request *req;
    /* Replies to 'req', on a worker. The error is for the counters. */
    enum err (*run)(struct job *job, struct worker *on);
    atomic_bool *cancel; /* set when the client has gone; NULL = nobody looks */
    struct job *next;    /* the pool's */
};

struct pool_options {
    const char *name; /* in the log */
    int threads;      /* 1 to POOL_THREADS_MAX */
    int niceness;     /* of the threads and of those they make; 0 = as the process */
    size_t queue;     /* jobs that may wait */
    bool watch;       /* look at the clients of running jobs, several times a second */
};
#define POOL_THREADS_MAX 8

/* NULL when the threads cannot be made. */
struct pool *pool_create(const struct pool_options *options);
/* Waits until everything submitted is answered. NULL is allowed. */
void pool_destroy(struct pool *p);
/* False, and nothing done, when the queue is full or the pool ends. */
bool pool_submit(struct pool *p, struct job *job);

struct pool_stats {
    uint64_t taken;     /* jobs begun */
    uint64_t cancelled; /* of them, those that ended with ERR_CANCELLED */
    size_t waiting;
    size_t running;
};
struct pool_stats pool_stats(struct pool *p);

/* The worker's own reader connection to a brand, inside a transaction that ends with the job. */
MUST_CHECK enum err worker_reader(struct worker *w, struct brand *b, struct sql **out,
                                  struct why *why);
