/* consent_test.c - the ledger's answer: what was said last counts, silence means what the purpose
 * says, children need a guardian. */
#include "people/records_place.h"

#include "people/consent.h"

static struct consent_answer ask(struct place *p, uint32_t who, const char *channel,
                                 const char *purpose, const char *of)
{
    struct consent_answer answer;
    struct sql *db = place_reader(p);
    const struct consent_ask a = {.member = who,
                                  .channel = str_of(channel),
                                  .purpose = str_of(purpose),
                                  .list = str_of(of),
                                  .at = p->env.now_ms};
    assert_int_equal(consent_answer(p->brand, db, &a, &answer), ERR_OK);
    assert_int_equal(consent_allows(p->brand, db, &a), answer.allowed);
    sql_close(db);
    return answer;
}

static enum err try_say(struct place *p, uint32_t who, bool yes, const char *channel,
                        const char *purpose, const char *of, bool guardian, int64_t at)
{
    struct why why = {0};
    struct consent_entry e = {.member = who,
                              .purpose = str_of(purpose),
                              .channel = str_of(channel),
                              .list = of ? str_of(of) : STR(""),
                              .granted = yes,
                              .guardian = guardian,
                              .at = at,
                              .way = STR("paper"),
                              .source = STR("staff:lily"),
                              .evidence = STR("signed by Xanthippe")};
    return consent_record(p->brand, &e, 1, &why);
}

static void say(struct place *p, uint32_t who, bool yes, const char *channel, const char *of)
{
    p->env.now_ms += 1000;
    assert_int_equal(try_say(p, who, yes, channel, "marketing", of, false, TIME_NONE), ERR_OK);
}

static void check(struct place *p, uint32_t who, const char *channel, bool allowed,
                  enum consent_reason reason)
{
    struct consent_answer a = ask(p, who, channel, "marketing", NULL);
    char name[32];
    assert_int_equal(a.allowed, allowed);
    assert_string_equal(consent_reason_name(a.reason), consent_reason_name(reason));
    snprintf(name, sizeof(name), "%s/marketing", channel);
    assert_int_equal(holds(p, who, FIELD_CONSENTED, name), allowed);
}

static void silence_is_no_for_marketing_and_yes_for_service(void **state)
{
    struct place p;
    (void)state;
    place_open(&p, "Asia/Shanghai");
    uint32_t anna = member(&p, "anna");
    check(&p, anna, "sms", false, CONSENT_SILENT);
    assert_true(ask(&p, anna, "sms", "service", NULL).allowed);
    assert_true(holds(&p, anna, FIELD_CONSENTED, "sms/service"));
    assert_int_equal(ask(&p, anna, "sms", "nothing", NULL).reason, CONSENT_UNKNOWN);
    assert_int_equal(ask(&p, anna, "pigeon", "service", NULL).reason, CONSENT_UNKNOWN);
    assert_false(holds(&p, anna, FIELD_CONSENTED, "pigeon/service"));
    assert_false(holds(&p, anna, FIELD_CONSENTED, "nonsense"));
    place_close(&p);
}

static void what_was_said_last_counts(void **state)
{
    struct place p;
    (void)state;
    place_open(&p, "Asia/Shanghai");
    uint32_t anna = member(&p, "anna");
    say(&p, anna, true, "sms", NULL);
    check(&p, anna, "sms", true, CONSENT_GRANTED);
    check(&p, anna, "email", false, CONSENT_SILENT);
    say(&p, anna, false, "*", NULL);
    check(&p, anna, "sms", false, CONSENT_WITHDRAWN);
    say(&p, anna, true, "sms", NULL);
    check(&p, anna, "sms", true, CONSENT_GRANTED);
    check(&p, anna, "email", false, CONSENT_WITHDRAWN);
    /* an old yes that comes late, and one that claims to be of tomorrow */
    say(&p, anna, false, "sms", NULL);
    int64_t long_ago = PLACE_NOW - 9 * DAY, tomorrow = p.env.now_ms + DAY;
    assert_int_equal(try_say(&p, anna, true, "sms", "marketing", NULL, false, long_ago), ERR_OK);
    check(&p, anna, "sms", false, CONSENT_WITHDRAWN);
    assert_int_equal(try_say(&p, anna, true, "sms", "marketing", NULL, false, tomorrow), ERR_OK);
    say(&p, anna, false, "sms", NULL);
    p.env.now_ms += 2 * DAY;
    check(&p, anna, "sms", false, CONSENT_WITHDRAWN);
    assert_int_equal(events_of(&p, anna, "member.revoked"), 3);
    assert_int_equal(events_of(&p, anna, "member.consented"), 4);
    place_reopen(&p);
    check(&p, anna, "sms", false, CONSENT_WITHDRAWN);
    verify(&p);
    place_close(&p);
}

