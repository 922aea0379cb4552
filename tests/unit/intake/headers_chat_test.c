/* headers_chat_test.c - csv files of messages whose headers map themselves. */
#include "intake/parse_world.h"

#include "brand/said.h"

static void a_table_of_messages_maps_itself(void **state)
{
    (void)state;
    struct world w;
    world_csv(&w, "时间,发送人,内容,消息类型\n2024-01-05 9:03:01,小王,有人知道几点开门吗,文本\n");
    expect_sound(&w, 1, 0);
    const struct fact *f = fact_at(&w, 0);
    expect_str(f->kind, "message.sent");
    expect_who(f, IDENTITY_NAME, "小王");
    expect_number(f, "length", 9);
    expect_number(f, "question", 1);
    expect_prop(f, "type", "text");
    assert_int_equal(f->prop_count, 4);
    expect_str(f->said->text, "有人知道几点开门吗");
    world_finish(&w);
}

static void messages_with_ids_answer_each_other(void **state)
{
    (void)state;
    struct world w;
    world_csv(&w, "timestamp,sender,sender_id,text,message_id,reply_to,group\n"
                  "2024-01-05 9:03:01,Ann,u1,who has one?,m1,,g\n"
                  "2024-01-05 9:04:01,Ben,u2,I do,m2,m1,g\n"
                  "2024-01-05 9:05:01,Cat,u3,me too,m3,m99,g\n");
    expect_sound(&w, 3, 0);
    assert_int_equal(fact_at(&w, 0)->other_count, 0);
    assert_int_equal(fact_at(&w, 1)->other_count, 1);
    expect_str(fact_at(&w, 1)->other[0].value, "u1");
    expect_prop(fact_at(&w, 1), "link", "reply");
    expect_str(fact_at(&w, 1)->said->message, "m2");
    expect_str(fact_at(&w, 1)->said->reply_to, "m1");
    assert_int_equal(fact_at(&w, 2)->other_count, 0); /* of what it answers nothing is known */
    assert_null(value_of(fact_at(&w, 2)->props, fact_at(&w, 2)->prop_count, "link"));
    expect_str(fact_at(&w, 2)->said->reply_to, "m99");
    world_finish(&w);
}

static void what_a_message_carries_comes_with_it(void **state)
{
    (void)state;
    struct world w;
    world_csv(&w, "时间,发送人,内容,链接,二维码,群名称\n"
                  "2024-01-05 9:03:01,Ann,看这里,https://a.example/1,https://qr.example/2,g\n");
    expect_sound(&w, 1, 0);
    expect_str(fact_at(&w, 0)->said->links, "https://a.example/1");
    expect_str(fact_at(&w, 0)->said->qr, "https://qr.example/2");
    world_finish(&w);
    world_csv(&w, "手机号,链接,二维码\n13800138000,https://a.example/1,x\n"); /* of a person */
    expect_sound(&w, 1, 0);
    expect_str(fact_at(&w, 0)->kind, "member.identified");
    world_finish(&w);
}

static void an_export_of_wechatmsg_maps_itself(void **state)
{
    (void)state;
    struct world w;
    world_csv(&w,
              "localId,TalkerId,Type,SubType,IsSender,CreateTime,Status,StrContent,StrTime,Remark,"
              "NickName,Sender\n"
              "1,5,1,0,0,1704416580,2,有人吗,2024-01-05 09:03:00,,小王,wxid_w,excess\n"
              "2,5,1,0,0,1704416590,2,@小王\xE2\x80\x85在的,2024-01-05 09:03:10,,小李,wxid_l\n"
              "3,5,3,0,0,1704416600,2,<msg/>,2024-01-05 09:03:20,,小李,wxid_l\n"
              "4,5,10000,0,0,1704416610,2,\"\"\"小王\"\"撤回了一条消息\",2024-01-05 09:03:30,,,\n");
    expect_sound(&w, 4, 0);
    assert_int_equal(w.batch->counts.read, 4);
    assert_int_equal(w.batch->counts.skipped, 0);
    expect_str(fact_at(&w, 3)->kind, "message.recalled");
    expect_who(fact_at(&w, 3), IDENTITY_NAME, "wxid_w");
    const struct fact *f = fact_at(&w, 0);
    expect_str(f->kind, "message.sent");
    expect_at(f, "2024-01-05T09:03:00+08:00");
    expect_who(f, IDENTITY_NAME, "wxid_w");
    expect_trait(f, "nickname", "小王");
    expect_prop(f, "type", "text");
    expect_number(f, "question", 1);
    assert_int_equal(fact_at(&w, 1)->other_count, 1);
    expect_str(fact_at(&w, 1)->other[0].value, "wxid_w");
    expect_prop(fact_at(&w, 1), "link", "mention");
    expect_number(fact_at(&w, 1), "mentions", 1);
    expect_prop(fact_at(&w, 2), "type", "image");
    assert_int_equal(fact_at(&w, 2)->prop_count, 1);
    world_finish(&w);
}

