/* flat_test.c - messages as plain JSON: chatlog's, others', in lists and in lines. */
#include "intake/chat_world.h"

#define SPACE "\xE2\x80\x85" /* U+2005, behind a mention */

static void parse_flat(struct world *w, const char *text)
{
    parse_chat(w, IMPORT_MESSAGES, text);
}

static void a_list_of_chatlog_is_read(void **state)
{
    (void)state;
    struct world w;
    parse_flat(
        &w,
        "[{'seq':1704416460000,'time':'2024-01-05T09:01:00+08:00','talker':'77@chatroom','"
        "talkerName':"
        "'茶友','isChatRoom':true,'sender':'wxid_a','senderName':'小王','isSelf':false,'type':1,"
        "'subType':0,'content':'有人吗？'},\n"
        "{'seq':1704416461000,'time':'2024-01-05T09:01:01+08:00','talker':'77@chatroom','"
        "talkerName':"
        "'茶友','sender':'wxid_b','senderName':'小李','type':49,'subType':57,'content':'在的',"
        "'contents':{'refer':{'seq':1704416460000,'sender':'wxid_a','senderName':'小王'}}},\n"
        "{'seq':1704416462000,'time':'2024-01-05T09:01:02+08:00','talker':'77@chatroom','"
        "talkerName':"
        "'茶友','sender':'wxid_b','senderName':'小李','type':1,'content':'@小王" SPACE " 来'},\n"
        "{'seq':1704416463000,'time':'2024-01-05T09:01:03+08:00','talker':'77@chatroom','"
        "talkerName':"
        "'茶友','sender':'wxid_b','senderName':'小李','type':3,'content':''},\n"
        "{'seq':5,'time':'2024-01-05T09:01:04+08:00','talker':'77@chatroom','talkerName':'茶友',"
        "'sender':'','type':10000,'content':'“小王”邀请“小张、小赵”加入了群聊'},\n"
        "{'seq':6,'time':'2024-01-05T09:01:05+08:00','talker':'wxid_z','talkerName':'友','sender':"
        "'wxid_z','senderName':'友','type':1,'content':'私聊'}]");
    expect_sound(&w, 6, 0);
    assert_int_equal(w.batch->counts.skipped, 1);
    expect_who(fact_at(&w, 0), IDENTITY_NAME, "wxid_a");
    expect_str(fact_at(&w, 0)->code[DIM_GROUP], "茶友");
    expect_number(fact_at(&w, 0), "question", 1);
    expect_other(fact_at(&w, 1), "wxid_a");
    expect_link(fact_at(&w, 1), "quote", "1704416460000");
    expect_str(fact_at(&w, 1)->said->text, "在的");
    expect_other(fact_at(&w, 2), "wxid_a");
    expect_link(fact_at(&w, 2), "mention", NULL);
    expect_prop(fact_at(&w, 3), "type", "image");
    for (size_t i = 4; i < 6; i++) {
        expect_kind(&w, i, "group.joined");
        expect_other(fact_at(&w, i), "wxid_a");
    }
    expect_ids(&w);
    world_finish(&w);
}

static void names_of_other_scripts_are_known(void **state)
{
    (void)state;
    static const char *const list[] = {
        "{'data':[{'timestamp':1704416460,'from':'u1','text':'hello there'}]}",
        "{'n':1,'messages':[{'created_at':'1704416460','user':'u1','body':'hello there'}]}",
        "{'date':'2024-01-05 09:01','author':'u1','message':'hello there'}\n",
        "\n{'at':1704416460000,'sender_id':'u1','content':'hello there'}",
    };
    for (size_t i = 0; i < COUNT(list); i++) {
        struct world w;
        parse_flat(&w, list[i]);
        expect_sound(&w, 1, 0);
        expect_at(fact_at(&w, 0), "2024-01-05T09:01:00+08:00");
        expect_who(fact_at(&w, 0), IDENTITY_NAME, "u1");
        expect_str(fact_at(&w, 0)->said->text, "hello there");
        world_finish(&w);
    }
}

static void a_bad_line_is_one_reject(void **state)
{
    (void)state;
    struct world w;
    parse_flat(&w, "{'time':1704416460,'sender':'a','content':'x'}\n{bad\n7\n{'sender':'a'}\n"
                   "{'time':'noon','sender':'a'}\n{'time':1704416460}\n{'time':-5,'sender':'a'}\n"
                   "{'time':1704416461,'sender':'b','content':'y'}\n");
    expect_sound(&w, 2, 6);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(reject_at(&w, i)->line, i + 2);
    expect_reject(&w, 2, 4, "time");
    expect_reject(&w, 4, 6, "sender");
    expect_reject(&w, 5, 7, "at");
    world_finish(&w);
}

static void messages_without_ids_have_the_same_when_read_again(void **state)
{
    (void)state;
    struct world first, longer;
    parse_flat(&first, "[{'time':1704416460,'sender':'a','content':'x'},"
                       "{'time':1704416460,'sender':'a','content':'x'}]");
    parse_flat(&longer, "[{'time':1704416460,'sender':'a','content':'x'},"
                        "{'time':1704416460,'sender':'a','content':'x'},"
                        "{'time':1704416461,'sender':'a','content':'x'}]");
    expect_ids(&longer);
    for (size_t i = 0; i < 2; i++)
        assert_true(str_eq(fact_at(&first, i)->id, fact_at(&longer, i)->id));
    world_finish(&first);
    world_finish(&longer);
}

static void a_list_that_grows_gives_its_new_lines(void **state)
{
    (void)state;
    static const char *const texts[] = {"#接龙\\n团购茶叶\\n\\n1. 小王 2份",
                                        "#接龙\\n团购茶叶\\n\\n1. 小王 2份\\n2. 小李 1份\\n3. 小张",
                                        "#接龙\\n另一个\\n1. 小王 2份",
                                        "#接龙\\n团购茶叶\\n1. 小李 1份"};
    static const char *const said[] = {"小王 2份", "小李 1份\n小张", "小王 2份", ""};
    struct strbuf text = {0};
    struct world w;
    for (size_t i = 0; i < COUNT(texts); i++)
        strbuf_addf(&text, "{'time':170441646%zu,'sender':'a','content':'%s'}\n", i, texts[i]);
    parse_flat(&w, text.p);
    expect_sound(&w, 4, 0);
    for (size_t i = 0; i < COUNT(said); i++) {
        expect_str(fact_at(&w, i)->said->text, said[i]);
        expect_number(fact_at(&w, i), "signup", 1);
        expect_number(fact_at(&w, i), "question", 0);
    }
    expect_number(fact_at(&w, 0), "length", 5);
    strbuf_finish(&text);
    world_finish(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_of_chatlog_is_read),
        cmocka_unit_test(names_of_other_scripts_are_known),
        cmocka_unit_test(a_bad_line_is_one_reject),
        cmocka_unit_test(messages_without_ids_have_the_same_when_read_again),
        cmocka_unit_test(a_list_that_grows_gives_its_new_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
