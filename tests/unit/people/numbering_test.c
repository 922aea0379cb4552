/* numbering_test.c - the numbers of a brand are changed, and what follows from them follows. */
#include "place_loads.h"

#include "crowd.h"
#include "people/numbering.h"

#define FACTS 4000

static struct numbering now_of(struct place *p)
{
    struct numbering n;
    numbering_get(p->brand, &n);
    return n;
}

static struct numbers some(void)
{
    struct numbers n;
    numbers_default(&n);
    n.rules.dormant_days = 3;
    n.rules.churned_days = 20;
    n.rules.window_days = 14;
    n.rules.returned_days = 60;
    return n;
}

static void change(struct place *p, struct numbers to)
{
    struct why why = {0};
    struct numbering_change c = {to, STR("staff:lily"), now_of(p).version};
    place_must(numbering_change(p->brand, &c, &why), &why, "change");
    assert_int_equal(now_of(p).version, c.version);
}

static void verify(struct place *p)
{
    struct why why = {0};
    struct verify_report report = {.finding = note_finding};
    place_must(people_verify(p->brand, &report, &why), &why, "verify");
    assert_true(report.members > 0);
}

static struct crowd fill(struct place *p, uint64_t seed)
{
    struct crowd c;
    print_message("seed %llu\n", (unsigned long long)seed);
    crowd_fill(&c, seed, FACTS, 300);
    p->env.now_ms = c.facts[FACTS / 2 - 1].at + TIME_DAY;
    send_live(p, c.facts, FACTS / 2);
    return c;
}

static void rows_follow_new_numbers_and_old_ones_again(void **state)
{
    (void)state;
    struct place p;
    place_open(&p, "Asia/Shanghai");
    struct crowd c = fill(&p, 11);
    int64_t dormant = one(&p, "SELECT COUNT(*) FROM member WHERE stage = 5 OR stage = 6");
    change(&p, some());
    numbering_settle(p.brand);
    assert_int_equal(one(&p, "SELECT COUNT(*) FROM member WHERE numbers <> 1"), 0);
    assert_int_not_equal(one(&p, "SELECT COUNT(*) FROM member WHERE stage = 5 OR stage = 6"),
                         dormant);
    verify(&p);
    struct numbers usual;
    numbers_default(&usual);
    change(&p, usual);
    numbering_settle(p.brand);
    assert_int_equal(one(&p, "SELECT COUNT(*) FROM member WHERE stage = 5 OR stage = 6"), dormant);
    verify(&p);
    crowd_drop(&c);
    place_close(&p);
}

static void what_comes_during_a_rebuild_is_folded_by_the_new_numbers(void **state)
{
    (void)state;
    struct place p;
    place_open(&p, "Asia/Shanghai");
    struct crowd c = fill(&p, 12);
    change(&p, some());
    for (size_t i = FACTS / 2; i < FACTS; i += 50)
        send_live(&p, c.facts + i, 50);
    verify(&p); /* it waits for the rows */
    crowd_drop(&c);
    place_close(&p);
}

static void several_changes_at_once_end_with_the_last(void **state)
{
    (void)state;
    struct place p;
    place_open(&p, "Asia/Shanghai");
    struct crowd c = fill(&p, 13);
    struct numbers n = some();
    for (int i = 0; i < 8; i++) {
        n.rules.dormant_days = 3 + i;
        change(&p, n);
        send_live(&p, c.facts + FACTS / 2 + 50 * i, 50);
    }
    numbering_settle(p.brand);
    assert_int_equal(one(&p, "SELECT COUNT(*) FROM member WHERE numbers <> 8"), 0);
    verify(&p);
    crowd_drop(&c);
    place_close(&p);
}

static void a_rebuild_that_was_cut_off_goes_on_at_the_next_opening(void **state)
{
    (void)state;
    struct place p;
    place_open(&p, "Asia/Shanghai");
    struct crowd c = fill(&p, 14);
    change(&p, some());
    place_reopen(&p);
    assert_int_equal(now_of(&p).numbers.rules.dormant_days, 3);
    numbering_settle(p.brand);
    verify(&p);
    assert_false(now_of(&p).rebuilding);
    place_reopen(&p);
    assert_false(now_of(&p).rebuilding);
    assert_int_equal(now_of(&p).version, 1);
    crowd_drop(&c);
    place_close(&p);
}

static void a_change_of_another_version_is_refused_and_one_of_nothing_changes_nothing(void **state)
{
    (void)state;
    struct place p;
    struct why why = {0};
    place_open(&p, "Asia/Shanghai");
    struct numbering_change c = {some(), STR("staff:lily"), 1};
    assert_int_equal(numbering_change(p.brand, &c, &why), ERR_PRECONDITION);
    c = (struct numbering_change){now_of(&p).numbers, STR("staff:lily"), 0};
    assert_int_equal(numbering_change(p.brand, &c, &why), ERR_OK);
    assert_int_equal(c.version, 0);
    c.numbers.rules.dormant_days = 0;
    assert_int_equal(numbering_change(p.brand, &c, &why), ERR_INVALID);
    assert_string_equal(why.field, "dormant_days");
    place_close(&p);
}

static void former_numbers_are_listed_and_the_preset_last(void **state)
{
    (void)state;
    struct place p;
    struct why why = {0};
    struct numbering_set *list;
    size_t count;
    place_open(&p, "Asia/Shanghai");
    change(&p, some());
    numbering_settle(p.brand);
    struct sql *db = flushed(&p);
    struct arena *a = arena_create(0);
    place_must(numbering_history(p.brand, db, a, &list, &count, &why), &why, "history");
    assert_int_equal(count, 2);
    assert_int_equal(list[0].version, 1);
    assert_true(str_is(list[0].who, "staff:lily"));
    assert_int_equal(list[0].numbers.rules.window_days, 14);
    assert_int_equal(list[1].version, 0);
    assert_int_equal(list[1].numbers.rules.window_days, 28);
    arena_destroy(a);
    sql_close(db);
    place_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_follow_new_numbers_and_old_ones_again),
        cmocka_unit_test(what_comes_during_a_rebuild_is_folded_by_the_new_numbers),
        cmocka_unit_test(several_changes_at_once_end_with_the_last),
        cmocka_unit_test(a_rebuild_that_was_cut_off_goes_on_at_the_next_opening),
        cmocka_unit_test(a_change_of_another_version_is_refused_and_one_of_nothing_changes_nothing),
        cmocka_unit_test(former_numbers_are_listed_and_the_preset_last),
    };
    return cmocka_run_group_tests_name("numbering", tests, NULL, NULL);
}
