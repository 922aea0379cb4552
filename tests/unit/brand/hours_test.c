/* hours_test.c - the hours of service as text: what is one, and what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "brand/hours.h"

static void assert_hours(const char *text, int opens, int closes)
{
    struct hours h = {-1, -1};
    char again[HOURS_TEXT_SIZE];
    assert_true(hours_parse(str_of(text), &h));
    assert_int_equal(h.opens, opens);
    assert_int_equal(h.closes, closes);
    hours_print(h, again);
    assert_string_equal(again, text);
}

static void two_times_of_a_day_are_hours(void **state)
{
    (void)state;
    assert_hours(HOURS_DEFAULT, 540, 1320);
    assert_hours("00:00-24:00", 0, 1440);
    assert_hours("23:58-23:59", 1438, 1439);
}

static void anything_else_is_none_and_changes_nothing(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "09:00",
                                        "9:00-22:00",
                                        "09:00-22:0",
                                        "09:00-22:000",
                                        "09:00_22:00",
                                        "09.00-22:00",
                                        "09:00-09:00",
                                        "22:00-09:00",
                                        "09:60-22:00",
                                        "09:00-24:01",
                                        "-9:00-22:00",
                                        "25:00-26:00",
                                        " 9:00-22:00",
                                        "09:00-2a:00"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct hours h = {1, 2};
        assert_false(hours_parse(str_of(texts[i]), &h));
        assert_int_equal(h.opens, 1);
        assert_int_equal(h.closes, 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_times_of_a_day_are_hours),
        cmocka_unit_test(anything_else_is_none_and_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
