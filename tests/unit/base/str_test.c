/* str_test.c - comparing, searching, cutting and numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <stdio.h>

#include "base/env.h"
#include "base/str.h"

static void strings_order_bytewise_and_shorter_first(void **state)
{
    (void)state;
    assert_int_equal(str_cmp(STR(""), STR("")), 0);
    assert_int_equal(str_cmp((struct str){NULL, 0}, STR("")), 0);
    assert_true(str_cmp(STR("a"), STR("ab")) < 0);
    assert_true(str_cmp(STR("b"), STR("ab")) > 0);
    assert_true(str_cmp(STR("\xff"), STR("a")) > 0);
    assert_true(str_cmp(STR("a\0b"), STR("a\0c")) < 0);
    assert_true(str_eq(STR("a\0b"), STR("a\0b")));
    assert_false(str_eq(STR("a\0b"), STR("a\0c")));
}

static void prefixes_and_suffixes_are_found(void **state)
{
    (void)state;
    assert_true(str_starts(STR("order.paid"), STR("order.")));
    assert_false(str_starts(STR("or"), STR("order")));
    assert_true(str_starts((struct str){NULL, 0}, STR("")));
    assert_true(str_ends(STR("a.csv.gz"), STR(".gz")));
    assert_false(str_ends(STR("gz"), STR(".gz")));
    assert_true(str_ends((struct str){NULL, 0}, (struct str){NULL, 0}));
}

static void searching_gives_the_first_offset(void **state)
{
    (void)state;
    assert_int_equal(str_find(STR("abcabc"), STR("ca")), 2);
    assert_int_equal(str_find(STR("abc"), STR("")), 0);
    assert_true(str_find(STR("abc"), STR("abcd")) == SIZE_MAX);
    assert_true(str_find(STR("abc"), STR("x")) == SIZE_MAX);
    assert_int_equal(str_find_char(STR("a=b=c"), '='), 1);
    assert_true(str_find_char((struct str){NULL, 0}, '=') == SIZE_MAX);
}

/* Short texts and long ones are searched in different ways. */
static void searching_finds_what_memmem_finds(void **state)
{
    (void)state;
    char text[300];
    uint32_t seed = 7;
    for (int round = 0; round < 20000; round++) {
        struct str s = {text, 0}, needle = {text, 0};
        for (size_t i = 0; i < sizeof(text); i++) {
            seed = seed * 1664525u + 1013904223u;
            text[i] = (char)('a' + (seed >> 30));
        }
        s.len = seed % (sizeof(text) - 6);
        needle.p = text + sizeof(text) - 6; /* of its own letters, not of the text's */
        needle.len = 1 + (seed >> 10) % 6;
        const char *hit = memmem(s.p, s.len, needle.p, needle.len);
        assert_true(str_find(s, needle) == (hit ? (size_t)(hit - s.p) : SIZE_MAX));
    }
}

static void trimming_drops_ascii_white_space_only(void **state)
{
    (void)state;
    assert_true(str_is(str_trim(STR(" \t\r\n\v\f a b \n")), "a b"));
    assert_true(str_is(str_trim(STR(" \t ")), ""));
    assert_true(str_is(str_trim(STR("\xc2\xa0x")), "\xc2\xa0x"));
}

static void folding_ignores_ascii_case_only(void **state)
{
    (void)state;
    assert_true(str_eq_fold(STR("Content-Type"), STR("cONTENT-tYPE")));
    assert_false(str_eq_fold(STR("a"), STR("ab")));
    assert_false(str_eq_fold(STR("@"), STR("`")));
    assert_false(str_eq_fold(STR("["), STR("{")));
    assert_false(str_eq_fold(STR("\xc3\x84"), STR("\xc3\xa4")));
}

static void cutting_walks_through_a_list(void **state)
{
    (void)state;
    struct str rest = STR("a,,b");
    assert_true(str_is(str_cut(&rest, ','), "a"));
    assert_true(str_is(str_cut(&rest, ','), ""));
    assert_non_null(rest.p);
    assert_true(str_is(str_cut(&rest, ','), "b"));
    assert_null(rest.p);
    rest = STR("a,");
    assert_true(str_is(str_cut(&rest, ','), "a"));
    assert_non_null(rest.p);
    assert_int_equal(rest.len, 0);
}

