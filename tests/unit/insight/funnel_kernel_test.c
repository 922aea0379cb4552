/* funnel_kernel_test.c - boundary times, ties and hostile rows by hand; then each mode against a
 * model that tries every start. */
#include "insight/run.h"

#include "insight/funnel_kernel.h"

#define A 1u
#define B 2u
#define C 4u
#define SEEN SIGHT_SEEN

static struct run run;
static const struct key_field no_field = {.source = KEYS_NONE};

static struct funnel_settings settings(enum funnel_mode mode, uint32_t steps, int64_t window)
{
    return (struct funnel_settings){mode, steps, window, &no_field};
}

/* The place of the first step is given as the run's row. */
static void attempt_of(const struct funnel_settings *f, struct attempt *out)
{
    static void (*const modes[])(const struct funnel_settings *, const struct sight *, uint32_t,
                                 uint32_t,
                                 struct attempt *) = {funnel_ordered, funnel_strict, funnel_any};
    struct sight s = run_part(&run, 0, run.members);
    *out = (struct attempt){0};
    modes[f->mode](f, &s, s.first[0], s.end[run.members - 1], out);
    if (out->depth > 0) out->place = sight_row(&s, out->place);
}

static void begin(void)
{
    run_reset(&run);
    run_member(&run, 1);
}

static void expect(const struct funnel_settings *f, uint32_t depth, const int64_t *at)
{
    struct attempt got;
    attempt_of(f, &got);
    assert_int_equal(got.depth, depth);
    for (uint32_t k = 0; k < depth; k++) {
        assert_int_equal(got.at[k], at[k]);
    }
}

static void a_step_at_exactly_the_end_of_the_window_counts(void **state)
{
    (void)state;
    for (int mode = FUNNEL_ORDERED; mode <= FUNNEL_ANY; mode++) {
        struct funnel_settings f = settings((enum funnel_mode)mode, 2, 100);
        begin();
        run_row(&run, 1000, 1, A | SEEN);
        run_row(&run, 1100, 2, B | SEEN);
        expect(&f, 2, (int64_t[]){1000, 1100});
        f.window = 99;
        expect(&f, 1, (int64_t[]){1000});
    }
}

static void an_event_serves_one_step_only(void **state)
{
    (void)state;
    for (int mode = FUNNEL_ORDERED; mode <= FUNNEL_ANY; mode++) {
        struct funnel_settings f = settings((enum funnel_mode)mode, 2, 100);
        begin();
        run_row(&run, 1000, 1, A | B | SEEN);
        expect(&f, 1, (int64_t[]){1000});
        run_row(&run, 1000, 1, A | B | SEEN);
        expect(&f, 2, (int64_t[]){1000, 1000});
    }
}

static void the_furthest_attempt_counts_and_the_earliest_of_equals(void **state)
{
    (void)state;
    struct funnel_settings f = settings(FUNNEL_ORDERED, 3, 100);
    begin();
    run_row(&run, 0, 1, A | SEEN);
    run_row(&run, 10, 2, B | SEEN);
    run_row(&run, 500, 1, A | SEEN); /* the first that gets to C */
    run_row(&run, 510, 1, A | SEEN);
    run_row(&run, 520, 2, B | SEEN);
    run_row(&run, 530, 3, C | SEEN);
    run_row(&run, 900, 1, A | SEEN);
    run_row(&run, 910, 2, B | SEEN);
    run_row(&run, 920, 3, C | SEEN);
    expect(&f, 3, (int64_t[]){500, 520, 530});
    f.window = 20;
    expect(&f, 3, (int64_t[]){510, 520, 530});
    f.window = 10;
    expect(&f, 2, (int64_t[]){0, 10});
}

static void strict_wants_the_very_next_event(void **state)
{
    (void)state;
    struct funnel_settings f = settings(FUNNEL_STRICT, 3, 1000);
    begin();
    run_row(&run, 0, 1, A | SEEN);
    run_row(&run, 5, 9, 0); /* filtered out: as if it were not there */
    run_row(&run, 10, 2, B | SEEN);
    run_row(&run, 15, 7, SEEN);
    run_row(&run, 20, 3, C | SEEN);
    expect(&f, 2, (int64_t[]){0, 10});
    run_row(&run, 100, 1, A | SEEN);
    run_row(&run, 101, 2, B | SEEN);
    run_row(&run, 102, 3, C | SEEN);
    expect(&f, 3, (int64_t[]){100, 101, 102});
}

static void any_order_starts_at_the_earliest_step(void **state)
{
    (void)state;
    struct funnel_settings f = settings(FUNNEL_ANY, 3, 100);
    begin();
    run_row(&run, 0, 3, C | SEEN);
    run_row(&run, 60, 1, A | SEEN);
    run_row(&run, 100, 2, B | SEEN);
    expect(&f, 3, (int64_t[]){0, 60, 100});
    f.window = 99;
    expect(&f, 2, (int64_t[]){0, 60});
}

