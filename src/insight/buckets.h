/* buckets.h - the hours, days, weeks or months of a stretch of time, in a zone.
 *
 * Built once for a query, then read by any number of threads. Where all are of one length a bucket
 * is found by one multiplication, elsewhere by one load from a table of slots narrower than a
 * bucket, and rarely more than one step. */
#pragma once

#include <stdbool.h>

#include "base/time.h"

struct buckets {
    size_t count;
    int64_t *starts; /* [count + 1] the last is where the last bucket ends */
    uint32_t *slots; /* the bucket at the start of each slot */
    int shift;       /* a slot is 1 << shift ms wide */
    /* Of one length: it is odd << even_shift ms, and x / odd is x * factor >> factor_shift for
     * every x < 2^31. */
    uint32_t factor; /* 0: not of one length, or too long a stretch */
    int even_shift, factor_shift;
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

/* The buckets of 'n' instants. */
void buckets_find_all(const struct buckets *b, const int64_t *at, uint32_t n, uint32_t *out);

/* Keep of 'n' numbers those that differ from the one before, the first from 'last', in their order;
 * how many they are. */
uint32_t buckets_changes(uint32_t *bucket, uint32_t n, uint32_t last);

/* Bit k: is one of 'n' instants in bucket first + k? All are in one of the 64 from 'first' on. */
uint64_t buckets_seen(const struct buckets *b, const int64_t *at, uint32_t n, uint32_t first);

/* The bucket of an instant in [starts[0], starts[count]). */
static inline uint32_t buckets_find(const struct buckets *b, int64_t at)
{
    if (b->factor) {
        uint32_t x = (uint32_t)((uint64_t)(at - b->starts[0]) >> b->even_shift);
        return (uint32_t)((uint64_t)x * b->factor >> b->factor_shift);
    }
    uint32_t i = b->slots[(uint64_t)(at - b->starts[0]) >> b->shift];
    i += at >= b->starts[i + 1]; /* a coin toss: no branch to guess */
    while (at >= b->starts[i + 1]) {
        i++; /* days of less than a slot, which are rare */
    }
    return i;
}
