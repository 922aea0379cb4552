/* telegram_test.c - exports of Telegram Desktop: messages, replies, reactions, edits, notices, and
 * files that are no such export. */
#include "intake/chat_world.h"

#include "base/limits.h"

#define GROUP(messages)                                                                            \
    "{'name':'Tea','type':'private_supergroup','id':77,'messages':[" messages "]}"
#define MESSAGE(id, at, from, rest)                                                                \
    "{'id':" id ",'type':'message','date':'2024-01-05T09:00:00','date_unixtime':'" at              \
    "','from':'N" from "','from_id':'user" from "'," rest "}"

static void parse_telegram(struct world *w, const char *text)
{
    parse_chat(w, IMPORT_TELEGRAM, text);
}

static void a_message_has_its_writer_words_and_id(void **state)
{
    (void)state;
    struct world w;
    parse_telegram(&w, GROUP(MESSAGE("2", "1704416460", "100", "'text':'几点开门？'")));
    expect_sound(&w, 1, 0);
    const struct fact *f = fact_at(&w, 0);
    expect_str(f->kind, "message.sent");
    expect_at(f, "2024-01-05T09:01:00+08:00");
    expect_who(f, IDENTITY_TELEGRAM, "100");
    expect_trait(f, "nickname", "N100");
    expect_str(f->code[DIM_GROUP], "Tea");
    expect_str(f->said->text, "几点开门？");
    expect_str(f->said->message, "2");
    expect_number(f, "question", 1);
    expect_prop(f, "type", "text");
    world_finish(&w);
}

static void parts_of_a_text_are_put_together(void **state)
{
    (void)state;
    struct world w;
    parse_telegram(&w, GROUP(MESSAGE("2", "1704416460", "100",
                                     "'text':['hi ',{'type':'mention_name','text':'Ben','user_id':"
                                     "200},{'type':'bold','text':' 9.9元'},7]")));
    expect_sound(&w, 1, 0);
    const struct fact *f = fact_at(&w, 0);
    expect_str(f->said->text, "hi Ben 9.9元");
    expect_number(f, "mentions", 1);
    expect_number(f, "promotion", 1);
    expect_other(f, "200");
    expect_link(f, "mention", NULL);
    world_finish(&w);
}

static void links_behind_words_and_on_buttons_are_carried(void **state)
{
    (void)state;
    struct world w;
    parse_telegram(&w, GROUP(MESSAGE("2", "1704416460", "100",
                                     "'text':['see ',{'type':'text_link','text':'here','href':"
                                     "'https://t.example/x'}],'inline_bot_buttons':[[{'type':'url',"
                                     "'data':'https://t.example/"
                                     "y'},{'type':'callback','data':'z'}]]") "," MESSAGE("3",
                                                                                         "170441646"
                                                                                         "1",
                                                                                         "100",
                                                                                         "'text':''"
                                                                                         ",'poll':{"
                                                                                         "'question"
                                                                                         "':'tea "
                                                                                         "or "
                                                                                         "coffee?'"
                                                                                         "}")));
    expect_sound(&w, 2, 0);
    expect_str(fact_at(&w, 0)->said->text, "see here");
    expect_str(fact_at(&w, 0)->said->links, "https://t.example/x\nhttps://t.example/y");
    expect_str(fact_at(&w, 1)->said->text, "tea or coffee?");
    world_finish(&w);
}