static void any_order_finds_the_best_match_of_events_to_steps(void **state)
{
    (void)state;
    struct funnel_settings f = settings(FUNNEL_ANY, 3, 100);
    begin();
    run_row(&run, 0, 1, A | B | SEEN); /* must give up A, then B */
    run_row(&run, 1, 1, A | SEEN);
    run_row(&run, 2, 1, A | SEEN);
    run_row(&run, 3, 1, B | C | SEEN);
    expect(&f, 3, (int64_t[]){0, 1, 3});
}

static void a_million_starts_take_no_longer_than_a_million_rows(void **state)
{
    (void)state;
    /* Every row starts an attempt; only the last one gets on. Quadratic work would not end. */
    uint32_t rows = 1000000;
    int64_t *at = mem_alloc_array(rows, sizeof(*at));
    uint32_t *mask = mem_alloc_array(rows, sizeof(*mask));
    uint32_t off[2] = {0, rows};
    uint32_t member = 1;
    for (uint32_t i = 0; i < rows; i++) {
        at[i] = i;
        mask[i] = A | SEEN;
    }
    mask[rows - 1] = B | SEEN;
    struct history h = {.member_count = 1, .member = &member, .off = off, .at = at};
    struct sight s = {.h = &h, .first = off, .end = off + 1, .at = at, .mask = mask};
    for (int mode = FUNNEL_ORDERED; mode <= FUNNEL_ANY; mode++) {
        struct funnel_settings f = settings((enum funnel_mode)mode, 2, INT64_MAX / 2);
        struct attempt got;
        if (mode == FUNNEL_ORDERED) funnel_ordered(&f, &s, 0, rows, &got);
        if (mode == FUNNEL_STRICT) funnel_strict(&f, &s, 0, rows, &got);
        if (mode == FUNNEL_ANY) funnel_any(&f, &s, 0, rows, &got);
        assert_int_equal(got.depth, 2);
        assert_int_equal(got.at[0], mode == FUNNEL_STRICT ? rows - 2 : 0);
    }
    mem_free(at);
    mem_free(mask);
}

/* --- models --- */

/* windowFunnel as ClickHouse has it: the latest first step per level. */
static uint32_t window_funnel(const struct funnel_settings *f)
{
    int64_t first[LIMIT_FUNNEL_STEPS];
    bool set[LIMIT_FUNNEL_STEPS] = {false};
    for (uint32_t i = 0; i < run.rows; i++) {
        for (uint32_t k = f->steps; k-- > 0;) {
            if ((run.mask[i] >> k & 1) == 0) continue;
            if (k == 0) {
                first[0] = run.at[i];
                set[0] = true;
            } else if (set[k - 1] && run.at[i] <= first[k - 1] + f->window) {
                first[k] = first[k - 1];
                set[k] = true;
            }
        }
    }
    for (uint32_t k = f->steps; k-- > 0;) {
        if (set[k]) return k + 1;
    }
    return 0;
}

static uint32_t model_ordered(const struct funnel_settings *f, uint32_t start, int64_t *at)
{
    uint32_t k = 1;
    at[0] = run.at[start];
    for (uint32_t i = start + 1; i < run.rows && k < f->steps; i++) {
        if (run.at[i] > at[0] + f->window) break;
        if (run.mask[i] >> k & 1) at[k++] = run.at[i];
    }
    return k;
}

static uint32_t model_strict(const struct funnel_settings *f, uint32_t start, int64_t *at)
{
    uint32_t k = 1;
    at[0] = run.at[start];
    for (uint32_t i = start + 1; i < run.rows && k < f->steps; i++) {
        if ((run.mask[i] & SEEN) == 0) continue;
        if (run.at[i] > at[0] + f->window || (run.mask[i] >> k & 1) == 0) break;
        at[k++] = run.at[i];
    }
    return k;
}

/* Can these events each serve a step of their own? Tries every way. */
static bool can_serve(const uint32_t *masks, uint32_t count, uint32_t taken)
{
    if (count == 0) return true;
    for (uint32_t k = 0; k < LIMIT_FUNNEL_STEPS; k++) {
        if ((masks[0] >> k & 1) == 0 || taken >> k & 1) continue;
        if (can_serve(masks + 1, count - 1, taken | UINT32_C(1) << k)) return true;
    }
    return false;
}

static uint32_t model_any(const struct funnel_settings *f, uint32_t start, int64_t *at)
{
    uint32_t all = (UINT32_C(1) << f->steps) - 1;
    uint32_t masks[LIMIT_FUNNEL_STEPS];
    uint32_t k = 0;
    for (uint32_t i = start; i < run.rows && k < f->steps; i++) {
        if (run.at[i] > run.at[start] + f->window) break;
        masks[k] = run.mask[i] & all;
        if (masks[k] == 0 || !can_serve(masks, k + 1, 0)) continue;
        at[k++] = run.at[i];
    }
    return k;
}

