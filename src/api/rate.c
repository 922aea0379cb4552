/* rate.c - callers share sets of a few places; where a set is full, the caller seen longest ago
 * loses its place, and starts with a full bucket when it comes back. So the table never grows, and
 * a crowd can make it only more lenient. */
#include "api/rate.h"

#include <pthread.h>

#include "base/mem.h"

#define SETS 2048
#define WAYS 4

struct bucket {
    struct hash128 caller;
    double left;    /* calls it may make now, as of at_ns */
    uint64_t at_ns; /* monotonic; 0 = the place is free */
};

struct rates {
    const struct env *env;
    struct rate rate;
    pthread_mutex_t lock; /* guards what follows */
    struct bucket buckets[SETS][WAYS];
};

struct rates *rates_create(const struct env *env, struct rate rate)
{
    struct rates *r = mem_alloc(sizeof(*r));
    r->env = env;
    r->rate = rate;
    pthread_mutex_init(&r->lock, NULL);
    return r;
}

void rates_destroy(struct rates *r)
{
    if (!r) return;
    pthread_mutex_destroy(&r->lock);
    mem_free(r);
}

/* The caller's bucket, as it is now. */
static struct bucket *bucket_of(struct rates *r, struct hash128 caller, uint64_t now)
{
    struct bucket *set = r->buckets[hash_xxh3(&caller, sizeof(caller)) % SETS], *oldest = set;
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].at_ns && hash128_eq(set[i].caller, caller)) return &set[i];
        if (set[i].at_ns < oldest->at_ns) oldest = &set[i];
    }
    *oldest = (struct bucket){caller, r->rate.burst, now};
    return oldest;
}

bool rates_take(struct rates *r, struct hash128 caller)
{
    uint64_t now = env_mono_ns(r->env) + 1; /* never 0 */
    pthread_mutex_lock(&r->lock);
    struct bucket *b = bucket_of(r, caller, now);
    if (now > b->at_ns) {
        b->left += (double)(now - b->at_ns) * 1e-9 * r->rate.per_second;
        b->at_ns = now;
    }
    if (b->left > r->rate.burst) b->left = r->rate.burst;
    bool may = b->left >= 1;
    if (may) b->left -= 1;
    pthread_mutex_unlock(&r->lock);
    return may;
}
