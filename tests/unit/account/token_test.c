/* token_test.c - tokens have 256 bits, none of them lost on the way to text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "account/token.h"

/* A random source that gives one byte again and again. */
static void fill(void *ctx, void *out, size_t size)
{
    memset(out, *(const int *)ctx, size);
}

static void the_ends_of_the_range_are_told_apart_and_fit(void **state)
{
    (void)state;
    int byte = 0;
    struct env env = {.random = fill, .ctx = &byte};
    char low[TOKEN_CHARS + 1], high[TOKEN_CHARS + 1];
    token_make(&env, low);
    assert_string_equal(low, "0000000000000000000000000000000000000000000");
    byte = 255;
    token_make(&env, high);
    /* 2^256 - 1 in base 62 */
    assert_string_equal(high, "yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp1");
}

static void tokens_of_a_seed_are_letters_and_digits_and_differ(void **state)
{
    (void)state;
    struct env_sim sim;
    char a[TOKEN_CHARS + 1], b[TOKEN_CHARS + 1];
    env_sim_init(&sim, 0, 7);
    for (int i = 0; i < 1000; i++) {
        token_make(&sim.env, a);
        token_make(&sim.env, b);
        assert_int_equal(strlen(a), TOKEN_CHARS);
        assert_int_equal(
            strspn(a, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"),
            TOKEN_CHARS);
        assert_string_not_equal(a, b);
    }
}

static void a_changed_character_changes_the_checksum(void **state)
{
    (void)state;
    char text[] = "wf_live_0123456789", sum[TOKEN_CHECK_CHARS + 1], other[TOKEN_CHECK_CHARS + 1];
    token_check(str_of(text), sum);
    assert_int_equal(strlen(sum), TOKEN_CHECK_CHARS);
    for (size_t i = 0; i < strlen(text); i++) {
        text[i]++;
        token_check(str_of(text), other);
        assert_string_not_equal(sum, other);
        text[i]--;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_ends_of_the_range_are_told_apart_and_fit),
        cmocka_unit_test(tokens_of_a_seed_are_letters_and_digits_and_differ),
        cmocka_unit_test(a_changed_character_changes_the_checksum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
