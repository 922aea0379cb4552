/* discord_test.c - channels written by DiscordChatExporter. */
#include "intake/chat_world.h"

#define CHANNEL(messages)                                                                          \
    "{'guild':{'id':'1','name':'Teahouse'},'channel':{'id':'11','type':'GuildTextChat',"           \
    "'category':'Text','name':'general','topic':null},'dateRange':{'after':null},'messages':"      \
    "[" messages "],'messageCount':1}"
#define MESSAGE(id, type, minute, from, rest)                                                      \
    "{'id':'" id "','type':'" type "','timestamp':'2024-01-05T09:" minute ":00+08:00',"            \
    "'author':{'id':'" from "','name':'u" from "','nickname':'N" from "','isBot':false}," rest "}"

static void parse_discord(struct world *w, const char *text)
{
    parse_chat(w, IMPORT_DISCORD, text);
}

static void messages_replies_and_mentions_have_their_people(void **state)
{
    (void)state;
    struct world w;
    parse_discord(
        &w, CHANNEL(MESSAGE("1", "Default", "01", "100", "'content':'where is it?'") "," MESSAGE(
                "2", "Reply", "02", "200",
                "'content':'here','reference':{'messageId':'1'"
                "}") "," MESSAGE("3", "Default", "03", "200",
                                 "'content':'@N300 "
                                 "look','mentions':[{'id':'300'"
                                 ",'name':'u300','nickname':"
                                 "null}]") "," MESSAGE("4", "Reply", "04", "300",
                                                       "'conten"
                                                       "t':'?',"
                                                       "'refere"
                                                       "nce':{'"
                                                       "message"
                                                       "Id':'"
                                                       "99'"
                                                       "}")));
    expect_sound(&w, 4, 0);
    const struct fact *f = fact_at(&w, 0);
    expect_at(f, "2024-01-05T09:01:00+08:00");
    expect_who(f, IDENTITY_NAME, "discord:100");
    expect_trait(f, "nickname", "N100");
    expect_str(f->code[DIM_GROUP], "Teahouse / general");
    expect_str(f->said->text, "where is it?");
    expect_other(fact_at(&w, 1), "discord:100");
    expect_link(fact_at(&w, 1), "reply", "1");
    expect_other(fact_at(&w, 2), "discord:300");
    expect_link(fact_at(&w, 2), "mention", NULL);
    expect_number(fact_at(&w, 2), "mentions", 1);
    expect_other(fact_at(&w, 3), NULL);
    expect_link(fact_at(&w, 3), NULL, "99");
    expect_ids(&w);
    world_finish(&w);
}

static void reactions_edits_and_notices_are_facts(void **state)
{
    (void)state;
    struct world w;
    parse_discord(
        &w,
        CHANNEL(MESSAGE("1", "GuildMemberJoin", "01", "100", "'content':'Joined the server.'") "," MESSAGE(
            "2", "RecipientAdd", "02", "100",
            "'content':'','mentions':[{'id':'200','name':'b'}]") "," MESSAGE("3", "Default", "03",
                                                                             "100",
                                                                             "'content':'x','"
                                                                             "timestampEdited':'"
                                                                             "2024-01-05T09:05:00+"
                                                                             "08:00','reactions':"
                                                                             "[{'emoji':"
                                                                             "{'id':'','name':'🎉'},"
                                                                             "'count':2,'users':[{'"
                                                                             "id':'200','name':'b'}"
                                                                             ",{'id':'"
                                                                             "300','name':"
                                                                             "'c'}]}]") "," MESSAGE("4",
                                                                                                    "RecipientRemove",
                                                                                                    "06",
                                                                                                    "200",
                                                                                                    "'content':'','mentions':[{'id':'200','name':'b'}"
                                                                                                    "]") "," MESSAGE("5",
                                                                                                                     "ChannelPinnedMessage",
                                                                                                                     "07",
                                                                                                                     "200",
                                                                                                                     "'content':'Pinned a "
                                                                                                                     "message.'")));
    expect_sound(&w, 7, 0);
    static const char *const kinds[] = {"group.joined",   "group.joined",    "message.sent",
                                        "message.edited", "message.reacted", "message.reacted",
                                        "group.left"};
    static const char *const who[] = {"discord:100", "discord:200", "discord:100", "discord:100",
                                      "discord:200", "discord:300", "discord:200"};
    static const char *const other[] = {NULL,          "discord:100", NULL, NULL,
                                        "discord:100", "discord:100", NULL};
    for (size_t i = 0; i < COUNT(kinds); i++) {
        expect_kind(&w, i, kinds[i]);
        expect_str(fact_at(&w, i)->who[0].value, who[i]);
        expect_other(fact_at(&w, i), other[i]);
    }
    assert_int_equal(w.batch->counts.skipped, 1);
    expect_ids(&w);
    world_finish(&w);
}

