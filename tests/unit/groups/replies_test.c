/* replies_test.c - small chats, and which line each line answers. */
#include "groups/replies.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/time.h"

/* A chat: each line a minute after the one above unless said otherwise. */
struct chat {
    struct replies *r;
    int64_t at;
    struct reply_found found;
};

static struct chat begin(void)
{
    return (struct chat){.r = replies_create(NULL), .at = INT64_C(1700000000000)};
}

/* What the line answers; -1 = it begins. A text that ends in ? asks. */
static int say_after(struct chat *c, int64_t ms, const char *who, const char *text)
{
    struct reply_line line = {.who = str_of(who), .text = str_of(text)};
    c->at += ms;
    line.at = c->at;
    line.question = str_ends(line.text, STR("?"));
    replies_said(c->r, &line, &c->found);
    return c->found.target == REPLY_NONE ? -1 : (int)c->found.target;
}

static int say(struct chat *c, const char *who, const char *text)
{
    return say_after(c, TIME_MINUTE / 4, who, text);
}

static void who_is_named_at_the_start_is_answered(void **state)
{
    (void)state;
    struct chat c = begin();
    assert_int_equal(say(&c, "ann", "how do I keep the coffee warm?"), -1);
    assert_int_equal(say(&c, "bob", "which mug goes into the oven?"), -1);
    assert_int_equal(say(&c, "cleo", "ann: with a lid"), 0);
    assert_true(c.found.score > 0);
    assert_true(str_is(c.found.to, "ann"));
    assert_int_equal(say(&c, "dan", "@bob the steel one"), 1);
    assert_int_equal(say(&c, "eve", "BOB, not the glass one"), 1);
    assert_true(str_is(c.found.to, "bob"));
    replies_destroy(c.r);
}

static void chinese_marks_and_names_address_too(void **state)
{
    (void)state;
    struct chat c = begin();
    assert_int_equal(say(&c, "小王", "这款面霜敏感肌能用?"), -1);
    assert_int_equal(say(&c, "阿杰", "今天几点发货呢?"), -1);
    assert_int_equal(say(&c, "店长", "小王，可以用的"), 0);
    assert_int_equal(say(&c, "店长", "@阿杰\xE2\x80\x85下午四点"), 1);
    assert_int_equal(say(&c, "店长", "@小王记得先在手腕上试"), 0);
    assert_true(str_is(c.found.to, "小王"));
    replies_destroy(c.r);
}

static void an_open_question_is_answered_within_five_minutes(void **state)
{
    (void)state;
    struct chat c = begin();
    assert_int_equal(say(&c, "ann", "where did you all buy the filter?"), -1);
    assert_int_equal(say_after(&c, TIME_MINUTE, "bob", "in the shop on the corner"), 0);
    assert_int_equal(say_after(&c, 3 * TIME_HOUR, "ann", "where is the next tasting?"), -1);
    assert_int_equal(
        say_after(&c, 90 * TIME_MINUTE, "bob", "my parcel came at last and all is well in it"), -1);
    replies_destroy(c.r);
}

static void two_who_talk_go_on_without_names(void **state)
{
    (void)state;
    struct chat c = begin();
    say(&c, "ann", "does the oat milk curdle in yours?");
    assert_int_equal(say(&c, "bob", "ann: only when it boils"), 0);
    assert_int_equal(say(&c, "ann", "so I should stop before that"), 1);
    assert_true(str_is(c.found.to, "bob"));
    assert_int_equal(say(&c, "bob", "yes, at sixty degrees"), 2);
    assert_true(str_is(c.found.to, "ann"));
    replies_destroy(c.r);
}

static void who_goes_on_speaks_to_the_same(void **state)
{
    (void)state;
    struct chat c = begin();
    say(&c, "ann", "does the oat milk curdle in yours?");
    say(&c, "bob", "ann: only when it boils");
    assert_int_equal(say_after(&c, 0, "bob", "and never in the fridge"), 1);
    assert_true(str_is(c.found.to, "ann"));
    replies_destroy(c.r);
}

