/* trend_kernel.c - rows of selector 0, bucket by bucket.
 *
 * Within a member time ascends, so that a member is counted once a bucket by remembering which
 * slots the current bucket has seen. Rows without a member count as events, never as members. */
#include "insight/trend_kernel.h"

#include <assert.h>

#define SELECTED UINT32_C(1)

/* A set remembers the run at hand, so that each worker needs its own. */
static struct keys *frozen_copy(const struct trend_settings *settings)
{
    if (!settings->shown) return NULL;
    struct keys *copy = keys_create(settings->field);
    for (uint32_t id = 1; id < keys_count(settings->shown); id++) {
        (void)keys_add(copy, keys_get(settings->shown, id));
    }
    keys_freeze(copy);
    return copy;
}

static void trend_init(void *kernel, const void *settings)
{
    struct trend *t = kernel;
    *t = (struct trend){.settings = settings, .keys = frozen_copy(settings), .slots = 1};
    if (t->keys) t->slots = keys_count(t->keys) + 1;
    assert(t->slots <= 32);
    size_t cells = t->settings->buckets->count * t->slots;
    t->counts = mem_alloc_array(cells, sizeof(*t->counts));
    t->sums = mem_alloc_array(cells, sizeof(*t->sums));
}

static void trend_finish(void *kernel)
{
    struct trend *t = kernel;
    keys_destroy(t->keys);
    mem_free(t->counts);
    mem_free(t->sums);
}

static size_t trend_bytes(const void *kernel)
{
    const struct trend *t = kernel;
    size_t cell = sizeof(*t->counts) + sizeof(*t->sums);
    size_t cells = t->settings->buckets->count * t->slots;
    return cells * cell + (t->keys ? keys_bytes(t->keys) : 0);
}

static void trend_merge(void *to, void *from)
{
    struct trend *a = to;
    const struct trend *b = from;
    for (size_t i = 0; i < a->settings->buckets->count * a->slots; i++) {
        a->counts[i] += b->counts[i];
        a->sums[i] += b->sums[i];
    }
}

static inline uint32_t slot_of(const struct trend *t, const struct sight *s, uint32_t row)
{
    if (!t->keys) return 0;
    uint32_t id = keys_row(t->keys, s->h, row);
    return id == KEYS_REST ? t->slots - 1 : id;
}

static void count_events(struct trend *t, const struct sight *s, uint32_t from, uint32_t to)
{
    const struct buckets *buckets = t->settings->buckets;
    const int64_t *at = s->h->at;
    for (uint32_t i = from; i < to; i++) {
        if ((s->mask[i] & SELECTED) == 0) continue;
        size_t bucket = buckets_find(buckets, at[i]);
        t->counts[bucket * t->slots + slot_of(t, s, i)]++;
    }
}

static void count_member(struct trend *t, const struct sight *s, uint32_t from, uint32_t to)
{
    const struct buckets *buckets = t->settings->buckets;
    const int64_t *at = s->h->at;
    int64_t end = INT64_MIN; /* of the current bucket */
    size_t bucket = 0;
    uint32_t seen = 0;
    for (uint32_t i = from; i < to; i++) {
        if ((s->mask[i] & SELECTED) == 0) continue;
        if (at[i] >= end) {
            bucket = buckets_find(buckets, at[i]);
            end = buckets->starts[bucket + 1];
            seen = 0;
        }
        uint32_t slot = slot_of(t, s, i);
        t->counts[bucket * t->slots + slot] += ~seen >> slot & 1;
        seen |= UINT32_C(1) << slot;
    }
}

static void sum_amounts(struct trend *t, const struct sight *s, uint32_t from, uint32_t to)
{
    const struct buckets *buckets = t->settings->buckets;
    const int64_t *at = s->h->at;
    const int64_t *amount = s->h->amount;
    for (uint32_t i = from; i < to; i++) {
        if ((s->mask[i] & SELECTED) == 0 || amount[i] == HISTORY_NO_AMOUNT) continue;
        size_t cell = buckets_find(buckets, at[i]) * t->slots + slot_of(t, s, i);
        t->counts[cell]++;
        t->sums[cell] += amount[i];
    }
}

static void trend_run(void *kernel, const struct sight *s)
{
    struct trend *t = kernel;
    const struct history *h = s->h;
    if (t->keys) keys_begin(t->keys);
    for (uint32_t m = 0; m < h->member_count; m++) {
        if (!sight_keeps(s, m)) continue;
        if (t->settings->measure == TREND_EVENTS) {
            count_events(t, s, h->off[m], h->off[m + 1]);
        } else if (t->settings->measure != TREND_MEMBERS) {
            sum_amounts(t, s, h->off[m], h->off[m + 1]);
        } else if (h->member[m] != 0) {
            count_member(t, s, h->off[m], h->off[m + 1]);
        }
    }
}

const struct kernel_type trend_kernel = {
    sizeof(struct trend), trend_init, trend_finish, trend_run, trend_bytes, trend_merge,
};

static void ranking_init(void *kernel, const void *settings)
{
    struct ranking *r = kernel;
    *r = (struct ranking){.settings = settings};
    r->keys = keys_create(r->settings->field);
}

static void ranking_finish(void *kernel)
{
    struct ranking *r = kernel;
    keys_destroy(r->keys);
    VEC_FINISH(&r->counts);
    VEC_FINISH(&r->sums);
    VEC_FINISH(&r->last);
}

static size_t ranking_bytes(const void *kernel)
{
    const struct ranking *r = kernel;
    size_t cell = sizeof(uint64_t) + sizeof(wide) + sizeof(uint32_t);
    return keys_bytes(r->keys) + r->counts.capacity * cell;
}

static void make_room(struct ranking *r, uint32_t id)
{
    while (r->counts.count <= id) {
        VEC_PUSH(&r->counts, 0);
        VEC_PUSH(&r->sums, 0);
        VEC_PUSH(&r->last, 0);
    }
}

static void rank_member(struct ranking *r, const struct sight *s, uint32_t m)
{
    const struct history *h = s->h;
    bool amounts = r->settings->measure == TREND_AMOUNT || r->settings->measure == TREND_AVERAGE;
    uint32_t member = h->member[m];
    if (member == 0 && r->settings->measure == TREND_MEMBERS) return;
    for (uint32_t i = h->off[m]; i < h->off[m + 1]; i++) {
        if ((s->mask[i] & SELECTED) == 0) continue;
        uint32_t id = keys_row(r->keys, h, i);
        make_room(r, id);
        if (r->settings->measure == TREND_MEMBERS && r->last.items[id] == member) continue;
        r->last.items[id] = member;
        r->counts.items[id]++;
        if (amounts && h->amount[i] != HISTORY_NO_AMOUNT) r->sums.items[id] += h->amount[i];
    }
}

static void ranking_run(void *kernel, const struct sight *s)
{
    struct ranking *r = kernel;
    keys_begin(r->keys);
    for (uint32_t m = 0; m < s->h->member_count; m++) {
        if (sight_keeps(s, m)) rank_member(r, s, m);
    }
}

static void ranking_merge(void *to, void *from)
{
    struct ranking *a = to;
    const struct ranking *b = from;
    for (uint32_t id = 0; id < b->counts.count; id++) {
        uint32_t there = keys_add(a->keys, keys_get(b->keys, id));
        make_room(a, there);
        a->counts.items[there] += b->counts.items[id];
        a->sums.items[there] += b->sums.items[id];
    }
}

const struct kernel_type ranking_kernel = {
    sizeof(struct ranking), ranking_init, ranking_finish, ranking_run, ranking_bytes, ranking_merge,
};
