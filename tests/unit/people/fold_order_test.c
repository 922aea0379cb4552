/* fold_order_test.c - orders, refunds, and the rules that follow from them. */
#include "fold_story.h"

static void buyers_in_rhythm_are_not_dormant(void **unused)
{
    (void)unused;
    in_group(T0, "group.joined", 1);
    trade(T0, "order.paid", 1, 100);
    trade(T0 + DAYS(30), "order.paid", 2, 100);
    stage_turns(T0 + DAYS(44), STAGE_EFFECTIVE, STAGE_DORMANT); /* two order days: no rhythm yet */
    trade(T0 + DAYS(61) + HOURS(5), "order.paid", 3, 100);
    /* mean gap 61 / 2 days, so the rhythm ends after 45.75 days */
    stage_turns(T0 + DAYS(61) + HOURS(5) + HOURS(45 * 24 + 18), STAGE_EFFECTIVE, STAGE_DORMANT);
}

static void a_full_refund_of_the_latest_order_is_churn_until_an_act(void **unused)
{
    (void)unused;
    in_group(T0, "group.joined", 1);
    trade(T0, "order.paid", 1, 300);
    trade(T0 + DAYS(1), "order.refunded", 1, 299);
    stage_is(T0 + DAYS(1), STAGE_EFFECTIVE);
    trade(T0 + DAYS(2), "order.refunded", 1, 1);
    stage_turns(T0 + DAYS(2), STAGE_EFFECTIVE, STAGE_CHURNED);
    assert_int_equal(state_at(T0 + DAYS(2)).churn, CHURN_REFUNDED);
    happens(T0 + DAYS(3), "message.sent");
    stage_turns(T0 + DAYS(3), STAGE_CHURNED, STAGE_EFFECTIVE);
    assert_true(state_at(T0 + DAYS(3)).returned);
}

static void another_order_holds_a_refunder_for_180_days(void **unused)
{
    (void)unused;
    story.names.rules.churned_days = 400;
    story.names.rules.dormant_days = 300;
    in_group(T0, "group.joined", 1);
    trade(T0, "order.paid", 0, 300);
    trade(T0 + DAYS(1), "order.paid", 1, 300);
    trade(T0 + DAYS(2), "order.refunded", 1, HISTORY_NO_AMOUNT);
    stage_turns(T0 + DAYS(180), STAGE_EFFECTIVE, STAGE_CHURNED);
    struct fold_state s = state_at(T0 + DAYS(180));
    assert_int_equal(s.churn, CHURN_REFUNDED);
    assert_int_equal(s.orders, 1);
    assert_int_equal(s.spent, 300);
    assert_int_equal(s.last_order, T0 + DAYS(1));
}

static void a_silent_buyer_has_orders_and_no_message_in_90_days(void **unused)
{
    (void)unused;
    happens(T0, "message.sent");
    assert_false(state_at(T0 + DAYS(100)).silent_buyer);
    trade(T0 + DAYS(10), "order.paid", 1, 1);
    assert_false(state_at(T0 + DAYS(90) - 1).silent_buyer);
    assert_true(state_at(T0 + DAYS(90)).silent_buyer);
    trade(T0 + DAYS(11), "order.refunded", 1, 1);
    assert_false(state_at(T0 + DAYS(90)).silent_buyer);
}

static void lines_of_one_order_count_once(void **unused)
{
    (void)unused;
    trade(T0, "order.paid", 5, 100);
    trade(T0, "order.paid", 5, 250);
    struct fold_state s = state_at(T0);
    assert_int_equal(s.orders, 1);
    assert_int_equal(s.spent, 350);
    trade(T0 + 1, "order.refunded", 5, 100);
    assert_int_equal(state_at(T0 + 1).orders, 1);
    assert_int_equal(state_at(T0 + 1).spent, 250);
}