/* A reply to what comes later, to itself or to nothing addresses nobody: there is no circle. */
static void replies_address_writers_that_came_before(void **state)
{
    (void)state;
    struct world w;
    parse_telegram(
        &w,
        GROUP(MESSAGE("1", "1704416460", "100", "'text':'a'") "," MESSAGE("2", "1704416461", "200", "'reply_to_message_id':1,'text':'b'") "," MESSAGE(
            "3", "1704416462", "300",
            "'reply_to_message_id':4,'text':'c'") "," MESSAGE("4", "1704416463", "100",
                                                              "'reply_to_message_id':3,'text':'"
                                                              "d'") "," MESSAGE("5", "1704416464",
                                                                                "200",
                                                                                "'reply_to_"
                                                                                "message_id':5,"
                                                                                "'text':'e'") "," MESSAGE("6",
                                                                                                          "1704416465",
                                                                                                          "100",
                                                                                                          "'reply_to_message_id':1,'text':'"
                                                                                                          "f'") "," MESSAGE("7",
                                                                                                                            "1704416466",
                                                                                                                            "100",
                                                                                                                            "'reply_to_"
                                                                                                                            "message_id':999,"
                                                                                                                            "'text':'g'")));
    expect_sound(&w, 7, 0);
    static const char *const others[] = {NULL, "100", NULL, "300", NULL, NULL, NULL};
    static const char *const ids[] = {NULL, "1", "4", "3", "5", "1", "999"};
    for (size_t i = 0; i < COUNT(others); i++) {
        expect_other(fact_at(&w, i), others[i]);
        expect_link(fact_at(&w, i), others[i] ? "reply" : NULL, ids[i]);
    }
    expect_ids(&w);
    world_finish(&w);
}

static void reactions_and_edits_are_facts_of_their_own(void **state)
{
    (void)state;
    struct world w;
    parse_telegram(
        &w,
        GROUP(MESSAGE("1", "1704416460", "100",
                      "'text':'better','edited_unixtime':'1704416470','reactions':[{'type':'emoji',"
                      "'count':5,'emoji':'👍','recent':[{'from':'N200','from_id':'user200','date':"
                      "'2024-01-05T09:02:00'},{'from':'N100','from_id':'user100'}]}]")));
    expect_sound(&w, 4, 0);
    assert_int_equal(w.batch->counts.read, 4);
    expect_kind(&w, 1, "message.edited");
    expect_at(fact_at(&w, 1), "2024-01-05T09:01:10+08:00");
    assert_true(fact_at(&w, 1)->said->edited);
    expect_str(fact_at(&w, 1)->said->message, "1");
    expect_kind(&w, 2, "message.reacted");
    expect_at(fact_at(&w, 2), "2024-01-05T09:02:00+08:00");
    expect_who(fact_at(&w, 2), IDENTITY_TELEGRAM, "200");
    expect_other(fact_at(&w, 2), "100");
    expect_prop(fact_at(&w, 2), "link", "reaction");
    expect_other(fact_at(&w, 3), NULL); /* to one's own message */
    expect_ids(&w);
    world_finish(&w);
}

static void kinds_of_media_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *rest, *type;
    } list[] = {{"'photo':'p.jpg','text':''", "image"},
                {"'photo':'p.jpg','text':'多少钱？'", "image"},
                {"'media_type':'voice_message','file':'a.ogg','text':''", "voice"},
                {"'media_type':'video_file','file':'a.mp4','text':''", "video"},
                {"'media_type':'sticker','file':'a.webp','text':''", "sticker"},
                {"'file':'a.pdf','text':''", "file"},
                {"'poll':{'question':'x'},'text':''", "other"}};
    for (size_t i = 0; i < COUNT(list); i++) {
        struct world w;
        struct strbuf text = {0};
        strbuf_addf(&text,
                    GROUP("{'id':1,'type':'message','date_unixtime':'1704416460',"
                          "'from':'A','from_id':'user1',%s}"),
                    list[i].rest);
        parse_telegram(&w, text.p);
        expect_sound(&w, 1, 0);
        expect_prop(fact_at(&w, 0), "type", list[i].type);
        strbuf_finish(&text);
        world_finish(&w);
    }
}

