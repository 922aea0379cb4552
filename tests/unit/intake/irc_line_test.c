/* irc_line_test.c - each form of line of a chat log. */
#include "intake/parse_world.h"

#include "base/time.h"
#include "intake/irc_line.h"

struct form {
    const char *line;
    enum irc_what what;
    const char *nick, *text;
};

static void expect_forms(const struct form *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct irc_line l;
        irc_line_read(str_of(list[i].line), &l);
        if (l.what != list[i].what) fail_msg("\"%s\" is %d", list[i].line, (int)l.what);
        if (list[i].nick) expect_str(l.nick, list[i].nick);
        if (list[i].text) expect_str(l.text, list[i].text);
    }
}

static void each_form_of_line_is_told(void **state)
{
    (void)state;
    static const struct form list[] = {
        {"[09:14] <crimsun> hi there", IRC_MESSAGE, "crimsun", "hi there"},
        {"[09:14:59] <a> b", IRC_MESSAGE, "a", "b"},
        {"[2017-06-23 11:08:13] <a-b> c", IRC_MESSAGE, "a-b", "c"},
        {"[2016-11-23T13:59:53] <a> c", IRC_MESSAGE, "a", "c"},
        {"1 [2016-11-23T13:59:53] <a> c", IRC_MESSAGE, "a", "c"},
        {"#ubuntu 2004-12-25 [09:14] <a> c", IRC_MESSAGE, "a", "c"},
        {"[08:43]  * Duesentrieb wonders", IRC_MESSAGE, "Duesentrieb", "wonders"},
        {"[08:43] * a", IRC_MESSAGE, "a", ""},
        {"[07:54] <rosendahl>", IRC_MESSAGE, "rosendahl", ""},
        {"[07:54] <@op> x", IRC_MESSAGE, "op", "x"},
        {"[07:54] <|QuaD-> a <b> c", IRC_MESSAGE, "|QuaD-", "a <b> c"},
        {"[07:54] < a > x", IRC_MESSAGE, "a", "x"},
        {"[09:14] <小王> 你好", IRC_MESSAGE, "小王", "你好"},
        {"=== L0sT [~w@r.uk]  has joined #ubuntu", IRC_PRESENCE, "L0sT", NULL},
        {"=== a has left #ubuntu", IRC_PRESENCE, "a", NULL},
        {"=== a [x] has quit [Read error]", IRC_PRESENCE, "a", NULL},
        {"=== [PG] _Sinnlos [n=s@217]  has joined #ubuntu", IRC_PRESENCE, "[PG]", NULL},
        {"=== a entered the room.", IRC_PRESENCE, "a", NULL},
        {"=== a left the room (quit: x).", IRC_PRESENCE, "a", NULL},
        {"=== a is now known as b", IRC_RENAME, "a", "b"},
        {"12 === a is now known as b", IRC_RENAME, "a", "b"},
        {"=== a is now known as b c", IRC_NOTE, NULL, NULL},
        {"=== a is now known as ", IRC_NOTE, NULL, NULL},
        {"=== mode/#ubuntu [+o x]  by ChanServ", IRC_NOTE, NULL, NULL},
        {"=== sid77 hi", IRC_NOTE, NULL, NULL},
        {"[09:14] -!- a joined", IRC_NOTE, NULL, NULL},
        {"[09:14] *** a joined", IRC_NOTE, NULL, NULL},
        {"[09:14:30] *** Joins: a (~x@h)", IRC_PRESENCE, NULL, NULL},
        {"[09:14:30] *** Quits: a (~x@h) (bye)", IRC_PRESENCE, NULL, NULL},
        {"[09:14:30] *** a is now known as b", IRC_RENAME, "a", "b"},
        {"[09:14:30] *** ChanServ sets mode: +o a", IRC_NOTE, NULL, NULL},
        {"[09:14] <> x", IRC_NOTE, NULL, NULL},
        {"[09:14] <a x", IRC_NOTE, NULL, NULL},
        {"------", IRC_SEPARATOR, NULL, NULL},
        {"", IRC_BLANK, NULL, NULL},
        {"   ", IRC_BLANK, NULL, NULL},
        {"and so on", IRC_MORE, NULL, "and so on"},
        {"[1] a footnote", IRC_MORE, NULL, "[1] a footnote"},
        {"[24:00] <a> x", IRC_MORE, NULL, NULL},
        {"[9:14] <a> x", IRC_MORE, NULL, NULL},
        {"[2004-13-01 09:14:00] <a> x", IRC_MORE, NULL, NULL},
        {"--", IRC_MORE, NULL, "--"},
        {"12 bottles", IRC_MORE, NULL, "12 bottles"},
    };
    expect_forms(list, COUNT(list));
}

