/* parse_refuse_test.c - what the parser says when it refuses: where, what was found, what could
 * stand there, which name is nearest. */
#include "parse_place.h"

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
    member_refuses("did(\"a\", then \"b\" within 1d, not then \"b\" within 2d)",
                   "who: line 1, column 34: \"then\" stands twice in one call");
    member_refuses("did(\"a\", not within 2d)",
                   "who: line 1, column 14: found \"within\", expected then");
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            an_error_names_line_column_what_was_found_and_what_could_stand_there, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(an_unknown_name_is_answered_with_the_nearest, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(bad_tokens_are_shown_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bytes_that_are_no_text_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_prefix_and_every_changed_byte_is_answered, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
