/* signin_test.c - the ways in, and that none says why it is shut. */
#include "account_place.h"

#include <pthread.h>

#include "base/time.h"

#define OTHER_PASSWORD "copper-lantern-18-oak"

static enum err setup_with(struct world *w, struct str code, const char *name, const char *password,
                           struct account_session *out, struct why *why)
{
    const struct account_setup s = {
        .code = code, .name = str_of(name), .password = str_of(password), .lang = LANG_ZH};
    *why = (struct why){0};
    return account_setup(w->accounts, &s, &caller, out, why);
}

static uint32_t setup_lily(struct world *w, struct account_session *out)
{
    char code[TOKEN_CHARS + 1];
    struct why why = {0};
    place_must(account_setup_code(w->accounts, code, &why), &why, "account_setup_code");
    place_must(setup_with(w, str_of(code), "Lily", GOOD_PASSWORD, out, &why), &why, "setup");
    return out->person;
}

static enum err sign_in(struct world *w, const char *name, const char *password,
                        struct account_session *out, struct why *why)
{
    *why = (struct why){0};
    return account_sign_in(w->accounts, str_of(name), str_of(password), &caller, out, why);
}

static bool is_signed_in(struct world *w, const struct account_session *s, const char *brand)
{
    struct principal who;
    return account_principal(w->accounts, str_of(s->token), brand, &who, NULL);
}

static void the_code_makes_the_first_person_once(void **state)
{
    struct world *w = *state;
    struct account_session s;
    struct why why;
    char old[TOKEN_CHARS + 1], code[TOKEN_CHARS + 1];
    assert_true(account_setup_needed(w->accounts));
    assert_int_equal(account_setup_code(w->accounts, old, &why), ERR_OK);
    assert_int_equal(account_setup_code(w->accounts, code, &why), ERR_OK);
    assert_int_equal(setup_with(w, str_of(old), "Lily", GOOD_PASSWORD, &s, &why), ERR_UNAUTHORIZED);
    assert_int_equal(setup_with(w, STR("guess"), "Lily", GOOD_PASSWORD, &s, &why),
                     ERR_UNAUTHORIZED);
    assert_int_equal(setup_with(w, str_of(code), "Lily", "password", &s, &why), ERR_INVALID);
    assert_int_equal(setup_with(w, str_of(code), "L", GOOD_PASSWORD, &s, &why), ERR_INVALID);
    assert_int_equal(setup_with(w, str_of(code), "Lily", GOOD_PASSWORD, &s, &why), ERR_OK);
    assert_false(account_setup_needed(w->accounts));
    assert_true(is_signed_in(w, &s, "shop") && is_signed_in(w, &s, "a brand to come"));
    assert_int_equal(setup_with(w, str_of(code), "Rose", GOOD_PASSWORD, &s, &why), ERR_CONFLICT);
}

static void name_and_password_sign_in_and_all_refusals_are_alike(void **state)
{
    struct world *w = *state;
    struct account_session s;
    struct why first, why;
    setup_lily(w, &s);
    world_person(w, "nobody-knows", "shop", ROLE_CLERK);
    assert_int_equal(sign_in(w, " LILY ", GOOD_PASSWORD, &s, &why), ERR_OK);
    assert_true(is_signed_in(w, &s, "shop"));
    assert_int_equal(sign_in(w, "lily", "wrong-password", &s, &first), ERR_UNAUTHORIZED);
    static const char *const names[] = {"rose", "", "nobody-knows", "\xff", "lily\x01"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_int_equal(sign_in(w, names[i], GOOD_PASSWORD, &s, &why), ERR_UNAUTHORIZED);
        assert_memory_equal(&why, &first, sizeof(why));
    }
}

static void after_five_failures_the_answer_is_to_wait(void **state)
{
    struct world *w = *state;
    struct account_session s;
    struct why why;
    setup_lily(w, &s);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(sign_in(w, "lily", "wrong-password", &s, &why), ERR_UNAUTHORIZED);
    }
    assert_int_equal(sign_in(w, "Lily", GOOD_PASSWORD, &s, &why), ERR_BUSY);
    assert_string_equal(why.args, "1");
    w->place.env.now_ms += TIME_SECOND;
    assert_int_equal(sign_in(w, "Lily", GOOD_PASSWORD, &s, &why), ERR_OK);
    assert_int_equal(sign_in(w, "Lily", "wrong-password", &s, &why), ERR_UNAUTHORIZED);
}

