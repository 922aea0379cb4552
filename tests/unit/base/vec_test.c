/* vec_test.c - the array macros. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/vec.h"

static void pushed_items_keep_their_order_while_the_array_grows(void **state)
{
    (void)state;
    VEC(int) v = {0};
    for (int i = 0; i < 10000; i++) {
        VEC_PUSH(&v, i);
    }
    assert_int_equal(v.count, 10000);
    for (int i = 0; i < 10000; i++) {
        assert_int_equal(v.items[i], i);
    }
    size_t capacity = v.capacity;
    VEC_RESET(&v);
    VEC_RESERVE(&v, 10000);
    assert_int_equal(v.capacity, capacity);
    VEC_RESERVE(&v, 100000);
    assert_true(v.capacity >= 100000);
    VEC_FINISH(&v);
    assert_null(v.items);
    VEC_FINISH(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pushed_items_keep_their_order_while_the_array_grows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
