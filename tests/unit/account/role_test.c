/* role_test.c - roles are what the table says, and sets of scopes survive as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "account/role.h"

static uint64_t scopes_of(const char *name)
{
    enum role role;
    assert_true(role_parse(str_of(name), &role));
    assert_string_equal(role_name(role), name);
    return role_scopes(role);
}

static void only_owners_and_operators_export(void **state)
{
    (void)state;
    static const char *const names[] = {"owner", "operator", "growth", "advisor",
                                        "clerk", "analyst",  "partner"};
    assert_int_equal(sizeof(names) / sizeof(names[0]), STAFF_ROLES);
    for (size_t i = 0; i < STAFF_ROLES; i++) {
        bool exports = scopes_of(names[i]) & SCOPE_MEMBERS_EXPORT;
        assert_int_equal(exports, i < 2);
        bool rules = scopes_of(names[i]) & (SCOPE_STAFF_MANAGE | SCOPE_KEYS_MANAGE |
                                            SCOPE_SETTINGS_WRITE | SCOPE_AUDIT_READ);
        assert_int_equal(rules, i == 0);
    }
}

static void each_role_has_its_scopes(void **state)
{
    (void)state;
    assert_int_equal(scopes_of("owner"), SCOPES_ALL);
    assert_int_equal(scopes_of("clerk"), 0);
    assert_int_equal(scopes_of("partner"), SCOPE_OVERVIEW_READ);
    assert_int_equal(scopes_of("analyst"), SCOPE_OVERVIEW_READ | SCOPE_MEMBERS_READ |
                                               SCOPE_INSIGHT_READ | SCOPE_BOARDS_WRITE);
    assert_int_equal(scopes_of("growth"),
                     scopes_of("analyst") | SCOPE_MEMBERS_WRITE | SCOPE_SETTINGS_READ);
    assert_int_equal(scopes_of("advisor"), SCOPE_OVERVIEW_READ | SCOPE_MEMBERS_READ |
                                               SCOPE_MEMBERS_WRITE | SCOPE_MEMBERS_REVEAL);
    assert_int_equal(scopes_of("operator"), scopes_of("growth") | SCOPE_MEMBERS_REVEAL |
                                                SCOPE_MEMBERS_ASSIGN | SCOPE_MEMBERS_EXPORT |
                                                SCOPE_MEMBERS_MERGE | SCOPE_IMPORTS_WRITE |
                                                SCOPE_GROUPS_WRITE);
    enum role role;
    assert_false(role_parse(STR("Owner"), &role));
    assert_false(role_parse(STR(""), &role));
}

static void sets_are_read_back_as_they_were_printed(void **state)
{
    (void)state;
    char text[SCOPE_SET_TEXT];
    for (uint64_t set = 0; set <= SCOPES_ALL; set++) {
        scope_set_print(set, text);
        assert_int_equal(scope_set_parse(str_of(text)), set);
    }
    scope_set_print(SCOPE_MEMBERS_READ | SCOPE_AUDIT_READ, text);
    assert_string_equal(text, "members.read audit.read");
    assert_int_equal(scope_set_parse(STR("audit.read  nonsense overview.read ")),
                     SCOPE_AUDIT_READ | SCOPE_OVERVIEW_READ);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_owners_and_operators_export),
        cmocka_unit_test(each_role_has_its_scopes),
        cmocka_unit_test(sets_are_read_back_as_they_were_printed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
