/* parse_test.c - what the parser accepts, how it groups, and what it says when it refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "world.h"

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_create(0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_destroy(arena);
    return 0;
}

static enum err parse_with(const struct expr_catalog *catalog, enum expr_about about,
                           const char *text, const struct expr **out, struct why *why)
{
    return expr_parse(arena, catalog, about, str_of(text), "who", out, why);
}

/* The canonical form is 'expected'. */
static void reads_as(enum expr_about about, const char *text, const char *expected)
{
    struct expr_catalog catalog = world_catalog();
    const struct expr *e = NULL;
    struct why why = {0};
    char message[512] = "";
    if (parse_with(&catalog, about, text, &e, &why) != ERR_OK) {
        why_text(&why, LANG_EN, message, sizeof(message));
        fail_msg("%s: %s", text, message);
        return;
    }
    struct strbuf out = {0};
    expr_print(e, &out);
    assert_string_equal(out.p, expected);
    strbuf_finish(&out);
}

/* Refused with exactly this sentence. */
static void refuses(enum expr_about about, const char *text, enum lang lang, const char *expected)
{
    struct expr_catalog catalog = world_catalog();
    const struct expr *untouched = (const struct expr *)(uintptr_t)8;
    const struct expr *e = untouched;
    struct why why = {0};
    char message[512];
    assert_int_equal(parse_with(&catalog, about, text, &e, &why), ERR_INVALID);
    assert_ptr_equal(e, untouched);
    assert_int_equal(why.err, ERR_INVALID);
    assert_string_equal(why.field, "who");
    why_text(&why, lang, message, sizeof(message));
    assert_string_equal(message, expected);
}

static void member_refuses(const char *text, const char *expected)
{
    refuses(EXPR_MEMBER, text, LANG_EN, expected);
}

static void and_binds_tighter_than_or_and_not_tightest(void **state)
{
    (void)state;
    reads_as(EXPR_MEMBER, "true or false and true", "true or false and true");
    reads_as(EXPR_MEMBER, "true or (false and true)", "true or false and true");
    reads_as(EXPR_MEMBER, "(true or false) and true", "(true or false) and true");
    reads_as(EXPR_MEMBER, "not true and false", "not true and false");
    reads_as(EXPR_MEMBER, "not (true and false)", "not (true and false)");
    reads_as(EXPR_MEMBER, "not orders = 1 or true", "not orders = 1 or true");
    reads_as(EXPR_MEMBER, "not (orders = 1)", "not orders = 1");
    reads_as(EXPR_MEMBER, "not (not true)", "not (not true)");
}

static void chains_of_one_word_are_flat(void **state)
{
    (void)state;
    reads_as(EXPR_MEMBER, "true and (false and true) and true", "true and false and true and true");
    reads_as(EXPR_MEMBER, "((true or false)) or (true or (false))",
             "true or false or true or false");
}

