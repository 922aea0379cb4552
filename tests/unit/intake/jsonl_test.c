/* jsonl_test.c - an event a line: each member, each way to get it wrong. */
#include "intake/fact_same.h"
#include "intake/parse_world.h"

#include "brand/said.h"

static void parse_jsonl(struct world *w, const char *text)
{
    world_init(w, IMPORT_JSONL);
    world_parse(w, text);
}

static void the_row_of_the_manual_is_read(void **state)
{
    (void)state;
    struct world w;
    parse_jsonl(&w, "{\"id\":\"e1\",\"at\":\"2025-01-31T08:00:00+08:00\",\"kind\":\"order.paid\","
                    "\"identities\":{\"user\":\"u1\",\"phone\":[\"+8613800138000\"]},"
                    "\"group\":\"g1\",\"amount\":9900,\"props\":{\"order\":\"A1\",\"n\":2}}\n");
    expect_sound(&w, 1, 0);
    const struct fact *f = fact_at(&w, 0);
    expect_str(f->id, "e1");
    expect_at(f, "2025-01-31T08:00:00+08:00");
    expect_str(f->kind, "order.paid");
    assert_int_equal(f->who_count, 2);
    expect_who(f, IDENTITY_USER, "u1");
    expect_who(f, IDENTITY_PHONE, "+8613800138000");
    expect_str(f->code[DIM_GROUP], "g1");
    assert_int_equal(f->amount, 9900);
    expect_prop(f, "order", "A1");
    expect_number(f, "n", 2);
    world_finish(&w);
}

static void every_member_has_its_place(void **state)
{
    (void)state;
    struct world w;
    parse_jsonl(&w,
                "{\"at\":1738281600000,\"kind\":\"a.b\",\"touchpoint\":\"t\",\"campaign\":\"c\","
                "\"content\":\"n\",\"staff\":\"s\",\"other\":{\"user\":\"u2\"},\"amount\":null,"
                "\"traits\":{\"city\":\"上海\",\"vip\":true,\"x\":null},"
                "\"props\":{\"b\":false,\"d\":1.5,\"t\":\"\\u4e2d\\n\",\"z\":null}}");
    expect_sound(&w, 1, 0);
    const struct fact *f = fact_at(&w, 0);
    assert_int_equal(f->at, INT64_C(1738281600000));
    expect_str(f->code[DIM_TOUCHPOINT], "t");
    expect_str(f->code[DIM_CAMPAIGN], "c");
    expect_str(f->code[DIM_CONTENT], "n");
    expect_str(f->code[DIM_STAFF], "s");
    assert_int_equal(f->other_count, 1);
    assert_true(f->amount == HISTORY_NO_AMOUNT);
    assert_int_equal(f->trait_count, 2);
    expect_trait(f, "city", "上海");
    assert_int_equal(f->prop_count, 3);
    expect_number(f, "b", 0);
    expect_number(f, "d", 1.5);
    expect_prop(f, "t", "中\n");
    world_finish(&w);
}

static void the_words_of_a_message_are_no_property(void **state)
{
    (void)state;
    struct world w;
    /* twice: the second is read by what was learned of the first */
    parse_jsonl(&w, "{\"at\":1738281600000,\"kind\":\"message.sent\",\"identities\":"
                    "{\"user\":\"u\"},\"group\":\"g\",\"props\":{\"text\":\"where is it?\","
                    "\"message\":\"m1\",\"n\":1}}\n"
                    "{\"at\":1738281600001,\"kind\":\"message.sent\",\"identities\":"
                    "{\"user\":\"v\"},\"group\":\"g\",\"props\":{\"text\":\"there\","
                    "\"message\":\"m2\",\"n\":2}}\n");
    expect_sound(&w, 2, 0);
    expect_str(fact_at(&w, 0)->said->text, "where is it?");
    expect_str(fact_at(&w, 1)->said->message, "m2");
    expect_number(fact_at(&w, 0), "question", 1);
    expect_number(fact_at(&w, 1), "question", 0);
    expect_number(fact_at(&w, 1), "n", 2);
    for (size_t i = 0; i < 2; i++)
        assert_null(value_of(fact_at(&w, i)->props, fact_at(&w, i)->prop_count, "text"));
    world_finish(&w);
}

