/* segments_test.c - of one member at a time: what changes, and the clock, move them in and out. */
#include "segments_place.h"

#include "people/merge.h"

static void a_segment_made_just_now_is_waited_for(void **state)
{
    (void)state;
    struct place p;
    struct arena *a = arena_create(0);
    place_open(&p, "Asia/Shanghai");
    say(&p, "u1", "message.sent", PLACE_NOW);
    assert_int_equal(segments_await(p.brand, STR("spoke"), 0), SEGMENT_MISSING);
    (void)add(&p, a, "spoke", "did(\"message.sent\")");
    assert_int_equal(segments_await(p.brand, STR("spoke"), 60000), SEGMENT_READY);
    assert_int_equal(size_of(&p, "spoke"), 1);
    assert_int_equal(segments_await(p.brand, STR("spoken"), 0), SEGMENT_MISSING);
    place_close(&p);
    arena_destroy(a);
}

static void who_spoke_leaves_at_the_very_millisecond(void **state)
{
    (void)state;
    struct place p;
    struct segment_move moves[8];
    struct arena *a = arena_create(0);
    place_open(&p, "Asia/Shanghai");
    struct segment s = add(&p, a, "spoke", "did(\"message.sent\",within 1d)");
    assert_string_equal(s.expr.p, "did(\"message.sent\", within 1d)");
    segments_settle(p.brand);
    uint64_t before = segments_newest(p.brand);
    say(&p, "u1", "message.sent", PLACE_NOW);
    segments_settle(p.brand);
    assert_int_equal(size_of(&p, "spoke"), 1);
    assert_int_equal(segments_moves(p.brand, before, moves, 8), 1);
    assert_true(moves[0].entered && moves[0].reason == REASON_EVENT);
    p.env.now_ms = PLACE_NOW + TIME_DAY - 1;
    segments_settle(p.brand);
    assert_int_equal(size_of(&p, "spoke"), 1);
    p.env.now_ms += 5;
    segments_settle(p.brand);
    assert_int_equal(size_of(&p, "spoke"), 0);
    assert_int_equal(segments_moves(p.brand, before, moves, 8), 2);
    assert_true(!moves[1].entered && moves[1].reason == REASON_CLOCK);
    assert_int_equal(moves[1].at, PLACE_NOW + TIME_DAY);
    assert_true(str_is(moves[1].code, "spoke"));
    verify(&p);
    place_close(&p);
    arena_destroy(a);
}

static void who_is_new_enters_what_holds_of_anybody(void **state)
{
    (void)state;
    struct place p;
    struct arena *a = arena_create(0);
    place_open(&p, "Asia/Shanghai");
    say(&p, "u1", "message.sent", PLACE_NOW);
    add(&p, a, "quiet", "not did(\"message.sent\", within 7d)");
    add(&p, a, "few", "did(\"message.sent\", count < 3)");
    segments_settle(p.brand);
    assert_int_equal(size_of(&p, "quiet"), 0);
    say(&p, "u2", "checkin.done", PLACE_NOW);
    segments_settle(p.brand);
    assert_int_equal(size_of(&p, "quiet"), 1);
    assert_int_equal(size_of(&p, "few"), 2);
    verify(&p);
    place_close(&p);
    arena_destroy(a);
}

static void both_of_an_undone_merge_are_looked_at(void **state)
{
    (void)state;
    struct place p;
    struct why why = {0};
    struct arena *a = arena_create(0);
    struct people_merge m = {.a = 1, .b = 2, .who = STR("lily"), .over_caps = true};
    place_open(&p, "Asia/Shanghai");
    add(&p, a, "one", "did(\"message.sent\", count = 1)");
    say(&p, "u1", "message.sent", PLACE_NOW);
    say(&p, "u2", "page.viewed", PLACE_NOW);
    say(&p, "u2", "message.sent", PLACE_NOW);
    say(&p, "u2", "message.sent", PLACE_NOW);
    place_must(people_merge(p.brand, &m, &why), &why, "merge");
    segments_settle(p.brand);
    assert_int_equal(size_of(&p, "one"), 0);
    struct people_unmerge u = {.id = m.id, .who = STR("lily")};
    place_must(people_unmerge(p.brand, &u, &why), &why, "unmerge");
    segments_settle(p.brand);
    assert_int_equal(size_of(&p, "one"), 1);
    verify(&p);
    place_close(&p);
    arena_destroy(a);
}

