/* fact_test.c - what a sender may state, and what becomes of it. */
#include "fact_trial.h"

#include <math.h>
#include <stdio.h>

/* ---- time, kind, amount ---- */

static void times_lie_between_1970_and_tomorrow(void **state)
{
    (void)state;
    static const struct {
        int64_t at;
        enum err err;
    } list[] = {{-1, ERR_INVALID},        {0, ERR_OK},
                {NOW + TIME_DAY, ERR_OK}, {NOW + TIME_DAY + 1, ERR_INVALID},
                {INT64_MIN, ERR_INVALID}, {INT64_MAX, ERR_INVALID}};
    for (size_t i = 0; i < COUNT(list); i++) {
        struct trial *t = begin();
        t->fact.at = list[i].at;
        assert_int_equal(check(t), list[i].err);
        if (list[i].err != ERR_OK) assert_string_equal(t->why.field, "at");
        end(t);
    }
}

static void kinds_follow_their_grammar(void **state)
{
    (void)state;
    static const char *const good[] = {"a", "order.paid", "a1_b.2c", "x.y.z"};
    static const char *const bad[] = {"", "A", "1a", ".a", "a.", "a..b", "a b", "订单", "a-b"};
    for (size_t i = 0; i < COUNT(good) + COUNT(bad); i++) {
        struct trial *t = begin();
        t->fact.kind = str_of(i < COUNT(good) ? good[i] : bad[i - COUNT(good)]);
        assert_int_equal(check(t), i < COUNT(good) ? ERR_OK : ERR_INVALID);
        end(t);
    }
}

static void amounts_have_a_bound(void **state)
{
    (void)state;
    static const struct {
        int64_t amount;
        enum err err;
    } list[] = {{FACT_AMOUNT_MAX, ERR_OK},   {-FACT_AMOUNT_MAX, ERR_OK},
                {HISTORY_NO_AMOUNT, ERR_OK}, {FACT_AMOUNT_MAX + 1, ERR_INVALID},
                {INT64_MAX, ERR_INVALID},    {INT64_MIN + 1, ERR_INVALID}};
    for (size_t i = 0; i < COUNT(list); i++) {
        struct trial *t = begin();
        t->fact.amount = list[i].amount;
        assert_int_equal(check(t), list[i].err);
        end(t);
    }
}

/* ---- texts ---- */

static void texts_are_brought_to_nfc(void **state)
{
    (void)state;
    struct trial *t = begin();
    add_text(t, "cafe\xCC\x81", "e\xCC\x81");
    t->fact.code[DIM_GROUP] = STR("e\xCC\x81");
    add_who(t, IDENTITY_NAME, "e\xCC\x81");
    assert_int_equal(check(t), ERR_OK);
    expect_str(t->props[0].name, "caf\xC3\xA9");
    expect_str(t->props[0].text, "\xC3\xA9");
    expect_str(t->fact.code[DIM_GROUP], "\xC3\xA9");
    expect_str(t->who[0].value, "\xC3\xA9");
    end(t);
}

static void bytes_that_are_no_text_are_refused(void **state)
{
    (void)state;
    static const struct str bad[] = {{"a\xFF", 2},        {"\xC0\x80", 2},
                                     {"\xED\xA0\x80", 3}, {"\xF4\x90\x80\x80", 4},
                                     {"a\0b", 3},         {"\xE4\xB8", 2}};
    for (size_t i = 0; i < COUNT(bad); i++) {
        for (int where = 0; where < 6; where++) {
            struct trial *t = begin();
            struct fact *f = &t->fact;
            if (where == 0) f->id = bad[i];
            if (where == 1) f->code[DIM_STAFF] = bad[i];
            if (where == 2) f->label = bad[i];
            if (where == 3) add_who(t, IDENTITY_NAME, "x");
            if (where == 3) t->who[0].value = bad[i];
            if (where == 4) add_text(t, "p", "x");
            if (where == 4) t->props[0].text = bad[i];
            if (where == 5) add_text(t, "p", "x");
            if (where == 5) t->props[0].name = bad[i];
            assert_int_equal(check(t), ERR_INVALID);
            end(t);
        }
    }
}

