/* models_test.c - the buying models on CDNOW, against published figures, and against themselves. */
#include "insight/run.h"

#include <math.h>
#include <zlib.h>

#include "insight/bgnbd.h"
#include "insight/gamma_gamma.h"
#include "insight/minimise.h"
#include "insight/repeat_kernel.h"

#define CDNOW "../shared/data/cdnow_sample.txt.gz"
#define BUYERS_MAX 3000
#define ROWS 7000

static void expect_near(double got, double want, double share)
{
    if (!(fabs(got - want) <= share * fabs(want))) fail_msg("%.10g is not near %.10g", got, want);
}

/* --- finding the lowest point --- */

static double valley(void *ctx, const double *x)
{
    (void)ctx;
    double a = 1 - x[0];
    double b = x[1] - x[0] * x[0];
    return a * a + 100 * b * b;
}

static double bowl(void *ctx, const double *x)
{
    (void)ctx;
    double sum = 3;
    for (int i = 0; i < 4; i++) {
        sum += (x[i] - i) * (x[i] - i) * (i + 1);
    }
    return x[0] < -5 ? NAN : sum; /* not everywhere a number */
}

static void the_lowest_point_is_found(void **state)
{
    (void)state;
    double x[2] = {-1.2, 1};
    struct minimise m = {.count = 2, .value = valley, .builds = 9};
    assert_true(minimise_run(&m, x, 0.5) < 1e-10);
    expect_near(x[0], 1, 1e-4);
    expect_near(x[1], 1, 1e-4);
    double y[4] = {-4, 10, -10, 50};
    struct minimise four = {.count = 4, .value = bowl, .builds = 9};
    expect_near(minimise_run(&four, y, 1), 3, 1e-9);
    expect_near(y[3], 3, 1e-4);
}

static bool stop_now(void *ctx)
{
    return ++*(int *)ctx > 3;
}

static void a_search_can_be_stopped(void **state)
{
    (void)state;
    int asked = 0;
    double x[2] = {-1.2, 1};
    struct minimise m = {.count = 2, .value = valley, .builds = 9, .stop = stop_now, .ctx = &asked};
    (void)minimise_run(&m, x, 0.5);
    assert_true(asked <= 6);
}

/* --- CDNOW --- */

static struct order {
    uint32_t buyer;
    int64_t at;
    int64_t amount;
} orders[ROWS];

static size_t read_orders(void)
{
    gzFile file = gzopen(CDNOW, "rb");
    size_t count = 0;
    char line[200];
    if (!file) return 0;
    while (gzgets(file, line, sizeof(line))) {
        unsigned buyer, sample, date, cds;
        double dollars;
        if (sscanf(line, "%u %u %u %u %lf", &buyer, &sample, &date, &cds, &dollars) != 5) continue;
        int32_t day =
            civil_day((int32_t)(date / 10000), (int)(date / 100 % 100), (int)(date % 100));
        assert_true(count < ROWS);
        orders[count++] = (struct order){buyer, day * TIME_DAY, llround(dollars * 100)};
    }
    gzclose(file);
    return count;
}

static int by_buyer(const void *a, const void *b)
{
    const struct order *x = a;
    const struct order *y = b;
    if (x->buyer != y->buyer) return x->buyer < y->buyer ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

/* The kernel's buyers of the whole file. */
static void load(struct repeat *out, const struct repeat_settings *settings, size_t count)
{
    static uint32_t member[BUYERS_MAX], off[BUYERS_MAX + 1];
    static int64_t at[ROWS], amount[ROWS];
    uint32_t members = 0;
    qsort(orders, count, sizeof(orders[0]), by_buyer);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || orders[i].buyer != orders[i - 1].buyer) {
            member[members] = orders[i].buyer;
            off[members++] = (uint32_t)i;
        }
        at[i] = orders[i].at;
        amount[i] = orders[i].amount;
    }
    off[members] = (uint32_t)count;
    struct history h = {
        .member_count = members, .member = member, .off = off, .at = at, .amount = amount};
    struct sight s = {.h = &h, .first = off, .end = off + 1, .at = at, .every = 1};
    repeat_kernel.init(out, settings);
    repeat_kernel.run(out, &s);
}

