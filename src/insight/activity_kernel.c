/* activity_kernel.c - a member's active periods in order; each is judged by the one before it. */
#include "insight/activity_kernel.h"

#include "base/mem.h"

#define BLOCK 512  /* rows */
#define NEVER (-2) /* no active period yet */
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

static void add_member(struct activity *a, const struct sight *s, uint32_t from, uint32_t to)
{
    int64_t count = (int64_t)a->buckets->count;
    uint32_t first = history_row_at(s->at, from, to, a->buckets->starts[0]);
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
