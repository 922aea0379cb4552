/* caps_test.c - the text that sets how many identities of a kind a member may have. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "people/fact.h"

static struct identity_caps caps_of(const char *text)
{
    struct identity_caps caps;
    if (!identity_caps_parse(str_of(text), &caps)) fail_msg("refused: %s", text);
    return caps;
}

static void nothing_said_is_one_user_and_five_of_others(void **state)
{
    (void)state;
    struct identity_caps caps = caps_of("");
    for (int k = 0; k < IDENTITY_KIND_COUNT; k++)
        assert_int_equal(caps.of[k], k == IDENTITY_USER ? 1 : 5);
}

static void what_is_named_is_set_and_others_are_the_rest(void **state)
{
    (void)state;
    struct identity_caps caps = caps_of("phone=2,others=100");
    assert_int_equal(caps.of[IDENTITY_PHONE], 2);
    assert_int_equal(caps.of[IDENTITY_USER], 1);
    assert_int_equal(caps.of[IDENTITY_ANON], 100);
    assert_int_equal(caps_of("others=9,user=3").of[IDENTITY_USER], 3);
}

static void what_is_no_cap_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"user",
                                      "user=",
                                      "=1",
                                      "user=0",
                                      "user=101",
                                      "user=-1",
                                      "user=1x",
                                      "users=1",
                                      "user=1,user=1",
                                      "user=1,",
                                      ",user=1",
                                      "user=1,,phone=2",
                                      ",",
                                      "user=1 ,phone=2",
                                      "others=2,others=2",
                                      "user=4294967297",
                                      "user=99999999999999999999"};
    struct identity_caps caps;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (identity_caps_parse(str_of(bad[i]), &caps)) fail_msg("taken: %s", bad[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_said_is_one_user_and_five_of_others),
        cmocka_unit_test(what_is_named_is_set_and_others_are_the_rest),
        cmocka_unit_test(what_is_no_cap_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
