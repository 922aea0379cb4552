/* parse_test.c - what the parser accepts, how it groups, and what it knows of what it read. */
#include "parse_place.h"

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
    reads_as(EXPR_MEMBER, "did(\"dm.received\",not then\"dm.sent\"within 2w,within 3d)",
             "did(\"dm.received\", within 3d, not then \"dm.sent\" within 14d)");
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

static void assert_warning(const struct expr *e, size_t i, const char *expected)
{
    char text[512];
    why_text(expr_warning_why(e, i), LANG_EN, text, sizeof(text));
    assert_string_equal(text, expected);
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
    assert_warning(e, 0, "who: no event of kind \"never.seen\" has been seen yet");
    assert_warning(e, 1, "who: there is no group with the code \"x\" yet");
    assert_warning(e, 2, "who: no event has had a text property \"n\" yet");
    assert_warning(e, 3, "who: there is no group with the code \"y\" yet");
    assert_warning(e, 4, "who: there is no trait \"shoe\" yet");
    assert_warning(e, 5, "who: there is no staff with the code \"z\" yet");
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(and_binds_tighter_than_or_and_not_tightest, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(chains_of_one_word_are_flat, set_up, tear_down),
        cmocka_unit_test_setup_teardown(spacing_and_spelling_become_canonical, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_built_in_segments_parse_and_print_as_they_stand, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(stages_take_only_the_operators_of_the_language, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(values_of_a_property_are_of_one_type, set_up, tear_down),
        cmocka_unit_test_setup_teardown(members_ids_are_m_and_a_number, set_up, tear_down),
        cmocka_unit_test_setup_teardown(segments_are_read_through_the_catalog, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_the_brand_does_not_know_are_warnings, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_expression_knows_what_it_reads, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
