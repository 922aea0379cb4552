/* question_test.c - lines that ask and lines that do not. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "intake/question.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void lines_that_ask_are_questions(void **state)
{
    (void)state;
    static const char *const list[] = {
        "今天几点开门？",
        "这个能退吗",
        "有人用过么",
        "你去不去啊？",
        "还有货没",
        "好吃吗啊",
        "请问怎么下单",
        "想问下多少钱",
        "求链接",
        "谁知道哪里有",
        "几号发货",
        "要多久",
        "什么时候上新",
        "啥时候到",
        "这俩有什么区别",
        "能不能便宜点",
        "可不可以换",
        "为啥没收到",
        "怎么领券",
        "咋用啊",
        "如何报名",
        "how do I install it",
        "What is this",
        "is it safe to upgrade",
        "nick: can you help",
        "anyone know a good shop",
        "does anyone know why",
        "really?",
        "在哪买的",
        "行不行",
        "会不会过期",
        "要不要一起",
        "？",
        "求推荐一款面霜",
    };
    for (size_t i = 0; i < COUNT(list); i++) {
        if (!is_question(str_of(list[i]))) fail_msg("%s", list[i]);
    }
}

static void lines_that_state_are_none(void **state)
{
    (void)state;
    static const char *const list[] = {
        "",
        "   ",
        "好的",
        "同问",
        "+1",
        "蹲",
        "蹲！",
        "真的吗",
        "还没",
        "好不",
        "我还没收到",
        "收到，谢谢",
        "《怎么选面霜》",
        "夏日防晒——如何选",
        "今天天气不错",
        "I can see it now",
        "this is fine",
        "thanks, that works",
        "已下单",
        "哈哈哈",
        "那么",
        "差不多",
        "一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一为什么",
        "怎么都行",
        "isolated",
        "candy",
    };
    for (size_t i = 0; i < COUNT(list); i++) {
        if (is_question(str_of(list[i]))) fail_msg("%s", list[i]);
    }
}

static void bytes_that_are_no_text_do_no_harm(void **state)
{
    (void)state;
    assert_false(is_question(STR("\xFF\xFE")));
    assert_true(is_question(STR("\xFF?")));
    assert_false(is_question(STR("\xE6\x80\x8E\xE4\xB9")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_that_ask_are_questions),
        cmocka_unit_test(lines_that_state_are_none),
        cmocka_unit_test(bytes_that_are_no_text_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
