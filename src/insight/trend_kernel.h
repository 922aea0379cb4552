/* trend_kernel.h - events, members or amounts by key and time bucket.
 *
 * One pass is enough while there is room for a cell of each key and bucket: keys are ranked and put
 * together afterwards. With more keys than that, or when a member who has several of the smaller
 * keys must count once in the rest, the first pass only ranks and a second one counts those shown.
 * One kernel per worker; results are added up. */
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
    const struct key_field *field; /* of the keys; KEYS_NONE: one key, 0 */
    const struct keys *shown;      /* the second pass: these keys and the rest; NULL: every key */
    size_t cells_max;              /* of the first pass; at least the buckets */
};

/* The bucket in which a member was last seen with a key. */
struct trend_seen {
    uint32_t member;
    uint32_t bucket;
};

/* Places are ids of keys; in the second pass keys_count() is the place of the rest. */
struct trend {
    const struct trend_settings *settings;
    struct keys *keys; /* in the second pass frozen: the worker's copy of those shown */
    size_t places;     /* there is room for */
    bool full;         /* too many keys: no cells, only totals */
    uint64_t *counts;  /* [places * buckets] events, members, or events with an amount */
    wide *sums;        /* [places * buckets] of amounts, in minor units; NULL: not asked for */
    uint64_t *totals;  /* [places] events, or members; all once trend_close() was called */
    wide *total_sums;  /* [places] of amounts; the same */
    struct trend_seen *seen; /* [places] TREND_MEMBERS */
};

/* Settings are struct trend_settings, the kernel is a struct trend. */
extern const struct kernel_type trend_kernel;

/* Bring the totals up to date with the cells. */
void trend_close(struct trend *t);
