/* trend_kernel_test.c - every measure, with and without keys, against a model over a grid. */
#include "insight/run.h"

#include "insight/trend_kernel.h"

#define SELECTED 1u
#define BUCKETS 40
#define GROUPS 30

static struct run run;
static const struct key_field by_group = {.source = KEYS_DIM, .dim = DIM_GROUP};
static const struct key_field no_field = {.source = KEYS_NONE};

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

/* The place 'place' of the kernel against slot 'slot' of the model. */
static void expect_cells(const struct trend *t, size_t place, const struct grid *g, uint32_t slot)
{
    for (size_t bucket = 0; bucket < BUCKETS; bucket++) {
        assert_int_equal(t->counts[place * BUCKETS + bucket], g->counts[bucket][slot]);
        wide sum = t->sums ? t->sums[place * BUCKETS + bucket] : 0;
        assert_true(sum == g->sums[bucket][slot]);
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
        struct trend_settings s = {measure, &buckets, keyed ? &by_group : &no_field,
                                   keyed ? shown : NULL, BUCKETS};
        random_rows(&rng, 8);
        model(measure, keyed ? four_slots : one_slot, &grid);
        run_kernel(&run, &trend_kernel, &s, 1 + (uint32_t)rng_below(&rng, 5), 3, &trend);
        assert_false(trend.full);
        for (uint32_t slot = 0; slot < (keyed ? 4 : 1); slot++) {
            expect_cells(&trend, slot, &grid, slot);
        }
        trend_kernel.finish(&trend);
    }
    keys_destroy(shown);
    buckets_finish(&buckets);
}

static uint32_t group_slot(uint32_t group)
{
    return group;
}

static uint32_t group_at(const struct keys *keys, uint32_t id)
{
    const struct key *key = keys_get(keys, id);
    return key->type == KEY_NULL ? 0 : (uint32_t)key->integer;
}

/* Totals over the whole range: every event, also those without an amount; each member once. */
static void expect_totals(const struct trend *t, enum trend_measure measure)
{
    static struct grid grid;
    static int64_t at[ROWS_MAX];
    bool amounts = measure == TREND_AMOUNT || measure == TREND_AVERAGE;
    memcpy(at, run.at, sizeof(at));
    memset(run.at, 0, sizeof(run.at)); /* one bucket */
    model(measure, group_slot, &grid);
    for (uint32_t id = 0; id < keys_count(t->keys) && amounts; id++) {
        assert_true(t->total_sums[id] == grid.sums[0][group_at(t->keys, id)]);
    }
    if (amounts) model(TREND_EVENTS, group_slot, &grid);
    for (uint32_t id = 0; id < keys_count(t->keys); id++) {
        uint64_t *count = &grid.counts[0][group_at(t->keys, id)];
        assert_int_equal(t->totals[id], *count);
        *count = 0;
    }
    for (uint32_t group = 0; group < GROUPS; group++) {
        assert_int_equal(grid.counts[0][group], 0);
    }
    memcpy(run.at, at, sizeof(at));
}

static void the_first_pass_has_all_keys_or_their_totals(void **state)
{
    (void)state;
    struct rng rng;
    struct buckets buckets;
    int full = 0;
    seed_rng(&rng, "the_first_pass_has_all_keys_or_their_totals");
    assert_true(
        buckets_init(&buckets, RANGE(zone_open("UTC"), UNIT_DAY, 0, BUCKETS * TIME_DAY, 0, 0), 99));
    for (int round = 0; round < 2000; round++) {
        static struct grid grid;
        struct trend trend;
        enum trend_measure measure = (enum trend_measure)rng_below(&rng, 4);
        size_t cells = BUCKETS * (1 + rng_below(&rng, GROUPS + 5));
        struct trend_settings s = {measure, &buckets, &by_group, NULL, cells};
        random_rows(&rng, GROUPS);
        run_kernel(&run, &trend_kernel, &s, 1 + (uint32_t)rng_below(&rng, 5), 3, &trend);
        trend_close(&trend);
        assert_int_equal(trend.full, keys_count(trend.keys) * BUCKETS > cells);
        full += trend.full;
        model(measure, group_slot, &grid);
        for (uint32_t id = 0; id < keys_count(trend.keys) && !trend.full; id++) {
            expect_cells(&trend, id, &grid, group_at(trend.keys, id));
        }
        expect_totals(&trend, measure);
        trend_kernel.finish(&trend);
    }
    assert_true(full > 100 && full < 1900);
    buckets_finish(&buckets);
}

static void sums_do_not_overflow(void **state)
{
    (void)state;
    struct buckets buckets;
    struct trend trend;
    struct trend_settings s = {
        .measure = TREND_AMOUNT, .buckets = &buckets, .field = &no_field, .cells_max = 1};
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
        cmocka_unit_test(the_first_pass_has_all_keys_or_their_totals),
        cmocka_unit_test(sums_do_not_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
