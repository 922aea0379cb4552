/* buckets_test.c - days that are not 24 hours long, and the search against a walk. */
#include "insight/run.h"

#include "base/cpu.h"
#include "base/env.h"
#include "insight/buckets.h"

static int64_t instant(const char *text)
{
    int64_t at;
    assert_true(time_parse_rfc3339(str_of(text), &at));
    return at;
}

static void expect_day_lengths(const char *zone, const char *from, const int *hours, size_t count)
{
    struct buckets b;
    int64_t start;
    assert_true(time_parse(zone_open(zone), str_of(from), &start));
    assert_true(buckets_init(
        &b, RANGE(zone_open(zone), UNIT_DAY, start, start + (int64_t)count * TIME_DAY, 0, 0), 100));
    assert_true(b.count >= count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal((b.starts[i + 1] - b.starts[i]) / TIME_HOUR, hours[i]);
    }
    buckets_finish(&b);
}

static void days_follow_clock_changes(void **state)
{
    (void)state;
    expect_day_lengths("Europe/Berlin", "2025-03-29", (int[]){24, 23, 24}, 3);
    expect_day_lengths("Europe/Berlin", "2025-10-25", (int[]){24, 25, 24}, 3);
    expect_day_lengths("America/Sao_Paulo", "2018-02-16", (int[]){24, 25, 24}, 3);
    expect_day_lengths("America/Sao_Paulo", "2018-11-03", (int[]){24, 23, 24}, 3);
    expect_day_lengths("Asia/Shanghai", "2025-01-01", (int[]){24, 24, 24}, 3);
}

static void a_day_that_a_zone_skips_is_no_bucket(void **state)
{
    (void)state;
    struct buckets b;
    const struct zone *z = zone_open("Pacific/Apia");
    assert_true(buckets_init(&b,
                             RANGE(z, UNIT_DAY, instant("2011-12-28T12:00:00-10:00"),
                                   instant("2012-01-01T12:00:00+14:00"), 0, 0),
                             100));
    assert_int_equal(b.count, 4);
    assert_int_equal(b.starts[1], instant("2011-12-29T00:00:00-10:00"));
    assert_int_equal(b.starts[2], instant("2011-12-31T00:00:00+14:00"));
    buckets_finish(&b);
}

static void an_hour_that_comes_twice_is_two_buckets(void **state)
{
    (void)state;
    struct buckets b;
    const struct zone *z = zone_open("Europe/Berlin");
    int64_t from = instant("2025-10-26T00:00:00+02:00");
    assert_true(buckets_init(&b, RANGE(z, UNIT_HOUR, from, from + 25 * TIME_HOUR, 0, 0), 100));
    assert_int_equal(b.count, 25);
    buckets_finish(&b);
}

static void the_range_may_begin_inside_a_bucket(void **state)
{
    (void)state;
    struct buckets b;
    const struct zone *z = zone_open("UTC");
    int64_t from = instant("2025-01-15T10:00:00Z");
    assert_true(
        buckets_init(&b, RANGE(z, UNIT_MONTH, from, instant("2025-03-01T00:00:00Z"), 1, 2), 10));
    assert_int_equal(b.count, 5);
    assert_int_equal(b.starts[0], instant("2024-12-01T00:00:00Z"));
    assert_int_equal(b.starts[1], instant("2025-01-01T00:00:00Z"));
    assert_int_equal(b.starts[5], instant("2025-05-01T00:00:00Z"));
    buckets_finish(&b);
}

static void an_empty_range_has_no_buckets(void **state)
{
    (void)state;
    struct buckets b;
    assert_true(buckets_init(&b, RANGE(zone_open("UTC"), UNIT_DAY, 5, 5, 3, 3), 10));
    assert_int_equal(b.count, 0);
    buckets_finish(&b);
}

static void too_many_buckets_are_refused(void **state)
{
    (void)state;
    struct buckets b;
    const struct zone *z = zone_open("UTC");
    assert_true(buckets_init(&b, RANGE(z, UNIT_DAY, 0, 10 * TIME_DAY, 0, 0), 10));
    buckets_finish(&b);
    assert_false(buckets_init(&b, RANGE(z, UNIT_DAY, 0, 10 * TIME_DAY + 1, 0, 0), 10));
    assert_false(buckets_init(
        &b,
        RANGE(z, UNIT_HOUR, instant("0000-01-01T00:00:00Z"), instant("9999-12-31T00:00:00Z"), 0, 0),
        50000));
}

