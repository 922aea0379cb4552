/* irc_test.c - chat logs, and the real ones against an independent recount. */
#include "intake/parse_world.h"

#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#include "brand/said.h"
#include "intake/irc_line.h"

static void parse_irc(struct world *w, const char *date, const char *text)
{
    world_init(w, IMPORT_IRC);
    w->options.date = date;
    world_parse(w, text);
}

/* ---- logs ---- */

static void a_time_with_a_zone_is_that_of_the_zone(void **state)
{
    (void)state;
    struct world w;
    parse_irc(&w, NULL, "[2013-01-01T23:30:00-0230] <a> x\n2013-01-02T02:01:00Z <b> y\n");
    expect_sound(&w, 2, 0);
    expect_at(fact_at(&w, 0), "2013-01-02T10:00:00+08:00");
    expect_at(fact_at(&w, 1), "2013-01-02T10:01:00+08:00");
    world_finish(&w);
}

static void a_log_of_mirc_has_joins_that_look_like_talk(void **state)
{
    (void)state;
    struct world w;
    parse_irc(&w, NULL,
              "Session Start: Sat Dec 25 09:00:00 2004\nSession Ident: #tea\n"
              "[09:14] <@ann> hi\n[09:15] * bob waves\n[09:15] * cat (c@h) has joined #tea\n"
              "[09:16] * cat is now known as catty\n[09:17] * catty (c@h) Quit (bye)\n");
    expect_sound(&w, 3, 0);
    expect_at(fact_at(&w, 1), "2004-12-25T09:15:00+08:00");
    expect_who(fact_at(&w, 1), IDENTITY_NAME, "bob");
    assert_true(fact_at(&w, 2)->rename);
    assert_int_equal(w.parse.batch->counts.presence, 2);
    world_finish(&w);
}

static void messages_carry_properties_and_their_text_beside_them(void **state)
{
    (void)state;
    struct world w;
    parse_irc(&w, "2004-12-25", "[09:14] <a> 你好吗\n[09:15] <b> fine\n");
    expect_sound(&w, 2, 0);
    expect_str(fact_at(&w, 0)->kind, "message.sent");
    expect_at(fact_at(&w, 0), "2004-12-25T09:14:00+08:00");
    expect_who(fact_at(&w, 0), IDENTITY_NAME, "a");
    assert_int_equal(fact_at(&w, 0)->prop_count, 4);
    expect_prop(fact_at(&w, 0), "type", "text");
    expect_prop(fact_at(&w, 0), "lang", "zh");
    expect_str(fact_at(&w, 0)->said->text, "你好吗");
    expect_str(fact_at(&w, 1)->said->text, "fine");
    expect_number(fact_at(&w, 0), "length", 3);
    expect_number(fact_at(&w, 0), "question", 1);
    expect_number(fact_at(&w, 1), "question", 0);
    world_finish(&w);
}

static void a_message_has_the_words_of_all_its_lines(void **state)
{
    (void)state;
    struct world w;
    parse_irc(&w, "2004-12-25",
              "[09:14] <a> one\ntwo\n\nthree?\n------\n[09:15] <b> x\n[09:15] <b> x\n");
    expect_sound(&w, 3, 0);
    expect_str(fact_at(&w, 0)->said->text, "one\ntwo\nthree?");
    expect_number(fact_at(&w, 0), "length", 14);
    expect_number(fact_at(&w, 0), "question", 1);
    /* the same words of the same minute are two messages, and have ids of their own */
    assert_false(str_eq(fact_at(&w, 1)->id, fact_at(&w, 2)->id));
    world_finish(&w);
}

