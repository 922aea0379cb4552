/* csv_table_test.c - whole csv files: finding the header, rows at fault, maps. */
#include "intake/parse_world.h"

static void parse_csv(struct world *w, const char *map, const char *text)
{
    world_init(w, IMPORT_CSV);
    w->options.map = map;
    world_parse(w, text);
}

/* ---- rows, headers and guards ---- */

static void the_header_is_found_below_titles_and_totals_are_dropped(void **state)
{
    (void)state;
    struct world w;
    parse_csv(&w, NULL,
              "某某旗舰店,,\n导出时间：2024-02-01,,\n\n说明,\"两\n行\",\n"
              "订单编号,付款时间,实付金额\nA1,2024-01-05,5\n,,\nA2,2024-01-06,6\n"
              "合计,,11\n,总计：,11\n");
    expect_sound(&w, 2, 0);
    assert_int_equal(w.batch->counts.read, 2);
    assert_int_equal(w.batch->counts.skipped, 2);
    assert_int_equal(w.batch->rows.items[0].line, 7);
    assert_int_equal(w.batch->rows.items[1].line, 9);
    world_finish(&w);
}

static void a_title_that_is_no_sound_csv_is_passed_over(void **state)
{
    (void)state;
    static const char *const titles[] = {"\"店\" 订单报表\n", "\"店 订单报表\n\n",
                                         "店\"订单\"报表,\n\"a\"b,\"c\n"};
    for (size_t i = 0; i < COUNT(titles); i++) {
        struct world w;
        char text[300];
        snprintf(text, sizeof(text), "%s订单编号,付款时间,商品名称\nA1,2024-01-05,\"茶\"\n",
                 titles[i]);
        parse_csv(&w, NULL, text);
        expect_sound(&w, 1, 0);
        expect_prop(fact_at(&w, 0), "order", "A1");
        world_finish(&w);
    }
}

static void a_header_that_cannot_be_read_is_refused(void **state)
{
    (void)state;
    struct strbuf text = {0};
    for (int i = 0; i <= LIMIT_CSV_COLUMNS; i++)
        strbuf_addf(&text, "%sc%d", i ? "," : "", i);
    struct world w;
    world_init(&w, IMPORT_CSV);
    w.options.map = "member=name:c1";
    world_parse_str(&w, strbuf_str(&text));
    assert_int_equal(w.err, ERR_INVALID);
    assert_int_equal(w.why.msg, MSG_CSV_COLUMNS);
    world_finish(&w);
    strbuf_finish(&text);
    parse_csv(&w, "member=name:c1", "\"never closed\n");
    assert_int_equal(w.err, ERR_INVALID);
    assert_int_equal(w.why.msg, MSG_CSV_QUOTE);
    world_finish(&w);
}

static void lines_may_end_in_carriage_returns_alone(void **state)
{
    (void)state;
    struct world w;
    parse_csv(&w, NULL,
              "订单编号,付款时间,商品名称\rA1,2024-01-05,\"红\r茶\"\rA2,2024-01-06,\r"
              "A3,x,\r");
    expect_sound(&w, 2, 1);
    expect_prop(fact_at(&w, 0), "product", "红\n茶");
    assert_int_equal(reject_at(&w, 0)->line, 5);
    world_finish(&w);
}

static void cells_lose_the_guards_of_spreadsheets(void **state)
{
    (void)state;
    struct world w;
    parse_csv(&w, NULL,
              "订单号,付款时间,实收,手机号,商品名称\n"
              "=\"007\",\t2024-01-05,\"5\",'13800138000,\" 茶 \"\n");
    expect_sound(&w, 1, 0);
    expect_prop(fact_at(&w, 0), "order", "007");
    expect_prop(fact_at(&w, 0), "product", "茶");
    expect_who(fact_at(&w, 0), IDENTITY_PHONE, "+8613800138000");
    world_finish(&w);
}

static void damaged_ids_reject_the_row(void **state)
{
    (void)state;
    struct world w;
    parse_csv(&w, NULL,
              "订单号,付款时间,实收\n1.23457E+18,2024-01-05,5\n1234567890123456000,2024-01-05,5\n");
    expect_sound(&w, 0, 2);
    assert_int_equal(reject_at(&w, 0)->why.msg, MSG_DAMAGED_BY_EXCEL);
    assert_int_equal(reject_at(&w, 1)->why.msg, MSG_DAMAGED_BY_EXCEL);
    assert_int_equal(reject_at(&w, 0)->column, 1);
    world_finish(&w);
}

/* ---- with a map ---- */