static void model(const struct funnel_settings *f, struct attempt *best)
{
    uint32_t all = (UINT32_C(1) << f->steps) - 1;
    *best = (struct attempt){0};
    for (uint32_t i = 0; i < run.rows; i++) {
        int64_t at[LIMIT_FUNNEL_STEPS];
        uint32_t starts = f->mode == FUNNEL_ANY ? all : 1;
        if ((run.mask[i] & starts) == 0) continue;
        uint32_t depth = f->mode == FUNNEL_ORDERED  ? model_ordered(f, i, at)
                         : f->mode == FUNNEL_STRICT ? model_strict(f, i, at)
                                                    : model_any(f, i, at);
        if (depth <= best->depth) continue;
        best->depth = depth;
        best->place = i;
        memcpy(best->at, at, depth * sizeof(at[0]));
    }
}

static void random_member(struct rng *rng, uint32_t steps)
{
    uint32_t rows = (uint32_t)rng_below(rng, 30);
    bool overlap = rng_below(rng, 2) == 0;
    int64_t at = 0;
    begin();
    for (uint32_t i = 0; i < rows; i++) {
        at += (int64_t)rng_below(rng, 4); /* ties are common */
        uint32_t mask = SEEN | UINT32_C(1) << rng_below(rng, steps);
        if (overlap) mask |= UINT32_C(1) << rng_below(rng, steps);
        if (rng_below(rng, 4) == 0) mask = SEEN;
        if (rng_below(rng, 8) == 0) mask = 0;
        run_row(&run, at, 1, mask);
    }
}

static void every_mode_equals_its_model(void **state)
{
    (void)state;
    struct rng rng;
    seed_rng(&rng, "every_mode_equals_its_model");
    for (int round = 0; round < 30000; round++) {
        uint32_t steps = 2 + (uint32_t)rng_below(&rng, 4);
        enum funnel_mode mode = (enum funnel_mode)rng_below(&rng, 3);
        struct funnel_settings f = settings(mode, steps, (int64_t)rng_below(&rng, 20));
        struct attempt want, got;
        random_member(&rng, steps);
        model(&f, &want);
        attempt_of(&f, &got);
        assert_int_equal(got.depth, want.depth);
        if (want.depth == 0) continue;
        assert_int_equal(got.place, want.place);
        assert_memory_equal(got.at, want.at, want.depth * sizeof(want.at[0]));
        if (mode == FUNNEL_ORDERED) assert_int_equal(got.depth, window_funnel(&f));
    }
}

static void tables_do_not_depend_on_runs_and_workers(void **state)
{
    (void)state;
    const struct key_field field = {.source = KEYS_DIM, .dim = DIM_GROUP};
    struct funnel_settings f = {FUNNEL_ORDERED, 2, 100, &field};
    run_reset(&run);
    for (uint32_t m = 1; m <= 90; m++) {
        run_member(&run, m);
        run.group[run_row(&run, 0, 1, A | SEEN)] = m % 3;
        if (m % 2) run_row(&run, m, 2, B | SEEN);
    }
    run_member(&run, 0); /* events without a member are no one's funnel */
    run_row(&run, 0, 1, A | SEEN);
    for (uint32_t pieces = 1; pieces < 12; pieces++) {
        struct funnel funnel;
        run_kernel(&run, &funnel_kernel, &f, pieces, 3, &funnel);
        assert_int_equal(keys_count(funnel.keys), 3);
        uint64_t reached[2] = {0, 0};
        for (uint32_t id = 0; id < 3; id++) {
            assert_int_equal(funnel.groups.items[id].depth[0] + funnel.groups.items[id].depth[1],
                             30);
            reached[0] += funnel.groups.items[id].depth[0];
            reached[1] += funnel.groups.items[id].depth[1];
        }
        assert_int_equal(reached[0], 45);
        assert_int_equal(reached[1], 45);
        assert_int_equal(funnel.times.count, 45);
        funnel_kernel.finish(&funnel);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_at_exactly_the_end_of_the_window_counts),
        cmocka_unit_test(an_event_serves_one_step_only),
        cmocka_unit_test(the_furthest_attempt_counts_and_the_earliest_of_equals),
        cmocka_unit_test(strict_wants_the_very_next_event),
        cmocka_unit_test(any_order_starts_at_the_earliest_step),
        cmocka_unit_test(any_order_finds_the_best_match_of_events_to_steps),
        cmocka_unit_test(a_million_starts_take_no_longer_than_a_million_rows),
        cmocka_unit_test(every_mode_equals_its_model),
        cmocka_unit_test(tables_do_not_depend_on_runs_and_workers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
