/* gamma_gamma.c - for x orders of mean z:
 *
 *   ln L = lgamma(p x + q) - lgamma(p x) - lgamma(q) + q ln v + (p x - 1) ln z + p x ln x
 *        - (p x + q) ln(v + x z)
 *
 * Means are divided by their own mean while fitting, so that the size of the currency's unit does
 * not matter. What depends on x alone is computed once for each x that fits the table. */
#include "insight/gamma_gamma.h"

#include <math.h>

#include "base/mem.h"
#include "insight/minimise.h"

#define TABLE_SIZE 256
#define LOG_MAX 16.0
#define BUILDS_MAX 6
#define THIN_MAX 2000 /* points of the sample for the first fits */

struct fit {
    const struct gamma_gamma_point *points;
    size_t count;
    size_t step;             /* use every step-th point */
    double scale;            /* the mean of the means */
    double *log_mean;        /* [count] ln(z / scale) */
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
        uint32_t orders = f->points[i].orders;
        double x = orders;
        double z = f->points[i].mean / f->scale;
        sum += constant + (orders < TABLE_SIZE ? f->by_x[orders] : terms_of_x(p, q, x));
        sum += (p * x - 1) * f->log_mean[i] - (p * x + q) * log(v + x * z);
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

bool gamma_gamma_fit(const struct gamma_gamma_point *points, size_t count, bool (*stop)(void *ctx),
                     void *ctx, struct gamma_gamma *out)
{
    struct fit f = {.points = points, .count = count, .stop = stop, .ctx = ctx};
    double best[3] = {0};
    if (count < GAMMA_GAMMA_MIN) return false;
    f.log_mean = mem_resize_array(NULL, count, sizeof(*f.log_mean));
    for (size_t i = 0; i < count; i++) {
        f.scale += points[i].mean / (double)count;
    }
    for (size_t i = 0; i < count; i++) {
        f.log_mean[i] = log(points[i].mean / f.scale);
    }
    double lowest = search(&f, best);
    mem_free(f.log_mean);
    if (!isfinite(lowest) || (stop && stop(ctx))) return false;
    *out = (struct gamma_gamma){exp(best[0]), exp(best[1]), exp(best[2]) * f.scale};
    return true;
}

double gamma_gamma_value(const struct gamma_gamma *m, double orders, double mean)
{
    double below = m->p * orders + m->q - 1;
    return below > 0 ? m->p * (m->v + orders * mean) / below : NAN;
}
