/* staff_test.c - names are unique however they are written, and roles end where they should. */
#include "account_place.h"

#include "base/time.h"

static enum err add(struct world *w, const char *name, const char *brand, enum role role,
                    struct why *why)
{
    uint32_t number;
    const struct staff_new new = {
        .name = str_of(name), .brand = brand, .role = role, .password = ""};
    *why = (struct why){0};
    return staff_add(accounts_staff(w->accounts), NULL, &new, &number, why);
}

static void a_name_is_one_person_however_it_is_written(void **state)
{
    struct world *w = *state;
    struct staff *s = accounts_staff(w->accounts);
    struct why why;
    struct person p;
    assert_int_equal(add(w, "  J\xc3\xbcrgen ", "shop", ROLE_ANALYST, &why), ERR_OK);
    static const char *const same[] = {"J\xc3\xbcrgen", "j\xc3\xbcrgen", "JU\xcc\x88RGEN",
                                       "\xef\xbc\xaa\xc3\xbcrgen", "J\xc3\xbcr\xe2\x80\x8bgen"};
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        assert_int_equal(add(w, same[i], "shop", ROLE_OWNER, &why), ERR_CONFLICT);
        assert_string_equal(why.field, "name");
        assert_true(staff_find(s, str_of(same[i]), &p));
        assert_string_equal(p.name, "J\xc3\xbcrgen");
    }
    assert_false(staff_find(s, STR("Jurgen"), &p));
    assert_int_equal(add(w, "Jurgen", "shop", ROLE_OWNER, &why), ERR_OK);
}

static void names_are_2_to_64_characters(void **state)
{
    struct world *w = *state;
    struct why why;
    char name[4 * 70] = "";
    static const char *const bad[] = {"",        " ",      "a",        "\xe4\xba\x95",
                                      "a\nb",    "ab\x7f", "\xff\xfe", "\xe2\x80\x8b\xe2\x80\x8b",
                                      "a\x1b[0m"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(add(w, bad[i], "shop", ROLE_OWNER, &why), ERR_INVALID);
        assert_string_equal(why.field, "name");
    }
    for (int i = 0; i < 64; i++)
        strcat(name, "\xf0\x9d\x84\x9e");
    assert_int_equal(add(w, name, "shop", ROLE_OWNER, &why), ERR_OK);
    strcat(name, "x");
    assert_int_equal(add(w, name, "shop", ROLE_OWNER, &why), ERR_INVALID);
    assert_int_equal(add(w, "\xe4\xba\x95\xe7\x94\xb0", "shop", ROLE_OWNER, &why), ERR_OK);
}

static void people_and_roles_are_there_after_reopening(void **state)
{
    struct world *w = *state;
    struct why why = {0};
    uint32_t lily = world_person(w, "lily", STAFF_EVERYWHERE, ROLE_OWNER);
    uint32_t rose = world_person(w, "rose", "shop", ROLE_ANALYST);
    assert_int_equal(
        staff_set_role(accounts_staff(w->accounts), NULL, rose, "other", ROLE_PARTNER, &why),
        ERR_OK);
    assert_int_equal(staff_set_me(accounts_staff(w->accounts), rose, "Rose W.", LANG_EN, &why),
                     ERR_OK);
    for (int round = 0; round < 2; round++) {
        struct staff *s = accounts_staff(w->accounts);
        struct person p;
        enum role role;
        bool everywhere;
        assert_int_equal(staff_count(s), 2);
        assert_true(staff_role(s, lily, "any", &role, &everywhere) && everywhere);
        assert_int_equal(role, ROLE_OWNER);
        assert_true(staff_role(s, rose, "shop", &role, &everywhere) && !everywhere);
        assert_int_equal(role, ROLE_ANALYST);
        assert_int_equal(staff_scopes(s, rose, "other"), SCOPE_OVERVIEW_READ);
        assert_int_equal(staff_scopes(s, rose, NULL), role_scopes(ROLE_ANALYST));
        assert_int_equal(staff_scopes(s, rose, "third"), 0);
        assert_true(staff_get(s, rose, &p));
        assert_string_equal(p.display, "Rose W.");
        assert_int_equal(p.lang, LANG_EN);
        assert_int_equal(p.state, STAFF_ACTIVE);
        assert_false(staff_get(s, 3, &p));
        assert_false(staff_get(s, 0, &p));
        world_reopen(w);
    }
}