static void a_window_between_now_and_a_date_is_followed_while_it_is_open(void **state)
{
    (void)state;
    struct place p;
    struct arena *a = arena_create(0);
    place_open(&p, "Asia/Shanghai");
    add(&p, a, "spoke", "did(\"message.sent\", from now - 1h, to 2025-06-13)");
    say(&p, "u1", "page.viewed", PLACE_NOW);
    segments_settle(p.brand);
    say(&p, "u1", "message.sent", PLACE_NOW);
    segments_settle(p.brand);
    assert_int_equal(size_of(&p, "spoke"), 1);
    place_close(&p);
    arena_destroy(a);
}

/* A segment is made of the rows that can make a member, now or later; nothing but the clock moves
 * those who have them. 'any' has who verifies read all rows. True: somebody came in later. */
static bool window_is_followed_from_its_making(const char *window)
{
    struct place p;
    struct arena *a = arena_create(0);
    place_open(&p, "Asia/Shanghai");
    add(&p, a, "any", "tag(\"vip\")");
    say(&p, "u1", "message.sent", PLACE_NOW - TIME_DAY);
    say(&p, "u1", "page.viewed", PLACE_NOW);
    say(&p, "u2", "message.sent", PLACE_NOW - 39 * TIME_DAY);
    say(&p, "u2", "message.sent", PLACE_NOW);
    say(&p, "u3", "message.sent", PLACE_NOW - 60 * TIME_DAY);
    say(&p, "u4", "message.sent", PLACE_NOW + 20 * TIME_HOUR);
    segments_settle(p.brand);
    add(&p, a, "window", window);
    bool entered = false;
    for (int step = 0; step < 100; step++) {
        segments_settle(p.brand);
        size_t before = size_of(&p, "window");
        check(&p, "window", window);
        verify(&p);
        p.env.now_ms += 12 * TIME_HOUR;
        segments_settle(p.brand);
        entered |= size_of(&p, "window") > before;
    }
    place_close(&p);
    arena_destroy(a);
    return entered;
}

static void who_enters_a_window_later_was_found_when_it_was_made(void **state)
{
    (void)state;
    static const char *windows[] = {
        "did(\"message.sent\", to now - 5d)",
        "did(\"message.sent\", to today - 5d)",
        "did(\"message.sent\", count >= 2, to now - 5d)",
        "did(\"message.sent\", from now - 40d, to now - 30d)",
        "did(\"message.sent\", from today - 40d, to today - 30d)",
        "did(\"message.sent\", within 20d, to now - 18d)",
        "did(\"message.sent\", from 2024-12-01, to now - 12h)",
        "did(\"message.sent\", to now - 2d, then \"page.viewed\" within 2d)",
        "did(\"message.sent\", to now - 1d, where at < today - 8d)",
        "did(\"message.sent\", from today + 9h, to now)",
    };
    for (size_t i = 0; i < sizeof(windows) / sizeof(windows[0]); i++)
        assert_true(window_is_followed_from_its_making(windows[i]));
    assert_false(
        window_is_followed_from_its_making("did(\"message.sent\", from now - 10d, to 2024-12-01)"));
}