static void a_row_without_kind_identifies(void **state)
{
    (void)state;
    struct world w;
    parse_jsonl(&w, "{\"at\":1,\"identities\":{\"user\":\"u\"}}\n\n  \r\n{\"at\":2}\r\n");
    expect_sound(&w, 2, 0);
    expect_str(fact_at(&w, 0)->kind, "member.identified");
    assert_int_equal(w.batch->rows.items[1].line, 4);
    world_finish(&w);
    world_init(&w, IMPORT_JSONL);
    w.options.as = "a.b";
    w.options.group = "g";
    world_parse(&w, "{\"at\":1}\n{\"at\":1,\"kind\":\"c.d\",\"group\":\"h\"}");
    expect_sound(&w, 2, 0);
    expect_str(fact_at(&w, 0)->kind, "a.b");
    expect_str(fact_at(&w, 0)->code[DIM_GROUP], "g");
    expect_str(fact_at(&w, 1)->kind, "c.d");
    expect_str(fact_at(&w, 1)->code[DIM_GROUP], "h");
    world_finish(&w);
}

static void wrong_rows_are_rejected_one_by_one(void **state)
{
    (void)state;
    static const struct {
        const char *row;
        const char *field;
        enum msg msg;
    } list[] = {
        {"{", "", MSG_BAD_JSON},
        {"[]", "", MSG_WRONG_TYPE},
        {"1", "", MSG_WRONG_TYPE},
        {"null", "", MSG_WRONG_TYPE},
        {"{}", "at", MSG_MISSING},
        {"{\"at\":1}x", "", MSG_BAD_JSON},
        {"{\"at\":1,\"at\":2}", "at", MSG_TWICE},
        {"{\"at\":1,\"time\":2}", "time", MSG_UNKNOWN_FIELD},
        {"{\"at\":1,\"member\":\"x\"}", "member", MSG_UNKNOWN_FIELD},
        {"{\"at\":null}", "at", MSG_WRONG_TYPE},
        {"{\"at\":1.5}", "at", MSG_WRONG_TYPE},
        {"{\"at\":\"2025-01-31\"}", "at", MSG_BAD_TIME},
        {"{\"at\":\"soon\"}", "at", MSG_BAD_TIME},
        {"{\"at\":-1}", "at", MSG_OUT_OF_RANGE},
        {"{\"at\":9223372036854775807}", "at", MSG_OUT_OF_RANGE},
        {"{\"at\":1e309}", "at", MSG_WRONG_TYPE},
        {"{\"at\":1,\"id\":5}", "id", MSG_WRONG_TYPE},
        {"{\"at\":1,\"kind\":null}", "kind", MSG_WRONG_TYPE},
        {"{\"at\":1,\"kind\":\"\"}", "kind", MSG_MISSING},
        {"{\"at\":1,\"kind\":\"A\"}", "kind", MSG_BAD_KIND},
        {"{\"at\":1,\"kind\":\"touch.sent\"}", "kind", MSG_KIND_NOT_ALLOWED},
        {"{\"at\":1,\"identities\":[]}", "identities", MSG_WRONG_TYPE},
        {"{\"at\":1,\"identities\":{\"nick\":\"x\"}}", "identities", MSG_MAP_IDENTITY},
        {"{\"at\":1,\"identities\":{\"user\":5}}", "identities", MSG_WRONG_TYPE},
        {"{\"at\":1,\"identities\":{\"user\":[5]}}", "identities", MSG_WRONG_TYPE},
        {"{\"at\":1,\"identities\":{\"user\":[[]]}}", "identities", MSG_WRONG_TYPE},
        {"{\"at\":1,\"other\":\"x\"}", "other", MSG_WRONG_TYPE},
        {"{\"at\":1,\"group\":1}", "group", MSG_WRONG_TYPE},
        {"{\"at\":1,\"amount\":\"1\"}", "amount", MSG_WRONG_TYPE},
        {"{\"at\":1,\"amount\":1.5}", "amount", MSG_WRONG_TYPE},
        {"{\"at\":1,\"amount\":9007199254740993}", "amount", MSG_OUT_OF_RANGE},
        {"{\"at\":1,\"props\":[]}", "props", MSG_WRONG_TYPE},
        {"{\"at\":1,\"props\":{\"a\":{}}}", "props", MSG_WRONG_TYPE},
        {"{\"at\":1,\"props\":{\"a\":[1]}}", "props", MSG_WRONG_TYPE},
        {"{\"at\":1,\"props\":{\"\":1}}", "props", MSG_NO_NAME},
        {"{\"at\":1,\"props\":{\"a\":1e309}}", "", MSG_BAD_JSON},
        {"{\"at\":1,\"props\":{\"a\":\"\\u0000\"}}", "", MSG_BAD_JSON},
        {"{\"at\":1,\"props\":{\"a\":\"\\ud800\"}}", "", MSG_BAD_JSON},
        {"{\"at\":1,\"props\":{\"a\":\"\xFF\"}}", "", MSG_NONE},
        {"{\"at\":1,\"traits\":5}", "traits", MSG_WRONG_TYPE},
    };
    for (size_t i = 0; i < COUNT(list); i++) {
        struct world w;
        char text[300];
        snprintf(text, sizeof(text), "{\"at\":1}\n%s\n{\"at\":2}\n", list[i].row);
        parse_jsonl(&w, text);
        expect_sound(&w, 2, 1);
        const struct reject *r = reject_at(&w, 0);
        bool said = list[i].msg == MSG_NONE || r->why.msg == list[i].msg;
        if (!said || strcmp(r->why.field, list[i].field) != 0)
            fail_msg("%s: message %d, field \"%s\"", list[i].row, (int)r->why.msg, r->why.field);
        assert_int_equal(r->line, 2);
        expect_str(r->row, list[i].row);
        world_finish(&w);
    }
}

