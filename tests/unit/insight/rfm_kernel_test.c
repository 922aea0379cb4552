/* rfm_kernel_test.c - which orders stand, and the same figures as the fold of the member. */
#include "insight/run.h"

#include "insight/rfm_kernel.h"
#include "people/fold.h"

#define PAID 1u
#define REFUNDED 2u
#define NAMES 6

static struct run run;
static const struct str names[NAMES] = {{NULL, 0}, {"A", 1}, {"B", 1},
                                        {"C", 1},  {"D", 1}, {"E", 1}};
static struct prop_column column = {
    .type = PROP_TEXT, .text = run.group, .strings = names, .string_count = NAMES};
static const struct rfm_settings settings = {0};

static void row(int64_t at, uint32_t mask, uint32_t name, int64_t amount)
{
    uint32_t place = run_row(&run, at, mask == PAID ? 1 : 2, mask);
    run.group[place] = name;
    run.amount[place] = amount;
}

static void compute(struct rfm *out)
{
    struct sight s = run_part(&run, 0, run.members);
    run.h.prop_count = 1;
    run.h.props = &column;
    rfm_kernel.init(out, &settings);
    rfm_kernel.run(out, &s);
}

static void expect(uint32_t orders, int64_t last, int64_t revenue)
{
    struct rfm rfm;
    compute(&rfm);
    assert_int_equal(rfm.buyers.count, orders > 0);
    if (orders > 0) {
        assert_int_equal(rfm.buyers.items[0].orders, orders);
        assert_int_equal(rfm.buyers.items[0].last, last);
        assert_int_equal(rfm.buyers.items[0].revenue, revenue);
    }
    rfm_kernel.finish(&rfm);
}

/* In every other round there are none. */
static uint32_t some_name(struct rng *rng, int round)
{
    return round % 2 ? 0 : (uint32_t)rng_below(rng, NAMES);
}

static void begin(void)
{
    run_reset(&run);
    run_member(&run, 1);
}

static void payments_of_one_name_are_one_order(void **state)
{
    (void)state;
    begin();
    row(1, PAID, 1, 100);
    row(2, PAID, 1, 50);
    row(3, PAID, 0, 30);
    row(4, PAID, 0, HISTORY_NO_AMOUNT);
    expect(3, 4, 180);
}

static void a_refund_unpays_the_order_it_names(void **state)
{
    (void)state;
    begin();
    row(1, PAID, 0, 10);
    row(2, PAID, 1, 100);
    row(3, REFUNDED, 1, 40);
    expect(2, 2, 70);
    row(4, REFUNDED, 1, 60);
    expect(1, 1, 10);
    row(5, PAID, 1, 1); /* more is paid again than was refunded */
    expect(2, 5, 11);
    row(6, REFUNDED, 1, HISTORY_NO_AMOUNT); /* the whole of it */
    expect(1, 1, 10);
}

static void a_refund_without_a_name_only_subtracts(void **state)
{
    (void)state;
    begin();
    row(1, PAID, 0, 10);
    row(2, REFUNDED, 0, 100);
    row(3, REFUNDED, 0, -5); /* a sender may write it below zero */
    row(4, REFUNDED, 0, HISTORY_NO_AMOUNT);
    row(5, REFUNDED, 3, 7); /* of an order never paid */
    expect(1, 1, -95);
}

static void sums_do_not_wrap(void **state)
{
    (void)state;
    begin();
    row(1, PAID, 0, INT64_MAX);
    row(2, PAID, 0, INT64_MAX);
    row(3, REFUNDED, 0, INT64_MAX);
    row(3, REFUNDED, 0, 1);
    expect(2, 2, INT64_MAX - 1);
    row(4, PAID, 0, 7);
    row(5, REFUNDED, 0, -INT64_MAX);
    row(6, REFUNDED, 0, -INT64_MAX);
    expect(3, 4, 6 - INT64_MAX);
    row(7, REFUNDED, 0, INT64_MAX);
    expect(3, 4, -INT64_MAX); /* as far as the field goes */
}

static int by_buyer(const void *a, const void *b)
{
    const struct rfm_buyer *x = a, *y = b;
    return x->member < y->member ? -1 : x->member > y->member;
}

