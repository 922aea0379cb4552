/* value_test.c - guards of spreadsheets, damaged ids, money, and the states of orders. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "intake/value.h"
#include "people/fact.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void guards_and_space_come_off(void **state)
{
    (void)state;
    static const char *const list[][2] = {
        {"abc", "abc"},
        {"  abc ", "abc"},
        {"=\"00123\"", "00123"},
        {"\t00123", "00123"},
        {"'00123", "00123"},
        {"'=1+1", "=1+1"},
        {"'tis", "'tis"},
        {"'张三", "张三"},
        {"'E2025-1", "E2025-1"},
        {"'张三'", "'张三'"},
        {"\xE3\x80\x80京\xE3\x80\x80", "京"},
        {"\xC2\xA0x\xC2\xA0", "x"},
        {"\xEF\xBB\xBF昵称", "昵称"},
        {"=\"\"", ""},
        {"", ""},
        {"=\"a", "=\"a"},
        {"\t'138", "138"},
        {"\r\n", ""},
        {"=\" 1 \"", "1"},
        {"=\"", "=\""},
        {"'", "'"},
    };
    for (size_t i = 0; i < COUNT(list); i++) {
        struct str got = value_unwrap(str_of(list[i][0]));
        if (!str_is(got, list[i][1]))
            fail_msg("\"%s\" gives \"" STR_FMT "\"", list[i][0], STR_ARG(got));
    }
}

static void ids_that_lost_digits_are_seen(void **state)
{
    (void)state;
    static const char *const damaged[] = {"1.38E+10", "1E+15", "123456789012000",
                                          "1234567890123456000", "2.5e+3"};
    static const char *const sound[] = {"12345678901200",
                                        "123456789012001",
                                        "1E10",
                                        "E+10",
                                        "1.2E+",
                                        "1.5",
                                        "",
                                        "abc",
                                        "12345678901.000",
                                        "1E+1x"};
    for (size_t i = 0; i < COUNT(damaged); i++) {
        if (!value_damaged(str_of(damaged[i]))) fail_msg("%s", damaged[i]);
    }
    for (size_t i = 0; i < COUNT(sound); i++) {
        if (value_damaged(str_of(sound[i]))) fail_msg("%s", sound[i]);
    }
}

static void money_is_read_exactly(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t minor;
    } list[] = {
        {"0", 0},
        {"12", 1200},
        {"29.33", 2933},
        {"29.330", 2933},
        {"1,299.00", 129900},
        {"1,234,567.8", 123456780},
        {"¥1,299", 129900},
        {"￥1,299.00", 129900},
        {"1299元", 129900},
        {"1.2万", 1200000},
        {"1.23万元", 1230000},
        {"0.00001万", 10},
        {"1亿", 10000000000},
        {"3千", 300000},
        {"-5.5", -550},
        {"+5.5", 550},
        {"￥-5", -500},
        {"-￥5", -500},
        {"１２．５", 1250},
        {"$ 5", 500},
        {".5", 50},
        {"5.", 500},
        {"5块", 500},
        {"¥ 1,000 元", 100000},
        {"0.10", 10},
        {"000", 0},
    };
    for (size_t i = 0; i < COUNT(list); i++) {
        struct amount a;
        int64_t minor = -1;
        if (!value_amount(str_of(list[i].text), &a) || !amount_minor(&a, 2, &minor))
            fail_msg("%s is not read", list[i].text);
        if (minor != list[i].minor) fail_msg("%s gives %lld", list[i].text, (long long)minor);
    }
}

static void what_is_no_money_is_refused(void **state)
{
    (void)state;
    static const char *const list[] = {
        "",        "元",   "abc",      "1,29", "12,99.00", "1,,000",
        "1.2.3",   "1-2",  "--1",      "1e3",  "五元",     "1万2",
        "1,000,",  ",100", "1.000,00", "元5",  "1 2 3x",   "99999999999999999999999",
        "1万万万", "-",    "+",        "."};
    for (size_t i = 0; i < COUNT(list); i++) {
        struct amount a;
        if (value_amount(str_of(list[i]), &a)) fail_msg("%s", list[i]);
    }
}

static void decimals_the_currency_lacks_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int places;
        bool fits;
        int64_t minor;
    } list[] = {
        {"1.005", 2, false, 0},
        {"1.000", 2, true, 100},
        {"1.5", 0, false, 0},
        {"15.0", 0, true, 15},
        {"1.234", 3, true, 1234},
        {"10000000000000", 2, true, 1000000000000000},
        {"10000000000000.01", 2, false, 0},
        {"1亿亿", 2, false, 0},
    };
    for (size_t i = 0; i < COUNT(list); i++) {
        struct amount a;
        int64_t minor = 0;
        assert_true(value_amount(str_of(list[i].text), &a));
        if (amount_minor(&a, list[i].places, &minor) != list[i].fits) fail_msg("%s", list[i].text);
        assert_int_equal(minor, list[i].minor);
    }
}

static void amounts_as_doubles_are_the_nearest(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double want;
    } list[] = {{"0.1", 0.1},
                {"29.33", 29.33},
                {"-1.2万", -12000},
                {"123456789012345678", 123456789012345678.0}};
    for (size_t i = 0; i < COUNT(list); i++) {
        struct amount a;
        assert_true(value_amount(str_of(list[i].text), &a));
        assert_true(amount_double(&a) == list[i].want);
    }
}

static void what_stands_for_nothing_is_seen(void **state)
{
    (void)state;
    static const char *const none[] = {"-", "--", "—", "——", "–", "/", "无", "无退款申请"};
    static const char *const some[] = {"-1", "0", "- 1", "//", "有无", "a-"};
    for (size_t i = 0; i < COUNT(none); i++)
        assert_true(value_none(str_of(none[i])));
    for (size_t i = 0; i < COUNT(some); i++)
        assert_false(value_none(str_of(some[i])));
}

static void states_of_orders_are_known(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum order_status status;
    } list[] = {
        {"交易成功", STATUS_PAID},
        {"已完成", STATUS_PAID},
        {"已付款", STATUS_PAID},
        {"待发货", STATUS_PAID},
        {"已发货", STATUS_PAID},
        {"退款成功", STATUS_REFUNDED},
        {"已退款", STATUS_REFUNDED},
        {"待付款", STATUS_CREATED},
        {"已取消", STATUS_CREATED},
        {"交易关闭", STATUS_CLOSED},
        {"随便", STATUS_UNKNOWN},
        {"", STATUS_UNKNOWN},
        {"等待买家付款", STATUS_CREATED},
        {"买家已付款，等待卖家发货", STATUS_PAID},
        {"买家已付款,等待卖家发货", STATUS_PAID},
        {"已签收", STATUS_PAID},
        {"已关闭", STATUS_CLOSED},
        {"已付款 ", STATUS_UNKNOWN},
    };
    for (size_t i = 0; i < COUNT(list); i++)
        assert_int_equal(value_status(str_of(list[i].text)), list[i].status);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(guards_and_space_come_off),
        cmocka_unit_test(ids_that_lost_digits_are_seen),
        cmocka_unit_test(money_is_read_exactly),
        cmocka_unit_test(what_is_no_money_is_refused),
        cmocka_unit_test(decimals_the_currency_lacks_are_refused),
        cmocka_unit_test(amounts_as_doubles_are_the_nearest),
        cmocka_unit_test(what_stands_for_nothing_is_seen),
        cmocka_unit_test(states_of_orders_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
