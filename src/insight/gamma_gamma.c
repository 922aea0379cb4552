/* gamma_gamma.c - for x orders of mean z:
 *
 *   ln L = lgamma(p x + q) - lgamma(p x) - lgamma(q) + q ln v + (p x - 1) ln z + p x ln x
 *        - (p x + q) ln(v + x z)
 *
 * Means are divided by their own mean while fitting, so that the size of the currency's unit does
 * not matter. What depends on x alone is computed once for each x that fits the table; points that
 * are alike are counted once. */
#include "insight/gamma_gamma.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "insight/minimise.h"

#define TABLE_SIZE 256
#define LOG_MAX 16.0
#define BUILDS_MAX 6
#define THIN_MAX 2000 /* points of the sample for the first fits */

/* Buyers who are alike. */
struct alike {
    struct gamma_gamma_point point;
    double log_mean; /* ln(z / scale) */
    uint32_t buyers;
};

struct fit {
    struct alike *points; /* sorted by orders and mean; no two alike */
    size_t count;
    size_t step;             /* use every step-th point */
    double scale;            /* the mean of the means */
    double by_x[TABLE_SIZE]; /* the terms of x alone, for small x */
    bool (*stop)(void *ctx);
    void *ctx;
};

static double log_gamma(double x)
{
    int sign;
    return lgamma_r(x, &sign);
}

static double terms_of_x(double p, double q, double x)
{
    return log_gamma(p * x + q) - log_gamma(p * x) + p * x * log(x);
}

static double minus_likelihood(void *ctx, const double *logs)
{
    struct fit *f = ctx;
    double p = exp(logs[0]);
    double q = exp(logs[1]);
    double v = exp(logs[2]);
    double constant = q * logs[2] - log_gamma(q);
    double sum = 0;
    for (int i = 0; i < 3; i++) {
        if (!(fabs(logs[i]) <= LOG_MAX)) return INFINITY;
    }
    for (int x = 1; x < TABLE_SIZE; x++) {
        f->by_x[x] = terms_of_x(p, q, x);
    }
    for (size_t i = 0; i < f->count; i += f->step) {
        const struct alike *a = &f->points[i];
        uint32_t orders = a->point.orders;
        double x = orders;
        double z = a->point.mean / f->scale;
        double one = constant + (orders < TABLE_SIZE ? f->by_x[orders] : terms_of_x(p, q, x)) +
                     (p * x - 1) * a->log_mean - (p * x + q) * log(v + x * z);
        sum += one * a->buyers;
    }
    return -sum;
}

static bool should_stop(void *ctx)
{
    const struct fit *f = ctx;
    return f->stop && f->stop(f->ctx);
}

static double search(struct fit *f, double *best)
{
    static const double starts[][3] = {{1, 1, 1}, {6, 4, 0.5}};
    struct minimise m = {
        .count = 3, .value = minus_likelihood, .builds = BUILDS_MAX, .stop = should_stop, .ctx = f};
    double lowest = INFINITY;
    f->step = f->count / THIN_MAX + 1;
    for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
        double x[3] = {log(starts[i][0]), log(starts[i][1]), log(starts[i][2])};
        double value = minimise_run(&m, x, 0.5);
        if (value >= lowest) continue;
        lowest = value;
        for (int k = 0; k < 3; k++) {
            best[k] = x[k];
        }
    }
    if (f->step == 1) return lowest;
    f->step = 1;
    m.builds = 1;
    return minimise_run(&m, best, 0.1);
}

static int compare(const void *a, const void *b)
{
    const struct gamma_gamma_point *x = &((const struct alike *)a)->point;
    const struct gamma_gamma_point *y = &((const struct alike *)b)->point;
    if (x->orders != y->orders) return x->orders < y->orders ? -1 : 1;
    return (x->mean > y->mean) - (x->mean < y->mean);
}

static void bring_together(struct fit *f, const struct gamma_gamma_point *points, size_t count)
{
    f->points = mem_resize_array(NULL, count, sizeof(*f->points));
    for (size_t i = 0; i < count; i++) {
        f->points[i] = (struct alike){points[i], 0, 1};
        f->scale += points[i].mean / (double)count;
    }
    qsort(f->points, count, sizeof(*f->points), compare);
    for (size_t i = 0; i < count; i++) {
        if (f->count > 0 && compare(&f->points[f->count - 1], &f->points[i]) == 0) {
            f->points[f->count - 1].buyers++;
        } else {
            f->points[f->count++] = f->points[i];
        }
    }
    for (size_t i = 0; i < f->count; i++)
        f->points[i].log_mean = log(f->points[i].point.mean / f->scale);
}

bool gamma_gamma_fit(const struct gamma_gamma_point *points, size_t count, bool (*stop)(void *ctx),
                     void *ctx, struct gamma_gamma *out)
{
    struct fit f = {.stop = stop, .ctx = ctx};
    double best[3] = {0};
    if (count < GAMMA_GAMMA_MIN) return false;
    bring_together(&f, points, count);
    double lowest = search(&f, best);
    mem_free(f.points);
    if (!isfinite(lowest) || (stop && stop(ctx))) return false;
    *out = (struct gamma_gamma){exp(best[0]), exp(best[1]), exp(best[2]) * f.scale};
    return true;
}

double gamma_gamma_value(const struct gamma_gamma *m, double orders, double mean)
{
    double below = m->p * orders + m->q - 1;
    return below > 0 ? m->p * (m->v + orders * mean) / below : NAN;
}
