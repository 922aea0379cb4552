/* env.h - the clock and the random source, behind one struct so that a run can be replayed.
 *
 * The writer and everything under it read time and randomness only from here. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct env {
    int64_t (*now_ms)(void *ctx);                      /* UTC wall clock */
    uint64_t (*mono_ns)(void *ctx);                    /* monotonic, for durations */
    void (*random)(void *ctx, void *out, size_t size); /* cryptographic unless simulated */
    void *ctx;
};

/* The real clock and libsodium's random. */
const struct env *env_system(void);

/* A simulated one: time stands still until moved; random from a seed (xoshiro256**). */
struct env_sim {
    struct env env;
    _Atomic int64_t now_ms; /* may be moved while others read it */
    uint64_t state[4];
};
void env_sim_init(struct env_sim *sim, int64_t now_ms, uint64_t seed);

static inline int64_t env_now(const struct env *e)
{
    return e->now_ms(e->ctx);
}
static inline uint64_t env_mono_ns(const struct env *e)
{
    return e->mono_ns(e->ctx);
}
static inline void env_random(const struct env *e, void *out, size_t size)
{
    e->random(e->ctx, out, size);
}

/* A seeded generator for simulations and benches: xoshiro256**. */
struct rng {
    uint64_t state[4];
};
void rng_init(struct rng *r, uint64_t seed);
uint64_t rng_next(struct rng *r);
uint64_t rng_below(struct rng *r, uint64_t bound); /* 0 .. bound-1, bound > 0 */
double rng_unit(struct rng *r);                    /* [0, 1) */
