/* csv_table_test.c - whole csv files: headers that map themselves, and those of a map. */
#include "intake/parse_world.h"

static void parse_csv(struct world *w, const char *map, const char *text)
{
    world_init(w, IMPORT_CSV);
    w->options.map = map;
    world_parse(w, text);
}

/* ---- headers that map themselves ---- */

static void an_export_of_orders_maps_itself(void **state)
{
    (void)state;
    struct world w;
    parse_csv(
        &w, NULL,
        "\xEF\xBB\xBF订单编号,会员名,手机号,付款时间,实付金额(元),退款金额,订单状态,商品名称,规格,"
        "数量,门店,导购,成本价,备注,不认识的\n"
        "=\"1234567890123456789\",小王,13800138000,2024/1/5 9:03,\"￥1,299.00\",,交易成功,茶,大,2,"
        "一店,小李,12.5,老客,x\n");
    expect_sound(&w, 1, 0);
    const struct fact *f = fact_at(&w, 0);
    expect_str(f->kind, "order.paid");
    expect_at(f, "2024-01-05T09:03:00+08:00");
    assert_int_equal(f->amount, 129900);
    assert_int_equal(f->who_count, 1);
    expect_who(f, IDENTITY_PHONE, "+8613800138000");
    expect_prop(f, "order", "1234567890123456789");
    expect_prop(f, "product", "茶");
    expect_prop(f, "sku", "大");
    expect_number(f, "qty", 2);
    expect_prop(f, "store", "一店");
    expect_number(f, "cost", 1250);
    expect_str(f->code[DIM_STAFF], "小李");
    expect_trait(f, "nickname", "小王");
    expect_trait(f, "remark", "老客");
    world_finish(&w);
}

static void every_word_for_a_status_becomes_its_kind(void **state)
{
    (void)state;
    static const char *const list[][2] = {
        {"交易成功", "order.paid"},   {"已完成", "order.paid"},    {"已付款", "order.paid"},
        {"待发货", "order.paid"},     {"已发货", "order.paid"},    {"退款成功", "order.refunded"},
        {"已退款", "order.refunded"}, {"待付款", "order.created"}, {"已取消", "order.created"},
    };
    for (size_t i = 0; i < COUNT(list); i++) {
        struct world w;
        char text[200];
        snprintf(text, sizeof(text), "订单号,支付时间,实收,交易状态\nA1,2024-01-05,5,%s\n",
                 list[i][0]);
        parse_csv(&w, NULL, text);
        expect_sound(&w, 1, 0);
        expect_str(fact_at(&w, 0)->kind, list[i][1]);
        world_finish(&w);
    }
}

static void a_closed_order_is_decided_by_payment_or_refund(void **state)
{
    (void)state;
    struct world w;
    parse_csv(&w, NULL,
              "订单号,下单时间,付款时间,实收,退款金额,订单状态\n"
              "1,2024-01-05,2024-01-05 8:00,5,,交易关闭\n"
              "2,2024-01-05,,5,,交易关闭\n"
              "3,2024-01-05,,5,3.5,交易关闭\n");
    expect_sound(&w, 3, 0);
    expect_str(fact_at(&w, 0)->kind, "order.refunded");
    expect_str(fact_at(&w, 1)->kind, "order.created");
    expect_str(fact_at(&w, 2)->kind, "order.refunded");
    assert_int_equal(fact_at(&w, 2)->amount, 350);
    world_finish(&w);
    parse_csv(&w, "kind=status:状态,amount=decimal:金额", "状态,金额\n交易关闭,5\n");
    expect_sound(&w, 0, 1);
    assert_int_equal(reject_at(&w, 0)->why.msg, MSG_STATUS_OPEN);
    world_finish(&w);
}

static void an_unknown_status_rejects_the_row_and_is_named(void **state)
{
    (void)state;
    struct world w;
    parse_csv(&w, NULL, "订单号,付款时间,实收,订单状态\nA1,2024-01-05,5,飞走了\n");
    expect_sound(&w, 0, 1);
    assert_int_equal(reject_at(&w, 0)->why.msg, MSG_UNKNOWN_STATUS);
    assert_string_equal(reject_at(&w, 0)->why.args, "飞走了");
    world_finish(&w);
}

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
    assert_int_equal(w.batch->lines.items[0], 7);
    assert_int_equal(w.batch->lines.items[1], 9);
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

