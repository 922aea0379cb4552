/* scan_merge.h - rows of several sorted sheets into one. Pure functions. */
#pragma once

#include "eventlog/scan_text.h"

#define LANE_AS_IS UINT32_MAX

/* Rows pos .. end-1 of a sheet, ascending by (persona, at). */
struct lane {
    const struct sheet *sheet;
    uint32_t pos, end;
    uint32_t source; /* in 'texts', bound; LANE_AS_IS: text codes are of 'texts' already */
};

/* Append the rows of all lanes to 'out', which has room, in order of (persona, at); on a tie the
 * earlier lane goes first. Leaves every lane at its end. */
void lanes_merge(const struct layout *l, struct lane *lanes, size_t count, struct sheet *out,
                 struct texts *texts);