/* What stood where in the rows before does not matter. */
static void members_may_come_in_any_order_and_spacing(void **state)
{
    (void)state;
    struct world w;
    parse_jsonl(&w, "{\"at\":1,\"kind\":\"a.b\",\"group\":\"g1\"}\n"
                    "{\"at\":2,\"kind\":\"c.d\",\"group\":\"g2\",\"staff\":\"s\"}\n"
                    "{\"group\":\"g3\",\"at\":3}\n"
                    "{ \"at\" : 4 , \"kind\" : \"e.f\" , \"group\" : \"g4\" }\n"
                    "{\"at\":5,\"\\u006bind\":\"g.h\"}\n"
                    "{\"at\":6,\"kind\":\"a.b\",\"kind\":\"a.b\"}\n"
                    "{\"at\":7,\"kinds\":\"a.b\"}\n"
                    "{\"at\":8\"kind\":\"a.b\"}\n"
                    "{\"at\":9,\"kind\":\"i.j\",\"group\":\"g9\"}\n");
    expect_sound(&w, 6, 3);
    static const char *const kinds[] = {"a.b", "c.d", "member.identified", "e.f", "g.h", "i.j"};
    static const int at[] = {1, 2, 3, 4, 5, 9};
    for (size_t i = 0; i < COUNT(kinds); i++) {
        expect_str(fact_at(&w, i)->kind, kinds[i]);
        assert_int_equal(fact_at(&w, i)->at, at[i]);
    }
    expect_str(fact_at(&w, 1)->code[DIM_STAFF], "s");
    expect_str(fact_at(&w, 2)->code[DIM_GROUP], "g3");
    expect_str(fact_at(&w, 3)->code[DIM_GROUP], "g4");
    expect_str(fact_at(&w, 5)->code[DIM_GROUP], "g9");
    assert_int_equal(reject_at(&w, 0)->why.msg, MSG_TWICE);
    assert_int_equal(reject_at(&w, 1)->why.msg, MSG_UNKNOWN_FIELD);
    assert_int_equal(reject_at(&w, 2)->why.msg, MSG_BAD_JSON);
    world_finish(&w);
}