static void notices_tell_who_came_by_whom_and_who_went(void **state)
{
    (void)state;
    struct world w;
    parse_telegram(
        &w, GROUP("{'id':1,'type':'service','date_unixtime':'1704416400','actor':'N100','actor_id':"
                  "'user100','action':'invite_members','members':['N200',null,'N300']},"
                  "{'id':2,'type':'service','date_unixtime':'1704416401','actor':'N400','actor_id':"
                  "'user400','action':'join_group_by_link','inviter':'N100'},"
                  "{'id':3,'type':'service','date_unixtime':'1704416402','actor':'N500','actor_id':"
                  "'user500','action':'invite_members','members':['N500']}," MESSAGE(
                      "4", "1704416403", "200",
                      "'text':'hello'") ","
                                        "{'id':5,'type':'service','date_unixtime':'1704416404','"
                                        "actor':'N100','actor_id':"
                                        "'user100','action':'remove_members','members':['N300']},"
                                        "{'id':6,'type':'service','date_unixtime':'1704416405','"
                                        "actor':'N100','actor_id':"
                                        "'user100','action':'pin_message'}"));
    expect_sound(&w, 6, 0);
    assert_int_equal(w.batch->counts.skipped, 1);
    static const char *const kinds[] = {"group.joined", "group.joined", "group.joined",
                                        "group.joined", "message.sent", "group.left"};
    static const char *const who[] = {"N200", "N300", "400", "500", "200", "N300"};
    static const char *const other[] = {"100", "100", "100", NULL, NULL, "100"};
    for (size_t i = 0; i < COUNT(kinds); i++) {
        expect_kind(&w, i, kinds[i]);
        expect_str(fact_at(&w, i)->who[0].value, who[i]);
        expect_other(fact_at(&w, i), other[i]);
    }
    /* who came as N200 is the one who now speaks under that name */
    assert_int_equal(fact_at(&w, 4)->who_count, 2);
    expect_who(fact_at(&w, 4), IDENTITY_NAME, "N200");
    expect_ids(&w);
    world_finish(&w);
}

static void an_account_has_several_chats_and_private_ones_are_passed_over(void **state)
{
    (void)state;
    struct world w;
    parse_telegram(&w, "{'about':'x','contacts':{'list':[{'name':'not a chat'}]},'chats':{'about':"
                       "'y','list':[{'name':'Ann','type':'personal_chat','id':5,'messages':"
                       "[" MESSAGE("1", "1704416460", "100", "'text':'secret'") "]}," GROUP(MESSAGE(
                           "1", "1704416460", "100",
                           "'text':'open'")) ","
                                             "{'name':'Tea','type':'public_channel','id':78,'"
                                             "messages':[" MESSAGE("1", "1704416460", "100",
                                                                   "'text':'other'") "]}]}}");
    expect_sound(&w, 2, 0);
    assert_int_equal(w.batch->counts.skipped, 1);
    expect_str(fact_at(&w, 0)->said->text, "open");
    expect_str(fact_at(&w, 1)->said->text, "other");
    expect_str(fact_at(&w, 0)->code[DIM_GROUP], "Tea");
    expect_str(fact_at(&w, 1)->code[DIM_GROUP], "Tea (78)");
    expect_ids(&w); /* message 1 of each is its own */
    world_finish(&w);
}

/* ---- hostile files ---- */

static void each_bad_message_is_one_reject_at_its_place(void **state)
{
    (void)state;
    struct world w;
    parse_telegram(&w, "{'name':'Tea','id':77,'messages':[\n"
                       "7,\n"
                       "{'type':'message','date_unixtime':'1704416460','from_id':'user1'},\n"
                       "{'id':1,'type':'message','from_id':'user1','text':''},\n"
                       "{'id':2,'type':'message','date_unixtime':'1704416460','text':'x'},\n"
                       "{'id':3,'type':'message','date_unixtime':'-17','from_id':'user1'},\n"
                       "{'id':4,'id':4},\n"
                       "{'id':5,'type':'message','date_unixtime':'1704416460','from_id':'user1',"
                       "'text':'\xff'}, {'id':6,'type':'message','date_unixtime':'1704416461',"
                       "'from_id':'user1','text':'fine'}]}");
    expect_sound(&w, 1, 7);
    expect_reject(&w, 0, 2, "");
    expect_reject(&w, 1, 3, "id");
    expect_reject(&w, 2, 4, "date");
    expect_reject(&w, 3, 5, "from_id");
    expect_reject(&w, 4, 6, "at");
    assert_int_equal(reject_at(&w, 5)->line, 7);
    assert_int_equal(reject_at(&w, 6)->line, 8);
    assert_int_equal(w.batch->counts.rejected, 7);
    expect_str(fact_at(&w, 0)->said->text, "fine");
    world_finish(&w);
}