static void lines_read_again_have_the_same_ids(void **state)
{
    (void)state;
    struct world first, longer;
    parse_irc(&first, "2004-12-25", "[09:14] <a> x\n[09:14] <a> x\n[09:15] <b> y\n");
    parse_irc(&longer, "2004-12-25",
              "[09:14] <a> x\n[09:14] <a> x\n[09:15] <b> y\n[09:16] <b> y\n");
    for (size_t i = 0; i < 3; i++)
        assert_true(str_eq(fact_at(&first, i)->id, fact_at(&longer, i)->id));
    for (size_t i = 0; i < 3; i++)
        assert_false(str_eq(fact_at(&longer, 3)->id, fact_at(&longer, i)->id));
    world_finish(&first);
    world_finish(&longer);
}

/* By name, and where nobody is named by who talks with whom (groups/replies.h). */
static void whom_a_message_is_said_to_is_inferred(void **state)
{
    (void)state;
    struct world w;
    parse_irc(&w, "2004-12-25",
              "[09:00] <a> bob: are you here?\n[09:01] <bob> a: yes\n[09:02] <a> bob, good\n"
              "[09:03] <a> so we can begin\n[09:04] <c> @bob you have the key\n"
              "=== bob is now known as bert\n[09:05] <a> bert: hi\n"
              "[15:06] <d> the tea is here, all of it\n");
    expect_sound(&w, 8, 0);
    static const char *const others[] = {NULL, "a", "bob", "bob", "bob", NULL, "bert", NULL};
    for (size_t i = 0; i < COUNT(others); i++) {
        const struct fact *f = fact_at(&w, i);
        assert_int_equal(f->other_count, others[i] != NULL);
        if (others[i]) expect_str(f->other[0].value, others[i]);
        if (others[i]) expect_prop(f, "link", "inferred");
    }
    world_finish(&w);
}

static void renames_are_told_at_the_time_of_the_line_above(void **state)
{
    (void)state;
    struct world w;
    parse_irc(&w, "2004-12-25",
              "=== x is now known as y\n[09:00] <a> hi\n=== a is now known as b\n");
    expect_sound(&w, 3, 0);
    expect_at(fact_at(&w, 0), "2004-12-25T00:00:00+08:00");
    const struct fact *f = fact_at(&w, 2);
    expect_at(f, "2004-12-25T09:00:00+08:00");
    assert_true(f->rename);
    assert_int_equal(f->who_count, 2);
    expect_str(f->who[0].value, "a");
    expect_str(f->who[1].value, "b");
    world_finish(&w);
}

static void presence_and_notes_are_only_counted(void **state)
{
    (void)state;
    struct world w;
    parse_irc(&w, "2004-12-25",
              "=== a [x]  has joined #u\n[09:00] <a> hi\n=== a has left #u\n=== a waves\n\n-----\n"
              "//Topic 1\n[09:01] -!- b joined\n");
    expect_sound(&w, 1, 0);
    assert_int_equal(w.batch->counts.presence, 2);
    assert_int_equal(w.batch->counts.skipped, 3);
    assert_int_equal(w.batch->counts.read, 1);
    world_finish(&w);
}

static void a_line_without_time_continues_the_message_above(void **state)
{
    (void)state;
    struct world w;
    parse_irc(
        &w, "2004-12-25",
        "[09:00] <a> one\ntwo\n=== b [x] has joined #u\nare there three?\n[09:01] <b> four\n");
    expect_sound(&w, 2, 0);
    expect_number(fact_at(&w, 0), "length", 3 + 1 + 3 + 1 + 16);
    expect_number(fact_at(&w, 0), "question", 1);
    expect_number(fact_at(&w, 1), "length", 4);
    world_finish(&w);
}

static void a_line_with_nothing_above_is_rejected(void **state)
{
    (void)state;
    struct world w;
    parse_irc(&w, "2004-12-25", "hello\n[09:00] <a> one\n");
    expect_sound(&w, 1, 1);
    assert_int_equal(reject_at(&w, 0)->why.msg, MSG_IRC_NOTHING_ABOVE);
    world_finish(&w);
}

