/* simulate_test.c - the simulated history: the same for the same seed, believable, and sound. */
#include "brand_place.h"
#include "intake/simulate.h"

#define NOW PLACE_NOW
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct import_counts simulate(struct place *p, uint64_t members, uint64_t days,
                                     uint64_t seed)
{
    struct simulate_options o = {
        .members = members, .days = days, .seed = seed, .start = TIME_NONE};
    struct import_counts counts = {0};
    struct why why = {0};
    char text[400];
    if (simulate_run(p->brand, &o, NULL, &counts, &why) != ERR_OK) {
        why_text(&why, LANG_EN, text, sizeof(text));
        fail_msg("seed %llu: %s", (unsigned long long)seed, text);
    }
    assert_int_equal(counts.rejected, 0);
    assert_int_equal(counts.dropped, 0);
    assert_int_equal(counts.conflicts, 0);
    return counts;
}

/* ---- the history as one number ---- */

struct digest {
    uint64_t sum; /* of the rows' hashes, so that the order of runs does not matter */
    uint64_t rows;
    int64_t latest;
};

static bool add_run(void *worker, const struct history *h)
{
    struct digest *g = worker;
    for (uint32_t m = 0; m < h->member_count; m++) {
        for (uint32_t r = h->off[m]; r < h->off[m + 1]; r++) {
            const int64_t row[] = {h->member[m],
                                   h->at[r],
                                   h->kind[r],
                                   h->dim[DIM_GROUP][r],
                                   h->dim[DIM_TOUCHPOINT][r],
                                   h->dim[DIM_CONTENT][r],
                                   h->dim[DIM_STAFF][r],
                                   h->other[r],
                                   h->amount[r]};
            g->sum += hash_xxh3(row, sizeof(row));
            if (h->at[r] > g->latest) g->latest = h->at[r];
            g->rows++;
        }
    }
    return true;
}

static struct digest digest_of(struct place *p)
{
    const struct columns columns = {.mask = COLUMN_DIM0 << DIM_GROUP |
                                            COLUMN_DIM0 << DIM_TOUCHPOINT |
                                            COLUMN_DIM0 << DIM_CONTENT | COLUMN_DIM0 << DIM_STAFF |
                                            COLUMN_OTHER | COLUMN_AMOUNT};
    const struct scan scan = {.columns = &columns, .from = 0, .to = INT64_MAX};
    struct budget budget = {.bytes_left = UINT64_C(1) << 30};
    struct digest g = {.latest = TIME_NONE};
    void *workers[] = {&g};
    struct why why = {0};
    struct snapshot *s = brand_snapshot(p->brand);
    assert_int_equal(eventlog_scan(s, &scan, workers, 1, add_run, &budget, &why), ERR_OK);
    brand_snapshot_release(s);
    return g;
}

static struct digest simulated(uint64_t seed)
{
    struct place p;
    place_open(&p, "Asia/Shanghai");
    struct import_counts counts = simulate(&p, 300, 120, seed);
    struct digest g = digest_of(&p);
    assert_true(g.rows >= counts.stored);
    place_close(&p);
    return g;
}

static void test_a_seed_gives_one_history(void **state)
{
    (void)state;
    struct digest one = simulated(7), again = simulated(7), another = simulated(8);
    assert_int_equal(one.rows, again.rows);
    assert_int_equal(one.sum, again.sum);
    assert_int_not_equal(one.sum, another.sum);
}

static void test_a_second_run_adds_nothing(void **state)
{
    (void)state;
    struct place p;
    place_open(&p, "Asia/Shanghai");
    struct import_counts first = simulate(&p, 60, 40, 3);
    struct digest before = digest_of(&p);
    struct import_counts second = simulate(&p, 60, 40, 3);
    struct digest after = digest_of(&p);
    assert_int_equal(second.read, first.read);
    assert_int_equal(second.duplicate, first.stored);
    assert_int_equal(second.stored, 0);
    assert_int_equal(before.sum, after.sum);
    place_close(&p);
}

static void test_two_seeds_share_no_member(void **state)
{
    (void)state;
    struct place p;
    place_open(&p, "Asia/Shanghai");
    struct import_counts a = simulate(&p, 80, 30, 1), b = simulate(&p, 80, 30, 2);
    assert_in_range(a.members_created, 80, 100);
    assert_in_range(b.members_created, 80, 100);
    assert_int_equal(b.duplicate, 0);
    place_close(&p);
}

static void test_nothing_happens_after_the_present(void **state)
{
    (void)state;
    struct place p;
    place_open(&p, "Asia/Shanghai");
    simulate(&p, 200, 10, 5);
    struct digest g = digest_of(&p);
    assert_true(g.latest <= NOW);
    assert_true(g.latest > NOW - TIME_DAY);
    place_close(&p);
}

/* ---- who the members are ---- */

