/* retention_kernel_test.c - births, returns and periods by hand; then every kind of retention
 * against a model that looks at each pair of birth and return. */
#include "insight/run.h"

#include "base/cpu.h"
#include "insight/retention_kernel.h"

#define BIRTH 1u
#define RETURN 2u
#define BOTH 3u
#define DAY TIME_DAY

static struct run run;
static struct buckets buckets;
static struct retention table;

static struct retention_settings settings(enum retention_first first, enum retention_type type,
                                          bool elapsed, uint32_t periods)
{
    return (struct retention_settings){.first = first,
                                       .type = type,
                                       .elapsed = elapsed,
                                       .nth = 1,
                                       .periods = periods,
                                       .period_ms = DAY,
                                       .from = 0,
                                       .to = 10 * DAY,
                                       .zone = zone_open("UTC"),
                                       .buckets = &buckets};
}

static void compute(struct retention_settings *s, enum time_unit unit, uint32_t pieces)
{
    assert_true(buckets_init(&buckets, RANGE(s->zone, unit, s->from, s->to, 0, s->periods), 50000));
    s->cohorts = (uint32_t)buckets.count - s->periods;
    run_kernel(&run, &retention_kernel, s, pieces, 2, &table);
}

static void release(void)
{
    retention_kernel.finish(&table);
    buckets_finish(&buckets);
}

static void expect_row(uint32_t cohort, uint64_t size, const uint64_t *returned)
{
    const struct retention_settings *s = table.settings;
    assert_int_equal(table.sizes[cohort], size);
    for (uint32_t k = 0; k < s->periods; k++) {
        assert_int_equal(table.returned[cohort * s->periods + k], returned[k]);
    }
}

static void begin(void)
{
    run_reset(&run);
    run_member(&run, 1);
}

static void a_birth_is_no_return_of_its_own_but_the_next_event_is(void **state)
{
    (void)state;
    struct retention_settings s = settings(RETENTION_EVER, RETENTION_CLASSIC, false, 3);
    begin();
    run_row(&run, 5, 1, BOTH);
    compute(&s, UNIT_DAY, 1);
    expect_row(0, 1, (uint64_t[]){0, 0, 0});
    release();
    run_row(&run, 5, 1, BOTH); /* the same millisecond */
    compute(&s, UNIT_DAY, 1);
    expect_row(0, 1, (uint64_t[]){1, 0, 0});
    release();
}

static void calendar_days_and_elapsed_days_differ(void **state)
{
    (void)state;
    struct retention_settings s = settings(RETENTION_EVER, RETENTION_CLASSIC, false, 3);
    begin();
    run_row(&run, DAY - 1, 1, BIRTH);
    run_row(&run, DAY, 1, RETURN); /* next calendar day, a millisecond later */
    run_row(&run, 2 * DAY - 2, 1, RETURN);
    compute(&s, UNIT_DAY, 1);
    expect_row(0, 1, (uint64_t[]){0, 1, 0});
    release();
    s.elapsed = true;
    compute(&s, UNIT_DAY, 1);
    expect_row(0, 1, (uint64_t[]){1, 0, 0});
    release();
    run_row(&run, 2 * DAY - 1, 1, RETURN); /* 24 h to the millisecond */
    compute(&s, UNIT_DAY, 1);
    expect_row(0, 1, (uint64_t[]){1, 1, 0});
    release();
}

static void rolling_counts_every_period_up_to_the_last_return(void **state)
{
    (void)state;
    struct retention_settings s = settings(RETENTION_EVER, RETENTION_ROLLING, false, 4);
    begin();
    run_row(&run, 0, 1, BIRTH);
    run_row(&run, 2 * DAY, 1, RETURN);
    compute(&s, UNIT_DAY, 1);
    expect_row(0, 1, (uint64_t[]){1, 1, 1, 0});
    release();
    run_row(&run, 300 * DAY, 1, RETURN); /* behind the table */
    compute(&s, UNIT_DAY, 1);
    expect_row(0, 1, (uint64_t[]){1, 1, 1, 1});
    release();
}

