/* threes_test.c - a no has to be right: whatever a text holds may be there. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "intake/threes.h"

#include "base/env.h"

static void whatever_stands_in_a_text_may_be_there(void **state)
{
    const char *text = "周六还有课吗，Coupon 7折 x？——群主 % OFF";
    struct threes t;
    size_t len = strlen(text);
    (void)state;
    threes_of(str_of(text), &t);
    for (size_t from = 0; from < len; from++) {
        for (size_t end = from + 1; end <= len; end++) {
            char word[64] = {0};
            for (size_t i = from; i < end; i++)
                word[i - from] =
                    (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] | 0x20 : text[i]);
            assert_true(threes_may(&t, word));
        }
    }
}

static void most_of_what_is_not_in_it_is_told(void **state)
{
    struct threes t;
    struct rng r;
    int may = 0;
    (void)state;
    threes_of(STR("今天的课几点开始，还有人没到吗"), &t);
    rng_init(&r, 5);
    for (int i = 0; i < 1000; i++) {
        char word[8] = {0};
        for (int k = 0; k < 6; k++)
            word[k] = (char)('a' + rng_below(&r, 26));
        may += threes_may(&t, word);
    }
    assert_in_range(may, 0, 10);
    threes_of(STR(""), &t);
    assert_false(threes_may(&t, "吗，"));
    assert_true(threes_may(&t, "£"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_stands_in_a_text_may_be_there),
        cmocka_unit_test(most_of_what_is_not_in_it_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