static void an_invitation_sets_a_password_once(void **state)
{
    struct world *w = *state;
    struct account_session s, other;
    struct why why = {0};
    uint32_t rose;
    char link[TOKEN_CHARS + 1];
    setup_lily(w, &s);
    const struct staff_new new = {
        .name = STR("rose"), .brand = "shop", .role = ROLE_ANALYST, .password = ""};
    assert_int_equal(staff_add(accounts_staff(w->accounts), NULL, &new, &rose, &why), ERR_OK);
    assert_int_equal(sign_in(w, "rose", "", &other, &why), ERR_UNAUTHORIZED);
    assert_int_equal(link_make(w->place.data, LINK_INVITE, rose, link, NULL, &why), ERR_OK);
    struct str token = str_of(link), none = {NULL, 0};
    assert_int_equal(account_use_link(w->accounts, token, none, &caller, &other, &why),
                     ERR_INVALID);
    assert_int_equal(account_use_link(w->accounts, token, STR("12345678"), &caller, &other, &why),
                     ERR_INVALID);
    assert_int_equal(
        account_use_link(w->accounts, token, STR(OTHER_PASSWORD), &caller, &other, &why), ERR_OK);
    assert_int_equal(
        account_use_link(w->accounts, token, STR(OTHER_PASSWORD), &caller, &other, &why),
        ERR_UNAUTHORIZED);
    assert_true(is_signed_in(w, &other, "shop"));
    assert_false(is_signed_in(w, &other, "other"));
    world_reopen(w);
    assert_int_equal(sign_in(w, "rose", OTHER_PASSWORD, &other, &why), ERR_OK);
}

static void a_reset_ends_all_sessions_and_a_sign_in_link_none(void **state)
{
    struct world *w = *state;
    struct account_session s, by_link, after;
    struct why why = {0};
    char link[TOKEN_CHARS + 1];
    struct str none = {NULL, 0};
    uint32_t lily = setup_lily(w, &s);
    assert_int_equal(link_make(w->place.data, LINK_SIGN_IN, lily, link, NULL, &why), ERR_OK);
    assert_int_equal(account_use_link(w->accounts, str_of(link), none, &caller, &by_link, &why),
                     ERR_OK);
    assert_true(is_signed_in(w, &s, NULL) && is_signed_in(w, &by_link, NULL));
    assert_int_equal(link_make(w->place.data, LINK_RESET, lily, link, NULL, &why), ERR_OK);
    assert_int_equal(
        account_use_link(w->accounts, str_of(link), STR(OTHER_PASSWORD), &caller, &after, &why),
        ERR_OK);
    assert_false(is_signed_in(w, &s, NULL) || is_signed_in(w, &by_link, NULL));
    assert_true(is_signed_in(w, &after, NULL));
    assert_int_equal(sign_in(w, "Lily", GOOD_PASSWORD, &s, &why), ERR_UNAUTHORIZED);
    assert_int_equal(sign_in(w, "Lily", OTHER_PASSWORD, &s, &why), ERR_OK);
}

static void changing_ones_password_needs_the_present_one_and_gives_a_new_token(void **state)
{
    struct world *w = *state;
    struct account_session here, elsewhere, after;
    struct principal who;
    struct why why = {0};
    setup_lily(w, &here);
    assert_int_equal(sign_in(w, "lily", GOOD_PASSWORD, &elsewhere, &why), ERR_OK);
    assert_true(account_principal(w->accounts, str_of(here.token), NULL, &who, NULL));
    assert_int_equal(account_change_password(
                         w->accounts, &who,
                         &(struct account_change){STR("wrong-password"), STR(OTHER_PASSWORD)},
                         &caller, &after, &why),
                     ERR_INVALID);
    assert_string_equal(why.field, "password.current");
    assert_int_equal(
        account_change_password(w->accounts, &who,
                                &(struct account_change){STR(GOOD_PASSWORD), STR("password1")},
                                &caller, &after, &why),
        ERR_INVALID);
    assert_string_equal(why.field, "password.new");
    assert_true(is_signed_in(w, &here, NULL) && is_signed_in(w, &elsewhere, NULL));
    assert_int_equal(
        account_change_password(w->accounts, &who,
                                &(struct account_change){STR(GOOD_PASSWORD), STR(OTHER_PASSWORD)},
                                &caller, &after, &why),
        ERR_OK);
    assert_false(is_signed_in(w, &here, NULL) || is_signed_in(w, &elsewhere, NULL));
    assert_true(is_signed_in(w, &after, NULL));
}