static void a_late_event_counts_from_its_own_time(void **state)
{
    (void)state;
    struct place p;
    struct arena *a = arena_create(0);
    place_open(&p, "Asia/Shanghai");
    add(&p, a, "spoke", "did(\"message.sent\", within 1d)");
    say(&p, "u1", "page.viewed", PLACE_NOW);
    say(&p, "u1", "message.sent", PLACE_NOW - TIME_HOUR * 20);
    segments_settle(p.brand);
    assert_int_equal(size_of(&p, "spoke"), 1);
    p.env.now_ms += 4 * TIME_HOUR;
    segments_settle(p.brand);
    assert_int_equal(size_of(&p, "spoke"), 0);
    say(&p, "u1", "message.sent", PLACE_NOW - TIME_DAY * 3);
    segments_settle(p.brand);
    assert_int_equal(size_of(&p, "spoke"), 0);
    place_close(&p);
    arena_destroy(a);
}

static void a_stage_that_the_clock_moves_moves_its_segment(void **state)
{
    (void)state;
    struct place p;
    struct arena *a = arena_create(0);
    place_open(&p, "Asia/Shanghai");
    add(&p, a, "dormant", "lifecycle = \"dormant\"");
    say(&p, "u1", "group.joined", PLACE_NOW);
    segments_settle(p.brand);
    assert_int_equal(size_of(&p, "dormant"), 0);
    for (int day = 1; day <= 100; day++) {
        p.env.now_ms = PLACE_NOW + day * TIME_DAY + 17;
        segments_settle(p.brand);
        check(&p, "dormant", "lifecycle = \"dormant\"");
    }
    place_close(&p);
    arena_destroy(a);
}

static void born(struct place *p, const char *user, const char *day)
{
    struct identity who = {IDENTITY_USER, str_of(user)};
    struct fact_value v = {.name = STR("birthday"), .type = PROP_TEXT, .text = str_of(day)};
    struct fact f = fact_of(&who, "member.identified", p->env.now_ms);
    f.traits = &v;
    f.trait_count = 1;
    send_live(p, &f, 1);
}

/* What the contract allows is denied to a child until the day of turning fourteen begins. */
static void grows_up(struct place *p, const char *user, const char *day, int64_t at)
{
    struct segment_move move;
    born(p, user, day);
    segments_settle(p->brand);
    size_t before = size_of(p, "reached");
    p->env.now_ms = at - 1;
    segments_settle(p->brand);
    assert_int_equal(size_of(p, "reached"), before);
    verify(p);
    uint64_t moved = segments_newest(p->brand);
    p->env.now_ms = at;
    segments_settle(p->brand);
    assert_int_equal(size_of(p, "reached"), before + 1);
    assert_int_equal(size_of(p, "within"), before + 1);
    assert_int_equal(segments_moves(p->brand, moved, &move, 1), 1);
    assert_true(move.entered && move.reason == REASON_CLOCK);
    assert_int_equal(move.at, at);
    verify(p);
}

static void who_turns_fourteen_may_be_reached_from_that_midnight(void **state)
{
    (void)state;
    struct place p;
    struct arena *a = arena_create(0);
    place_open(&p, "Asia/Shanghai"); /* it is 2025-01-01 10:53:20 there */
    const int64_t midnight = PLACE_NOW + 13 * TIME_HOUR + 400000;
    add(&p, a, "reached", "consented(\"sms\", \"service\")");
    add(&p, a, "within", "in_segment(\"reached\")");
    grows_up(&p, "u1", "2011-01-02", midnight);
    grows_up(&p, "u2", "2012-02-29", midnight + 423 * TIME_DAY); /* 2026 has none: 1 March */
    born(&p, "u3", "2012-03-02");
    segments_settle(p.brand);
    assert_int_equal(size_of(&p, "reached"), 2);
    place_reopen(&p); /* the moment was stored */
    p.env.now_ms = midnight + 424 * TIME_DAY;
    segments_settle(p.brand);
    assert_int_equal(size_of(&p, "reached"), 3);
    place_close(&p);
    arena_destroy(a);
}