static void spacing_and_spelling_become_canonical(void **state)
{
    (void)state;
    reads_as(EXPR_MEMBER, " orders\n>=\t2 ", "orders >= 2");
    reads_as(EXPR_MEMBER, "lifecycle=\"休眠\"", "lifecycle = \"dormant\"");
    reads_as(EXPR_MEMBER, "trust between \"认识你\" and \"shares\"",
             "trust between \"acquainted\" and \"shares\"");
    reads_as(EXPR_MEMBER, "circle(\"g1\")=\"核心层\"", "circle(\"g1\") = \"core\"");
    reads_as(EXPR_MEMBER, "joined<now-3d", "joined < now - 3d");
    reads_as(EXPR_MEMBER, "joined<today+48h", "joined < today + 2d");
    reads_as(EXPR_MEMBER, "joined<now-0d", "joined < now");
    reads_as(EXPR_MEMBER, "joined > 2025-01-31T08:00:00Z", "joined > 2025-01-31T16:00:00+08:00");
    reads_as(EXPR_MEMBER, "joined > 2025-01-31T08:00:00.250+08:00",
             "joined > 2025-01-31T08:00:00.250+08:00");
    reads_as(EXPR_MEMBER, "spent = 12.50", "spent = 12.5");
    reads_as(EXPR_MEMBER, "spent > -0.000001", "spent > -0.000001");
    reads_as(EXPR_MEMBER, "spent > 999999999999999.900000", "spent > 999999999999999.9");
    reads_as(EXPR_MEMBER, "trait.\"city\" ~ \"a\"", "trait.city ~ \"a\"");
    reads_as(EXPR_MEMBER, "trait.\"会员等级\" is not null", "trait.\"会员等级\" is not null");
    reads_as(EXPR_MEMBER, "language = \"a\\\"b\\\\c\"", "language = \"a\\\"b\\\\c\"");
    reads_as(EXPR_MEMBER, "language = \"e\xCC\x81\"", "language = \"\xC3\xA9\"");
    reads_as(EXPR_MEMBER, "did(\"order.paid\",within 2w,count>=2)",
             "did(\"order.paid\", count >= 2, within 14d)");
    reads_as(EXPR_MEMBER,
             "did(\"order.paid\",then\"group.left\"within 90m,where amount>=5000 or hour<9,to "
             "today,from now-30d,"
             "sum(amount)>1,days!=3,distinct(props.\"会员等级\")=2)",
             "did(\"order.paid\", sum(amount) > 1, days != 3, distinct(props.\"会员等级\") = 2, "
             "from now - 30d, "
             "to today, where amount >= 5000 or hour < 9, then \"group.left\" within 90m)");
    reads_as(EXPR_MEMBER, "consented(\"wecom\",\"marketing\")",
             "consented(\"wecom\", \"marketing\")");
    reads_as(EXPR_MEMBER,
             "experiment(\"e\")=\"arm\" and tag(\"x\") and staff(\"u\") and touchpoint(\"t\")",
             "experiment(\"e\") = \"arm\" and tag(\"x\") and staff(\"u\") and touchpoint(\"t\")");
    reads_as(EXPR_MEMBER, "in_segment(\"buyers\") and in_group(\"g1\")",
             "in_segment(\"buyers\") and in_group(\"g1\")");
    reads_as(EXPR_EVENT, "props.7d = 1 and props.n not in (1,2)",
             "props.7d = 1 and props.n not in (1, 2)");
    reads_as(EXPR_EVENT, "member = \"m7\" and other in(\"m1\")",
             "member = \"m7\" and other in (\"m1\")");
    reads_as(EXPR_EVENT, "day = 2024-02-29", "day = 2024-02-29");
}

static void the_built_in_segments_parse_and_print_as_they_stand(void **state)
{
    (void)state;
    static const char *const built_in[] = {
        "did(\"group.joined\", within 1d)",
        "lifecycle = \"new\" and joined < now - 3d and not did(\"message.sent\")",
        "orders >= 1 and groups is null and contacts = 0",
        "groups is not null and contacts = 0",
        "contacts >= 1 and groups is null",
        "did(\"order.paid\", count >= 2, within 90d) and not did(\"message.sent\", within 90d)",
        "did(\"content.viewed\", count >= 3, within 28d) and not did(\"message.sent\", within 28d)",
        "groups is not null and not did(\"message.sent\", within 30d)",
        "orders = 1 and last_order between today - 60d and today - 30d",
        "spent >= 100000 and last_order < now - 60d",
        "did(\"group.left\", within 7d) and groups is null",
        "did(\"order.refunded\", within 90d)",
        "anniv(birthday) between today and today + 7d"};
    for (size_t i = 0; i < sizeof(built_in) / sizeof(built_in[0]); i++) {
        reads_as(EXPR_MEMBER, built_in[i], built_in[i]);
    }
}

