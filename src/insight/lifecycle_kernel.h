/* lifecycle_kernel.h - stock of each stage over time, and the flow between stages.
 *
 * Only the stage at the end of each bucket matters. What changes are differences of the stock;
 * adding them up from the first bucket on gives the stock. A change at exactly the end of a bucket
 * belongs to the next one, as buckets are half open. */
#pragma once

#include "base/vec.h"
#include "insight/buckets.h"
#include "insight/kernel.h"
#include "people/fold.h"

#define STAGES (STAGE_COUNT + 1) /* visitors are the last */

struct lifecycle_settings {
    const struct plan *plan;
    const struct buckets *buckets;
    int64_t from, to;
    int64_t flow_from;
    bool list; /* keep each member's stages */
};

/* Where a member was at flow_from and at to. */
struct lifecycle_member {
    uint32_t member;
    uint8_t then, now; /* enum stage; STAGES: nothing had happened yet */
};

struct lifecycle {
    const struct lifecycle_settings *settings;
    struct fold *fold;
    int64_t (*stock)[STAGES];                /* [buckets] differences to the bucket before */
    uint64_t flow[STAGE_COUNT][STAGE_COUNT]; /* [at flow_from][at to] */
    uint64_t arrived[STAGE_COUNT];           /* in no stage at flow_from, in this one at to */
    int stage;                               /* of the member at hand; -1 = none yet */
    VEC(struct lifecycle_member) members;    /* only those asked for by 'list', in no order */
};

/* Settings are struct lifecycle_settings, the kernel is a struct lifecycle. */
extern const struct kernel_type lifecycle_kernel;
