/* tiers.h - which parts become one, and when: sizes in, choices out.
 *
 * Nothing here has state, a clock or a lock. Whoever carries a choice out marks what it reads as
 * busy until the result has taken its place. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TIERS_PARTS_MAX 4      /* that a brand has, but for those that bulk loads leave */
#define TIERS_SEAL_ROWS 131072 /* events of the tail that become a part */
#define TIERS_MERGE_MAX 32     /* parts merged at once */

struct tier {
    uint64_t rows; /* of the part */
    bool busy;     /* something reads it, to put another in its place */
};

/* A run of parts, in order of commit. */
struct tier_run {
    size_t first, count;
};

/* How many events the tail must have to be sealed. */
uint64_t tiers_seal_rows(const struct tier *parts, size_t count);
/* The parts at the end that become one part together with a tail of 'rows' events; none: the tail
 * becomes a part of its own. False: nothing may be sealed until a merge has ended. */
bool tiers_seal(const struct tier *parts, size_t count, uint64_t rows, struct tier_run *absorbed);
/* What is to be merged beside that; false when nothing. */
bool tiers_merge(const struct tier *parts, size_t count, struct tier_run *run);