static void a_monologue_is_said_to_nobody(void **state)
{
    (void)state;
    struct chat c = begin();
    assert_int_equal(say(&c, "ann", "the new beans are in the window"), -1);
    assert_int_equal(c.found.to.len, 0);
    assert_int_equal(say(&c, "ann", "and the old ones at half price"), 0);
    assert_int_equal(c.found.to.len, 0);
    replies_destroy(c.r);
}

static void a_bot_answers_the_command_above(void **state)
{
    (void)state;
    struct chat c = begin();
    say(&c, "ann", "how do I get sound?");
    assert_int_equal(say(&c, "bob", "!sound"), -1);
    assert_int_equal(say(&c, "bot", "see the page about sound"), 1);
    replies_destroy(c.r);
}

static void a_new_name_is_the_same_writer(void **state)
{
    (void)state;
    struct chat c = begin();
    say(&c, "ann", "who has the key of the cellar?");
    replies_renamed(c.r, STR("ann"), STR("ann_away"));
    assert_int_equal(say(&c, "bob", "ann_away: it hangs by the door"), 0);
    assert_true(str_is(c.found.to, "ann_away"));
    replies_renamed(c.r, STR("nobody"), STR("bob"));
    assert_int_equal(say(&c, "cleo", "bob: it does not"), 1);
    replies_destroy(c.r);
}

static void nobody_answers_themselves_by_name(void **state)
{
    (void)state;
    struct chat c = begin();
    assert_int_equal(say(&c, "ann", "the lids are here"), -1);
    say_after(&c, 3 * TIME_HOUR, "ann", "ann: remember the lids");
    assert_int_equal(c.found.to.len, 0);
    replies_destroy(c.r);
}

static void a_message_that_left_the_window_is_not_answered(void **state)
{
    (void)state;
    struct chat c = begin();
    char who[32];
    say(&c, "ann", "who has the key?");
    for (int i = 0; i < REPLIES_WINDOW; i++) {
        snprintf(who, sizeof(who), "guest%dx", i);
        say_after(&c, 1, who, "hello to the whole room and a good day to everybody here");
    }
    assert_int_equal(say_after(&c, 1, "bob", "ann: by the door"), -1);
    assert_true(str_is(c.found.to, "ann"));
    replies_destroy(c.r);
}

static void names_beyond_the_limit_begin_anew(void **state)
{
    (void)state;
    struct chat c = begin();
    char who[32];
    for (int i = 0; i < REPLIES_ACCOUNTS_MAX; i++) {
        snprintf(who, sizeof(who), "n%d", i);
        say_after(&c, 1, who, "x");
    }
    assert_int_equal(say(&c, "ann", "n1: are you there?"), -1);
    assert_int_equal(say(&c, "bob", "ann: I am"), REPLIES_ACCOUNTS_MAX);
    replies_destroy(c.r);
}

static void odd_texts_and_times_are_read_as_they_are(void **state)
{
    (void)state;
    struct chat c = begin();
    static const char *const odd[] = {"",    " ",        "@",        "!",   ":",
                                      "@@@", "\xFF\xFE", "\xE2\x80", "ann", ","};
    say(&c, "", "from no name");
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
        assert_true(say_after(&c, -TIME_HOUR, "ann", odd[i]) < (int)i + 1);
    replies_destroy(c.r);
    replies_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_named_at_the_start_is_answered),
        cmocka_unit_test(chinese_marks_and_names_address_too),
        cmocka_unit_test(an_open_question_is_answered_within_five_minutes),
        cmocka_unit_test(two_who_talk_go_on_without_names),
        cmocka_unit_test(who_goes_on_speaks_to_the_same),
        cmocka_unit_test(a_monologue_is_said_to_nobody),
        cmocka_unit_test(a_bot_answers_the_command_above),
        cmocka_unit_test(a_new_name_is_the_same_writer),
        cmocka_unit_test(nobody_answers_themselves_by_name),
        cmocka_unit_test(a_message_that_left_the_window_is_not_answered),
        cmocka_unit_test(names_beyond_the_limit_begin_anew),
        cmocka_unit_test(odd_texts_and_times_are_read_as_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
