/* bucket_test.c - beside an order found by looking at all. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "groups/bucket.h"

#include "base/env.h"

enum { COUNT = 400, TOP = 9 };

static bool comes_before(const uint32_t *const *keys, size_t key_count, uint32_t a, uint32_t b)
{
    for (size_t k = 0; k < key_count; k++) {
        if (keys[k][a] != keys[k][b]) return keys[k][a] < keys[k][b];
    }
    return a < b;
}

static void places_are_in_order_and_ties_as_they_stood(void **state)
{
    struct arena *a = arena_create(0);
    uint32_t drawn[3][COUNT];
    const uint32_t *const keys[] = {drawn[0], drawn[1], drawn[2]};
    struct rng r;
    (void)state;
    rng_init(&r, 11);
    for (size_t i = 0; i < (size_t)3 * COUNT; i++)
        drawn[i / COUNT][i % COUNT] = (uint32_t)rng_below(&r, TOP);
    for (size_t used = 1; used <= 3; used++) {
        const uint32_t *order = bucket_order(keys, used, COUNT, TOP, a);
        for (uint32_t i = 1; i < COUNT; i++)
            assert_true(comes_before(keys, used, order[i - 1], order[i]));
    }
    arena_destroy(a);
}

static void nothing_and_one_are_in_order(void **state)
{
    struct arena *a = arena_create(0);
    const uint32_t key = 0;
    const uint32_t *const keys[] = {&key};
    (void)state;
    (void)bucket_order(keys, 1, 0, 0, a);
    assert_int_equal(bucket_order(keys, 1, 1, 1, a)[0], 0);
    arena_destroy(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_are_in_order_and_ties_as_they_stood),
        cmocka_unit_test(nothing_and_one_are_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
