/* trend_kernel_test.c - every measure, with and without keys, against a model over a grid. */
#include "insight/run.h"

#include "insight/trend_kernel.h"

#define SELECTED 1u
#define BUCKETS 40
#define GROUPS 30

static struct run run;
static const struct key_field by_group = {.source = KEYS_DIM, .dim = DIM_GROUP};

static void random_rows(struct rng *rng, uint32_t groups)
{
    uint32_t members = 1 + (uint32_t)rng_below(rng, 20);
    run_reset(&run);
    for (uint32_t m = 0; m < members; m++) {
        int64_t at = 0;
        run_member(&run, rng_below(rng, 5) == 0 ? 0 : m + 1);
        for (uint64_t rows = rng_below(rng, 40); rows > 0; rows--) {
            at += (int64_t)rng_below(rng, (uint64_t)TIME_DAY);
            if (at >= BUCKETS * TIME_DAY) break;
            uint32_t row = run_row(&run, at, 1, (uint32_t)rng_below(rng, 3) > 0);
            run.group[row] = (uint32_t)rng_below(rng, groups);
            if (rng_below(rng, 3) > 0) run.amount[row] = (int64_t)rng_below(rng, 2000) - 1000;
        }
    }
}

struct grid {
    uint64_t counts[BUCKETS][GROUPS + 2];
    int64_t sums[BUCKETS][GROUPS + 2];
};

static bool met_before(uint32_t m, uint32_t row, size_t bucket, uint32_t slot,
                       uint32_t (*slot_of)(uint32_t group))
{
    for (uint32_t i = run.off[m]; i < row; i++) {
        if (run.mask[i] & SELECTED && (size_t)(run.at[i] / TIME_DAY) == bucket &&
            slot_of(run.group[i]) == slot) {
            return true;
        }
    }
    return false;
}

static void model(enum trend_measure measure, uint32_t (*slot_of)(uint32_t group), struct grid *g)
{
    memset(g, 0, sizeof(*g));
    for (uint32_t m = 0; m < run.members; m++) {
        for (uint32_t i = run.off[m]; i < run.off[m + 1]; i++) {
            size_t bucket = (size_t)(run.at[i] / TIME_DAY);
            uint32_t slot = slot_of(run.group[i]);
            bool amounts = measure == TREND_AMOUNT || measure == TREND_AVERAGE;
            if ((run.mask[i] & SELECTED) == 0) continue;
            if (amounts && run.amount[i] == HISTORY_NO_AMOUNT) continue;
            if (measure == TREND_MEMBERS &&
                (run.member[m] == 0 || met_before(m, i, bucket, slot, slot_of))) {
                continue;
            }
            g->counts[bucket][slot]++;
            if (amounts) g->sums[bucket][slot] += run.amount[i];
        }
    }
}

static uint32_t one_slot(uint32_t group)
{
    (void)group;
    return 0;
}

/* Groups 3 and 5 are shown, 0 is null, the others are the rest. */
static uint32_t four_slots(uint32_t group)
{
    return group == 0 ? 0 : group == 3 ? 1 : group == 5 ? 2 : 3;
}

static void expect_grid(const struct trend *t, const struct grid *g)
{
    for (size_t bucket = 0; bucket < BUCKETS; bucket++) {
        for (uint32_t slot = 0; slot < t->slots; slot++) {
            assert_int_equal(t->counts[bucket * t->slots + slot], g->counts[bucket][slot]);
            assert_true(t->sums[bucket * t->slots + slot] == g->sums[bucket][slot]);
        }
    }
}

static void every_measure_equals_the_model(void **state)
{
    (void)state;
    struct rng rng;
    struct buckets buckets;
    struct keys *shown = keys_create(&by_group);
    (void)keys_add(shown, &(struct key){.type = KEY_INT, .integer = 3});
    (void)keys_add(shown, &(struct key){.type = KEY_INT, .integer = 5});
    seed_rng(&rng, "every_measure_equals_the_model");
    assert_true(
        buckets_init(&buckets, RANGE(zone_open("UTC"), UNIT_DAY, 0, BUCKETS * TIME_DAY, 0, 0), 99));
    for (int round = 0; round < 2000; round++) {
        static struct grid grid;
        struct trend trend;
        bool keyed = round % 2 == 1;
        enum trend_measure measure = (enum trend_measure)rng_below(&rng, 4);
        struct trend_settings s = {measure, &buckets, &by_group, keyed ? shown : NULL};
        random_rows(&rng, 8);
        model(measure, keyed ? four_slots : one_slot, &grid);
        run_kernel(&run, &trend_kernel, &s, 1 + (uint32_t)rng_below(&rng, 5), 3, &trend);
        assert_int_equal(trend.slots, keyed ? 4 : 1);
        expect_grid(&trend, &grid);
        trend_kernel.finish(&trend);
    }
    keys_destroy(shown);
    buckets_finish(&buckets);
}

static uint32_t group_slot(uint32_t group)
{
    return group;
}

static void ranking_counts_each_key_once_a_member(void **state)
{
    (void)state;
    struct rng rng;
    seed_rng(&rng, "ranking_counts_each_key_once_a_member");
    for (int round = 0; round < 500; round++) {
        static struct grid grid;
        struct ranking ranking;
        struct trend_settings s = {.measure = TREND_MEMBERS, .field = &by_group};
        random_rows(&rng, GROUPS);
        for (uint32_t i = 0; i < run.rows; i++) {
            run.at[i] = 0; /* one bucket: distinct over the whole range */
        }
        model(TREND_MEMBERS, group_slot, &grid);
        run_kernel(&run, &ranking_kernel, &s, 1 + (uint32_t)rng_below(&rng, 5), 3, &ranking);
        for (uint32_t id = 0; id < ranking.counts.count; id++) {
            const struct key *key = keys_get(ranking.keys, id);
            uint32_t group = key->type == KEY_NULL ? 0 : (uint32_t)key->integer;
            assert_int_equal(ranking.counts.items[id], grid.counts[0][group]);
            grid.counts[0][group] = 0;
        }
        for (uint32_t group = 0; group < GROUPS; group++) {
            assert_int_equal(grid.counts[0][group], 0);
        }
        ranking_kernel.finish(&ranking);
    }
}

static void sums_do_not_overflow(void **state)
{
    (void)state;
    struct buckets buckets;
    struct trend trend;
    struct trend_settings s = {.measure = TREND_AMOUNT, .buckets = &buckets};
    assert_true(buckets_init(&buckets, RANGE(zone_open("UTC"), UNIT_DAY, 0, TIME_DAY, 0, 0), 1));
    run_reset(&run);
    run_member(&run, 1);
    for (int i = 0; i < 3; i++) {
        run.amount[run_row(&run, 0, 1, SELECTED)] = INT64_MAX;
    }
    run_kernel(&run, &trend_kernel, &s, 1, 1, &trend);
    assert_true(trend.sums[0] == (wide)INT64_MAX * 3);
    trend_kernel.finish(&trend);
    buckets_finish(&buckets);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_measure_equals_the_model),
        cmocka_unit_test(ranking_counts_each_key_once_a_member),
        cmocka_unit_test(sums_do_not_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