struct census {
    uint32_t stages[STAGE_COUNT + 1];
    uint32_t churns[4];
    uint32_t members; /* visitors left out */
    uint32_t silent_buyers, outside, returned, readers, in_groups;
};

static void add_member(struct census *c, const struct fold_state *s)
{
    c->stages[s->stage]++;
    c->churns[s->churn]++;
    c->members += s->stage != STAGE_NONE;
    c->silent_buyers += s->silent_buyer;
    c->outside += s->outside;
    c->returned += s->returned;
    c->readers += s->reads;
    c->in_groups += s->group_count > 1;
}

static struct census census_of(struct place *p)
{
    struct census c = {0};
    struct arena *a = arena_create(0);
    struct fold *fold = fold_create();
    struct fold_names names;
    struct why why = {0};
    struct sql *db;
    bool row;
    people_fold_names(p->brand, a, &names);
    assert_int_equal(brand_reader(p->brand, &db, &why), ERR_OK);
    struct sql_stmt *s = sql_use(db, "SELECT state FROM member");
    while (sql_step(s, &row) == ERR_OK && row) {
        struct fold_state state;
        assert_true(fold_decode(fold, &names.rules, sql_blob(s, 0)));
        fold_advance(fold, &names, NOW, NULL, NULL);
        fold_get_state(fold, &names, &state);
        add_member(&c, &state);
    }
    sql_close(db);
    fold_destroy(fold);
    arena_destroy(a);
    return c;
}

static void print_finding(void *ctx, const char *what)
{
    (void)ctx;
    print_message("%s\n", what);
}

static void test_a_year_has_members_of_every_stage(void **state)
{
    (void)state;
    struct place p;
    struct why why = {0};
    struct verify_report report = {.finding = print_finding};
    place_open(&p, "Asia/Shanghai");
    struct import_counts counts = simulate(&p, 2000, 365, 1);
    struct census c = census_of(&p);
    for (int i = 0; i <= STAGE_COUNT; i++) {
        print_message("%s %u of %u\n", stage_name((enum stage)i), c.stages[i], c.members);
        assert_int_not_equal(c.stages[i], 0);
    }
    assert_in_range(counts.stored, 100000, 150000);
    assert_in_range(c.stages[STAGE_CHURNED] * 100 / c.members, 20, 40);
    assert_in_range(c.stages[STAGE_ACTIVE] * 100 / c.members, 8, 16);
    assert_in_range(c.stages[STAGE_CORE] * 100 / c.members, 1, 5);
    for (size_t i = 0; i < COUNT(c.churns); i++)
        assert_int_not_equal(c.churns[i], 0);
    assert_int_not_equal(c.silent_buyers, 0);
    assert_int_not_equal(c.outside, 0);
    assert_int_not_equal(c.returned, 0);
    assert_int_not_equal(c.readers, 0);
    assert_int_not_equal(c.in_groups, 0);
    assert_int_not_equal(counts.merged, 0);
    assert_int_equal(people_verify(p.brand, &report, &why), ERR_OK);
    assert_int_equal(report.findings, 0);
    assert_in_range(report.members, c.members, c.members + c.stages[STAGE_NONE]);
    place_close(&p);
}

/* ---- edges ---- */

static void test_one_member_for_one_day_is_enough(void **state)
{
    (void)state;
    struct place p;
    place_open(&p, "Asia/Shanghai");
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct simulate_options o = {
            .members = 1, .days = 1, .seed = seed, .start = NOW - 5 * TIME_DAY};
        struct import_counts counts = {0};
        struct why why = {0};
        assert_int_equal(simulate_run(p.brand, &o, NULL, &counts, &why), ERR_OK);
        assert_in_range(counts.members_created, 1, 2);
    }
    place_close(&p);
}

static void test_a_start_outside_history_is_refused(void **state)
{
    (void)state;
    struct place p;
    place_open(&p, "Asia/Shanghai");
    const int64_t starts[] = {NOW + 2 * TIME_DAY, -3 * TIME_DAY};
    for (size_t i = 0; i < COUNT(starts); i++) {
        struct simulate_options o = {.members = 5, .days = 5, .start = starts[i]};
        struct import_counts counts = {0};
        struct why why = {0};
        assert_int_equal(simulate_run(p.brand, &o, NULL, &counts, &why), ERR_INVALID);
        assert_string_equal(why.field, "--start");
        assert_int_equal(counts.read, 0);
    }
    place_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_seed_gives_one_history),
        cmocka_unit_test(test_a_second_run_adds_nothing),
        cmocka_unit_test(test_two_seeds_share_no_member),
        cmocka_unit_test(test_nothing_happens_after_the_present),
        cmocka_unit_test(test_a_year_has_members_of_every_stage),
        cmocka_unit_test(test_one_member_for_one_day_is_enough),
        cmocka_unit_test(test_a_start_outside_history_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