static void cdnow_gives_the_published_estimates(void **state)
{
    (void)state;
    size_t count = read_orders();
    if (count == 0) {
        printf("skipped: " CDNOW " is absent\n");
        skip();
    }
    assert_int_equal(count, 6919);
    static struct bgnbd_point points[BUYERS_MAX];
    static struct gamma_gamma_point values[BUYERS_MAX];
    size_t valued = 0;
    struct repeat_settings settings = {zone_open("UTC"), civil_day(1997, 10, 1) * TIME_DAY};
    struct repeat repeat;
    load(&repeat, &settings, count);
    assert_int_equal(repeat.buyers.count, 2357);
    for (size_t i = 0; i < repeat.buyers.count; i++) {
        const struct repeat_buyer *b = &repeat.buyers.items[i];
        points[i] = (struct bgnbd_point){b->frequency, b->last - b->first,
                                         civil_day(1997, 9, 30) - b->first, 1};
        if (b->value_days == 0 || b->value <= 0) continue;
        values[valued++] =
            (struct gamma_gamma_point){b->value_days, (double)b->value / b->value_days};
    }
    struct bgnbd m;
    assert_true(bgnbd_fit(points, repeat.buyers.count, 7, NULL, NULL, &m));
    expect_near(m.r, 0.243, 0.01);
    expect_near(m.alpha, 4.414, 0.01);
    expect_near(m.a, 0.793, 0.01);
    expect_near(m.b, 2.426, 0.01);
    expect_near(m.log_likelihood, -9582.4, 0.00001);
    /* Fader, Hardie and Lee's own example: 1.226 orders in the next 39 weeks */
    struct bgnbd_point example = {2, 213, 272, 1};
    expect_near(bgnbd_expected(&m, &example, 273), 1.226, 0.01);
    struct gamma_gamma g;
    assert_int_equal(valued, 946);
    assert_true(gamma_gamma_fit(values, valued, NULL, NULL, &g));
    expect_near(g.p, 6.25, 0.01);
    expect_near(g.q, 3.74, 0.01);
    expect_near(g.v, 1544, 0.01);
    repeat_kernel.finish(&repeat);
}

/* --- the formulas --- */

/* The expectation by adding up over how likely a buyer is to stop at each order, numerically. */
static double expected_by_integral(const struct bgnbd *m, const struct bgnbd_point *p, double t)
{
    double age = m->alpha + p->age / m->unit;
    double b = m->b + p->frequency;
    double sum = 0;
    double weight = 0;
    int steps = 400000;
    /* q = u^(1 / a) takes away the pole of the beta density at 0 */
    for (int i = 0; i < steps; i++) {
        double u = (i + 0.5) / steps;
        double q = pow(u, 1 / m->a);
        double density = pow(1 - q, b - 1);
        double orders_of = -expm1((m->r + p->frequency) * log(age / (age + q * t))) / q;
        sum += density * orders_of;
        weight += density;
    }
    return bgnbd_alive(m, p) * sum / weight;
}

static void expectations_equal_their_integral(void **state)
{
    (void)state;
    static const double a[] = {0.2, 0.793, 1, 1.0000001, 2.5};
    static const struct bgnbd_point points[] = {
        {0, 0, 0, 1}, {0, 0, 200, 1}, {2, 213, 272, 1}, {30, 90, 95, 1}, {5, 5, 300, 1}};
    for (size_t i = 0; i < 5; i++) {
        for (size_t k = 0; k < 5; k++) {
            struct bgnbd m = {.r = 0.6, .alpha = 4.4, .a = a[i], .b = 2.4, .unit = 7};
            double want = expected_by_integral(&m, &points[k], 90.0 / 7);
            expect_near(bgnbd_expected(&m, &points[k], 90), want, 2e-3);
        }
    }
    /* a + b = 1 with no repeat: the other place where the formula is 0 / 0 */
    struct bgnbd m = {.r = 0.6, .alpha = 4.4, .a = 0.4, .b = 0.6, .unit = 7};
    double beside = bgnbd_expected(&m, &points[1], 90);
    m.b = 0.60001;
    expect_near(bgnbd_expected(&m, &points[1], 90), beside, 1e-3);
}