static void moments_that_pass_at_once_are_told_one_by_one(void **state)
{
    (void)state;
    struct place p;
    struct segment_move moves[8];
    struct arena *a = arena_create(0);
    place_open(&p, "Asia/Shanghai");
    add(&p, a, "day", "did(\"message.sent\", within 1d)");
    add(&p, a, "second", "did(\"message.sent\", from now - 3d, to now - 2d)");
    say(&p, "u1", "message.sent", PLACE_NOW);
    segments_settle(p.brand);
    uint64_t before = segments_newest(p.brand);
    p.env.now_ms = PLACE_NOW + 9 * TIME_DAY;
    segments_settle(p.brand);
    assert_int_equal(segments_moves(p.brand, before, moves, 8), 3);
    assert_true(moves[0].at == PLACE_NOW + TIME_DAY && !moves[0].entered);
    assert_true(moves[1].at == PLACE_NOW + 2 * TIME_DAY + 1 && moves[1].entered);
    assert_true(moves[2].at == PLACE_NOW + 3 * TIME_DAY + 1 && !moves[2].entered);
    verify(&p);
    place_close(&p);
    arena_destroy(a);
}

static void what_was_due_is_told_before_what_has_happened(void **state)
{
    (void)state;
    struct place p;
    struct segment_move moves[8];
    struct arena *a = arena_create(0);
    place_open(&p, "Asia/Shanghai");
    add(&p, a, "day", "did(\"message.sent\", within 1d)");
    add(&p, a, "seen", "last_seen >= now - 3d");
    say(&p, "u1", "message.sent", PLACE_NOW);
    segments_settle(p.brand);
    uint64_t before = segments_newest(p.brand);
    p.env.now_ms = PLACE_NOW + 5 * TIME_DAY;
    say(&p, "u1", "page.viewed", PLACE_NOW - TIME_DAY); /* the keeper wakes for this */
    segments_settle(p.brand);
    assert_int_equal(segments_moves(p.brand, before, moves, 8), 2);
    assert_true(moves[0].at == PLACE_NOW + TIME_DAY && str_is(moves[0].code, "day"));
    assert_true(moves[1].at == PLACE_NOW + 3 * TIME_DAY + 1 && str_is(moves[1].code, "seen"));
    verify(&p);
    place_close(&p);
    arena_destroy(a);
}

static void circles_and_names_in_use_are_refused(void **state)
{
    (void)state;
    struct place p;
    struct why why;
    struct arena *a = arena_create(0);
    place_open(&p, "Asia/Shanghai");
    struct segment one = add(&p, a, "one", "orders >= 1");
    struct segment two = add(&p, a, "two", "in_segment(\"one\") and spent > 0");
    assert_int_equal(try_add(&p, a, "two", "true", &why), ERR_CONFLICT);
    assert_int_equal(try_add(&p, a, "Two", "true", &why), ERR_INVALID);
    assert_int_equal(try_add(&p, a, "", "true", &why), ERR_INVALID);
    assert_int_equal(try_add(&p, a, "self", "in_segment(\"self\")", &why), ERR_INVALID);
    assert_int_equal(try_add(&p, a, "bad", "orders >", &why), ERR_INVALID);
    assert_string_equal(why.field, "expression");
    struct segment circle = one;
    circle.expr = STR("in_segment(\"two\")");
    assert_int_equal(segments_change(p.brand, &circle, a, &why), ERR_INVALID);
    assert_int_equal(segments_remove(p.brand, &one, &why), ERR_CONFLICT);
    two.version = 7;
    assert_int_equal(segments_remove(p.brand, &two, &why), ERR_PRECONDITION);
    two.version = 1;
    assert_int_equal(segments_remove(p.brand, &two, &why), ERR_OK);
    assert_int_equal(segments_remove(p.brand, &one, &why), ERR_OK);
    segments_settle(p.brand);
    struct idset none = {0};
    assert_false(segments_members(p.brand, STR("one"), &none));
    assert_true(add(&p, a, "one", "true").id > two.id);
    place_close(&p);
    arena_destroy(a);
}