static void brackets_are_open_below_and_closed_above(void **state)
{
    (void)state;
    static const int64_t days[] = {1, 3, 7};
    struct retention_settings s = settings(RETENTION_EVER, RETENTION_BRACKET, true, 3);
    s.brackets = days;
    begin();
    run_row(&run, 100, 1, BIRTH);
    run_row(&run, 100, 1, RETURN); /* no time has passed: in none */
    run_row(&run, 100 + DAY, 1, RETURN);
    run_row(&run, 101 + 3 * DAY, 1, RETURN);
    compute(&s, UNIT_DAY, 1);
    expect_row(0, 1, (uint64_t[]){1, 0, 1});
    release();
    s.elapsed = false;
    begin();
    run_row(&run, 100, 1, BIRTH);
    run_row(&run, 200, 1, RETURN);         /* day 0: in none */
    run_row(&run, 4 * DAY - 1, 1, RETURN); /* day 3 */
    compute(&s, UNIT_DAY, 1);
    expect_row(0, 1, (uint64_t[]){0, 1, 0});
    release();
}

static void which_birth_counts(void **state)
{
    (void)state;
    struct retention_settings s = settings(RETENTION_EVER, RETENTION_CLASSIC, false, 2);
    s.from = 2 * DAY;
    s.to = 6 * DAY;
    begin();
    run_row(&run, 0, 1, BIRTH);
    run_row(&run, 2 * DAY, 1, BIRTH);
    run_row(&run, 2 * DAY + 1, 1, BIRTH);
    run_row(&run, 3 * DAY, 1, BOTH);
    run_row(&run, 6 * DAY, 1, BOTH); /* not in range any more */
    compute(&s, UNIT_DAY, 1);
    assert_int_equal(table.sizes[0] + table.sizes[1] + table.sizes[2] + table.sizes[3], 0);
    release();
    s.nth = 2; /* the second ever */
    compute(&s, UNIT_DAY, 1);
    expect_row(0, 1, (uint64_t[]){0, 1});
    release();
    s.nth = 1;
    s.first = RETENTION_IN_RANGE;
    compute(&s, UNIT_DAY, 1);
    expect_row(0, 1, (uint64_t[]){0, 1});
    expect_row(1, 0, (uint64_t[]){0, 0});
    release();
    s.first = RETENTION_EACH;
    compute(&s, UNIT_DAY, 1);
    expect_row(0, 1, (uint64_t[]){0, 1});
    expect_row(1, 1, (uint64_t[]){0, 0});
    release();
}

static void weeks_begin_on_monday_and_follow_the_zone(void **state)
{
    (void)state;
    struct retention_settings s = settings(RETENTION_EVER, RETENTION_CLASSIC, false, 3);
    int64_t sunday, monday;
    s.zone = zone_open("Europe/Berlin");
    assert_true(time_parse_rfc3339(STR("2025-03-30T23:59:59+02:00"), &sunday)); /* clocks changed */
    assert_true(time_parse_rfc3339(STR("2025-03-31T00:00:00+02:00"), &monday));
    s.from = sunday - 1;
    s.to = monday + 1;
    begin();
    run_row(&run, sunday, 1, BIRTH);
    run_row(&run, monday, 1, RETURN);
    compute(&s, UNIT_WEEK, 1);
    assert_int_equal(s.cohorts, 2);
    expect_row(0, 1, (uint64_t[]){0, 1, 0});
    release();
}

/* --- the model --- */

static int64_t day_of(const struct retention_settings *s, int64_t at)
{
    return zone_day(s->zone, at);
}

static int64_t bucket_of(int64_t at)
{
    for (size_t i = 0; i < buckets.count; i++) {
        if (at < buckets.starts[i + 1]) return (int64_t)i;
    }
    return (int64_t)buckets.count;
}

static bool in_period(const struct retention_settings *s, int64_t birth, int64_t at, uint32_t k)
{
    if (s->type == RETENTION_BRACKET) {
        int64_t low = k > 0 ? s->brackets[k - 1] : 0;
        int64_t high = s->brackets[k];
        if (s->elapsed) return at - birth > low * DAY && at - birth <= high * DAY;
        int64_t days = day_of(s, at) - day_of(s, birth);
        return days > low && days <= high;
    }
    int64_t period = s->elapsed ? (at - birth) / s->period_ms : bucket_of(at) - bucket_of(birth);
    return s->type == RETENTION_ROLLING ? period >= k : period == k;
}

