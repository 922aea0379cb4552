/* activity_kernel_test.c - activity and stickiness against models over a table of active days. */
#include "insight/run.h"

#include "insight/activity_kernel.h"
#include "insight/stickiness_kernel.h"

#define SELECTED 1u
#define BEFORE 40 /* days before the first bucket */
#define DAYS 60   /* buckets */
#define MEMBERS 12

static struct run run;
static struct buckets buckets;
static bool active[MEMBERS][BEFORE + DAYS];

static void random_rows(struct rng *rng)
{
    memset(active, 0, sizeof(active));
    run_reset(&run);
    for (uint32_t m = 0; m < MEMBERS; m++) {
        int64_t at = -BEFORE * TIME_DAY;
        int64_t pause = (int64_t)rng_below(rng, 12 * (uint64_t)TIME_DAY) + 1;
        run_member(&run, m + 1);
        for (;;) {
            at += (int64_t)rng_below(rng, (uint64_t)pause);
            if (rng_below(rng, 10) == 0) at = at / TIME_DAY * TIME_DAY; /* midnights */
            if (at >= DAYS * TIME_DAY || run.rows - run.off[m] > 200) break;
            bool selected = rng_below(rng, 4) > 0;
            if (run.rows > run.off[m] && at < run.at[run.rows - 1]) continue;
            run_row(&run, at, 1, selected ? SELECTED : 0);
            int64_t day = (at + BEFORE * TIME_DAY) / TIME_DAY;
            if (selected && day >= 0) active[m][day] = true;
        }
    }
}

/* The first bucket is day 'first' of 'active'. */
static void model_activity(struct activity_point *points, int first)
{
    memset(points, 0, DAYS * sizeof(*points));
    for (int m = 0; m < MEMBERS; m++) {
        bool ever = false;
        for (int day = 0; day < BEFORE + DAYS; day++) {
            bool now = active[m][day];
            bool before = day > 0 && active[m][day - 1];
            int bucket = day - first;
            if (bucket > 0) { /* the first bucket only comes before */
                points[bucket].fresh += now && !ever;
                points[bucket].returning += now && before;
                points[bucket].resurrected += now && ever && !before;
                points[bucket].dormant += !now && before;
            }
            ever = ever || now;
        }
    }
}

static void activity_equals_the_model(void **state)
{
    (void)state;
    struct rng rng;
    seed_rng(&rng, "activity_equals_the_model");
    for (int round = 0; round < 1000; round++) {
        struct activity activity;
        struct activity_point want[DAYS];
        int days = round % 2 ? DAYS : 1 + (int)rng_below(&rng, 20);
        assert_true(buckets_init(
            &buckets,
            RANGE(zone_open("UTC"), UNIT_DAY, (DAYS - days) * TIME_DAY, DAYS * TIME_DAY, 0, 0),
            99));
        random_rows(&rng);
        model_activity(want, BEFORE + DAYS - days);
        run_kernel(&run, &activity_kernel, &buckets, 1 + (uint32_t)rng_below(&rng, 6), 3,
                   &activity);
        activity_close(&activity);
        assert_memory_equal(activity.points + 1, want + 1, (size_t)(days - 1) * sizeof(want[0]));
        activity_kernel.finish(&activity);
        if (activity_takes_spans(&buckets)) {
            run_kernel_in_spans(&run, &activity_kernel, &buckets, &rng, NULL, &activity);
            activity_close(&activity);
            assert_memory_equal(activity.points + 1, want + 1,
                                (size_t)(days - 1) * sizeof(want[0]));
            activity_kernel.finish(&activity);
        }
        buckets_finish(&buckets);
    }
}

/* Days of the window on which some day of the last 'length' was active. */
static uint64_t model_trailing(int m, int first, int length)
{
    uint64_t days = 0;
    for (int day = first; day < DAYS; day++) {
        bool any = false;
        for (int back = 0; back < length; back++) {
            any = any || (day - back >= 0 && active[m][BEFORE + day - back]);
        }
        days += any;
    }
    return days;
}

static void stickiness_equals_the_model(void **state)
{
    (void)state;
    struct rng rng;
    seed_rng(&rng, "stickiness_equals_the_model");
    assert_true(
        buckets_init(&buckets, RANGE(zone_open("UTC"), UNIT_DAY, 0, DAYS * TIME_DAY, 0, 0), 99));
    for (int round = 0; round < 500; round++) {
        struct stickiness got;
        uint32_t days = 1 + (uint32_t)rng_below(&rng, DAYS - 27);
        struct stickiness_settings s = {&buckets, days};
        uint64_t histogram[DAYS] = {0};
        uint64_t sums[3] = {0};
        random_rows(&rng);
        for (uint32_t i = 0; i < run.rows; i++) {
            if (run.at[i] < 0) run.mask[i] = 0; /* the sweep leaves nothing before the buckets */
        }
        for (int m = 0; m < MEMBERS; m++) {
            int first = DAYS - (int)days;
            uint64_t count = model_trailing(m, first, 1);
            if (count > 0) histogram[count - 1]++;
            memset(active[m], 0, BEFORE);
            sums[0] += count;
            sums[1] += model_trailing(m, first, STICKINESS_WEEK);
            sums[2] += model_trailing(m, first, STICKINESS_MONTH);
        }
        run_kernel(&run, &stickiness_kernel, &s, 1 + (uint32_t)rng_below(&rng, 6), 3, &got);
        assert_memory_equal(got.histogram, histogram, days * sizeof(histogram[0]));
        assert_int_equal(got.daily, sums[0]);
        assert_int_equal(got.weekly, sums[1]);
        assert_int_equal(got.monthly, sums[2]);
        stickiness_kernel.finish(&got);
    }
    buckets_finish(&buckets);
}

static void events_without_a_member_do_not_count(void **state)
{
    (void)state;
    struct activity activity;
    assert_true(
        buckets_init(&buckets, RANGE(zone_open("UTC"), UNIT_DAY, 0, 2 * TIME_DAY, 0, 0), 9));
    run_reset(&run);
    run_member(&run, 2);
    run_row(&run, TIME_DAY, 1, SELECTED);
    run_member(&run, 0);
    run_row(&run, TIME_DAY, 1, SELECTED);
    run_kernel(&run, &activity_kernel, &buckets, 1, 1, &activity);
    activity_close(&activity);
    assert_int_equal(activity.points[1].fresh, 1);
    activity_kernel.finish(&activity);
    buckets_finish(&buckets);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(activity_equals_the_model),
        cmocka_unit_test(stickiness_equals_the_model),
        cmocka_unit_test(events_without_a_member_do_not_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