static void nothing_crosses_between_brands(void **state)
{
    struct world *w = *state;
    struct staff *s = accounts_staff(w->accounts);
    struct principal who;
    uint32_t *list;
    world_person(w, "lily", "shop", ROLE_OWNER);
    uint32_t rose = world_person(w, "rose", "other", ROLE_OWNER);
    assert_false(staff_principal(s, rose, "shop", &who));
    assert_true(staff_principal(s, rose, "other", &who));
    assert_int_equal(who.kind, PRINCIPAL_PERSON);
    assert_int_equal(who.scopes, SCOPES_ALL);
    assert_string_equal(who.name, "rose");
    assert_int_equal(staff_of_brand(s, "shop", w->arena, &list), 1);
    assert_int_equal(staff_of_brand(s, "other", w->arena, &list), 1);
    assert_int_equal(list[0], rose);
    assert_int_equal(staff_of_brand(s, NULL, w->arena, &list), 2);
}

static void a_brand_keeps_an_owner(void **state)
{
    struct world *w = *state;
    struct staff *s = accounts_staff(w->accounts);
    struct why why = {0};
    uint32_t lily = world_person(w, "lily", "shop", ROLE_OWNER);
    uint32_t rose = world_person(w, "rose", "shop", ROLE_ANALYST);
    assert_int_equal(staff_set_role(s, NULL, lily, "shop", ROLE_ANALYST, &why), ERR_CONFLICT);
    assert_int_equal(why.msg, MSG_LAST_OWNER);
    assert_int_equal(staff_take_role(s, NULL, lily, "shop", &why), ERR_CONFLICT);
    assert_int_equal(staff_set_disabled(s, NULL, lily, true, &why), ERR_CONFLICT);
    assert_int_equal(staff_set_role(s, NULL, rose, "shop", ROLE_OWNER, &why), ERR_OK);
    assert_int_equal(staff_set_disabled(s, NULL, rose, true, &why), ERR_OK);
    assert_int_equal(staff_take_role(s, NULL, lily, "shop", &why), ERR_CONFLICT);
    assert_int_equal(staff_set_disabled(s, NULL, rose, false, &why), ERR_OK);
    assert_int_equal(staff_take_role(s, NULL, lily, "shop", &why), ERR_OK);
    assert_false(staff_has_role(s, lily));
    assert_int_equal(staff_take_role(s, NULL, lily, "shop", &why), ERR_NOT_FOUND);
    assert_int_equal(staff_take_role(s, NULL, 99, "shop", &why), ERR_NOT_FOUND);
}

static void a_role_in_every_brand_is_not_changed_in_one(void **state)
{
    struct world *w = *state;
    struct staff *s = accounts_staff(w->accounts);
    struct why why = {0};
    uint32_t lily = world_person(w, "lily", STAFF_EVERYWHERE, ROLE_OWNER);
    uint32_t rose = world_person(w, "rose", "shop", ROLE_OWNER);
    assert_int_equal(staff_set_role(s, NULL, lily, "shop", ROLE_CLERK, &why), ERR_CONFLICT);
    assert_int_equal(why.msg, MSG_STAFF_EVERYWHERE);
    assert_int_equal(staff_take_role(s, NULL, lily, "shop", &why), ERR_CONFLICT);
    assert_int_equal(staff_take_role(s, NULL, rose, "shop", &why), ERR_OK);
    assert_int_equal(staff_take_role(s, NULL, lily, STAFF_EVERYWHERE, &why), ERR_CONFLICT);
    assert_int_equal(why.msg, MSG_LAST_OWNER);
}