static void midnight_passes_forward(void **state)
{
    (void)state;
    struct world w;
    parse_irc(&w, "2004-12-31",
              "[23:59] <a> x\n[00:01] <a> x\n[00:00] <a> x\n[12:00] <a> x\n[11:30] <a> x\n"
              "[01:00] <a> x\n");
    expect_sound(&w, 6, 0);
    static const char *const times[] = {"2004-12-31T23:59:00+08:00", "2005-01-01T00:01:00+08:00",
                                        "2005-01-01T00:00:00+08:00", "2005-01-01T12:00:00+08:00",
                                        "2005-01-01T11:30:00+08:00", "2005-01-02T01:00:00+08:00"};
    for (size_t i = 0; i < COUNT(times); i++)
        expect_at(fact_at(&w, i), times[i]);
    world_finish(&w);
}

static void days_are_told_between_the_lines(void **state)
{
    (void)state;
    struct world w;
    parse_irc(&w, NULL,
              "--- Log opened Fri Dec 31 23:50:00 2004\n"
              "23:59 <a> one\n"
              "--- Day changed Sat Jan 01 2005\n"
              "00:01 <b> two\n"
              "--- Day changed Mon Jan 03 2005\n"
              "00:02 <a> three\n");
    expect_sound(&w, 3, 0);
    expect_at(fact_at(&w, 0), "2004-12-31T23:59:00+08:00");
    expect_at(fact_at(&w, 1), "2005-01-01T00:01:00+08:00");
    expect_at(fact_at(&w, 2), "2005-01-03T00:02:00+08:00");
    world_finish(&w);
}

static void a_date_without_a_year_takes_that_of_the_line_above(void **state)
{
    (void)state;
    struct world w;
    parse_irc(&w, NULL,
              "**** BEGIN LOGGING AT Fri Dec 31 23:50:00 2004\n"
              "Dec 31 23:59:00 <a>\tone\n"
              "Jan 02 00:01:00 <b>\ttwo\n");
    expect_sound(&w, 2, 0);
    expect_at(fact_at(&w, 0), "2004-12-31T23:59:00+08:00");
    expect_at(fact_at(&w, 1), "2005-01-02T00:01:00+08:00");
    world_finish(&w);
}

static void a_date_in_the_line_beats_all_others(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, IMPORT_IRC);
    w.path = "/logs/2004-12-25.txt";
    world_parse(&w, "[08:00] <a> x\n[2010-05-06 07:08:09] <a> x\n[07:30] <a> x\n"
                    "#u 2011-02-03 [01:02] <a> x\n");
    expect_sound(&w, 4, 0);
    expect_at(fact_at(&w, 0), "2004-12-25T08:00:00+08:00");
    expect_at(fact_at(&w, 1), "2010-05-06T07:08:09+08:00");
    expect_at(fact_at(&w, 2), "2010-05-06T07:30:00+08:00");
    expect_at(fact_at(&w, 3), "2011-02-03T01:02:00+08:00");
    world_finish(&w);
}

static void times_without_any_date_ask_for_one(void **state)
{
    (void)state;
    struct world w;
    parse_irc(&w, NULL, "[08:00] <a> x\n");
    assert_int_equal(w.err, ERR_INVALID);
    assert_int_equal(w.why.msg, MSG_IRC_NO_DATE);
    assert_int_equal(w.batch->facts.count, 0);
    world_finish(&w);
}

/* ---- the real logs ---- */

#define LOGS "../shared/data/irc"

struct tally {
    size_t messages, renames, presence, speakers;
};

static char *read_gz(const char *path)
{
    gzFile f = gzopen(path, "rb");
    assert_non_null(f);
    struct strbuf b = {0};
    char chunk[8192];
    for (int n; (n = gzread(f, chunk, sizeof(chunk))) > 0;)
        strbuf_add(&b, chunk, (size_t)n);
    gzclose(f);
    return b.p;
}

