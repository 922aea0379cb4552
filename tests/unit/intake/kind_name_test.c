/* kind_name_test.c - tests of intake/kind_name.c. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include <stdio.h>
#include <stdlib.h>

#include "intake/kind_name.h"
#include "people/kinds.h"

static struct arena *arena;

static int open_arena(void **state)
{
    (void)state;
    arena = arena_create(0);
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    arena_destroy(arena);
    return 0;
}

static void expect(const char *name, const char *wanted, bool labelled)
{
    struct str kind, label;
    kind_name(arena, str_of(name), &kind, &label);
    if (!str_is(kind, wanted)) fail_msg("%s: got " STR_FMT ", not %s", name, STR_ARG(kind), wanted);
    assert_true(kind_valid(kind));
    assert_int_equal(label.p != NULL, labelled);
    if (labelled) assert_true(str_is(label, name));
}

static void a_valid_kind_stays(void **state)
{
    (void)state;
    expect("checkin.done", "checkin.done", false);
    expect("order.paid", "order.paid", false);
    expect("a__b_", "a__b_", false);
    expect("x", "x", false);
}

static void orders_of_shops_are_orders(void **state)
{
    (void)state;
    expect("Order Completed", "order.paid", false);
    expect("order completed", "order.paid", false);
    expect("Order Refunded", "order.refunded", false);
    expect("order_completed", "order_completed", false);
    expect("Order Cancelled", "order_cancelled", true);
}

static void other_names_are_folded_and_joined(void **state)
{
    (void)state;
    expect("Product Viewed", "product_viewed", true);
    expect("  --Sign  Up!! ", "sign_up", true);
    expect("Checkin.Done", "checkin.done", true);
    expect("a..b. .c", "a.b.c", true);
    expect(".a._b_.", "a.b", true);
    expect("a-_-b", "a_b", true);
    expect("v1.0 Released", "v1.0_released", true);
    expect("$feature_flag_called", "feature_flag_called", true);
    /* full width, a ligature, and a letter that folds to two */
    expect("\xef\xbc\xb3\xef\xbd\x89\xef\xbd\x87\xef\xbd\x8e\xef\xbc\x91", "sign1", true);
    expect("o\xef\xac\x83"
           "ce",
           "office", true);
    expect("Stra\xc3\x9f"
           "e",
           "strasse", true);
    expect("\xe7\xad\xbe\xe5\x88\xb0 day 1", "day_1", true);
}

static void a_leading_digit_gets_a_letter_before_it(void **state)
{
    (void)state;
    expect("7 Day Plan", "e_7_day_plan", true);
    expect("404", "e_404", true);
    expect("_1", "e_1", true);
}

static void a_name_without_a_latin_letter_is_its_digest(void **state)
{
    (void)state;
    /* printf 签到 | sha256sum, printf ... | sha256sum */
    expect("\xe7\xad\xbe\xe5\x88\xb0", "event_347fa28b", true);
    expect("...", "event_ab5df625", true);
    expect("_", "event_d2e2adf7", true);
}

static void long_names_keep_apart(void **state)
{
    (void)state;
    char a[200], b[200];
    struct str one, two, label;
    memset(a, 'A', sizeof(a));
    memset(b, 'A', sizeof(b));
    b[150] = 'B';
    kind_name(arena, (struct str){a, sizeof(a)}, &one, &label);
    kind_name(arena, (struct str){b, sizeof(b)}, &two, &label);
    assert_int_equal(one.len, KIND_LENGTH_MAX);
    assert_int_equal(two.len, KIND_LENGTH_MAX);
    assert_memory_equal(one.p, two.p, 55);
    assert_false(str_eq(one, two));
    a[53] = a[54] = '.';
    kind_name(arena, (struct str){a, sizeof(a)}, &one, &label);
    assert_true(kind_valid(one));
    memset(a, 'a', sizeof(a));
    kind_name(arena, (struct str){a, 64}, &one, &label);
    assert_true(str_eq(one, (struct str){a, 64}));
    kind_name(arena, (struct str){a, 65}, &one, &label);
    assert_int_equal(one.len, 64);
}

static void whatever_comes_a_valid_kind_goes(void **state)
{
    (void)state;
    static const char *const pieces[] = {
        "a", "Z", "9", ".", "_", " ", "-", "$", "\xc3\x9f", "\xe7\xad\xbe", "\xf0\x9f\x98\x80"};
    unsigned seed = 20250131;
    printf("seed %u\n", seed);
    for (int round = 0; round < 20000; round++) {
        struct strbuf text = {0};
        struct str kind, label, again;
        for (int n = rand_r(&seed) % 90 + 1; n > 0; n--)
            strbuf_add_text(&text, pieces[rand_r(&seed) % 11]);
        kind_name(arena, strbuf_str(&text), &kind, &label);
        if (!kind_valid(kind)) fail_msg("%s became " STR_FMT, text.p, STR_ARG(kind));
        kind_name(arena, kind, &again, &label);
        assert_true(str_eq(kind, again));
        strbuf_finish(&text);
        arena_reset(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_valid_kind_stays),
        cmocka_unit_test(orders_of_shops_are_orders),
        cmocka_unit_test(other_names_are_folded_and_joined),
        cmocka_unit_test(a_leading_digit_gets_a_letter_before_it),
        cmocka_unit_test(a_name_without_a_latin_letter_is_its_digest),
        cmocka_unit_test(long_names_keep_apart),
        cmocka_unit_test(whatever_comes_a_valid_kind_goes),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
