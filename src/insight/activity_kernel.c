/* activity_kernel.c - a member's active periods in order; each is judged by the one before it.
 *
 * Of few periods it is enough to count the members of each set of active ones; what a set says of
 * its periods is worked out once, at the end. */
#include "insight/activity_kernel.h"

#include "base/mem.h"

#define BLOCK 512       /* rows */
#define PATTERN_BITS 13 /* periods of which sets are counted: twelve, and one before them */
#define NEVER (-2)      /* no active period yet */
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

static void add_member(struct activity *a, const struct sight *s, uint32_t from, uint32_t to)
{
    int64_t count = (int64_t)a->buckets->count;
    uint32_t first = from;
    if (from < to && s->at[from] < a->buckets->starts[0])
        first = history_row_at(s->at, from, to, a->buckets->starts[0]);
    if (a->patterns) {
        a->patterns[buckets_seen(a->buckets, s->at + first, to - first, 0)][first > from]++;
        return;
    }
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
    for (uint32_t m = 0; m < s->h->member_count; m++) {
        if (s->h->member[m] != 0) add_member(kernel, s, s->first[m], s->end[m]);
    }
}

static void init(void *kernel, const void *settings)
{
    struct activity *a = kernel;
    *a = (struct activity){.buckets = settings};
    a->points = mem_alloc_array(a->buckets->count, sizeof(*a->points));
    if (a->buckets->count <= PATTERN_BITS)
        a->patterns = mem_alloc_array((size_t)1 << a->buckets->count, sizeof(*a->patterns));
}

static void finish(void *kernel)
{
    struct activity *a = kernel;
    mem_free(a->points);
    mem_free(a->patterns);
}

static size_t bytes(const void *kernel)
{
    const struct activity *a = kernel;
    size_t sets = a->patterns ? (size_t)1 << a->buckets->count : 0;
    return a->buckets->count * sizeof(struct activity_point) + sets * sizeof(*a->patterns);
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
