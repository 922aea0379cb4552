/* print_test.c - the canonical form parses back to the same tree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "expr/node.h"
#include "world.h"

static bool same_literal(const struct literal *a, const struct literal *b)
{
    return a->type == b->type && a->coded == b->coded && a->boolean == b->boolean &&
           str_eq(a->text, b->text) && a->number == b->number && a->time == b->time;
}

static bool same_subject(const struct subject *a, const struct subject *b)
{
    return a->about == b->about && a->event == b->event && a->member == b->member &&
           a->class == b->class && a->anniversary == b->anniversary && str_eq(a->name, b->name) &&
           memcmp(a->prop, b->prop, sizeof(a->prop)) == 0;
}

static bool same_test(const struct test *a, const struct test *b)
{
    if (!same_subject(&a->subject, &b->subject) || a->op != b->op || a->by_text != b->by_text ||
        a->value_count != b->value_count) {
        return false;
    }
    for (uint32_t i = 0; i < a->value_count; i++) {
        if (!same_literal(&a->values[i], &b->values[i])) return false;
    }
    return true;
}

static bool same_node(const struct node *a, const struct node *b);

static bool same_kind(const struct kind *a, const struct kind *b)
{
    return str_eq(a->name, b->name) && a->code == b->code;
}

static bool same_did(const struct did *a, const struct did *b)
{
    const struct condition *c = a->conditions, *d = b->conditions;
    for (; c && d; c = c->next, d = d->next) {
        if (c->measure != d->measure || c->op != d->op || c->number != d->number ||
            !same_subject(&c->subject, &d->subject)) {
            return false;
        }
    }
    if (c || d || !a->where != !b->where) return false;
    if (a->where && !same_node(a->where, b->where)) return false;
    return same_kind(&a->kind, &b->kind) && same_kind(&a->then, &b->then) &&
           a->then_ms == b->then_ms && a->within_ms == b->within_ms &&
           a->has_within == b->has_within && a->has_from == b->has_from && a->has_to == b->has_to &&
           a->has_then == b->has_then && a->then_not == b->then_not &&
           a->counts_only == b->counts_only && same_literal(&a->from, &b->from) &&
           same_literal(&a->to, &b->to);
}

static bool same_flag(const struct flag *a, const struct flag *b)
{
    return a->call == b->call && a->code == b->code && str_eq(a->args[0], b->args[0]) &&
           str_eq(a->args[1], b->args[1]) && same_subject(&a->subject, &b->subject);
}

static bool same_children(const struct node *a, const struct node *b)
{
    for (; a && b; a = a->next, b = b->next) {
        if (!same_node(a, b)) return false;
    }
    return !a && !b;
}

static bool same_node(const struct node *a, const struct node *b)
{
    if (a->type != b->type) return false;
    switch (a->type) {
    case NODE_CONST:
        return a->u.value == b->u.value;
    case NODE_AND:
    case NODE_OR:
    case NODE_NOT:
        return same_children(a->u.child, b->u.child);
    case NODE_TEST:
        return same_test(a->u.test, b->u.test);
    case NODE_DID:
        return same_did(a->u.did, b->u.did);
    case NODE_FLAG:
        return same_flag(a->u.flag, b->u.flag);
    case NODE_SEGMENT:
        return str_eq(a->u.segment->name, b->u.segment->name) &&
               same_node(a->u.segment->root, b->u.segment->root);
    }
    return false;
}

/* Longest chain of nodes, to see that the generator makes trees worth the name. */
static int height(const struct node *n)
{
    if (n->type != NODE_AND && n->type != NODE_OR && n->type != NODE_NOT) return 1;
    int most = 0;
    for (const struct node *part = n->u.child; part; part = part->next) {
        int h = height(part);
        if (h > most) most = h;
    }
    return most + 1;
}

