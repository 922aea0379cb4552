/* expr.c - fuzz target: an expression about members or about events.
 *
 * The first byte says about what. What parses must print to a text that parses again and prints the
 * same; both trees, and the one-row and many-row evaluators, must agree on a small fixed run. The
 * moment that expr_next_change names lies ahead, and before it the answer stays.
 */
#include <assert.h>

#include "expr/world.h"

#define ROWS 24
#define MEMBERS 3
#define INPUT_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct expr *parse(struct arena *a, enum expr_about about, struct str text)
{
    static struct expr_catalog catalog;
    const struct expr *e = NULL;
    struct why why = {0};
    catalog = world_catalog();
    enum err err = expr_parse(a, &catalog, about, text, "where", &e, &why);
    assert(err == ERR_OK || err == ERR_INVALID || err == ERR_TOO_LARGE);
    assert(err == ERR_OK || why.err == err);
    return err == ERR_OK ? e : NULL;
}

static void check_events(const struct expr *e, const struct expr *again, const struct run *r,
                         const struct expr_context *c)
{
    uint8_t mask[ROWS];
    expr_events(e, c, &r->history, 0, r->rows, mask);
    for (uint32_t row = 0; row < r->rows; row++) {
        assert(mask[row] == expr_event(e, c, &r->history, row));
        assert(mask[row] == expr_event(again, c, &r->history, row));
    }
}

static void check_member(const struct expr *e, const struct expr *again, const struct run *r,
                         const struct expr_context *c, uint32_t i)
{
    bool now = expr_member(e, c, &r->history, i);
    assert(now == expr_member(again, c, &r->history, i));
    int64_t next = expr_next_change(e, c, &r->history, i);
    assert(next == TIME_NONE || next > c->now);
    for (int64_t step = 1; step <= TIME_DAY; step *= 60) {
        struct expr_context later = *c;
        later.now = c->now + step;
        if (next != TIME_NONE && later.now >= next) break;
        assert(expr_member(e, &later, &r->history, i) == now);
    }
}

static void evaluate(enum expr_about about, const struct expr *e, const struct expr *again)
{
    static struct run *r;
    struct world w = {.random = true};
    struct arena *scratch = arena_create(0);
    struct columns wanted = {0};
    if (!r) {
        struct rng rng;
        rng_init(&rng, 5);
        r = run_random(&rng, MEMBERS, ROWS);
    }
    assert(expr_columns(e, &wanted));
    struct expr_context c = {.zone = zone_open("Asia/Shanghai"),
                             .now = WORLD_NOW,
                             .columns = &r->columns,
                             .get = world_get,
                             .get_ctx = &w,
                             .scratch = scratch};
    if (about == EXPR_EVENT) check_events(e, again, r, &c);
    for (uint32_t i = 0; about == EXPR_MEMBER && i < MEMBERS; i++)
        check_member(e, again, r, &c, i);
    arena_destroy(scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > INPUT_MAX) return 0;
    enum expr_about about = data[0] % 2 ? EXPR_EVENT : EXPR_MEMBER;
    char *text = mem_copy(data + 1, size - 1); /* ends where the allocation does */
    struct arena *a = arena_create(0);
    const struct expr *e = parse(a, about, (struct str){text, size - 1});
    if (e) {
        struct strbuf first = {0}, second = {0};
        expr_print(e, &first);
        const struct expr *again = parse(a, about, strbuf_str(&first));
        assert(again);
        expr_print(again, &second);
        assert(str_eq(strbuf_str(&first), strbuf_str(&second)));
        evaluate(about, e, again);
        strbuf_finish(&first);
        strbuf_finish(&second);
    }
    arena_destroy(a);
    mem_free(text);
    return 0;
}