static void kinds_of_content_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *rest, *type;
    } list[] = {{"'content':'','attachments':[{'fileName':'a.PNG'}]", "image"},
                {"'content':'','attachments':[{'fileName':'a.mp4'}]", "video"},
                {"'content':'','attachments':[{'fileName':'a.pdf'}]", "file"},
                {"'content':'','attachments':[{}]", "file"},
                {"'content':'','stickers':[{'id':'1'}]", "sticker"},
                {"'content':'','embeds':[{'url':'https://example.com'}]", "link"},
                {"'content':'x','embeds':[{'url':'https://example.com'}]", "text"}};
    for (size_t i = 0; i < COUNT(list); i++) {
        struct world w;
        struct strbuf text = {0};
        strbuf_addf(&text, CHANNEL(MESSAGE("1", "Default", "01", "100", "%s")), list[i].rest);
        parse_discord(&w, text.p);
        expect_sound(&w, 1, 0);
        expect_prop(fact_at(&w, 0), "type", list[i].type);
        strbuf_finish(&text);
        world_finish(&w);
    }
}

static void expect_carried(struct world *w, const char *text, const char *links)
{
    expect_sound(w, 1, 0);
    expect_str(fact_at(w, 0)->said->text, text);
    expect_str(fact_at(w, 0)->said->links, links);
}

static void what_only_an_embed_says_is_said(void **state)
{
    (void)state;
    struct world w;
    parse_discord(&w,
                  CHANNEL(MESSAGE("1", "Default", "01", "100",
                                  "'content':'','embeds':[{'title':'New','description':'9.9元',"
                                  "'url':'https://t.example/p'},{'url':'https://t.example/q'}]")));
    expect_carried(&w, "New\n9.9元", "https://t.example/p\nhttps://t.example/q");
    world_finish(&w);
}

static void who_passes_a_message_on_says_it(void **state)
{
    (void)state;
    struct world w;
    parse_discord(&w,
                  CHANNEL(MESSAGE("1", "Default", "01", "100",
                                  "'content':'','forwardedMessage':{'content':'buy at q.example',"
                                  "'attachments':[],'embeds':[{'url':'https://t.example/p'}]},"
                                  "'reference':{'type':'Forward','messageId':'42'}")));
    expect_carried(&w, "buy at q.example", "https://t.example/p");
    expect_prop(fact_at(&w, 0), "type", "text");
    world_finish(&w);
}

static void direct_messages_are_passed_over(void **state)
{
    (void)state;
    struct world w;
    parse_discord(&w, "{'guild':{'id':'0','name':'Direct Messages'},'channel':{'id':'5','type':"
                      "'DirectTextChat','name':'Ann'},'messages':[" MESSAGE(
                          "1", "Default", "01", "100", "'content':'secret'") "]}");
    expect_sound(&w, 0, 0);
    assert_int_equal(w.batch->counts.skipped, 1);
    world_finish(&w);
}

static void what_is_missing_is_named(void **state)
{
    (void)state;
    struct world w;
    parse_discord(&w, CHANNEL("{'type':'Default'},\n{'id':'1'},\n"
                              "{'id':'1','timestamp':'2024-01-05T09:00:00Z','author':null},\n"
                              "{'id':'1','timestamp':'yesterday','author':{'id':'1'}}"));
    expect_sound(&w, 0, 4);
    expect_reject(&w, 0, 1, "id");
    expect_reject(&w, 1, 2, "timestamp");
    expect_reject(&w, 2, 3, "author");
    expect_reject(&w, 3, 4, "timestamp");
    world_finish(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_replies_and_mentions_have_their_people),
        cmocka_unit_test(reactions_edits_and_notices_are_facts),
        cmocka_unit_test(kinds_of_content_are_told),
        cmocka_unit_test(what_only_an_embed_says_is_said),
        cmocka_unit_test(who_passes_a_message_on_says_it),
        cmocka_unit_test(direct_messages_are_passed_over),
        cmocka_unit_test(what_is_missing_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
