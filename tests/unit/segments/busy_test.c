/* busy_test.c - who does very much is remembered, a name that comes to be known has nobody waited
 * for, and what is told late, or not before a stop, is followed. */
#include "segments_place.h"

#include "people/merge.h"
#include "segments/internal.h"
#include "segments/memory_internal.h"

#define MANY 6000

static void follow(struct place *p, const char *code, const char *expr)
{
    struct arena *a = arena_create(0);
    add(p, a, code, expr);
    arena_destroy(a);
}

/* Everything is followed and everybody looked through. */
static struct segments_stats settled(struct place *p)
{
    segments_settle(p->brand);
    while (!segments_stats(p->brand).complete)
        segments_settle(p->brand);
    return segments_stats(p->brand);
}

/* Of all their orders each counts, so that none is left out. */
static void who_does_very_much_is_remembered_too(void **state)
{
    (void)state;
    struct place p;
    struct identity who = {IDENTITY_USER, STR("u1")};
    struct fact *facts = mem_alloc_array(MANY, sizeof(*facts));
    for (int64_t i = 0; i < MANY; i++)
        facts[i] = (struct fact){.at = PLACE_NOW - MANY + i,
                                 .kind = STR("message.sent"),
                                 .who = &who,
                                 .who_count = 1,
                                 .amount = HISTORY_NO_AMOUNT};
    place_open(&p, "Asia/Shanghai");
    follow(&p, "much", "did(\"message.sent\", count > 6000, where amount is null)");
    send_bulk(&p, facts, MANY);
    struct segments_stats before = settled(&p);
    assert_int_equal(before.remembered, 1);
    assert_int_equal(size_of(&p, "much"), 0);
    say(&p, "u1", "message.sent", PLACE_NOW);
    struct segments_stats after = settled(&p);
    assert_int_equal(size_of(&p, "much"), 1);
    assert_int_equal(after.histories, before.histories);
    verify(&p);
    place_close(&p);
    mem_free(facts);
}

static void take_in(struct memory *m, struct place *p)
{
    struct why why = {0};
    struct budget budget = {.bytes_left = SIZE_MAX / 2};
    struct snapshot *s = brand_snapshot(p->brand);
    place_must(panel_learn(m->panel, m, s, &budget, &why), &why, "learn");
    brand_snapshot_release(s);
}

static void a_name_that_comes_to_be_known_carries_nobody_over_at_once(void **state)
{
    (void)state;
    struct place p;
    char name[16];
    const struct str texts[] = {STR("did(\"message.sent\", where props.size > 3)"),
                                STR("did(\"shop.visited\", where props.floor = 2)")};
    place_open(&p, "Asia/Shanghai");
    for (int i = 0; i < 50; i++) {
        snprintf(name, sizeof(name), "u%d", i);
        say(&p, name, "message.sent", PLACE_NOW);
    }
    struct panel *panel = panel_create(p.brand, texts, 2);
    struct memory *old = memory_create(panel, SIZE_MAX / 4);
    take_in(old, &p);
    say(&p, "u7", "shop.visited", PLACE_NOW);
    assert_true(panel_is_old(panel));
    struct panel *now = panel_create(p.brand, texts, 2);
    struct memory *m = memory_create(now, SIZE_MAX / 4);
    assert_true(memory_adopt(m, old));
    assert_int_equal(memory_count(m), 50);
    assert_int_equal(memory_behind(m), 50);
    size_t bytes = memory_bytes(m);
    memory_sweep(m, 20);
    assert_int_equal(memory_behind(m), 30);
    memory_forget(m, m->has.all.items[49]->member);
    assert_int_equal(memory_behind(m), 29);
    memory_sweep(m, 60);
    assert_int_equal(memory_behind(m), 0);
    assert_int_equal(m->has.steps.count, 0);
    assert_true(memory_bytes(m) > bytes / 50 * 49); /* a kind more is counted of each */
    memory_destroy(m);
    memory_destroy(old);
    panel_destroy(now);
    panel_destroy(panel);
    place_close(&p);
}

/* The writer shows an event before it tells of it: who is looked through in between has it already,
 * and those who were asked before have not. */
static void who_was_looked_through_is_asked_of_what_is_told_later(void **state)
{
    (void)state;
    struct place p;
    const struct str texts[] = {STR("orders = 1")};
    uint8_t which[1] = {0}, answers[1] = {0};
    int64_t due;
    place_open(&p, "Asia/Shanghai");
    say(&p, "u1", "order.paid", PLACE_NOW);
    struct panel *panel = panel_create(p.brand, texts, 1);
    struct memory *m = memory_create(panel, SIZE_MAX / 4);
    take_in(m, &p);
    const struct event told = {.kind = (uint16_t)panel->created, .persona = 1, .at = PLACE_NOW};
    assert_true(memory_add(m, 1, &told, 1)); /* it is in there */
    struct panel_view *v = panel_view_create(panel);
    memory_ask(m, v, 1, &(struct memory_question){true, which, answers, &due});
    assert_true(which[0] && answers[0]);
    panel_view_destroy(v);
    memory_destroy(m);
    panel_destroy(panel);
    place_close(&p);
}

