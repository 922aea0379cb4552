/* describe_test.c - the properties of a message: what shows a promotion, which language, who is
 * named. */
#include "intake/parse_world.h"

#include "intake/describe.h"

static struct fact_value props[DESCRIBE_PROPS];

static uint32_t describe_text(const char *text)
{
    const struct described d = {.text = str_of(text), .type = MESSAGE_TEXT};
    return describe(&d, props);
}

static void prices_vouchers_and_orders_show_a_promotion(void **state)
{
    (void)state;
    static const char *const list[] = {
        "今天特惠 9.9元 三包",
        "¥39 拿走",
        "￥ 39",
        "全场八折",
        "打折啦",
        "领券立减",
        "秒杀开始",
        "限时两小时",
        "点这里下单",
        "快抢，只有50份",
        "三人拼团",
        "一千元以内",
        "今天 8 折",
        "only $9.90 today",
        "20% OFF",
        "use coupon ABC",
        "https://item.jd.com/1.html",
        "看 https://shop.example.com/product/17 这个",
        "£20 each",
    };
    for (size_t i = 0; i < COUNT(list); i++) {
        if (!is_promotion(str_of(list[i]))) fail_msg("\"%s\" is none", list[i]);
    }
}

static void everyday_words_show_none(void **state)
{
    (void)state;
    static const char *const list[] = {
        "",
        "早上好",
        "元旦快乐",
        "一元旦",
        "单元测试",
        "拼音怎么写",
        "打拼多年",
        "别拼命",
        "抢救过来了",
        "我来抢答",
        "证券公司",
        "骨折了",
        "折腾半天",
        "https://example.com/a",
        "echo $1",
        "what does $x do",
        "the flash player",
        "see item 4",
    };
    for (size_t i = 0; i < COUNT(list); i++) {
        if (is_promotion(str_of(list[i]))) fail_msg("\"%s\" is one", list[i]);
    }
}

static void a_language_is_told_only_where_it_is_sure(void **state)
{
    (void)state;
    static const struct {
        const char *text, *lang;
    } list[] = {
        {"今天几点开门？", "zh"},
        {"用 ubuntu 装这个吧", "zh"},
        {"how do I install it", "en"},
        {"that is what you need to do", "en"},
        {"ok", NULL},
        {"lol nice", NULL},
        {"12345", NULL},
        {"", NULL},
        {"こんにちは皆さん", "other"},
        {"Привет всем", "other"},
        {"안녕하세요", "other"},
        {"مرحبا بالجميع", "other"},
        {"c'est déjà fait, merci", NULL},
        {"🎉🎉🎉", NULL},
    };
    for (size_t i = 0; i < COUNT(list); i++) {
        struct str got = text_lang(str_of(list[i].text));
        if (!str_eq(got, str_of(list[i].lang)))
            fail_msg("\"%s\" is " STR_FMT, list[i].text, STR_ARG(got));
    }
}

static void mentions_are_counted_and_addresses_are_none(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double count;
    } list[] = {
        {"@小王\xE2\x80\x85 @小李\xE2\x80\x85 来", 2},
        {"问@小王", 1},
        {"a@b.cn", 0},
        {"@", 0},
        {"@ home", 0},
        {"hi @ann, @bob!", 2},
        {"@@", 0},
        {"mail x_@y.org ok", 0},
    };
    for (size_t i = 0; i < COUNT(list); i++) {
        uint32_t count = describe_text(list[i].text);
        const struct fact_value *v = value_of(props, count, "mentions");
        if ((v ? v->number : 0) != list[i].count) fail_msg("\"%s\"", list[i].text);
    }
}

static void a_message_has_what_its_text_and_channel_say(void **state)
{
    (void)state;
    struct described d = {.text = STR("请问这个多少钱？"),
                          .type = MESSAGE_TEXT,
                          .link = LINK_QUOTE,
                          .counted = true,
                          .mentions = 3};
    struct fact f = {.props = props};
    f.prop_count = describe(&d, props);
    assert_int_equal(f.prop_count, 6);
    expect_number(&f, "length", 8);
    expect_number(&f, "question", 1);
    expect_prop(&f, "type", "text");
    expect_prop(&f, "link", "quote");
    expect_number(&f, "mentions", 3);
    expect_prop(&f, "lang", "zh");

    d = (struct described){.type = MESSAGE_IMAGE};
    f.prop_count = describe(&d, props);
    assert_int_equal(f.prop_count, 1);
    expect_prop(&f, "type", "image");

    d = (struct described){.type = MESSAGE_CARD, .text = STR("新品 9.9元 @老板")};
    f.prop_count = describe(&d, props);
    expect_number(&f, "promotion", 1);

    d = (struct described){.type = MESSAGE_TEXT, .text = STR("3. 小王 要吗"), .signup = true};
    f.prop_count = describe(&d, props);
    expect_number(&f, "question", 0);
    expect_number(&f, "signup", 1);

    d = (struct described){.link = LINK_REACTION};
    assert_int_equal(describe(&d, props), 1);
}

static void names_of_types_are_read_back(void **state)
{
    (void)state;
    for (int t = MESSAGE_TEXT; t <= MESSAGE_OTHER; t++)
        assert_int_equal(message_type_parse(message_type_name((enum message_type)t)), t);
    assert_int_equal(message_type_parse(STR("app")), MESSAGE_UNKNOWN);
    assert_int_equal(message_type_parse((struct str){NULL, 0}), MESSAGE_UNKNOWN);
}

static bool has_flag(uint32_t count, const char *name)
{
    for (uint32_t i = 0; i < count; i++) {
        if (str_is(props[i].name, name)) return props[i].number != 0;
    }
    return false;
}

static void who_joins_a_question_is_told_from_who_asks(void **state)
{
    (void)state;
    uint32_t n = describe_text("同问");
    assert_true(has_flag(n, "joins"));
    assert_false(has_flag(n, "question"));
    n = describe_text("同问，这个能退吗");
    assert_false(has_flag(n, "joins"));
    assert_true(has_flag(n, "question"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prices_vouchers_and_orders_show_a_promotion),
        cmocka_unit_test(everyday_words_show_none),
        cmocka_unit_test(a_language_is_told_only_where_it_is_sure),
        cmocka_unit_test(mentions_are_counted_and_addresses_are_none),
        cmocka_unit_test(a_message_has_what_its_text_and_channel_say),
        cmocka_unit_test(names_of_types_are_read_back),
        cmocka_unit_test(who_joins_a_question_is_told_from_who_asks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