/* By hand and another way than the parser: '<nick>' or '* nick' right after '[dd:dd]'. */
static void recount(char *text, struct tally *t, struct map *speakers)
{
    for (char *save, *line = strtok_r(text, "\n", &save); line;
         line = strtok_r(NULL, "\n", &save)) {
        char nick[128], other[128];
        int end = 0;
        bool said = sscanf(line, "[%*2[0-9]:%*2[0-9]] <%127[^>]>%n", nick, &end) == 1 && end;
        bool done = sscanf(line, "[%*2[0-9]:%*2[0-9]] * %127s", nick) == 1;
        t->messages += said || done;
        if (said || done) map_put(speakers, str_of(nick), 1);
        if (strncmp(line, "=== ", 4) != 0) continue;
        t->renames += sscanf(line, "=== %127s is now known as %127s", nick, other) == 2;
        t->presence += strstr(line, "has joined #") || strstr(line, "has left #") ||
                       strstr(line, "has quit") || strstr(line, "entered the room") ||
                       strstr(line, "left the room");
    }
}

static void add_log(const char *path, struct tally *got, struct map *speakers)
{
    struct world w;
    char *text = read_gz(path);
    world_init(&w, IMPORT_IRC);
    w.path = path;
    world_parse(&w, text);
    assert_int_equal(w.err, ERR_OK);
    assert_int_equal(w.batch->rejects.count, 0);
    for (size_t i = 0; i < w.batch->facts.count; i++) {
        const struct fact *f = fact_at(&w, i);
        got->renames += f->rename;
        got->messages += !f->rename;
        if (!f->rename) map_put(speakers, f->who[0].value, 1);
    }
    got->presence += w.batch->counts.presence;
    world_finish(&w);
    mem_free(text);
}

static void the_real_logs_agree_with_a_recount(void **state)
{
    (void)state;
    DIR *dir = opendir(LOGS);
    if (!dir) {
        print_message("%s is not here\n", LOGS);
        skip();
    }
    struct tally got = {0}, want = {0};
    struct map *got_speakers = map_create(), *want_speakers = map_create();
    for (struct dirent *e; (e = readdir(dir));) {
        char path[400];
        if (!strstr(e->d_name, ".ascii.txt.gz")) continue;
        snprintf(path, sizeof(path), "%s/%s", LOGS, e->d_name);
        add_log(path, &got, got_speakers);
        char *text = read_gz(path);
        recount(text, &want, want_speakers);
        mem_free(text);
    }
    closedir(dir);
    assert_true(want.messages > 10000);
    assert_int_equal(got.messages, want.messages);
    assert_int_equal(got.renames, want.renames);
    assert_int_equal(got.presence, want.presence);
    assert_int_equal(map_count(got_speakers), map_count(want_speakers));
    struct str nick;
    uint64_t one;
    for (size_t c = 0; map_next(want_speakers, &c, &nick, &one);)
        assert_true(map_get(got_speakers, nick, &one));
    map_destroy(got_speakers);
    map_destroy(want_speakers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_time_with_a_zone_is_that_of_the_zone),
        cmocka_unit_test(a_log_of_mirc_has_joins_that_look_like_talk),
        cmocka_unit_test(messages_carry_properties_and_their_text_beside_them),
        cmocka_unit_test(a_message_has_the_words_of_all_its_lines),
        cmocka_unit_test(lines_read_again_have_the_same_ids),
        cmocka_unit_test(whom_a_message_is_said_to_is_inferred),
        cmocka_unit_test(renames_are_told_at_the_time_of_the_line_above),
        cmocka_unit_test(presence_and_notes_are_only_counted),
        cmocka_unit_test(a_line_without_time_continues_the_message_above),
        cmocka_unit_test(a_line_with_nothing_above_is_rejected),
        cmocka_unit_test(midnight_passes_forward),
        cmocka_unit_test(days_are_told_between_the_lines),
        cmocka_unit_test(a_date_without_a_year_takes_that_of_the_line_above),
        cmocka_unit_test(a_date_in_the_line_beats_all_others),
        cmocka_unit_test(times_without_any_date_ask_for_one),
        cmocka_unit_test(the_real_logs_agree_with_a_recount),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