static bool is_birth(const struct retention_settings *s, uint32_t from, uint32_t row)
{
    uint32_t number = 0;
    if ((run.mask[row] & BIRTH) == 0 || run.at[row] < s->from || run.at[row] >= s->to) return false;
    for (uint32_t i = from; i <= row; i++) {
        bool counted = run.mask[i] & BIRTH && (s->first == RETENTION_EVER || run.at[i] >= s->from);
        number += counted;
        if (counted && s->first == RETENTION_EACH && i < row &&
            bucket_of(run.at[i]) == bucket_of(run.at[row])) {
            return false;
        }
    }
    return s->first == RETENTION_EACH || number == s->nth;
}

static void model(const struct retention_settings *s, uint64_t *sizes, uint64_t *returned)
{
    for (uint32_t m = 0; m < run.members; m++) {
        for (uint32_t i = run.off[m]; i < run.off[m + 1]; i++) {
            if (!is_birth(s, run.off[m], i)) continue;
            int64_t cohort = bucket_of(run.at[i]);
            sizes[cohort]++;
            for (uint32_t k = 0; k < s->periods; k++) {
                bool came = false;
                for (uint32_t j = i + 1; j < run.off[m + 1]; j++) {
                    came = came || (run.mask[j] & RETURN && in_period(s, run.at[i], run.at[j], k));
                }
                returned[cohort * s->periods + k] += came;
            }
        }
    }
}

static void random_members(struct rng *rng, int64_t start)
{
    uint32_t members = 1 + (uint32_t)rng_below(rng, 4);
    run_reset(&run);
    for (uint32_t m = 0; m < members; m++) {
        int64_t at = start + (int64_t)rng_below(rng, 5 * (uint64_t)DAY);
        run_member(&run, m + 1);
        for (uint64_t rows = rng_below(rng, 20); rows > 0; rows--) {
            static const int64_t steps[] = {0, 1, TIME_HOUR, 7 * TIME_HOUR, DAY - 1, DAY, 9 * DAY};
            at += steps[rng_below(rng, 7)];
            if (rng_below(rng, 3) == 0) { /* midnights */
                int64_t next = zone_day_start(zone_open("Europe/Berlin"),
                                              zone_day(zone_open("Europe/Berlin"), at) + 1);
                if (next > at) at = next;
            }
            run_row(&run, at, 1, (uint32_t)rng_below(rng, 4));
        }
    }
}

static void every_kind_equals_the_model(void **state)
{
    (void)state;
    static const int64_t brackets[] = {1, 3, 7, 14, 30};
    static const char *const zones[] = {"UTC", "Europe/Berlin", "America/Sao_Paulo",
                                        "Pacific/Apia"};
    static const int64_t lengths[] = {1, 7, 30};
    static uint64_t sizes[1000], returned[100000];
    struct rng rng;
    seed_rng(&rng, "every_kind_equals_the_model");
    for (int round = 0; round < 10000; round++) {
        uint64_t by = rng_below(&rng, 3);
        struct retention_settings s = settings(
            (enum retention_first)rng_below(&rng, 3), (enum retention_type)rng_below(&rng, 3),
            rng_below(&rng, 2) == 0, 1 + (uint32_t)rng_below(&rng, 90));
        if (s.type == RETENTION_BRACKET) s.periods = 1 + (uint32_t)rng_below(&rng, 5);
        s.brackets = brackets;
        s.period_ms = lengths[by] * DAY;
        s.nth = s.first == RETENTION_EACH ? 1 : 1 + (uint32_t)rng_below(&rng, 2);
        s.zone = zone_open(zones[rng_below(&rng, 4)]);
        int64_t start = (int64_t)(15000 + rng_below(&rng, 3000)) * DAY;
        s.from = start + (int64_t)rng_below(&rng, 4 * (uint64_t)DAY);
        s.to = s.from + 1 + (int64_t)rng_below(&rng, 20 * (uint64_t)DAY);
        random_members(&rng, start);
        compute(&s, (enum time_unit)(UNIT_DAY + by), 1 + (uint32_t)rng_below(&rng, 3));
        memset(sizes, 0, sizeof(sizes));
        memset(returned, 0, sizeof(returned));
        model(&s, sizes, returned);
        assert_memory_equal(table.sizes, sizes, s.cohorts * sizeof(sizes[0]));
        assert_memory_equal(table.returned, returned,
                            (size_t)s.cohorts * s.periods * sizeof(returned[0]));
        release();
    }
}

