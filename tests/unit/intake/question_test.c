/* question_test.c - lines that ask and lines that do not. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "intake/question.h"

#include <stdlib.h>

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

static void who_joins_a_question_asks_none_and_answers_none(void **state)
{
    (void)state;
    static const char *const list[] = {"同问", "+1",     " +1 ", "＋1",
                                       "蹲",   "蹲蹲！", "同求", "蹲一个~"};
    for (size_t i = 0; i < COUNT(list); i++) {
        assert_true(joins_question(str_of(list[i])));
        assert_false(is_question(str_of(list[i])));
    }
    assert_false(joins_question(STR("同问题")));
    assert_false(joins_question(STR("+10")));
    assert_false(joins_question(STR("")));
}

static void bytes_that_are_no_text_do_no_harm(void **state)
{
    (void)state;
    assert_false(is_question(STR("\xFF\xFE")));
    assert_true(is_question(STR("\xFF?")));
    assert_false(is_question(STR("\xE6\x80\x8E\xE4\xB9")));
}

/* definitions.md asks for precision of 0.9 and recall of 0.8. */
static void lines_labelled_by_hand_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        bool asks;
        const char *text;
    } lines[] = {
#define ASKS(text) {true, text},
#define SAYS(text) {false, text},
#include "question_lines.def"
#undef ASKS
#undef SAYS
    };
    int right = 0, found = 0, asked = 0;
    bool tell = getenv("WF_SHOW_QUESTIONS") != NULL;
    for (size_t i = 0; i < COUNT(lines); i++) {
        bool is = is_question(str_of(lines[i].text));
        found += is;
        asked += lines[i].asks;
        right += is && lines[i].asks;
        if (tell && is != lines[i].asks)
            print_message("%s %s\n", is ? "taken" : "missed", lines[i].text);
    }
    assert_int_equal(COUNT(lines), 500);
    print_message("questions: precision %.3f, recall %.3f of %d asked\n", (double)right / found,
                  (double)right / asked, asked);
    assert_true(right >= 0.9 * found);
    assert_true(right >= 0.8 * asked);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_that_ask_are_questions),
        cmocka_unit_test(lines_that_state_are_none),
        cmocka_unit_test(lines_labelled_by_hand_are_told_apart),
        cmocka_unit_test(who_joins_a_question_asks_none_and_answers_none),
        cmocka_unit_test(bytes_that_are_no_text_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