static void the_canonical_form_of_100000_random_trees_parses_back_to_the_same_tree(void **state)
{
    (void)state;
    struct expr_catalog catalog = world_catalog();
    struct random_words words = world_words();
    struct arena *a = arena_create(0);
    struct strbuf text = {0}, once = {0}, twice = {0};
    struct rng rng;
    uint64_t seed = 20260101;
    int tallest = 0, changed = 0;
    print_message("seed %llu\n", (unsigned long long)seed);
    rng_init(&rng, seed);
    for (int i = 0; i < 100000; i++) {
        enum expr_about about = i % 2 ? EXPR_MEMBER : EXPR_EVENT;
        const struct expr *first, *second;
        struct why why = {0};
        strbuf_reset(&text);
        strbuf_reset(&once);
        strbuf_reset(&twice);
        random_expr(&rng, &words, about, (int)rng_below(&rng, 4), &text);
        enum err err = expr_parse(a, &catalog, about, strbuf_str(&text), "", &first, &why);
        if (err == ERR_TOO_LARGE) continue;
        if (err != ERR_OK) {
            char message[512];
            why_text(&why, LANG_EN, message, sizeof(message));
            fail_msg("%s\n%s", text.p, message);
        }
        expr_print(first, &once);
        assert_int_equal(expr_parse(a, &catalog, about, strbuf_str(&once), "", &second, &why),
                         ERR_OK);
        if (!same_node(first->root, second->root)) fail_msg("%s\n%s", text.p, once.p);
        expr_print(second, &twice);
        assert_string_equal(once.p, twice.p);
        if (height(first->root) > tallest) tallest = height(first->root);
        changed += !str_eq(strbuf_str(&text), strbuf_str(&once));
        arena_reset(a);
    }
    assert_true(tallest >= 6);
    assert_true(changed > 25000);
    strbuf_finish(&text);
    strbuf_finish(&once);
    strbuf_finish(&twice);
    arena_destroy(a);
}

static void every_number_the_lexer_reads_prints_as_the_same_number(void **state)
{
    (void)state;
    struct expr_catalog catalog = world_catalog();
    struct arena *a = arena_create(0);
    struct rng rng;
    uint64_t seed = 3;
    print_message("seed %llu\n", (unsigned long long)seed);
    rng_init(&rng, seed);
    for (int i = 0; i < 50000; i++) {
        const struct expr *e;
        struct strbuf text = {0}, printed = {0};
        strbuf_addf(&text, "spent = %s", rng_below(&rng, 2) ? "-" : "");
        for (uint64_t n = 1 + rng_below(&rng, 15); n > 0; n--) {
            strbuf_addf(&text, "%d", (int)rng_below(&rng, 10));
        }
        if (rng_below(&rng, 4)) strbuf_add_char(&text, '.');
        for (uint64_t n = text.p[text.len - 1] == '.' ? 1 + rng_below(&rng, 6) : 0; n > 0; n--) {
            strbuf_addf(&text, "%d", (int)rng_below(&rng, 10));
        }
        assert_int_equal(expr_parse(a, &catalog, EXPR_MEMBER, strbuf_str(&text), "", &e, NULL),
                         ERR_OK);
        double number = e->root->u.test->values[0].number;
        expr_print(e, &printed);
        assert_int_equal(expr_parse(a, &catalog, EXPR_MEMBER, strbuf_str(&printed), "", &e, NULL),
                         ERR_OK);
        if (e->root->u.test->values[0].number != number) fail_msg("%s %s", text.p, printed.p);
        if (printed.len > text.len) fail_msg("%s %s", text.p, printed.p);
        strbuf_finish(&text);
        strbuf_finish(&printed);
        arena_reset(a);
    }
    arena_destroy(a);
}

static void times_print_in_the_zone_and_mean_the_same_instant(void **state)
{
    (void)state;
    static const char *const zones[] = {"Asia/Shanghai", "America/New_York", "Asia/Kathmandu",
                                        "UTC"};
    struct arena *a = arena_create(0);
    struct rng rng;
    uint64_t seed = 4;
    print_message("seed %llu\n", (unsigned long long)seed);
    rng_init(&rng, seed);
    for (int i = 0; i < 4000; i++) {
        struct expr_catalog catalog = world_catalog();
        catalog.zone = zone_open(zones[i % 4]);
        const struct expr *e;
        struct strbuf text = {0}, printed = {0};
        strbuf_addf(&text, "joined < %04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
                    1 + (int)rng_below(&rng, 9998), 1 + (int)rng_below(&rng, 12),
                    2 + (int)rng_below(&rng, 27), (int)rng_below(&rng, 24),
                    (int)rng_below(&rng, 60), (int)rng_below(&rng, 60), (int)rng_below(&rng, 1000));
        assert_int_equal(expr_parse(a, &catalog, EXPR_MEMBER, strbuf_str(&text), "", &e, NULL),
                         ERR_OK);
        int64_t at = e->root->u.test->values[0].time;
        expr_print(e, &printed);
        assert_int_equal(expr_parse(a, &catalog, EXPR_MEMBER, strbuf_str(&printed), "", &e, NULL),
                         ERR_OK);
        assert_true(e->root->u.test->values[0].time == at);
        strbuf_finish(&text);
        strbuf_finish(&printed);
        arena_reset(a);
    }
    arena_destroy(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_canonical_form_of_100000_random_trees_parses_back_to_the_same_tree),
        cmocka_unit_test(every_number_the_lexer_reads_prints_as_the_same_number),
        cmocka_unit_test(times_print_in_the_zone_and_mean_the_same_instant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
