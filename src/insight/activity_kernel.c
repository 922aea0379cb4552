/* activity_kernel.c - a member's active periods in order; each is judged by the one before it.
 *
 * Of few periods it is enough to count the members of each set of active ones; what a set says of
 * its periods is worked out once, at the end. Such a set is put together from a member's runs in
 * whatever order they come. */
#include "insight/activity_kernel.h"

#include <string.h>

#include "base/mem.h"

#define BLOCK 512       /* rows */
#define PATTERN_BITS 13 /* periods of which sets are counted: twelve, and one before them */
#define BEFORE (UINT32_C(1) << 31) /* beside the bits of a set: active before all of them */
#define NEVER (-2)                 /* no active period yet */
#define LONG_AGO (-1)

/* A member's walk through their active periods. */
struct walk {
    struct activity *activity;
    int64_t last; /* active period so far */
};

/* The periods of a block ascend, each may come often. */
static void add_periods(struct walk *w, uint32_t *periods, uint32_t n)
{
    struct activity_point *points = w->activity->points;
    uint32_t count = buckets_changes(periods, n, w->last < 0 ? UINT32_MAX : (uint32_t)w->last);
    for (uint32_t i = 0; i < count; i++) {
        int64_t period = periods[i];
        struct activity_point *point = &points[period];
        bool active = w->last >= 0;
        bool next = active && w->last == period - 1;
        point->fresh += w->last == NEVER;
        point->returning += next;
        point->resurrected += w->last != NEVER && !next;
        points[active ? w->last + 1 : 0].dormant += active && !next;
        w->last = period;
    }
}

/* Members with these active periods; the lowest bit is the first period. */
static void add_pattern(struct activity *a, uint64_t seen, bool before, uint64_t members)
{
    for (size_t i = 0; i < a->buckets->count; i++) {
        struct activity_point *point = &a->points[i];
        bool active = seen >> i & 1, next = i > 0 && seen >> (i - 1) & 1;
        bool ever = before || (seen & ((UINT64_C(1) << i) - 1)) != 0;
        if (active && !ever) point->fresh += members;
        if (active && next) point->returning += members;
        if (active && ever && !next) point->resurrected += members;
        if (!active && next) point->dormant += members;
    }
}

void activity_close(struct activity *a)
{
    for (size_t i = 0; a->patterns && i < (size_t)1 << a->buckets->count; i++) {
        for (int before = 0; before < 2; before++) {
            if (a->patterns[i][before]) add_pattern(a, i, before != 0, a->patterns[i][before]);
        }
    }
}

/* The set of active periods, and BEFORE. */
static inline uint32_t set_of(const struct activity *a, const int64_t *at, uint32_t n)
{
    int64_t start = a->buckets->starts[0];
    if (n == 0) return 0;
    if (at[n - 1] < start) return BEFORE;
    if (at[0] >= start) return (uint32_t)buckets_seen(a->buckets, at, n, 0);
    uint32_t first = history_row_at(at, 0, n, start);
    return BEFORE | (uint32_t)buckets_seen(a->buckets, at + first, n - first, 0);
}

static inline void count_set(struct activity *a, uint32_t set)
{
    a->patterns[set & ~BEFORE][set / BEFORE]++;
}

/* Members whose sets are put together from several runs. */
static void add_span(struct activity *a, const struct sight *s)
{
    const struct history *h = s->h;
    if (h->span.count > a->seen_max) {
        a->seen = mem_resize_array(a->seen, h->span.count, sizeof(*a->seen));
        memset(a->seen + a->seen_max, 0, (h->span.count - a->seen_max) * sizeof(*a->seen));
        a->seen_max = h->span.count;
    }
    for (uint32_t m = 0; m < h->member_count; m++) {
        uint32_t first = s->first[m];
        a->seen[h->member[m] - h->span.from] |= set_of(a, s->at + first, s->end[m] - first);
    }
    if (h->span.more) return;
    for (uint32_t i = 0; i < h->span.count; i++)
        count_set(a, a->seen[i]);
    memset(a->seen, 0, h->span.count * sizeof(*a->seen));
}

static void add_member(struct activity *a, const struct sight *s, uint32_t from, uint32_t to)
{
    int64_t count = (int64_t)a->buckets->count;
    if (a->patterns) {
        count_set(a, set_of(a, s->at + from, to - from));
        return;
    }
    uint32_t first = from;
    if (from < to && s->at[from] < a->buckets->starts[0])
        first = history_row_at(s->at, from, to, a->buckets->starts[0]);
    struct walk w = {a, first > from ? LONG_AGO : NEVER};
    uint32_t periods[BLOCK];
    for (uint32_t n; first < to; first += n) {
        n = to - first < BLOCK ? to - first : BLOCK;
        buckets_find_all(a->buckets, s->at + first, n, periods);
        add_periods(&w, periods, n);
    }
    if (w.last >= 0 && w.last + 1 < count) a->points[w.last + 1].dormant++;
}

static void run(void *kernel, const struct sight *s)
{
    if (s->h->span.count > 0) {
        add_span(kernel, s);
        return;
    }
    for (uint32_t m = 0; m < s->h->member_count; m++) {
        if (s->h->member[m] != 0) add_member(kernel, s, s->first[m], s->end[m]);
    }
}

bool activity_takes_spans(const struct buckets *buckets)
{
    return buckets->count <= PATTERN_BITS;
}

static void init(void *kernel, const void *settings)
{
    struct activity *a = kernel;
    *a = (struct activity){.buckets = settings};
    a->points = mem_alloc_array(a->buckets->count, sizeof(*a->points));
    if (activity_takes_spans(a->buckets))
        a->patterns = mem_alloc_array((size_t)1 << a->buckets->count, sizeof(*a->patterns));
}

static void finish(void *kernel)
{
    struct activity *a = kernel;
    mem_free(a->points);
    mem_free(a->seen);
    mem_free(a->patterns);
}

static size_t bytes(const void *kernel)
{
    const struct activity *a = kernel;
    size_t sets = a->patterns ? (size_t)1 << a->buckets->count : 0;
    return a->buckets->count * sizeof(struct activity_point) + sets * sizeof(*a->patterns) +
           a->seen_max * sizeof(*a->seen);
}

static void merge(void *to, void *from)
{
    struct activity *a = to;
    const struct activity *b = from;
    for (size_t i = 0; a->patterns && i < (size_t)1 << a->buckets->count; i++) {
        a->patterns[i][0] += b->patterns[i][0];
        a->patterns[i][1] += b->patterns[i][1];
    }
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
