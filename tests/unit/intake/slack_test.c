/* slack_test.c - exports of Slack as the bundle gives them: ~ stands for the byte before a path. */
#include "intake/chat_world.h"

#include "intake/json_feed.h"

#define USERS                                                                                      \
    "~users.json\n[{'id':'U100','name':'ann','profile':{'display_name':'Ann'}},"                   \
    "{'id':'U200','name':'ben','profile':{'display_name':'','real_name':'Ben B'}}]"
#define DAY(channel, rows) "~" channel "/2024-01-05.json\n[" rows "]"
#define MESSAGE(user, ts, text, rest)                                                              \
    "{'type':'message','user':'" user "','ts':'" ts "','text':'" text "'" rest "}"

static void parse_slack(struct world *w, const char *text)
{
    struct strbuf own = {0};
    for (; *text; text++)
        strbuf_add_char(&own, *text == '~' ? FEED_END : *text);
    parse_chat(w, IMPORT_SLACK, own.p);
    strbuf_finish(&own);
}

static void messages_have_their_channel_writer_and_words(void **state)
{
    (void)state;
    struct world w;
    parse_slack(
        &w, USERS DAY("general", MESSAGE("U100", "1704416460.000100",
                                         "a &lt;b&gt; &amp; <@U200> <https://x.cn|x> "
                                         "<#C1|tea> <!here>?",
                                         "") "," MESSAGE("U200", "1704416461.250000", "yes", "")));
    expect_sound(&w, 2, 0);
    assert_int_equal(w.batch->counts.read, 2); /* people are no rows */
    const struct fact *f = fact_at(&w, 0);
    expect_at(f, "2024-01-05T09:01:00+08:00");
    expect_who(f, IDENTITY_NAME, "slack:U100");
    expect_trait(f, "nickname", "Ann");
    expect_str(f->code[DIM_GROUP], "general");
    expect_str(f->said->text, "a <b> & @Ben B https://x.cn #tea @here?");
    expect_str(f->said->message, "1704416460.000100");
    expect_other(f, "slack:U200");
    expect_link(f, "mention", NULL);
    expect_number(f, "mentions", 1);
    expect_at(fact_at(&w, 1), "2024-01-05T09:01:01.250+08:00");
    expect_trait(fact_at(&w, 1), "nickname", "Ben B");
    world_finish(&w);
}

static void threads_reactions_and_edits_are_told(void **state)
{
    (void)state;
    struct world w;
    parse_slack(
        &w,
        USERS DAY(
            "general",
            MESSAGE("U100", "1704416460.000100", "who?", ",'thread_ts':'1704416460.000100','reply_count':2") "," MESSAGE(
                "U200", "1704416470.000100", "me",
                ",'thread_ts':'1704416460.000100','parent_user_id':'U100','edited':"
                "{'user':'U200','ts':'1704416480.000000'},'reactions':[{'name':"
                "'tada','count':2,'users':['U100','U200']}]") "," MESSAGE("U100",
                                                                          "1704416490.000100",
                                                                          "late",
                                                                          ",'thread_ts':'"
                                                                          "1600000000.000100','"
                                                                          "parent_user_id':'"
                                                                          "U300'")));
    expect_sound(&w, 6, 0);
    static const char *const kinds[] = {"message.sent",    "message.sent",    "message.edited",
                                        "message.reacted", "message.reacted", "message.sent"};
    static const char *const others[] = {NULL,         "slack:U100", NULL,
                                         "slack:U200", NULL,         "slack:U300"};
    for (size_t i = 0; i < COUNT(kinds); i++) {
        expect_kind(&w, i, kinds[i]);
        expect_other(fact_at(&w, i), others[i]);
    }
    expect_link(fact_at(&w, 1), "reply", "1704416460.000100");
    expect_at(fact_at(&w, 2), "2024-01-05T09:01:20+08:00");
    expect_ids(&w);
    world_finish(&w);
}

static void notices_bots_and_files_are_told(void **state)
{
    (void)state;
    struct world w;
    parse_slack(
        &w,
        USERS DAY(
            "general",
            MESSAGE("U200", "1704416460.000100", "joined", ",'subtype':'channel_join','inviter':'U100'") "," MESSAGE(
                "U200", "1704416461.000100", "left",
                ",'subtype':'channel_leave'") "," MESSAGE("U200", "1704416462.000100", "x",
                                                          ",'subtype':'channel_topic'") ",{'type':'"
                                                                                        "message','"
                                                                                        "subtype':'"
                                                                                        "bot_"
                                                                                        "message','"
                                                                                        "bot_id':'"
                                                                                        "B1','"
                                                                                        "username':"
                                                                                        "'robo',"
                                                                                        "'ts':'"
                                                                                        "1704416463"
                                                                                        ".000100','"
                                                                                        "text':'"
                                                                                        "beep'}"
                                                                                        "," MESSAGE(
                                                                                            "U100",
                                                                                            "170441"
                                                                                            "6464."
                                                                                            "00010"
                                                                                            "0",
                                                                                            "",
                                                                                            ",'"
                                                                                            "files'"
                                                                                            ":[{'"
                                                                                            "mimety"
                                                                                            "pe':'"
                                                                                            "image/"
                                                                                            "png'}"
                                                                                            "]")));
    expect_sound(&w, 4, 0);
    assert_int_equal(w.batch->counts.skipped, 1);
    expect_kind(&w, 0, "group.joined");
    expect_other(fact_at(&w, 0), "slack:U100");
    expect_kind(&w, 1, "group.left");
    expect_who(fact_at(&w, 2), IDENTITY_NAME, "slack:B1");
    expect_prop(fact_at(&w, 3), "type", "image");
    world_finish(&w);
}

