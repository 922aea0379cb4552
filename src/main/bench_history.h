/* bench_history.h - how long one member's history takes to read, as it is read for a fold. */
#pragma once

#include "brand/brand.h"

#define BENCH_HISTORIES 2000 /* read in one measure */

struct bench_history {
    uint64_t histories;
    uint64_t rows;                  /* of all of them */
    double median_s, p99_s;         /* by the clock */
    double cpu_median_s, cpu_p99_s; /* of processors */
};

/* Read the histories of members drawn from 1 .. 'members', twice; the second time counts. */
MUST_CHECK enum err bench_history(struct brand *b, uint64_t members, uint64_t seed,
                                  struct bench_history *out, struct why *why);
