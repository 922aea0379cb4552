/* repeat_kernel.h - each buyer's days with an order, as the buying models want them.
 *
 * Selector 0 is the order. Days are calendar days in the zone; several orders of a day are one. */
#pragma once

#include "base/time.h"
#include "base/vec.h"
#include "insight/kernel.h"

struct repeat_settings {
    const struct zone *zone;
    int64_t as_of; /* the start of a day; orders from then on are only counted for the holdout */
};

struct repeat_buyer {
    uint32_t member;
    uint32_t frequency;  /* days with an order after the first such day */
    int32_t first, last; /* first and last such day, before as_of */
    uint32_t value_days; /* repeat days with an amount */
    uint32_t holdout;    /* days with an order from as_of on */
    int64_t value;       /* of all orders on repeat days, minor units */
};

struct repeat {
    const struct repeat_settings *settings;
    VEC(struct repeat_buyer) buyers; /* those with an order before as_of */
};

/* Settings are struct repeat_settings, the kernel is a struct repeat. */
extern const struct kernel_type repeat_kernel;
