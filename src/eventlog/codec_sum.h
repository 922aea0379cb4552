/* codec_sum.h - gaps between the events of a member to their times. Pure functions. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Rows that are written, and gaps that are read, past the last. */
#define SUM_SLACK 4

/* What the times of a group are summed from. All arithmetic is modulo 2^64. */
struct gaps {
    const uint64_t *first; /* [runs] time of the first row of each run */
    const uint32_t *off;   /* [runs + 1] run i is rows off[i] .. off[i + 1] - 1 */
    uint32_t runs;
    uint64_t base, unit; /* a gap is base + unit * number, unit < 2^32 */
};

/* Fill time[0 .. off[runs] - 1] from the numbers of all rows but the first of each run, in order.
 * The latest last time of a run. */
uint64_t sum_narrow(const struct gaps *g, const uint32_t *gap, uint64_t *time);
/* Turn each gap into the sum of those before it in its block, and let before[i] be the sum of all
 * blocks before the i-th: what 'count' gaps and one more place tell. False when a block's sum does
 * not fit 32 bits. 'gap' has room for a block behind the last, 'before' for each begun block. */
#define SUM_BLOCK 128
bool sum_blocks(uint32_t *gap, size_t count, uint64_t *before);
/* 'gap' may lie in 'time', 'runs' places ahead: a row never overtakes the gap it needs. */
uint64_t sum_wide(const struct gaps *g, const uint64_t *gap, uint64_t *time);
