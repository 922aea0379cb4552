/* simulate.h - a believable brand's history, through the real intake, the same for the same seed.
 */
#pragma once

#include "intake/import.h"

struct simulate_options {
    uint64_t members; /* 1 .. 10 M */
    uint64_t days;    /* 1 .. 3650 */
    uint64_t seed;
    int64_t start; /* first instant; TIME_NONE = so that the last day is today */
};

/* 'progress' as for an import. */
MUST_CHECK enum err simulate_run(struct brand *b, const struct simulate_options *o, FILE *progress,
                                 struct import_counts *counts, struct why *why);
