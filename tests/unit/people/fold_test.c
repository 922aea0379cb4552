/* fold_test.c - each rule of the lifecycle on a timeline made by hand, to the millisecond. */
#include "fold_story.h"

static void before_any_event_there_is_no_stage(void **unused)
{
    (void)unused;
    struct fold_state s;
    fold_get_state(story.fold, &story.names, &s);
    assert_int_equal(s.stage, STAGE_NONE);
    assert_int_equal(s.trust, TRUST_UNAWARE);
    assert_true(s.due == TIME_NONE && s.created == TIME_NONE && s.last_seen == TIME_NONE);
    assert_true(fold_last_at(story.fold) == TIME_NONE);
    fold_advance(story.fold, &story.names, T0, note_change, &story.changes);
    assert_int_equal(story.changes.count, 0);
}

static void a_visitor_becomes_potential_when_known_and_new_when_joined(void **unused)
{
    (void)unused;
    struct fold_row row = row_of(T0, "member.created");
    add(row);
    stage_is(T0, STAGE_NONE);
    happens(T0 + 5, "page.viewed");
    stage_is(T0 + DAYS(1000), STAGE_NONE);
    row = row_of(T0 + DAYS(1), "member.identified");
    row.known = true;
    add(row);
    stage_is(T0 + DAYS(400), STAGE_POTENTIAL);
    in_group(T0 + DAYS(2), "group.joined", 1);
    stage_is(T0 + DAYS(2), STAGE_NEW);
    fold_advance(story.fold, &story.names, T0 + DAYS(2), note_change, &story.changes);
    const struct fold_change expected[] = {
        {T0, FOLD_TRUST, -1, TRUST_UNAWARE},
        {T0 + 5, FOLD_TRUST, TRUST_UNAWARE, TRUST_CURIOUS},
        {T0 + DAYS(1), FOLD_LIFECYCLE, -1, STAGE_POTENTIAL},
        {T0 + DAYS(2), FOLD_LIFECYCLE, STAGE_POTENTIAL, STAGE_NEW},
        {T0 + DAYS(2), FOLD_TRUST, TRUST_CURIOUS, TRUST_ACQUAINTED},
    };
    assert_int_equal(story.changes.count, COUNT(expected));
    for (size_t i = 0; i < COUNT(expected); i++) {
        assert_int_equal(story.changes.items[i].at, expected[i].at);
        assert_int_equal(story.changes.items[i].what, expected[i].what);
        assert_int_equal(story.changes.items[i].from, expected[i].from);
        assert_int_equal(story.changes.items[i].to, expected[i].to);
    }
}

static void dormant_begins_on_the_14th_days_very_millisecond(void **unused)
{
    (void)unused;
    in_group(T0, "group.joined", 1);
    happens(T0 + DAYS(3) + 7, "message.sent");
    happens(T0 + DAYS(5), "content.viewed"); /* a look is no act */
    stage_turns(T0 + DAYS(17) + 7, STAGE_NEW, STAGE_DORMANT);
    assert_true(state_at(T0 + DAYS(33) - 1).reads);
    assert_false(state_at(T0 + DAYS(33)).reads);
}

static void a_later_join_puts_dormancy_off(void **unused)
{
    (void)unused;
    happens(T0, "message.sent");
    in_group(T0 + DAYS(10), "group.joined", 1);
    stage_turns(T0 + DAYS(24), STAGE_NEW, STAGE_DORMANT);
    in_group(T0 + DAYS(30), "group.joined", 1); /* joined again, though in it already */
    stage_turns(T0 + DAYS(30), STAGE_DORMANT, STAGE_NEW);
}

static void acts_on_two_days_make_effective_until_one_leaves_the_window(void **unused)
{
    (void)unused;
    story.names.rules.dormant_days = 40; /* let the window be seen */
    in_group(T0, "group.joined", 1);
    happens(T0 + HOURS(1), "message.sent");
    happens(T0 + HOURS(23), "message.sent"); /* the same day */
    stage_is(T0 + HOURS(23), STAGE_NEW);
    happens(T0 + HOURS(24), "message.reacted");
    stage_turns(T0 + HOURS(24), STAGE_NEW, STAGE_EFFECTIVE);
    stage_turns(T0 + HOURS(23) + DAYS(28), STAGE_EFFECTIVE, STAGE_NEW);
}

static void days_are_those_of_the_brands_zone(void **unused)
{
    (void)unused;
    story.names.zone = zone_open("America/New_York");
    in_group(T0, "group.joined", 1);
    happens(T0 + HOURS(13) - 1, "message.sent"); /* 2024-12-31 23:59:59.999 there */
    stage_is(T0 + HOURS(13) - 1, STAGE_NEW);
    happens(T0 + HOURS(13), "message.sent");
    stage_is(T0 + HOURS(13), STAGE_EFFECTIVE);
}

