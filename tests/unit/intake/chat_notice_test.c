/* chat_notice_test.c - sentences of chat programs about who came, went and did what. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "intake/chat_notice.h"

static void notices_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum notice_kind kind;
        const char *who, *other; /* other NULL = none */
    } list[] = {
        {"\"A\"邀请\"B\"加入了群聊", NOTICE_JOINED, "B", "A"},
        {"“A”邀请“B”加入了群聊", NOTICE_JOINED, "B", "A"},
        {"\"A\"邀请\"B、C\"加入了群聊", NOTICE_JOINED, "B、C", "A"},
        {"你邀请\"B\"加入了群聊", NOTICE_JOINED, "B", NULL},
        {"\"A\"邀请你和\"B\"加入了群聊", NOTICE_JOINED, "B", "A"},
        {"\"B\"通过扫描\"A\"分享的二维码加入群聊", NOTICE_JOINED, "B", "A"},
        {" \"B\"通过扫描你分享的二维码加入群聊", NOTICE_JOINED, "B", NULL},
        {"\"B\"加入了群聊", NOTICE_JOINED, "B", NULL},
        {"你将\"B\"移出了群聊", NOTICE_LEFT, "B", NULL},
        {"\"A\"将\"B\"移出了群聊", NOTICE_LEFT, "B", NULL},
        {"\"B\"退出了群聊", NOTICE_LEFT, "B", NULL},
        {"\"B\" 撤回了一条消息", NOTICE_RECALLED, "B", NULL},
        {"\"A\" 拍了拍 \"B\" 的脑袋", NOTICE_NUDGED, "A", "B"},
        {"\"A\" 拍了拍我", NOTICE_NUDGED, "A", NULL},
    };
    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        struct chat_notice n;
        if (!chat_notice_read(str_of(list[i].text), &n)) fail_msg("%s", list[i].text);
        bool other = list[i].other ? str_is(n.other, list[i].other) : n.other.p == NULL;
        if (n.kind != list[i].kind || !str_is(n.who, list[i].who) || !other)
            fail_msg("%s: %d " STR_FMT, list[i].text, (int)n.kind, STR_ARG(n.who));
    }
}

static void other_sentences_are_none(void **state)
{
    (void)state;
    static const char *const list[] = {
        "",
        "\"",
        "\"\"邀请\"\"加入了群聊",
        "\"A",
        "\"A\"邀请你加入了群聊",
        "\"A\"邀请\"B\"",
        "你撤回了一条消息",
        "你拍了拍自己",
        "收到红包",
        "\"A\"修改群名为“B”",
        "A邀请B加入了群聊",
        "\"B\"通过扫描",
        "你和你和你",
    };
    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        struct chat_notice n;
        if (chat_notice_read(str_of(list[i]), &n)) fail_msg("%s", list[i]);
    }
}

static void names_come_one_by_one(void **state)
{
    (void)state;
    struct str names = STR("、B、 C、、");
    assert_true(str_is(chat_notice_next(&names), "B"));
    assert_true(str_is(chat_notice_next(&names), "C"));
    assert_null(chat_notice_next(&names).p);
    assert_null(chat_notice_next(&names).p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notices_are_read),
        cmocka_unit_test(other_sentences_are_none),
        cmocka_unit_test(names_come_one_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
