/* bgnbd.c - the likelihood in logarithms, and what follows from it.
 *
 * For x orders after the first, the last at t, known until T:
 *
 *   ln L = lgamma(r + x) - lgamma(r) + r ln(alpha) + lnB(a, b + x) - lnB(a, b)
 *        + ln( (alpha + T)^-(r + x) + [x > 0] a / (b + x - 1) (alpha + t)^-(r + x) )
 *
 * written with B(a + 1, b + x - 1) = B(a, b + x) a / (b + x - 1). The sum is taken by its larger
 * term, so that nothing overflows. What depends on x alone or on a day alone is computed once for
 * each value, not for each buyer: with a million buyers only one exp() and one log() a point is
 * left.
 *
 * The fit is over the logarithms of the four parameters, which keeps them positive. It starts from
 * several places on a thinned sample, then goes on from the best with all points. */
#include "insight/bgnbd.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "insight/minimise.h"

#define BUILDS_MAX 6
#define THIN_MAX 2000     /* points of the sample for the first fits */
#define LOG_MAX 16.0      /* of a parameter */
#define EDGE 12.0         /* the same, beyond which a parameter is no finding */
#define APART_MAX 40.0    /* terms further apart in logarithms add nothing */
#define SERIES_MAX 100000 /* terms of the hypergeometric series */
#define SERIES_TINY 1e-15

struct fit {
    const struct bgnbd_point *points; /* sorted by frequency, recency, age; no two alike */
    size_t count;
    size_t step;     /* use every step-th point */
    double unit;     /* days */
    uint32_t x_max;  /* largest frequency */
    int32_t age_max; /* days */
    bool *x_used;    /* [x_max + 1] */
    bool *day_used;  /* [age_max + 1] */
    double *by_x;    /* [x_max + 1] the terms of x alone */
    double *share;   /* [x_max + 1] log_share(), -inf for 0 */
    double *log_day; /* [age_max + 1] ln(alpha + day / unit) */
    bool (*stop)(void *ctx);
    void *ctx;
};

static double log_gamma(double x)
{
    int sign;
    return lgamma_r(x, &sign);
}

static struct bgnbd of_logs(const double *x, double unit)
{
    return (struct bgnbd){
        .r = exp(x[0]), .alpha = exp(x[1]), .a = exp(x[2]), .b = exp(x[3]), .unit = unit};
}

/* lnB(a, b + x) - lnB(a, b) and what goes with it. */
static double terms_of_x(const struct bgnbd *m, double x)
{
    return log_gamma(m->r + x) - log_gamma(m->r) + m->r * log(m->alpha) + log_gamma(m->a + m->b) -
           log_gamma(m->b) + log_gamma(m->b + x) - log_gamma(m->a + m->b + x);
}

/* ln of the sum's second factor, ln(a / (b + x - 1)). */
static double log_share(const struct bgnbd *m, double x)
{
    return log(m->a / (m->b + x - 1));
}

/* ln of the sum, given log_share(), ln(alpha + T) and ln(alpha + t). */
static double log_sum(double share, double orders, double log_age, double log_recency)
{
    double alive = -orders * log_age;
    double gone = share - orders * log_recency;
    double apart = fabs(alive - gone);
    double larger = alive > gone ? alive : gone;
    return apart > APART_MAX ? larger : larger + log(1 + exp(-apart));
}

static bool too_far(const double *x, int count)
{
    for (int i = 0; i < count; i++) {
        if (!(fabs(x[i]) <= LOG_MAX)) return true;
    }
    return false;
}

static double minus_likelihood(void *ctx, const double *logs)
{
    struct fit *f = ctx;
    struct bgnbd m = of_logs(logs, f->unit);
    double sum = 0;
    if (too_far(logs, 4)) return INFINITY;
    for (uint32_t x = 0; x <= f->x_max; x++) {
        if (!f->x_used[x]) continue;
        f->by_x[x] = terms_of_x(&m, x);
        f->share[x] = x > 0 ? log_share(&m, x) : -INFINITY;
    }
    for (int32_t day = 0; day <= f->age_max; day++) {
        if (f->day_used[day]) f->log_day[day] = log(m.alpha + day / f->unit);
    }
    for (size_t i = 0; i < f->count; i += f->step) {
        const struct bgnbd_point *p = &f->points[i];
        double one = log_sum(f->share[p->frequency], m.r + p->frequency, f->log_day[p->age],
                             f->log_day[p->recency]);
        sum += p->buyers * (f->by_x[p->frequency] + one);
    }
    return -sum;
}

static bool should_stop(void *ctx)
{
    const struct fit *f = ctx;
    return f->stop && f->stop(f->ctx);
}

static int compare(const void *a, const void *b)
{
    const struct bgnbd_point *x = a;
    const struct bgnbd_point *y = b;
    if (x->frequency != y->frequency) return x->frequency < y->frequency ? -1 : 1;
    if (x->recency != y->recency) return x->recency < y->recency ? -1 : 1;
    return (x->age > y->age) - (x->age < y->age);
}

/* Sort, and count alike points once. Returns how many are left. */
static size_t bring_together(struct bgnbd_point *points, size_t count)
{
    size_t kept = 0;
    qsort(points, count, sizeof(*points), compare);
    for (size_t i = 0; i < count; i++) {
        if (kept > 0 && compare(&points[kept - 1], &points[i]) == 0) {
            points[kept - 1].buyers += points[i].buyers;
        } else {
            points[kept++] = points[i];
        }
    }
    return kept;
}

