/* trend_kernel.h - events, members or amounts by time bucket and key.
 *
 * Broken down, a trend takes two passes: the first ranks the keys, the second counts those shown.
 * So its tables stay small, and a member who has several of the smaller keys counts once in the
 * rest. One kernel per worker; results are added up. */
#pragma once

#include "base/vec.h"
#include "insight/buckets.h"
#include "insight/kernel.h"
#include "insight/keys.h"
#include "insight/wide.h"

enum trend_measure { TREND_EVENTS, TREND_MEMBERS, TREND_AMOUNT, TREND_AVERAGE };

struct trend_settings {
    enum trend_measure measure;
    const struct buckets *buckets;
    const struct key_field *field; /* of the keys */
    const struct keys *shown;      /* the keys that are shown; NULL: no breakdown */
};

/* The second pass, or the only one. Slot 0 is null (or everything, without keys), slots 1 .. n are
 * the keys shown, the last is the rest. */
struct trend {
    const struct trend_settings *settings;
    struct keys *keys; /* the worker's copy of those shown, frozen; NULL: one slot */
    uint32_t slots;
    uint64_t *counts; /* [buckets * slots] events, members, or events with an amount */
    wide *sums;       /* [buckets * slots] of amounts, in minor units */
};

/* The first pass: totals by key. Settings are struct trend_settings too. */
struct ranking {
    const struct trend_settings *settings;
    struct keys *keys;
    VEC(uint64_t) counts; /* by id: events, or members */
    VEC(wide) sums;       /* by id: amounts */
    VEC(uint32_t) last;   /* by id: the member counted last */
};

extern const struct kernel_type trend_kernel;
extern const struct kernel_type ranking_kernel;