static void the_answer_is_as_of_a_moment(void **state)
{
    struct place p;
    struct consent_answer answer;
    (void)state;
    place_open(&p, "Asia/Shanghai");
    uint32_t anna = member(&p, "anna");
    say(&p, anna, true, "sms", NULL);
    int64_t then = p.env.now_ms;
    say(&p, anna, false, "sms", NULL);
    struct sql *db = place_reader(&p);
    struct consent_ask a = {anna, STR("sms"), STR("marketing"), {NULL, 0}, then};
    assert_int_equal(consent_answer(p.brand, db, &a, &answer), ERR_OK);
    assert_true(answer.allowed);
    assert_int_equal(answer.since, then);
    a.at = then - 1;
    assert_int_equal(consent_answer(p.brand, db, &a, &answer), ERR_OK);
    assert_int_equal(answer.reason, CONSENT_SILENT);
    sql_close(db);
    place_close(&p);
}

static void a_list_can_be_left_and_joined_again(void **state)
{
    struct place p;
    (void)state;
    place_open(&p, "Asia/Shanghai");
    uint32_t anna = member(&p, "anna");
    assert_false(ask(&p, anna, "sms", "marketing", "news").allowed);
    say(&p, anna, true, "*", NULL);
    assert_true(ask(&p, anna, "sms", "marketing", "news").allowed);
    say(&p, anna, false, "*", "news");
    assert_int_equal(ask(&p, anna, "sms", "marketing", "news").reason, CONSENT_LEFT);
    assert_true(ask(&p, anna, "sms", "marketing", "offers").allowed);
    check(&p, anna, "sms", true, CONSENT_GRANTED);
    say(&p, anna, true, "*", "news");
    assert_true(ask(&p, anna, "sms", "marketing", "news").allowed);
    assert_int_equal(try_say(&p, anna, true, "*", "marketing", "nope", false, TIME_NONE),
                     ERR_INVALID);
    assert_int_equal(try_say(&p, anna, true, "*", "service", "news", false, TIME_NONE),
                     ERR_INVALID);
    assert_int_equal(try_say(&p, anna, true, "fax", "marketing", NULL, false, TIME_NONE),
                     ERR_INVALID);
    assert_int_equal(try_say(&p, anna, true, "*", "nope", NULL, false, TIME_NONE), ERR_INVALID);
    assert_int_equal(try_say(&p, 999, true, "*", "marketing", NULL, false, TIME_NONE),
                     ERR_NOT_FOUND);
    place_close(&p);
}

static void born(struct place *p, uint32_t who, const char *day)
{
    struct why why = {0};
    struct arena *a = arena_create(0);
    struct fact_value v = {.name = STR("birthday"), .type = PROP_TEXT, .text = str_of(day)};
    place_must(people_set_trait(p->brand, who, &v, STR("staff:lily"), a, &why), &why, "birthday");
    arena_destroy(a);
}

static void a_child_needs_a_guardian(void **state)
{
    struct place p;
    (void)state;
    place_open(&p, "Asia/Shanghai"); /* now is 2025-01-01 10:53 there */
    uint32_t anna = member(&p, "anna");
    say(&p, anna, true, "*", NULL);
    check(&p, anna, "sms", true, CONSENT_GRANTED);
    born(&p, anna, "2011-01-02"); /* fourteen tomorrow */
    check(&p, anna, "sms", false, CONSENT_CHILD);
    assert_int_equal(ask(&p, anna, "sms", "service", NULL).reason, CONSENT_CHILD);
    assert_false(holds(&p, anna, FIELD_CONSENTED, "sms/service"));
    p.env.now_ms += 1000;
    assert_int_equal(try_say(&p, anna, true, "sms", "marketing", NULL, true, TIME_NONE), ERR_OK);
    check(&p, anna, "sms", true, CONSENT_GRANTED);
    check(&p, anna, "email", false, CONSENT_CHILD);
    say(&p, anna, false, "sms", NULL); /* their own no counts */
    check(&p, anna, "sms", false, CONSENT_WITHDRAWN);
    say(&p, anna, true, "sms", NULL); /* their own yes does not */
    check(&p, anna, "sms", false, CONSENT_WITHDRAWN);
    p.env.now_ms += DAY;
    check(&p, anna, "sms", true, CONSENT_GRANTED);
    born(&p, anna, "some day");
    check(&p, anna, "sms", true, CONSENT_GRANTED);
    place_close(&p);
}