static void lists_have_their_limits(void **state)
{
    (void)state;
    for (int over = 0; over < 2; over++) {
        struct world w;
        struct strbuf b = {0};
        strbuf_add_text(&b, "{\"at\":1,\"props\":{");
        for (int i = 0; i < LIMIT_PROPS_PER_EVENT + over; i++)
            strbuf_addf(&b, "%s\"p%d\":%d", i ? "," : "", i, i);
        strbuf_add_text(&b, "}}\n{\"at\":1,\"identities\":{\"name\":[");
        for (int i = 0; i < LIMIT_IDENTITIES_PER_EVENT + over; i++)
            strbuf_addf(&b, "%s\"n%d\"", i ? "," : "", i);
        strbuf_add_text(&b, "]}}\n");
        world_init(&w, IMPORT_JSONL);
        world_parse_str(&w, strbuf_str(&b));
        expect_sound(&w, over ? 0 : 2, over ? 2 : 0);
        strbuf_finish(&b);
        world_finish(&w);
    }
}

static void another_currency_keeps_amount_and_currency_as_properties(void **state)
{
    (void)state;
    struct world w;
    parse_jsonl(&w, "{\"at\":1,\"amount\":500,\"props\":{\"currency\":\"USD\"}}\n"
                    "{\"at\":1,\"props\":{\"currency\":\"CNY\"},\"amount\":500}\n"
                    "{\"at\":1,\"props\":{\"currency\":\"USD\"}}\n");
    expect_sound(&w, 3, 0);
    assert_true(fact_at(&w, 0)->amount == HISTORY_NO_AMOUNT);
    expect_number(fact_at(&w, 0), "amount", 500);
    expect_prop(fact_at(&w, 0), "currency", "USD");
    assert_int_equal(fact_at(&w, 1)->amount, 500);
    assert_int_equal(fact_at(&w, 2)->prop_count, 1);
    world_finish(&w);
}

static void a_line_that_is_too_long_costs_itself_only(void **state)
{
    (void)state;
    struct world w;
    struct strbuf b = {0};
    strbuf_add_text(&b, "{\"at\":1}\n{\"at\":1,\"id\":\"");
    for (int i = 0; i < LIMIT_LINE_BYTES; i++)
        strbuf_add_char(&b, 'x');
    strbuf_add_text(&b, "\"}\n{\"at\":2}\n");
    world_init(&w, IMPORT_JSONL);
    world_parse_str(&w, strbuf_str(&b));
    expect_sound(&w, 2, 1);
    assert_int_equal(reject_at(&w, 0)->why.msg, MSG_TOO_LONG);
    strbuf_finish(&b);
    world_finish(&w);
}

static void messages_of_segment_are_rows_too(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, IMPORT_SEGMENT);
    world_parse(&w, "{\"type\":\"track\",\"event\":\"Order Completed\",\"userId\":\"u1\","
                    "\"messageId\":\"m1\",\"timestamp\":\"2025-01-01T00:00:00Z\","
                    "\"properties\":{\"order_id\":\"A1\",\"total\":12.5}}\nnot json\n");
    expect_sound(&w, 1, 1);
    expect_str(fact_at(&w, 0)->kind, "order.paid");
    expect_str(fact_at(&w, 0)->id, "m1");
    assert_int_equal(fact_at(&w, 0)->amount, 1250);
    expect_prop(fact_at(&w, 0), "order", "A1");
    world_finish(&w);
}

