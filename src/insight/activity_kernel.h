/* activity_kernel.h - members by period: new, returning, resurrected, dormant.
 *
 * The buckets are the periods of the reply and one before them. Rows before that bucket only tell
 * who is not new. */
#pragma once

#include "insight/buckets.h"
#include "insight/kernel.h"

struct activity_point {
    uint64_t fresh;       /* active for the first time ever */
    uint64_t returning;   /* active, and in the period before too */
    uint64_t resurrected; /* active, not in the period before, but earlier */
    uint64_t dormant;     /* not active, but in the period before */
};

struct activity {
    const struct buckets *buckets;
    struct activity_point *points; /* [buckets] the first is of no use; all once activity_close()
                                      was called */
    uint32_t *seen;                /* [seen_max] of a span's members: their active periods so far */
    size_t seen_max;               /* allocated */
    uint32_t (*patterns)[2];       /* [1 << buckets] members by the set of their active periods, not
                                      seen and seen before all of them; NULL: too many periods */
};

/* Whether so many periods are known from a member's runs in whatever order. */
bool activity_takes_spans(const struct buckets *buckets);

/* Settings are the struct buckets, the kernel is a struct activity. */
extern const struct kernel_type activity_kernel;

/* Bring the points up to date with the patterns. */
void activity_close(struct activity *a);
