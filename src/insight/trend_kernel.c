/* trend_kernel.c - rows of selector 0, key by key and bucket by bucket.
 *
 * Keys and buckets of a block of rows are found first and counted after: a counter that is read at
 * once after it was written would wait for the write. Cells of a key lie side by side, so that a
 * new key moves no cell. Within a member time ascends, so that it is enough to know in which
 * bucket, and of which member, a key was seen last. Rows without a member count as events, never as
 * members. */
#include "insight/trend_kernel.h"

#include <assert.h>
#include <string.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "base/cpu.h"

#define BLOCK 512 /* rows */

/* A set remembers the run at hand, so that each worker needs its own. */
static struct keys *keys_of(const struct trend_settings *settings)
{
    struct keys *keys = keys_create(settings->field);
    if (!settings->shown) return keys;
    for (uint32_t id = 1; id < keys_count(settings->shown); id++) {
        (void)keys_add(keys, keys_get(settings->shown, id));
    }
    keys_freeze(keys);
    return keys;
}

static bool has_amounts(const struct trend *t)
{
    return t->settings->measure == TREND_AMOUNT || t->settings->measure == TREND_AVERAGE;
}

/* --- room --- */

static void *more(void *p, size_t old, size_t count, size_t size)
{
    char *grown = mem_resize_array(p, count, size);
    memset(grown + old * size, 0, (count - old) * size);
    return grown;
}

/* Give up the cells: what they held is left in the totals. */
static void give_up(struct trend *t)
{
    trend_close(t);
    mem_free(t->counts);
    mem_free(t->sums);
    t->counts = NULL;
    t->sums = NULL;
    t->full = true;
}

/* Room for 'places' keys. The second pass knows all of its keys from the start. */
static void make_room(struct trend *t, size_t places)
{
    size_t buckets = t->settings->buckets->count, most = t->settings->cells_max;
    size_t room = places > 2 * t->places ? places : 2 * t->places;
    if (places <= t->places) return;
    if (!t->settings->shown && !t->full) {
        if (places * buckets > most) give_up(t);
        if (!t->full && room * buckets > most) room = most / buckets;
    }
    t->totals = more(t->totals, t->places, room, sizeof(*t->totals));
    t->total_sums = more(t->total_sums, t->places, room, sizeof(*t->total_sums));
    t->seen = more(t->seen, t->places, room, sizeof(*t->seen));
    if (!t->full) {
        size_t old = t->places * buckets, cells = room * buckets;
        t->counts = more(t->counts, old, cells, sizeof(*t->counts));
        if (has_amounts(t)) t->sums = more(t->sums, old, cells, sizeof(*t->sums));
    }
    t->places = room;
}

static void trend_init(void *kernel, const void *settings)
{
    struct trend *t = kernel;
    *t = (struct trend){.settings = settings, .keys = keys_of(settings)};
    make_room(t, (size_t)keys_count(t->keys) + (t->settings->shown != NULL));
}

static void trend_finish(void *kernel)
{
    struct trend *t = kernel;
    keys_destroy(t->keys);
    mem_free(t->counts);
    mem_free(t->sums);
    mem_free(t->totals);
    mem_free(t->total_sums);
    mem_free(t->seen);
}

static size_t trend_bytes(const void *kernel)
{
    const struct trend *t = kernel;
    size_t place = sizeof(*t->totals) + sizeof(*t->total_sums) + sizeof(*t->seen);
    size_t cell = (t->counts ? sizeof(*t->counts) : 0) + (t->sums ? sizeof(*t->sums) : 0);
    return t->places * (place + cell * t->settings->buckets->count) + keys_bytes(t->keys);
}

void trend_close(struct trend *t)
{
    size_t buckets = t->settings->buckets->count;
    if (t->full) return;
    assert(t->counts);
    for (size_t place = 0; place < t->places; place++) {
        const uint64_t *counts = t->counts + place * buckets;
        bool events = t->settings->measure == TREND_EVENTS; /* others have counted them already */
        for (size_t i = 0; i < buckets; i++) {
            if (events) t->totals[place] += counts[i];
            if (t->sums) t->total_sums[place] += t->sums[place * buckets + i];
        }
    }
}

