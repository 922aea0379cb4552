/* date_test.c - every way of writing a time that files use, and those that could mean two things.
 */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "intake/date.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* As local time of Shanghai; NULL = not a date. */
static void expect_read(const char *format, const char *text, const char *want)
{
    struct arena *a = arena_create(0);
    struct dates d;
    struct date_format f = {.style = DATE_ANY};
    struct moment m;
    char got[48] = "";
    dates_init(&d, zone_open("Asia/Shanghai"));
    if (format) assert_true(date_format_parse(a, str_of(format), &f));
    bool sound = date_read(&d, &f, str_of(text), &m);
    if (sound) time_format(d.zone, m.at, got, sizeof(got));
    if (sound != (want != NULL))
        fail_msg("%s: \"%s\" gives \"%s\"", format ? format : "any", text, got);
    if (want && strncmp(got, want, strlen(want)) != 0)
        fail_msg("%s: \"%s\" gives %s, want %s", format ? format : "any", text, got, want);
    arena_destroy(a);
}

static void dates_of_exports_are_understood(void **state)
{
    (void)state;
    static const char *const list[][2] = {
        {"2024/1/5 9:03", "2024-01-05T09:03:00+08:00"},
        {"2024年1月5日 上午9:03", "2024-01-05T09:03:00+08:00"},
        {"2024年1月5日 下午9:03", "2024-01-05T21:03:00+08:00"},
        {"2024年1月5日上午12:30", "2024-01-05T00:30:00+08:00"},
        {"2024年1月5日 下午12:30", "2024-01-05T12:30:00+08:00"},
        {"2024年1月5日 中午12:30", "2024-01-05T12:30:00+08:00"},
        {"2024年1月5日 中午1点", "2024-01-05T13:00:00+08:00"},
        {"2024年1月5日 凌晨1:05", "2024-01-05T01:05:00+08:00"},
        {"2024年1月5日 晚上8点30分", "2024-01-05T20:30:00+08:00"},
        {"2024年01月05日9时3分7秒", "2024-01-05T09:03:07+08:00"},
        {"2024年1月5日", "2024-01-05T00:00:00+08:00"},
        {"2024年1月5号", "2024-01-05T00:00:00+08:00"},
        {"2024-01-05 09:03:07.0", "2024-01-05T09:03:07+08:00"},
        {"2024-01-05 00:00:00.0", "2024-01-05T00:00:00+08:00"},
        {"2024-01-05 09:03:07.25", "2024-01-05T09:03:07.250+08:00"},
        {"2024-01-05T09:03:07Z", "2024-01-05T17:03:07+08:00"},
        {"2024-01-05T09:03:07+09:00", "2024-01-05T08:03:07+08:00"},
        {"2024-01-05 09:03 +0530", "2024-01-05T11:33:00+08:00"},
        {"2024.1.5", "2024-01-05T00:00:00+08:00"},
        {"2024.1.5 9:03", "2024-01-05T09:03:00+08:00"},
        {"2024/1/5 9:03 PM", "2024-01-05T21:03:00+08:00"},
        {"2024/1/5\xE3\x80\x80"
         "9：03",
         "2024-01-05T09:03:00+08:00"},
        {"20240105", "2024-01-05T00:00:00+08:00"},
        {"20240105090307", "2024-01-05T09:03:07+08:00"},
        {"45296", "2024-01-05T00:00:00+08:00"},
        {"45296.377083333333", "2024-01-05T09:03:00+08:00"},
        {"45296.99999999", "2024-01-06T00:00:00+08:00"},
        {"1704416580", "2024-01-05T09:03:00+08:00"},
        {"1704416580123", "2024-01-05T09:03:00.123+08:00"},
        {"２０２４年１月５日　０９：０３：０７", "2024-01-05T09:03:07+08:00"},
        {"２０２４－０１－０５", "2024-01-05T00:00:00+08:00"},
        {"2024年1月5日 星期五 9:03", "2024-01-05T09:03:00+08:00"},
        {"2024/1/5（周五）上午9:03", "2024-01-05T09:03:00+08:00"},
        {"2024-01-05 星期五", "2024-01-05T00:00:00+08:00"},
    };
    for (size_t i = 0; i < COUNT(list); i++)
        expect_read(NULL, list[i][0], list[i][1]);
}

static void what_could_be_another_day_is_refused(void **state)
{
    (void)state;
    static const char *const list[] = {
        "",
        "1/5/2024",
        "05-01-2024",
        "24-1-5",
        "2024-13-01",
        "2024-02-30",
        "2024-01-05 25:00",
        "2024-01-05 x",
        "2024-01-05 9:60",
        "2024年",
        "123",
        "19999",
        "80000",
        "99999999",
        "2024-01-05T",
        "2024-1-5-6",
        "2024-01-05 09:03:07 +99:00",
        "昨天",
        "2024-01-059:03",
        "2024-01",
        "123456789012",
        "1e5",
        "-45296",
        "2024/1/5 9",
        "2024年1月5日 上午13:05",
        "2024年1月5日 晚上12:30",
        "2024年1月5日 晚上0:30",
        "2024年1月5日 中午5:30",
        "2024/1/5 13:05 AM",
        "2024/1/5 星期",
    };
    for (size_t i = 0; i < COUNT(list); i++)
        expect_read(NULL, list[i], NULL);
}

