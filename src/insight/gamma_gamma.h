/* gamma_gamma.h - what an order is worth: the gamma-gamma model of Fader and Hardie (2013), fitted
 * by maximum likelihood.
 *
 * A buyer's orders are gamma(p, nu) in value, nu is gamma(q, v) over buyers. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gamma_gamma_point {
    uint32_t orders; /* > 0: how many the mean is of */
    double mean;     /* > 0: in minor units */
};

struct gamma_gamma {
    double p, q;
    double v; /* minor units */
};

/* False when there are fewer than GAMMA_GAMMA_MIN points, or 'stop' said so. */
#define GAMMA_GAMMA_MIN 10
bool gamma_gamma_fit(const struct gamma_gamma_point *points, size_t count, bool (*stop)(void *ctx),
                     void *ctx, struct gamma_gamma *out);
/* What to expect of an order of a buyer with 'orders' of that mean (0: of any buyer), in minor
 * units; NaN where the model has no mean. */
double gamma_gamma_value(const struct gamma_gamma *m, double orders, double mean);
