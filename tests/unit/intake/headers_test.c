/* headers_test.c - csv files whose headers map themselves. */
#include "intake/parse_world.h"

static void an_export_of_orders_maps_itself(void **state)
{
    (void)state;
    struct world w;
    world_csv(
        &w,
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
        world_csv(&w, text);
        expect_sound(&w, 1, 0);
        expect_str(fact_at(&w, 0)->kind, list[i][1]);
        world_finish(&w);
    }
}

static void a_closed_order_is_decided_by_payment_or_refund(void **state)
{
    (void)state;
    struct world w;
    world_csv(&w, "订单号,下单时间,付款时间,实收,退款金额,订单状态\n"
                  "1,2024-01-05,2024-01-05 8:00,5,,交易关闭\n"
                  "2,2024-01-05,,5,,交易关闭\n"
                  "3,2024-01-05,,5,3.5,交易关闭\n");
    expect_sound(&w, 3, 0);
    expect_str(fact_at(&w, 0)->kind, "order.refunded");
    expect_str(fact_at(&w, 1)->kind, "order.created");
    expect_str(fact_at(&w, 2)->kind, "order.refunded");
    assert_int_equal(fact_at(&w, 2)->amount, 350);
    world_finish(&w);
    world_init(&w, IMPORT_CSV);
    w.options.map = "kind=status:状态,amount=decimal:金额";
    world_parse(&w, "状态,金额\n交易关闭,5\n");
    expect_sound(&w, 0, 1);
    assert_int_equal(reject_at(&w, 0)->why.msg, MSG_STATUS_OPEN);
    world_finish(&w);
}

static void an_unknown_status_rejects_the_row_and_is_named(void **state)
{
    (void)state;
    struct world w;
    world_csv(&w, "订单号,付款时间,实收,订单状态\nA1,2024-01-05,5,飞走了\n");
    expect_sound(&w, 0, 1);
    assert_int_equal(reject_at(&w, 0)->why.msg, MSG_UNKNOWN_STATUS);
    assert_string_equal(reject_at(&w, 0)->why.args, "飞走了");
    world_finish(&w);
}