static void lines_of_clients_without_brackets_are_told_by_their_shape(void **state)
{
    (void)state;
    static const struct form list[] = {
        /* irssi */
        {"09:14 <@crimsun> hi there", IRC_MESSAGE, "crimsun", "hi there"},
        {"09:14:59 < a> b", IRC_MESSAGE, "a", "b"},
        {"09:14  * a waves", IRC_MESSAGE, "a", "waves"},
        {"09:14 -!- a [~w@r.uk] has joined #ubuntu", IRC_PRESENCE, "a", NULL},
        {"09:14 -!- a is now known as b", IRC_RENAME, "a", "b"},
        {"09:14 -!- mode/#ubuntu [+o a] by ChanServ", IRC_NOTE, NULL, NULL},
        {"09:14 -ChanServ:#ubuntu- welcome", IRC_NOTE, NULL, NULL},
        /* WeeChat */
        {"2004-12-25 09:14:30\t@a\thi\tthere", IRC_MESSAGE, "a", "hi\tthere"},
        {"2004-12-25 09:14:30\t *\ta waves", IRC_MESSAGE, "a", "waves"},
        {"2004-12-25 09:14:30\t-->\ta (~w@r.uk) has joined #ubuntu", IRC_PRESENCE, NULL, NULL},
        {"2004-12-25 09:14:30\t--\ta is now known as b", IRC_RENAME, "a", "b"},
        {"2004-12-25 09:14:30\t=!=\tno route", IRC_NOTE, NULL, NULL},
        {"2004-12-25 09:14:30\t\tconnected", IRC_NOTE, NULL, NULL},
        /* HexChat */
        {"Dec 25 09:14:30 <a>\thi", IRC_MESSAGE, "a", "hi"},
        {"Dec  5 09:14:30 <a>\thi", IRC_MESSAGE, "a", "hi"},
        {"Dec 25 09:14:30 *\ta (~w@r.uk) has joined", IRC_PRESENCE, "a", NULL},
        {"Dec 25 09:14:30 *\ta is now known as b", IRC_RENAME, "a", "b"},
        {"Dec 25 09:14:30 *\tNow talking on #ubuntu", IRC_NOTE, NULL, NULL},
        {"Dec 25 09:14:30 *\ta gives voice to b", IRC_NOTE, NULL, NULL},
        {"Dec 25 09:14:30 *\ta has quit (bye)", IRC_PRESENCE, NULL, NULL},
        {"Dec 25 09:14:30 *\ta waves", IRC_MESSAGE, "a", "waves"},
        {"Dec 25 09:14:30 *\ta has left us laughing", IRC_MESSAGE, "a", "has left us laughing"},
    };
    expect_forms(list, COUNT(list));
}

static void what_mirc_and_bots_write_is_told_by_its_wording(void **state)
{
    (void)state;
    static const struct form list[] = {
        /* mIRC */
        {"[09:14] * a (~w@r.uk) has joined #ubuntu", IRC_PRESENCE, NULL, NULL},
        {"[09:14] * Joins: a (w@r.uk)", IRC_PRESENCE, NULL, NULL},
        {"[09:14] * a (w@r.uk) Quit (bye)", IRC_PRESENCE, NULL, NULL},
        {"[09:14] * a is now known as b", IRC_RENAME, "a", "b"},
        {"[09:14] * a sets mode: +v b", IRC_NOTE, NULL, NULL},
        {"[09:14] * a was kicked by b (flood)", IRC_NOTE, NULL, NULL},
        {"[09:14] * Now talking in #ubuntu", IRC_NOTE, NULL, NULL},
        {"[09:14] * a has joined the club", IRC_MESSAGE, "a", "has joined the club"},
        {"[09:14] * a is now known as the tall one", IRC_MESSAGE, "a",
         "is now known as the tall one"},
        /* eggdrop */
        {"[09:14] Action: a waves", IRC_MESSAGE, "a", "waves"},
        {"[09:14] Nick change: a -> b", IRC_RENAME, "a", "b"},
        {"[09:14] a (w@r.uk) joined #ubuntu.", IRC_PRESENCE, NULL, NULL},
        {"[09:14] a (w@r.uk) left irc: bye", IRC_PRESENCE, NULL, NULL},
        {"[09:14] #ubuntu: mode change '+o a' by b", IRC_NOTE, NULL, NULL},
        /* Supybot, MeetBot, Textual */
        {"2004-12-25T09:14:30  <a> hi", IRC_MESSAGE, "a", "hi"},
        {"2004-12-25T09:14:30  * a waves", IRC_MESSAGE, "a", "waves"},
        {"2004-12-25T09:14:30  *** a <a!w@r.uk> has joined #u", IRC_PRESENCE, NULL, NULL},
        {"2004-12-25T09:14:30Z *** a is now known as b", IRC_RENAME, "a", "b"},
        {"09:14:30 * a waves", IRC_MESSAGE, "a", "waves"},
        {"[2004-12-25T09:14:30+0800] <a> hi", IRC_MESSAGE, "a", "hi"},
    };
    expect_forms(list, COUNT(list));
}

