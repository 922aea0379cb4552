/* zone_test.c - zones against glibc, and against what is known of particular clock changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>
#include <pthread.h>

#include "base/time.h"

static const char *const names[] = {
    "UTC",
    "Asia/Shanghai",
    "America/New_York",
    "America/St_Johns",
    "America/Havana",
    "America/Sao_Paulo",
    "Pacific/Apia",
    "Pacific/Kwajalein",
    "Africa/Casablanca",
    "Asia/Kathmandu",
    "Asia/Tehran",
    "Australia/Lord_Howe",
    "Antarctica/Troll",
    "Europe/London",
};
#define NAME_COUNT (sizeof(names) / sizeof(names[0]))
#define YEAR_1900 (INT64_C(-2208988800) * TIME_SECOND)
#define YEAR_2190 (INT64_C(6942499200) * TIME_SECOND)

static uint64_t state;

static uint64_t random_u64(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static int64_t random_instant(void)
{
    return YEAR_1900 + (int64_t)(random_u64() % (uint64_t)(YEAR_2190 - YEAR_1900));
}

static int seed(void **unused)
{
    (void)unused;
    const char *given = getenv("SEED");
    state = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL) * 2654435761u;
    if (state == 0) state = 1;
    print_message("SEED=%llu\n", (unsigned long long)state);
    return 0;
}

static const struct zone *zone(const char *name)
{
    const struct zone *z = zone_open(name);
    if (!z) fail_msg("no zone %s", name);
    return z;
}

static int64_t instant(const char *text)
{
    int64_t at = 0;
    if (!time_parse_rfc3339(str_of(text), &at)) fail_msg("%s", text);
    return at;
}

static int32_t day_of(const char *date)
{
    int64_t at = 0;
    assert_true(time_parse(zone("UTC"), str_of(date), &at));
    return (int32_t)(at / TIME_DAY);
}

static void names_that_are_not_ianas_are_refused(void **unused)
{
    (void)unused;
    static const char *const bad[] = {
        "",
        "Z",
        "+08:00",
        "-05",
        "EST5",
        "GMT+8",
        "UTC+8",
        "CST-8",
        "Foo/Bar",
        "asia/shanghai",
        "America",
        "America/",
        "localtime",
        "posixrules",
        "right/Asia/Shanghai",
        "/etc/zone",
        "../UTC",
        "Asia/../UTC",
        ":UTC",
        "EST5EDT,M3.2.0,M11.1.0",
        " UTC",
        "UTC ",
        "Asia/Shanghai\n",
        "zone.tab",
        "Europe/London/x",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (zone_open(bad[i])) fail_msg("\"%s\" was opened", bad[i]);
    }
}

static void a_zone_is_opened_once(void **unused)
{
    (void)unused;
    const struct zone *z = zone("Asia/Shanghai");
    assert_ptr_equal(z, zone_open("Asia/Shanghai"));
    assert_string_equal(zone_name(z), "Asia/Shanghai");
}

static void *open_all(void *out)
{
    const struct zone **zones = out;
    for (size_t i = 0; i < NAME_COUNT; i++) {
        zones[i] = zone_open(names[i]);
    }
    return NULL;
}

static void threads_share_zones(void **unused)
{
    (void)unused;
    static const struct zone *seen[4][NAME_COUNT];
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, open_all, seen[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
    for (size_t i = 0; i < NAME_COUNT; i++) {
        assert_non_null(seen[0][i]);
        for (int k = 1; k < 4; k++) {
            assert_ptr_equal(seen[0][i], seen[k][i]);
        }
    }
}

static void offsets_and_civil_times_equal_glibcs(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < NAME_COUNT; i++) {
        const struct zone *z = zone(names[i]);
        setenv("TZ", names[i], 1);
        tzset();
        for (int k = 0; k < 20000; k++) {
            int64_t at = random_instant() / 1000 * 1000;
            time_t second = at / 1000;
            struct tm tm;
            localtime_r(&second, &tm);
            struct civil c = zone_civil(z, at + 7);
            bool same = zone_offset(z, at) == tm.tm_gmtoff && c.year == tm.tm_year + 1900 &&
                        c.month == tm.tm_mon + 1 && c.day == tm.tm_mday && c.hour == tm.tm_hour &&
                        c.minute == tm.tm_min && c.second == tm.tm_sec && c.ms == 7 &&
                        day_of_week(zone_day(z, at)) % 7 == tm.tm_wday;
            if (!same) fail_msg("%s at %lld", names[i], (long long)at);
        }
    }
}

struct change {
    const char *zone;
    const char *at;        /* first instant of the new offset */
    int32_t before, after; /* seconds */
};

