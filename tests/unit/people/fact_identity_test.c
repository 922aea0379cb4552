/* fact_identity_test.c - identities as they are kept: in one form, and only a person's own. */
#include "fact_trial.h"

#include <stdio.h>

/* The normal form of one identity; NULL when it is left out. */
static const char *normal(enum identity_kind kind, const char *value)
{
    static char out[600];
    struct trial *t = begin();
    add_who(t, kind, value);
    if (check(t) != ERR_OK) fail_msg("%s is refused", value);
    bool kept = t->fact.who_count == 1;
    assert_int_equal(t->junk, !kept);
    if (kept) snprintf(out, sizeof(out), STR_FMT, STR_ARG(t->who[0].value));
    end(t);
    return kept ? out : NULL;
}

static void expect_normal(enum identity_kind kind, const char *value, const char *want)
{
    const char *got = normal(kind, value);
    if (!want && got) fail_msg("\"%s\" became \"%s\" instead of being left out", value, got);
    if (want && !got) fail_msg("\"%s\" was left out", value);
    if (want) assert_string_equal(got, want);
}

/* ---- phones ---- */

static void phones_of_the_mainland_become_e164(void **state)
{
    (void)state;
    static const char *const same[] = {
        "13800138000",
        "+8613800138000",
        "+86 138 0013 8000",
        "008613800138000",
        "8613800138000",
        "138-0013-8000",
        "１３８００１３８０００",
        "\t13800138000",
        "'13800138000",
        "13800138000.0",
        " 138 0013 8000 ",
        "＋8613800138000",
        "(+86)138-0013-8000",
        "+86-13800138000",
        "138\xC2\xA0"
        "0013\xE3\x80\x80"
        "8000",
        "\xE2\x80\xAD"
        "13800138000"
        "\xE2\x80\xAC",
    };
    for (size_t i = 0; i < COUNT(same); i++)
        expect_normal(IDENTITY_PHONE, same[i], "+8613800138000");
}

static void phones_that_are_nobodys_own_are_left_out(void **state)
{
    (void)state;
    static const char *const junk[] = {
        "138****8000",
        "13800138000-1234",
        "13800138000转1234",
        "400-820-8820",
        "010-12345678",
        "12345",
        "1380013800",
        "138001380001",
        "95588",
        "12800138000",
        "+86 010 12345678",
        "unknown",
        "13800138000x12",
        "0",
        "00000000000",
        "+0123456789",
        "+1234567",
        "+1234567890123456",
        "手机",
        "-",
    };
    for (size_t i = 0; i < COUNT(junk); i++)
        expect_normal(IDENTITY_PHONE, junk[i], NULL);
}

static void phones_from_abroad_need_their_plus(void **state)
{
    (void)state;
    expect_normal(IDENTITY_PHONE, "+1 (415) 555-0100", "+14155550100");
    expect_normal(IDENTITY_PHONE, "+44 20 7946 0958", "+442079460958");
    expect_normal(IDENTITY_PHONE, "14155550100", "+8614155550100"); /* 141… is a mobile number */
    expect_normal(IDENTITY_PHONE, "442079460958", NULL);
}

static void a_phone_damaged_by_a_spreadsheet_refuses_the_fact(void **state)
{
    (void)state;
    struct trial *t = begin();
    add_who(t, IDENTITY_PHONE, "1.38E+10");
    assert_int_equal(check(t), ERR_INVALID);
    assert_int_equal(t->why.msg, MSG_DAMAGED_BY_EXCEL);
    assert_string_equal(t->why.field, "identities.phone");
    end(t);
}

/* ---- e-mail ---- */

static void the_domain_of_an_email_is_in_small_letters(void **state)
{
    (void)state;
    expect_normal(IDENTITY_EMAIL, "  Wang.Fang@Example.COM ", "Wang.Fang@example.com");
    expect_normal(IDENTITY_EMAIL, "a@b.cn", "a@b.cn");
    static const char *const junk[] = {"a",        "@b.cn", "a@",      "a@b",
                                       "a b@c.cn", "a@.cn", "a@b.cn.", "a@b,c.cn"};
    for (size_t i = 0; i < COUNT(junk); i++)
        expect_normal(IDENTITY_EMAIL, junk[i], NULL);
}

