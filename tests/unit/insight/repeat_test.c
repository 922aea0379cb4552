/* repeat_test.c - buyers who are all alike: no model, or a warning, and no long sums. */
#include "town_test.h"

static void order(uint32_t member, const char *at, int64_t amount)
{
    town_add(&town, member, at, "order.paid")->amount = amount;
}

static void expect_warning(const char *want)
{
    assert_int_equal(town_ask(&town, "{\"repeat\":{}}"), ERR_OK);
    const struct json *warning = town_get(&town, "warnings.0");
    if (!warning || !str_is(warning->string, want)) fail_msg("%s", town.reply.p);
    assert_null(town_get(&town, "warnings.1"));
}

static void expect_no_model(void)
{
    static const char *const names[] = {"bgnbd", "gamma_gamma", "members_alive", "expected_orders",
                                        "expected_revenue"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_int_equal(town_get(&town, names[i])->type, JSON_NULL);
}

static void one_order_each_is_too_few(void **state)
{
    (void)state;
    for (uint32_t m = 1; m <= 50; m++)
        order(m, "2025-01-01", 1000);
    expect_warning("fewer than 10 members have ordered on a second day: no model of repeat buying");
    expect_no_model();
    town.insight.lang = LANG_ZH;
    expect_warning("在第二天及以后再次下单的用户不足 10 人，无法建立复购模型");
}

static void orders_on_the_last_two_days_settle_nothing(void **state)
{
    (void)state;
    for (uint32_t m = 1; m <= 50; m++) {
        order(m, "2025-02-27", 1000);
        order(m, "2025-02-28", 1000);
    }
    expect_warning("the orders are too much alike to settle a model of repeat buying");
    expect_no_model();
}

static void a_fit_at_the_edge_is_told(void **state)
{
    (void)state;
    for (uint32_t m = 1; m <= 50; m++) {
        order(m, "2025-01-01", 1000);
        order(m, "2025-01-11", 1000);
    }
    expect_warning("the orders hardly settle the model of repeat buying: its parameters lie at the "
                   "edge of what is tried; take the forecast as a rough one");
    assert_int_equal(town_get(&town, "bgnbd")->type, JSON_OBJECT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_order_each_is_too_few, setup, teardown),
        cmocka_unit_test_setup_teardown(orders_on_the_last_two_days_settle_nothing, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_fit_at_the_edge_is_told, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