static void an_error_names_line_column_what_was_found_and_what_could_stand_there(void **state)
{
    (void)state;
    member_refuses("true or && orders",
                   "who: line 1, column 9: found \"&\", expected a field, a call, not or (");
    member_refuses("true\n  and = 1",
                   "who: line 2, column 7: found \"=\", expected a field, a call, not or (");
    member_refuses("休眠",
                   "who: line 1, column 1: found \"休\", expected a field, a call, not or (");
    member_refuses("lifecycle = \"休眠\" orders",
                   "who: line 1, column 18: found \"orders\", expected and, or, or the end");
    member_refuses("orders 2", "who: line 1, column 8: found \"2\", expected =, !=, <, <=, >, >=, "
                               "~, ^=, in, not in, between, "
                               "not between or is");
    member_refuses("orders >= \"2\"", "who: line 1, column 11: found \"2\", expected a number");
    member_refuses(
        "orders >= )",
        "who: line 1, column 11: found \")\", expected \"text\", a number, true, false, a date, "
        "a time, now or today");
    member_refuses(
        "orders ~ 2",
        "who: line 1, column 8: found \"~\", expected =, !=, <, <=, >, >=, in, between, is");
    member_refuses("orders in 1", "who: line 1, column 11: found \"1\", expected (");
    member_refuses("orders in (1 2)", "who: line 1, column 14: found \"2\", expected ',', )");
    member_refuses("orders between 1 or 2", "who: line 1, column 18: found \"or\", expected and");
    member_refuses("orders is 1", "who: line 1, column 11: found \"1\", expected null");
    member_refuses("orders not 1", "who: line 1, column 12: found \"1\", expected in, between");
    member_refuses("(true", "who: line 1, column 6: the expression ends here, expected and, or, )");
    member_refuses("", "who: line 1, column 1: the expression ends here, expected orders, "
                       "lifecycle, did(\"...\"), not, (");
    member_refuses(
        "orders =",
        "who: line 1, column 9: the expression ends here, expected \"...\", 12, true, false, "
        "2025-01-31, now, today");
    member_refuses("joined < now - 3",
                   "who: line 1, column 16: found \"3\", expected a duration such as 30d, 12h, 5m, "
                   "45s or 2w");
    member_refuses(
        "joined < 3d",
        "who: line 1, column 10: found \"3d\", expected \"text\", a number, true, false, a date, "
        "a time, now or today");
    member_refuses("joined < 12",
                   "who: line 1, column 10: found \"12\", expected a date, a time, now or today");
    member_refuses("returned = \"yes\"",
                   "who: line 1, column 12: found \"yes\", expected true or false");
    member_refuses(
        "returned",
        "who: line 1, column 9: the expression ends here, expected =, !=, <, <=, >, >=, ~, ^=, in, "
        "not in, between, not between, is");
    member_refuses(
        "language = en",
        "who: line 1, column 12: found \"en\", expected \"text\", a number, true, false, a "
        "date, a time, now or today");
    member_refuses("language = 1",
                   "who: line 1, column 12: found \"1\", expected text in double quotes");
    member_refuses("anniv(orders) = today",
                   "who: line 1, column 7: found \"orders\", expected a field that is a date or a "
                   "time");
    member_refuses(
        "trait = 1",
        "who: line 1, column 7: found \"=\", expected a point and a name of a-z, 0-9 and _, other "
        "names in double quotes");
    member_refuses(
        "trait.City = 1",
        "who: line 1, column 6: found \".\", expected a point and a name of a-z, 0-9 and _, "
        "other names in double quotes");
    member_refuses("did(\"a\", twice 2)",
                   "who: line 1, column 10: found \"twice\", expected count, days, sum, distinct, "
                   "within, from, to, where or then");
    member_refuses("did(\"a\" within 1d)",
                   "who: line 1, column 9: found \"within\", expected ',', )");
    member_refuses("did(order)",
                   "who: line 1, column 5: found \"order\", expected text in double quotes");
    member_refuses("tag(\"\")",
                   "who: line 1, column 5: found \"\", expected text in double quotes");
    member_refuses("did(\"a\", within 90)",
                   "who: line 1, column 17: found \"90\", expected a duration such as 30d, 12h, "
                   "5m, 45s or 2w");
    member_refuses("did(\"a\", count 2)",
                   "who: line 1, column 16: found \"2\", expected =, !=, <, <=, >, >=");
    member_refuses("did(\"a\", count > \"2\")",
                   "who: line 1, column 18: found \"2\", expected a number");
    member_refuses("did(\"a\", sum(orders) > 2)",
                   "who: line 1, column 14: found \"orders\", expected amount");
    member_refuses("did(\"a\", within 1d, within 2d)",
                   "who: line 1, column 21: \"within\" stands twice in one call");
    member_refuses("did(\"a\", then \"b\" within 1d, then \"b\" within 2d)",
                   "who: line 1, column 30: \"then\" stands twice in one call");
    member_refuses("did(\"a\", from 12)",
                   "who: line 1, column 15: found \"12\", expected a date, a time, now or today");
    member_refuses("did(\"a\", distinct(3) = 1)",
                   "who: line 1, column 19: found \"3\", expected a field of an event");
    refuses(EXPR_MEMBER, "orders >= \"2\"", LANG_ZH, "who：第 1 行第 11 列：遇到“2”，此处应为数字");
    refuses(EXPR_MEMBER, "true or foo", LANG_ZH,
            "who：第 1 行第 9 列：遇到“foo”，此处应为字段、函数、not 或 (");
}