static void a_map_names_columns_by_header_and_number(void **state)
{
    (void)state;
    struct world w;
    parse_csv(&w,
              "member=name:customer_id,at=date:day:%Y%m%d,amount=decimal:dollar_value,"
              "kind=const:order.paid,props.n=integer:$4,trait.city=text:city",
              "customer_id,day,dollar_value,n,city\n00004,19970101,29.33,2,Paris\n"
              "00021,19970101,63.34,,\n");
    expect_sound(&w, 2, 0);
    expect_who(fact_at(&w, 0), IDENTITY_NAME, "00004");
    expect_at(fact_at(&w, 0), "1997-01-01T00:00:00+08:00");
    assert_int_equal(fact_at(&w, 0)->amount, 2933);
    expect_number(fact_at(&w, 0), "n", 2);
    expect_trait(fact_at(&w, 0), "city", "Paris");
    assert_int_equal(fact_at(&w, 1)->prop_count, 0);
    assert_int_equal(fact_at(&w, 1)->trait_count, 0);
    world_finish(&w);
}

static void a_column_that_is_not_there_is_named(void **state)
{
    (void)state;
    struct world w;
    parse_csv(&w, "member=user:uid,at=date:when", "uid,at\n1,2024-01-05\n");
    assert_int_equal(w.err, ERR_INVALID);
    assert_int_equal(w.why.msg, MSG_MAP_COLUMN);
    assert_string_equal(w.why.args, "when");
    world_finish(&w);
    parse_csv(&w, "member=user:$3", "uid,at\n1,2024-01-05\n");
    assert_int_equal(w.err, ERR_INVALID);
    assert_int_equal(w.why.msg, MSG_MAP_COLUMN);
    assert_string_equal(w.why.args, "$3");
    world_finish(&w);
}

static void bad_cells_reject_their_row_and_name_the_column(void **state)
{
    (void)state;
    static const struct {
        const char *row;
        uint32_t column;
        enum msg msg;
    } list[] = {
        {"u,yesterday,5,1,1,A", 2, MSG_BAD_TIME},
        {"u,2024-01-05,five,1,1,A", 3, MSG_NOT_MONEY},
        {"u,2024-01-05,5.005,1,1,A", 3, MSG_TOO_PRECISE},
        {"u,2024-01-05,5,1.5,1,A", 4, MSG_NOT_INTEGER},
        {"u,2024-01-05,5,1,x,A", 5, MSG_NOT_NUMBER},
        {"u,,5,1,1,A", 0, MSG_MISSING},
        {"u,-,5,1,1,A", 0, MSG_MISSING},
        {"u,2024-01-05,5,1,1,1E+15", 6, MSG_DAMAGED_BY_EXCEL},
        {"1E+15,2024-01-05,5,1,1,A", 1, MSG_DAMAGED_BY_EXCEL},
        {"u,2024-01-05,5,1,1,A,more", 7, MSG_CSV_CELLS},
        {"\"u,2024-01-05", 1, MSG_CSV_QUOTE},
        {"u,2124-01-05,5,1,1,A", 0, MSG_OUT_OF_RANGE},
    };
    for (size_t i = 0; i < COUNT(list); i++) {
        struct world w;
        char text[200];
        snprintf(text, sizeof(text), "u,t,a,i,n,o\n%s\nu,2024-01-05,5,1,1,A,,\n", list[i].row);
        parse_csv(&w,
                  "member=user:u,at=date:t,amount=decimal:a,props.i=integer:i,props.n=number:n,"
                  "props.order=text:o",
                  text);
        expect_sound(&w, 1, 1);
        const struct reject *r = reject_at(&w, 0);
        if (r->why.msg != list[i].msg || r->column != list[i].column)
            fail_msg("%s: message %d, column %u", list[i].row, (int)r->why.msg, r->column);
        assert_int_equal(r->line, 2);
        world_finish(&w);
    }
}

static void a_quote_that_never_closes_costs_one_line(void **state)
{
    (void)state;
    struct world w;
    parse_csv(&w, "member=user:u,at=date:t", "u,t\n\"a,2024-01-05\nb,2024-01-05\nc,2024-01-05\n");
    expect_sound(&w, 2, 1);
    assert_int_equal(reject_at(&w, 0)->line, 2);
    expect_str(reject_at(&w, 0)->row, "\"a,2024-01-05");
    world_finish(&w);
}

static void another_currency_keeps_amount_and_currency_as_properties(void **state)
{
    (void)state;
    struct world w;
    parse_csv(&w, "member=user:u,at=date:t,amount=decimal:a,props.currency=text:c",
              "u,t,a,c\n1,2024-01-05,5.005,USD\n2,2024-01-05,5,CNY\n3,2024-01-05,5,\n");
    expect_sound(&w, 3, 0);
    assert_true(fact_at(&w, 0)->amount == HISTORY_NO_AMOUNT);
    expect_number(fact_at(&w, 0), "amount", 5.005);
    expect_prop(fact_at(&w, 0), "currency", "USD");
    assert_int_equal(fact_at(&w, 1)->amount, 500);
    assert_int_equal(fact_at(&w, 2)->amount, 500);
    world_finish(&w);
}

