/* who_test.c - fields of a member that its history answers beside the fold. */
#include "town_test.h"

static uint32_t code_of(const char *code)
{
    return town_code(&town, DIM_GROUP, str_of(code));
}

static void come_by(uint32_t member, const char *at, const char *touchpoint)
{
    town_add(&town, member, at, "page.viewed")->dim[DIM_TOUCHPOINT] = code_of(touchpoint);
}

static void meet(uint32_t member, const char *at, const char *kind, const char *staff)
{
    town_add(&town, member, at, kind)->dim[DIM_STAFF] = code_of(staff);
}

static void expect_members(const char *expr, int64_t want)
{
    char query[256];
    snprintf(query, sizeof(query), "{\"segment\":{\"expr\":\"%s\"}}", expr);
    assert_int_equal(town_ask(&town, query), ERR_OK);
    if (town_get(&town, "members")->integer != want) fail_msg("%s: %s", expr, town.reply.p);
}

static void a_member_is_found_by_number(void **state)
{
    (void)state;
    for (uint32_t m = 1; m <= 12; m++)
        town_add(&town, m, "2025-02-01", "page.viewed");
    expect_members("id = \\\"m2\\\"", 1);
    expect_members("id != \\\"m2\\\"", 11);
    expect_members("id > \\\"m2\\\"", 10);
    expect_members("id in (\\\"m2\\\", \\\"m12\\\", \\\"m13\\\")", 2);
    expect_members("id is null", 0);
}

static void the_first_touchpoint_and_any_are_told_apart(void **state)
{
    (void)state;
    town_add(&town, 1, "2025-01-01", "page.viewed");
    come_by(1, "2025-01-02", "g1");
    come_by(1, "2025-01-03", "g2");
    come_by(2, "2025-01-02", "g2");
    come_by(3, "2025-03-02", "g1"); /* is still to come */
    town_add(&town, 3, "2025-01-01", "page.viewed");
    expect_members("touchpoint = \\\"g1\\\"", 1);
    expect_members("touchpoint in (\\\"g1\\\", \\\"g2\\\")", 2);
    expect_members("touchpoint is null", 1);
    expect_members("touchpoint(\\\"g2\\\")", 2);
    expect_members("touchpoint(\\\"g1\\\")", 1);
    expect_members("not touchpoint(\\\"g1\\\")", 2);
    town_add(&town, 2, "2025-01-05", "message.sent"); /* which alone is read for the call */
    expect_members("did(\\\"message.sent\\\") and touchpoint(\\\"g2\\\")", 1);
    expect_members("did(\\\"message.sent\\\", within 60d) and not touchpoint(\\\"g2\\\")", 0);
    expect_members("did(\\\"message.sent\\\") and touchpoint = \\\"g2\\\"", 1);
}

static void staff_is_who_has_the_member_on_a_list(void **state)
{
    (void)state;
    meet(1, "2025-01-02", "contact.added", "s1");
    meet(2, "2025-01-02", "contact.added", "s1");
    meet(2, "2025-01-03", "contact.deleted", "s1");
    meet(3, "2025-01-02", "contact.added", "g1");
    meet(3, "2025-01-03", "own.kind", "s1");
    meet(4, "2025-01-02", "contact.added", "s1");
    meet(4, "2025-01-03", "contact.deleted", "g1");
    expect_members("staff(\\\"s1\\\")", 2);
    expect_members("staff(\\\"g1\\\")", 1);
    expect_members("staff(\\\"s1\\\") and contacts = 1", 2);
    expect_members("not staff(\\\"s1\\\")", 2);
    meet(4, "2025-03-02", "contact.deleted", "s1"); /* is still to come */
    town_add(&town, 1, "2025-01-05", "message.sent");
    expect_members("staff(\\\"s1\\\")", 2);
    expect_members("did(\\\"message.sent\\\") and staff(\\\"s1\\\")", 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_member_is_found_by_number, setup, teardown),
        cmocka_unit_test_setup_teardown(the_first_touchpoint_and_any_are_told_apart, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(staff_is_who_has_the_member_on_a_list, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
