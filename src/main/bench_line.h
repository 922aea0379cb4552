/* bench_line.h - a line of the bench's file that is digits, commas and a line end and nothing else,
 * as all are that the bench wrote: to its numbers, without a step a character.
 *
 * Pure. What it does not take is for the reader of CSV: quotes, CR LF, a last line without an end,
 * numbers that are too long, wrong lines. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "main/bench_data.h"

#define BENCH_LINE_PAD 64 /* bytes from its first on that must be readable, whatever they are */

struct bench_line {
    uint32_t member, second, amount;
    uint32_t kind, channel, campaign, group;
};

/* Read the line at 'text'; its bytes, with the line end. 0: it is not such a line, or the processor
 * has no vectors; *line is then undefined. */
size_t bench_line_read(const char *text, struct bench_line *line);
