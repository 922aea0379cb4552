/* fold_trust_test.c - each rule of trust. */
#include "fold_story.h"

static void trust_climbs_to_the_highest_rule_that_holds(void **unused)
{
    (void)unused;
    happens(T0, "touch.sent");
    trust_is(T0, TRUST_UNAWARE);
    happens(T0 + 1, "touchpoint.scanned");
    trust_is(T0 + 1, TRUST_CURIOUS);
    in_group(T0 + 2, "group.joined", 1);
    trust_is(T0 + 2, TRUST_ACQUAINTED);
    for (uint32_t i = 0; i < 4; i++) {
        struct fold_row row = row_of(T0 + 3 + i, "content.viewed");
        row.content = 1 + i / 2 * 7; /* two items, twice each */
        add(row);
    }
    trust_is(T0 + 6, TRUST_ACQUAINTED);
    struct fold_row row = row_of(T0 + 7, "content.viewed");
    row.content = 99;
    add(row);
    trust_is(T0 + 7, TRUST_INFORMED);
    trade(T0 + 8, "order.paid", 1, 5);
    trust_is(T0 + 8, TRUST_BOUGHT);
    happens(T0 + 9, "share.clicked");
    trust_is(T0 + 9, TRUST_SHARES);
}

static void attending_or_a_sample_informs(void **unused)
{
    (void)unused;
    static const char *const kinds[] = {"live.attended", "class.attended", "sample.given"};
    for (size_t i = 0; i < COUNT(kinds); i++) {
        fold_reset(story.fold);
        happens(T0, kinds[i]);
        trust_is(T0, TRUST_INFORMED);
    }
}

static void talk(int64_t at, int64_t after, bool human)
{
    happens(at, "dm.received");
    struct fold_row row = row_of(at + after, "dm.sent");
    row.staff = 4;
    row.human = human;
    add(row);
}

static void three_exchanges_on_two_days_with_staff_make_familiar(void **unused)
{
    (void)unused;
    with_staff(T0, "contact.added", 4);
    talk(T0 + HOURS(1), HOURS(1), true);
    talk(T0 + HOURS(3), HOURS(1), true);
    talk(T0 + HOURS(5), HOURS(1), true);
    trust_is(T0 + HOURS(6), TRUST_ACQUAINTED); /* one day only */
    talk(T0 + HOURS(25), HOURS(1), false);     /* a template is no answer */
    trust_is(T0 + HOURS(26), TRUST_ACQUAINTED);
    talk(T0 + HOURS(30), HOURS(24), true); /* a millisecond too late */
    trust_is(T0 + HOURS(54), TRUST_ACQUAINTED);
    happens(T0 + HOURS(78) - 1, "dm.received"); /* but it is answered in turn */
    trust_is(T0 + HOURS(78) - 1, TRUST_FAMILIAR);
}

static void members_answers_alone_do_not_make_familiar(void **unused)
{
    (void)unused;
    in_group(T0, "group.joined", 1);
    for (int i = 1; i < 6; i++) {
        happens(T0 + DAYS(i), "message.answered");
    }
    trust_is(T0 + DAYS(6), TRUST_ACQUAINTED);
    with_staff(T0 + DAYS(7), "message.answered", 2);
    trust_is(T0 + DAYS(7), TRUST_ACQUAINTED);
    with_staff(T0 + DAYS(8), "message.answered", 2);
    trust_is(T0 + DAYS(8), TRUST_FAMILIAR);
}

static bool awaits(uint32_t group, int64_t at)
{
    return fold_awaits(story.fold, group, at);
}

static void a_message_waits_a_day_for_one_answer(void **unused)
{
    (void)unused;
    in_group(T0, "group.joined", 1);
    assert_false(awaits(1, T0));
    in_group(T0 + 5, "message.sent", 1);
    in_group(T0 + 6, "message.sent", 2);
    assert_false(awaits(1, T0 + 5) || awaits(2, T0 + 6));
    assert_true(awaits(1, T0 + 6) && awaits(2, T0 + 7));
    assert_true(awaits(1, T0 + 5 + DAYS(1) - 1));
    assert_false(awaits(1, T0 + 5 + DAYS(1)));
    assert_false(awaits(3, T0 + 7) || awaits(0, T0 + 7));
    in_group(T0 + 8, "message.answered", 1);
    assert_false(awaits(1, T0 + 9));
    assert_true(awaits(2, T0 + 9));
    in_group(T0 + DAYS(3), "message.sent", 1);
    in_group(T0 + DAYS(3), "message.answered", 1); /* in the same millisecond: of one before it */
    assert_true(awaits(1, T0 + DAYS(3) + 1));
    in_group(T0 + DAYS(9), "message.sent", 3);
    in_group(T0 + DAYS(9), "group.left", 1);
    in_group(T0 + DAYS(9), "message.answered", 2);
    assert_true(awaits(1, T0 + DAYS(3) + 1)); /* whatever is known of later days */
}

static void a_direct_message_that_was_answered_takes_part_in_no_other_exchange(void **unused)
{
    (void)unused;
    with_staff(T0, "contact.added", 2);
    for (int i = 1; i < 3; i++) {
        with_staff(T0 + DAYS(2 * i), "dm.received", 2);
        assert_true(awaits(0, T0 + DAYS(2 * i) + 1));
        with_staff(T0 + DAYS(2 * i) + 1, "message.answered", 2);
        assert_false(awaits(0, T0 + DAYS(2 * i) + 1));
        with_staff(T0 + DAYS(2 * i) + 2, "dm.sent", 2);
        assert_false(awaits(0, T0 + DAYS(2 * i) + 2));
    }
    trust_is(T0 + DAYS(4) + 2, TRUST_ACQUAINTED); /* two exchanges */
    with_staff(T0 + DAYS(4) + 3, "dm.received", 2);
    trust_is(T0 + DAYS(4) + 3, TRUST_FAMILIAR);
}

static void leaving_lapses_trust_and_rejoining_restores_it(void **unused)
{
    (void)unused;
    in_group(T0, "group.joined", 1);
    trade(T0 + DAYS(1), "order.paid", 1, 5);
    happens(T0 + DAYS(2), "testimonial.approved");
    in_group(T0 + DAYS(3), "group.left", 1);
    trust_is(T0 + DAYS(3), TRUST_BOUGHT);
    trust_is(T0 + DAYS(181) - 1, TRUST_BOUGHT);
    trust_is(T0 + DAYS(181), TRUST_CURIOUS);
    assert_int_equal(state_at(T0 + DAYS(181)).trust_peak, TRUST_SHARES);
    in_group(T0 + DAYS(200), "group.joined", 1);
    trust_is(T0 + DAYS(200), TRUST_SHARES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY_TEST(trust_climbs_to_the_highest_rule_that_holds),
        STORY_TEST(attending_or_a_sample_informs),
        STORY_TEST(three_exchanges_on_two_days_with_staff_make_familiar),
        STORY_TEST(members_answers_alone_do_not_make_familiar),
        STORY_TEST(a_message_waits_a_day_for_one_answer),
        STORY_TEST(a_direct_message_that_was_answered_takes_part_in_no_other_exchange),
        STORY_TEST(leaving_lapses_trust_and_rejoining_restores_it),
    };
    return cmocka_run_group_tests_name("fold trust", tests, NULL, NULL);
}
