/* parse_limit_test.c - the limits of an expression hold, with its segments and its properties. */
#include "parse_place.h"

#include <stdio.h>
#include <string.h>

/* Refused as too large by this sentence. */
static void too_large(const char *text, enum msg msg)
{
    struct expr_catalog catalog = world_catalog();
    const struct expr *e;
    struct why why;
    assert_int_equal(parse_with(&catalog, EXPR_MEMBER, text, &e, &why), ERR_TOO_LARGE);
    assert_int_equal(why.msg, msg);
}

static const char *repeated(struct strbuf *b, const char *before, const char *part, int times,
                            const char *after)
{
    strbuf_reset(b);
    strbuf_add_text(b, before);
    for (int i = 0; i < times; i++) {
        strbuf_add_text(b, part);
    }
    strbuf_add_text(b, after);
    return b->p;
}

static void the_limits_hold_exactly(void **state)
{
    (void)state;
    struct strbuf b = {0};
    struct strbuf ends = {0};
    repeated(&ends, "", ")", 32, "");
    accepted(repeated(&b, "", "(", 32, arena_printf(arena, "true%s", ends.p)));
    too_large(repeated(&b, "", "(", 33, arena_printf(arena, "true)%s", ends.p)), MSG_TOO_DEEP);
    too_large(repeated(&b, "", "(", 4000, ""), MSG_TOO_DEEP);
    accepted(repeated(&b, "", "not (", 32, arena_printf(arena, "true%s", ends.p)));
    too_large(repeated(&b, "", "not (", 33, arena_printf(arena, "true)%s", ends.p)), MSG_TOO_DEEP);
    accepted(repeated(&b, "tag(\"x\")", " or tag(\"x\")", 63, ""));
    too_large(repeated(&b, "tag(\"x\")", " or tag(\"x\")", 64, ""), MSG_EXPR_CALLS);
    accepted(repeated(&b, "true", " ", 4092, ""));
    too_large(repeated(&b, "true", " ", 4093, ""), MSG_TOO_LONG);
    /* 4,090 bytes as written, more once printed with spaces */
    too_large(repeated(&b, "orders=1", " or orders=1", 340, ""), MSG_TOO_LONG);
    strbuf_finish(&b);
    strbuf_finish(&ends);
}

/* Segment "N" names "N+1" thirty times over; "9999" is true. */
static struct str deep_segment(void *ctx, struct str name)
{
    int64_t n = 0;
    const int *last = ctx;
    if (!str_to_i64(name, &n)) return (struct str){NULL, 0};
    if (n == *last) return STR("true");
    static char texts[200][2048];
    size_t len = 0;
    for (int i = 0; i < 30; i++) {
        len += (size_t)snprintf(texts[n] + len, sizeof(texts[n]) - len, "%sin_segment(\"%d\")",
                                i ? " or " : "", (int)n + 1);
    }
    return (struct str){texts[n], len};
}

static void segments_that_name_each_other_cost_no_more_than_their_text(void **state)
{
    (void)state;
    int last = 31;
    struct expr_catalog catalog = world_catalog();
    const struct expr *e;
    struct why why;
    catalog.segment = deep_segment;
    catalog.ctx = &last;
    assert_int_equal(parse_with(&catalog, EXPR_MEMBER, "in_segment(\"0\")", &e, &why), ERR_OK);
    struct run *r = run_create();
    run_member(r, 1);
    struct expr_context c = {.zone = catalog.zone, .now = WORLD_NOW, .scratch = arena};
    assert_true(expr_member(e, &c, &r->history, 0));
    assert_int_equal(expr_next_change(e, &c, &r->history, 0), TIME_NONE);
    mem_free(r);
    last = 32; /* one level too many */
    assert_int_equal(parse_with(&catalog, EXPR_MEMBER, "in_segment(\"0\")", &e, &why),
                     ERR_TOO_LARGE);
    assert_int_equal(why.msg, MSG_TOO_DEEP);
    /* Read from its far end, each segment is shallow when first read, and still too deep in use. */
    struct strbuf b = {0};
    for (int i = 60; i >= 0; i--) {
        strbuf_addf(&b, "%sin_segment(\"%d\")", i == 60 ? "" : " or ", i);
    }
    last = 61;
    assert_int_equal(parse_with(&catalog, EXPR_MEMBER, b.p, &e, &why), ERR_TOO_LARGE);
    assert_int_equal(why.msg, MSG_TOO_DEEP);
    strbuf_finish(&b);
}

static struct str long_segment(void *ctx, struct str name)
{
    (void)ctx;
    (void)name;
    static char text[4000];
    memset(text, ' ', sizeof(text));
    memcpy(text, "true", 4);
    return (struct str){text, sizeof(text)};
}

static void an_expression_and_its_segments_have_a_limit_together(void **state)
{
    (void)state;
    struct expr_catalog catalog = world_catalog();
    const struct expr *e;
    struct why why;
    struct strbuf b = {0};
    catalog.segment = long_segment;
    strbuf_add_text(&b, "in_segment(\"0\")");
    for (int i = 1; i < 15; i++) {
        strbuf_addf(&b, " or in_segment(\"%d\")", i);
    }
    assert_int_equal(parse_with(&catalog, EXPR_MEMBER, b.p, &e, &why), ERR_OK);
    strbuf_add_text(&b, " or in_segment(\"a\") or in_segment(\"b\")");
    assert_int_equal(parse_with(&catalog, EXPR_MEMBER, b.p, &e, &why), ERR_TOO_LARGE);
    assert_int_equal(why.msg, MSG_TOO_LONG);
    strbuf_finish(&b);
}

static uint32_t any_prop(void *ctx, struct str name, enum prop_type type)
{
    (void)ctx;
    int64_t n = -1;
    return type == PROP_NUMBER && str_to_i64(name, &n) ? (uint32_t)n + 1 : 0;
}

static void more_than_64_properties_are_too_many_to_read(void **state)
{
    (void)state;
    struct expr_catalog catalog = world_catalog();
    struct strbuf b = {0};
    const struct expr *e;
    struct why why;
    catalog.prop = any_prop;
    for (int i = 63; i >= 0; i--) {
        strbuf_addf(&b, "%sprops.%d = 1", i == 63 ? "" : " or ", i);
    }
    assert_int_equal(parse_with(&catalog, EXPR_EVENT, b.p, &e, &why), ERR_OK);
    struct columns columns = {0}, full = {.prop_count = 1, .props = {100}};
    assert_true(expr_columns(e, &columns));
    assert_int_equal(columns.prop_count, 64);
    for (uint32_t i = 0; i < 64; i++) {
        assert_int_equal(columns.props[i], i + 1);
    }
    assert_false(expr_columns(e, &full));
    assert_int_equal(full.prop_count, 1);
    strbuf_add_text(&b, " or props.64 = 1");
    assert_int_equal(parse_with(&catalog, EXPR_EVENT, b.p, &e, &why), ERR_OK);
    columns = (struct columns){0};
    assert_false(expr_columns(e, &columns));
    assert_int_equal(columns.prop_count, 0);
    strbuf_finish(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_limits_hold_exactly, set_up, tear_down),
        cmocka_unit_test_setup_teardown(segments_that_name_each_other_cost_no_more_than_their_text,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_expression_and_its_segments_have_a_limit_together,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(more_than_64_properties_are_too_many_to_read, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