static void finding_equals_walking(void **state)
{
    (void)state;
    static const char *const zones[] = {
        "UTC",          "Asia/Shanghai",  "Europe/Berlin", "America/St_Johns", "America/Sao_Paulo",
        "Pacific/Apia", "Africa/Monrovia"};
    struct rng rng;
    seed_rng(&rng, "finding_equals_walking");
    for (int round = 0; round < 200; round++) {
        const struct zone *z = zone_open(zones[rng_below(&rng, 7)]);
        enum time_unit unit = (enum time_unit)rng_below(&rng, 4);
        int64_t from =
            (int64_t)rng_below(&rng, 50 * 365) * TIME_DAY + (int64_t)rng_below(&rng, 9e7);
        int64_t to = from + 1 + (int64_t)rng_below(&rng, 60 * (uint64_t)TIME_DAY);
        struct buckets b;
        assert_true(buckets_init(&b, RANGE(z, unit, from, to, 1, 1), 50000));
        for (int i = 0; i < 200; i++) {
            uint64_t length = (uint64_t)(b.starts[b.count] - b.starts[0]);
            int64_t at = b.starts[0] + (int64_t)rng_below(&rng, length);
            if (i < (int)b.count) at = b.starts[i]; /* the very first instants too */
            uint32_t want = 0;
            while (at >= b.starts[want + 1]) {
                want++;
            }
            uint32_t all;
            buckets_find_all(&b, &at, 1, &all);
            assert_int_equal(buckets_find(&b, at), want);
            assert_int_equal(all, want);
        }
        buckets_finish(&b);
    }
}

/* Where buckets are of one length, every first and last millisecond of 50,000 of them. */
static void edges_of_equal_buckets_are_exact(void **state)
{
    (void)state;
    for (enum time_unit unit = UNIT_HOUR; unit <= UNIT_WEEK; unit++) {
        struct buckets b;
        int64_t length = unit == UNIT_HOUR ? TIME_HOUR : unit == UNIT_DAY ? TIME_DAY : 7 * TIME_DAY;
        int64_t from = 4 * TIME_DAY; /* a Monday */
        int64_t to = from + 49999 * length;
        assert_true(buckets_init(&b, RANGE(zone_open("UTC"), unit, from, to, 0, 0), 50000));
        for (size_t i = 0; i < b.count; i++) {
            assert_int_equal(buckets_find(&b, b.starts[i]), i);
            assert_int_equal(buckets_find(&b, b.starts[i + 1] - 1), i);
        }
        buckets_finish(&b);
    }
}

static void changes_are_those_of_one_by_one(void **state)
{
    (void)state;
    struct rng rng;
    rng_init(&rng, 8);
    for (uint32_t round = 0; round < 2000; round++) {
        uint32_t v[70], want[70], got[70], count = 0;
        uint32_t n = (uint32_t)rng_below(&rng, 70), last = (uint32_t)rng_below(&rng, 3);
        uint64_t same = 1 + rng_below(&rng, 30);
        for (uint32_t i = 0; i < n; i++) {
            v[i] = rng_below(&rng, same) ? (i ? v[i - 1] : last) : (uint32_t)rng_below(&rng, 5);
            if (v[i] != (i ? v[i - 1] : last)) want[count++] = v[i];
        }
        for (int level = CPU_PLAIN; level <= CPU_AVX512; level++) {
            cpu_limit((enum cpu_level)level);
            memcpy(got, v, sizeof(v));
            assert_int_equal(buckets_changes(got, n, last), count);
            assert_memory_equal(got, want, count * sizeof(want[0]));
        }
        cpu_limit(CPU_AVX512);
    }
}

static void seen_are_those_of_one_by_one(void **state)
{
    (void)state;
    struct rng rng;
    struct buckets b;
    rng_init(&rng, 9);
    for (enum time_unit unit = UNIT_DAY; unit <= UNIT_MONTH; unit++) {
        int64_t from = 4 * TIME_DAY, to = from + 90 * 30 * TIME_DAY;
        assert_true(
            buckets_init(&b, RANGE(zone_open("Europe/Berlin"), unit, from, to, 0, 0), 9999));
        for (uint32_t round = 0; round < 500; round++) {
            int64_t at[70];
            uint32_t n = (uint32_t)rng_below(&rng, 70);
            uint32_t first = (uint32_t)rng_below(&rng, b.count - 63);
            uint64_t want = 0;
            for (uint32_t i = 0; i < n; i++) {
                uint64_t length = (uint64_t)(b.starts[first + 64] - b.starts[first]);
                at[i] = b.starts[first] + (int64_t)rng_below(&rng, length);
                want |= UINT64_C(1) << (buckets_find(&b, at[i]) - first);
            }
            for (int level = CPU_PLAIN; level <= CPU_AVX512; level++) {
                cpu_limit((enum cpu_level)level);
                assert_true(buckets_seen(&b, at, n, first) == want);
            }
            cpu_limit(CPU_AVX512);
        }
        buckets_finish(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_follow_clock_changes),
        cmocka_unit_test(a_day_that_a_zone_skips_is_no_bucket),
        cmocka_unit_test(an_hour_that_comes_twice_is_two_buckets),
        cmocka_unit_test(the_range_may_begin_inside_a_bucket),
        cmocka_unit_test(an_empty_range_has_no_buckets),
        cmocka_unit_test(too_many_buckets_are_refused),
        cmocka_unit_test(finding_equals_walking),
        cmocka_unit_test(edges_of_equal_buckets_are_exact),
        cmocka_unit_test(changes_are_those_of_one_by_one),
        cmocka_unit_test(seen_are_those_of_one_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
