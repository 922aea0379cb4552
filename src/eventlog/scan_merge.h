/* scan_merge.h - rows of several sorted sheets into one. Pure functions. */
#pragma once

#include "eventlog/scan_text.h"

#define LANE_AS_IS UINT32_MAX
#define LANE_END ((uint64_t)UINT32_MAX + 1)

/* Runs pos .. end-1 of a sheet. */
struct lane {
    const struct sheet *sheet;
    uint32_t pos, end;
    uint64_t head;   /* persona of run pos while lanes are merged; LANE_END: there is none */
    uint32_t source; /* in 'texts', bound; LANE_AS_IS: text codes are of 'texts' already */
};

/* Rows from .. to-1 of a sheet, all of one persona or member, ascending by at. */
struct stretch {
    const struct sheet *sheet;
    uint32_t from, to;
    uint32_t source; /* as of a lane */
};

/* Append the rows of all lanes to 'out', which has room, in order of (persona, at); on a tie the
 * earlier lane goes first. Leaves every lane at its end. 'scratch' has room for a stretch a lane.
 */
void lanes_merge(const struct layout *l, struct lane *lanes, size_t count, struct stretch *scratch,
                 struct sheet *out, struct texts *texts);
/* Append the rows of all stretches to 'out', which has room, in order of at, as one run of
 * 'persona'; on a tie the earlier stretch goes first. Leaves every stretch empty. */
void stretches_merge(const struct layout *l, struct stretch *stretches, size_t count,
                     uint32_t persona, struct sheet *out, struct texts *texts);

static inline void lane_find_head(struct lane *lane)
{
    lane->head = lane->pos < lane->end ? lane->sheet->run_persona[lane->pos] : LANE_END;
}

/* --- scan_zip.c: lanes that follow each other in time --- */

/* Whether lanes_zip may be called. */
bool lanes_can_zip(const struct layout *l, const struct lane *lanes, size_t count);
/* As lanes_merge, up to the first persona whose rows of one lane do not all come before those of
 * the next. Heads are found, and found after. */
void lanes_zip(const struct layout *l, struct lane *lanes, size_t count, struct sheet *out);
