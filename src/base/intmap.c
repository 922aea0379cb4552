/* intmap.c - u64 keys to u64: one array of pairs, linear probing.
 *
 * 1. A pair holds key + 1, so that zeroed memory is an empty table (and UINT64_MAX is no key).
 * 2. Pairs are a power of two and at most 5/8 of them are taken: a miss ends within a cache line or
 *    two. Removal moves later pairs of the run back, so there are no tombstones.
 * 3. The home of a key is the high half of a 128-bit product, salted once per process. */
#include "base/map.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>

#include "base/env.h"
#include "base/mem.h"

#define FIRST_PAIRS 16

__extension__ typedef unsigned __int128 u128;

struct pair {
    uint64_t key1;  /* key + 1; 0 = free */
    uint64_t value; /* the caller's */
};

struct intmap {
    struct pair *pairs; /* never NULL */
    size_t mask;        /* pairs - 1 */
    size_t count;       /* pairs taken */
    size_t count_max;   /* grow beyond this */
    uint64_t salt;      /* the process's, here to lie near */
};

static uint64_t process_salt;

static void draw_salt(void)
{
    env_random(env_system(), &process_salt, sizeof(process_salt));
}

static inline size_t home_of(const struct intmap *m, uint64_t key1)
{
    u128 product = (u128)(key1 ^ m->salt) * UINT64_C(0x9E3779B97F4A7C15);
    return (size_t)((uint64_t)product ^ (uint64_t)(product >> 64)) & m->mask;
}

static void lay_out(struct intmap *m, size_t size)
{
    m->pairs = mem_alloc_array(size, sizeof(*m->pairs));
    m->mask = size - 1;
    m->count_max = size / 8 * 5;
}

struct intmap *intmap_create(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, draw_salt);
    struct intmap *m = mem_alloc(sizeof(*m));
    m->salt = process_salt;
    lay_out(m, FIRST_PAIRS);
    return m;
}

void intmap_destroy(struct intmap *m)
{
    if (!m) return;
    mem_free(m->pairs);
    mem_free(m);
}

void intmap_reset(struct intmap *m)
{
    if (m->count) memset(m->pairs, 0, (m->mask + 1) * sizeof(*m->pairs));
    m->count = 0;
}

size_t intmap_count(const struct intmap *m)
{
    return m->count;
}

/* The pair of a key, or the free pair where it belongs. There is always a free one. */
static inline struct pair *find_pair(const struct intmap *m, uint64_t key1)
{
    size_t i = home_of(m, key1);
    while (m->pairs[i].key1 != key1 && m->pairs[i].key1) {
        i = (i + 1) & m->mask;
    }
    return &m->pairs[i];
}

bool intmap_get(const struct intmap *m, uint64_t key, uint64_t *value)
{
    if (key == UINT64_MAX) return false;
    const struct pair *pair = find_pair(m, key + 1);
    if (!pair->key1) return false;
    *value = pair->value;
    return true;
}

void intmap_prefetch(const struct intmap *m, uint64_t key)
{
    __builtin_prefetch(&m->pairs[home_of(m, key + 1)]);
}

static void grow(struct intmap *m)
{
    struct pair *old = m->pairs;
    size_t size = m->mask + 1;
    lay_out(m, size * 2);
    for (size_t i = 0; i < size; i++) {
        if (old[i].key1) *find_pair(m, old[i].key1) = old[i];
    }
    mem_free(old);
}

void intmap_put(struct intmap *m, uint64_t key, uint64_t value)
{
    assert(key != UINT64_MAX);
    struct pair *pair = find_pair(m, key + 1);
    if (pair->key1) {
        pair->value = value;
        return;
    }
    if (m->count == m->count_max) {
        grow(m);
        pair = find_pair(m, key + 1);
    }
    *pair = (struct pair){key + 1, value};
    m->count++;
}

bool intmap_remove(struct intmap *m, uint64_t key)
{
    if (key == UINT64_MAX) return false;
    struct pair *pair = find_pair(m, key + 1);
    if (!pair->key1) return false;
    size_t hole = (size_t)(pair - m->pairs);
    for (size_t i = (hole + 1) & m->mask; m->pairs[i].key1; i = (i + 1) & m->mask) {
        size_t from_home = (i - home_of(m, m->pairs[i].key1)) & m->mask;
        if (from_home < ((i - hole) & m->mask)) continue;
        m->pairs[hole] = m->pairs[i];
        hole = i;
    }
    m->pairs[hole] = (struct pair){0, 0};
    m->count--;
    return true;
}

bool intmap_next(const struct intmap *m, size_t *cursor, uint64_t *key, uint64_t *value)
{
    while (*cursor <= m->mask) {
        const struct pair *pair = &m->pairs[(*cursor)++];
        if (!pair->key1) continue;
        *key = pair->key1 - 1;
        *value = pair->value;
        return true;
    }
    return false;
}
