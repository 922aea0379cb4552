/* counters.h - what the HTTP intake has done since the start. Any thread. */
#pragma once

#include <stdint.h>

#include "base/err.h"

/* Of one request. */
struct intake_counts {
    uint64_t stored;              /* events */
    uint64_t duplicate;           /* known by their id */
    uint64_t ignored;             /* kinds of no use here */
    uint64_t refused;             /* events, by_error in all */
    uint64_t identities_dropped;  /* junk, or over a member's cap */
    uint64_t values_dropped;      /* of properties and traits */
    uint64_t bytes;               /* of the body, unpacked */
    uint32_t by_error[ERR_COUNT]; /* refused events */
};

void counters_add(const struct intake_counts *counts);
/* A request that was turned away under pressure; one without a known key. */
void counters_busy(void);
void counters_unknown_key(void);