struct attempt {
    struct world *world;
    const char *link, *password;
    pthread_barrier_t *start;
    enum err err; /* out */
};

static void *use_link(void *arg)
{
    struct attempt *t = arg;
    struct account_session s;
    struct why why = {0};
    pthread_barrier_wait(t->start);
    t->err = account_use_link(t->world->accounts, str_of(t->link), str_of(t->password), &caller, &s,
                              &why);
    return NULL;
}

static void of_two_who_use_a_link_at_once_one_sets_the_password(void **state)
{
    struct world *w = *state;
    struct account_session s;
    struct why why;
    char link[TOKEN_CHARS + 1];
    pthread_barrier_t start;
    uint32_t lily = setup_lily(w, &s);
    pthread_barrier_init(&start, NULL, 2);
    for (int round = 0; round < 4; round++) {
        struct attempt t[] = {{w, link, OTHER_PASSWORD, &start, ERR_OK},
                              {w, link, OTHER_PASSWORD "-2", &start, ERR_OK}};
        pthread_t threads[2];
        assert_int_equal(link_make(w->place.data, LINK_RESET, lily, link, NULL, &why), ERR_OK);
        for (int i = 0; i < 2; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, use_link, &t[i]), 0);
        for (int i = 0; i < 2; i++)
            pthread_join(threads[i], NULL);
        int winner = t[0].err == ERR_OK ? 0 : 1;
        assert_int_equal(t[winner].err, ERR_OK);
        assert_int_equal(t[!winner].err, ERR_UNAUTHORIZED);
        assert_int_equal(sign_in(w, "Lily", t[winner].password, &s, &why), ERR_OK);
    }
    pthread_barrier_destroy(&start);
}

static bool is_confirmed(struct world *w, const struct account_session *s)
{
    struct principal who;
    assert_true(account_principal(w->accounts, str_of(s->token), NULL, &who, NULL));
    return account_confirmed(w->accounts, &who, str_of(s->token));
}

/* Such as the owner of a demo, who came by a link that signs in. */
static void who_has_no_password_yet_needs_none_to_choose_one(void **state)
{
    struct world *w = *state;
    struct account_session s, after;
    struct principal who;
    struct why why = {0};
    struct str none = {NULL, 0};
    uint32_t owner;
    char link[TOKEN_CHARS + 1];
    const struct staff_new new = {
        .name = STR("owner"), .brand = STAFF_EVERYWHERE, .role = ROLE_OWNER, .password = ""};
    assert_int_equal(staff_add(accounts_staff(w->accounts), NULL, &new, &owner, &why), ERR_OK);
    assert_int_equal(link_make(w->place.data, LINK_SIGN_IN, owner, link, NULL, &why), ERR_OK);
    assert_int_equal(account_use_link(w->accounts, str_of(link), none, &caller, &s, &why), ERR_OK);
    assert_true(account_principal(w->accounts, str_of(s.token), NULL, &who, NULL));
    assert_true(is_confirmed(w, &s)); /* there is nothing to ask for */
    assert_int_equal(account_confirm(w->accounts, &who, str_of(s.token), STR(""), &caller, &why),
                     ERR_CONFLICT);
    const struct account_change change = {STR(""), STR(OTHER_PASSWORD)};
    assert_int_equal(account_change_password(w->accounts, &who, &change, &caller, &after, &why),
                     ERR_OK);
    assert_int_equal(sign_in(w, "owner", OTHER_PASSWORD, &s, &why), ERR_OK);
    assert_int_equal(account_change_password(w->accounts, &who, &change, &caller, &after, &why),
                     ERR_INVALID);
}

