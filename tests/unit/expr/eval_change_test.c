/* eval_change_test.c - until the named moment the clock alone changes nothing. */
#include "eval_place.h"

static int set_up(void **state)
{
    (void)state;
    begin_empty();
    run_member(run, 1);
    return 0;
}

static int64_t change_after(const char *text, int64_t now)
{
    struct expr_catalog catalog = world_catalog();
    const struct expr *e = NULL;
    assert_int_equal(expr_parse(arena, &catalog, EXPR_MEMBER, str_of(text), "", &e, NULL), ERR_OK);
    struct expr_context c = {.zone = catalog.zone,
                             .now = now,
                             .columns = &run->columns,
                             .get = world_get,
                             .get_ctx = &world,
                             .scratch = scratch};
    return expr_next_change(e, &c, &run->history, 0);
}

/* From WORLD_NOW, in ms; -1 for never. */
static int64_t change(const char *text)
{
    int64_t at = change_after(text, WORLD_NOW);
    return at == TIME_NONE ? -1 : at - WORLD_NOW;
}

static void what_does_not_ask_the_clock_never_changes(void **state)
{
    (void)state;
    run_event(run, WORLD_NOW - TIME_DAY, "order.paid");
    world_set(&world, FIELD_JOINED, NULL,
              (struct expr_value){.type = TYPE_TIME, .time = WORLD_NOW});
    assert_int_equal(change("true or orders > 1 and tag(\"x\")"), -1);
    assert_int_equal(change("did(\"order.paid\", count > 1)"), -1);
    assert_int_equal(change("did(\"order.paid\", from 2024-01-01, to 2026-01-01)"), -1);
    assert_int_equal(change("joined < 2025-06-01"), -1);
    assert_int_equal(change("did(\"message.sent\", within 1d)"), -1);
    assert_int_equal(change("did(\"message.sent\", count < 1, from today - 3d, to today)"), -1);
    assert_int_equal(change("last_order < now - 3d"), -1); /* null */
}

static void a_window_changes_when_the_event_leaves_that_decides(void **state)
{
    (void)state;
    run_event(run, WORLD_NOW - 9 * TIME_DAY, "order.paid");
    uint32_t row = run_event(run, WORLD_NOW - 3 * TIME_DAY, "order.paid");
    run->amount[row] = 5;
    run_event(run, WORLD_NOW - TIME_DAY, "order.paid");
    assert_int_equal(change("did(\"order.paid\", within 7d)"), 6 * TIME_DAY);
    assert_int_equal(change("did(\"order.paid\", within 10d)"), 9 * TIME_DAY);
    assert_int_equal(change("not did(\"order.paid\", within 7d) or orders > 1"), 6 * TIME_DAY);
    assert_int_equal(change("did(\"order.paid\", count >= 2, within 10d)"), 7 * TIME_DAY);
    assert_int_equal(change("did(\"order.paid\", count = 3, within 10d)"), TIME_DAY);
    assert_int_equal(change("did(\"order.paid\", count > 3, within 10d)"), -1);
    assert_int_equal(change("did(\"order.paid\", days >= 1, within 10d)"), TIME_DAY);
    assert_int_equal(change("did(\"order.paid\", within 10d, where amount = 5)"), 7 * TIME_DAY);
    assert_int_equal(change("did(\"order.paid\", from now - 7d)"), 6 * TIME_DAY + 1);
    assert_int_equal(change("did(\"order.paid\", to now - 2d)"), TIME_DAY + 1);
    assert_int_equal(change("did(\"order.paid\", from today - 7d)"), TIME_DAY);
    assert_int_equal(change("did(\"order.paid\", from today - 10d, to today - 20d)"), TIME_DAY);
    assert_int_equal(change("did(\"order.paid\", from today, to now)"), -1); /* all before it */
    assert_int_equal(change("did(\"order.paid\", count < 1, from today - 12h)"), -1);
    assert_int_equal(change("in_segment(\"buyers\")"), 87 * TIME_DAY);
    assert_int_equal(change("did(\"order.paid\", where at > now - 5d)"), 2 * TIME_DAY);
}

static void an_event_to_come_is_a_change(void **state)
{
    (void)state;
    run_event(run, WORLD_NOW + TIME_HOUR, "message.sent");
    run_event(run, WORLD_NOW + 2 * TIME_HOUR, "order.paid");
    assert_int_equal(change("did(\"order.paid\")"), 2 * TIME_HOUR);
    assert_int_equal(change("did(\"order.paid\", then \"message.sent\" within 1d)"), TIME_HOUR);
}

