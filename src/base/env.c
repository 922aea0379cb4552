/* env.c - the real clock and random source, the simulated ones, and xoshiro256**. */
#include "base/env.h"

#include <assert.h>
#include <pthread.h>
#include <sodium.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"

__extension__ typedef unsigned __int128 u128;

static int64_t system_now_ms(void *ctx)
{
    struct timespec t;
    (void)ctx;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static uint64_t system_mono_ns(void *ctx)
{
    struct timespec t;
    (void)ctx;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

static void system_random(void *ctx, void *out, size_t size)
{
    (void)ctx;
    randombytes_buf(out, size);
}

static void start_sodium(void)
{
    if (sodium_init() < 0) mem_abort("no random source");
}

const struct env *env_system(void)
{
    static const struct env env = {system_now_ms, system_mono_ns, system_random, NULL};
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, start_sodium);
    return &env;
}

static uint64_t rotate_left(uint64_t x, int by)
{
    return (x << by) | (x >> (64 - by));
}

static uint64_t xoshiro_next(uint64_t s[4])
{
    uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    uint64_t shifted = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate_left(s[3], 45);
    return result;
}

/* splitmix64, which never yields the all-zero state. */
static void xoshiro_seed(uint64_t s[4], uint64_t seed)
{
    for (int i = 0; i < 4; i++) {
        seed += UINT64_C(0x9E3779B97F4A7C15);
        uint64_t z = seed;
        z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
        s[i] = z ^ (z >> 31);
    }
}

static int64_t sim_now_ms(void *ctx)
{
    const struct env_sim *sim = ctx;
    return sim->now_ms;
}

static uint64_t sim_mono_ns(void *ctx)
{
    const struct env_sim *sim = ctx;
    return (uint64_t)sim->now_ms * UINT64_C(1000000);
}

static void sim_random(void *ctx, void *out, size_t size)
{
    struct env_sim *sim = ctx;
    unsigned char *p = out;
    while (size) {
        uint64_t word = xoshiro_next(sim->state);
        size_t n = size < sizeof(word) ? size : sizeof(word);
        memcpy(p, &word, n);
        p += n;
        size -= n;
    }
}

void env_sim_init(struct env_sim *sim, int64_t now_ms, uint64_t seed)
{
    sim->env = (struct env){sim_now_ms, sim_mono_ns, sim_random, sim};
    sim->now_ms = now_ms;
    xoshiro_seed(sim->state, seed);
}

void rng_init(struct rng *r, uint64_t seed)
{
    xoshiro_seed(r->state, seed);
}

uint64_t rng_next(struct rng *r)
{
    return xoshiro_next(r->state);
}

uint64_t rng_below(struct rng *r, uint64_t bound)
{
    assert(bound > 0);
    /* The high half of the product is even but for a first few low halves, which are drawn again.
     */
    uint64_t uneven = (0 - bound) % bound;
    u128 product;
    do {
        product = (u128)rng_next(r) * bound;
    } while ((uint64_t)product < uneven);
    return (uint64_t)(product >> 64);
}

double rng_unit(struct rng *r)
{
    return (double)(rng_next(r) >> 11) * 0x1.0p-53;
}