/* Lines that differ from another of the list in a value, in their structure, or in both. */
static const char *const built_alike[] = {
    "{\"at\":1,\"kind\":\"a.b\",\"identities\":{\"user\":\"u\"},\"props\":{\"n\":1,\"t\":\"x\"}}",
    "{\"at\":22,\"kind\":\"a.c\",\"identities\":{\"user\":\"v\"},\"props\":{\"n\":-7,\"t\":\"\"}}",
    "{\"at\":1,\"kind\":\"a.b\",\"identities\":{\"user\":\"u\"},\"props\":{\"n\":1.5,\"t\":true}}",
    "{\"at\":1,\"kind\":\"a.b\",\"identities\":{\"user\":null},\"props\":{\"n\":null,\"t\":null}}",
    "{\"at\":1,\"kind\":\"a\\u002eb\",\"identities\":{\"user\":\"中\"},\"props\":{\"n\":1e2,\"t\":"
    "\"\\n\"}}",
    "{\"at\":\"2025-01-31T08:00:00Z\",\"kind\":\"a.b\",\"identities\":{\"user\":\"u\"},\"props\":{}"
    "}",
    "{\"at\":1,\"kind\":\"a.b\",\"identities\":{\"user\":[\"u\"]},\"props\":{\"n\":1,\"t\":\"x\"}}",
    "{\"at\":1,\"kind\":\"a.b\",\"identities\":{\"user\":[\"u\",\"v\"]},\"props\":{\"n\":1,\"t\":"
    "\"x\"}}",
    "{\"at\":1,\"kind\":\"a.b\",\"identities\":{\"user\":[]},\"props\":{\"n\":1,\"t\":\"x\"}}",
    "{\"at\":1,\"kind\":\"a.b\",\"other\":{\"user\":\"u\"},\"traits\":{\"n\":1,\"t\":\"x\"}}",
    "{\"at\":1,\"kind\":\"a.b\",\"other\":{\"anon\":\"u\"},\"traits\":{\"n\":1,\"name\":\"x\"}}",
    "{ \"at\" : 1 , \"kind\" : \"a.b\" }",
    "{ \"at\" : 2 , \"kind\" : \"a.c\" }",
    "{\"at\":1,\"amount\":5,\"props\":{\"currency\":\"USD\"},\"kind\":\"order.paid\"}",
    "{\"at\":1,\"amount\":5,\"props\":{\"currency\":\"CNY\"},\"kind\":\"order.paid\"}",
    "{\"at\":1,\"amount\":null,\"props\":{\"currency\":\"USD\"},\"kind\":\"order.paid\"}",
    "{\"kind\":\"a.b\",\"group\":\"g\",\"touchpoint\":\"t\",\"at\":1,\"id\":\"1\"}",
    "{\"kind\":\"a.b\",\"group\":\"h\",\"touchpoint\":\"s\",\"at\":2,\"id\":\"2\"}",
    "{\"kind\":\"a.b\",\"group\":\"h\",\"at\":2,\"id\":\"2\"}",
    "{\"kind\":\"a.b\",\"group\":\"h\"}",
    "{\"kind\":\"a.b\",\"group\":\"i\"}",
    "{\"at\":1}",
    "{\"at\":2}",
    "{\"at\":2} ",
    "{\"at\":2}x",
    "{\"at\":2",
    "{\"at\":2,",
    "{\"at\":02}",
    "{\"at\":[2]}",
    "{\"at\":2,\"at\":3}",
    "{\"at\":2,\"kind\":\"a.b\",\"kind\":\"a.b\"}",
    "{\"at\":2,\"kind\":\"a.b}",
    "{\"at\":2,\"kind\":\"a\tb\"}",
    "{\"at\":2,\"kind\":\"\xFF\"}",
    "{\"at\":2,\"kind\":5}",
    "{\"at\":1,\"kind\":\"a.b\",\"identities\":{\"user\":5},\"props\":{\"n\":1,\"t\":\"x\"}}",
    "{\"at\":1,\"kind\":\"a.b\",\"identities\":{\"user\":[null]},\"props\":{\"n\":1,\"t\":\"x\"}}",
    "{\"at\":1,\"kind\":\"a.b\",\"identities\":{\"user\":\"u\"},\"props\":{\"n\":{},\"t\":\"x\"}}",
};

