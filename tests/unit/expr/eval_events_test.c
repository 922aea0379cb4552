/* eval_events_test.c - the two evaluators of events agree on everything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "world.h"

static void fail_at(const struct strbuf *text, uint32_t row, bool by_row)
{
    fail_msg("row %u is %d singly: %s", row, by_row, text->p);
}

/* One expression over one run: by row, over the whole run, over a part, and without scratch. */
static size_t check(const struct expr *e, const struct run *r, struct arena *a, struct rng *rng,
                    const struct strbuf *text)
{
    static uint8_t whole[RUN_ROWS], part[RUN_ROWS];
    struct columns columns = {0};
    struct prop_column props[WORLD_COLUMNS];
    size_t hits = 0;
    assert_true(expr_columns(e, &columns));
    struct history h = run_only(r, &columns, props);
    struct expr_context asked = {
        .zone = zone_open("Asia/Shanghai"), .now = WORLD_NOW, .columns = &columns, .scratch = a};
    struct expr_context bare = {.zone = asked.zone, .now = WORLD_NOW, .columns = &r->columns};
    expr_events(e, &asked, &h, 0, r->rows, whole);
    uint32_t from = (uint32_t)rng_below(rng, r->rows),
             to = from + (uint32_t)rng_below(rng, r->rows - from);
    expr_events(e, &bare, &r->history, from, to, part);
    for (uint32_t row = 0; row < r->rows; row++) {
        bool single = expr_event(e, &asked, &h, row);
        if (whole[row] != single) fail_at(text, row, single);
        if (row >= from && row < to && part[row - from] != single) fail_at(text, row, single);
        hits += single;
    }
    return hits;
}

static void both_evaluators_agree_on_100000_random_pairs(void **state)
{
    (void)state;
    struct expr_catalog catalog = world_catalog();
    struct random_words words = world_words();
    struct arena *a = arena_create(0), *scratch = arena_create(0);
    struct strbuf text = {0};
    struct rng rng;
    uint64_t seed = 77;
    size_t hits = 0, rows = 0, pairs = 0;
    print_message("seed %llu\n", (unsigned long long)seed);
    rng_init(&rng, seed);
    while (pairs < 100000) {
        struct run *r =
            run_random(&rng, 1 + (uint32_t)rng_below(&rng, 4), 4 + (uint32_t)rng_below(&rng, 24));
        for (int i = 0; i < 100; i++) {
            const struct expr *e;
            strbuf_reset(&text);
            random_expr(&rng, &words, EXPR_EVENT, (int)rng_below(&rng, 3), &text);
            if (expr_parse(a, &catalog, EXPR_EVENT, strbuf_str(&text), "", &e, NULL) != ERR_OK)
                continue;
            hits += check(e, r, scratch, &rng, &text);
            rows += r->rows;
            pairs++;
            arena_reset(a);
        }
        mem_free(r);
    }
    print_message("%zu of %zu rows match\n", hits, rows);
    assert_true(hits > rows / 5 && hits < rows * 4 / 5);
    strbuf_finish(&text);
    arena_destroy(a);
    arena_destroy(scratch);
}

static void they_agree_over_several_chunks(void **state)
{
    (void)state;
    struct expr_catalog catalog = world_catalog();
    struct random_words words = world_words();
    struct arena *a = arena_create(0), *scratch = arena_create(0);
    struct strbuf text = {0};
    struct rng rng;
    uint64_t seed = 78;
    print_message("seed %llu\n", (unsigned long long)seed);
    rng_init(&rng, seed);
    static const uint32_t sizes[] = {1023, 1024, 1025, 2048, 3000, 4000};
    for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
        struct run *r = run_random(&rng, s == 1 ? 64 : 1, sizes[s]);
        for (int i = 0; i < 60; i++) {
            const struct expr *e;
            strbuf_reset(&text);
            random_expr(&rng, &words, EXPR_EVENT, 3, &text);
            if (expr_parse(a, &catalog, EXPR_EVENT, strbuf_str(&text), "", &e, NULL) != ERR_OK)
                continue;
            check(e, r, scratch, &rng, &text);
            arena_reset(a);
        }
        mem_free(r);
    }
    strbuf_finish(&text);
    arena_destroy(a);
    arena_destroy(scratch);
}

static struct str many_names(void *ctx, enum dim dim, uint32_t code)
{
    size_t *asked = ctx;
    (void)dim;
    ++*asked;
    return code % 2 ? STR("odd") : STR("even");
}

static void the_text_of_a_code_is_asked_once_however_many_rows_have_it(void **state)
{
    (void)state;
    size_t asked = 0;
    struct expr_catalog catalog = world_catalog();
    catalog.ctx = &asked;
    catalog.code_text = many_names;
    struct arena *a = arena_create(0);
    struct run *r = run_create();
    const struct expr *e;
    uint8_t mask[RUN_ROWS];
    assert_int_equal(expr_parse(a, &catalog, EXPR_EVENT, STR("group ~ \"od\""), "", &e, NULL),
                     ERR_OK);
    run_member(r, 1);
    for (uint32_t i = 0; i < 4000; i++) {
        run_event(r, WORLD_NOW + i, "message.sent");
        r->dim[DIM_GROUP][i] = i % 101;
    }
    struct expr_context c = {.zone = catalog.zone, .now = WORLD_NOW, .scratch = a};
    expr_events(e, &c, &r->history, 0, r->rows, mask);
    assert_int_equal(asked, 100);
    for (uint32_t i = 0; i < 4000; i++) {
        assert_int_equal(mask[i], i % 101 % 2);
    }
    mem_free(r);
    arena_destroy(a);
}

static void no_rows_touch_nothing(void **state)
{
    (void)state;
    struct expr_catalog catalog = world_catalog();
    struct arena *a = arena_create(0);
    struct run *r = run_create();
    const struct expr *e;
    uint8_t mask[1] = {9};
    assert_int_equal(expr_parse(a, &catalog, EXPR_EVENT, STR("props.plan ~ \"a\""), "", &e, NULL),
                     ERR_OK);
    struct expr_context c = {.zone = catalog.zone, .now = WORLD_NOW};
    expr_events(e, &c, &r->history, 0, 0, mask);
    assert_int_equal(mask[0], 9);
    mem_free(r);
    arena_destroy(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_evaluators_agree_on_100000_random_pairs),
        cmocka_unit_test(they_agree_over_several_chunks),
        cmocka_unit_test(the_text_of_a_code_is_asked_once_however_many_rows_have_it),
        cmocka_unit_test(no_rows_touch_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
