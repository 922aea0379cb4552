/* today_test.c - lists made, added to, marked and settled under a simulated clock. */
#include "today/today.h"

#include "people/merge.h"
#include "segments/segments.h"

#define PLACE_MODULES &people_module, &segments_module, &today_module
#include "brand_place.h"
#include "people/place_loads.h"

/* 2025-01-01 10:53 in Shanghai, after the hour of the list. */
#define NOW PLACE_NOW

static int32_t today(struct place *p)
{
    return zone_day(brand_zone(p->brand), p->env.now_ms);
}

static void say_at(struct place *p, const char *user, const char *kind, int64_t at)
{
    struct identity who = {IDENTITY_USER, str_of(user)};
    struct fact f = {.at = at,
                     .kind = str_of(kind),
                     .who = &who,
                     .who_count = 1,
                     .amount = HISTORY_NO_AMOUNT,
                     .code = {[DIM_GROUP] = STR("g")}};
    send_live(p, &f, 1);
}

static void crowd(struct place *p, const char *prefix, int count, int64_t joined)
{
    char user[40];
    for (int i = 0; i < count; i++) {
        snprintf(user, sizeof(user), "%s%03d", prefix, i);
        say_at(p, user, "group.joined", joined);
    }
}

static struct today_list listed(struct place *p, struct arena *a, const char *owner)
{
    struct why why = {0};
    struct today_list list;
    struct sql *db = flushed(p);
    place_must(today_list(db, str_of(owner), today(p), a, &list, &why), &why, "today_list");
    sql_close(db);
    return list;
}

static struct today_rule rule(struct place *p, struct arena *a, const char *code)
{
    struct why why = {0};
    struct today_rule r = {0};
    struct sql *db = flushed(p);
    place_must(today_rule_get(db, str_of(code), a, &r, &why), &why, code);
    sql_close(db);
    r.code = arena_str(a, r.code);
    return r;
}

static void pass(struct place *p, int64_t ms)
{
    struct why why = {0};
    p->env.now_ms += ms;
    /* timers fire in a batch */
    place_must(brand_flush(p->brand, &why), &why, "flush");
    today_settle(p->brand);
}

static void new_and_silent_for_three_days_are_listed_with_the_days(void **state)
{
    (void)state;
    struct place p;
    struct arena *a = arena_create(0);
    place_open(&p, "Asia/Shanghai");
    crowd(&p, "u", 8, NOW - 4 * TIME_DAY);
    say_at(&p, "speaks", "group.joined", NOW - 4 * TIME_DAY);
    say_at(&p, "speaks", "message.sent", NOW - 3 * TIME_DAY);
    today_settle(p.brand);
    struct today_list list = listed(&p, a, "");
    /* as of 7 o'clock, all are 3 full days old */
    assert_true(list.made_at < NOW && list.made_at > NOW - 5 * TIME_HOUR);
    int64_t withheld = one(&p, "SELECT COUNT(*) FROM today_item WHERE withheld = 1");
    assert_int_equal(list.count + (size_t)withheld, 8);
    for (size_t i = 0; i < list.count; i++) {
        assert_true(str_is(list.items[i].rule, "new-silent"));
        assert_int_equal(list.items[i].number[TODAY_N], 3);
    }
    struct str said =
        today_sentence(a, rule(&p, a, "new-silent").say[LANG_ZH], list.items[0].number);
    assert_true(str_is(said, "新人第 3 天还没说话"));
    /* and the same after a restart, once only */
    place_reopen(&p);
    today_settle(p.brand);
    assert_int_equal(listed(&p, a, "").count, list.count);
    assert_int_equal(one(&p, "SELECT COUNT(*) FROM today_item"), 8);
    arena_destroy(a);
    place_close(&p);
}

static void a_tenth_is_withheld_and_nobody_comes_twice_in_a_week(void **state)
{
    (void)state;
    struct place p;
    struct arena *a = arena_create(0);
    struct why why = {0};
    place_open(&p, "Asia/Shanghai");
    struct today_rule all = {.code = STR("all"),
                             .on = true,
                             .weight = 10,
                             .again_days = TODAY_AGAIN_DAYS,
                             .expr = STR("groups is not null"),
                             .say = {STR("hello"), STR("你好")},
                             .number = {STR(""), STR(""), STR("")},
                             .author = STR("anna")};
    crowd(&p, "u", 300, NOW - TIME_DAY);
    place_must(today_rule_save(p.brand, &all, a, &why), &why, "save");
    assert_int_equal(all.version, 1);
    for (int day = 0; day < 7; day++) {
        today_settle(p.brand);
        /* the pool takes 60 a day; of 300 none is left after 5 days */
        int64_t shown = (int64_t)listed(&p, a, "").count;
        assert_int_equal(shown, one(&p, "SELECT COUNT(*) FROM today_item WHERE withheld = 0 AND"
                                        " day = (SELECT MAX(day) FROM today_day)"));
        if (day < 4) assert_int_equal(shown, LIMIT_TODAY_POOL);
        assert_int_equal(one(&p, "SELECT COUNT(*) - COUNT(DISTINCT persona) FROM today_item"), 0);
        pass(&p, TIME_DAY);
    }
    int64_t withheld = one(&p, "SELECT COUNT(*) FROM today_item WHERE withheld = 1");
    assert_true(withheld > 10 && withheld < 60); /* 30 of 300, three deviations and more */
    assert_true(one(&p, "SELECT COUNT(*) FROM today_item") > 300); /* day 8: the first again */
    arena_destroy(a);
    place_close(&p);
}