static void alive_is_a_chance_that_falls_with_silence(void **state)
{
    (void)state;
    struct bgnbd m = {.r = 0.243, .alpha = 4.414, .a = 0.793, .b = 2.426, .unit = 7};
    double last = 1;
    for (int32_t age = 100; age < 20000; age += 100) {
        struct bgnbd_point p = {4, 100, age, 1};
        double alive = bgnbd_alive(&m, &p);
        assert_true(alive >= 0 && alive < last);
        last = alive;
    }
    struct bgnbd_point once = {0, 0, 9999, 1};
    assert_true(bgnbd_alive(&m, &once) == 1);
    struct bgnbd_point often = {100000, 10, 20000, 1};
    assert_true(bgnbd_alive(&m, &often) == 0);
    assert_true(isfinite(bgnbd_expected(&m, &often, 90)));
}

static void a_fit_does_not_depend_on_the_order_or_grouping_of_points(void **state)
{
    (void)state;
    struct bgnbd_point apart[60], together[30];
    for (uint32_t i = 0; i < 30; i++) {
        struct bgnbd_point p = {i % 4, i % 4 ? (int32_t)(20 + i) : 0, (int32_t)(60 + 3 * i), 1};
        apart[i] = apart[59 - i] = p;
        p.buyers = 2;
        together[i] = p;
    }
    struct bgnbd a, b;
    assert_true(bgnbd_fit(apart, 60, 7, NULL, NULL, &a));
    assert_true(bgnbd_fit(together, 30, 7, NULL, NULL, &b));
    assert_memory_equal(&a, &b, sizeof(a));
}

static void too_little_is_not_fitted(void **state)
{
    (void)state;
    struct bgnbd_point points[100];
    struct bgnbd m;
    struct gamma_gamma g;
    for (int i = 0; i < 100; i++) {
        points[i] = (struct bgnbd_point){0, 0, i, 1};
    }
    assert_false(bgnbd_fit(points, 0, 7, NULL, NULL, &m));
    assert_false(bgnbd_fit(points, 100, 7, NULL, NULL, &m));
    assert_false(gamma_gamma_fit(NULL, 0, NULL, NULL, &g));
}

static void extreme_histories_are_fitted_without_accident(void **state)
{
    (void)state;
    struct bgnbd_point points[40];
    struct gamma_gamma_point values[40];
    struct bgnbd m;
    struct gamma_gamma g;
    for (uint32_t i = 0; i < 40; i++) {
        points[i] = (struct bgnbd_point){1000 * i, i ? 20000 : 0, 20000, 1000000};
        values[i] = (struct gamma_gamma_point){i + 1, 1e15};
    }
    assert_true(bgnbd_fit(points, 40, 1, NULL, NULL, &m));
    assert_true(isfinite(m.log_likelihood) && m.r > 0 && m.alpha > 0 && m.a > 0 && m.b > 0);
    if (gamma_gamma_fit(values, 40, NULL, NULL, &g)) {
        assert_true(g.p > 0 && g.q > 0 && g.v > 0);
    }
}

static void an_order_value_leans_on_the_buyers_own(void **state)
{
    (void)state;
    struct gamma_gamma m = {6.25, 3.74, 1544};
    double any = gamma_gamma_value(&m, 0, 0);
    expect_near(any, 6.25 * 1544 / 2.74, 1e-12);
    assert_true(gamma_gamma_value(&m, 100, 9000) > 8500);
    assert_true(gamma_gamma_value(&m, 1, 9000) < gamma_gamma_value(&m, 2, 9000));
    struct gamma_gamma no_mean = {1, 0.9, 1};
    assert_true(isnan(gamma_gamma_value(&no_mean, 0, 0)));
}