static void an_unknown_name_is_answered_with_the_nearest(void **state)
{
    (void)state;
    member_refuses("lifecyle = \"new\"",
                   "who: line 1, column 1: found \"lifecyle\", did you mean \"lifecycle\"?");
    member_refuses("in_grup(\"g1\")",
                   "who: line 1, column 1: found \"in_grup\", did you mean \"in_group\"?");
    member_refuses("lifecycle = \"dorment\"",
                   "who: line 1, column 13: found \"dorment\", did you mean \"dormant\"?");
    member_refuses("lifecycle = \"休眼\"",
                   "who: line 1, column 13: found \"休眼\", did you mean \"休眠\"?");
    member_refuses("trust >= \"熟悉\"",
                   "who: line 1, column 10: found \"熟悉\", did you mean \"熟悉你\"?");
    member_refuses("lifecycle in (\"new\", \"gone away\")",
                   "who: line 1, column 22: found \"gone away\", expected one of potential, new, "
                   "effective, active, core, "
                   "dormant, churned");
    member_refuses("did = 1", "who: line 1, column 5: found \"=\", expected (");
    member_refuses("experiment = \"a\"", "who: line 1, column 12: found \"=\", expected (");
    member_refuses("kind = \"order.paid\"",
                   "who: line 1, column 1: found \"kind\", expected a field, a call, not or (");
    refuses(EXPR_EVENT, "amout > 1", LANG_EN,
            "who: line 1, column 1: found \"amout\", did you mean \"amount\"?");
    refuses(EXPR_EVENT, "orders > 1", LANG_EN,
            "who: line 1, column 1: found \"orders\", expected a field of an event (kind, at, "
            "hour, weekday, day, group, "
            "touchpoint, campaign, content, staff, member, other, amount, props.NAME), not or (");
    refuses(EXPR_EVENT, "did(\"order.paid\")", LANG_EN,
            "who: line 1, column 1: found \"did\", expected a field of an event (kind, at, hour, "
            "weekday, day, group, "
            "touchpoint, campaign, content, staff, member, other, amount, props.NAME), not or (");
    refuses(EXPR_EVENT, "other = \"12\"", LANG_EN,
            "who: line 1, column 9: found \"12\", expected the id of a member, such as \"m12\"");
}

static void stages_take_only_the_operators_of_the_language(void **state)
{
    (void)state;
    member_refuses("lifecycle > \"new\"",
                   "who: line 1, column 11: found \">\", expected =, !=, in, is");
    member_refuses("circle < \"core\"",
                   "who: line 1, column 8: found \"<\", expected =, !=, in, is");
    member_refuses("groups ~ \"g\"", "who: line 1, column 8: found \"~\", expected =, !=, in, is");
    reads_as(EXPR_MEMBER, "trust >= \"familiar\" and trust in (\"shares\")",
             "trust >= \"familiar\" and trust in (\"shares\")");
}

static void values_of_a_property_are_of_one_type(void **state)
{
    (void)state;
    reads_as(EXPR_EVENT, "props.mixed in (1, 2) or props.mixed = \"a\" or props.mixed = true",
             "props.mixed in (1, 2) or props.mixed = \"a\" or props.mixed = true");
    refuses(EXPR_EVENT, "props.n in (1, \"a\")", LANG_EN,
            "who: line 1, column 16: found \"a\", expected a number");
    refuses(EXPR_EVENT, "props.n ~ 1", LANG_EN,
            "who: line 1, column 9: found \"~\", expected =, !=, <, <=, >, >=, in, between, is");
    refuses(EXPR_EVENT, "props.n > today", LANG_EN,
            "who: line 1, column 11: found \"today\", expected \"text\", a number, true or false");
    refuses(EXPR_EVENT, "props.ok > true", LANG_EN,
            "who: line 1, column 10: found \">\", expected =, !=, in, is");
}

