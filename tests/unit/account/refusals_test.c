/* refusals_test.c - wrong passwords are told of, and a flood of them does not fill the log. */
#include "account_place.h"

#include "account/refusals.h"
#include "base/time.h"

static struct audit_row *rows(struct world *w, size_t *count)
{
    struct audit_row *list;
    struct why why = {0};
    const struct audit_filter all = {.action = STR("session."), .limit = 100};
    place_must(audit_read(w->place.data, &all, w->arena, &list, count, &why), &why, "audit_read");
    return list;
}

static void a_flood_is_counted_rather_than_written(void **state)
{
    struct world *w = *state;
    size_t count;
    struct refusals *r = refusals_create(w->place.data);
    for (int i = 0; i < LIMIT_REFUSALS + 5; i++)
        refusals_tell(r, NULL, 0, STR("192.0.2.7"));
    (void)rows(w, &count);
    assert_int_equal(count, LIMIT_REFUSALS);
    w->place.env.now_ms += TIME_MINUTE;
    refusals_tell(r, NULL, 3, STR("192.0.2.7"));
    struct audit_row *list = rows(w, &count);
    assert_int_equal(count, LIMIT_REFUSALS + 1);
    assert_true(str_is(list[0].after, "{\"address\":\"192.0.2.7\",\"left_out\":5}"));
    assert_true(str_is(list[0].subject, "staff:3") && str_is(list[1].subject, ""));
    assert_true(str_is(list[0].who, "nobody") && str_is(list[0].action, "session.refused"));
    refusals_tell(r, NULL, 0, STR("192.0.2.7"));
    assert_true(str_is(rows(w, &count)[0].after, "{\"address\":\"192.0.2.7\"}"));
    refusals_destroy(r);
}

static void a_wrong_password_is_told_of_and_the_name_is_not(void **state)
{
    struct world *w = *state;
    size_t count;
    struct account_session s;
    struct why why;
    uint32_t lily = world_person(w, "lily", "shop", ROLE_OWNER);
    char subject[32];
    snprintf(subject, sizeof(subject), "staff:%u", lily);
    assert_int_equal(account_sign_in(w->accounts, STR("lily"), STR("wrong"), &caller, &s, &why),
                     ERR_UNAUTHORIZED);
    assert_int_equal(
        account_sign_in(w->accounts, STR("my-secret-77"), STR("lily"), &caller, &s, &why),
        ERR_UNAUTHORIZED);
    struct audit_row *list = rows(w, &count);
    assert_int_equal(count, 2);
    assert_true(str_is(list[1].subject, subject) && str_is(list[0].subject, ""));
    for (size_t i = 0; i < count; i++)
        assert_int_equal(str_find(list[i].after, STR("secret")), SIZE_MAX);
}

int main(void)
{
    env_system();
    const struct CMUnitTest tests[] = {
        TEST(a_flood_is_counted_rather_than_written),
        TEST(a_wrong_password_is_told_of_and_the_name_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
