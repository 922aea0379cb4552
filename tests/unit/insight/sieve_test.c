/* sieve_test.c - the rows that come through, against asking each row by itself: few kinds, many and
 * all, times at the very ends, filters, members that are left out, derived events. */
#include "insight/run.h"
#include "insight/town.h"

#include "insight/sieve.h"

#define KINDS 12 /* of the town; 8, 9 and 12 are derived */

static struct run run;
static struct town town;

static bool is_derived(int kind)
{
    return kind == 8 || kind == 9 || kind == 12;
}

static void random_rows(struct rng *rng)
{
    uint32_t members = 1 + (uint32_t)rng_below(rng, 30);
    bool derived = rng_below(rng, 2) == 0;
    run_reset(&run);
    for (uint32_t m = 0; m < members; m++) {
        int64_t at = (int64_t)rng_below(rng, 20);
        uint64_t rows = rng_below(rng, 10) == 0 ? 200 : rng_below(rng, 12);
        run_member(&run, rng_below(rng, 8) == 0 ? 0 : m + 1);
        for (; rows > 0; rows--) {
            uint16_t kind = 1 + (uint16_t)rng_below(rng, KINDS);
            if (is_derived(kind) && !derived) kind = 1;
            at += (int64_t)rng_below(rng, 3);
            uint32_t row = run_row(&run, at, kind, 1);
            run.amount[row] = (int64_t)rng_below(rng, 10);
        }
    }
    (void)run_part(&run, 0, members);
}

static const struct expr *filter(struct plan *p, struct rng *rng)
{
    static const char *const texts[] = {"amount >= 5", "amount < 3", "kind = \"order.paid\"",
                                        "amount = 99"};
    const struct expr *e = NULL;
    struct why why;
    struct str text = str_of(texts[rng_below(rng, 4)]);
    enum err err = expr_parse(p->arena, &p->catalog, EXPR_EVENT, text, "where", &e, &why);
    assert_int_equal(err, ERR_OK);
    return e;
}

static void random_selector(struct plan *p, struct rng *rng)
{
    struct selector *s = &p->selectors[p->selector_count++];
    uint16_t *kinds = arena_alloc_array(p->arena, KINDS, sizeof(*kinds));
    *s = (struct selector){.all = rng_below(rng, 4) == 0, .kinds = kinds};
    for (uint16_t kind = 1; kind <= KINDS && !s->all; kind++) {
        if (rng_below(rng, 4) == 0) kinds[s->kind_count++] = kind;
    }
    if (rng_below(rng, 5) == 0) s->where = filter(p, rng);
}

static bool passes(const struct plan *p, const struct expr *e, uint32_t row)
{
    struct expr_context c = {.zone = p->in->zone, .now = p->in->now, .columns = &p->columns};
    return !e || expr_event(e, &c, &run.h, row);
}

static uint32_t mask_of(const struct sieve *s, bool every_kind, uint32_t row)
{
    const struct plan *p = s->plan;
    uint16_t kind = run.kind[row];
    bool named = false;
    uint32_t mask = 0;
    if (run.at[row] < s->from || run.at[row] >= s->to || !passes(p, p->where, row)) return 0;
    for (uint32_t i = 0; i < p->selector_count; i++) {
        const struct selector *selector = &p->selectors[i];
        bool selected = selector->all && !is_derived(kind);
        for (size_t k = 0; k < selector->kind_count; k++) {
            if (selector->kinds[k] == kind) selected = named = true;
        }
        if (selected && passes(p, selector->where, row)) mask |= UINT32_C(1) << i;
    }
    if (every_kind && (named || !is_derived(kind))) mask |= SIGHT_SEEN;
    return mask;
}

static void expect(const struct sieve *s, bool every_kind, const struct sight *sight)
{
    for (uint32_t m = 0; m < run.members; m++) {
        uint32_t place = sight->first[m];
        for (uint32_t row = run.off[m]; row < run.off[m + 1]; row++) {
            uint32_t mask = mask_of(s, every_kind, row);
            if (mask == 0 || !sight_keeps(sight, m)) continue;
            assert_true(place < sight->end[m]);
            assert_int_equal(sight_row(sight, place), row);
            assert_int_equal(sight->at[place], run.at[row]);
            assert_int_equal(sight_mask(sight, place), mask);
            place++;
        }
        assert_int_equal(place, sight->end[m]);
    }
}

static void what_comes_through_is_what_each_row_says(void **state)
{
    (void)state;
    struct rng rng;
    struct sieved buffers = {0};
    int whole = 0;
    seed_rng(&rng, "what_comes_through_is_what_each_row_says");
    for (int round = 0; round < 3000; round++) {
        struct plan plan;
        struct sieve sieve;
        struct sight sight;
        uint8_t keep[ROWS_MAX];
        bool every_kind = rng_below(&rng, 3) == 0;
        int64_t from = rng_below(&rng, 3) == 0 ? INT64_MIN : (int64_t)rng_below(&rng, 30);
        int64_t to = rng_below(&rng, 3) == 0 ? INT64_MAX : (int64_t)rng_below(&rng, 60);
        plan_init(&plan, &town.insight, town.arena);
        for (uint64_t i = 1 + rng_below(&rng, 4); i > 0; i--) {
            random_selector(&plan, &rng);
        }
        if (rng_below(&rng, 4) == 0) plan.where = filter(&plan, &rng);
        random_rows(&rng);
        for (uint32_t m = 0; m < run.members; m++) {
            keep[m] = rng_below(&rng, 3) > 0;
        }
        sieve_init(&sieve, &plan, from, to, every_kind);
        for (int left_out = 0; left_out < 2; left_out++) {
            sieve_run(&sieve, &buffers, &run.h, left_out ? keep : NULL, &sight);
            expect(&sieve, every_kind, &sight);
            whole += sight.row == NULL;
        }
        sieve_finish(&sieve);
        plan_finish(&plan);
        arena_reset(town.arena);
    }
    assert_true(whole > 100); /* both ways were taken */
    assert_true(sieved_bytes(&buffers) > 0);
    sieved_finish(&buffers);
}

/* Buffers grow with the runs, and vectors write past the last row. */
static void runs_of_any_length_fit(void **state)
{
    (void)state;
    struct sieved buffers = {0};
    struct sieve sieve;
    struct plan plan;
    static const uint16_t one = 1;
    plan_init(&plan, &town.insight, town.arena);
    plan.selectors[plan.selector_count++] = (struct selector){.kinds = &one, .kind_count = 1};
    sieve_init(&sieve, &plan, INT64_MIN, INT64_MAX, false);
    for (uint32_t rows = 1; rows < 1000; rows++) {
        struct sight sight;
        run_reset(&run);
        run_member(&run, 1);
        for (uint32_t i = 0; i < rows; i++)
            (void)run_row(&run, i, i == 0 ? 2 : 1, 1);
        (void)run_part(&run, 0, 1);
        sieve_run(&sieve, &buffers, &run.h, NULL, &sight);
        assert_int_equal(sight.end[0] - sight.first[0], rows - 1);
        expect(&sieve, false, &sight);
    }
    sieve_finish(&sieve);
    sieved_finish(&buffers);
    plan_finish(&plan);
    arena_reset(town.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_comes_through_is_what_each_row_says),
        cmocka_unit_test(runs_of_any_length_fit),
    };
    town_open(&town, "UTC", "2025-01-01T00:00:00Z");
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    town_close(&town);
    return failed;
}