static void a_refund_may_come_before_its_payment(void **unused)
{
    (void)unused;
    trade(T0, "order.refunded", 5, 100);
    stage_is(T0, STAGE_NONE);
    trade(T0, "order.paid", 5, 100);
    struct fold_state s = state_at(T0);
    assert_int_equal(s.orders, 0);
    assert_int_equal(s.spent, 0);
    assert_int_equal(s.stage, STAGE_CHURNED);
}

static void a_refund_without_an_order_only_subtracts(void **unused)
{
    (void)unused;
    trade(T0, "order.paid", 5, 100);
    trade(T0 + 1, "order.refunded", 0, 30);
    trade(T0 + 2, "order.refunded", 0, -20);
    trade(T0 + 3, "order.refunded", 0, HISTORY_NO_AMOUNT);
    assert_int_equal(state_at(T0 + 3).orders, 1);
    assert_int_equal(state_at(T0 + 3).spent, 50);
}

static void huge_amounts_stay_at_the_end_of_the_range(void **unused)
{
    (void)unused;
    for (uint64_t i = 0; i < 4; i++) {
        trade(T0 + (int64_t)i, "order.paid", i, INT64_MAX);
    }
    assert_true(state_at(T0 + 9).spent == INT64_MAX);
    trade(T0 + 10, "order.refunded", 3, -INT64_MAX);
    trade(T0 + 11, "order.refunded", 0, INT64_MAX);
    trade(T0 + 12, "order.refunded", 0, INT64_MAX);
    assert_true(state_at(T0 + 12).spent <= 0);
}

static void a_member_may_have_thousands_of_orders(void **unused)
{
    (void)unused;
    for (uint64_t i = 1; i <= 5000; i++) {
        trade(T0 + (int64_t)i, "order.paid", i * UINT64_C(0x9E3779B97F4A7C15), 10);
    }
    for (uint64_t i = 1; i <= 5000; i += 2) {
        trade(T0 + 6000, "order.refunded", i * UINT64_C(0x9E3779B97F4A7C15), 10);
    }
    assert_int_equal(state_at(T0 + 6000).orders, 2500);
    assert_int_equal(state_at(T0 + 6000).spent, 25000);
}

static void refunded_buyers_in_rhythm_are_effective(void **unused)
{
    (void)unused;
    in_group(T0, "group.joined", 1);
    for (int i = 0; i < 3; i++) {
        trade(T0 + DAYS(60 * i), "order.paid", 1 + (uint64_t)i, 100);
        trade(T0 + DAYS(60 * i) + 1, "order.refunded", 1 + (uint64_t)i, 100);
    }
    happens(T0 + DAYS(160), "message.sent");
    stage_turns(T0 + DAYS(160), STAGE_CHURNED, STAGE_EFFECTIVE);
    stage_turns(T0 + DAYS(210), STAGE_EFFECTIVE, STAGE_DORMANT);
}

static void an_order_of_the_same_moment_is_the_latest(void **unused)
{
    (void)unused;
    story.names.rules.churned_days = 400;
    in_group(T0, "group.joined", 1);
    trade(T0, "order.paid", 1, 100);
    trade(T0, "order.refunded", 1, 100);
    trade(T0, "order.paid", 0, 100);
    assert_int_equal(state_at(T0 + DAYS(200)).churn, CHURN_NOT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY_TEST(buyers_in_rhythm_are_not_dormant),
        STORY_TEST(a_full_refund_of_the_latest_order_is_churn_until_an_act),
        STORY_TEST(another_order_holds_a_refunder_for_180_days),
        STORY_TEST(a_silent_buyer_has_orders_and_no_message_in_90_days),
        STORY_TEST(lines_of_one_order_count_once),
        STORY_TEST(a_refund_may_come_before_its_payment),
        STORY_TEST(a_refund_without_an_order_only_subtracts),
        STORY_TEST(huge_amounts_stay_at_the_end_of_the_range),
        STORY_TEST(a_member_may_have_thousands_of_orders),
        STORY_TEST(refunded_buyers_in_rhythm_are_effective),
        STORY_TEST(an_order_of_the_same_moment_is_the_latest),
    };
    return cmocka_run_group_tests_name("fold orders", tests, NULL, NULL);
}