static void bad_tokens_are_shown_whole(void **state)
{
    (void)state;
    member_refuses(
        "orders = 12x",
        "who: line 1, column 10: \"12x\" is not a number of at most 15 digits before the point "
        "and 6 behind it");
    member_refuses("orders = 1234567890123456",
                   "who: line 1, column 10: \"1234567890123456\" is not a number of at most "
                   "15 digits before the point and 6 behind it");
    member_refuses("orders = 999999999999999.999999",
                   "who: line 1, column 10: \"999999999999999.999999\" is not a number of at most "
                   "15 digits before the point and 6 behind it");
    member_refuses("joined < 2025-02-30",
                   "who: line 1, column 10: \"2025-02-30\" is not a date such as 2025-01-31 or a "
                   "time such as 2025-01-31T08:00:00+08:00");
    member_refuses("joined < 2025-01-31T08:00:00",
                   "who: line 1, column 10: \"2025-01-31T08:00:00\" is not a date such as "
                   "2025-01-31 or a time such as 2025-01-31T08:00:00+08:00");
    member_refuses("joined < 0000-01-01",
                   "who: line 1, column 10: \"0000-01-01\" is not a date such as 2025-01-31 or a "
                   "time such as 2025-01-31T08:00:00+08:00");
    member_refuses("joined < now - 36501d",
                   "who: line 1, column 16: \"36501d\" is not a duration of at most 36500d");
    member_refuses("tag(\"abc)",
                   "who: line 1, column 5: the text that begins here has no closing quote");
    member_refuses("tag(\"a\\nb\")",
                   "who: line 1, column 7: found \"\\n\", a text escapes only \\\" and \\\\");
    member_refuses("tag(\"a\\店\")",
                   "who: line 1, column 7: found \"\\店\", a text escapes only \\\" and \\\\");
    member_refuses("tag(\"a\nb\")", "who: line 1, column 7: a text cannot hold control characters");
}

static void members_ids_are_m_and_a_number(void **state)
{
    (void)state;
    static const char *const bad[] = {"id = \"m0\"",          "id = \"m01\"", "id = \"12\"",
                                      "id = \"m\"",           "id = \"M1\"",  "id = 12",
                                      "id = \"m4294967296\"", "id = \"m1 \"", "id = \"m-1\""};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct expr_catalog catalog = world_catalog();
        const struct expr *e;
        struct why why;
        assert_int_equal(parse_with(&catalog, EXPR_MEMBER, bad[i], &e, &why), ERR_INVALID);
        assert_int_equal(why.msg, MSG_EXPR_WANT_ID);
    }
    reads_as(EXPR_MEMBER, "id in (\"m1\", \"m4294967295\")", "id in (\"m1\", \"m4294967295\")");
}

/* Refused as too large by this sentence. */
static void too_large(const char *text, enum msg msg)
{
    struct expr_catalog catalog = world_catalog();
    const struct expr *e;
    struct why why;
    assert_int_equal(parse_with(&catalog, EXPR_MEMBER, text, &e, &why), ERR_TOO_LARGE);
    assert_int_equal(why.msg, msg);
}