static void a_question_is_added_when_its_hour_is_over_and_goes_nowhere_when_answered(void **state)
{
    (void)state;
    struct place p;
    struct arena *a = arena_create(0);
    place_open(&p, "Asia/Shanghai");
    say_at(&p, "asks", "dm.received", NOW - 30 * TIME_MINUTE);
    say_at(&p, "served", "dm.received", NOW - 30 * TIME_MINUTE);
    today_settle(p.brand);
    assert_int_equal(listed(&p, a, "").count, 0);
    say_at(&p, "served", "dm.sent", NOW - TIME_MINUTE);
    int rows = 0;
    for (int i = 0; i < 20 && rows == 0; i++) { /* one in ten is withheld: then others ask */
        char user[16];
        snprintf(user, sizeof(user), "asks%d", i);
        if (i) say_at(&p, user, "dm.received", p.env.now_ms - 2 * TIME_HOUR);
        pass(&p, 31 * TIME_MINUTE);
        rows = (int)listed(&p, a, "").count;
    }
    struct today_list list = listed(&p, a, "");
    assert_true(list.count >= 1);
    assert_true(str_is(list.items[0].rule, "asked"));
    assert_true(list.items[0].number[TODAY_N] >= 1);
    int64_t served = one(&p, "SELECT persona FROM identity WHERE value = 'served'");
    for (size_t i = 0; i < list.count; i++)
        assert_int_not_equal(list.items[i].member, served);
    arena_destroy(a);
    place_close(&p);
}

static void marks_are_kept_can_be_undone_and_not_useful_bars_the_reason(void **state)
{
    (void)state;
    struct place p;
    struct arena *a = arena_create(0);
    struct why why = {0};
    place_open(&p, "Asia/Shanghai");
    crowd(&p, "u", 10, NOW - 4 * TIME_DAY);
    today_settle(p.brand);
    struct today_list list = listed(&p, a, "");
    assert_true(list.count >= 4);
    struct today_mark m = {.id = list.items[0].id, .state = TODAY_DONE, .by = STR("staff:1")};
    place_must(today_set(p.brand, &m, &why), &why, "done");
    m = (struct today_mark){list.items[1].id, TODAY_SNOOZED, today(&p) + 2, 0, STR("staff:1")};
    place_must(today_set(p.brand, &m, &why), &why, "snooze");
    m = (struct today_mark){list.items[2].id, TODAY_USELESS, 0, TODAY_ALREADY, STR("staff:1")};
    place_must(today_set(p.brand, &m, &why), &why, "useless");
    m = (struct today_mark){.id = list.items[0].id, .state = TODAY_OPEN, .by = STR("staff:1")};
    place_must(today_set(p.brand, &m, &why), &why, "undo");
    struct today_list now = listed(&p, a, "");
    assert_int_equal(now.items[0].state, TODAY_OPEN);
    assert_int_equal(now.items[1].state, TODAY_SNOOZED);
    assert_int_equal(now.items[2].why, TODAY_ALREADY);
    /* in the pool until somebody takes it, and then nobody else's */
    place_must(today_take(p.brand, list.items[3].id, STR("rose"), &why), &why, "take");
    assert_int_equal(today_take(p.brand, list.items[3].id, STR("lily"), &why), ERR_CONFLICT);
    assert_int_equal(listed(&p, a, "rose").count, 1);
    struct today_result r;
    struct sql *db = flushed(&p);
    assert_int_equal(today_results(db, STR("new-silent"), p.env.now_ms, &r), ERR_OK);
    assert_true(r.done == 0 && r.snoozed == 1 && r.useless == 1 && r.waiting == 10);
    sql_close(db);
    pass(&p, 2 * TIME_DAY);
    struct today_list later = listed(&p, a, "");
    assert_int_equal(later.count, 1);
    assert_int_equal(later.items[0].id, list.items[1].id);
    /* a withheld one is not to be found */
    uint32_t hidden = (uint32_t)one(&p, "SELECT id FROM today_item WHERE withheld = 1");
    m = (struct today_mark){.id = hidden, .state = TODAY_DONE, .by = STR("staff:1")};
    if (hidden) assert_int_equal(today_set(p.brand, &m, &why), ERR_NOT_FOUND);
    arena_destroy(a);
    place_close(&p);
}

