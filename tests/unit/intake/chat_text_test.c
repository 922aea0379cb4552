/* chat_text_test.c - quotes, mentions and lists of sign-ups as chat programs write them. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "intake/chat_text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define GAP "\xE2\x80\x85"

static void expect(struct str got, const char *want, const char *text)
{
    bool same = want ? str_is(got, want) : got.p == NULL;
    if (!same) fail_msg("\"%s\" gives \"" STR_FMT "\"", text, STR_ARG(got));
}

static void texts_are_taken_apart(void **state)
{
    (void)state;
    static const struct {
        const char *text, *said, *quoted, *mentioned;
        bool signup;
    } list[] = {
        {"好的", "好的", NULL, NULL, false},
        {"「小王：多少钱」\n- - - - - - - - - -\n十块", "十块", "小王", NULL, false},
        {"「小王:多少钱？\n两行」\n------\n十块\n包邮", "十块\n包邮", "小王", NULL, false},
        {"这是一条引用/回复消息：\n“小王：\n多少钱”\n------\n十块", "十块", "小王", NULL, false},
        {"This is a quote/reply:\n\"Wang:\nhow much\"\n------\nten", "ten", "Wang", NULL, false},
        {"「没有分隔线：x」", "「没有分隔线：x」", NULL, NULL, false},
        {"「小王：x」\n- - -\n", "", "小王", NULL, false},
        {"@小王" GAP "在吗", "@小王" GAP "在吗", NULL, "小王", false},
        {"好 @Wang Fang" GAP " @小李" GAP, "好 @Wang Fang" GAP " @小李" GAP, NULL, "Wang Fang",
         false},
        {"a@b.cn", "a@b.cn", NULL, NULL, false},
        {"@" GAP, "@" GAP, NULL, NULL, false},
        {"「小王：x」\n-----\n@小李" GAP "看", "@小李" GAP "看", "小王", "小李", false},
        {"#接龙\n周五聚餐\n\n1. 小王\n2. 小李 +1\n", "2. 小李 +1", NULL, NULL, true},
        {"#Group Note\n1. Wang", "1. Wang", NULL, NULL, true},
        {"", "", NULL, NULL, false},
        {"---", "---", NULL, NULL, false},
    };
    for (size_t i = 0; i < COUNT(list); i++) {
        struct chat_text t;
        chat_text_read(str_of(list[i].text), &t);
        expect(t.said, list[i].said, list[i].text);
        expect(t.quoted, list[i].quoted, list[i].text);
        expect(t.mentioned, list[i].mentioned, list[i].text);
        assert_int_equal(t.signup, list[i].signup);
    }
}

static void a_quote_as_the_program_keeps_it_is_read(void **state)
{
    (void)state;
    struct chat_text t;
    struct arena *a = arena_create(0);
    chat_text_read(
        STR("<?xml version=\"1.0\"?><msg><appmsg><title>a &lt; b &amp;&quot;c&quot;</title>"
            "<type>57</type><refermsg><type>1</type><svrid>4611</svrid><displayname>小王"
            "</displayname><content>x</content></refermsg></appmsg></msg>"),
        &t);
    assert_true(t.coded);
    assert_true(str_is(t.quoted, "小王"));
    assert_true(str_is(t.answers, "4611"));
    assert_true(str_is(chat_text_plain(t.said, a), "a < b &\"c\""));
    chat_text_read(STR("<msg>no quote</msg>"), &t);
    assert_true(str_is(t.said, "<msg>no quote</msg>"));
    assert_false(t.coded);
    arena_destroy(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_taken_apart),
        cmocka_unit_test(a_quote_as_the_program_keeps_it_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
