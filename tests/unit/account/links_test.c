/* links_test.c - a link works once, for its time, for its person. */
#include "account_place.h"

#include "base/time.h"

struct token {
    char text[TOKEN_CHARS + 1];
};

static struct token make(struct world *w, enum link_purpose purpose, uint32_t person)
{
    struct token t;
    int64_t expires_at;
    struct why why = {0};
    place_must(link_make(w->place.data, purpose, person, t.text, &expires_at, &why), &why,
               "link_make");
    assert_true(expires_at > w->place.env.now_ms);
    return t;
}

static enum err look(struct world *w, const struct token *t, enum link_purpose purpose,
                     uint32_t person)
{
    enum link_purpose found;
    uint32_t whose;
    struct why why = {0};
    enum err err = link_look(w->place.data, str_of(t->text), &found, &whose, &why);
    if (err == ERR_OK) {
        assert_int_equal(found, purpose);
        assert_int_equal(whose, person);
    }
    return err;
}

static void a_link_works_once(void **state)
{
    struct world *w = *state;
    struct why why = {0};
    struct token t = make(w, LINK_INVITE, 7);
    assert_int_equal(look(w, &t, LINK_INVITE, 7), ERR_OK);
    world_reopen(w);
    assert_int_equal(look(w, &t, LINK_INVITE, 7), ERR_OK);
    assert_int_equal(link_use(w->place.data, str_of(t.text), &why), ERR_OK);
    assert_int_equal(link_use(w->place.data, str_of(t.text), &why), ERR_UNAUTHORIZED);
    assert_int_equal(why.msg, MSG_LINK_VOID);
    assert_int_equal(look(w, &t, LINK_INVITE, 7), ERR_UNAUTHORIZED);
}

static void a_link_expires(void **state)
{
    struct world *w = *state;
    struct why why = {0};
    struct token t = make(w, LINK_RESET, 7);
    w->place.env.now_ms += TIME_DAY - 1;
    assert_int_equal(look(w, &t, LINK_RESET, 7), ERR_OK);
    w->place.env.now_ms += 1;
    assert_int_equal(look(w, &t, LINK_RESET, 7), ERR_UNAUTHORIZED);
    assert_int_equal(link_use(w->place.data, str_of(t.text), &why), ERR_UNAUTHORIZED);
    make(w, LINK_RESET, 8);
    assert_int_equal(world_rows(w, "SELECT COUNT(*) FROM staff_link"), 1);
}

static void a_new_link_voids_the_earlier_one_of_its_purpose(void **state)
{
    struct world *w = *state;
    struct why why = {0};
    struct token first = make(w, LINK_RESET, 7), others = make(w, LINK_RESET, 8),
                 invite = make(w, LINK_INVITE, 7), second = make(w, LINK_RESET, 7);
    assert_int_equal(look(w, &first, LINK_RESET, 7), ERR_UNAUTHORIZED);
    assert_int_equal(look(w, &second, LINK_RESET, 7), ERR_OK);
    assert_int_equal(look(w, &others, LINK_RESET, 8), ERR_OK);
    assert_int_equal(look(w, &invite, LINK_INVITE, 7), ERR_OK);
    assert_int_equal(link_drop(w->place.data, 7, &why), ERR_OK);
    assert_int_equal(look(w, &second, LINK_RESET, 7), ERR_UNAUTHORIZED);
    assert_int_equal(look(w, &invite, LINK_INVITE, 7), ERR_UNAUTHORIZED);
    assert_int_equal(look(w, &others, LINK_RESET, 8), ERR_OK);
}

static void what_is_no_link_is_refused(void **state)
{
    struct world *w = *state;
    enum link_purpose purpose;
    uint32_t person;
    struct why why = {0};
    struct token t = make(w, LINK_SIGN_IN, 1);
    for (size_t i = 0; i < TOKEN_CHARS; i++) {
        assert_int_equal(link_look(w->place.data, (struct str){t.text, i}, &purpose, &person, &why),
                         ERR_UNAUTHORIZED);
    }
    t.text[3] ^= 1;
    assert_int_equal(look(w, &t, LINK_SIGN_IN, 1), ERR_UNAUTHORIZED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_link_works_once),
        TEST(a_link_expires),
        TEST(a_new_link_voids_the_earlier_one_of_its_purpose),
        TEST(what_is_no_link_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
