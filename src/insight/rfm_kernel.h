/* rfm_kernel.h - each buyer's standing orders: how recent, how many, how much.
 *
 * Selector 0 is order.paid, selector 1 order.refunded. An order is all payments of one name; it no
 * longer stands when a refund without an amount names it, or refunds reach what was paid. Payments
 * without a name are orders of their own; a refund without a name only subtracts. */
#pragma once

#include "base/vec.h"
#include "insight/kernel.h"
#include "insight/wide.h"

#define RFM_CUTS_MAX 9
#define RFM_SCORES (RFM_CUTS_MAX + 1)
#define RFM_CELLS (RFM_SCORES * RFM_SCORES * RFM_SCORES)

/* How a buyer's last order, orders and revenue, in turn, become scores: one for each value that
 * they are above. */
struct rfm_scale {
    int64_t above[3][RFM_CUTS_MAX];
    size_t count[3];
};

struct rfm_settings {
    int order_place;               /* of props.order among the run's properties; -1 = not there */
    const struct rfm_scale *scale; /* known beforehand: buyers are counted by cell and not kept */
};

struct rfm_buyer {
    uint32_t member;
    uint32_t orders; /* standing */
    int64_t last;    /* payment of the latest of them */
    int64_t revenue; /* minor units, refunds subtracted */
};

struct rfm_cell {
    uint64_t members;
    wide revenue; /* minor units */
};

struct rfm_fact {
    uint64_t order; /* hash of the name */
    int64_t at;
    int64_t amount; /* HISTORY_NO_AMOUNT = none */
    bool refund;
    uint32_t next; /* 1 + another of the member's in the same list; 0 = the last */
};

struct tally;

/* Of facts without a name. */
struct rfm_sum {
    uint64_t revenue; /* modulo 2^64 */
    uint32_t orders;
};

struct rfm {
    const struct rfm_settings *settings;
    VEC(struct rfm_buyer) buyers; /* none with a scale */
    struct rfm_cell *cells;       /* [RFM_CELLS] by r, f, m; NULL without a scale */
    VEC(struct rfm_fact) named;   /* of the members at hand, those of each in a chain */
    VEC(struct rfm_fact) orders;  /* those of one, together */
    struct tally *tallies;        /* [tallies_max] of the members of a span; 0 between spans */
    size_t tallies_max;           /* allocated */
    struct rfm_sum *sums;         /* of a run, up to each place */
    size_t sums_max;              /* allocated */
};

/* Count a buyer. */
void rfm_score(const struct rfm_scale *scale, const struct rfm_buyer *buyer,
               struct rfm_cell *cells);

/* A score is k at least when k fifths of all buyers are lower; of a kernel without a scale. */
void rfm_scale_by_rank(const struct rfm *rfm, struct rfm_scale *scale);
/* r, f, m of a buyer, from 1. */
void rfm_scores_of(const struct rfm_scale *scale, const struct rfm_buyer *buyer, uint8_t out[3]);

/* Settings are struct rfm_settings, the kernel is a struct rfm. */
extern const struct kernel_type rfm_kernel;