static void clocks_change_at_the_very_millisecond(void **unused)
{
    (void)unused;
    static const struct change changes[] = {
        {"Asia/Shanghai", "1986-05-03T18:00:00Z", 28800, 32400},
        {"Asia/Shanghai", "1986-09-13T17:00:00Z", 32400, 28800},
        {"Asia/Shanghai", "1991-04-13T18:00:00Z", 28800, 32400},
        {"Asia/Shanghai", "1991-09-14T17:00:00Z", 32400, 28800},
        {"America/New_York", "2024-03-10T07:00:00Z", -18000, -14400},
        {"America/New_York", "2024-11-03T06:00:00Z", -14400, -18000},
        {"America/New_York", "2150-03-08T07:00:00Z", -18000, -14400},
        {"Pacific/Apia", "2011-12-30T10:00:00Z", -36000, 50400},
        {"Africa/Casablanca", "2024-03-10T02:00:00Z", 3600, 0},
        {"Africa/Casablanca", "2024-04-14T02:00:00Z", 0, 3600},
        {"Asia/Kathmandu", "1985-12-31T18:30:00Z", 19800, 20700},
        {"Australia/Lord_Howe", "2024-04-06T15:00:00Z", 39600, 37800},
    };
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        const struct change *c = &changes[i];
        const struct zone *z = zone(c->zone);
        assert_int_equal(zone_offset(z, instant(c->at) - 1), c->before);
        assert_int_equal(zone_offset(z, instant(c->at)), c->after);
    }
}

static void shanghai_has_had_no_daylight_saving_since_1991(void **unused)
{
    (void)unused;
    const struct zone *z = zone("Asia/Shanghai");
    for (int64_t at = instant("1991-09-14T17:00:00Z"); at < YEAR_2190; at += 12345678901) {
        assert_int_equal(zone_offset(z, at), 28800);
    }
}

static void assert_starts(const char *name, const char *date, const char *start)
{
    int64_t at = zone_day_start(zone(name), day_of(date));
    char text[40];
    time_format(zone("UTC"), at, text, sizeof(text));
    if (at != instant(start)) fail_msg("%s %s starts at %s", name, date, text);
}

static void a_day_without_midnight_starts_after_the_gap(void **unused)
{
    (void)unused;
    assert_starts("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z");
    assert_starts("Asia/Kathmandu", "1986-01-01", "1985-12-31T18:30:00Z");
    assert_starts("Asia/Shanghai", "1986-05-04", "1986-05-03T16:00:00Z");
    assert_starts("Asia/Shanghai", "1986-05-05", "1986-05-04T15:00:00Z");
}

static void a_day_with_two_midnights_starts_at_the_first(void **unused)
{
    (void)unused;
    assert_starts("America/Havana", "2024-11-03", "2024-11-03T04:00:00Z");
    assert_starts("America/Havana", "2024-11-04", "2024-11-04T05:00:00Z");
}

static void the_day_apia_skipped_is_empty(void **unused)
{
    (void)unused;
    const struct zone *z = zone("Pacific/Apia");
    int64_t change = instant("2011-12-30T10:00:00Z");
    assert_starts("Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z");
    assert_starts("Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00Z");
    assert_int_equal(zone_day(z, change - 1), day_of("2011-12-29"));
    assert_int_equal(zone_day(z, change), day_of("2011-12-31"));
    int64_t start = zone_bucket_start(z, UNIT_DAY, change - 1);
    assert_int_equal(zone_bucket_next(z, UNIT_DAY, start), change);
    assert_int_equal(zone_bucket_next(z, UNIT_DAY, change), instant("2011-12-31T10:00:00Z"));
}