static void a_password_counts_for_five_minutes_and_for_its_session(void **state)
{
    struct world *w = *state;
    struct account_session s, other;
    struct principal who;
    struct why why = {0};
    char link[TOKEN_CHARS + 1];
    uint32_t lily = setup_lily(w, &s);
    assert_true(is_confirmed(w, &s));
    w->place.env.now_ms += 5 * TIME_MINUTE - 1;
    assert_true(is_confirmed(w, &s));
    w->place.env.now_ms += 1;
    assert_false(is_confirmed(w, &s));
    assert_int_equal(link_make(w->place.data, LINK_SIGN_IN, lily, link, NULL, &why), ERR_OK);
    assert_int_equal(
        account_use_link(w->accounts, str_of(link), (struct str){NULL, 0}, &caller, &other, &why),
        ERR_OK);
    assert_true(account_principal(w->accounts, str_of(s.token), NULL, &who, NULL));
    struct str token = str_of(s.token);
    assert_int_equal(account_confirm(w->accounts, &who, token, STR("wrong"), &caller, &why),
                     ERR_INVALID);
    assert_string_equal(why.field, "password");
    assert_false(is_confirmed(w, &s));
    assert_int_equal(account_confirm(w->accounts, &who, token, STR(GOOD_PASSWORD), &caller, &why),
                     ERR_OK);
    assert_true(is_confirmed(w, &s));
    assert_false(is_confirmed(w, &other));
    world_reopen(w);
    assert_false(is_confirmed(w, &s));
}

static void guesses_at_the_password_of_an_open_session_are_slowed_down(void **state)
{
    struct world *w = *state;
    struct account_session s;
    struct principal who;
    struct why why = {0};
    setup_lily(w, &s);
    assert_true(account_principal(w->accounts, str_of(s.token), NULL, &who, NULL));
    for (int i = 0; i < 5; i++) {
        assert_int_equal(
            account_confirm(w->accounts, &who, str_of(s.token), STR("wrong"), &caller, &why),
            ERR_INVALID);
    }
    assert_int_equal(
        account_confirm(w->accounts, &who, str_of(s.token), STR(GOOD_PASSWORD), &caller, &why),
        ERR_BUSY);
}

static void who_has_no_role_left_cannot_sign_in(void **state)
{
    struct world *w = *state;
    struct account_session s, other;
    struct why why = {0};
    uint32_t rose;
    char link[TOKEN_CHARS + 1];
    setup_lily(w, &s);
    const struct staff_new new = {
        .name = STR("rose"), .brand = "shop", .role = ROLE_ANALYST, .password = ""};
    assert_int_equal(staff_add(accounts_staff(w->accounts), NULL, &new, &rose, &why), ERR_OK);
    assert_int_equal(link_make(w->place.data, LINK_INVITE, rose, link, NULL, &why), ERR_OK);
    assert_int_equal(
        account_use_link(w->accounts, str_of(link), STR(OTHER_PASSWORD), &caller, &other, &why),
        ERR_OK);
    assert_int_equal(staff_take_role(accounts_staff(w->accounts), NULL, rose, "shop", &why),
                     ERR_OK);
    assert_false(is_signed_in(w, &other, "shop"));
    assert_int_equal(account_sign_out(w->accounts, rose, &why), ERR_OK);
    assert_false(is_signed_in(w, &other, NULL));
    assert_int_equal(sign_in(w, "rose", OTHER_PASSWORD, &other, &why), ERR_UNAUTHORIZED);
}

int main(void)
{
    env_system();
    const struct CMUnitTest tests[] = {
        TEST(the_code_makes_the_first_person_once),
        TEST(name_and_password_sign_in_and_all_refusals_are_alike),
        TEST(after_five_failures_the_answer_is_to_wait),
        TEST(an_invitation_sets_a_password_once),
        TEST(a_reset_ends_all_sessions_and_a_sign_in_link_none),
        TEST(of_two_who_use_a_link_at_once_one_sets_the_password),
        TEST(changing_ones_password_needs_the_present_one_and_gives_a_new_token),
        TEST(who_has_no_password_yet_needs_none_to_choose_one),
        TEST(a_password_counts_for_five_minutes_and_for_its_session),
        TEST(guesses_at_the_password_of_an_open_session_are_slowed_down),
        TEST(who_has_no_role_left_cannot_sign_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