static void accepted(const char *text)
{
    struct expr_catalog catalog = world_catalog();
    const struct expr *e;
    struct why why;
    assert_int_equal(parse_with(&catalog, EXPR_MEMBER, text, &e, &why), ERR_OK);
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

static void bytes_that_are_no_text_are_refused(void **state)
{
    (void)state;
    struct expr_catalog catalog = world_catalog();
    const struct expr *e;
    struct why why;
    assert_int_equal(parse_with(&catalog, EXPR_MEMBER, "tag(\"\xFF\")", &e, &why), ERR_INVALID);
    assert_int_equal(why.msg, MSG_BAD_UTF8);
    assert_int_equal(
        expr_parse(arena, &catalog, EXPR_MEMBER, (struct str){"true\0", 5}, "who", &e, &why),
        ERR_INVALID);
    assert_int_equal(
        expr_parse(arena, &catalog, EXPR_MEMBER, (struct str){NULL, 0}, "who", &e, NULL),
        ERR_INVALID);
}

static void every_prefix_and_every_changed_byte_is_answered(void **state)
{
    (void)state;
    static const char text[] =
        "not (lifecycle = \"休眠\" or did(\"order.paid\", count >= 2, within 90d, where amount >= "
        "12.5 and props.\"会员\" ^= \"a\\\"\", then \"group.left\" within 1d)) and joined between "
        "2025-01-31 and 2025-01-31T08:00:00+08:00 and id in (\"m1\") and last_order < now - 3d";
    struct expr_catalog catalog = world_catalog();
    const struct expr *e;
    struct why why;
    size_t parsed = 0;
    uint64_t seed = 11;
    struct rng rng;
    print_message("seed %llu\n", (unsigned long long)seed);
    rng_init(&rng, seed);
    for (size_t len = 0; len < sizeof(text); len++) {
        char *copy = mem_copy(text, len + 1);
        parsed += expr_parse(arena, &catalog, EXPR_MEMBER, (struct str){copy, len}, "", &e, &why) ==
                  ERR_OK;
        mem_free(copy);
    }
    assert_true(parsed >= 3); /* some prefixes are whole */
    for (int i = 0; i < 50000; i++) {
        char *copy = mem_copy(text, sizeof(text) - 1);
        for (uint64_t n = 1 + rng_below(&rng, 3); n > 0; n--) {
            copy[rng_below(&rng, sizeof(text) - 1)] = (char)rng_below(&rng, 128);
        }
        struct str s = {copy, sizeof(text) - 1};
        if (expr_parse(arena, &catalog, EXPR_MEMBER, s, "", &e, &why) == ERR_OK) parsed++;
        arena_reset(arena);
        mem_free(copy);
    }
    assert_true(parsed > 100);
}

static void segments_are_read_through_the_catalog(void **state)
{
    (void)state;
    accepted("in_segment(\"nested\") and in_segment(\"buyers\")");
    member_refuses("true and in_segment(\"gone\")",
                   "who: line 1, column 21: there is no segment \"gone\"");
    member_refuses("in_segment(\"loop\")",
                   "who: line 1, column 12: the segment \"loop\" leads into a circle of segments");
    member_refuses("in_segment(\"broken\")",
                   "who: line 1, column 12: the saved expression of the segment \"broken\" cannot "
                   "be used");
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

static void names_the_brand_does_not_know_are_warnings(void **state)
{
    (void)state;
    struct expr_catalog catalog = world_catalog();
    const struct expr *e;
    struct why why;
    assert_int_equal(
        parse_with(
            &catalog, EXPR_MEMBER,
            "did(\"never.seen\", where group = \"x\" and props.n = \"a\") or did(\"never.seen\") "
            "or in_group(\"y\") or trait.shoe = 3 or owner = \"z\" or did(\"order.paid\")",
            &e, &why),
        ERR_OK);
    assert_int_equal(expr_warning_count(e), 6);
    assert_string_equal(expr_warning(e, 0),
                        "who: no event of kind \"never.seen\" has been seen yet");
    assert_string_equal(expr_warning(e, 1), "who: there is no group with the code \"x\" yet");
    assert_string_equal(expr_warning(e, 2), "who: no event has had a text property \"n\" yet");
    assert_string_equal(expr_warning(e, 3), "who: there is no group with the code \"y\" yet");
    assert_string_equal(expr_warning(e, 4), "who: there is no trait \"shoe\" yet");
    assert_string_equal(expr_warning(e, 5), "who: there is no staff with the code \"z\" yet");
    char zh[200];
    why_text(expr_warning_why(e, 0), LANG_ZH, zh, sizeof(zh));
    assert_string_equal(zh, "who：尚未出现“never.seen”类事件");
    struct expr_catalog empty = {.zone = catalog.zone};
    assert_int_equal(parse_with(&empty, EXPR_MEMBER, "did(\"order.paid\")", &e, &why), ERR_OK);
    assert_int_equal(expr_warning_count(e), 1);
    assert_int_equal(
        parse_with(&catalog, EXPR_MEMBER,
                   "did(\"order.paid\", where props.mixed = 1 and props.ok = true and group = "
                   "\"g1\") and trait.city = \"x\" and owner in (\"vip\")",
                   &e, &why),
        ERR_OK);
    assert_int_equal(expr_warning_count(e), 0);
}

static void an_expression_knows_what_it_reads(void **state)
{
    (void)state;
    struct expr_catalog catalog = world_catalog();
    const struct expr *e;
    struct why why;
    assert_int_equal(parse_with(&catalog, EXPR_MEMBER,
                                "did(\"order.paid\", sum(amount) > 1, distinct(props.mixed) = 2, "
                                "where group = \"g1\" and "
                                "props.n > 1) and orders > 1 and tag(\"x\") and "
                                "in_segment(\"quiet\") and anniv(birthday) "
                                "= today and other_is_not_read = 1",
                                &e, &why),
                     ERR_INVALID);
    assert_int_equal(parse_with(&catalog, EXPR_MEMBER,
                                "did(\"order.paid\", sum(amount) > 1, distinct(props.mixed) = 2, "
                                "where group = \"g1\" and "
                                "props.n > 1) and orders > 1 and tag(\"x\") and "
                                "in_segment(\"quiet\") and anniv(birthday) "
                                "= today",
                                &e, &why),
                     ERR_OK);
    struct columns columns = {.mask = COLUMN_RECEIVED, .prop_count = 2, .props = {3, 5}};
    assert_true(expr_columns(e, &columns));
    assert_int_equal(columns.mask, COLUMN_RECEIVED | COLUMN_AMOUNT | (COLUMN_DIM0 << DIM_GROUP));
    assert_int_equal(columns.prop_count, 5);
    static const uint32_t props[] = {2, 3, 4, 5, 6};
    assert_memory_equal(columns.props, props, sizeof(props));
    assert_int_equal(expr_fields(e), UINT64_C(1) << FIELD_ORDERS | UINT64_C(1) << FIELD_TAG |
                                         UINT64_C(1) << FIELD_CONTACTS |
                                         UINT64_C(1) << FIELD_BIRTHDAY);
    assert_false(expr_names_derived(e));
    assert_int_equal(parse_with(&catalog, EXPR_MEMBER,
                                "did(\"order.paid\", then \"lifecycle.changed\" within 1d)", &e,
                                &why),
                     ERR_OK);
    assert_true(expr_names_derived(e));
    assert_int_equal(parse_with(&catalog, EXPR_EVENT, "kind = \"lifecycle.changed\"", &e, &why),
                     ERR_OK);
    assert_true(expr_names_derived(e));
    assert_int_equal(parse_with(&catalog, EXPR_EVENT, "kind ~ \"lifecycle.changed\"", &e, &why),
                     ERR_OK);
    assert_false(expr_names_derived(e));
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
        cmocka_unit_test_setup_teardown(and_binds_tighter_than_or_and_not_tightest, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(chains_of_one_word_are_flat, set_up, tear_down),
        cmocka_unit_test_setup_teardown(spacing_and_spelling_become_canonical, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_built_in_segments_parse_and_print_as_they_stand, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            an_error_names_line_column_what_was_found_and_what_could_stand_there, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(an_unknown_name_is_answered_with_the_nearest, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(stages_take_only_the_operators_of_the_language, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(values_of_a_property_are_of_one_type, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bad_tokens_are_shown_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(members_ids_are_m_and_a_number, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_limits_hold_exactly, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bytes_that_are_no_text_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_prefix_and_every_changed_byte_is_answered, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(segments_are_read_through_the_catalog, set_up, tear_down),
        cmocka_unit_test_setup_teardown(segments_that_name_each_other_cost_no_more_than_their_text,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_expression_and_its_segments_have_a_limit_together,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_the_brand_does_not_know_are_warnings, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_expression_knows_what_it_reads, set_up, tear_down),
        cmocka_unit_test_setup_teardown(more_than_64_properties_are_too_many_to_read, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
