/* stickiness_kernel.h - on how many days of a window members are active, and the sums of daily,
 * weekly and monthly active members over it.
 *
 * The days are buckets; the window is the last 'days' of them, those before only feed the trailing
 * weeks and months. */
#pragma once

#include "insight/buckets.h"
#include "insight/kernel.h"

#define STICKINESS_WEEK 7
#define STICKINESS_MONTH 28

struct stickiness_settings {
    const struct buckets *buckets; /* days */
    uint32_t days;                 /* of the window */
};

struct stickiness {
    const struct stickiness_settings *settings;
    uint64_t *histogram;             /* [days] members active on exactly i + 1 days of the window */
    uint64_t daily, weekly, monthly; /* sums over the window's days of active members */
};

/* Settings are struct stickiness_settings, the kernel is a struct stickiness. */
extern const struct kernel_type stickiness_kernel;
