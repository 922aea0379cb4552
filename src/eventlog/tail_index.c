/* tail_index.c - new keys are sorted by radix, least significant byte first, and merged with the
 * keys of the seed.
 *
 * Radix sort is stable and the keys start in order of commit, so ties need no comparison. A byte
 * that all keys share is skipped: a tail covers hours, so most bytes of 'at' are. In the merge the
 * seed goes first on a tie, since all it holds was committed earlier. */
#include "eventlog/tail_index.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "base/mem.h"

#define KEY_BYTES 12 /* 8 of at, 4 of persona */

struct tail_index *tail_index_ref(struct tail_index *index)
{
    if (index) atomic_fetch_add_explicit(&index->refs, 1, memory_order_relaxed);
    return index;
}

void tail_index_unref(struct tail_index *index)
{
    if (index && atomic_fetch_sub_explicit(&index->refs, 1, memory_order_acq_rel) == 1) {
        mem_free(index);
    }
}

/* Byte 'digit' of a key, 0 the least significant. The sign of 'at' is turned so that it sorts. */
static inline unsigned digit_of(const struct tail_key *key, unsigned digit)
{
    if (digit >= 8) return key->persona >> (8 * (digit - 8)) & 0xff;
    return (unsigned)(((uint64_t)key->at ^ UINT64_C(1) << 63) >> (8 * digit) & 0xff);
}

static void scatter(const struct tail_key *from, struct tail_key *to, size_t count, unsigned digit)
{
    size_t start[256] = {0};
    for (size_t i = 0; i < count; i++) {
        start[digit_of(&from[i], digit)]++;
    }
    size_t sum = 0;
    for (size_t b = 0; b < 256; b++) {
        size_t here = start[b];
        start[b] = sum;
        sum += here;
    }
    for (size_t i = 0; i < count; i++) {
        to[start[digit_of(&from[i], digit)]++] = from[i];
    }
}

struct tail_key *tail_keys_sort(struct tail_key *keys, struct tail_key *spare, size_t count)
{
    uint64_t at_bits = 0;
    uint32_t persona_bits = 0;
    for (size_t i = 1; i < count; i++) {
        at_bits |= (uint64_t)keys[i].at ^ (uint64_t)keys[0].at;
        persona_bits |= keys[i].persona ^ keys[0].persona;
    }
    for (unsigned digit = 0; digit < KEY_BYTES; digit++) {
        uint64_t bits = digit < 8 ? at_bits >> (8 * digit) : persona_bits >> (8 * (digit - 8));
        if ((bits & 0xff) == 0) continue;
        scatter(keys, spare, count, digit);
        struct tail_key *sorted = spare;
        spare = keys;
        keys = sorted;
    }
    return keys;
}

static bool key_less(const struct tail_key *a, const struct tail_key *b)
{
    return a->persona != b->persona ? a->persona < b->persona : a->at < b->at;
}

/* Merge into 'out' the keys of 'seed' from 'dropped' places on with 'added' new ones. */
static void merge_keys(const struct tail_index *seed, uint64_t dropped,
                       const struct tail_key *added, size_t added_count, struct tail_key *out)
{
    size_t a = 0;
    for (size_t i = 0; i < seed->count; i++) {
        struct tail_key key = seed->keys[i];
        if (key.place < dropped) continue;
        key.place -= (uint32_t)dropped;
        while (a < added_count && key_less(&added[a], &key)) {
            *out++ = added[a++];
        }
        *out++ = key;
    }
    if (a < added_count) memcpy(out, added + a, (added_count - a) * sizeof(*out));
}

struct tail_index *tail_index_create(const struct tail_index *seed,
                                     const struct event *const *events, size_t count,
                                     uint64_t first_seq)
{
    assert(count <= UINT32_MAX);
    /* A seed that ends before the first event has nothing to give. */
    if (seed && seed->first_seq + seed->count <= first_seq) seed = NULL;
    uint64_t dropped = seed ? first_seq - seed->first_seq : 0;
    size_t kept = seed ? seed->count - (size_t)dropped : 0;
    assert((!seed || seed->first_seq <= first_seq) && kept <= count);

    struct tail_index *index = mem_alloc(sizeof(*index) + count * sizeof(index->keys[0]));
    atomic_init(&index->refs, 1);
    index->first_seq = first_seq;
    index->count = count;
    size_t fresh = count - kept;
    struct tail_key *keys = mem_alloc_array(2 * fresh + 1, sizeof(*keys));
    for (size_t i = 0; i < fresh; i++) {
        const struct event *ev = events[kept + i];
        keys[i] = (struct tail_key){ev->at, ev->persona, (uint32_t)(kept + i)};
    }
    const struct tail_key *sorted = tail_keys_sort(keys, keys + fresh, fresh);
    if (seed) {
        merge_keys(seed, dropped, sorted, fresh, index->keys);
    } else if (fresh) {
        memcpy(index->keys, sorted, fresh * sizeof(*sorted));
    }
    mem_free(keys);
    return index;
}
