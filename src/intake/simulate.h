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

/* Groups of the six kinds in turn (sim_group.h), the last four weeks of each: joins, messages with
 * their words, and who of them is staff. 'count' is 1 .. SIMULATE_GROUPS_MAX. */
#define SIMULATE_GROUPS_MAX 10000
MUST_CHECK enum err simulate_groups(struct brand *b, uint64_t count, uint64_t seed,
                                    struct import_counts *counts, struct why *why);