static void texts_over_their_limit_are_refused(void **state)
{
    (void)state;
    static const struct {
        int where;
        size_t limit;
    } list[] = {{0, LIMIT_MESSAGE_ID_BYTES}, {1, LIMIT_CODE_BYTES},
                {2, LIMIT_IDENTITY_BYTES},   {3, LIMIT_PROP_VALUE_BYTES},
                {4, LIMIT_PROP_NAME_BYTES},  {5, LIMIT_PROP_VALUE_BYTES}};
    static char text[4096];
    memset(text, 'x', sizeof(text));
    for (size_t i = 0; i < COUNT(list); i++) {
        for (size_t over = 0; over < 2; over++) {
            struct trial *t = begin();
            struct str s = {text, list[i].limit + over};
            if (list[i].where == 0) t->fact.id = s;
            if (list[i].where == 1) t->fact.code[DIM_CAMPAIGN] = s;
            if (list[i].where == 2) add_who(t, IDENTITY_USER, "x");
            if (list[i].where == 2) t->who[0].value = s;
            if (list[i].where == 3) add_text(t, "p", "");
            if (list[i].where == 3) t->props[0].text = s;
            if (list[i].where == 4) add_text(t, "p", "");
            if (list[i].where == 4) t->props[0].name = s;
            if (list[i].where == 5) {
                t->traits[0] = (struct fact_value){STR("t"), PROP_TEXT, 0, s};
                t->fact.trait_count = 1;
            }
            assert_int_equal(check(t), over ? ERR_TOO_LARGE : ERR_OK);
            end(t);
        }
    }
}

static void a_long_label_is_cut_between_characters(void **state)
{
    (void)state;
    static char text[900];
    for (size_t i = 0; i < sizeof(text); i += 3)
        memcpy(text + i, "京", 3);
    struct trial *t = begin();
    t->fact.label = (struct str){text, sizeof(text)};
    assert_int_equal(check(t), ERR_OK);
    assert_int_equal(t->fact.label.len, 255);
    end(t);
}

/* ---- properties ---- */

static void numbers_must_be_finite(void **state)
{
    (void)state;
    static const double bad[] = {INFINITY, -INFINITY, NAN};
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct trial *t = begin();
        t->props[0] = (struct fact_value){STR("n"), PROP_NUMBER, bad[i], {NULL, 0}};
        t->fact.prop_count = 1;
        assert_int_equal(check(t), ERR_INVALID);
        end(t);
    }
}

static void sixty_four_properties_are_the_most(void **state)
{
    (void)state;
    char names[LIMIT_PROPS_PER_EVENT + 1][16];
    for (int over = 0; over < 2; over++) {
        struct trial *t = begin();
        for (int i = 0; i < LIMIT_PROPS_PER_EVENT + over; i++) {
            snprintf(names[i], sizeof(names[i]), "p%d", i);
            add_text(t, names[i], "x");
        }
        assert_int_equal(check(t), over ? ERR_TOO_LARGE : ERR_OK);
        end(t);
    }
}

static void a_property_needs_a_name(void **state)
{
    (void)state;
    struct trial *t = begin();
    add_text(t, "", "x");
    assert_int_equal(check(t), ERR_INVALID);
    end(t);
}

static void personal_properties_become_traits(void **state)
{
    (void)state;
    static const char *const personal[][2] = {
        {"email", "email"},
        {"Email", "email"},
        {"phone", "phone"},
        {"phoneNumber", "phone"},
        {"name", "name"},
        {"firstName", "first_name"},
        {"last_name", "last_name"},
        {"address", "address"},
        {"ip", "ip"},
        {"$ip", "ip"},
        {"user_agent", "user_agent"},
        {"userAgent", "user_agent"},
        {"user-agent", "user_agent"},
    };
    for (size_t i = 0; i < COUNT(personal); i++) {
        struct trial *t = begin();
        t->fact.kind = STR("member.identified");
        add_text(t, "before", "1");
        add_text(t, personal[i][0], "secret");
        add_text(t, "after", "2");
        t->traits[0] = (struct fact_value){STR("city"), PROP_TEXT, 0, STR("上海")};
        t->fact.trait_count = 1;
        assert_int_equal(check(t), ERR_OK);
        assert_int_equal(t->fact.prop_count, 2);
        expect_str(t->fact.props[0].name, "before");
        expect_str(t->fact.props[1].name, "after");
        assert_int_equal(t->fact.trait_count, 2);
        expect_str(t->fact.traits[0].name, "city");
        expect_str(t->fact.traits[1].name, personal[i][1]);
        expect_str(t->fact.traits[1].text, "secret");
        end(t);
    }
    static const char *const others[] = {"username", "named", "product_name",
                                         "zip",      "ipa",   "emails"};
    for (size_t i = 0; i < COUNT(others); i++) {
        struct trial *t = begin();
        add_text(t, others[i], "x");
        assert_int_equal(check(t), ERR_OK);
        assert_int_equal(t->fact.prop_count, 1);
        end(t);
    }
}

