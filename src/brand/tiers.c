/* tiers.c - the parts of a brand are a row of sizes, the oldest and largest first; every question
 * about all of time reads each of them and the tail.
 *
 * What is written again is kept in proportion: of parts and what is behind them, those from the
 * first on that has less than SHARE times the rows of all behind it are worth writing anew. So a
 * part is written again only when a third of it has come since.
 *
 * A brand has TIERS_PARTS_MAX parts at most, those that a merge reads among them, whatever comes in
 * however fast. For a merge never takes the last place:
 * 1. Up to three parts, a tail that is sealed becomes one more, as long as what else is worth
 *    writing takes long: then there are four, and two of the first three are merged beside the
 *    sealing, the older two where the oldest is worth it.
 * 2. With four, a seal writes the last part anew, with the tail in it, and those before it that
 *    are worth it. The last one is no merge's, so this can always be done.
 * 3. Each such seal writes what the last one wrote, so with four a tail is sealed only when it is
 *    a GROWTH-th of the last part, up to SEAL_GROWN rows.
 * A bulk load leaves many parts of one size: as soon as there are more than four, all that are
 * worth it become one, at most TIERS_MERGE_MAX. */
#include "brand/tiers.h"

#define SHARE 3
#define GROWTH 8
#define SEAL_GROWN ((uint64_t)TIERS_SEAL_ROWS * 4)
/* More than these take too long for a seal. */
#define ABSORB_ROWS ((uint64_t)TIERS_SEAL_ROWS * 32)

/* The first of the parts at the end of which none is busy. */
static size_t first_free(const struct tier *parts, size_t count)
{
    while (count > 0 && !parts[count - 1].busy)
        count--;
    return count;
}

static uint64_t rows_from(const struct tier *parts, size_t count, size_t first)
{
    uint64_t rows = 0;
    for (size_t i = first; i < count; i++)
        rows += parts[i].rows;
    return rows;
}

/* The first part from 'first' on that is worth writing anew with what is behind it, 'tail' rows
 * behind the last among that; 'count' when none is. */
static size_t first_worth(const struct tier *parts, size_t count, size_t first, uint64_t tail)
{
    uint64_t rows = tail + rows_from(parts, count, first);
    for (size_t i = first; i < count; i++) {
        uint64_t behind = rows - parts[i].rows;
        if (parts[i].rows < SHARE * behind) return i;
        rows = behind;
    }
    return count;
}

uint64_t tiers_seal_rows(const struct tier *parts, size_t count)
{
    if (count < TIERS_PARTS_MAX) return TIERS_SEAL_ROWS;
    uint64_t rows = parts[count - 1].rows / GROWTH;
    if (rows < TIERS_SEAL_ROWS) return TIERS_SEAL_ROWS;
    return rows < SEAL_GROWN ? rows : SEAL_GROWN;
}

bool tiers_seal(const struct tier *parts, size_t count, uint64_t rows, struct tier_run *absorbed)
{
    size_t free = first_free(parts, count), first = count;
    *absorbed = (struct tier_run){count, 0};
    if (count + 1 < TIERS_PARTS_MAX) return true;
    if (count < TIERS_PARTS_MAX) {
        if (free > 0) return true; /* a merge ends soon */
        first = first_worth(parts, count, 0, rows);
        if (first + 1 < count && rows + rows_from(parts, count, first) > ABSORB_ROWS) return true;
    } else {
        if (free == count) return count > TIERS_PARTS_MAX; /* a bulk load's parts are merged */
        first = first_worth(parts, count, free, rows);
        while (first + 1 < count && rows + rows_from(parts, count, first) > ABSORB_ROWS)
            first++;
        if (first == count) first = count - 1;
        if (count - first > TIERS_MERGE_MAX) first = count - TIERS_MERGE_MAX;
    }
    *absorbed = (struct tier_run){first, count - first};
    return true;
}

/* Two of the first three of four parts. */
static bool choose_pair(const struct tier *parts, size_t count, struct tier_run *run)
{
    if (count != TIERS_PARTS_MAX || first_free(parts, count - 1) > 0) return false;
    size_t first = first_worth(parts, count, 0, 0);
    if (first + 2 >= count) return false;
    *run = (struct tier_run){first, 2};
    return true;
}

bool tiers_merge(const struct tier *parts, size_t count, struct tier_run *run)
{
    size_t free = first_free(parts, count);
    if (count - free <= TIERS_PARTS_MAX) return choose_pair(parts, count, run);
    size_t first = first_worth(parts, count, free, 0);
    if (first + 2 > count) first = count - 2; /* two at least */
    size_t taken = count - first;
    *run = (struct tier_run){first, taken < TIERS_MERGE_MAX ? taken : TIERS_MERGE_MAX};
    return true;
}
