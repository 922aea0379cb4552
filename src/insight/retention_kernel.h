/* retention_kernel.h - who comes back after a birth, by cohort and period.
 *
 * Selector 0 is the birth event, selector 1 the return. Each member enters a cohort with one birth
 * (or, with "each", every cohort in which they have a birth, with the first there); the periods in
 * which they return are bits of a mask. A birth is no return of its own; an event behind it is,
 * even in the same millisecond. */
#pragma once

#include "base/limits.h"
#include "base/vec.h"
#include "insight/buckets.h"
#include "insight/kernel.h"

enum retention_first { RETENTION_EVER, RETENTION_IN_RANGE, RETENTION_EACH };
enum retention_type { RETENTION_CLASSIC, RETENTION_ROLLING, RETENTION_BRACKET };

struct retention_settings {
    enum retention_first first;
    enum retention_type type;
    bool elapsed;            /* periods are multiples of 24 h from the birth, else calendar ones */
    uint32_t nth;            /* the birth is the n-th, from 1 */
    uint32_t periods;        /* values of a cohort: periods or brackets */
    int64_t period_ms;       /* elapsed: length of a period */
    const int64_t *brackets; /* [periods] last day of each; RETENTION_BRACKET */
    int64_t from, to;        /* births lie in [from, to) */
    const struct zone *zone;
    const struct buckets *buckets; /* the cohorts, and enough behind them for every period */
    uint32_t cohorts;              /* buckets that are cohorts: the first ones */
};

/* Whether a member may come in several runs (struct member_span), where 'alike': every row that is
 * a birth is a return, too, and the other way round. */
bool retention_takes_spans(const struct retention_settings *s, bool alike);

struct birth {
    int64_t at;
    uint32_t cohort;
    size_t first;     /* the first return behind it, in 'returns' */
    uint64_t seen[2]; /* bits of the periods returned in */
};

/* What the runs of a member so far tell of them, by bucket from the first on. All 0: nothing. */
struct retention_tally {
    int64_t first;  /* the earliest row, if there is any */
    uint64_t seen;  /* bits of the buckets with a row */
    uint64_t again; /* of those with two: that a run begins with, or that two runs have */
    bool any;       /* there is a row */
};

struct retention {
    const struct retention_settings *settings;
    uint64_t *sizes;                 /* [cohorts] */
    uint64_t *returned;              /* [cohorts * periods] */
    VEC(struct birth) births;        /* of the member at hand, ascending */
    struct retention_tally *tallies; /* [tallies_max] members of a span; 0 between spans */
    size_t tallies_max;
    VEC(int64_t) returns; /* times of the member's returns behind the first birth, ascending */
};

/* Where period k of a birth at 'at' starts; k = periods: where the last one ends. */
int64_t retention_start(const struct retention_settings *s, int64_t at, uint32_t cohort,
                        uint32_t k);

/* Settings are struct retention_settings, the kernel is a struct retention. */
extern const struct kernel_type retention_kernel;