/* Offsets, days and starts around every change of offset that a week's step finds, and far from
 * any. */
static void day_starts_are_first_instants(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < NAME_COUNT; i++) {
        const struct zone *z = zone(names[i]);
        for (int64_t at = YEAR_1900; at < YEAR_2190; at += TIME_WEEK) {
            bool changes = zone_offset(z, at) != zone_offset(z, at + TIME_WEEK);
            int32_t day = zone_day(z, at);
            for (int32_t d = day; d < day + (changes ? 9 : 1); d++) {
                int64_t start = zone_day_start(z, d);
                bool skipped = zone_day(z, start) != d;
                if (skipped) assert_int_equal(start, zone_day_start(z, d + 1));
                if (zone_day(z, start) < d || zone_day(z, start - 1) >= d) {
                    fail_msg("%s day %d", names[i], d);
                }
            }
        }
    }
}

static void check_bucket(const struct zone *z, enum time_unit unit, int64_t at)
{
    int64_t start = zone_bucket_start(z, unit, at);
    int64_t next = zone_bucket_next(z, unit, start);
    bool good = start <= at && at < next && zone_bucket_start(z, unit, start) == start &&
                zone_bucket_start(z, unit, next - 1) == start &&
                zone_bucket_start(z, unit, next) == next;
    if (!good) {
        fail_msg("%s unit %d at %lld: %lld to %lld", zone_name(z), (int)unit, (long long)at,
                 (long long)start, (long long)next);
    }
}

static void buckets_hold_every_instant_once(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < NAME_COUNT; i++) {
        const struct zone *z = zone(names[i]);
        for (int unit = UNIT_HOUR; unit <= UNIT_MONTH; unit++) {
            for (int k = 0; k < 2000; k++) {
                check_bucket(z, (enum time_unit)unit, random_instant());
            }
            for (int64_t at = YEAR_1900; at < YEAR_2190; at += 8 * TIME_DAY) {
                if (zone_offset(z, at) == zone_offset(z, at + 8 * TIME_DAY)) continue;
                for (int64_t k = 0; k < 8 * 24 * 4; k++) {
                    check_bucket(z, (enum time_unit)unit, at + k * 15 * TIME_MINUTE + 59999);
                }
            }
        }
    }
}

static void a_repeated_hour_is_two_buckets(void **unused)
{
    (void)unused;
    const struct zone *z = zone("America/New_York");
    int64_t first = instant("2024-11-03T05:00:00Z"); /* 01:00 daylight time */
    assert_int_equal(zone_bucket_start(z, UNIT_HOUR, first + 30 * TIME_MINUTE), first);
    assert_int_equal(zone_bucket_next(z, UNIT_HOUR, first), first + TIME_HOUR);
    assert_int_equal(zone_bucket_start(z, UNIT_HOUR, first + 90 * TIME_MINUTE), first + TIME_HOUR);
    assert_int_equal(zone_civil(z, first).hour, 1);
    assert_int_equal(zone_civil(z, first + TIME_HOUR).hour, 1);
}

static void hours_are_local_hours(void **unused)
{
    (void)unused;
    const struct zone *z = zone("Asia/Kathmandu");
    int64_t at = instant("2024-01-01T10:20:00+05:45");
    assert_int_equal(zone_bucket_start(z, UNIT_HOUR, at), instant("2024-01-01T10:00:00+05:45"));
}

static void weeks_start_on_monday_and_months_on_the_first(void **unused)
{
    (void)unused;
    const struct zone *z = zone("Asia/Shanghai");
    int64_t sunday = instant("2025-03-02T23:59:59.999+08:00");
    int64_t monday = instant("2025-02-24T00:00:00+08:00");
    assert_int_equal(zone_bucket_start(z, UNIT_WEEK, sunday), monday);
    assert_int_equal(zone_bucket_next(z, UNIT_WEEK, monday), sunday + 1);
    int64_t march = instant("2025-03-01T00:00:00+08:00");
    assert_int_equal(zone_bucket_start(z, UNIT_MONTH, sunday), march);
    assert_int_equal(zone_bucket_next(z, UNIT_MONTH, march), instant("2025-04-01T00:00:00+08:00"));
    assert_int_equal(zone_bucket_next(z, UNIT_MONTH, instant("2024-12-01T00:00:00+08:00")),
                     instant("2025-01-01T00:00:00+08:00"));
}