static void fit_init(struct fit *f)
{
    for (size_t i = 0; i < f->count; i++) {
        if (f->points[i].frequency > f->x_max) f->x_max = f->points[i].frequency;
        if (f->points[i].age > f->age_max) f->age_max = f->points[i].age;
    }
    f->x_used = mem_alloc_array((size_t)f->x_max + 1, sizeof(*f->x_used));
    f->by_x = mem_alloc_array((size_t)f->x_max + 1, sizeof(*f->by_x));
    f->share = mem_alloc_array((size_t)f->x_max + 1, sizeof(*f->share));
    f->day_used = mem_alloc_array((size_t)f->age_max + 1, sizeof(*f->day_used));
    f->log_day = mem_alloc_array((size_t)f->age_max + 1, sizeof(*f->log_day));
    for (size_t i = 0; i < f->count; i++) {
        f->x_used[f->points[i].frequency] = true;
        f->day_used[f->points[i].age] = true;
        f->day_used[f->points[i].recency] = true;
    }
}

static void fit_finish(struct fit *f)
{
    mem_free(f->x_used);
    mem_free(f->by_x);
    mem_free(f->share);
    mem_free(f->day_used);
    mem_free(f->log_day);
}

static double mean_age(const struct fit *f)
{
    double days = 0;
    double buyers = 0;
    for (size_t i = 0; i < f->count; i++) {
        days += (double)f->points[i].buyers * f->points[i].age;
        buyers += f->points[i].buyers;
    }
    return 1 + days / buyers;
}

static double search(struct fit *f, double *best)
{
    static const double starts[][4] = {
        {1, 1, 1, 1}, {0.25, 0.2, 0.8, 2.5}, {0.5, 0.5, 0.1, 0.5}, {3, 2, 0.5, 5}};
    struct minimise m = {
        .count = 4, .value = minus_likelihood, .builds = BUILDS_MAX, .stop = should_stop, .ctx = f};
    double lowest = INFINITY;
    double scale = mean_age(f) / f->unit;
    f->step = f->count / THIN_MAX + 1;
    for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
        double x[4] = {log(starts[i][0]), log(starts[i][1] * scale), log(starts[i][2]),
                       log(starts[i][3])};
        double value = minimise_run(&m, x, 0.5);
        if (value >= lowest) continue;
        lowest = value;
        for (int k = 0; k < 4; k++) {
            best[k] = x[k];
        }
    }
    if (f->step == 1) return lowest;
    f->step = 1;
    m.builds = 1;
    return minimise_run(&m, best, 0.1);
}

bool bgnbd_fit(struct bgnbd_point *points, size_t count, double unit, bool (*stop)(void *ctx),
               void *ctx, struct bgnbd *out)
{
    struct fit f = {.points = points, .unit = unit, .stop = stop, .ctx = ctx};
    uint64_t repeaters = 0;
    double logs[4] = {0};
    f.count = count > 0 ? bring_together(points, count) : 0;
    for (size_t i = 0; i < f.count; i++) {
        if (points[i].frequency > 0) repeaters += points[i].buyers;
    }
    if (repeaters < BGNBD_REPEATERS_MIN) return false;
    fit_init(&f);
    double value = search(&f, logs);
    fit_finish(&f);
    if (!isfinite(value) || (stop && stop(ctx))) return false;
    *out = of_logs(logs, unit);
    out->log_likelihood = -value;
    return true;
}

bool bgnbd_at_edge(const struct bgnbd *m)
{
    return fabs(log(m->r)) > EDGE || fabs(log(m->alpha)) > EDGE || fabs(log(m->a)) > EDGE ||
           fabs(log(m->b)) > EDGE;
}

/* a / (b + x - 1) ((alpha + T) / (alpha + t))^(r + x): the odds of having stopped. */
static double odds_gone(const struct bgnbd *m, const struct bgnbd_point *p)
{
    double x = p->frequency;
    if (p->frequency == 0) return 0;
    double age = m->alpha + p->age / m->unit;
    double recency = m->alpha + p->recency / m->unit;
    return exp(log(m->a / (m->b + x - 1)) + (m->r + x) * log(age / recency));
}

double bgnbd_alive(const struct bgnbd *m, const struct bgnbd_point *p)
{
    return 1 / (1 + odds_gone(m, p));
}

/* 2F1(a, b; c; z) by its series, 0 <= z < 1. */
static double hypergeometric(double a, double b, double c, double z)
{
    double term = 1;
    double sum = 1;
    for (int n = 0; n < SERIES_MAX; n++) {
        term *= (a + n) * (b + n) / ((c + n) * (n + 1)) * z;
        sum += term;
        if (fabs(term) <= SERIES_TINY * fabs(sum)) break;
    }
    return sum;
}

/* Theirs is (a + b + x - 1) / (a - 1) (1 - (1 - z)^(r + x) 2F1(r + x, b + x; a + b + x - 1; z))
 * with z = days / (alpha + T + days). Euler's transformation turns the last product into (1 - z)^(a
 * - 1) 2F1(a + b - 1 - r, a - 1; a + b + x - 1; z), whose series is short. At a = 1 both factors
 * vanish together; a is moved off it by less than shows. */
double bgnbd_expected(const struct bgnbd *m, const struct bgnbd_point *p, double days)
{
    double x = p->frequency;
    double t = days / m->unit;
    double age = m->alpha + p->age / m->unit;
    double z = t / (age + t);
    bool singular = fabs(m->a - 1) < 1e-6 || fabs(m->a + m->b + x - 1) < 1e-6;
    double a = singular ? m->a + 2e-6 : m->a;
    double c = a + m->b + x - 1;
    double tail = exp((a - 1) * log1p(-z)) * hypergeometric(a + m->b - 1 - m->r, a - 1, c, z);
    return c / (a - 1) * (1 - tail) / (1 + odds_gone(m, p));
}