static void a_list_of_people_maps_itself(void **state)
{
    (void)state;
    struct world w;
    world_csv(&w,
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
    assert_true(str_is(f->tags, "高端\n茶"));
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
        world_csv(&w, text);
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
    world_csv(&w, "昵称,入群时间,群名称\n小王,2024-01-05,一群\n");
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
    world_csv(&w,
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

static void codes_of_headers_in_english_are_known_too(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, IMPORT_CSV);
    w.options.as = "order.created";
    world_parse(&w, "Order,phone,at,amount,product\nA1,13800138000,2024-01-05,5,tea\n");
    expect_sound(&w, 1, 0);
    expect_str(fact_at(&w, 0)->kind, "order.created");
    expect_prop(fact_at(&w, 0), "product", "tea");
    world_finish(&w);
}

static void a_file_nobody_knows_asks_for_a_map(void **state)
{
    (void)state;
    struct world w;
    world_csv(&w, "foo,bar\n1,2\n");
    assert_int_equal(w.err, ERR_INVALID);
    assert_int_equal(w.why.msg, MSG_MAP_NONE);
    world_finish(&w);
    world_csv(&w, "");
    expect_sound(&w, 0, 0);
    world_finish(&w);
}

static void an_export_of_taobao_maps_itself(void **state)
{
    (void)state;
    struct world w;
    world_csv(
        &w,
        "\"订单编号\",\"买家会员名\",\"买家实际支付金额\",\"订单状态\",\"联系电话\",\"联系手机\","
        "\"订单创建时间\",\"订单付款时间\",\"宝贝标题\",\"宝贝总数量\",\"店铺名称\","
        "\"退款金额\"\n"
        "=\"2345678901234567890\",小明,100.00,交易成功,,'13800138000,2025-01-03 09:00:00,"
        "2025-01-03 09:05:11,红富士,2,果园,0.00\n"
        "=\"2345678901234567891\",小红,0.00,等待买家付款,,'13800138001,2025-01-03 09:00:00,"
        ",梨,1,果园,无退款申请\n"
        "=\"2345678901234567892\",小刚,50.00,\"买家已付款,等待卖家发货\",010-1,,"
        "2025-01-03 09:00:00,2025-01-03 10:05:11,梨,1,果园,-\n");
    expect_sound(&w, 3, 0);
    expect_str(fact_at(&w, 0)->kind, "order.paid");
    expect_at(fact_at(&w, 0), "2025-01-03T09:05:11+08:00");
    expect_who(fact_at(&w, 0), IDENTITY_PHONE, "+8613800138000");
    expect_trait(fact_at(&w, 0), "nickname", "小明");
    expect_number(fact_at(&w, 0), "qty", 2);
    expect_str(fact_at(&w, 1)->kind, "order.created");
    expect_at(fact_at(&w, 1), "2025-01-03T09:00:00+08:00");
    expect_str(fact_at(&w, 2)->kind, "order.paid");
    expect_who(fact_at(&w, 2), IDENTITY_NAME, "小刚");
    world_finish(&w);
}

static void a_column_stands_in_where_a_better_one_gives_nothing(void **state)
{
    (void)state;
    struct world w;
    world_csv(&w, "备注手机,手机号,订单号,付款时间,付款时间,支付时间,规格,商家编码\n"
                  "13800138001,13800138000,A1,2025-01-03,2025-01-04,2025-01-05,大,S1\n"
                  "13800138001,138****8000,A2,,2025-01-04,2025-01-05,,S1\n"
                  "138****8001,,A3,-,,2025-01-05,,\n");
    expect_sound(&w, 3, 0);
    assert_int_equal(fact_at(&w, 0)->who_count, 1);
    expect_who(fact_at(&w, 0), IDENTITY_PHONE, "+8613800138000");
    expect_at(fact_at(&w, 0), "2025-01-03T00:00:00+08:00");
    expect_prop(fact_at(&w, 0), "sku", "大");
    assert_int_equal(fact_at(&w, 1)->who_count, 1);
    expect_who(fact_at(&w, 1), IDENTITY_PHONE, "+8613800138001");
    expect_at(fact_at(&w, 1), "2025-01-04T00:00:00+08:00");
    expect_prop(fact_at(&w, 1), "sku", "S1");
    assert_int_equal(fact_at(&w, 2)->who_count, 0);
    expect_at(fact_at(&w, 2), "2025-01-05T00:00:00+08:00");
    world_finish(&w);
}

static void customers_of_wecom_map_themselves(void **state)
{
    (void)state;
    struct world w;
    world_csv(&w, "客户名称,描述,添加人,添加人账号,添加时间,来源,手机,邮箱,外部联系人ID,标签\n"
                  "小明,,王芳,WangFang,2025-01-03 09:00:00,扫描二维码,13800138000,a@b.cn,wmA,VIP\n"
                  "小明,,王芳,,2025-01-04 09:00:00,搜索手机号,,,wmB,\n");
    expect_sound(&w, 2, 0);
    expect_str(fact_at(&w, 0)->kind, "contact.added");
    expect_str(fact_at(&w, 0)->code[DIM_STAFF], "WangFang");
    expect_who(fact_at(&w, 0), IDENTITY_WECOM, "wmA");
    expect_who(fact_at(&w, 0), IDENTITY_PHONE, "+8613800138000");
    expect_who(fact_at(&w, 0), IDENTITY_EMAIL, "a@b.cn");
    assert_int_equal(fact_at(&w, 0)->who_count, 3);
    expect_str(fact_at(&w, 1)->code[DIM_STAFF], "王芳");
    assert_int_equal(fact_at(&w, 1)->who_count, 1);
    expect_who(fact_at(&w, 1), IDENTITY_WECOM, "wmB");
    assert_null(value_of(fact_at(&w, 1)->traits, fact_at(&w, 1)->trait_count, "ambiguous"));
    world_finish(&w);
}

static void a_list_names_owners_and_contacts(void **state)
{
    (void)state;
    struct world w;
    world_csv(&w, "昵称,手机号,入群时间,归属员工,跟进员工,添加人\n"
                  "小明,13800138000,2025-01-03,lily,\"rose、 fern;lily\",ann\n"
                  "小红,13800138001,2025-01-03,,-,\n");
    expect_sound(&w, 2, 0);
    expect_str(fact_at(&w, 0)->owner, "lily");
    expect_str(fact_at(&w, 0)->contacts, "rose\nfern\nlily");
    expect_str(fact_at(&w, 0)->code[DIM_STAFF], "ann");
    assert_int_equal(fact_at(&w, 1)->owner.len, 0);
    assert_int_equal(fact_at(&w, 1)->contacts.len, 0);
    world_finish(&w);
    world_csv(&w, "昵称,手机号,添加时间,所属员工\n小明,13800138000,2025-01-03,lily\n");
    expect_sound(&w, 1, 0);
    expect_str(fact_at(&w, 0)->kind, "contact.added");
    expect_str(fact_at(&w, 0)->code[DIM_STAFF], "lily");
    assert_int_equal(fact_at(&w, 0)->owner.len, 0);
    world_finish(&w);
    world_csv(&w, "订单号,付款时间,实付金额,所属员工\n1,2025-01-03,1,lily\n");
    expect_sound(&w, 1, 0);
    expect_str(fact_at(&w, 0)->code[DIM_STAFF], "lily");
    world_finish(&w);
    world_csv(&w, "昵称,手机号,contacts\n小明,13800138000,a、b、c、d、e、f、g、h、i\n");
    expect_sound(&w, 0, 1);
    world_finish(&w);
}

static void a_customers_number_tells_names_apart(void **state)
{
    (void)state;
    struct world w;
    world_csv(&w, "会员编号,会员名,积分\n007,小明,5\n008,小明,-\n");
    expect_sound(&w, 2, 0);
    expect_who(fact_at(&w, 0), IDENTITY_NAME, "007");
    expect_who(fact_at(&w, 1), IDENTITY_NAME, "008");
    assert_int_equal(fact_at(&w, 1)->who_count, 1);
    assert_null(value_of(fact_at(&w, 1)->traits, fact_at(&w, 1)->trait_count, "points"));
    world_finish(&w);
}

static void errors_of_known_headers_name_their_column(void **state)
{
    (void)state;
    struct world w;
    world_csv(&w, "订单号,付款时间,实付金额,手机号,订单状态\n"
                  "1,2025-01-03,1.005,,已付款\n"
                  "2,2025-01-03,1,1.38E+10,已付款\n"
                  "3,2025-01-03,1,,外星\n");
    expect_sound(&w, 0, 3);
    assert_int_equal(reject_at(&w, 0)->column, 3);
    assert_int_equal(reject_at(&w, 0)->why.msg, MSG_TOO_PRECISE);
    assert_int_equal(reject_at(&w, 1)->column, 4);
    assert_int_equal(reject_at(&w, 1)->why.msg, MSG_DAMAGED_BY_EXCEL);
    assert_int_equal(reject_at(&w, 2)->column, 5);
    assert_int_equal(reject_at(&w, 2)->why.msg, MSG_UNKNOWN_STATUS);
    world_finish(&w);
}

static void a_time_alone_makes_no_order(void **state)
{
    (void)state;
    struct world w;
    world_csv(&w, "member,phone,at\n小王,13800138000,2024-01-05\n");
    expect_sound(&w, 1, 0);
    expect_str(fact_at(&w, 0)->kind, "member.identified");
    expect_at(fact_at(&w, 0), "2024-01-05T00:00:00+08:00");
    world_finish(&w);
    world_csv(&w, "order,付款时间,at\n1,2024-01-05,2024-01-06\n2,,2024-01-06\n");
    expect_sound(&w, 2, 0);
    expect_at(fact_at(&w, 0), "2024-01-05T00:00:00+08:00");
    expect_at(fact_at(&w, 1), "2024-01-06T00:00:00+08:00");
    world_finish(&w);
    world_csv(&w, "at,发送人,message\n2024-01-05,小王,好\n");
    expect_sound(&w, 1, 0);
    expect_str(fact_at(&w, 0)->kind, "message.sent");
    world_finish(&w);
}

static void headers_that_say_nothing_are_named(void **state)
{
    (void)state;
    struct world w;
    char text[400];
    world_csv(&w, "订单号,付款时间,备用,,\"优惠, 元\",群主\nA1,2025-01-03,,,,\n");
    expect_sound(&w, 1, 0);
    why_text(&w.batch->note, LANG_EN, text, sizeof(text));
    assert_string_equal(text, "columns that are not used: 备用, 优惠, 元");
    world_finish(&w);
    world_csv(&w, "订单号,付款时间\nA1,2025-01-03\n");
    assert_int_equal(w.batch->note.msg, MSG_NONE);
    world_finish(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_time_alone_makes_no_order),
        cmocka_unit_test(headers_that_say_nothing_are_named),
        cmocka_unit_test(an_export_of_taobao_maps_itself),
        cmocka_unit_test(a_column_stands_in_where_a_better_one_gives_nothing),
        cmocka_unit_test(customers_of_wecom_map_themselves),
        cmocka_unit_test(a_list_names_owners_and_contacts),
        cmocka_unit_test(a_customers_number_tells_names_apart),
        cmocka_unit_test(errors_of_known_headers_name_their_column),
        cmocka_unit_test(an_export_of_orders_maps_itself),
        cmocka_unit_test(every_word_for_a_status_becomes_its_kind),
        cmocka_unit_test(a_closed_order_is_decided_by_payment_or_refund),
        cmocka_unit_test(an_unknown_status_rejects_the_row_and_is_named),
        cmocka_unit_test(a_list_of_people_maps_itself),
        cmocka_unit_test(birthdays_are_dates_whatever_the_clocks_did),
        cmocka_unit_test(who_joined_a_group_is_told_by_group_or_column),
        cmocka_unit_test(a_name_identifies_only_where_nothing_better_does),
        cmocka_unit_test(codes_of_headers_in_english_are_known_too),
        cmocka_unit_test(a_file_nobody_knows_asks_for_a_map),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