static void members_that_join_have_one_ledger(void **state)
{
    struct place p;
    (void)state;
    place_open(&p, "Asia/Shanghai");
    uint32_t anna = member(&p, "anna"), phone = by_phone(&p, "13812345678");
    say(&p, anna, true, "sms", NULL);
    say(&p, phone, false, "sms", NULL);
    check(&p, anna, "sms", true, CONSENT_GRANTED);
    merge(&p, "anna", "13812345678");
    check(&p, anna, "sms", false, CONSENT_WITHDRAWN);
    assert_int_equal(ask(&p, phone, "sms", "marketing", NULL).reason, CONSENT_WITHDRAWN);
    place_close(&p);
}

static struct fact said(const char *kind, struct fact_value *props, uint32_t count)
{
    struct fact f = fact("anna", kind, PLACE_NOW - 1000);
    f.props = props;
    f.prop_count = count;
    return f;
}

static void senders_write_the_ledger_live_and_in_bulk(void **state)
{
    struct place p;
    struct why why = {0};
    (void)state;
    place_open(&p, "Asia/Shanghai");
    uint32_t anna = member(&p, "anna");
    struct fact_value props[] = {
        {.name = STR("purpose"), .type = PROP_TEXT, .text = STR("marketing")},
        {.name = STR("channel"), .type = PROP_TEXT, .text = STR("sms")},
        {.name = STR("way"), .type = PROP_TEXT, .text = STR("form")}};
    struct fact f = said("member.consented", props, 3);
    send(&p, &f, 1);
    check(&p, anna, "sms", true, CONSENT_GRANTED);
    f = said("member.revoked", props, 3);
    send_bulk(&p, &f, 1);
    check(&p, anna, "sms", false, CONSENT_WITHDRAWN);
    assert_int_equal(place_number(&p, "SELECT COUNT(*) FROM consent_entry"), 2);
    assert_int_equal(events_of(&p, anna, "member.consented"), 1); /* the sender's own */
    f = said("member.consented", props + 1, 2);                   /* to what? */
    struct load l = {&f, 1};
    assert_int_equal(brand_call(p.brand, run_record, &l, false, &why), ERR_INVALID);
    assert_string_equal(why.field, "props.purpose");
    verify(&p);
    place_close(&p);
}

static void texts_have_versions(void **state)
{
    struct place p;
    struct why why = {0};
    struct arena *a = arena_create(0);
    (void)state;
    place_open(&p, "Asia/Shanghai");
    uint32_t anna = member(&p, "anna");
    struct consent_purpose text = {
        .purpose = STR("marketing"), .text_zh = STR("一"), .text_en = STR("one")};
    struct consent_entry e = {.member = anna,
                              .purpose = STR("marketing"),
                              .channel = STR("*"),
                              .granted = true,
                              .version = 2,
                              .at = TIME_NONE};
    place_must(consent_add_text(p.brand, &text, STR("staff:lily"), &why), &why, "text");
    assert_int_equal(text.version, 1);
    assert_int_equal(consent_record(p.brand, &e, 1, &why), ERR_INVALID);
    text.text_zh = STR("二");
    place_must(consent_add_text(p.brand, &text, STR("staff:lily"), &why), &why, "text");
    place_must(consent_record(p.brand, &e, 1, &why), &why, "record");
    struct consent_purpose *all;
    size_t count;
    struct sql *db = place_reader(&p);
    place_must(consent_purposes(db, a, &all, &count, &why), &why, "purposes");
    sql_close(db);
    assert_int_equal(count, 2);
    assert_int_equal(all[0].version, 2); /* marketing, before service */
    assert_true(str_is(all[0].text_zh, "二"));
    text.purpose = STR("nope");
    assert_int_equal(consent_add_text(p.brand, &text, STR("x"), &why), ERR_NOT_FOUND);
    arena_destroy(a);
    place_close(&p);
}

static enum err read_link(struct place *p, struct str token, int64_t now, uint32_t *who)
{
    struct sql *db = place_reader(p);
    enum err err = consent_token_read(p->brand, db, token, now, who);
    sql_close(db);
    return err;
}

static void make_link(struct place *p, uint32_t who, char *token)
{
    struct sql *db = place_reader(p);
    assert_int_equal(consent_token(p->brand, db, who, PLACE_NOW + DAY, token), ERR_OK);
    sql_close(db);
}

static void a_link_is_this_brands_and_ends(void **state)
{
    struct place p;
    uint32_t who;
    char token[CONSENT_TOKEN_SIZE], bad[CONSENT_TOKEN_SIZE + 8];
    (void)state;
    place_open(&p, "Asia/Shanghai");
    make_link(&p, 4294967295u, token);
    assert_int_equal(read_link(&p, str_of(token), PLACE_NOW, &who), ERR_OK);
    assert_int_equal(who, 4294967295u);
    assert_int_equal(read_link(&p, str_of(token), PLACE_NOW + DAY, &who), ERR_NOT_FOUND);
    for (size_t i = 0; i < strlen(token); i++) {
        memcpy(bad, token, sizeof(token));
        bad[i] = bad[i] == '1' ? '2' : '1';
        assert_int_equal(read_link(&p, str_of(bad), PLACE_NOW, &who), ERR_NOT_FOUND);
        assert_int_equal(read_link(&p, (struct str){token, i}, PLACE_NOW, &who), ERR_NOT_FOUND);
    }
    snprintf(bad, sizeof(bad), "%s1", token);
    assert_int_equal(read_link(&p, str_of(bad), PLACE_NOW, &who), ERR_NOT_FOUND);
    place_close(&p);
}

