/* mbox_test.c - mails of a list: their writer, words and replies, as many programs write them. */
#include "intake/chat_world.h"

#include "intake/mail.h"

static void parse_mbox(struct world *w, const char *text)
{
    world_init(w, IMPORT_MBOX);
    world_parse(w, text);
}

static void mails_are_messages_of_their_list(void **state)
{
    (void)state;
    struct world w;
    parse_mbox(
        &w, "From ann@example.org Fri Jan  5 09:01:00 2024\n"
            "From: =?utf-8?B?5bCP546L?= <ann@example.org>\n"
            "Date: Fri, 05 Jan 2024 09:01:00 +0800 (CST)\n"
            "Message-ID: <1@example.org>\nList-Id: Tea talk\n <tea.example.org>\n"
            "Subject: tea\n\nWhere is the tea?\n>From here\n\n-- \nann\n\n"
            "From ben@example.org Fri Jan  5 09:02:00 2024\r\n"
            "From: ben@example.org (Ben B)\r\nDate: 5 Jan 24 01:02 GMT\r\n"
            "Message-Id: <2@example.org>\r\nReferences: <0@example.org>\r\n <1@example.org>\r\n"
            "List-Id: Tea talk <tea.example.org>\r\n"
            "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
            "On Fri, Ann wrote:\r\n> Where is the tea?\r\nIn the kitch=\r\nen =E5=96=9D\r\n\r\n");
    expect_sound(&w, 2, 0);
    const struct fact *f = fact_at(&w, 0);
    expect_str(f->kind, "message.sent");
    expect_who(f, IDENTITY_EMAIL, "ann@example.org");
    expect_trait(f, "nickname", "小王");
    expect_str(f->code[DIM_GROUP], "Tea talk");
    expect_at(f, "2024-01-05T09:01:00+08:00");
    expect_str(f->said->text, "Where is the tea?\nFrom here");
    expect_number(f, "question", 1);
    f = fact_at(&w, 1);
    expect_at(f, "2024-01-05T09:02:00+08:00");
    expect_str(f->said->text, "In the kitchen 喝");
    expect_trait(f, "nickname", "Ben B");
    expect_other(f, "ann@example.org");
    expect_link(f, "reply", "1@example.org");
    expect_ids(&w);
    world_finish(&w);
}

static void the_plain_part_of_many_is_read_in_its_charset(void **state)
{
    (void)state;
    struct world w;
    parse_mbox(&w, "From x\nFrom: a@b.cn\nDate: 5 Jan 2024 09:01:00 +0800\n"
                   "Content-Type: multipart/mixed; boundary=\"out\"\n\npreamble\n--out\n"
                   "Content-Type: multipart/alternative;\n boundary=in\n\n--in\n"
                   "Content-Type: text/html\n\n<b>no</b>\n--in\n"
                   "Content-Type: text/plain; charset=gb2312\nContent-Transfer-Encoding: base64\n\n"
                   "xOO6ww==\n--in--\n--out\nContent-Type: image/png\n\nxx\n--out--\n\n"
                   "From x\nFrom: a@b.cn\nDate: 5 Jan 2024 09:02:00 +0800\n"
                   "Content-Type: text/html\n\n<b>only</b>\n");
    expect_sound(&w, 2, 0);
    expect_str(fact_at(&w, 0)->said->text, "你好");
    expect_prop(fact_at(&w, 0), "type", "text");
    expect_str(fact_at(&w, 0)->code[DIM_GROUP], "rows");
    expect_prop(fact_at(&w, 1), "type", "file");
    expect_ids(&w); /* made of their words */
    world_finish(&w);
}

static void a_bad_mail_is_one_reject(void **state)
{
    (void)state;
    struct world w;
    parse_mbox(&w, "From x\nFrom: a@b.cn\nDate: yesterday\n\nx\n\nFrom x\nFrom: nobody\n"
                   "Date: 5 Jan 2024 09:01:00 +0800\n\nx\n\nFrom x\nFrom: a@b.cn\n"
                   "Date: 5 Jan 1924 09:01:00 +0800\n\nx\n\nFrom x\nFrom: a@b.cn\n"
                   "Date: 5 Jan 2024 09:01:00 +0800\n\nfine\n");
    expect_sound(&w, 1, 3);
    expect_reject(&w, 0, 1, "Date");
    expect_reject(&w, 1, 7, "From");
    expect_reject(&w, 2, 13, "at");
    world_finish(&w);
}

static void what_is_no_mailbox_is_refused(void **state)
{
    (void)state;
    static const char *const list[] = {"", "\n\n", "hello\nFrom x\n", "Frame x\n"};
    for (size_t i = 0; i < COUNT(list); i++) {
        struct world w;
        parse_mbox(&w, list[i]);
        assert_int_equal(w.err, ERR_INVALID);
        world_finish(&w);
    }
}

static void dates_of_mail_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t at;
    } list[] = {{"Fri, 05 Jan 2024 09:01:02 +0800", INT64_C(1704416462000)},
                {"5 Jan 2024 01:01:02 GMT", INT64_C(1704416462000)},
                {"Fri,  5 Jan 24 01:01 -0000", INT64_C(1704416460000)},
                {"Thu, 4 Jan 2024 20:01:00 -0500 (EST)", INT64_C(1704416460000)},
                {"Fri, 05 Foo 2024 09:01:02 +0800", -1},
                {"Fri, 05 Jan 2024 25:01:02 +0800", -1},
                {"Fri, 05 Jan 2024", -1},
                {"05 Jan 2024 09:01:02 +9999", -1},
                {"", -1}};
    for (size_t i = 0; i < COUNT(list); i++) {
        int64_t at = -1;
        bool read = mail_date(str_of(list[i].text), &at);
        if (read != (list[i].at >= 0) || at != list[i].at) fail_msg("\"%s\"", list[i].text);
    }
}

static void words_of_headers_are_decoded(void **state)
{
    (void)state;
    static const struct {
        const char *raw, *want;
    } list[] = {{"=?gb2312?B?xOO6ww==?= =?utf-8?q?_a=5Fb?=", "你好 a_b"},
                {"plain", "plain"},
                {"=?x-unknown?q?=E4=BD=A0?=", "你"},
                {"=?utf-8?b?broken", "=?utf-8?b?broken"},
                {"=?utf-8?q?=FF?=", "\xEF\xBF\xBD"},
                {"=?", "=?"}};
    struct arena *a = arena_create(0);
    for (size_t i = 0; i < COUNT(list); i++)
        expect_str(mail_words(a, str_of(list[i].raw)), list[i].want);
    arena_destroy(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mails_are_messages_of_their_list),
        cmocka_unit_test(the_plain_part_of_many_is_read_in_its_charset),
        cmocka_unit_test(a_bad_mail_is_one_reject),
        cmocka_unit_test(what_is_no_mailbox_is_refused),
        cmocka_unit_test(dates_of_mail_are_read),
        cmocka_unit_test(words_of_headers_are_decoded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