/* ---- junk ---- */

static void values_that_anyone_could_share_are_left_out(void **state)
{
    (void)state;
    static const char *const junk[] = {
        "",
        "   ",
        "null",
        "NULL",
        "undefined",
        "nil",
        "none",
        "None",
        "n/a",
        "N/A",
        "-1",
        "0",
        "000000",
        "0-0-0",
        "-",
        "anonymous",
        "Guest",
        "true",
        "False",
        "NaN",
        "[object Object]",
        "id",
        "email",
        "distinct_id",
        "not_authenticated",
        "00000000-0000-0000-0000-000000000000",
    };
    static const enum identity_kind kinds[] = {IDENTITY_USER, IDENTITY_ANON, IDENTITY_DEVICE};
    for (size_t i = 0; i < COUNT(junk); i++) {
        for (size_t k = 0; k < COUNT(kinds); k++)
            expect_normal(kinds[k], junk[i], NULL);
    }
    static const char *const fine[] = {"u1", "01", "nullable", "guests", "10000", "-11", "é"};
    for (size_t i = 0; i < COUNT(fine); i++)
        expect_normal(IDENTITY_USER, fine[i], fine[i]);
}

static void a_fact_may_lose_all_its_identities(void **state)
{
    (void)state;
    struct trial *t = begin();
    add_who(t, IDENTITY_USER, "null");
    add_who(t, IDENTITY_USER, "u7");
    add_who(t, IDENTITY_PHONE, "138****8000");
    assert_int_equal(check(t), ERR_OK);
    assert_int_equal(t->junk, 2);
    assert_int_equal(t->fact.who_count, 1);
    expect_str(t->who[0].value, "u7");
    end(t);
}

static void an_alias_that_lost_a_side_is_none(void **state)
{
    (void)state;
    struct trial *t = begin();
    add_who(t, IDENTITY_USER, "u7");
    add_who(t, IDENTITY_ANON, "null");
    t->fact.alias = true;
    assert_int_equal(check(t), ERR_OK);
    assert_false(t->fact.alias);
    end(t);
}

static void too_many_identities_are_refused(void **state)
{
    (void)state;
    struct trial *t = begin();
    for (int i = 0; i <= LIMIT_IDENTITIES_PER_EVENT; i++)
        add_who(t, IDENTITY_USER, "u");
    assert_int_equal(check(t), ERR_TOO_LARGE);
    end(t);
}

static void identity_kinds_have_names_both_ways(void **state)
{
    (void)state;
    for (int k = 0; k < IDENTITY_KIND_COUNT; k++) {
        enum identity_kind back;
        const char *name = identity_kind_name((enum identity_kind)k);
        assert_true(identity_kind_parse(str_of(name), &back));
        assert_int_equal(back, k);
    }
    enum identity_kind none;
    assert_false(identity_kind_parse(STR("User"), &none));
    assert_false(identity_kind_parse(STR(""), &none));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(phones_of_the_mainland_become_e164),
        cmocka_unit_test(phones_that_are_nobodys_own_are_left_out),
        cmocka_unit_test(phones_from_abroad_need_their_plus),
        cmocka_unit_test(a_phone_damaged_by_a_spreadsheet_refuses_the_fact),
        cmocka_unit_test(the_domain_of_an_email_is_in_small_letters),
        cmocka_unit_test(values_that_anyone_could_share_are_left_out),
        cmocka_unit_test(a_fact_may_lose_all_its_identities),
        cmocka_unit_test(an_alias_that_lost_a_side_is_none),
        cmocka_unit_test(too_many_identities_are_refused),
        cmocka_unit_test(identity_kinds_have_names_both_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
