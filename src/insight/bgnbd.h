/* bgnbd.h - how often buyers buy and when they stop: the beta-geometric / NBD model of Fader,
 * Hardie and Lee (2005), fitted by maximum likelihood.
 *
 * While alive a buyer orders at a rate that is gamma(r, alpha) over buyers, and stops after an
 * order with a chance that is beta(a, b) over buyers. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Buyers with the same history. */
struct bgnbd_point {
    uint32_t frequency; /* days with an order after the first such day */
    int32_t recency;    /* days from the first to the last such day; 0 when frequency is 0 */
    int32_t age;        /* days from the first such day to the end of what is known */
    uint32_t buyers;
};

struct bgnbd {
    double r, alpha, a, b;
    double log_likelihood;
    double unit; /* days of the unit of time, of alpha */
};

/* Fit to points in any order (they are sorted and brought together). False when there is too little
 * to fit, fewer than BGNBD_REPEATERS_MIN buyers with a repeat, or 'stop' said so. */
#define BGNBD_REPEATERS_MIN 10
bool bgnbd_fit(struct bgnbd_point *points, size_t count, double unit, bool (*stop)(void *ctx),
               void *ctx, struct bgnbd *out);
/* Did a parameter run to the end of what is tried? Then the orders do not settle it. */
bool bgnbd_at_edge(const struct bgnbd *m);
/* The chance that a buyer with this history is still one. */
double bgnbd_alive(const struct bgnbd *m, const struct bgnbd_point *p);
/* Orders (days with one) to expect of such a buyer in the next 'days'. */
double bgnbd_expected(const struct bgnbd *m, const struct bgnbd_point *p, double days);
