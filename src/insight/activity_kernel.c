/* activity_kernel.c - a member's active periods in order; each is judged by the one before it. */
#include "insight/activity_kernel.h"

#include "base/mem.h"

#define SELECTED UINT32_C(1)
#define NEVER (-2) /* no active period yet */
#define LONG_AGO (-1)

static void add_member(struct activity *a, const struct sight *s, uint32_t from, uint32_t to)
{
    const struct buckets *buckets = a->buckets;
    const int64_t *at = s->h->at;
    int64_t count = (int64_t)buckets->count;
    int64_t last = NEVER;    /* active period so far */
    int64_t end = INT64_MIN; /* of it */
    for (uint32_t i = from; i < to; i++) {
        if ((s->mask[i] & SELECTED) == 0 || at[i] < end) continue;
        if (at[i] < buckets->starts[0]) {
            last = LONG_AGO;
            end = buckets->starts[0];
            continue;
        }
        int64_t period = buckets_find(buckets, at[i]);
        struct activity_point *point = &a->points[period];
        end = buckets->starts[period + 1];
        point->fresh += last == NEVER;
        point->returning += last >= 0 && last == period - 1;
        point->resurrected += last == LONG_AGO || (last >= 0 && last < period - 1);
        if (last >= 0 && last < period - 1) a->points[last + 1].dormant++;
        last = period;
    }
    if (last >= 0 && last + 1 < count) a->points[last + 1].dormant++;
}

static void run(void *kernel, const struct sight *s)
{
    const struct history *h = s->h;
    for (uint32_t m = 0; m < h->member_count; m++) {
        if (!sight_keeps(s, m) || h->member[m] == 0) continue;
        add_member(kernel, s, h->off[m], h->off[m + 1]);
    }
}

static void init(void *kernel, const void *settings)
{
    struct activity *a = kernel;
    *a = (struct activity){.buckets = settings};
    a->points = mem_alloc_array(a->buckets->count, sizeof(*a->points));
}

static void finish(void *kernel)
{
    mem_free(((struct activity *)kernel)->points);
}

static size_t bytes(const void *kernel)
{
    return ((const struct activity *)kernel)->buckets->count * sizeof(struct activity_point);
}

static void merge(void *to, void *from)
{
    struct activity *a = to;
    const struct activity *b = from;
    for (size_t i = 0; i < a->buckets->count; i++) {
        a->points[i].fresh += b->points[i].fresh;
        a->points[i].returning += b->points[i].returning;
        a->points[i].resurrected += b->points[i].resurrected;
        a->points[i].dormant += b->points[i].dormant;
    }
}

const struct kernel_type activity_kernel = {
    sizeof(struct activity), init, finish, run, bytes, merge,
};