static void a_list_of_people_maps_itself(void **state)
{
    (void)state;
    struct world w;
    parse_csv(&w, NULL,
              "昵称,备注,手机号,添加时间,来源,标签,性别,城市,生日,会员等级,积分\n"
              "小王,王总,13800138000,2024/1/5 9:03,扫码,\"高端,茶\",男,上海,1988年5月1日,金,120\n");
    expect_sound(&w, 1, 0);
    const struct fact *f = fact_at(&w, 0);
    expect_str(f->kind, "contact.added");
    expect_at(f, "2024-01-05T09:03:00+08:00");
    assert_int_equal(f->who_count, 1);
    expect_trait(f, "nickname", "小王");
    expect_trait(f, "remark", "王总");
    expect_trait(f, "source", "扫码");
    expect_trait(f, "tags", "高端,茶");
    expect_trait(f, "gender", "男");
    expect_trait(f, "city", "上海");
    expect_trait(f, "level", "金");
    expect_trait(f, "birthday", "1988-05-01");
    world_finish(&w);
}

static void birthdays_are_dates_whatever_the_clocks_did(void **state)
{
    (void)state;
    static const char *const list[][2] = {
        {"1986-05-04", "1986-05-04"}, {"1988-04-10", "1988-04-10"},
        {"1991/9/15", "1991-09-15"},  {"农历1990-05-01", "1990-05-01"},
        {"1990年5月1日(农历)", NULL}, {"1990-05-01农历", "1990-05-01"},
        {"33000", "1990-05-07"},
    };
    for (size_t i = 0; i < COUNT(list); i++) {
        struct world w;
        char text[200];
        snprintf(text, sizeof(text), "昵称,生日\n小王,%s\n", list[i][0]);
        parse_csv(&w, NULL, text);
        if (!list[i][1]) {
            expect_sound(&w, 0, 1);
        } else {
            expect_sound(&w, 1, 0);
            const struct fact *f = fact_at(&w, 0);
            expect_trait(f, "birthday", list[i][1]);
            bool lunar = value_of(f->traits, f->trait_count, "birthday_lunar") != NULL;
            assert_int_equal(lunar, strstr(list[i][0], "农历") != NULL);
        }
        world_finish(&w);
    }
}

static void who_joined_a_group_is_told_by_group_or_column(void **state)
{
    (void)state;
    struct world w;
    parse_csv(&w, NULL, "昵称,入群时间,群名称\n小王,2024-01-05,一群\n");
    expect_sound(&w, 1, 0);
    expect_str(fact_at(&w, 0)->kind, "group.joined");
    expect_str(fact_at(&w, 0)->code[DIM_GROUP], "一群");
    world_finish(&w);
    world_init(&w, IMPORT_CSV);
    w.options.group = "二群";
    world_parse(&w, "昵称,入群时间\n小王,2024-01-05\n");
    expect_sound(&w, 1, 0);
    expect_str(fact_at(&w, 0)->kind, "group.joined");
    expect_str(fact_at(&w, 0)->code[DIM_GROUP], "二群");
    world_finish(&w);
}

static void a_name_identifies_only_where_nothing_better_does(void **state)
{
    (void)state;
    struct world w;
    parse_csv(&w, NULL,
              "昵称,手机号\n小王,13800138000\n小王,13900139000\n小李,138****0000\n小李,\n小张,\n");
    expect_sound(&w, 5, 0);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(fact_at(&w, i)->who_count, 1);
    expect_who(fact_at(&w, 0), IDENTITY_PHONE, "+8613800138000");
    expect_who(fact_at(&w, 1), IDENTITY_PHONE, "+8613900139000");
    expect_who(fact_at(&w, 2), IDENTITY_NAME, "小李");
    expect_who(fact_at(&w, 3), IDENTITY_NAME, "小李");
    expect_who(fact_at(&w, 4), IDENTITY_NAME, "小张");
    for (size_t i = 0; i < 5; i++) {
        const struct fact *f = fact_at(&w, i);
        bool marked = value_of(f->traits, f->trait_count, "ambiguous") != NULL;
        assert_int_equal(marked, i == 3); /* two rows of one name and nothing else */
    }
    world_finish(&w);
}

static void a_table_of_messages_maps_itself_without_its_text(void **state)
{
    (void)state;
    struct world w;
    parse_csv(&w, NULL,
              "时间,发送人,内容,消息类型\n2024-01-05 9:03:01,小王,有人知道几点开门吗,文本\n");
    expect_sound(&w, 1, 0);
    const struct fact *f = fact_at(&w, 0);
    expect_str(f->kind, "message.sent");
    expect_who(f, IDENTITY_NAME, "小王");
    expect_number(f, "length", 9);
    expect_number(f, "question", 1);
    expect_prop(f, "type", "文本");
    assert_int_equal(f->prop_count, 3);
    world_finish(&w);
}

/* ---- exports of chats ---- */