static void rows_without_a_kind_identify_and_without_a_time_are_of_now(void **state)
{
    (void)state;
    struct world w;
    parse_csv(&w, "member=user:u,trait.born=date:b", "u,b\n1,1990-01-02\n2,1990-01-02 10:00\n");
    expect_sound(&w, 2, 0);
    expect_str(fact_at(&w, 0)->kind, "member.identified");
    assert_int_equal(fact_at(&w, 0)->at, WORLD_NOW);
    expect_trait(fact_at(&w, 0), "born", "1990-01-02");
    expect_trait(fact_at(&w, 1), "born", "1990-01-02T10:00:00+08:00");
    world_finish(&w);
}

static void kinds_may_come_from_a_column(void **state)
{
    (void)state;
    struct world w;
    parse_csv(&w, "member=user:u,at=date:t,kind=text:k",
              "u,t,k\n1,2024-01-05,lesson.done\n2,2024-01-05,Lesson\n3,2024-01-05,\n"
              "4,2024-01-05,campaign.joined\n5,2024-01-05,lesson.done\n");
    expect_sound(&w, 2, 3);
    assert_int_equal(reject_at(&w, 0)->why.msg, MSG_BAD_KIND);
    assert_int_equal(reject_at(&w, 1)->why.msg, MSG_MISSING);
    assert_int_equal(reject_at(&w, 2)->why.msg, MSG_KIND_NOT_ALLOWED);
    world_finish(&w);
}

static void strict_stops_at_the_first_bad_row(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, IMPORT_CSV);
    w.options.map = "member=user:u,at=date:t";
    w.options.strict = true;
    world_parse(&w, "u,t\n1,2024-01-05\n2,x\n3,2024-01-05\n");
    expect_sound(&w, 1, 1);
    assert_int_equal(w.batch->counts.read, 2);
    world_finish(&w);
}

static void bytes_that_are_no_text_reject_their_row(void **state)
{
    (void)state;
    struct world w;
    parse_csv(&w, "member=user:u,at=date:t,props.p=text:p",
              "u,t,p\n1,2024-01-05,\xFF\xFE\n2,2024-01-05,ok\n");
    expect_sound(&w, 1, 1);
    assert_int_equal(reject_at(&w, 0)->why.msg, MSG_BAD_UTF8);
    world_finish(&w);
    world_init(&w, IMPORT_CSV);
    w.options.map = "member=user:u,at=date:t,props.p=text:p";
    world_parse_str(&w, STR("u,t,p\n1,2024-01-05,a\0b\n"));
    expect_sound(&w, 0, 1);
    assert_int_equal(reject_at(&w, 0)->why.msg, MSG_HOLDS_NUL);
    world_finish(&w);
}

static void several_identities_of_a_member_and_the_other(void **state)
{
    (void)state;
    struct world w;
    parse_csv(&w, "member=user:u,member=phone:p,member=email:e,other=user:o,at=date:t",
              "u,p,e,o,t\n1,13800138000,A@B.CN,2,2024-01-05\n,,null,,2024-01-05\n");
    expect_sound(&w, 2, 0);
    assert_int_equal(fact_at(&w, 0)->who_count, 3);
    expect_who(fact_at(&w, 0), IDENTITY_EMAIL, "A@b.cn");
    assert_int_equal(fact_at(&w, 0)->other_count, 1);
    assert_int_equal(fact_at(&w, 1)->who_count, 0);
    assert_int_equal(w.batch->counts.dropped, 1);
    world_finish(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_header_is_found_below_titles_and_totals_are_dropped),
        cmocka_unit_test(a_title_that_is_no_sound_csv_is_passed_over),
        cmocka_unit_test(a_header_that_cannot_be_read_is_refused),
        cmocka_unit_test(lines_may_end_in_carriage_returns_alone),
        cmocka_unit_test(cells_lose_the_guards_of_spreadsheets),
        cmocka_unit_test(damaged_ids_reject_the_row),
        cmocka_unit_test(a_map_names_columns_by_header_and_number),
        cmocka_unit_test(a_column_that_is_not_there_is_named),
        cmocka_unit_test(bad_cells_reject_their_row_and_name_the_column),
        cmocka_unit_test(a_quote_that_never_closes_costs_one_line),
        cmocka_unit_test(another_currency_keeps_amount_and_currency_as_properties),
        cmocka_unit_test(rows_without_a_kind_identify_and_without_a_time_are_of_now),
        cmocka_unit_test(kinds_may_come_from_a_column),
        cmocka_unit_test(strict_stops_at_the_first_bad_row),
        cmocka_unit_test(bytes_that_are_no_text_reject_their_row),
        cmocka_unit_test(several_identities_of_a_member_and_the_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