static void add_cells(struct trend *to, size_t there, const struct trend *from, size_t place)
{
    size_t buckets = to->settings->buckets->count;
    assert(to->counts && from->counts);
    for (size_t i = 0; i < buckets; i++) {
        to->counts[there * buckets + i] += from->counts[place * buckets + i];
        if (to->sums) to->sums[there * buckets + i] += from->sums[place * buckets + i];
    }
}

static void trend_merge(void *to, void *from)
{
    struct trend *a = to;
    struct trend *b = from;
    size_t places = a->settings->shown ? b->places : keys_count(b->keys);
    if (b->full && !a->full) give_up(a);
    if (a->full && !b->full) give_up(b);
    for (uint32_t place = 0; place < places; place++) {
        uint32_t there = place;
        if (!a->settings->shown) there = keys_add(a->keys, keys_get(b->keys, place));
        make_room(a, (size_t)there + 1);
        if (a->full && !b->full) give_up(b);
        a->totals[there] += b->totals[place];
        a->total_sums[there] += b->total_sums[place];
        if (!a->full) add_cells(a, there, b, place);
    }
}

/* --- rows --- */

/* Places and buckets of a block, with room for every place. */
struct block {
    uint32_t place[BLOCK];
    uint32_t bucket[BLOCK];
    uint32_t cell[BLOCK]; /* of find_cells() */
};

static void look_up(struct trend *t, const struct sight *s, uint32_t from, uint32_t n,
                    struct block *b)
{
    if (!t->full) buckets_find_all(t->settings->buckets, s->at + from, n, b->bucket);
    keys_places(t->keys, s, from, n, b->place);
    if (!t->settings->shown) {
        make_room(t, keys_count(t->keys));
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        if (b->place[i] == KEYS_REST) b->place[i] = keys_count(t->keys);
    }
}

/* A vector of the compiler's. */
typedef uint32_t lanes __attribute__((vector_size(16)));
#define LANES 4
#define WIDE 8 /* of AVX2 */
_Static_assert(BLOCK % WIDE == 0, "a block is whole vectors");

#ifdef __x86_64__
__attribute__((target("avx2"))) static void cells_wide(struct block *b, uint32_t n,
                                                       uint32_t buckets)
{
    const __m256i all = _mm256_set1_epi32((int)buckets);
    for (uint32_t i = 0; i < n; i += WIDE) {
        const void *place = b->place + i, *bucket = b->bucket + i;
        void *cell = b->cell + i;
        __m256i v = _mm256_mullo_epi32(_mm256_loadu_si256(place), all);
        _mm256_storeu_si256(cell, _mm256_add_epi32(v, _mm256_loadu_si256(bucket)));
    }
}
#endif

static void cells_plain(struct block *b, uint32_t n, uint32_t buckets)
{
    for (uint32_t i = 0; i < n; i += LANES) {
        lanes place, bucket;
        memcpy(&place, b->place + i, sizeof(place));
        memcpy(&bucket, b->bucket + i, sizeof(bucket));
        place = place * buckets + bucket;
        memcpy(b->cell + i, &place, sizeof(place));
    }
}

/* Those behind the n-th are of no use. */
static void find_cells(struct block *b, uint32_t n, uint32_t buckets)
{
#ifdef __x86_64__
    if (cpu_has_avx2()) {
        cells_wide(b, n, buckets);
        return;
    }
#endif
    cells_plain(b, n, buckets);
}

static void count_events(struct trend *t, uint32_t n, struct block *b)
{
    uint64_t *counts = t->counts, *totals = t->totals;
    for (uint32_t i = 0; i < n && t->full; i++)
        totals[b->place[i]]++;
    if (t->full) return;
    find_cells(b, n, (uint32_t)t->settings->buckets->count);
    uint32_t i = 0;
    for (; n - i >= 4; i += 4) {
        counts[b->cell[i]]++;
        counts[b->cell[i + 1]]++;
        counts[b->cell[i + 2]]++;
        counts[b->cell[i + 3]]++;
    }
    for (; i < n; i++)
        counts[b->cell[i]]++;
}

