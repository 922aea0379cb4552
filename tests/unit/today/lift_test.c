/* lift_test.c - lifts worked out by hand, and how a weight gives way to what is measured. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "today/lift.h"

static void near(double got, double want)
{
    if (fabs(got - want) > 0.00005) fail_msg("%.6f instead of %.6f", got, want);
}

/* The examples of Newcombe, Statistics in Medicine 17 (1998), table II, method 10. */
static void the_interval_is_the_published_one(void **state)
{
    (void)state;
    struct today_result r = {.shown = 70, .shown_back = 56, .withheld = 80, .withheld_back = 48};
    struct today_lift l = today_lift(&r, 50);
    assert_true(l.known);
    near(l.lift, 0.2);
    near(l.low, 0.0524);
    near(l.high, 0.3339);
    r = (struct today_result){.shown = 10, .shown_back = 9, .withheld = 10, .withheld_back = 3};
    l = today_lift(&r, 50);
    near(l.low, 0.1705);
    near(l.high, 0.8090);
    r = (struct today_result){.shown = 10, .shown_back = 10, .withheld = 20, .withheld_back = 0};
    l = today_lift(&r, 50);
    near(l.low, 0.6791);
    near(l.high, 1);
}

static void without_both_sides_the_weight_stands(void **state)
{
    (void)state;
    struct today_result r = {.shown = 500, .shown_back = 400, .waiting = 7};
    struct today_lift l = today_lift(&r, 70);
    assert_false(l.known);
    near(l.expected, 0.07);
    near(l.score, 0.07);
    near(l.learnt, 0);
}

/* Variance (41/82)(41/82)/82 + (11/42)(31/42)/42 = 0.0030488 + 0.0046026 = 0.0076514; learnt
 * 0.0025 / (0.0025 + 0.0076514) = 0.24627; expected 0.03 + 0.24627 * (0.25 - 0.03) = 0.08418. */
static void what_is_measured_corrects_the_weight_by_its_precision(void **state)
{
    (void)state;
    struct today_result r = {.shown = 80, .shown_back = 40, .withheld = 40, .withheld_back = 10};
    struct today_lift l = today_lift(&r, 30);
    near(l.learnt, 0.24627);
    near(l.expected, 0.08418);
    r = (struct today_result){
        .shown = 80000, .shown_back = 40000, .withheld = 40000, .withheld_back = 10000};
    assert_true(today_lift(&r, 30).learnt > 0.99);
    r = (struct today_result){.shown = 1, .shown_back = 1, .withheld = 1};
    assert_true(today_lift(&r, 30).learnt < 0.02); /* two people are no proof */
}

static void not_useful_lowers_what_is_good_and_lifts_nothing_bad(void **state)
{
    (void)state;
    struct today_result r = {.done = 8, .useless = 12};
    struct today_lift l = today_lift(&r, 60);
    near(l.useful, 0.5); /* (8 + 4) of (8 + 12 + 4) */
    near(l.score, 0.03);
    near(l.expected, 0.06);
    r = (struct today_result){.useless = 12,
                              .shown = 90000,
                              .shown_back = 9000,
                              .withheld = 90000,
                              .withheld_back = 45000};
    l = today_lift(&r, 60);
    assert_true(l.expected < -0.39 && l.score == l.expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_interval_is_the_published_one),
        cmocka_unit_test(without_both_sides_the_weight_stands),
        cmocka_unit_test(what_is_measured_corrects_the_weight_by_its_precision),
        cmocka_unit_test(not_useful_lowers_what_is_good_and_lifts_nothing_bad),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
