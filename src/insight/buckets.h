/* buckets.h - the hours, days, weeks or months of a stretch of time, in a zone.
 *
 * Built once for a query, then read by any number of threads. A bucket is found by one load from a
 * table of slots narrower than a bucket, and rarely more than one step. */
#pragma once

#include <stdbool.h>

#include "base/time.h"

struct buckets {
    size_t count;
    int64_t *starts; /* [count + 1] the last is where the last bucket ends */
    uint32_t *slots; /* the bucket at the start of each slot */
    int shift;       /* a slot is 1 << shift ms wide */
};

/* The buckets that meet [from, to), and 'before' and 'after' more around them. */
struct buckets_range {
    const struct zone *zone;
    enum time_unit unit;
    int64_t from, to;     /* from >= to: no buckets at all */
    size_t before, after; /* more buckets */
};

/* False, with nothing to finish, when there are more than 'count_max' without those after. */
bool buckets_init(struct buckets *b, const struct buckets_range *r, size_t count_max);
void buckets_finish(struct buckets *b);

/* The bucket of an instant in [starts[0], starts[count]). */
static inline uint32_t buckets_find(const struct buckets *b, int64_t at)
{
    uint32_t i = b->slots[(uint64_t)(at - b->starts[0]) >> b->shift];
    i += at >= b->starts[i + 1]; /* a coin toss: no branch to guess */
    while (at >= b->starts[i + 1]) {
        i++; /* days of less than a slot, which are rare */
    }
    return i;
}
