/* fold_rhythm_test.c - how often a member acts and orders, on timelines made by hand, and the
 * moments at which that changes by the clock alone. */
#include "fold_story.h"

static struct expr_value field_at(int64_t t, enum expr_field field)
{
    struct expr_value v;
    struct fold_state s = state_at(t);
    assert_true(fold_field(&s, field, &v));
    return v;
}

static double number_at(int64_t t, enum expr_field field)
{
    struct expr_value v = field_at(t, field);
    assert_int_equal(v.type, TYPE_NUMBER);
    return v.number;
}

/* Acts on every other day of the first 56, then once a week. */
static void slow_down(void)
{
    in_group(T0, "group.joined", 1);
    for (int day = 0; day < 56; day += 2)
        happens(T0 + DAYS(day) + HOURS(9), "message.sent");
    for (int day = 56; day < 84; day += 7)
        happens(T0 + DAYS(day) + HOURS(9), "message.sent");
}

static void pace_is_the_last_window_by_the_mean_of_those_before(void **unused)
{
    (void)unused;
    slow_down();
    int64_t t = T0 + DAYS(84) + HOURS(1);
    assert_true(number_at(t, FIELD_ACT_DAYS) == 4);
    assert_true(number_at(t, FIELD_USUAL_DAYS) == 14); /* 28 days in two windows */
    assert_true(number_at(t, FIELD_PACE) == 4.0 / 14);
    assert_true(field_at(t, FIELD_LAST_ACT).time == T0 + DAYS(77) + HOURS(9));
}

static void who_is_new_has_no_usual_days(void **unused)
{
    (void)unused;
    in_group(T0, "group.joined", 1);
    happens(T0 + DAYS(1), "message.sent");
    assert_int_equal(field_at(T0 + DAYS(56) - 1, FIELD_USUAL_DAYS).type, TYPE_NULL);
    assert_int_equal(field_at(T0 + DAYS(56) - 1, FIELD_PACE).type, TYPE_NULL);
    assert_true(number_at(T0 + DAYS(56), FIELD_USUAL_DAYS) == 1);
    assert_true(number_at(T0 + DAYS(56), FIELD_PACE) == 0);
    fold_reset(story.fold);
    in_group(T0, "group.joined", 1);
    assert_int_equal(field_at(T0 + DAYS(90), FIELD_PACE).type, TYPE_NULL); /* nothing by nothing */
}

static bool same(const struct fold_rhythm *a, const struct fold_rhythm *b)
{
    return a->act_days == b->act_days && a->days_before == b->days_before &&
           a->windows == b->windows;
}

static void between_two_moments_named_nothing_changes(void **unused)
{
    (void)unused;
    slow_down();
    int64_t t = T0 + DAYS(77) + HOURS(9);
    int moments = 0;
    for (struct fold_rhythm r = state_at(t).rhythm; r.due != TIME_NONE; moments++) {
        int64_t due = r.due;
        assert_true(due > t);
        for (int i = 1; i <= 4; i++) {
            struct fold_rhythm between = state_at(t + (due - 1 - t) * i / 4).rhythm;
            assert_true(same(&r, &between));
        }
        t = due;
        r = state_at(t).rhythm;
    }
    assert_true(moments > 30); /* each day leaves one window, and another */
    assert_int_equal(state_at(t).rhythm.days_before, 0);
}

static void the_next_order_is_due_after_the_mean_gap(void **unused)
{
    (void)unused;
    trade(T0 + HOURS(10), "order.paid", 1, 100);
    trade(T0 + DAYS(10), "order.paid", 2, 100);
    assert_int_equal(field_at(T0 + DAYS(11), FIELD_ORDER_DUE).type, TYPE_NULL);
    assert_int_equal(field_at(T0 + DAYS(11), FIELD_ORDER_GAP).type, TYPE_NULL);
    trade(T0 + DAYS(31) + HOURS(8), "order.paid", 3, 100);
    assert_true(number_at(T0 + DAYS(40), FIELD_ORDER_GAP) == 15.5);
    assert_true(field_at(T0 + DAYS(40), FIELD_ORDER_DUE).time ==
                T0 + DAYS(31) + HOURS(8) + DAYS(15) + HOURS(12));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(pace_is_the_last_window_by_the_mean_of_those_before, begin,
                                        end),
        cmocka_unit_test_setup_teardown(who_is_new_has_no_usual_days, begin, end),
        cmocka_unit_test_setup_teardown(between_two_moments_named_nothing_changes, begin, end),
        cmocka_unit_test_setup_teardown(the_next_order_is_due_after_the_mean_gap, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