/* Cut anywhere, what stands whole before is kept, and one reject says where it ends. */
static void a_cut_file_keeps_what_is_whole(void **state)
{
    (void)state;
    static const char text[] =
        GROUP(MESSAGE("1", "1704416460", "100", "'text':'a\\'b'") ",\n" MESSAGE(
            "2", "1704416461", "200", "'text':{'x':[1,2]}"));
    size_t first = (size_t)(strstr(text, ",\n") - text);
    for (size_t len = 1; len < sizeof(text) - 2; len++) {
        char cut[sizeof(text)];
        struct world w;
        memcpy(cut, text, len);
        cut[len] = '\0';
        parse_telegram(&w, cut);
        assert_int_equal(w.err, ERR_OK);
        assert_int_equal(w.batch->rejects.count, 1);
        assert_int_equal(w.batch->facts.count, (size_t)(len >= first) + (len >= sizeof(text) - 3));
        world_finish(&w);
    }
}

static void a_message_of_a_megabyte_is_kept_in_part_and_a_longer_one_rejected(void **state)
{
    (void)state;
    struct world w;
    struct strbuf text = {0};
    strbuf_add_text(&text, "{'name':'Tea','id':77,'messages':[{'id':1,'type':'message',"
                           "'date_unixtime':'1704416460','from_id':'user1','text':'");
    for (size_t i = 0; i < 1000000; i++)
        strbuf_add_char(&text, 'x');
    strbuf_add_text(&text, "'},{'id':2,'type':'message','date_unixtime':'1704416460',"
                           "'from_id':'user1','text':'");
    for (size_t i = 0; i < 3 * LIMIT_LINE_BYTES; i++)
        strbuf_add_char(&text, 'y');
    strbuf_add_text(&text, "'},{'id':3,'type':'message','date_unixtime':'1704416460',"
                           "'from_id':'user1','text':'مرحبا 👨‍👩‍👧'}]}");
    parse_telegram(&w, text.p);
    expect_sound(&w, 2, 1);
    assert_int_equal(fact_at(&w, 0)->said->text.len, LIMIT_MESSAGE_TEXT);
    expect_number(fact_at(&w, 0), "length", 1000000);
    assert_int_equal(reject_at(&w, 0)->why.msg, MSG_TOO_LONG);
    assert_int_equal(reject_at(&w, 0)->line, 1);
    assert_true(reject_at(&w, 0)->column > 1000000);
    expect_str(fact_at(&w, 1)->said->text, "مرحبا 👨‍👩‍👧");
    strbuf_finish(&text);
    world_finish(&w);
}

static void what_is_no_export_is_refused_whole(void **state)
{
    (void)state;
    static const char *const list[] = {"{}", "[]", "7", "{'a':{'b':[1]}}", "{'messages':7}"};
    for (size_t i = 0; i < COUNT(list); i++) {
        struct world w;
        parse_telegram(&w, list[i]);
        assert_int_equal(w.err, ERR_INVALID);
        assert_int_equal(w.why.msg, MSG_NO_MESSAGES);
        world_finish(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_has_its_writer_words_and_id),
        cmocka_unit_test(parts_of_a_text_are_put_together),
        cmocka_unit_test(links_behind_words_and_on_buttons_are_carried),
        cmocka_unit_test(replies_address_writers_that_came_before),
        cmocka_unit_test(reactions_and_edits_are_facts_of_their_own),
        cmocka_unit_test(kinds_of_media_are_told),
        cmocka_unit_test(notices_tell_who_came_by_whom_and_who_went),
        cmocka_unit_test(an_account_has_several_chats_and_private_ones_are_passed_over),
        cmocka_unit_test(each_bad_message_is_one_reject_at_its_place),
        cmocka_unit_test(a_cut_file_keeps_what_is_whole),
        cmocka_unit_test(a_message_of_a_megabyte_is_kept_in_part_and_a_longer_one_rejected),
        cmocka_unit_test(what_is_no_export_is_refused_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