static void who_is_named_on_a_list_is_in_it_and_in_what_names_it(void **state)
{
    (void)state;
    struct place p;
    struct segment_overlap both;
    struct arena *a = arena_create(0);
    place_open(&p, "Asia/Shanghai");
    add(&p, a, "list", NULL);
    add(&p, a, "quiet", "in_segment(\"list\") and not did(\"message.sent\")");
    say(&p, "u1", "page.viewed", PLACE_NOW);
    say(&p, "u2", "message.sent", PLACE_NOW);
    enlist(&p, "list", 1, false);
    enlist(&p, "list", 2, false);
    segments_settle(p.brand);
    assert_int_equal(size_of(&p, "list"), 2);
    assert_int_equal(size_of(&p, "quiet"), 1);
    assert_true(segments_overlap(p.brand, STR("list"), STR("quiet"), &both));
    assert_true(both.a == 2 && both.b == 1 && both.both == 1 && both.either == 2);
    enlist(&p, "list", 1, true);
    segments_settle(p.brand);
    assert_int_equal(size_of(&p, "list"), 1);
    assert_int_equal(size_of(&p, "quiet"), 0);
    verify(&p);
    place_close(&p);
    arena_destroy(a);
}

static void each_clause_says_what_it_saw(void **state)
{
    (void)state;
    struct place p;
    struct segment_why out;
    struct why why = {0};
    struct arena *a = arena_create(0);
    place_open(&p, "Asia/Shanghai");
    add(&p, a, "buyers", "orders >= 1");
    struct segment s =
        add(&p, a, "s", "did(\"message.sent\", count >= 2) and not in_segment(\"buyers\")");
    say(&p, "u1", "message.sent", PLACE_NOW - 5);
    say(&p, "u1", "message.sent", PLACE_NOW);
    place_must(segments_why(p.brand, &s, 1, a, &out, &why), &why, "why");
    assert_true(out.holds);
    assert_int_equal(out.clauses.count, 3);
    assert_true(out.clauses.items[0].holds && out.clauses.items[0].count == 2);
    assert_int_equal(out.clauses.items[0].first_at, PLACE_NOW - 5);
    assert_int_equal(out.clauses.items[0].last_at, PLACE_NOW);
    assert_true(!out.clauses.items[1].holds && out.clauses.items[1].negated);
    assert_true(str_is(out.clauses.items[2].text, "orders >= 1") &&
                out.clauses.items[2].level == 1);
    assert_true(str_is(out.clauses.items[2].value, "0"));
    assert_int_equal(segments_why(p.brand, &s, 77, a, &out, &why), ERR_NOT_FOUND);
    place_close(&p);
    arena_destroy(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_segment_made_just_now_is_waited_for),
        cmocka_unit_test(who_spoke_leaves_at_the_very_millisecond),
        cmocka_unit_test(who_is_new_enters_what_holds_of_anybody),
        cmocka_unit_test(both_of_an_undone_merge_are_looked_at),
        cmocka_unit_test(a_window_between_now_and_a_date_is_followed_while_it_is_open),
        cmocka_unit_test(who_enters_a_window_later_was_found_when_it_was_made),
        cmocka_unit_test(a_late_event_counts_from_its_own_time),
        cmocka_unit_test(a_stage_that_the_clock_moves_moves_its_segment),
        cmocka_unit_test(who_turns_fourteen_may_be_reached_from_that_midnight),
        cmocka_unit_test(moments_that_pass_at_once_are_told_one_by_one),
        cmocka_unit_test(what_was_due_is_told_before_what_has_happened),
        cmocka_unit_test(circles_and_names_in_use_are_refused),
        cmocka_unit_test(who_is_named_on_a_list_is_in_it_and_in_what_names_it),
        cmocka_unit_test(each_clause_says_what_it_saw),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
