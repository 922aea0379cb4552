/* time_test.c - the calendar, times and durations as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "base/time.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void day_numbers_follow_the_calendar(void **unused)
{
    (void)unused;
    int32_t year = -4800, day = civil_day(-4800, 1, 1);
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    for (; year < 4800; year++) {
        bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        for (int month = 1; month <= 12; month++) {
            int length = lengths[month - 1] + (month == 2 && leap);
            for (int mday = 1; mday <= length; mday++, day++) {
                int32_t y;
                int m, d;
                civil_from_day(day, &y, &m, &d);
                bool same =
                    civil_day(year, month, mday) == day && y == year && m == month && d == mday;
                if (!same) fail_msg("%d-%d-%d", year, month, mday);
            }
        }
    }
    assert_int_equal(civil_day(1970, 1, 1), 0);
    assert_int_equal(civil_day(2000, 3, 1), 11017);
}

static void far_days_stay_in_range(void **unused)
{
    (void)unused;
    int32_t year;
    int month, day;
    civil_from_day(INT32_MAX, &year, &month, &day);
    assert_int_equal(civil_day(year, month, day), INT32_MAX);
    civil_from_day(INT32_MIN, &year, &month, &day);
    assert_int_equal(civil_day(year, month, day), INT32_MIN);
    assert_int_equal(civil_day(INT32_MAX, 12, 31), INT32_MAX);
    assert_int_equal(civil_day(INT32_MIN, 1, 1), INT32_MIN);
}

static void weekdays_count_from_monday(void **unused)
{
    (void)unused;
    assert_int_equal(day_of_week(0), 4);
    assert_int_equal(day_of_week(-3), 1);
    assert_int_equal(day_of_week(-4), 7);
    assert_int_equal(day_of_week(civil_day(2025, 1, 31)), 5);
    assert_in_range(day_of_week(INT32_MIN), 1, 7);
    assert_in_range(day_of_week(INT32_MAX), 1, 7);
}

static void dates_that_do_not_exist_are_invalid(void **unused)
{
    (void)unused;
    static const struct civil good[] = {
        {2024, 2, 29, 0, 0, 0, 0},
        {2000, 2, 29, 23, 59, 59, 999},
        {0, 1, 1, 0, 0, 0, 0},
        {9999, 12, 31, 0, 0, 0, 0},
    };
    static const struct civil bad[] = {
        {2023, 2, 29, 0, 0, 0, 0},   {1900, 2, 29, 0, 0, 0, 0}, {2024, 4, 31, 0, 0, 0, 0},
        {2024, 0, 1, 0, 0, 0, 0},    {2024, 13, 1, 0, 0, 0, 0}, {2024, 1, 0, 0, 0, 0, 0},
        {2024, 1, 1, 24, 0, 0, 0},   {2024, 1, 1, 0, 60, 0, 0}, {2024, 1, 1, 0, 0, 60, 0},
        {2024, 1, 1, 0, 0, 0, 1000}, {2024, 1, 1, -1, 0, 0, 0}, {2024, 1, 1, 0, -1, 0, 0},
        {2024, 1, 1, 0, 0, -1, 0},   {2024, 1, 1, 0, 0, 0, -1}, {-1, 1, 1, 0, 0, 0, 0},
        {10000, 1, 1, 0, 0, 0, 0},
    };
    for (size_t i = 0; i < COUNT(good); i++) {
        assert_true(civil_valid(&good[i]));
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        if (civil_valid(&bad[i])) fail_msg("bad[%zu]", i);
    }
}

struct example {
    const char *text;
    int64_t value;
};

static void rfc3339_is_read(void **unused)
{
    (void)unused;
    static const struct example examples[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1970-01-01t00:00:00z", 0},
        {"1970-01-01 00:00:00Z", 0},
        {"1969-12-31T23:59:59.999Z", -1},
        {"2025-01-31T08:00:00+08:00", 1738281600000},
        {"2025-01-31T08:00:00.1+08:00", 1738281600100},
        {"2025-01-31T08:00:00.123999999+08:00", 1738281600123},
        {"2025-01-30T19:30:00-04:30", 1738281600000},
        {"2025-01-31T00:00:00-00:00", 1738281600000},
        {"2016-12-31T23:59:60Z", 1483228799999},
        {"2017-01-01T07:59:60+08:00", 1483228799999},
        {"2024-02-29T12:00:00Z", 1709208000000},
    };
    for (size_t i = 0; i < COUNT(examples); i++) {
        int64_t at = 1;
        if (!time_parse_rfc3339(str_of(examples[i].text), &at) || at != examples[i].value) {
            fail_msg("%s: %lld", examples[i].text, (long long)at);
        }
    }
}

static void other_texts_are_no_rfc3339(void **unused)
{
    (void)unused;
    static const char *const bad[] = {
        "",
        "2025",
        "2025-01-31",
        "2025-01-31T08:00:00",
        "2025-01-31T08:00Z",
        "2025-1-31T08:00:00Z",
        "2025-01-31T8:00:00Z",
        "2025-01-31T08:00:00.Z",
        "2025-01-31T08:00:00.1234567890Z",
        "2025-01-31T08:00:00,5Z",
        "2025-01-31T08:00:00+0800",
        "2025-01-31T08:00:00+08",
        "2025-01-31T08:00:00+24:00",
        "2025-01-31T08:00:00+08:60",
        "2025-01-31T08:00:00 +08:00",
        "2025-01-31T08:00:00Z ",
        " 2025-01-31T08:00:00Z",
        "2025-01-31T08:00:00ZZ",
        "2025-01-31X08:00:00Z",
        "2025-02-29T08:00:00Z",
        "2025-13-01T08:00:00Z",
        "2025-01-31T24:00:00Z",
        "2025-01-31T12:00:60Z",
        "2016-12-31T23:59:61Z",
        "+025-01-31T08:00:00Z",
        "-2025-01-31T08:00:00Z",
        "12025-01-31T08:00:00Z",
        "２０２５-01-31T08:00:00Z",
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        int64_t at = 42;
        bool taken = time_parse_rfc3339(str_of(bad[i]), &at);
        if (taken || at != 42) fail_msg("\"%s\" was read", bad[i]);
    }
    int64_t at;
    assert_false(time_parse_rfc3339((struct str){"2025-01-31T08:00:00\0", 20}, &at));
    assert_false(time_parse_rfc3339((struct str){NULL, 0}, &at));
}

static void every_prefix_of_a_time_is_read_within_its_bounds(void **unused)
{
    (void)unused;
    const char *whole = "2025-01-31T08:00:00.123456789+08:00";
    for (size_t len = 0; len <= strlen(whole); len++) {
        char *copy = test_malloc(len + 1);
        memcpy(copy, whole, len);
        int64_t at;
        bool taken = time_parse_rfc3339((struct str){copy, len}, &at);
        assert_int_equal(taken, len == strlen(whole));
        test_free(copy);
    }
}

static void a_date_is_its_first_instant_in_the_zone(void **unused)
{
    (void)unused;
    const struct zone *z = zone_open("Asia/Shanghai");
    int64_t at = 0;
    assert_true(time_parse(z, STR("2025-01-31"), &at));
    assert_int_equal(at, 1738281600000 - 8 * TIME_HOUR);
    assert_true(time_parse(z, STR("2025-01-31T00:00:00Z"), &at));
    assert_int_equal(at, 1738281600000);
    assert_true(time_parse(zone_open("America/Sao_Paulo"), STR("2018-11-04"), &at));
    assert_int_equal(at, 1541300400000);
    assert_false(time_parse(z, STR("2025-02-30"), &at));
    assert_false(time_parse(z, STR("2025/01/31"), &at));
    assert_false(time_parse(z, STR("2025-01-3x"), &at));
    assert_false(time_parse(z, STR(""), &at));
}

static void assert_formats(const char *name, int64_t at, const char *expected)
{
    char text[40];
    size_t len = time_format(zone_open(name), at, text, sizeof(text));
    assert_string_equal(text, expected);
    assert_int_equal(len, strlen(expected));
}

static void times_are_written_with_their_offset(void **unused)
{
    (void)unused;
    assert_formats("Asia/Shanghai", 1738281600000, "2025-01-31T08:00:00+08:00");
    assert_formats("Asia/Shanghai", 1738281600007, "2025-01-31T08:00:00.007+08:00");
    assert_formats("UTC", -1, "1969-12-31T23:59:59.999+00:00");
    assert_formats("America/St_Johns", 1738281600000, "2025-01-30T20:30:00-03:30");
    assert_formats("Asia/Shanghai", -2208988800000, "1900-01-01T08:05:00+08:05");
    assert_formats("UTC", TIME_NONE, "0000-01-02T00:00:00+00:00");
    assert_formats("UTC", INT64_MAX, "9999-12-30T23:59:59.999+00:00");
}

static void times_written_read_back(void **unused)
{
    (void)unused;
    static const char *const zones[] = {"UTC",          "Asia/Shanghai",  "America/New_York",
                                        "Pacific/Apia", "Asia/Kathmandu", "Africa/Monrovia"};
    for (size_t i = 0; i < COUNT(zones); i++) {
        const struct zone *z = zone_open(zones[i]);
        assert_non_null(z);
        for (int64_t at = -62135596800000; at < 253402000000000; at += 12345678987) {
            char text[40];
            int64_t back = 0;
            size_t len = time_format(z, at, text, sizeof(text));
            if (!time_parse_rfc3339((struct str){text, len}, &back) || back != at) {
                fail_msg("%s %s", zones[i], text);
            }
        }
    }
}

static void durations_are_read(void **unused)
{
    (void)unused;
    static const struct example examples[] = {
        {"90d", 90 * TIME_DAY}, {"12h", 12 * TIME_HOUR},      {"5m", 5 * TIME_MINUTE},
        {"45s", 45000},         {"2w", 14 * TIME_DAY},        {"0s", 0},
        {"007d", 7 * TIME_DAY}, {"36500d", 36500 * TIME_DAY}, {"876000h", 36500 * TIME_DAY},
    };
    static const char *const bad[] = {"",
                                      "d",
                                      "5",
                                      "-5d",
                                      "+5d",
                                      "5 d",
                                      " 5d",
                                      "5d ",
                                      "1.5d",
                                      "5D",
                                      "5ms",
                                      "1d12h",
                                      "5x",
                                      "5y",
                                      "36501d",
                                      "876001h",
                                      "99999999999999999999s",
                                      "5215w"};
    for (size_t i = 0; i < COUNT(examples); i++) {
        int64_t ms = -1;
        if (!duration_parse(str_of(examples[i].text), &ms) || ms != examples[i].value) {
            fail_msg("%s: %lld", examples[i].text, (long long)ms);
        }
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        int64_t ms = -1;
        if (duration_parse(str_of(bad[i]), &ms) || ms != -1) fail_msg("\"%s\" was read", bad[i]);
    }
}

static void durations_are_written_in_the_largest_unit(void **unused)
{
    (void)unused;
    static const struct example examples[] = {
        {"90d", 90 * TIME_DAY},
        {"2w", 14 * TIME_DAY},
        {"36h", 36 * TIME_HOUR},
        {"90m", 5400000},
        {"61s", 61000},
        {"1500ms", 1500},
        {"0s", 0},
        {"-1d", -TIME_DAY},
        {"1d", TIME_DAY},
        {"36500d", 36500 * TIME_DAY},
    };
    for (size_t i = 0; i < COUNT(examples); i++) {
        char text[40];
        duration_format(examples[i].value, text, sizeof(text));
        assert_string_equal(text, examples[i].text);
    }
    char small[4];
    duration_format(36500 * TIME_DAY, small, sizeof(small));
    assert_string_equal(small, "365");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(day_numbers_follow_the_calendar),
        cmocka_unit_test(far_days_stay_in_range),
        cmocka_unit_test(weekdays_count_from_monday),
        cmocka_unit_test(dates_that_do_not_exist_are_invalid),
        cmocka_unit_test(rfc3339_is_read),
        cmocka_unit_test(other_texts_are_no_rfc3339),
        cmocka_unit_test(every_prefix_of_a_time_is_read_within_its_bounds),
        cmocka_unit_test(a_date_is_its_first_instant_in_the_zone),
        cmocka_unit_test(times_are_written_with_their_offset),
        cmocka_unit_test(times_written_read_back),
        cmocka_unit_test(durations_are_read),
        cmocka_unit_test(durations_are_written_in_the_largest_unit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