static void births_that_are_returns_may_come_in_several_runs(void **state)
{
    (void)state;
    static uint64_t sizes[1000], returned[100000];
    struct rng rng;
    uint64_t members = 0;
    seed_rng(&rng, "births_that_are_returns_may_come_in_several_runs");
    for (int round = 0; round < 6000; round++) {
        struct retention_settings s =
            settings(rng_below(&rng, 2) ? RETENTION_EVER : RETENTION_IN_RANGE, RETENTION_CLASSIC,
                     false, 1 + (uint32_t)rng_below(&rng, 44));
        int64_t start = (int64_t)(15000 + rng_below(&rng, 3000)) * DAY;
        s.from = start + (int64_t)rng_below(&rng, 4 * (uint64_t)DAY);
        s.to = s.from + 1 + (int64_t)rng_below(&rng, 18 * (uint64_t)DAY);
        random_members(&rng, start);
        for (uint32_t i = 0; i < run.off[run.members]; i++)
            run.mask[i] = BOTH;
        compute(&s, UNIT_DAY, 1);
        retention_kernel.finish(&table);
        assert_true(retention_takes_spans(&s, true) && !retention_takes_spans(&s, false));
        cpu_limit((enum cpu_level)rng_below(&rng, 3));
        run_kernel_in_spans(&run, &retention_kernel, &s, &rng, NULL, &table);
        cpu_limit(CPU_AVX512);
        memset(sizes, 0, sizeof(sizes));
        memset(returned, 0, sizeof(returned));
        model(&s, sizes, returned);
        assert_memory_equal(table.sizes, sizes, s.cohorts * sizeof(sizes[0]));
        assert_memory_equal(table.returned, returned,
                            (size_t)s.cohorts * s.periods * sizeof(returned[0]));
        members += sizes[0];
        release();
    }
    assert_true(members > 1000);
}

static void a_million_births_and_returns_end_soon(void **state)
{
    (void)state;
    uint32_t rows = 1000000;
    struct retention_settings s = settings(RETENTION_EACH, RETENTION_CLASSIC, true, 90);
    int64_t *at = mem_alloc_array(rows, sizeof(*at));
    uint32_t *mask = mem_alloc_array(rows, sizeof(*mask));
    uint32_t off[2] = {0, rows};
    uint32_t member = 1;
    for (uint32_t i = 0; i < rows; i++) {
        at[i] = i * INT64_C(100000); /* 1157 days */
        mask[i] = BOTH;
    }
    s.to = 2000 * DAY;
    struct history h = {.member_count = 1, .member = &member, .off = off, .at = at};
    struct sight sight = {.h = &h, .first = off, .end = off + 1, .at = at, .mask = mask};
    run_reset(&run);
    compute(&s, UNIT_DAY, 1);
    retention_kernel.run(&table, &sight);
    assert_int_equal(table.sizes[0], 1);
    assert_int_equal(table.returned[89], 1);
    release();
    mem_free(at);
    mem_free(mask);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_birth_is_no_return_of_its_own_but_the_next_event_is),
        cmocka_unit_test(calendar_days_and_elapsed_days_differ),
        cmocka_unit_test(rolling_counts_every_period_up_to_the_last_return),
        cmocka_unit_test(brackets_are_open_below_and_closed_above),
        cmocka_unit_test(which_birth_counts),
        cmocka_unit_test(weeks_begin_on_monday_and_follow_the_zone),
        cmocka_unit_test(every_kind_equals_the_model),
        cmocka_unit_test(births_that_are_returns_may_come_in_several_runs),
        cmocka_unit_test(a_million_births_and_returns_end_soon),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