static void a_products_name_is_not_its_buyers(void **state)
{
    (void)state;
    struct trial *t = begin();
    add_text(t, "name", "洗发水");
    add_text(t, "qty", "1");
    assert_int_equal(check(t), ERR_OK);
    assert_int_equal(t->fact.prop_count, 1);
    expect_str(t->fact.props[0].name, "qty");
    assert_int_equal(t->fact.trait_count, 0);
    assert_int_equal(t->junk, 1);
    end(t);
}

static void that_somebody_is_known_is_not_the_senders_to_say(void **state)
{
    (void)state;
    for (int identified = 0; identified <= 1; identified++) {
        struct trial *t = begin();
        if (identified) t->fact.kind = STR("member.identified");
        add_text(t, "before", "1");
        add_text(t, "known", "1");
        add_text(t, "after", "2");
        assert_int_equal(check(t), ERR_OK);
        assert_int_equal(t->fact.prop_count, 3 - identified);
        assert_int_equal(t->junk, identified);
        expect_str(t->fact.props[2 - identified].name, "after");
        end(t);
    }
}

static void personal_numbers_become_texts_so_that_they_are_sealed(void **state)
{
    (void)state;
    struct trial *t = begin();
    t->fact.kind = STR("member.identified");
    t->props[0] = (struct fact_value){STR("phone"), PROP_NUMBER, 13800138000.0, {NULL, 0}};
    t->fact.prop_count = 1;
    t->traits[0] = (struct fact_value){STR("Phone"), PROP_NUMBER, 13900139000.0, {NULL, 0}};
    t->fact.trait_count = 1;
    assert_int_equal(check(t), ERR_OK);
    assert_int_equal(t->fact.prop_count, 0);
    assert_int_equal(t->fact.trait_count, 2);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(t->fact.traits[i].type, PROP_TEXT);
        expect_str(t->fact.traits[i].name, "phone");
    }
    expect_str(t->fact.traits[0].text, "13900139000");
    expect_str(t->fact.traits[1].text, "13800138000");
    end(t);
}

/* ---- who may send what ---- */

static bool allowed(enum trust_level level, const char *kind)
{
    struct sender sender = {.level = level};
    struct why why = {0};
    enum err err = fact_kind_allowed(&sender, str_of(kind), &why);
    assert_true(err == ERR_OK || err == ERR_KIND_NOT_ALLOWED);
    return err == ERR_OK;
}

static void names_are_sound_that_nothing_is_said_of(void **state)
{
    (void)state;
    char long_name[LIMIT_PROP_NAME_BYTES + 2] = {0};
    memset(long_name, 'x', LIMIT_PROP_NAME_BYTES + 1);
    assert_true(fact_name_sound(STR("length")));
    assert_true(fact_name_sound(str_of(long_name + 1)));
    assert_false(fact_name_sound(str_of(long_name)));
    assert_false(fact_name_sound(STR("")));
    assert_false(fact_name_sound(STR("e-mail")));
    assert_false(fact_name_sound(STR("长")));
    assert_false(fact_name_sound(STR("a\tb")));
}

/* What is known of a fact spares looking again, and nothing else. */
static void a_fact_known_to_be_plain_has_the_same_limits(void **state)
{
    (void)state;
    char text[LIMIT_PROP_VALUE_BYTES + 2] = {0};
    memset(text, 'x', LIMIT_PROP_VALUE_BYTES + 1);
    for (int where = 0; where < 4; where++) {
        struct trial *t = begin();
        t->fact.plain = t->fact.valid = true;
        t->fact.sound_props = 1;
        add_text(t, "n", where == 0 ? text : "v");
        add_who(t, IDENTITY_USER, where == 1 ? text : " u ");
        if (where == 2) t->fact.code[DIM_STAFF] = str_of(text);
        assert_int_equal(check(t), where == 3 ? ERR_OK : ERR_TOO_LARGE);
        if (where == 3) expect_str(t->who[0].value, "u");
        end(t);
    }
}

static void personal_properties_are_taken_beside_sound_ones(void **state)
{
    (void)state;
    struct trial *t = begin();
    add_text(t, "a", "1");
    add_text(t, "email", "x@y.z");
    add_text(t, "b", "2");
    t->fact.sound_props = 1 | 4;
    assert_int_equal(check(t), ERR_OK);
    assert_int_equal(t->fact.prop_count, 2);
    expect_str(t->fact.props[1].name, "b");
    assert_int_equal(t->junk, 1);
    assert_int_equal(t->fact.sound_props, 0);
    end(t);
}