static void after_a_fortnight_it_is_settled_by_who_acted(void **state)
{
    (void)state;
    struct place p;
    struct arena *a = arena_create(0);
    char user[40];
    place_open(&p, "Asia/Shanghai");
    crowd(&p, "u", 40, NOW - 4 * TIME_DAY);
    today_settle(p.brand);
    assert_int_equal(one(&p, "SELECT COUNT(*) FROM today_item"), 40);
    /* ten speak in time, and two too late: the last millisecond counts */
    int64_t made_at = listed(&p, a, "").made_at;
    int64_t last = made_at + TODAY_SETTLE_DAYS * TIME_DAY;
    p.env.now_ms = last; /* facts of that day still come in */
    for (int i = 0; i < 12; i++) {
        snprintf(user, sizeof(user), "u%03d", i);
        say_at(&p, user, "message.sent", i < 9 ? NOW + TIME_HOUR : i == 9 ? last : last + 1);
    }
    say_at(&p, "u020", "content.viewed", NOW + TIME_HOUR); /* a look is no act */
    pass(&p, TIME_DAY);
    struct today_result r;
    struct sql *db = flushed(&p);
    assert_int_equal(today_results(db, STR("new-silent"), p.env.now_ms, &r), ERR_OK);
    sql_close(db);
    assert_int_equal(r.shown + r.withheld, 40);
    assert_int_equal(r.shown_back + r.withheld_back, 10);
    arena_destroy(a);
    place_close(&p);
}

static void erasing_and_merging_take_suggestions_along(void **state)
{
    (void)state;
    struct place p;
    struct arena *a = arena_create(0);
    struct why why = {0};
    place_open(&p, "Asia/Shanghai");
    crowd(&p, "u", 6, NOW - 4 * TIME_DAY);
    today_settle(p.brand);
    struct today_list list = listed(&p, a, "");
    assert_true(list.count >= 3);
    uint32_t x = list.items[0].member, y = list.items[1].member;
    struct people_erased erased;
    place_must(people_erase(p.brand, list.items[2].member, &erased, &why), &why, "erase");
    assert_int_equal(listed(&p, a, "").count, list.count - 1);
    struct people_merge merge = {.a = x, .b = y, .who = STR("staff:1"), .over_caps = true};
    place_must(people_merge(p.brand, &merge, &why), &why, "merge");
    struct today_list merged = listed(&p, a, "");
    assert_int_equal(merged.items[0].member, merge.kept);
    assert_int_equal(merged.items[1].member, merge.kept);
    struct today_past *past;
    size_t count;
    struct sql *db = flushed(&p);
    place_must(today_of_member(db, x, a, &past, &count, &why), &why, "of member");
    sql_close(db);
    assert_int_equal(count, 2);
    arena_destroy(a);
    place_close(&p);
}

static void a_rule_that_cannot_be_read_is_said_and_left_out(void **state)
{
    (void)state;
    struct place p;
    struct arena *a = arena_create(0);
    struct why why = {0};
    place_open(&p, "Asia/Shanghai");
    struct today_rule r = rule(&p, a, "less");
    assert_int_equal(today_rule_trouble(p.brand, &r), TODAY_FINE);
    r.expr = STR("in_segment(\"none\")");
    assert_int_equal(today_rule_trouble(p.brand, &r), TODAY_UNREADABLE);
    assert_int_equal(today_rule_save(p.brand, &r, a, &why), ERR_INVALID);
    assert_string_equal(why.field, "expression");
    r.expr = STR("orders > 3");
    r.number[TODAY_A] = STR("days nothing");
    assert_int_equal(today_rule_save(p.brand, &r, a, &why), ERR_INVALID);
    assert_string_equal(why.field, "a");
    r.number[TODAY_A] = STR("orders");
    place_must(today_rule_save(p.brand, &r, a, &why), &why, "save");
    assert_int_equal(
        today_rule_save(p.brand, &(struct today_rule){.code = r.code, .expr = r.expr}, a, &why),
        ERR_PRECONDITION);
    struct today_rule now = rule(&p, a, "less");
    assert_true(now.changed && now.builtin && str_is(now.expr, "orders > 3"));
    place_must(today_rule_reset(p.brand, &now, &why), &why, "reset");
    assert_false(rule(&p, a, "less").changed);
    arena_destroy(a);
    place_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_and_silent_for_three_days_are_listed_with_the_days),
        cmocka_unit_test(a_tenth_is_withheld_and_nobody_comes_twice_in_a_week),
        cmocka_unit_test(a_question_is_added_when_its_hour_is_over_and_goes_nowhere_when_answered),
        cmocka_unit_test(marks_are_kept_can_be_undone_and_not_useful_bars_the_reason),
        cmocka_unit_test(after_a_fortnight_it_is_settled_by_who_acted),
        cmocka_unit_test(erasing_and_merging_take_suggestions_along),
        cmocka_unit_test(a_rule_that_cannot_be_read_is_said_and_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