static void integers_are_read_to_their_very_ends(void **state)
{
    (void)state;
    int64_t i = 7;
    uint64_t u = 7;
    assert_true(str_to_i64(STR("-9223372036854775808"), &i));
    assert_true(i == INT64_MIN);
    assert_true(str_to_i64(STR("9223372036854775807"), &i));
    assert_true(i == INT64_MAX);
    assert_true(str_to_i64(STR("-0"), &i));
    assert_true(i == 0);
    assert_true(str_to_u64(STR("18446744073709551615"), &u));
    assert_true(u == UINT64_MAX);
    assert_true(str_to_u64(STR("007"), &u));
    assert_true(u == 7);
}

static void what_is_no_integer_is_refused_and_leaves_the_output(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "-",
                                      "+1",
                                      " 1",
                                      "1 ",
                                      "1.0",
                                      "0x1",
                                      "1e3",
                                      "--1",
                                      "9223372036854775808",
                                      "-9223372036854775809",
                                      "99999999999999999999999"};
    for (size_t k = 0; k < sizeof(bad) / sizeof(bad[0]); k++) {
        int64_t i = 42;
        assert_false(str_to_i64(str_of(bad[k]), &i));
        assert_true(i == 42);
    }
    uint64_t u = 42;
    assert_false(str_to_u64(STR("-1"), &u));
    assert_false(str_to_u64(STR("18446744073709551616"), &u));
    assert_false(str_to_u64(STR("1\0"), &u));
    assert_true(u == 42);
}

static void integers_survive_printing_and_reading(void **state)
{
    (void)state;
    uint64_t seed = 20250131;
    struct rng rng;
    print_message("seed %llu\n", (unsigned long long)seed);
    rng_init(&rng, seed);
    for (int k = 0; k < 20000; k++) {
        char text[32];
        int64_t back = 0;
        int64_t value = (int64_t)(rng_next(&rng) >> rng_below(&rng, 64));
        if (k % 2) value = -value;
        snprintf(text, sizeof(text), "%lld", (long long)value);
        assert_true(str_to_i64(str_of(text), &back));
        assert_true(back == value);
    }
}

static void doubles_are_decimal_and_finite(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double value;
    } good[] = {{"0", 0},
                {"-1.5", -1.5},
                {".5", 0.5},
                {"5.", 5},
                {"1e3", 1000},
                {"1E-2", 0.01},
                {"1e+2", 100},
                {"0.1", 0.1},
                {"4.9e-324", 4.9e-324},
                {"1.7976931348623157e308", DBL_MAX}};
    static const char *const bad[] = {"",      ".",   "-",     "-.",    "e5",    "1e",
                                      "1e+",   "+1",  " 1",    "1 ",    "nan",   "inf",
                                      "0x1p3", "1,5", "1e400", "1.2.3", "1e5.5", "infinity"};
    double d = 0;
    for (size_t k = 0; k < sizeof(good) / sizeof(good[0]); k++) {
        assert_true(str_to_double(str_of(good[k].text), &d));
        assert_true(d == good[k].value);
    }
    for (size_t k = 0; k < sizeof(bad) / sizeof(bad[0]); k++) {
        d = 42;
        assert_false(str_to_double(str_of(bad[k]), &d));
        assert_true(d == 42);
    }
    assert_false(str_to_double(STR("1\0"), &d));
    assert_true(str_to_double((struct str){"12345", 2}, &d));
    assert_true(d == 12);
}

static void a_number_too_long_to_matter_is_refused(void **state)
{
    (void)state;
    char text[5000];
    double d = 42;
    memset(text, '1', sizeof(text));
    assert_false(str_to_double((struct str){text, sizeof(text)}, &d));
    assert_true(d == 42);
    text[1] = '.';
    assert_true(str_to_double((struct str){text, 1000}, &d));
    assert_true(fabs(d - 10.0 / 9) < 1e-15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_order_bytewise_and_shorter_first),
        cmocka_unit_test(prefixes_and_suffixes_are_found),
        cmocka_unit_test(searching_gives_the_first_offset),
        cmocka_unit_test(searching_finds_what_memmem_finds),
        cmocka_unit_test(trimming_drops_ascii_white_space_only),
        cmocka_unit_test(folding_ignores_ascii_case_only),
        cmocka_unit_test(cutting_walks_through_a_list),
        cmocka_unit_test(integers_are_read_to_their_very_ends),
        cmocka_unit_test(what_is_no_integer_is_refused_and_leaves_the_output),
        cmocka_unit_test(integers_survive_printing_and_reading),
        cmocka_unit_test(doubles_are_decimal_and_finite),
        cmocka_unit_test(a_number_too_long_to_matter_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