static void each_sender_may_send_its_families(void **state)
{
    (void)state;
    static const struct {
        const char *kind;
        bool public_key, secret_key, import;
    } list[] = {
        {"lesson.finished", true, true, true},
        {"page.viewed", true, true, true},
        {"touchpoint.clicked", true, true, true},
        {"content.viewed", true, true, true},
        {"checkin.done", true, true, true},
        {"member.identified", true, true, true},
        {"testimonial.submitted", false, false, true},
        {"testimonial.approved", false, false, true},
        {"order.paid", false, true, true},
        {"message.sent", false, true, true},
        {"group.joined", false, true, true},
        {"contact.deleted", false, true, true},
        {"message.answered", false, false, true},
        {"call.made", false, false, true},
        {"member.consented", false, true, true},
        {"member.created", false, false, false},
        {"member.merged", false, false, false},
        {"member.unmerged", false, false, false},
        {"member.erased", false, false, false},
        {"campaign.joined", false, false, false},
        {"voucher.redeemed", false, true, true},
        {"touch.sent", false, false, false},
        {"playbook.entered", false, false, false},
        {"conversation.opened", false, false, false},
        {"lifecycle.changed", false, false, false},
        {"segment.entered", false, false, false},
    };
    for (size_t i = 0; i < COUNT(list); i++) {
        bool right = allowed(SENDER_PUBLIC, list[i].kind) == list[i].public_key &&
                     allowed(SENDER_SECRET, list[i].kind) == list[i].secret_key &&
                     allowed(SENDER_IMPORT, list[i].kind) == list[i].import &&
                     allowed(SENDER_ROOM, list[i].kind);
        if (!right) fail_msg("%s", list[i].kind);
    }
}

/* Of a voucher somebody's, told from others by a text; a kind of the brand's own may be anything.
 */
static void a_voucher_is_somebodys_and_has_a_text(void **state)
{
    const struct {
        const char *kind;
        bool member;
        enum prop_type type; /* of props.voucher */
        const char *text;    /* NULL = it is not given */
        enum msg msg;        /* MSG_NONE = it is sound */
        const char *field;
    } list[] = {
        {"voucher.issued", true, PROP_TEXT, "V1", MSG_NONE, ""},
        {"voucher.voided", true, PROP_TEXT, NULL, MSG_NONE, ""},
        {"voucher.redeemed", false, PROP_TEXT, "V1", MSG_MISSING, "member"},
        {"voucher.expired", true, PROP_NUMBER, "", MSG_WRONG_TYPE, "props.voucher"},
        {"voucher.issued", true, PROP_TEXT, " ", MSG_MISSING, "props.voucher"},
        {"voucher.printed", false, PROP_NUMBER, "", MSG_NONE, ""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(list); i++) {
        struct arena *arena = arena_create(0);
        struct identity who = {IDENTITY_USER, STR("ann")};
        struct fact_value prop = {STR("voucher"), list[i].type, 100, str_of(list[i].text)};
        struct fact f = {.kind = str_of(list[i].kind),
                         .who = &who,
                         .who_count = list[i].member,
                         .amount = HISTORY_NO_AMOUNT,
                         .props = &prop,
                         .prop_count = list[i].text != NULL};
        struct why why = {0};
        uint32_t junk;
        enum err err = fact_check(&f, 0, arena, &junk, &why);
        bool sound = list[i].msg == MSG_NONE;
        if ((err == ERR_OK) != sound || (!sound && (why.msg != list[i].msg)))
            fail_msg("%s: %d", list[i].kind, (int)why.msg);
        if (!sound) assert_string_equal(why.field, list[i].field);
        arena_destroy(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_lie_between_1970_and_tomorrow),
        cmocka_unit_test(kinds_follow_their_grammar),
        cmocka_unit_test(a_voucher_is_somebodys_and_has_a_text),
        cmocka_unit_test(amounts_have_a_bound),
        cmocka_unit_test(texts_are_brought_to_nfc),
        cmocka_unit_test(bytes_that_are_no_text_are_refused),
        cmocka_unit_test(texts_over_their_limit_are_refused),
        cmocka_unit_test(a_long_label_is_cut_between_characters),
        cmocka_unit_test(numbers_must_be_finite),
        cmocka_unit_test(sixty_four_properties_are_the_most),
        cmocka_unit_test(a_property_needs_a_name),
        cmocka_unit_test(personal_properties_become_traits),
        cmocka_unit_test(a_products_name_is_not_its_buyers),
        cmocka_unit_test(that_somebody_is_known_is_not_the_senders_to_say),
        cmocka_unit_test(personal_numbers_become_texts_so_that_they_are_sealed),
        cmocka_unit_test(names_are_sound_that_nothing_is_said_of),
        cmocka_unit_test(a_fact_known_to_be_plain_has_the_same_limits),
        cmocka_unit_test(personal_properties_are_taken_beside_sound_ones),
        cmocka_unit_test(each_sender_may_send_its_families),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