static void patterns_read_as_strptime_does(void **state)
{
    (void)state;
    static const char *const list[][3] = {
        {"%Y%m%d", "19970131", "1997-01-31T00:00:00+08:00"},
        {"%Y%m%d", "1997013", "1997-01-03T00:00:00+08:00"},
        {"%Y%m%d", "19970132", NULL},
        {"%Y%m%d", "19970131x", NULL},
        {"%d/%m/%Y", "5/1/2024", "2024-01-05T00:00:00+08:00"},
        {"%m/%d/%y %H:%M", "1/5/24 9:03", "2024-01-05T09:03:00+08:00"},
        {"%d-%b-%Y", "05-Jan-2024", "2024-01-05T00:00:00+08:00"},
        {"%d %B %Y", "5 january 2024", "2024-01-05T00:00:00+08:00"},
        {"%a, %d %b %Y %T", "Fri, 05 Jan 2024 09:03:07", "2024-01-05T09:03:07+08:00"},
        {"%F %R", "2024-01-05 09:03", "2024-01-05T09:03:00+08:00"},
        {"%D", "01/05/24", "2024-01-05T00:00:00+08:00"},
        {"%I:%M %p %F", "9:03 PM 2024-01-05", "2024-01-05T21:03:00+08:00"},
        {"%I:%M %p %F", "12:03 AM 2024-01-05", "2024-01-05T00:03:00+08:00"},
        {"%I:%M %p %F", "13:03 PM 2024-01-05", NULL},
        {"%Y-%m-%dT%H:%M:%S%z", "2024-01-05T09:03:07Z", "2024-01-05T17:03:07+08:00"},
        {"%Y-%m-%dT%H:%M:%S%z", "2024-01-05T09:03:07-0500", "2024-01-05T22:03:07+08:00"},
        {"%Y-%m-%dT%H:%M:%S.%f", "2024-01-05T09:03:07.250", "2024-01-05T09:03:07.250+08:00"},
        {"%Y/%j", "2024/60", "2024-02-29T00:00:00+08:00"},
        {"%s", "1704416580", "2024-01-05T09:03:00+08:00"},
        {"%y", "69", "1969-01-01T00:00:00+08:00"},
        {"%y", "68", "2068-01-01T00:00:00+08:00"},
        {"100%% %Y", "100% 2024", "2024-01-01T00:00:00+08:00"},
        {"%Y年%m月%d日", "2024年1月5日", "2024-01-05T00:00:00+08:00"},
        {"%H:%M:%S %F", "23:59:60 2024-01-05", "2024-01-05T23:59:59+08:00"},
        {"iso", "2024-01-05", "2024-01-05T00:00:00+08:00"},
        {"iso", "2024-01-05 09:03", "2024-01-05T09:03:00+08:00"},
        {"iso", "2024-01-05T09:03:00+09:00", "2024-01-05T08:03:00+08:00"},
        {"iso", "2024/01/05", NULL},
        {"iso", "45296", NULL},
        {"epoch", "1704416580", "2024-01-05T09:03:00+08:00"},
        {"epoch", "1704416580.5", "2024-01-05T09:03:00.500+08:00"},
        {"epoch", "-1", NULL},
        {"epoch", "1e300", NULL},
        {"epoch", "x", NULL},
        {"epoch_ms", "1704416580123", "2024-01-05T09:03:00.123+08:00"},
    };
    for (size_t i = 0; i < COUNT(list); i++)
        expect_read(list[i][0], list[i][1], list[i][2]);
}

static void formats_that_are_none_are_refused(void **state)
{
    (void)state;
    static const char *const list[] = {"", "day", "%", "%Q", "%Y-%", "%U", "%%", "EPOCH"};
    struct arena *a = arena_create(0);
    for (size_t i = 0; i < COUNT(list); i++) {
        struct date_format f;
        if (date_format_parse(a, str_of(list[i]), &f)) fail_msg("\"%s\"", list[i]);
    }
    arena_destroy(a);
}

/* Shanghai had summer time from 1986 to 1991: a day of 23 hours and one of 25. */
static void days_with_a_change_of_clocks_are_exact(void **state)
{
    (void)state;
    struct dates d;
    const struct zone *zone = zone_open("Asia/Shanghai");
    dates_init(&d, zone);
    for (int32_t day = civil_day(1986, 1, 1); day < civil_day(1992, 1, 1); day++) {
        for (int hour = 0; hour < 24; hour++) {
            struct civil c = {.hour = hour, .minute = 17};
            civil_from_day(day, &c.year, &c.month, &c.day);
            assert_int_equal(dates_instant(&d, &c), zone_instant(zone, &c));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_of_exports_are_understood),
        cmocka_unit_test(what_could_be_another_day_is_refused),
        cmocka_unit_test(patterns_read_as_strptime_does),
        cmocka_unit_test(formats_that_are_none_are_refused),
        cmocka_unit_test(days_with_a_change_of_clocks_are_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
