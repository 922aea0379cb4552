/* selection.h - rows chosen by a bitmap, as the list of their numbers (a selection vector).
 *
 * Bit i % 64 of bits[i / 64] is row i. Any thread; no ownership. */
#pragma once

#include <stdint.h>

#define SELECTION_ROWS_MAX 65536
#define SELECTION_SLACK 8 /* rows that may be written behind the last */

/* The rows whose bit is set, ascending, of the first 'count'; bits past those are 0. 'rows' has
 * room for as many as are set, and the slack. How many they are. */
uint32_t selection_rows(const uint64_t *bits, uint32_t count, uint32_t *rows);

/* rank[i] is how many bits are set before row end[i]; the ends ascend, the bitmap reaches to the
 * last of them. 'rank' may be 'end'. */
void selection_ranks(const uint64_t *bits, const uint32_t *end, uint32_t n, uint32_t *rank);

/* count[i] is how many bits are set up to row[i] < SELECTION_ROWS_MAX and with it; rows ascend, the
 * bitmap reaches to the last of them. For rows that lie wide apart: none waits for the one before.
 */
void selection_counts(const uint64_t *bits, const uint32_t *row, uint32_t n, uint32_t *count);