static void a_disabled_person_may_nothing(void **state)
{
    struct world *w = *state;
    struct staff *s = accounts_staff(w->accounts);
    struct why why = {0};
    struct principal who;
    world_person(w, "lily", "shop", ROLE_OWNER);
    uint32_t rose = world_person(w, "rose", "shop", ROLE_OWNER);
    assert_int_equal(staff_set_disabled(s, NULL, rose, true, &why), ERR_OK);
    for (int round = 0; round < 2; round++) {
        s = accounts_staff(w->accounts);
        assert_int_equal(staff_scopes(s, rose, "shop"), 0);
        assert_false(staff_principal(s, rose, "shop", &who));
        world_reopen(w);
    }
}

static void every_change_is_in_the_audit_log_or_not_done(void **state)
{
    struct world *w = *state;
    struct staff *s = accounts_staff(w->accounts);
    struct why why = {0};
    uint32_t lily = world_person(w, "lily", "shop", ROLE_OWNER);
    uint32_t rose = world_person(w, "rose", "shop", ROLE_ANALYST);
    assert_int_equal(staff_set_role(s, NULL, rose, "shop", ROLE_OWNER, &why), ERR_OK);
    assert_int_equal(staff_take_role(s, NULL, lily, "shop", &why), ERR_OK);
    assert_int_equal(staff_take_role(s, NULL, rose, "shop", &why), ERR_CONFLICT);
    assert_int_equal(staff_set_password(s, NULL, rose, "$other", &why), ERR_OK);
    assert_int_equal(world_rows(w, "SELECT COUNT(*) FROM audit"), 5);
    struct audit_row *rows;
    size_t count;
    const struct audit_filter filter = {.action = STR("staff.role_set"), .limit = 5};
    assert_int_equal(audit_read(w->place.data, &filter, w->arena, &rows, &count, &why), ERR_OK);
    assert_int_equal(count, 1);
    assert_true(str_is(rows[0].before, "{\"role\":\"analyst\"}"));
    assert_true(str_is(rows[0].after, "{\"role\":\"owner\"}"));
    assert_true(str_is(rows[0].who, "command"));
}

static void the_first_person_is_first(void **state)
{
    struct world *w = *state;
    struct why why = {0};
    uint32_t number;
    const struct staff_new first = {
        .name = STR("lily"), .brand = STAFF_EVERYWHERE, .role = ROLE_OWNER, .password = "$x"};
    assert_int_equal(staff_add_first(accounts_staff(w->accounts), &first, &number, &why), ERR_OK);
    const struct staff_new second = {
        .name = STR("rose"), .brand = STAFF_EVERYWHERE, .role = ROLE_OWNER, .password = "$x"};
    assert_int_equal(staff_add_first(accounts_staff(w->accounts), &second, &number, &why),
                     ERR_CONFLICT);
    assert_int_equal(staff_count(accounts_staff(w->accounts)), 1);
}

static void when_somebody_was_seen_is_written_by_a_flush(void **state)
{
    struct world *w = *state;
    struct why why = {0};
    struct person p;
    uint32_t lily = world_person(w, "lily", "shop", ROLE_OWNER);
    staff_seen(accounts_staff(w->accounts), lily, PLACE_NOW + 5);
    assert_int_equal(world_rows(w, "SELECT seen_at FROM staff"), 0);
    assert_int_equal(accounts_flush(w->accounts, &why), ERR_OK);
    assert_int_equal(world_rows(w, "SELECT seen_at FROM staff"), PLACE_NOW + 5);
    staff_seen(accounts_staff(w->accounts), lily, PLACE_NOW + 6); /* within the minute */
    assert_true(staff_get(accounts_staff(w->accounts), lily, &p));
    assert_int_equal(p.seen_at, PLACE_NOW + 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_name_is_one_person_however_it_is_written),
        TEST(names_are_2_to_64_characters),
        TEST(people_and_roles_are_there_after_reopening),
        TEST(nothing_crosses_between_brands),
        TEST(a_brand_keeps_an_owner),
        TEST(a_role_in_every_brand_is_not_changed_in_one),
        TEST(a_disabled_person_may_nothing),
        TEST(every_change_is_in_the_audit_log_or_not_done),
        TEST(the_first_person_is_first),
        TEST(when_somebody_was_seen_is_written_by_a_flush),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
