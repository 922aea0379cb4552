/* family_test.c - where an entrance leads and when another group is wanted, at the boundary and on
 * both sides of it. */
#include "groups/family.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

static struct group_family family(size_t groups)
{
    return (struct group_family){.hours = 48, .share = 90, .group_count = groups};
}

static struct family_group group(uint64_t members, uint64_t hand_over)
{
    return (struct family_group){.members = members, .hand_over = hand_over};
}

static void the_entrance_moves_on_exactly_when_a_group_is_full(void **state)
{
    (void)state;
    struct group_family f = family(2);
    struct family_group g[] = {group(299, 300), group(0, 300)};
    assert_int_equal(family_look(&f, g).entrance, 0);
    g[0].members = 300;
    assert_int_equal(family_look(&f, g).entrance, 1);
    g[0].members = 299; /* somebody left: there is room again */
    assert_int_equal(family_look(&f, g).entrance, 0);
    g[0].archived = true;
    assert_int_equal(family_look(&f, g).entrance, 1);
}

static void a_group_is_wanted_at_the_share_of_the_last_with_room(void **state)
{
    (void)state;
    struct group_family f = family(2);
    struct family_group g[] = {group(299, 300), group(269, 300)};
    assert_false(family_look(&f, g).wanted);
    g[1].members = 270; /* nine tenths of 300 */
    struct family_state s = family_look(&f, g);
    assert_true(s.wanted && s.reason == FAMILY_SHARED && isnan(s.full_in_hours));
    g[1].members = 300; /* the last with room is the first again, at more than nine tenths */
    assert_true(family_look(&f, g).wanted);
    g[0].members = 300;
    s = family_look(&f, g);
    assert_true(s.wanted && s.reason == FAMILY_FULL && s.entrance == SIZE_MAX);
}

/* "Not now" is said of two groups with room: it holds until none has any, or there is a third. */
static void not_now_holds_until_all_are_full_or_there_is_another_group(void **state)
{
    (void)state;
    struct group_family f = family(2);
    struct family_group g[] = {group(299, 300), group(270, 300), group(270, 300)};
    struct family_state s = family_look(&f, g);
    assert_true(s.wanted && !family_is_put_off(&f, &s));
    f.put_off_groups = 2;
    assert_true(family_is_put_off(&f, &s));
    g[0].members = g[1].members = 300;
    s = family_look(&f, g);
    assert_false(family_is_put_off(&f, &s));
    f.put_off_full = true;
    assert_true(family_is_put_off(&f, &s));
    f.group_count = 3;
    s = family_look(&f, g);
    assert_true(s.wanted && !family_is_put_off(&f, &s));
}

/* 24 joins in the last day are one an hour. */
static void a_group_is_wanted_when_the_room_lasts_for_the_hours_and_no_longer(void **state)
{
    (void)state;
    struct group_family f = family(1);
    struct family_group g[] = {group(251, 300)};
    g[0].joined_day = 24;
    struct family_state s = family_look(&f, g);
    assert_true(s.full_in_hours == 49 && !s.wanted);
    g[0].members = 252;
    s = family_look(&f, g);
    assert_true(s.full_in_hours == 48 && s.wanted && s.reason == FAMILY_SOON);
    g[0].joined_day = 0; /* the mean of a week counts where the last day was quiet */
    g[0].joined_week = 168;
    assert_true(family_look(&f, g).full_in_hours == 48);
    g[0].joined_week = 84;
    assert_true(family_look(&f, g).full_in_hours == 96 && !family_look(&f, g).wanted);
}

static void joins_of_all_groups_fill_the_room_of_all(void **state)
{
    (void)state;
    struct group_family f = family(3);
    struct family_group g[] = {group(300, 300), group(290, 300), group(100, 300)};
    g[0].joined_day = 12;
    g[1].joined_day = 12;
    struct family_state s = family_look(&f, g);
    assert_int_equal(s.entrance, 1);
    assert_true(s.full_in_hours == 210);
}

static void a_family_without_groups_wants_one(void **state)
{
    (void)state;
    struct group_family f = family(0);
    struct family_group none = group(0, 0);
    assert_true(family_look(&f, &none).wanted);
}

static void a_group_hands_over_at_the_least_of_its_limits(void **state)
{
    (void)state;
    struct group_record r = {.capacity = 300};
    assert_int_equal(family_hand_over(&r, false), 300);
    assert_int_equal(family_hand_over(&r, true), 195);
    r.hard_limit = 200;
    assert_int_equal(family_hand_over(&r, false), 200);
    r.capacity = 150;
    assert_int_equal(family_hand_over(&r, true), 150);
}

static void expect_next(const char *name, const char *next)
{
    struct arena *a = arena_create(0);
    assert_true(str_is(family_next_name(a, str_of(name)), next));
    arena_destroy(a);
}

static void names_are_counted_on(void **state)
{
    (void)state;
    expect_next("tea-1", "tea-2");
    expect_next("tea-9", "tea-10");
    expect_next("7群", "8群");
    expect_next("辣妈一群", "辣妈二群");
    expect_next("辣妈九群", "辣妈十群");
    expect_next("辣妈十群", "辣妈十一群");
    expect_next("辣妈十一群", "辣妈十二群");
    expect_next("辣妈十九群", "辣妈十九群-2"); /* twenty is not one more character */
    expect_next("好货群", "好货群-2");
    expect_next("99999999999999999999", "99999999999999999999-2"); /* no number of ours */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_entrance_moves_on_exactly_when_a_group_is_full),
        cmocka_unit_test(a_group_is_wanted_at_the_share_of_the_last_with_room),
        cmocka_unit_test(not_now_holds_until_all_are_full_or_there_is_another_group),
        cmocka_unit_test(a_group_is_wanted_when_the_room_lasts_for_the_hours_and_no_longer),
        cmocka_unit_test(joins_of_all_groups_fill_the_room_of_all),
        cmocka_unit_test(a_family_without_groups_wants_one),
        cmocka_unit_test(a_group_hands_over_at_the_least_of_its_limits),
        cmocka_unit_test(names_are_counted_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