static void fields_change_when_now_reaches_them(void **state)
{
    (void)state;
    world_set(&world, FIELD_JOINED, NULL,
              (struct expr_value){.type = TYPE_TIME, .time = WORLD_NOW - TIME_DAY});
    world_set(&world, FIELD_BIRTHDAY, NULL, (struct expr_value){.type = TYPE_DATE, .time = 9000});
    assert_int_equal(change("joined < now - 3d"), 2 * TIME_DAY);
    assert_int_equal(change_after("joined < now - 3d", WORLD_NOW + 2 * TIME_DAY),
                     WORLD_NOW + 2 * TIME_DAY + 1);
    assert_int_equal(change_after("joined < now - 3d", WORLD_NOW + 2 * TIME_DAY + 1), TIME_NONE);
    assert_int_equal(change("joined = today - 3d"), TIME_DAY);
    assert_int_equal(change("anniv(birthday) = 2025-01-01"), TIME_DAY);
    assert_int_equal(change("birthday < now - 6h"), 6 * TIME_HOUR);
    assert_int_equal(change("birthday < 2025-01-01"), -1);
}

/* Random expressions are asked at many moments up to the one named: all answers must be the same.
 */
static void nothing_changes_before_the_moment_named(void **state)
{
    (void)state;
    struct expr_catalog catalog = world_catalog();
    struct random_words words = world_words();
    struct strbuf text = {0};
    struct rng rng;
    uint64_t seed = 91;
    size_t named = 0, turned = 0, asked = 0;
    print_message("seed %llu\n", (unsigned long long)seed);
    rng_init(&rng, seed);
    world.random = true;
    for (int round = 0; round < 150; round++) {
        struct run *r = run_random(&rng, 1, 12);
        for (int i = 0; i < 40; i++) {
            const struct expr *e;
            strbuf_reset(&text);
            random_expr(&rng, &words, EXPR_MEMBER, (int)rng_below(&rng, 3), &text);
            if (expr_parse(arena, &catalog, EXPR_MEMBER, strbuf_str(&text), "", &e, NULL) != ERR_OK)
                continue;
            struct expr_context c = {.zone = catalog.zone,
                                     .now = WORLD_NOW + (int64_t)rng_below(&rng, 4 * TIME_DAY) -
                                            2 * TIME_DAY,
                                     .columns = &r->columns,
                                     .get = world_get,
                                     .get_ctx = &world,
                                     .scratch = scratch};
            bool before = expr_member(e, &c, &r->history, 0);
            int64_t next = expr_next_change(e, &c, &r->history, 0), start = c.now;
            int64_t end = next == TIME_NONE ? start + 800 * TIME_DAY : next;
            assert_true(next == TIME_NONE || next > start);
            named += next != TIME_NONE;
            asked++;
            for (int k = 0; k < 60; k++) {
                /* near the end, at midnights, where rows leave round windows, and anywhere */
                c.now = start + (int64_t)rng_below(&rng, (uint64_t)(end - start));
                if (k < 3) c.now = end - 1 - k;
                if (k >= 3 && k < 15)
                    c.now = zone_day_start(catalog.zone, zone_day(catalog.zone, c.now));
                if (k >= 15 && k < 40) {
                    int64_t days = (int64_t)rng_below(&rng, 400) * TIME_DAY;
                    c.now =
                        r->at[rng_below(&rng, r->rows)] + days + (int64_t)rng_below(&rng, 3) - 1;
                }
                if (c.now < start || c.now >= end) continue;
                if (expr_member(e, &c, &r->history, 0) != before) {
                    fail_msg("%lld of %lld: %s", (long long)(c.now - start),
                             (long long)(end - start), text.p);
                }
            }
            c.now = end;
            turned += next != TIME_NONE && expr_member(e, &c, &r->history, 0) != before;
            arena_reset(arena);
        }
        mem_free(r);
    }
    print_message("%zu named of %zu, %zu turned\n", named, asked, turned);
    assert_true(named > asked / 5 && turned > 50);
    strbuf_finish(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_does_not_ask_the_clock_never_changes, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_window_changes_when_the_event_leaves_that_decides, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_event_to_come_is_a_change, set_up, tear_down),
        cmocka_unit_test_setup_teardown(fields_change_when_now_reaches_them, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_changes_before_the_moment_named, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