/* The keeper, telling of a move, does nothing more until it is stopped. */
static void stand_still(void *ctx, struct brand *b)
{
    (void)ctx;
    struct room *r = room_of(b);
    pthread_mutex_lock(&r->lock);
    while (!r->stop)
        pthread_cond_wait(&r->wake, &r->lock);
    pthread_mutex_unlock(&r->lock);
}

/* Whoever is in a segment is stored; what comes from here on is followed after the next opening. */
static void stop_following(struct place *p, const char *code, const char *newcomer)
{
    (void)settled(p);
    place_reopen(p);
    (void)settled(p);
    size_t before = size_of(p, code);
    segments_listen(p->brand, stand_still, NULL);
    say(p, newcomer, "message.sent", PLACE_NOW);
    while (size_of(p, code) == before)
        sched_yield(); /* it is told next */
}

static void who_was_erased_before_a_stop_is_in_no_segment_after_it(void **state)
{
    (void)state;
    struct place p;
    struct why why = {0};
    struct people_erased erased;
    place_open(&p, "Asia/Shanghai");
    follow(&p, "spoke", "did(\"message.sent\", within 30d)");
    say(&p, "u1", "message.sent", PLACE_NOW);
    stop_following(&p, "spoke", "u2");
    assert_int_equal(size_of(&p, "spoke"), 2);
    place_must(people_erase(p.brand, 1, &erased, &why), &why, "erase");
    place_reopen(&p);
    (void)settled(&p);
    assert_int_equal(size_of(&p, "spoke"), 1);
    verify(&p);
    place_close(&p);
}

static void who_was_taken_apart_before_a_stop_is_two_after_it(void **state)
{
    (void)state;
    struct place p;
    struct why why = {0};
    struct people_merge both = {.a = 1, .b = 2, .who = STR("lily"), .over_caps = true};
    place_open(&p, "Asia/Shanghai");
    follow(&p, "once", "did(\"message.sent\", count = 1, within 30d)");
    say(&p, "u1", "message.sent", PLACE_NOW);
    say(&p, "u2", "message.sent", PLACE_NOW);
    place_must(people_merge(p.brand, &both, &why), &why, "merge");
    stop_following(&p, "once", "u3");
    assert_int_equal(size_of(&p, "once"), 1);
    struct people_unmerge apart = {.id = both.id, .who = STR("lily")};
    place_must(people_unmerge(p.brand, &apart, &why), &why, "unmerge");
    place_reopen(&p);
    (void)settled(&p);
    assert_int_equal(size_of(&p, "once"), 3);
    verify(&p);
    place_close(&p);
}

#define CROWD 1500

/* How many of the crowd have another timer already and are not in the segment yet; 'rest': how many
 * are still to be looked at. */
static size_t torn(struct room *r, const struct live *l, int64_t due, size_t *rest)
{
    size_t count = 0;
    *rest = 0;
    pthread_mutex_lock(&r->lock);
    for (uint32_t m = 1; m <= CROWD; m++) {
        if (roaring_bitmap_contains(l->members, m)) continue;
        ++*rest;
        count += due_of(r, m) != due;
    }
    pthread_mutex_unlock(&r->lock);
    return count;
}

/* Rows may be written at any moment: with a new timer beside an old membership nobody would look
 * after an opening. */
static void who_is_moved_by_the_clock_has_the_old_timer_until_then(void **state)
{
    (void)state;
    struct place p;
    size_t rest = CROWD;
    place_open(&p, "Asia/Shanghai");
    follow(&p, "asleep", "did(\"lifecycle.changed\", where props.to = \"dormant\", within 90d)");
    for (int i = 0; i < CROWD; i++) {
        char user[16];
        snprintf(user, sizeof(user), "u%d", i);
        say(&p, user, "order.paid", PLACE_NOW);
    }
    (void)settled(&p);
    struct room *r = room_of(p.brand);
    const struct live *l = room_find(r, STR("asleep"));
    int64_t due = due_of(r, 1);
    assert_true(due > PLACE_NOW);
    p.env.now_ms = due + TIME_DAY;
    segments_refresh(p.brand); /* wakes it */
    while (rest) {
        assert_int_equal(torn(r, l, due, &rest), 0);
        sched_yield();
    }
    place_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_does_very_much_is_remembered_too),
        cmocka_unit_test(a_name_that_comes_to_be_known_carries_nobody_over_at_once),
        cmocka_unit_test(who_was_looked_through_is_asked_of_what_is_told_later),
        cmocka_unit_test(who_was_erased_before_a_stop_is_in_no_segment_after_it),
        cmocka_unit_test(who_is_moved_by_the_clock_has_the_old_timer_until_then),
        cmocka_unit_test(who_was_taken_apart_before_a_stop_is_two_after_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
