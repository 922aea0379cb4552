/* sight.h - what a kernel sees of a run: the history and the rows of it that matter.
 *
 * Rows that no selector selects are not there (but for SIGHT_SEEN, when the query asks for every
 * kind), nor are rows outside the query's time and filter, nor those of members that are left out.
 * Where every row matters, the arrays are the history's own. Bit i of a row's mask is set when
 * selector i of the query selects the row; SIGHT_SEEN is set on every row whose kind is not
 * derived, or is named. Kernels are pure functions of these arrays and of their own tables. */
#pragma once

#include <stdbool.h>

#include "base/history.h"

#define SIGHT_SEEN (UINT32_C(1) << 31)

struct sight {
    const struct history *h;
    const uint8_t *keep;   /* [member_count] 0: the member is left out; NULL: all are in */
    const uint32_t *first; /* [member_count] member i has places first[i] .. end[i]-1 of what */
    const uint32_t *end;   /*                follows */
    const int64_t *at;     /* times; ascending within a member */
    const uint32_t *row;   /* the row in the history; NULL: the place itself */
    const uint32_t *mask;  /* NULL: 'every' */
    uint32_t every;        /* the mask of every place */
};

static inline bool sight_keeps(const struct sight *s, uint32_t member)
{
    return !s->keep || s->keep[member];
}

static inline uint32_t sight_row(const struct sight *s, uint32_t place)
{
    return s->row ? s->row[place] : place;
}

static inline uint32_t sight_mask(const struct sight *s, uint32_t place)
{
    return s->mask ? s->mask[place] : s->every;
}