static void what_only_looks_like_them_continues(void **state)
{
    (void)state;
    static const struct form list[] = {
        {"09:14 suits me", IRC_MORE, NULL, NULL},
        {"09:14 * 2 is not it", IRC_MORE, NULL, NULL},
        {"2004-12-25T09:14:30 it began", IRC_MORE, NULL, NULL},
        {"[2004-12-25T09:14:30+99:00] <a> hi", IRC_MORE, NULL, NULL},
        {"09:14 <no nick", IRC_MORE, NULL, NULL},
        {"09:14 - what then", IRC_MORE, NULL, NULL},
        {"2004-12-25 09:14:30 it began", IRC_MORE, NULL, NULL},
        {"Dec 25 09:14:30 it began", IRC_MORE, NULL, NULL},
        {"Feb 30 09:14:30 <a> hi", IRC_MORE, NULL, NULL},
    };
    expect_forms(list, COUNT(list));
}

static void lines_that_tell_the_day_are_read(void **state)
{
    (void)state;
    static const char *const list[] = {
        "--- Log opened Sat Dec 25 09:14:00 2004", "--- Day changed Sat Dec 25 2004",
        "**** BEGIN LOGGING AT Sat Dec 25 09:14:00 2004", "Session Start: Sat Dec 25 09:14:00 2004",
        "[00:00] --- Sat Dec 25 2004"};
    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        struct irc_line l;
        irc_line_read(str_of(list[i]), &l);
        assert_int_equal(l.what, IRC_NOTE);
        assert_true(l.has_date);
        assert_int_equal(l.day, civil_day(2004, 12, 25));
    }
    struct irc_line l;
    irc_line_read(STR("--- Day changed Sat Feb 30 2004"), &l);
    assert_int_equal(l.what, IRC_NOTE);
    assert_false(l.has_date);
}

static void dates_in_names_of_files_are_found(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        bool found;
        int32_t year;
        int month, day;
    } list[] = {
        {"/x/2004-12-25.train-c.ascii.txt.gz", true, 2004, 12, 25},
        {"log_20041225_20041226.txt", true, 2004, 12, 25},
        {"ubuntu_2004_12_25.log", true, 2004, 12, 25},
        {"2004-13-25.2005-01-02.log", true, 2005, 1, 2},
        {"/2004-12-25/ubuntu.log", false, 0, 0, 0},
        {"12004-12-25", false, 0, 0, 0},
        {"-", false, 0, 0, 0},
    };
    for (size_t i = 0; i < COUNT(list); i++) {
        int32_t day = 0;
        bool found = irc_date_in(str_of(list[i].path), &day);
        if (found != list[i].found) fail_msg("%s", list[i].path);
        if (found) assert_int_equal(day, civil_day(list[i].year, list[i].month, list[i].day));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_form_of_line_is_told),
        cmocka_unit_test(lines_of_clients_without_brackets_are_told_by_their_shape),
        cmocka_unit_test(what_mirc_and_bots_write_is_told_by_its_wording),
        cmocka_unit_test(what_only_looks_like_them_continues),
        cmocka_unit_test(lines_that_tell_the_day_are_read),
        cmocka_unit_test(dates_in_names_of_files_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
