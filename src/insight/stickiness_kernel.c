/* stickiness_kernel.c - an active day makes the member active in the trailing weeks that end on it
 * or on the 6 days after it; the union of those stretches over all active days is what is summed.
 */
#include "insight/stickiness_kernel.h"

#include "base/mem.h"

/* The stretch of days that one trailing length covers so far. */
struct cover {
    uint32_t length; /* days */
    uint32_t end;    /* first day not covered yet */
    uint64_t days;   /* covered */
};

static void cover_day(struct cover *c, uint32_t day, uint32_t last)
{
    uint32_t from = day > c->end ? day : c->end;
    uint32_t to = day + c->length < last ? day + c->length : last;
    if (to <= from) return;
    c->days += to - from;
    c->end = to;
}

static void add_member(struct stickiness *t, const struct sight *s, uint32_t from, uint32_t to)
{
    const struct buckets *buckets = t->settings->buckets;
    const int64_t *at = s->at;
    uint32_t last = (uint32_t)buckets->count;
    uint32_t first = last - t->settings->days;
    struct cover week = {STICKINESS_WEEK, first, 0};
    struct cover month = {STICKINESS_MONTH, first, 0};
    int64_t end = INT64_MIN; /* of the day counted last */
    uint32_t active = 0;
    for (uint32_t i = from; i < to; i++) {
        if (at[i] < end) continue;
        uint32_t day = buckets_find(buckets, at[i]);
        end = buckets->starts[day + 1];
        active += day >= first;
        cover_day(&week, day, last);
        cover_day(&month, day, last);
    }
    if (active > 0) t->histogram[active - 1]++;
    t->daily += active;
    t->weekly += week.days;
    t->monthly += month.days;
}

static void run(void *kernel, const struct sight *s)
{
    struct stickiness *t = kernel;
    const struct history *h = s->h;
    for (uint32_t m = 0; m < h->member_count; m++) {
        if (h->member[m] != 0) add_member(t, s, s->first[m], s->end[m]);
    }
}

static void init(void *kernel, const void *settings)
{
    struct stickiness *t = kernel;
    *t = (struct stickiness){.settings = settings};
    t->histogram = mem_alloc_array(t->settings->days, sizeof(*t->histogram));
}

static void finish(void *kernel)
{
    mem_free(((struct stickiness *)kernel)->histogram);
}

static size_t bytes(const void *kernel)
{
    return ((const struct stickiness *)kernel)->settings->days * sizeof(uint64_t);
}

static void merge(void *to, void *from)
{
    struct stickiness *a = to;
    const struct stickiness *b = from;
    for (uint32_t i = 0; i < a->settings->days; i++) {
        a->histogram[i] += b->histogram[i];
    }
    a->daily += b->daily;
    a->weekly += b->weekly;
    a->monthly += b->monthly;
}

const struct kernel_type stickiness_kernel = {
    sizeof(struct stickiness), init, finish, run, bytes, merge,
};
