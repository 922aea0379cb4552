/* order_test.c - sorting against qsort, quantiles against R. */
#include "insight/run.h"

#include "insight/order.h"

static int compare(const void *a, const void *b)
{
    const int64_t *x = a;
    const int64_t *y = b;
    return (*x > *y) - (*x < *y);
}

static void sorting_equals_qsort(void **state)
{
    (void)state;
    struct rng rng;
    seed_rng(&rng, "sorting_equals_qsort");
    static int64_t values[3000], want[3000];
    for (int round = 0; round < 60; round++) {
        size_t count = (size_t)rng_below(&rng, round % 3 == 0 ? 40 : 3000);
        uint64_t span = UINT64_C(1) << rng_below(&rng, 63);
        for (size_t i = 0; i < count; i++) {
            values[i] = (int64_t)rng_below(&rng, span) - (int64_t)(span / 2);
            if (rng_below(&rng, 50) == 0) values[i] = rng_below(&rng, 2) ? INT64_MAX : INT64_MIN;
        }
        memcpy(want, values, sizeof(want));
        qsort(want, count, sizeof(want[0]), compare);
        order_sort(values, count);
        assert_memory_equal(values, want, count * sizeof(want[0]));
    }
}

static void quantiles_are_of_type_7(void **state)
{
    (void)state;
    const int64_t four[] = {10, 20, 30, 40};
    assert_int_equal(order_quantile(four, 4, 0.25), 18); /* 17.5 */
    assert_int_equal(order_quantile(four, 4, 0.5), 25);
    assert_int_equal(order_quantile(four, 4, 0.75), 33); /* 32.5 */
    const int64_t one[] = {7};
    assert_int_equal(order_quantile(one, 1, 0.25), 7);
    const int64_t five[] = {1, 2, 4, 8, 16};
    assert_int_equal(order_quantile(five, 5, 0.25), 2);
    assert_int_equal(order_quantile(five, 5, 0.5), 4);
    assert_int_equal(order_quantile(five, 5, 1), 16);
    assert_int_equal(order_quantile(five, 5, 0), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sorting_equals_qsort),
        cmocka_unit_test(quantiles_are_of_type_7),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