static void an_export_of_chatlog_maps_itself(void **state)
{
    (void)state;
    struct world w;
    world_csv(&w, "Time,SenderName,Sender,TalkerName,Talker,Content\n"
                  "2024-01-05 09:03:00,小王,wxid_w,一群,1@chatroom,多少钱\n"
                  "2024-01-05 09:04:00,小李,wxid_l,一群,1@chatroom,\"「小王：多少钱」\n- - - - - "
                  "-\n十块\"\n");
    expect_sound(&w, 2, 0);
    expect_who(fact_at(&w, 1), IDENTITY_NAME, "wxid_l");
    expect_str(fact_at(&w, 1)->other[0].value, "wxid_w");
    expect_number(fact_at(&w, 1), "length", 2);
    expect_number(fact_at(&w, 1), "question", 0);
    expect_number(fact_at(&w, 0), "question", 1);
    world_finish(&w);
}

static void notices_of_a_chat_tell_who_came(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, IMPORT_CSV);
    w.options.group = "g";
    world_parse(&w, "CreateTime,Type,StrContent,NickName,Sender\n"
                    "1735866311,1,大家好,小明,wxid_a\n"
                    "1735866381,10000,\"\"\"小明\"\"邀请\"\"小刚、小李\"\"加入了群聊\",,\n"
                    "1735866382,10000,\"\"\"小刚\"\" 拍了拍 \"\"小明\"\"\",,\n"
                    "1735866383,1,你们好,小刚,wxid_c\n"
                    "1735866384,1,好,小刚,wxid_c\n"
                    "1735866385,10000,\"你将\"\"小刚\"\"移出了群聊\",,\n"
                    "1735866386,10000,你修改了群名,,\n");
    expect_sound(&w, 7, 0);
    assert_int_equal(w.batch->counts.read, 7);
    assert_int_equal(w.batch->counts.skipped, 1);
    expect_str(fact_at(&w, 1)->kind, "group.joined");
    expect_str(fact_at(&w, 1)->code[DIM_GROUP], "g");
    expect_who(fact_at(&w, 1), IDENTITY_NAME, "小刚");
    expect_str(fact_at(&w, 1)->other[0].value, "wxid_a");
    expect_who(fact_at(&w, 2), IDENTITY_NAME, "小李");
    expect_str(fact_at(&w, 3)->kind, "message.reacted");
    expect_str(fact_at(&w, 3)->other[0].value, "wxid_a");
    assert_int_equal(fact_at(&w, 4)->who_count, 2);
    expect_who(fact_at(&w, 4), IDENTITY_NAME, "wxid_c");
    expect_who(fact_at(&w, 4), IDENTITY_NAME, "小刚");
    assert_int_equal(fact_at(&w, 5)->who_count, 1);
    expect_str(fact_at(&w, 6)->kind, "group.left");
    expect_who(fact_at(&w, 6), IDENTITY_NAME, "wxid_c");
    world_finish(&w);
}

static void without_a_group_nobody_joins(void **state)
{
    (void)state;
    struct world w;
    world_csv(&w, "时间,发送人,内容,消息类型\n"
                  "2025-01-03 09:07:11,,“小明”邀请“小刚”加入了群聊,系统消息\n"
                  "2025-01-03 09:07:12,系统消息,“小明” 撤回了一条消息,\n");
    expect_sound(&w, 1, 0);
    expect_str(fact_at(&w, 0)->kind, "message.recalled");
    assert_int_equal(w.batch->counts.skipped, 1);
    world_finish(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_of_messages_maps_itself),
        cmocka_unit_test(messages_with_ids_answer_each_other),
        cmocka_unit_test(what_a_message_carries_comes_with_it),
        cmocka_unit_test(an_export_of_wechatmsg_maps_itself),
        cmocka_unit_test(an_export_of_chatlog_maps_itself),
        cmocka_unit_test(notices_of_a_chat_tell_who_came),
        cmocka_unit_test(without_a_group_nobody_joins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
