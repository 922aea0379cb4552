/* rate_test.c - buckets under a simulated clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/rate.h"

/* A monotonic clock that stands still until moved. */
static uint64_t clock_ns;
static uint64_t mono_ns(void *ctx)
{
    (void)ctx;
    return clock_ns;
}
static const struct env env = {.mono_ns = mono_ns};

static int take_many(struct rates *r, uint64_t caller, int calls)
{
    int taken = 0;
    for (int i = 0; i < calls; i++)
        taken += rates_take(r, (struct hash128){caller, 7});
    return taken;
}

static void a_burst_then_the_rate(void **state)
{
    (void)state;
    struct rates *r = rates_create(&env, (struct rate){.per_second = 10, .burst = 30});
    assert_int_equal(take_many(r, 1, 100), 30);
    clock_ns += 100000000; /* a tenth of a second */
    assert_int_equal(take_many(r, 1, 100), 1);
    clock_ns += 1000000000;
    assert_int_equal(take_many(r, 1, 100), 10);
    clock_ns += 3600 * UINT64_C(1000000000);
    assert_int_equal(take_many(r, 1, 100), 30);
    rates_destroy(r);
}

static void callers_do_not_share(void **state)
{
    (void)state;
    struct rates *r = rates_create(&env, (struct rate){.per_second = 1, .burst = 5});
    for (uint64_t caller = 1; caller <= 100; caller++)
        assert_int_equal(take_many(r, caller, 10), 5);
    rates_destroy(r);
}

static void a_crowd_makes_it_lenient_at_most(void **state)
{
    (void)state;
    struct rates *r = rates_create(&env, (struct rate){.per_second = 1, .burst = 5});
    for (uint64_t caller = 1; caller <= 100000; caller++)
        assert_true(rates_take(r, (struct hash128){caller, caller}));
    assert_in_range(take_many(r, 1, 10), 4, 5);
    rates_destroy(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_burst_then_the_rate),
        cmocka_unit_test(callers_do_not_share),
        cmocka_unit_test(a_crowd_makes_it_lenient_at_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