static void what_only_an_attachment_says_is_said(void **state)
{
    (void)state;
    struct world w;
    parse_slack(&w, USERS DAY("general",
                              MESSAGE("U100", "1704416460.000100", "",
                                      ",'attachments':[{'fallback':'Build <https://t.example/b|1> "
                                      "failed','title_link':'https://t.example/c'}]")));
    expect_sound(&w, 1, 0);
    expect_str(fact_at(&w, 0)->said->text, "Build https://t.example/b failed");
    expect_str(fact_at(&w, 0)->said->links, "https://t.example/c");
    world_finish(&w);
}

#define RICH                                                                                       \
    ",'blocks':[{'type':'rich_text','elements':[{'type':'rich_text_section','elements':["          \
    "{'type':'text','text':'a<b & '},{'type':'user','user_id':'U100'},"                            \
    "{'type':'link','url':'https://b.example/y'},{'type':'emoji','name':'smile'},"                 \
    "{'type':'broadcast','range':'here'}]},{'type':'rich_text_list','elements':["                  \
    "{'type':'rich_text_section','elements':[{'type':'text','text':'one'}]},"                      \
    "{'type':'rich_text_section','elements':[{'type':'text','text':'two'}]}]}]}]"
#define APP                                                                                        \
    ",'blocks':[{'type':'header','text':{'type':'plain_text','text':'Build <7>'}},"                \
    "{'type':'section','text':{'type':'mrkdwn','text':'see <https://t.example/7|it>'},"            \
    "'fields':[{'type':'mrkdwn','text':' by <@U100>'}]},{'type':'divider'},{'type':'link'},7]"

static void what_only_blocks_say_is_said(void **state)
{
    (void)state;
    struct world w;
    const char *rich = MESSAGE("U200", "1704416460.000100", "", RICH);
    const char *app = MESSAGE("U200", "1704416461.000100", "", APP);
    struct strbuf day = {0};
    strbuf_add_text(&day, USERS "~general/2024-01-05.json\n[");
    strbuf_add_text(&day, rich);
    strbuf_add_char(&day, ',');
    strbuf_add_text(&day, app);
    strbuf_add_text(&day, "]");
    parse_slack(&w, day.p);
    strbuf_finish(&day);
    expect_sound(&w, 2, 0);
    expect_str(fact_at(&w, 0)->said->text, "a<b & @Annhttps://b.example/y:smile:@here\none\ntwo");
    expect_other(fact_at(&w, 0), "slack:U100");
    expect_str(fact_at(&w, 1)->said->text, "Build <7>\nsee https://t.example/7 by @Ann");
    world_finish(&w);
}

static void private_talk_is_passed_over(void **state)
{
    (void)state;
    struct world w;
    parse_slack(&w, DAY("D0123ABCD", MESSAGE("U1", "1704416460.000100", "secret", ""))
                        DAY("mpdm-ann--ben-1", MESSAGE("U1", "1704416460.000100", "secret", ""))
                            DAY("D-day", MESSAGE("U1", "1704416460.000100", "open", "")));
    expect_sound(&w, 1, 0);
    assert_int_equal(w.batch->counts.skipped, 2);
    expect_str(fact_at(&w, 0)->code[DIM_GROUP], "D-day");
    world_finish(&w);
}

static void each_file_that_is_broken_is_told_and_the_next_is_read(void **state)
{
    (void)state;
    struct world w;
    parse_slack(
        &w, DAY("a", "\n\n{'type':'message'}") "~b/2024-01-05.json\n[{'ts':'17044164" DAY(
                "../etc", MESSAGE("U1", "1704416460.000100", "x", ""))
                DAY("c", MESSAGE("U1", "-5.000000", "x",
                                 "") ",7") "~d/e/f.json\n[]~x.json\n[7]"
                                           "~g/2024-01-05.json\nno" DAY(
                                               "ok", MESSAGE("U1", "1704416460.000100", "x", "")));
    expect_sound(&w, 1, 6);
    expect_reject(&w, 0, 3, "a/2024-01-05.json ts");
    expect_reject(&w, 1, 1, "b/2024-01-05.json");
    expect_reject(&w, 2, 0, "../etc/2024-01-05.json");
    assert_int_equal(reject_at(&w, 3)->why.msg, MSG_OUT_OF_RANGE);
    expect_reject(&w, 4, 1, "c/2024-01-05.json");
    expect_reject(&w, 5, 0, "d/e/f.json");
    expect_str(fact_at(&w, 0)->code[DIM_GROUP], "ok");
    world_finish(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_have_their_channel_writer_and_words),
        cmocka_unit_test(threads_reactions_and_edits_are_told),
        cmocka_unit_test(notices_bots_and_files_are_told),
        cmocka_unit_test(what_only_an_attachment_says_is_said),
        cmocka_unit_test(what_only_blocks_say_is_said),
        cmocka_unit_test(private_talk_is_passed_over),
        cmocka_unit_test(each_file_that_is_broken_is_told_and_the_next_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