static void local_times_lead_back_to_their_instant(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < NAME_COUNT; i++) {
        const struct zone *z = zone(names[i]);
        for (int k = 0; k < 20000; k++) {
            int64_t at = random_instant();
            struct civil c = zone_civil(z, at);
            assert_true(civil_valid(&c));
            int64_t back = zone_instant(z, &c);
            struct civil again = zone_civil(z, back);
            bool same_text = again.year == c.year && again.month == c.month && again.day == c.day &&
                             again.hour == c.hour && again.minute == c.minute &&
                             again.second == c.second && again.ms == c.ms;
            if (back > at || !same_text) fail_msg("%s at %lld", names[i], (long long)at);
        }
    }
}

static void gaps_end_and_repeats_begin(void **unused)
{
    (void)unused;
    const struct zone *z = zone("America/New_York");
    struct civil gap = {2024, 3, 10, 2, 30, 0, 0};
    assert_int_equal(zone_instant(z, &gap), instant("2024-03-10T07:00:00Z"));
    struct civil twice = {2024, 11, 3, 1, 30, 0, 0};
    assert_int_equal(zone_instant(z, &twice), instant("2024-11-03T05:30:00Z"));
}

static void extreme_instants_are_bounded(void **unused)
{
    (void)unused;
    static const int64_t extremes[] = {INT64_MIN, INT64_MIN + 1, INT64_MAX - 1, INT64_MAX};
    for (size_t i = 0; i < NAME_COUNT; i++) {
        const struct zone *z = zone(names[i]);
        for (size_t k = 0; k < 4; k++) {
            bool past = extremes[k] < 0;
            assert_true(past ? zone_day(z, extremes[k]) < -1000000000
                             : zone_day(z, extremes[k]) > 1000000000);
            for (int unit = UNIT_HOUR; unit <= UNIT_MONTH; unit++) {
                int64_t start = zone_bucket_start(z, (enum time_unit)unit, extremes[k]);
                assert_true(zone_bucket_next(z, (enum time_unit)unit, start) > start);
            }
            struct civil c = zone_civil(z, extremes[k]);
            assert_true(past ? c.year < -3000000 : c.year > 3000000);
        }
        assert_true(zone_day_start(z, INT32_MAX) > zone_day_start(z, INT32_MIN));
        struct civil far = {INT32_MAX, 12, 31, 23, 59, 59, 999};
        assert_true(zone_instant(z, &far) > 0);
        far.year = INT32_MIN;
        assert_true(zone_instant(z, &far) < 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_that_are_not_ianas_are_refused),
        cmocka_unit_test(a_zone_is_opened_once),
        cmocka_unit_test(threads_share_zones),
        cmocka_unit_test(offsets_and_civil_times_equal_glibcs),
        cmocka_unit_test(clocks_change_at_the_very_millisecond),
        cmocka_unit_test(shanghai_has_had_no_daylight_saving_since_1991),
        cmocka_unit_test(a_day_without_midnight_starts_after_the_gap),
        cmocka_unit_test(a_day_with_two_midnights_starts_at_the_first),
        cmocka_unit_test(the_day_apia_skipped_is_empty),
        cmocka_unit_test(day_starts_are_first_instants),
        cmocka_unit_test(buckets_hold_every_instant_once),
        cmocka_unit_test(a_repeated_hour_is_two_buckets),
        cmocka_unit_test(hours_are_local_hours),
        cmocka_unit_test(weeks_start_on_monday_and_months_on_the_first),
        cmocka_unit_test(local_times_lead_back_to_their_instant),
        cmocka_unit_test(gaps_end_and_repeats_begin),
        cmocka_unit_test(extreme_instants_are_bounded),
    };
    return cmocka_run_group_tests(tests, seed, NULL);
}
