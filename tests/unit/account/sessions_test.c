/* sessions_test.c - a session ends when it should and not before, also over a restart. */
#include "account_place.h"

#include "base/time.h"

struct token {
    char text[TOKEN_CHARS + 1];
};

static struct token begin(struct world *w, uint32_t person)
{
    struct token t;
    struct why why = {0};
    place_must(session_begin(accounts_sessions(w->accounts), person, STR("192.0.2.7"),
                             STR("Browser/1"), t.text, &why),
               &why, "session_begin");
    return t;
}

static bool lives(struct world *w, const struct token *t)
{
    struct session_info info;
    return session_find(accounts_sessions(w->accounts), str_of(t->text), &info);
}

static void a_session_ends_after_half_an_hour_of_silence(void **state)
{
    struct world *w = *state;
    uint32_t lily = world_person(w, "lily", "shop", ROLE_OWNER);
    struct token t = begin(w, lily);
    for (int i = 0; i < 5; i++) {
        w->place.env.now_ms += 30 * TIME_MINUTE - 1;
        assert_true(lives(w, &t));
    }
    w->place.env.now_ms += 30 * TIME_MINUTE;
    assert_false(lives(w, &t));
    w->place.env.now_ms -= TIME_MINUTE;
    assert_true(lives(w, &t)); /* it was not touched by the failed look */
}

static void a_session_ends_after_twelve_hours_however_busy(void **state)
{
    struct world *w = *state;
    uint32_t lily = world_person(w, "lily", "shop", ROLE_OWNER);
    struct token t = begin(w, lily);
    int64_t end = w->place.env.now_ms + 12 * TIME_HOUR;
    while (w->place.env.now_ms + 20 * TIME_MINUTE < end) {
        w->place.env.now_ms += 20 * TIME_MINUTE;
        assert_true(lives(w, &t));
    }
    w->place.env.now_ms = end - 1;
    assert_true(lives(w, &t));
    w->place.env.now_ms = end;
    assert_false(lives(w, &t));
}

static void only_the_hash_of_a_token_is_stored(void **state)
{
    struct world *w = *state;
    struct token t = begin(w, world_person(w, "lily", "shop", ROLE_OWNER));
    struct sql *db = data_server_lock(w->place.data);
    struct sql_stmt *s = sql_use(db, "SELECT hash, address, agent FROM staff_session");
    bool row;
    struct sha256 hash = token_hash(str_of(t.text));
    assert_int_equal(sql_step(s, &row), ERR_OK);
    assert_memory_equal(sql_blob(s, 0).p, hash.bytes, 32);
    assert_true(str_is(sql_str(s, 1), "192.0.2.7"));
    assert_true(str_is(sql_str(s, 2), "Browser/1"));
    sql_reset(s);
    data_server_unlock(w->place.data);
}

static void a_session_is_there_after_a_restart_with_when_it_was_seen(void **state)
{
    struct world *w = *state;
    struct token t = begin(w, world_person(w, "lily", "shop", ROLE_OWNER));
    w->place.env.now_ms += 29 * TIME_MINUTE;
    assert_true(lives(w, &t));
    world_reopen(w);
    w->place.env.now_ms += 29 * TIME_MINUTE;
    assert_true(lives(w, &t));
    world_reopen(w);
    w->place.env.now_ms += 31 * TIME_MINUTE;
    assert_false(lives(w, &t));
    struct why why = {0};
    assert_int_equal(accounts_flush(w->accounts, &why), ERR_OK);
    assert_int_equal(world_rows(w, "SELECT COUNT(*) FROM staff_session"), 0);
}

static void what_is_no_token_finds_nothing(void **state)
{
    struct world *w = *state;
    struct session_info info;
    struct token t = begin(w, world_person(w, "lily", "shop", ROLE_OWNER));
    struct sessions *s = accounts_sessions(w->accounts);
    for (size_t i = 0; i < TOKEN_CHARS; i++) {
        struct token other = t;
        other.text[i] = other.text[i] == '0' ? '1' : '0';
        assert_false(lives(w, &other));
        assert_false(session_find(s, (struct str){t.text, i}, &info));
    }
    assert_false(session_find(s, (struct str){NULL, 0}, &info));
    assert_true(lives(w, &t));
}

static void sessions_are_ended_one_by_one_all_or_all_but_one(void **state)
{
    struct world *w = *state;
    struct sessions *s = accounts_sessions(w->accounts);
    struct session_info *list, info;
    struct why why = {0};
    uint32_t lily = world_person(w, "lily", "shop", ROLE_OWNER);
    uint32_t rose = world_person(w, "rose", "shop", ROLE_OWNER);
    struct token a = begin(w, lily), b = begin(w, lily), c = begin(w, lily), d = begin(w, rose);
    assert_int_equal(session_list(s, lily, w->arena, &list), 3);
    assert_true(session_find(s, str_of(a.text), &info));
    assert_int_equal(session_end(s, rose, info.number, &why), ERR_NOT_FOUND);
    assert_int_equal(session_end(s, lily, info.number, &why), ERR_OK);
    assert_int_equal(session_end(s, lily, info.number, &why), ERR_NOT_FOUND);
    assert_false(lives(w, &a));
    assert_true(session_find(s, str_of(b.text), &info));
    assert_int_equal(session_end_all(s, lily, info.number, &why), ERR_OK);
    assert_true(lives(w, &b) && !lives(w, &c) && lives(w, &d));
    assert_int_equal(session_end_all(s, lily, 0, &why), ERR_OK);
    assert_true(!lives(w, &b) && lives(w, &d));
    world_reopen(w);
    assert_true(!lives(w, &a) && !lives(w, &b) && !lives(w, &c) && lives(w, &d));
}

static void a_person_has_so_many_sessions_and_the_oldest_goes(void **state)
{
    struct world *w = *state;
    struct session_info *list;
    uint32_t lily = world_person(w, "lily", "shop", ROLE_OWNER);
    struct token first = begin(w, lily);
    for (int i = 1; i < LIMIT_SESSIONS; i++) {
        w->place.env.now_ms += TIME_SECOND;
        begin(w, lily);
    }
    assert_true(lives(w, &first));
    struct token last = begin(w, lily);
    assert_true(!lives(w, &first) && lives(w, &last));
    assert_int_equal(session_list(accounts_sessions(w->accounts), lily, w->arena, &list),
                     LIMIT_SESSIONS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_session_ends_after_half_an_hour_of_silence),
        TEST(a_session_ends_after_twelve_hours_however_busy),
        TEST(only_the_hash_of_a_token_is_stored),
        TEST(a_session_is_there_after_a_restart_with_when_it_was_seen),
        TEST(what_is_no_token_finds_nothing),
        TEST(sessions_are_ended_one_by_one_all_or_all_but_one),
        TEST(a_person_has_so_many_sessions_and_the_oldest_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