static void sum_amounts(struct trend *t, const struct sight *s, uint32_t from, uint32_t n,
                        const struct block *b)
{
    size_t buckets = t->settings->buckets->count;
    const int64_t *amount = s->h->amount;
    for (uint32_t i = 0; i < n; i++) {
        int64_t value = amount[sight_row(s, from + i)];
        t->totals[b->place[i]]++;
        if (value == HISTORY_NO_AMOUNT) continue;
        if (t->full) {
            t->total_sums[b->place[i]] += value;
            continue;
        }
        size_t cell = b->place[i] * buckets + b->bucket[i];
        t->counts[cell]++;
        t->sums[cell] += value;
    }
}

static void count_member(struct trend *t, uint32_t member, uint32_t n, const struct block *b)
{
    size_t buckets = t->settings->buckets->count;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t place = b->place[i];
        struct trend_seen *seen = &t->seen[place];
        bool before = seen->member == member;
        t->totals[place] += !before;
        if (!t->full) {
            bool again = before && seen->bucket == b->bucket[i];
            t->counts[place * buckets + b->bucket[i]] += !again;
            seen->bucket = b->bucket[i];
        }
        seen->member = member;
    }
}

/* Without keys: the buckets of a member, each once. */
static void count_buckets(struct trend *t, const struct sight *s, uint32_t from, uint32_t to)
{
    uint32_t bucket[BLOCK];
    uint32_t last = UINT32_MAX;
    t->totals[0] += from < to;
    while (from < to) {
        uint32_t n = to - from < BLOCK ? to - from : BLOCK;
        buckets_find_all(t->settings->buckets, s->at + from, n, bucket);
        uint32_t count = buckets_changes(bucket, n, last);
        for (uint32_t i = 0; i < count; i++) {
            t->counts[bucket[i]]++;
        }
        if (count > 0) last = bucket[count - 1];
        from += n;
    }
}

/* Places from .. to-1 are one member's, or measured without looking at members. */
static void add_places(struct trend *t, const struct sight *s, uint32_t member, uint32_t from,
                       uint32_t to)
{
    enum trend_measure measure = t->settings->measure;
    struct block block;
    for (uint32_t n; from < to; from += n) {
        n = to - from < BLOCK ? to - from : BLOCK;
        look_up(t, s, from, n, &block);
        if (measure == TREND_EVENTS) {
            count_events(t, n, &block);
        } else if (measure == TREND_MEMBERS) {
            count_member(t, member, n, &block);
        } else {
            sum_amounts(t, s, from, n, &block);
        }
    }
}

static void add_members(struct trend *t, const struct sight *s)
{
    bool keyed = t->settings->field->source != KEYS_NONE;
    for (uint32_t m = 0; m < s->h->member_count; m++) {
        uint32_t member = s->h->member[m];
        if (member == 0) continue;
        if (keyed) {
            add_places(t, s, member, s->first[m], s->end[m]);
        } else {
            count_buckets(t, s, s->first[m], s->end[m]);
        }
    }
}

static void trend_run(void *kernel, const struct sight *s)
{
    struct trend *t = kernel;
    const struct history *h = s->h;
    keys_begin(t->keys);
    if (t->settings->measure == TREND_MEMBERS) {
        add_members(t, s);
        return;
    }
    for (uint32_t m = 0; m < h->member_count;) {
        uint32_t from = s->first[m], to = s->end[m];
        for (m++; m < h->member_count && s->first[m] == to; m++) {
            to = s->end[m]; /* neighbours are taken together */
        }
        add_places(t, s, 0, from, to);
    }
}

const struct kernel_type trend_kernel = {
    sizeof(struct trend), trend_init, trend_finish, trend_run, trend_bytes, trend_merge,
};
