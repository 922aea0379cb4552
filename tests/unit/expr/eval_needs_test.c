/* eval_needs_test.c - the rows that an expression needs, and the number of the others, are enough:
 * now and whenever it is asked later. */
#include "eval_place.h"

#define KINDS 64

/* What is needed of each kind. */
struct needs {
    uint32_t last[KINDS];
    int64_t from[KINDS];
    bool named[KINDS];
};

static void note(void *ctx, const struct expr_need *need)
{
    struct needs *n = ctx;
    assert_in_range(need->kind, 0, KINDS - 1);
    if (!n->named[need->kind]) n->from[need->kind] = INT64_MAX;
    n->named[need->kind] = true;
    if (need->last > n->last[need->kind]) n->last[need->kind] = need->last;
    if (need->last == 0 && need->from < n->from[need->kind]) n->from[need->kind] = need->from;
}

/* The rows of a run with one member that are needed; 'older' counts the others of their kinds. */
static struct run *needed(const struct run *r, const struct needs *n, uint32_t *older)
{
    struct run *out = run_create();
    uint32_t seen[KINDS] = {0};
    bool keep[RUN_ROWS];
    memset(older, 0, KINDS * sizeof(*older));
    for (uint32_t row = r->rows; row-- > 0;) {
        uint16_t k = r->kind[row];
        keep[row] =
            k < KINDS && n->named[k] && (seen[k]++ < n->last[k] || r->at[row] >= n->from[k]);
        if (k < KINDS && n->named[k] && !keep[row]) older[k]++;
    }
    run_member(out, r->member[0]);
    for (uint32_t row = 0; row < r->rows; row++) {
        if (!keep[row]) continue;
        uint32_t to = run_event(out, r->at[row], world_kinds[0]);
        out->kind[to] = r->kind[row];
        out->amount[to] = r->amount[row];
        out->other[to] = r->other[row];
        for (int d = 0; d < DIM_COUNT; d++)
            out->dim[d][to] = r->dim[d][row];
        for (size_t p = 0; p < WORLD_COLUMNS; p++) {
            out->number[p][to] = r->number[p][row];
            out->text[p][to] = r->text[p][row];
        }
    }
    out->history.older = older;
    return out;
}

static size_t ask(const struct expr *e, struct run *r, struct rng *rng, const char *text)
{
    struct needs needs = {0};
    uint32_t older[KINDS];
    struct expr_context c = {.zone = zone_open("Asia/Shanghai"),
                             .now = r->rows ? r->at[r->rows - 1] : WORLD_NOW,
                             .columns = &r->columns,
                             .get = world_get,
                             .get_ctx = &world,
                             .scratch = scratch};
    expr_each_need(e, &c, note, &needs);
    struct run *less = needed(r, &needs, older);
    size_t left_out = r->rows - less->rows;
    for (int k = 0; k < 8; k++) {
        bool all = expr_member(e, &c, &r->history, 0), few = expr_member(e, &c, &less->history, 0);
        int64_t next = expr_next_change(e, &c, &r->history, 0);
        if (all != few || next != expr_next_change(e, &c, &less->history, 0))
            fail_msg("after %lld ms: %s", (long long)(c.now - WORLD_NOW), text);
        if (next != TIME_NONE && rng_below(rng, 2)) {
            c.now = next;
        } else {
            c.now += (int64_t)rng_below(rng, 40 * (uint64_t)TIME_DAY);
        }
    }
    mem_free(less);
    return left_out;
}

static void what_is_needed_is_enough(void **state)
{
    (void)state;
    struct expr_catalog catalog = world_catalog();
    struct random_words words = world_words();
    struct strbuf text = {0};
    struct rng rng;
    uint64_t seed = 92;
    size_t left_out = 0, asked = 0;
    print_message("seed %llu\n", (unsigned long long)seed);
    rng_init(&rng, seed);
    arena = arena_create(0);
    scratch = arena_create(0);
    world = (struct world){.random = true};
    for (int round = 0; round < 150; round++) {
        struct run *r = run_random(&rng, 1, 30);
        for (int i = 0; i < 40; i++) {
            const struct expr *e;
            strbuf_reset(&text);
            random_expr(&rng, &words, EXPR_MEMBER, (int)rng_below(&rng, 3), &text);
            if (expr_parse(arena, &catalog, EXPR_MEMBER, strbuf_str(&text), "", &e, NULL) != ERR_OK)
                continue;
            left_out += ask(e, r, &rng, text.p);
            asked++;
            arena_reset(arena);
        }
        mem_free(r);
    }
    print_message("%zu asked, %zu rows left out\n", asked, left_out);
    assert_true(asked > 1000 && left_out > 10000);
    strbuf_finish(&text);
    arena_destroy(arena);
    arena_destroy(scratch);
}

static void a_call_that_counts_needs_as_many_rows_as_it_tells_apart(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t last;
    } cases[] = {
        {"did(\"order.paid\", within 7d)", 1},
        {"did(\"order.paid\", count >= 3, within 7d)", 3},
        {"did(\"order.paid\", count > 3, from now - 7d)", 4},
        {"did(\"order.paid\", count = 3, count < 2, within 7d)", 4},
        {"did(\"order.paid\", count >= 5000, within 7d)", 0},
        {"did(\"order.paid\", count >= 3, within 7d, where amount > 1)", 0},
        {"did(\"order.paid\", days >= 3, within 7d)", 0},
        {"did(\"order.paid\", to now - 1d)", 0},
    };
    begin_empty();
    struct expr_context c = {.zone = zone_open("UTC"), .now = WORLD_NOW, .scratch = scratch};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct needs needs = {0};
        expr_each_need(parse(cases[i].text), &c, note, &needs);
        int kind = world_kind(NULL, STR("order.paid"));
        assert_true(needs.named[kind]);
        if (needs.last[kind] != cases[i].last) fail_msg("%s: %u", cases[i].text, needs.last[kind]);
        assert_true((needs.from[kind] == INT64_MAX) == (cases[i].last > 0));
    }
    (void)tear_down(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_needed_is_enough),
        cmocka_unit_test(a_call_that_counts_needs_as_many_rows_as_it_tells_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