static void a_link_can_be_recalled_of_one_and_of_all(void **state)
{
    struct place p;
    struct why why = {0};
    uint32_t who;
    char anna_link[CONSENT_TOKEN_SIZE], phone_link[CONSENT_TOKEN_SIZE],
        ben_link[CONSENT_TOKEN_SIZE];
    (void)state;
    place_open(&p, "Asia/Shanghai");
    uint32_t anna = member(&p, "anna"), phone = by_phone(&p, "13812345678"),
             ben = member(&p, "ben");
    make_link(&p, anna, anna_link);
    make_link(&p, phone, phone_link);
    make_link(&p, ben, ben_link);
    merge(&p, "anna", "13812345678");
    place_must(consent_recall(p.brand, anna, &why), &why, "recall"); /* of both that she was */
    assert_int_equal(read_link(&p, str_of(anna_link), PLACE_NOW, &who), ERR_NOT_FOUND);
    assert_int_equal(read_link(&p, str_of(phone_link), PLACE_NOW, &who), ERR_NOT_FOUND);
    assert_int_equal(read_link(&p, str_of(ben_link), PLACE_NOW, &who), ERR_OK);
    make_link(&p, anna, anna_link); /* a new one holds */
    assert_int_equal(read_link(&p, str_of(anna_link), PLACE_NOW, &who), ERR_OK);
    place_must(consent_recall(p.brand, 0, &why), &why, "recall all");
    assert_int_equal(read_link(&p, str_of(anna_link), PLACE_NOW, &who), ERR_NOT_FOUND);
    assert_int_equal(read_link(&p, str_of(ben_link), PLACE_NOW, &who), ERR_NOT_FOUND);
    place_reopen(&p);
    assert_int_equal(read_link(&p, str_of(ben_link), PLACE_NOW, &who), ERR_NOT_FOUND);
    make_link(&p, ben, ben_link);
    assert_int_equal(read_link(&p, str_of(ben_link), PLACE_NOW, &who), ERR_OK);
    place_close(&p);
}

static void evidence_is_sealed_and_goes_with_the_member(void **state)
{
    struct place p;
    struct why why = {0};
    struct arena *a = arena_create(0);
    struct consent_entry *list_of;
    struct people_erased erased;
    size_t count;
    (void)state;
    place_open(&p, "Asia/Shanghai");
    uint32_t anna = member(&p, "anna");
    say(&p, anna, true, "sms", NULL);
    struct sql *db = place_reader(&p);
    const struct people_view view = {p.brand, db, a};
    place_must(consent_list(&view, anna, &list_of, &count, &why), &why, "list");
    assert_int_equal(count, 1);
    assert_true(str_is(list_of[0].evidence, "signed by Xanthippe"));
    bool row;
    struct sql_stmt *s = sql_use(db, "SELECT evidence FROM consent_entry");
    assert_int_equal(sql_step(s, &row), ERR_OK);
    assert_int_equal(str_find(sql_blob(s, 0), STR("Xanthippe")), SIZE_MAX);
    sql_close(db);
    place_must(people_erase(p.brand, anna, &erased, &why), &why, "erase");
    assert_int_equal(place_number(&p, "SELECT COUNT(*) FROM consent_entry"), 0);
    assert_false(holds(&p, anna, FIELD_CONSENTED, "sms/marketing"));
    verify(&p);
    arena_destroy(a);
    place_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(silence_is_no_for_marketing_and_yes_for_service),
        cmocka_unit_test(what_was_said_last_counts),
        cmocka_unit_test(the_answer_is_as_of_a_moment),
        cmocka_unit_test(a_list_can_be_left_and_joined_again),
        cmocka_unit_test(a_child_needs_a_guardian),
        cmocka_unit_test(members_that_join_have_one_ledger),
        cmocka_unit_test(senders_write_the_ledger_live_and_in_bulk),
        cmocka_unit_test(texts_have_versions),
        cmocka_unit_test(a_link_is_this_brands_and_ends),
        cmocka_unit_test(a_link_can_be_recalled_of_one_and_of_all),
        cmocka_unit_test(evidence_is_sealed_and_goes_with_the_member),
    };
    return engine_run(tests);
}
