/* map.c - byte-string keys to u64.
 *
 * Entries lie in an array in order of insertion; an open-addressing table of 8-byte slots points
 * into it, with 32 bits of the hash beside each index so that a probe seldom touches a wrong entry.
 *
 * 1. slot.place is 0 when free, else 1 + the index of its entry; slots are a power of two and at
 *    most 3/4 of them are taken.
 * 2. A removed entry has key.p == NULL until the next rebuild squeezes it out; its slot is closed
 * by moving later ones of the same run back, so there are no tombstones to probe over.
 * 3. Keys up to KEY_POOLED bytes lie in the arena in steps of KEY_STEP; those of removed entries
 *    wait in free lists, one a step. Longer keys are allocations of their own.
 * 4. The hash is XXH3 under a secret drawn once per process. */
#include "base/map.h"

#include <assert.h>
#include <pthread.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/arena.h"
#include "base/env.h"
#include "base/mem.h"
#include "base/vec.h"

#define FIRST_SLOTS 16
#define KEY_STEP 16
#define KEY_STEPS 32
#define KEY_POOLED ((size_t)(KEY_STEP * KEY_STEPS))

struct entry {
    struct str key; /* owned; p is NULL when removed */
    uint64_t value; /* the caller's */
    uint32_t hash;  /* low half of the key's hash */
};

struct slot {
    uint32_t hash;  /* as of the entry */
    uint32_t place; /* 1 + index of the entry; 0 = free */
};

struct free_key {
    struct free_key *next; /* another piece of the same size */
};

struct map {
    VEC(struct entry) entries;        /* in order of insertion, removed ones too */
    size_t count;                     /* entries not removed */
    struct slot *slots;               /* NULL until the first put */
    size_t mask;                      /* slots - 1 */
    struct arena *keys;               /* bytes of short keys; NULL until the first */
    struct free_key *free[KEY_STEPS]; /* given back, by size in steps, less one */
};

static uint8_t hash_secret[XXH3_SECRET_SIZE_MIN + 56];

static void draw_secret(void)
{
    env_random(env_system(), hash_secret, sizeof(hash_secret));
}

static uint32_t hash_of(struct str key)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, draw_secret);
    return (uint32_t)XXH3_64bits_withSecret(key.p, key.len, hash_secret, sizeof(hash_secret));
}

struct map *map_create(void)
{
    return mem_alloc(sizeof(struct map));
}

static void free_long_keys(struct map *m)
{
    for (size_t i = 0; i < m->entries.count; i++) {
        struct str key = m->entries.items[i].key;
        if (key.p && key.len > KEY_POOLED) mem_free((void *)(uintptr_t)key.p);
    }
}

void map_destroy(struct map *m)
{
    if (!m) return;
    free_long_keys(m);
    VEC_FINISH(&m->entries);
    arena_destroy(m->keys);
    mem_free(m->slots);
    mem_free(m);
}

void map_reset(struct map *m)
{
    free_long_keys(m);
    VEC_RESET(&m->entries);
    m->count = 0;
    memset(m->free, 0, sizeof(m->free));
    if (m->keys) arena_reset(m->keys);
    if (m->slots) memset(m->slots, 0, (m->mask + 1) * sizeof(*m->slots));
}

size_t map_count(const struct map *m)
{
    return m->count;
}

/* Index of a key's slot, or of the free slot where it belongs. There is always a free one. */
static size_t find_slot(const struct map *m, struct str key, uint32_t hash)
{
    size_t i = hash & m->mask;
    for (; m->slots[i].place; i = (i + 1) & m->mask) {
        if (m->slots[i].hash != hash) continue;
        if (str_eq(m->entries.items[m->slots[i].place - 1].key, key)) break;
    }
    return i;
}

bool map_get(const struct map *m, struct str key, uint64_t *value)
{
    if (m->count == 0) return false;
    const struct slot *slot = &m->slots[find_slot(m, key, hash_of(key))];
    if (!slot->place) return false;
    *value = m->entries.items[slot->place - 1].value;
    return true;
}

