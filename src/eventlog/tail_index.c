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

#define AT_BYTES 6
#define KEY_BYTES (AT_BYTES + 4) /* and those of persona */

_Static_assert(sizeof(struct tail_key) == 16, "a fourth of a cache line");
_Static_assert(EVENT_AT_MAX >> (8 * AT_BYTES) == 0, "times fit a key");

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

/* Byte 'digit' of a key, 0 the least significant. */
static inline unsigned digit_of(const struct tail_key *key, unsigned digit)
{
    if (digit >= AT_BYTES) return key->persona >> (8 * (digit - AT_BYTES)) & 0xff;
    return (unsigned)(key->at >> (8 * digit) & 0xff);
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
        at_bits |= keys[i].at ^ keys[0].at;
        persona_bits |= keys[i].persona ^ keys[0].persona;
    }
    for (unsigned digit = 0; digit < KEY_BYTES; digit++) {
        uint64_t bits =
            digit < AT_BYTES ? at_bits >> (8 * digit) : persona_bits >> (8 * (digit - AT_BYTES));
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

size_t tail_index_kept(const struct tail_index *seed, uint64_t first_seq)
{
    if (!seed || seed->first_seq + seed->count <= first_seq) return 0;
    return seed->count - (size_t)(first_seq - seed->first_seq);
}

static void find_bounds(struct tail_index *index)
{
    index->at_min = INT64_MAX;
    index->at_max = INT64_MIN;
    for (size_t i = 0; i < index->count; i++) {
        int64_t at = (int64_t)index->keys[i].at;
        index->at_min = at < index->at_min ? at : index->at_min;
        index->at_max = at > index->at_max ? at : index->at_max;
    }
}

struct tail_index *tail_index_create(const struct tail_index *seed, const struct event *const *more,
                                     size_t count, uint64_t first_seq)
{
    size_t kept = tail_index_kept(seed, first_seq);
    assert(kept + count <= UINT32_MAX && (!kept || seed->first_seq <= first_seq));

    struct tail_index *index =
        mem_resize_array(NULL, sizeof(*index) + (kept + count) * sizeof(index->keys[0]), 1);
    atomic_init(&index->refs, 1);
    index->first_seq = first_seq;
    index->count = kept + count;
    struct tail_key *keys = mem_alloc_array(2 * count + 1, sizeof(*keys));
    for (size_t i = 0; i < count; i++)
        keys[i] = tail_key_of(more[i], kept + i);
    const struct tail_key *sorted = tail_keys_sort(keys, keys + count, count);
    if (kept) {
        merge_keys(seed, first_seq - seed->first_seq, sorted, count, index->keys);
    } else if (count) {
        memcpy(index->keys, sorted, count * sizeof(*sorted));
    }
    mem_free(keys);
    find_bounds(index);
    return index;
}