/* Whole or from several sources, members are the same buyers. */
static void buyers_come_together_from_their_runs(void **state)
{
    (void)state;
    struct rng rng;
    seed_rng(&rng, "buyers_come_together_from_their_runs");
    for (int round = 0; round < 500; round++) {
        struct rfm whole, spans;
        run_reset(&run);
        for (uint32_t m = 1; m < 40; m += 1 + (uint32_t)rng_below(&rng, 4)) {
            int64_t at = 0;
            run_member(&run, m);
            for (uint64_t rows = rng_below(&rng, 12); rows > 0; rows--) {
                at += (int64_t)rng_below(&rng, 3);
                row(at, rng_below(&rng, 3) ? PAID : REFUNDED, some_name(&rng, round),
                    rng_below(&rng, 4) ? (int64_t)rng_below(&rng, 200) : HISTORY_NO_AMOUNT);
            }
        }
        column.text = run.group;
        compute(&whole);
        run_kernel_in_spans(&run, &rfm_kernel, &settings, &rng, &column, &spans);
        column.text = run.group;
        assert_int_equal(spans.buyers.count, whole.buyers.count);
        qsort(spans.buyers.items, spans.buyers.count, sizeof(spans.buyers.items[0]), by_buyer);
        for (size_t i = 0; i < whole.buyers.count; i++) {
            assert_int_equal(spans.buyers.items[i].member, whole.buyers.items[i].member);
            assert_int_equal(spans.buyers.items[i].orders, whole.buyers.items[i].orders);
            assert_int_equal(spans.buyers.items[i].last, whole.buyers.items[i].last);
            assert_int_equal(spans.buyers.items[i].revenue, whole.buyers.items[i].revenue);
        }
        rfm_kernel.finish(&whole);
        rfm_kernel.finish(&spans);
    }
}

static void who_never_paid_is_no_buyer(void **state)
{
    (void)state;
    begin();
    row(1, REFUNDED, 1, 100);
    expect(0, 0, 0);
}

static void buyers_equal_the_fold(void **state)
{
    (void)state;
    struct rng rng;
    const uint32_t roles[3] = {0, ROLE_ACT | ROLE_ORDER_PAID, ROLE_ORDER_REFUNDED};
    struct fold_names fold_names = {.zone = zone_open("UTC"), .roles = roles, .kind_count = 3};
    struct fold *fold = fold_create();
    fold_rules_default(&fold_names.rules);
    seed_rng(&rng, "buyers_equal_the_fold");
    for (int round = 0; round < 3000; round++) {
        struct rfm rfm;
        struct fold_state state_now;
        int64_t at = 0;
        begin();
        fold_reset(fold);
        for (uint64_t rows = 1 + rng_below(&rng, 25); rows > 0; rows--) {
            uint32_t name = some_name(&rng, round);
            bool refund = rng_below(&rng, 3) == 0;
            int64_t amount =
                rng_below(&rng, 4) ? (int64_t)rng_below(&rng, 200) - 20 : HISTORY_NO_AMOUNT;
            at += (int64_t)rng_below(&rng, 3);
            row(at, refund ? REFUNDED : PAID, name, amount);
            struct fold_row fact = {
                .at = at, .roles = roles[refund ? 2 : 1], .amount = amount, .order = name};
            fold_event(fold, &fold_names, &fact, NULL, NULL);
        }
        fold_get_state(fold, &fold_names, &state_now);
        compute(&rfm);
        assert_int_equal(rfm.buyers.count, state_now.orders > 0);
        if (state_now.orders > 0) {
            assert_int_equal(rfm.buyers.items[0].orders, state_now.orders);
            assert_int_equal(rfm.buyers.items[0].revenue, state_now.spent);
        }
        rfm_kernel.finish(&rfm);
    }
    fold_destroy(fold);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(payments_of_one_name_are_one_order),
        cmocka_unit_test(a_refund_unpays_the_order_it_names),
        cmocka_unit_test(a_refund_without_a_name_only_subtracts),
        cmocka_unit_test(sums_do_not_wrap),
        cmocka_unit_test(buyers_come_together_from_their_runs),
        cmocka_unit_test(who_never_paid_is_no_buyer),
        cmocka_unit_test(buyers_equal_the_fold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