static void an_export_of_wechatmsg_maps_itself(void **state)
{
    (void)state;
    struct world w;
    parse_csv(&w, NULL,
              "localId,TalkerId,Type,SubType,IsSender,CreateTime,Status,StrContent,StrTime,Remark,"
              "NickName,Sender\n"
              "1,5,1,0,0,1704416580,2,有人吗,2024-01-05 09:03:00,,小王,wxid_w,excess\n"
              "2,5,1,0,0,1704416590,2,@小王\xE2\x80\x85在的,2024-01-05 09:03:10,,小李,wxid_l\n"
              "3,5,3,0,0,1704416600,2,<msg/>,2024-01-05 09:03:20,,小李,wxid_l\n"
              "4,5,10000,0,0,1704416610,2,\"\"\"小王\"\"撤回了一条消息\",2024-01-05 09:03:30,,,\n");
    expect_sound(&w, 3, 0);
    assert_int_equal(w.batch->counts.read, 3);
    assert_int_equal(w.batch->counts.skipped, 1);
    const struct fact *f = fact_at(&w, 0);
    expect_str(f->kind, "message.sent");
    expect_at(f, "2024-01-05T09:03:00+08:00");
    expect_who(f, IDENTITY_NAME, "wxid_w");
    expect_trait(f, "nickname", "小王");
    expect_prop(f, "type", "text");
    expect_number(f, "question", 1);
    assert_int_equal(fact_at(&w, 1)->other_count, 1);
    expect_str(fact_at(&w, 1)->other[0].value, "wxid_w");
    expect_prop(fact_at(&w, 2), "type", "image");
    assert_int_equal(fact_at(&w, 2)->prop_count, 1);
    world_finish(&w);
}

static void an_export_of_chatlog_maps_itself(void **state)
{
    (void)state;
    struct world w;
    parse_csv(&w, NULL,
              "Time,SenderName,Sender,TalkerName,Talker,Content\n"
              "2024-01-05 09:03:00,小王,wxid_w,一群,1@chatroom,多少钱\n"
              "2024-01-05 09:04:00,小李,wxid_l,一群,1@chatroom,\"「小王：多少钱」\n- - - - - "
              "-\n十块\"\n");
    expect_sound(&w, 2, 0);
    expect_who(fact_at(&w, 1), IDENTITY_NAME, "wxid_l");
    expect_str(fact_at(&w, 1)->other[0].value, "wxid_w");
    expect_number(fact_at(&w, 1), "length", 2);
    expect_number(fact_at(&w, 1), "question", 0);
    expect_number(fact_at(&w, 0), "question", 1);
    world_finish(&w);
}

static void codes_of_headers_in_english_are_known_too(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, IMPORT_CSV);
    w.options.as = "order.created";
    world_parse(&w, "order,phone,付款时间,amount,product\nA1,13800138000,2024-01-05,5,tea\n");
    expect_sound(&w, 1, 0);
    expect_str(fact_at(&w, 0)->kind, "order.created");
    expect_prop(fact_at(&w, 0), "product", "tea");
    world_finish(&w);
}

static void a_file_nobody_knows_asks_for_a_map(void **state)
{
    (void)state;
    struct world w;
    parse_csv(&w, NULL, "foo,bar\n1,2\n");
    assert_int_equal(w.err, ERR_INVALID);
    assert_int_equal(w.why.msg, MSG_MAP_NONE);
    world_finish(&w);
    parse_csv(&w, NULL, "");
    expect_sound(&w, 0, 0);
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
        {"u,2024-01-05,5.005,1,1,A", 0, MSG_TOO_PRECISE},
        {"u,2024-01-05,5,1.5,1,A", 4, MSG_NOT_INTEGER},
        {"u,2024-01-05,5,1,x,A", 5, MSG_NOT_NUMBER},
        {"u,,5,1,1,A", 0, MSG_MISSING},
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
              "4,2024-01-05,voucher.redeemed\n5,2024-01-05,lesson.done\n");
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
        cmocka_unit_test(an_export_of_orders_maps_itself),
        cmocka_unit_test(every_word_for_a_status_becomes_its_kind),
        cmocka_unit_test(a_closed_order_is_decided_by_payment_or_refund),
        cmocka_unit_test(an_unknown_status_rejects_the_row_and_is_named),
        cmocka_unit_test(the_header_is_found_below_titles_and_totals_are_dropped),
        cmocka_unit_test(cells_lose_the_guards_of_spreadsheets),
        cmocka_unit_test(damaged_ids_reject_the_row),
        cmocka_unit_test(a_list_of_people_maps_itself),
        cmocka_unit_test(birthdays_are_dates_whatever_the_clocks_did),
        cmocka_unit_test(who_joined_a_group_is_told_by_group_or_column),
        cmocka_unit_test(a_name_identifies_only_where_nothing_better_does),
        cmocka_unit_test(a_table_of_messages_maps_itself_without_its_text),
        cmocka_unit_test(an_export_of_wechatmsg_maps_itself),
        cmocka_unit_test(an_export_of_chatlog_maps_itself),
        cmocka_unit_test(codes_of_headers_in_english_are_known_too),
        cmocka_unit_test(a_file_nobody_knows_asks_for_a_map),
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