static void one_of_some_events_makes_effective_for_good(void **unused)
{
    (void)unused;
    static const char *const kinds[] = {
        "message.answered", "checkin.done",          "survey.answered",  "live.attended",
        "class.attended",   "testimonial.submitted", "voucher.redeemed", "order.paid"};
    for (size_t i = 0; i < COUNT(kinds); i++) {
        fold_reset(story.fold);
        in_group(T0, "group.joined", 1);
        happens(T0 + 1, kinds[i]);
        stage_is(T0 + 1, STAGE_EFFECTIVE);
        happens(T0 + DAYS(60), "message.sent");
        stage_is(T0 + DAYS(60), STAGE_EFFECTIVE);
    }
}

static void a_question_makes_effective_if_the_member_asked_it(void **unused)
{
    (void)unused;
    in_group(T0, "group.joined", 1);
    struct fold_row row = row_of(T0 + 1, "dm.sent");
    row.question = true;
    add(row);
    stage_is(T0 + 1, STAGE_NEW);
    row = row_of(T0 + 2, "message.sent");
    row.question = true;
    add(row);
    stage_is(T0 + 2, STAGE_EFFECTIVE);
}

static void active_needs_four_days_an_interaction_and_two_orders(void **unused)
{
    (void)unused;
    in_group(T0, "group.joined", 1);
    trade(T0 + DAYS(1), "order.paid", 1, 100);
    trade(T0 + DAYS(2), "order.paid", 2, 100);
    trade(T0 + DAYS(3), "order.paid", 3, 100);
    trade(T0 + DAYS(4), "order.paid", 4, 100);
    stage_is(T0 + DAYS(4), STAGE_EFFECTIVE);
    happens(T0 + DAYS(4) + 5, "checkin.done");
    stage_turns(T0 + DAYS(4) + 5, STAGE_EFFECTIVE, STAGE_ACTIVE);
    trade(T0 + DAYS(5), "order.refunded", 1, 100);
    trade(T0 + DAYS(5), "order.refunded", 2, 99);
    trade(T0 + DAYS(5), "order.refunded", 3, 100);
    stage_is(T0 + DAYS(5), STAGE_ACTIVE); /* orders 2 and 4 stand */
    trade(T0 + DAYS(5) + 1, "order.refunded", 2, 1);
    stage_turns(T0 + DAYS(5) + 1, STAGE_ACTIVE, STAGE_EFFECTIVE);
}

static void core_lasts_while_an_order_and_a_spread_are_of_180_days(void **unused)
{
    (void)unused;
    story.names.rules.dormant_days = 400;
    story.names.rules.churned_days = 1000;
    in_group(T0, "group.joined", 1);
    happens(T0 + DAYS(1), "invite.qualified");
    stage_is(T0 + DAYS(1), STAGE_NEW);
    trade(T0 + DAYS(2), "order.paid", 1, 100);
    stage_turns(T0 + DAYS(2), STAGE_NEW, STAGE_CORE);
    stage_turns(T0 + DAYS(181), STAGE_CORE, STAGE_EFFECTIVE);
    happens(T0 + DAYS(100), "invite.paid");
    stage_turns(T0 + DAYS(182), STAGE_CORE, STAGE_EFFECTIVE);
}

static void talks_at_noon_of_days(int from, int to)
{
    for (int day = from; day <= to; day++) {
        happens(T0 + DAYS(day) + HOURS(12), "message.sent");
    }
}

static void talking_a_quarter_as_often_is_dormant(void **unused)
{
    (void)unused;
    story.names.rules.dormant_days = 80;
    in_group(T0, "group.joined", 1);
    talks_at_noon_of_days(0, 111);
    /* when the 104th day leaves the window 7 are left, a quarter of 84 days in 84 */
    stage_turns(T0 + DAYS(132) + HOURS(12), STAGE_EFFECTIVE, STAGE_DORMANT);
}

static void a_day_enters_the_time_before_with_its_first_act(void **unused)
{
    (void)unused;
    story.names.rules.dormant_days = 80;
    in_group(T0, "group.joined", 1);
    for (int day = 21; day <= 128; day += day < 104 ? 1 : 4) {
        happens(T0 + DAYS(day) + HOURS(10), "message.sent");
        happens(T0 + DAYS(day) + HOURS(20), "message.sent");
    }
    /* the 104th counts on both sides: 7 days, and 84 before */
    stage_turns(T0 + DAYS(132) + HOURS(10), STAGE_EFFECTIVE, STAGE_DORMANT);
}