/* The last line of a text, alone or behind others. */
static void expect_last_as_alone(const char *before, const char *line)
{
    struct world alone, behind;
    char text[600];
    snprintf(text, sizeof(text), "%s\n%s\n%s", before, before, line);
    parse_jsonl(&alone, line);
    parse_jsonl(&behind, text);
    const struct batch *a = alone.batch, *b = behind.batch;
    assert_int_equal(a->facts.count + a->rejects.count, 1);
    assert_int_equal(b->facts.count + b->rejects.count, 3);
    if (a->facts.count) {
        bool same = b->facts.count && b->rows.items[b->rows.count - 1].line == 3 &&
                    fact_same(&a->facts.items[0], &b->facts.items[b->facts.count - 1]);
        if (!same) fail_msg("behind %s\n%s is another fact than alone", before, line);
    } else {
        const struct reject *r = reject_at(&alone, 0),
                            *s = reject_at(&behind, b->rejects.count - 1);
        bool same = s->line == 3 && r->column == s->column && r->why.err == s->why.err &&
                    r->why.msg == s->why.msg && strcmp(r->why.field, s->why.field) == 0;
        if (!same) fail_msg("behind %s\n%s is rejected otherwise than alone", before, line);
    }
    world_finish(&alone);
    world_finish(&behind);
}

static void what_came_before_changes_no_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(built_alike); i++) {
        for (size_t k = 0; k < COUNT(built_alike); k++)
            expect_last_as_alone(built_alike[i], built_alike[k]);
    }
}

static void lists_of_learned_lines_have_their_limits_too(void **state)
{
    (void)state;
    struct strbuf text = {0};
    struct world w;
    for (int line = 0; line < 3; line++) { /* with nulls, which are no values, and without */
        strbuf_addf(&text, "{\"at\":1,\"identities\":{");
        for (int i = 0; i <= LIMIT_IDENTITIES_PER_EVENT; i++)
            strbuf_addf(&text, "%s\"user\":%s", i ? "," : "", line == 2 || i ? "\"u\"" : "null");
        strbuf_addf(&text, "}}\n");
    }
    world_init(&w, IMPORT_JSONL);
    world_parse_str(&w, (struct str){text.p, text.len});
    expect_sound(&w, 2, 1);
    assert_int_equal(fact_at(&w, 1)->who_count, LIMIT_IDENTITIES_PER_EVENT);
    assert_int_equal(reject_at(&w, 0)->line, 3);
    assert_int_equal(reject_at(&w, 0)->why.msg, MSG_TOO_MANY);
    world_finish(&w);
    strbuf_finish(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_row_of_the_manual_is_read),
        cmocka_unit_test(every_member_has_its_place),
        cmocka_unit_test(the_words_of_a_message_are_no_property),
        cmocka_unit_test(a_row_without_kind_identifies),
        cmocka_unit_test(wrong_rows_are_rejected_one_by_one),
        cmocka_unit_test(members_may_come_in_any_order_and_spacing),
        cmocka_unit_test(lists_have_their_limits),
        cmocka_unit_test(another_currency_keeps_amount_and_currency_as_properties),
        cmocka_unit_test(a_line_that_is_too_long_costs_itself_only),
        cmocka_unit_test(messages_of_segment_are_rows_too),
        cmocka_unit_test(what_came_before_changes_no_line),
        cmocka_unit_test(lists_of_learned_lines_have_their_limits_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
