/* env_test.c - the real clock, the simulated one, and the generator. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/env.h"

static void the_system_clock_moves_forward(void **state)
{
    (void)state;
    const struct env *env = env_system();
    uint64_t before = env_mono_ns(env);
    assert_true(env_now(env) > INT64_C(1700000000000));
    assert_true(env_mono_ns(env) >= before);
    assert_ptr_equal(env, env_system());
}

static void system_random_fills_all_it_is_asked_for(void **state)
{
    (void)state;
    uint8_t ones[64] = {0};
    uint8_t out[64];
    for (int round = 0; round < 64; round++) {
        env_random(env_system(), out, sizeof(out));
        for (size_t i = 0; i < sizeof(out); i++) {
            ones[i] |= out[i];
        }
    }
    for (size_t i = 0; i < sizeof(ones); i++) {
        assert_int_equal(ones[i], 0xFF);
    }
}

static void simulated_time_stands_still_until_moved(void **state)
{
    (void)state;
    struct env_sim sim;
    env_sim_init(&sim, 1000, 1);
    assert_int_equal(env_now(&sim.env), 1000);
    assert_int_equal(env_mono_ns(&sim.env), 1000000000);
    sim.now_ms += 5;
    assert_int_equal(env_now(&sim.env), 1005);
    assert_int_equal(env_mono_ns(&sim.env), 1005000000);
}

static void simulated_random_repeats_for_a_seed(void **state)
{
    (void)state;
    struct env_sim a;
    struct env_sim b;
    uint8_t x[37];
    uint8_t y[37];
    env_sim_init(&a, 0, 5);
    env_sim_init(&b, 0, 5);
    env_random(&a.env, x, sizeof(x));
    env_random(&b.env, y, sizeof(y));
    assert_memory_equal(x, y, sizeof(x));
    env_random(&a.env, x, sizeof(x));
    assert_memory_not_equal(x, y, sizeof(x));
    env_sim_init(&b, 0, 6);
    env_random(&b.env, x, sizeof(x));
    assert_memory_not_equal(x, y, sizeof(x));
}

static void the_generator_is_xoshiro256_starstar(void **state)
{
    (void)state;
    /* First outputs of the reference code for the state 1, 2, 3, 4. */
    static const uint64_t expected[] = {11520, 0, 1509978240, UINT64_C(1215971899390074240)};
    struct rng r = {{1, 2, 3, 4}};
    for (size_t i = 0; i < 4; i++) {
        assert_true(rng_next(&r) == expected[i]);
    }
}

static void numbers_below_a_bound_are_even(void **state)
{
    (void)state;
    struct rng r;
    size_t seen[10] = {0};
    rng_init(&r, 3);
    for (int i = 0; i < 100000; i++) {
        uint64_t n = rng_below(&r, 10);
        assert_true(n < 10);
        seen[n]++;
    }
    for (size_t i = 0; i < 10; i++) {
        assert_in_range(seen[i], 9500, 10500);
    }
    /* 3/4 of the range: taking the high half alone would give a third of the numbers twice as
     * often. */
    size_t thirds[3] = {0};
    for (int i = 0; i < 30000; i++) {
        thirds[rng_below(&r, UINT64_C(3) << 62) % 3]++;
    }
    for (size_t i = 0; i < 3; i++) {
        assert_in_range(thirds[i], 9500, 10500);
    }
    for (int i = 0; i < 100; i++) {
        assert_int_equal(rng_below(&r, 1), 0);
        assert_true(rng_below(&r, UINT64_MAX) < UINT64_MAX);
    }
}

static void units_are_at_least_zero_and_under_one(void **state)
{
    (void)state;
    struct rng r;
    double sum = 0;
    rng_init(&r, 4);
    for (int i = 0; i < 100000; i++) {
        double u = rng_unit(&r);
        assert_true(u >= 0 && u < 1);
        sum += u;
    }
    assert_true(sum > 49000 && sum < 51000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_system_clock_moves_forward),
        cmocka_unit_test(system_random_fills_all_it_is_asked_for),
        cmocka_unit_test(simulated_time_stands_still_until_moved),
        cmocka_unit_test(simulated_random_repeats_for_a_seed),
        cmocka_unit_test(the_generator_is_xoshiro256_starstar),
        cmocka_unit_test(numbers_below_a_bound_are_even),
        cmocka_unit_test(units_are_at_least_zero_and_under_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