/* Squeeze out removed entries and lay out 'size' slots anew. */
static void rebuild(struct map *m, size_t size)
{
    size_t kept = 0;
    mem_free(m->slots);
    m->slots = mem_alloc_array(size, sizeof(*m->slots));
    m->mask = size - 1;
    for (size_t i = 0; i < m->entries.count; i++) {
        struct entry e = m->entries.items[i];
        if (!e.key.p) continue;
        m->entries.items[kept++] = e;
        size_t at = e.hash & m->mask;
        while (m->slots[at].place) {
            at = (at + 1) & m->mask;
        }
        m->slots[at] = (struct slot){e.hash, (uint32_t)kept};
    }
    m->entries.count = kept;
}

/* Room for one more entry. Counting removed entries too keeps the entries bounded by the slots. */
static void make_room(struct map *m)
{
    size_t size = m->slots ? m->mask + 1 : 0;
    if (m->entries.count + 1 <= size - size / 4) return;
    assert(m->entries.count < UINT32_MAX / 2);
    if (size == 0) {
        rebuild(m, FIRST_SLOTS);
    } else {
        rebuild(m, m->count + 1 > size / 2 ? size * 2 : size);
    }
}

static size_t key_steps(size_t len)
{
    return len ? (len - 1) / KEY_STEP : 0;
}

static struct str keep_key(struct map *m, struct str key)
{
    if (key.len > KEY_POOLED) return (struct str){mem_copy(key.p, key.len), key.len};
    size_t steps = key_steps(key.len);
    struct free_key *piece = m->free[steps];
    if (piece) {
        m->free[steps] = piece->next;
    } else {
        if (!m->keys) m->keys = arena_create(0);
        piece = arena_alloc(m->keys, (steps + 1) * KEY_STEP);
    }
    if (key.len) memcpy(piece, key.p, key.len);
    return (struct str){(const char *)piece, key.len};
}

static void drop_key(struct map *m, struct str key)
{
    void *bytes = (void *)(uintptr_t)key.p;
    if (key.len > KEY_POOLED) {
        mem_free(bytes);
        return;
    }
    struct free_key *piece = bytes;
    size_t steps = key_steps(key.len);
    piece->next = m->free[steps];
    m->free[steps] = piece;
}

void map_put(struct map *m, struct str key, uint64_t value)
{
    uint32_t hash = hash_of(key);
    make_room(m);
    struct slot *slot = &m->slots[find_slot(m, key, hash)];
    if (slot->place) {
        m->entries.items[slot->place - 1].value = value;
        return;
    }
    struct entry e = {keep_key(m, key), value, hash};
    VEC_PUSH(&m->entries, e);
    *slot = (struct slot){hash, (uint32_t)m->entries.count};
    m->count++;
}

/* Free slot 'hole', moving back those of its run that may lie nearer to their home. */
static void close_slot(struct map *m, size_t hole)
{
    for (size_t i = (hole + 1) & m->mask; m->slots[i].place; i = (i + 1) & m->mask) {
        size_t from_home = (i - m->slots[i].hash) & m->mask;
        size_t from_hole = (i - hole) & m->mask;
        if (from_home < from_hole) continue;
        m->slots[hole] = m->slots[i];
        hole = i;
    }
    m->slots[hole] = (struct slot){0, 0};
}

bool map_remove(struct map *m, struct str key)
{
    if (m->count == 0) return false;
    size_t at = find_slot(m, key, hash_of(key));
    if (!m->slots[at].place) return false;
    struct entry *e = &m->entries.items[m->slots[at].place - 1];
    drop_key(m, e->key);
    e->key = (struct str){NULL, 0};
    close_slot(m, at);
    m->count--;
    return true;
}

bool map_next(const struct map *m, size_t *cursor, struct str *key, uint64_t *value)
{
    while (*cursor < m->entries.count) {
        const struct entry *e = &m->entries.items[(*cursor)++];
        if (!e->key.p) continue;
        *key = e->key;
        *value = e->value;
        return true;
    }
    return false;
}
