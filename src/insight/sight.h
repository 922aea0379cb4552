/* sight.h - what a kernel sees of a run: the history and which of it matters.
 *
 * Bit i of a row's mask is set when selector i of the query selects the row; SIGHT_SEEN is set on
 * every row of the query's time and filter whose kind is not derived, or is named. A row of mask 0
 * is as if it were not there. Kernels are pure functions of these arrays and of their own tables.
 */
#pragma once

#include <stdbool.h>

#include "base/history.h"

#define SIGHT_SEEN (UINT32_C(1) << 31)

struct sight {
    const struct history *h;
    const uint32_t *mask; /* [rows] */
    const uint8_t *keep;  /* [member_count] 0: the member is left out; NULL: all are in */
};

static inline bool sight_keeps(const struct sight *s, uint32_t member)
{
    return !s->keep || s->keep[member];
}