static void a_member_of_two_months_is_measured_since_joining(void **unused)
{
    (void)unused;
    story.names.rules.dormant_days = 80;
    talks_at_noon_of_days(0, 41);
    /* on day 62: 7 days in the window, 35 in the 34 days before, 28.8 in 28 */
    stage_turns(T0 + DAYS(62) + HOURS(12), STAGE_EFFECTIVE, STAGE_DORMANT);
}

static void a_member_of_less_than_56_days_is_not_measured(void **unused)
{
    (void)unused;
    story.names.rules.dormant_days = 80;
    talks_at_noon_of_days(0, 20);
    stage_turns(T0 + DAYS(56) + HOURS(12), STAGE_NEW, STAGE_DORMANT);
}

static void leaving_all_for_24_hours_is_churn(void **unused)
{
    (void)unused;
    in_group(T0, "group.joined", 1);
    with_staff(T0, "contact.added", 9);
    in_group(T0 + DAYS(1), "group.left", 1);
    stage_is(T0 + DAYS(3), STAGE_NEW);
    with_staff(T0 + DAYS(4), "contact.deleted", 9);
    stage_turns(T0 + DAYS(5), STAGE_NEW, STAGE_CHURNED);
    assert_int_equal(state_at(T0 + DAYS(5)).churn, CHURN_LEFT);
    in_group(T0 + DAYS(6), "group.joined", 2);
    stage_turns(T0 + DAYS(6), STAGE_CHURNED, STAGE_NEW);
    assert_true(state_at(T0 + DAYS(34) - 1).returned);
    assert_false(state_at(T0 + DAYS(34)).returned);
}

static void coming_back_within_24_hours_is_no_churn(void **unused)
{
    (void)unused;
    in_group(T0, "group.joined", 1);
    in_group(T0 + DAYS(1), "group.left", 1);
    in_group(T0 + DAYS(2) - 1, "group.joined", 1);
    stage_is(T0 + DAYS(2), STAGE_NEW);
    in_group(T0 + DAYS(3), "group.left", 7); /* never was in it */
    stage_is(T0 + DAYS(5), STAGE_NEW);
}

static void outsiders_cannot_leave(void **unused)
{
    (void)unused;
    trade(T0, "order.paid", 1, 500);
    in_group(T0 + 1, "group.left", 3);
    struct fold_state s = state_at(T0 + DAYS(5));
    assert_true(s.outside);
    assert_int_equal(s.stage, STAGE_EFFECTIVE);
    assert_int_equal(s.joined, T0);
    in_group(T0 + DAYS(6), "group.joined", 3);
    assert_false(state_at(T0 + DAYS(6)).outside);
}

static void silence_churns_after_90_days_or_two_gaps(void **unused)
{
    (void)unused;
    in_group(T0, "group.joined", 1);
    happens(T0 + DAYS(5), "touch.opened");
    stage_turns(T0 + DAYS(95), STAGE_DORMANT, STAGE_CHURNED);
    assert_int_equal(state_at(T0 + DAYS(95)).churn, CHURN_SILENT);
    trade(T0 + DAYS(100), "order.paid", 1, 1);
    trade(T0 + DAYS(170), "order.paid", 2, 1); /* gap 70 days */
    stage_turns(T0 + DAYS(310), STAGE_DORMANT, STAGE_CHURNED);
}

/* A talk: the member writes at 'at', staff answers 'after' later. */
static void one_millisecond_gives_one_change(void **unused)
{
    (void)unused;
    in_group(T0, "group.joined", 1);
    in_group(T0, "group.left", 1);
    in_group(T0, "group.joined", 1);
    trade(T0, "order.paid", 1, 5);
    fold_advance(story.fold, &story.names, T0, note_change, &story.changes);
    assert_int_equal(story.changes.count, 2);
    assert_int_equal(story.changes.items[0].to, STAGE_EFFECTIVE);
    assert_int_equal(story.changes.items[1].to, TRUST_BOUGHT);
    assert_int_equal(story.changes.items[1].from, -1);
}

static void an_event_without_meaning_still_tells_the_time(void **unused)
{
    (void)unused;
    struct fold_state s;
    in_group(T0, "group.joined", 1);
    happens(T0 + DAYS(14), "touch.sent");
    fold_get_state(story.fold, &story.names, &s);
    assert_int_equal(s.stage, STAGE_DORMANT);
    assert_int_equal(s.stage_since, T0 + DAYS(14));
    assert_int_equal(s.last_seen, T0 + DAYS(14));
}

static void derived_events_count_for_nothing(void **unused)
{
    (void)unused;
    happens(T0, "message.sent");
    happens(T0 + DAYS(50), "lifecycle.changed");
    assert_int_equal(fold_last_at(story.fold), T0);
    assert_int_equal(state_at(T0).events, 1);
}