/* --- the kernel --- */

static struct run run;

static void days_are_of_the_zone_and_repeats_have_a_value(void **state)
{
    (void)state;
    struct repeat repeat;
    struct repeat_settings s = {zone_open("Asia/Shanghai"), 0};
    int64_t day = zone_day_start(s.zone, 20000);
    s.as_of = zone_day_start(s.zone, 20010);
    run_reset(&run);
    run_member(&run, 1);
    run.amount[run_row(&run, day, 1, 1)] = 100; /* the first day has no part in the value */
    run.amount[run_row(&run, day + TIME_DAY - 1, 1, 1)] = 100;
    run.amount[run_row(&run, day + TIME_DAY, 1, 1)] = 7;
    run.amount[run_row(&run, day + TIME_DAY + 5, 1, 1)] = 8;
    run_row(&run, day + TIME_DAY + 6, 1, 0);
    run_row(&run, day + 3 * TIME_DAY, 1, 1); /* no amount */
    run.amount[run_row(&run, day + 4 * TIME_DAY, 1, 1)] = 0;
    run_row(&run, s.as_of - 1, 1, 1);
    run_row(&run, s.as_of, 1, 1); /* out, or in the holdout */
    run_row(&run, s.as_of + TIME_DAY, 1, 1);
    run_row(&run, s.as_of + TIME_DAY + 1, 1, 1);
    run_member(&run, 2);
    run_row(&run, s.as_of, 1, 1);
    run_kernel(&run, &repeat_kernel, &s, 2, 2, &repeat);
    assert_int_equal(repeat.buyers.count, 1);
    const struct repeat_buyer *b = &repeat.buyers.items[0];
    assert_int_equal(b->frequency, 4);
    assert_int_equal(b->first, 20000);
    assert_int_equal(b->last, 20009);
    assert_int_equal(b->value, 15);
    assert_int_equal(b->value_days, 2);
    assert_int_equal(b->holdout, 2);
    repeat_kernel.finish(&repeat);
}

static void a_clock_set_back_over_midnight_makes_no_extra_day(void **state)
{
    (void)state;
    struct repeat repeat;
    struct repeat_settings s = {zone_open("America/St_Johns"), 0};
    int64_t at;
    /* At 00:01 on 2007-11-04 the clock went back to 23:01 of the day before. */
    assert_true(time_parse_rfc3339(STR("2007-11-04T02:30:00Z"), &at));
    s.as_of = at + 100 * TIME_DAY;
    run_reset(&run);
    run_member(&run, 1);
    for (int i = 0; i < 60; i++) {
        run_row(&run, at + i * TIME_MINUTE, 1, 1); /* from 00:00 to the repeated 23:59 */
    }
    run_kernel(&run, &repeat_kernel, &s, 1, 1, &repeat);
    assert_int_equal(repeat.buyers.items[0].frequency, 0);
    repeat_kernel.finish(&repeat);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_lowest_point_is_found),
        cmocka_unit_test(a_search_can_be_stopped),
        cmocka_unit_test(cdnow_gives_the_published_estimates),
        cmocka_unit_test(expectations_equal_their_integral),
        cmocka_unit_test(alive_is_a_chance_that_falls_with_silence),
        cmocka_unit_test(a_fit_does_not_depend_on_the_order_or_grouping_of_points),
        cmocka_unit_test(too_little_is_not_fitted),
        cmocka_unit_test(extreme_histories_are_fitted_without_accident),
        cmocka_unit_test(an_order_value_leans_on_the_buyers_own),
        cmocka_unit_test(days_are_of_the_zone_and_repeats_have_a_value),
        cmocka_unit_test(a_clock_set_back_over_midnight_makes_no_extra_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
