/* repeat_model.h - what the buying models say of buyers: fitted to all of them, asked about each.
 *
 * Buyers come sorted by member, so that sums do not depend on who added them up. */
#pragma once

#include "insight/bgnbd.h"
#include "insight/gamma_gamma.h"
#include "insight/repeat_kernel.h"

#define REPEAT_DROP_DAYS 28

/* What the models say of one buyer. */
struct repeat_forecast {
    double mean; /* day-sum over repeat days, minor units; NaN = none */
    double alive;
    double drop; /* of 'alive' in REPEAT_DROP_DAYS, or since the last order if that is later */
    double orders;
    double revenue; /* minor units; NaN = unknown */
};

struct repeat_memo;
struct repeat_model {
    int32_t end;         /* the last day that is known of: as_of's day before */
    bool fitted, valued; /* the models below could be fitted */
    struct bgnbd model;
    struct gamma_gamma value;
    struct repeat_memo *memo; /* what was said of histories */
};

/* Fit to buyers; 'unit' is the unit of time in days. Gives up when 'stop' says so. To be finished
 * in any case. */
void repeat_model_fit(struct repeat_model *m, const struct repeat *buyers, int32_t end, double unit,
                      bool (*stop)(void *ctx), void *ctx);
void repeat_model_finish(struct repeat_model *m);
/* Bytes that fitting takes for so many buyers. */
size_t repeat_model_bytes(size_t buyers);
struct bgnbd_point repeat_model_point(const struct repeat_model *m, const struct repeat_buyer *b);
/* In the next 'days', which are the same for all calls. Only of one that is fitted. */
struct repeat_forecast repeat_model_forecast(const struct repeat_model *m,
                                             const struct repeat_buyer *b, double days);
double repeat_model_mean(const struct repeat_buyer *b);
/* Orders that settle no model end in a forecast beyond an order a day for all, or in none. */
bool repeat_model_is_sound(double orders, size_t buyers, double days);
void repeat_sort(struct repeat *buyers); /* by member */