static void groups_and_contacts_are_sets(void **unused)
{
    (void)unused;
    static const uint32_t codes[] = {7, 3, 9, 3, 1};
    for (size_t i = 0; i < COUNT(codes); i++) {
        in_group(T0, "group.joined", codes[i]);
        with_staff(T0, "contact.added", codes[i]);
    }
    in_group(T0 + 1, "group.left", 7);
    struct fold_state s = state_at(T0 + 1);
    assert_int_equal(s.group_count, 3);
    assert_int_equal(s.groups[0], 1);
    assert_int_equal(s.groups[1], 3);
    assert_int_equal(s.groups[2], 9);
    assert_int_equal(s.contacts, 4);
    assert_true(fold_in_group(story.fold, 9));
    assert_false(fold_in_group(story.fold, 7));
}

static void invites_are_counted(void **unused)
{
    (void)unused;
    happens(T0, "invite.accepted");
    happens(T0, "invite.accepted");
    happens(T0, "invite.qualified");
    assert_int_equal(state_at(T0).invited, 2);
    assert_int_equal(state_at(T0).qualified, 1);
}

static void fields_answer_for_expressions(void **unused)
{
    (void)unused;
    struct expr_value v;
    happens(T0, "touch.sent");
    struct fold_state s = state_at(T0);
    assert_true(fold_field(&s, FIELD_LIFECYCLE, &v));
    assert_int_equal(v.type, TYPE_NULL);
    assert_true(fold_field(&s, FIELD_LAST_ORDER, &v));
    assert_int_equal(v.type, TYPE_NULL);
    in_group(T0 + 1, "group.joined", 6);
    trade(T0 + 2, "order.paid", 1, 1250);
    s = state_at(T0 + 3);
    assert_true(fold_field(&s, FIELD_LIFECYCLE, &v));
    assert_true(v.type == TYPE_NUMBER && (int)v.number == STAGE_EFFECTIVE);
    assert_true(fold_field(&s, FIELD_TRUST, &v) && (int)v.number == TRUST_BOUGHT);
    assert_true(fold_field(&s, FIELD_SPENT, &v) && (int)v.number == 1250);
    assert_true(fold_field(&s, FIELD_LAST_ORDER, &v) && v.time == T0 + 2);
    assert_true(fold_field(&s, FIELD_CREATED, &v) && v.type == TYPE_TIME && v.time == T0);
    assert_true(fold_field(&s, FIELD_GROUPS, &v) && v.code_count == 1 && v.codes[0] == 6);
    assert_true(fold_field(&s, FIELD_SILENT_BUYER, &v) && v.type == TYPE_BOOL && v.boolean);
    assert_false(fold_field(&s, FIELD_TRAIT, &v));
    assert_true(fold_field(&s, FIELD_OWNER, &v) && v.type == TYPE_NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY_TEST(before_any_event_there_is_no_stage),
        STORY_TEST(a_visitor_becomes_potential_when_known_and_new_when_joined),
        STORY_TEST(dormant_begins_on_the_14th_days_very_millisecond),
        STORY_TEST(a_later_join_puts_dormancy_off),
        STORY_TEST(acts_on_two_days_make_effective_until_one_leaves_the_window),
        STORY_TEST(days_are_those_of_the_brands_zone),
        STORY_TEST(one_of_some_events_makes_effective_for_good),
        STORY_TEST(a_question_makes_effective_if_the_member_asked_it),
        STORY_TEST(active_needs_four_days_an_interaction_and_two_orders),
        STORY_TEST(core_lasts_while_an_order_and_a_spread_are_of_180_days),
        STORY_TEST(talking_a_quarter_as_often_is_dormant),
        STORY_TEST(a_day_enters_the_time_before_with_its_first_act),
        STORY_TEST(a_member_of_two_months_is_measured_since_joining),
        STORY_TEST(a_member_of_less_than_56_days_is_not_measured),
        STORY_TEST(leaving_all_for_24_hours_is_churn),
        STORY_TEST(coming_back_within_24_hours_is_no_churn),
        STORY_TEST(outsiders_cannot_leave),
        STORY_TEST(silence_churns_after_90_days_or_two_gaps),
        STORY_TEST(one_millisecond_gives_one_change),
        STORY_TEST(an_event_without_meaning_still_tells_the_time),
        STORY_TEST(derived_events_count_for_nothing),
        STORY_TEST(groups_and_contacts_are_sets),
        STORY_TEST(invites_are_counted),
        STORY_TEST(fields_answer_for_expressions),
    };
    return cmocka_run_group_tests_name("fold", tests, NULL, NULL);
}
