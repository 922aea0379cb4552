/* haves_test.c - the four haves, habit and activity of groups written down by hand. */
#include "groups/haves.h"

#include <math.h>

#include "talk_made.h"

#define NEAR(a, b) assert_true(fabs((a) - (b)) < 1e-6)

static struct haves found(struct made *m, const struct talk_act *acts, uint32_t act_count,
                          const struct talk_content *contents, uint32_t content_count)
{
    struct talk t = *made_talk(m);
    struct health h;
    struct haves out;
    t.acts = acts;
    t.act_count = act_count;
    t.contents = contents;
    t.content_count = content_count;
    const struct health_ask ask = {.talk = &t};
    health_make(&ask, m->arena, &h);
    const struct haves_ask haves = {.talk = &t, .health = &h};
    haves_make(&haves, m->arena, &out);
    return out;
}

/* Account 0 is staff, 1..10 are members; 11 has left.
 *   Threads: day 1, begun by 1, with 2 and 3 answering 1: three people. Day 2, by 4 and 5: two.
 *   Day 3, begun by staff, 6 and 7 answering each other. Day 1 again, by 2, with 1 and 3.
 *   talk = days begun by a member and of three people = {1} = 1 of 28.
 *   Posts of members: 3 + 2 + 2 + 3 = 10. Member to member: 2 (day 1) + 1 (day 2: 5 to 4)
 *   + 1 (7 to 6) + 2 (day 1 again) = 6; a reaction of 8: 7 of 10.
 *   Voices: posts of 1..7 are 2 2 2 1 1 1 1 of 10: entropy 3*0.2 ln 5 + 4*0.1 ln 10 = 1.88670,
 *   exp 6.5975; max(5, 1) = 5: b = 1. fun = 100 * 1 * 0.7 = 70. */
static void talk_among_members_is_counted(void **state)
{
    struct made m;
    (void)state;
    made_begin(&m);
    made_accounts(&m, ACCOUNT_STAFF, 1);
    made_accounts(&m, ACCOUNT_MEMBER, 11);
    m.accounts.items[11].in = false;
    made_say(&m, "1 10:00", 1, TALK_NONE, TALK_ALONE);
    made_say(&m, "1 10:03", 2, 1, TALK_REPLY);
    made_say(&m, "1 10:06", 3, 1, TALK_REPLY);
    made_say(&m, "1 15:00", 2, TALK_NONE, TALK_ALONE);
    made_say(&m, "1 15:03", 1, 2, TALK_REPLY);
    made_say(&m, "1 15:06", 3, 2, TALK_REPLY);
    made_say(&m, "1 15:07", 8, 2, TALK_REACTION);
    made_say(&m, "2 10:00", 4, TALK_NONE, TALK_ALONE);
    made_say(&m, "2 10:03", 5, 4, TALK_REPLY);
    made_say(&m, "3 10:00", 0, TALK_NONE, TALK_ALONE);
    made_say(&m, "3 10:03", 6, 0, TALK_ALONE);
    made_say(&m, "3 10:06", 7, 6, TALK_REPLY);
    struct haves h = found(&m, NULL, 0, NULL, 0);
    assert_true(h.items[HAVE_TALK].known && h.items[HAVE_FUN].known);
    NEAR(h.items[HAVE_TALK].hits, 1);
    NEAR(h.values[HAVE_TALK], 100.0 / 28);
    NEAR(h.items[HAVE_FUN].hits, 7);
    NEAR(h.items[HAVE_FUN].of, 10);
    NEAR(h.values[HAVE_FUN], 70);
    assert_false(h.items[HAVE_USEFUL].known || h.items[HAVE_BENEFITS].known || h.total_known);
    made_end(&m);
}

static struct talk_act did(int day, uint32_t account, bool look)
{
    return (struct talk_act){MADE_FROM + day * TIME_DAY + TIME_HOUR, account, look};
}

/* Of two members in the group: 1 looked in each week (days 0, 8, 14, 27) and never acted; 2 acted
 * on days 1, 8 and 20, and did nothing in the fourth week. Staff 0 and who has left, 3, are not
 * counted. Habit 1 of 2, activity 1 of 2. */
static void who_opens_it_each_week_has_the_habit(void **state)
{
    struct made m;
    (void)state;
    made_begin(&m);
    made_accounts(&m, ACCOUNT_STAFF, 1);
    made_accounts(&m, ACCOUNT_MEMBER, 3);
    m.accounts.items[3].in = false;
    const struct talk_act acts[] = {did(0, 1, true),   did(1, 2, false),  did(2, 3, false),
                                    did(8, 1, true),   did(8, 2, false),  did(9, 3, false),
                                    did(14, 1, true),  did(15, 3, false), did(20, 2, false),
                                    did(22, 3, false), did(26, 0, false), did(27, 1, true)};
    struct haves h = found(&m, acts, 12, NULL, 0);
    NEAR(h.habit.hits, 1);
    NEAR(h.habit.of, 2);
    NEAR(h.activity.hits, 1);
    NEAR(h.activity.of, 2);
    made_end(&m);
}

/* Ten members. Content 5 is sent on day 2; members 1, 2 and 2 again view it within 48 h, 3 on day 5
 * too late; 4 views another. Content 6 is sent on day 27: its time is not over. useful = 2 / 10. */
static void what_was_sent_is_useful_to_who_views_it_in_time(void **state)
{
    struct made m;
    (void)state;
    made_begin(&m);
    made_accounts(&m, ACCOUNT_MEMBER, 10);
    const int64_t day = TIME_DAY, from = MADE_FROM;
    const struct talk_content contents[] = {
        {from + 2 * day, 5, TALK_NONE},  {from + 2 * day + 1, 5, 1},  {from + 3 * day, 5, 2},
        {from + 3 * day + 1, 7, 4},      {from + 4 * day, 5, 2},      {from + 5 * day, 5, 3},
        {from + 27 * day, 6, TALK_NONE}, {from + 27 * day + 1, 6, 1},
    };
    struct haves h = found(&m, NULL, 0, contents, 8);
    assert_true(h.items[HAVE_USEFUL].known);
    NEAR(h.items[HAVE_USEFUL].hits, 2);
    NEAR(h.items[HAVE_USEFUL].of, 10);
    NEAR(h.values[HAVE_USEFUL], 20);
    /* nothing was said: that is unknown, and there is no total of one */
    assert_false(h.items[HAVE_FUN].known || h.items[HAVE_TALK].known || h.total_known);
    made_end(&m);
}

/* Three of four are known: the total is their mean. */
static void three_of_four_make_a_total(void **state)
{
    struct made m;
    (void)state;
    made_begin(&m);
    made_accounts(&m, ACCOUNT_MEMBER, 2);
    made_say(&m, "1 10:00", 0, TALK_NONE, TALK_ALONE);
    made_say(&m, "1 10:01", 1, 0, TALK_REPLY);
    const struct talk_content contents[] = {{MADE_FROM, 5, TALK_NONE}, {MADE_FROM, 5, 0}};
    struct haves h = found(&m, NULL, 0, contents, 2);
    /* b = exp(ln 2) / 5 = 0.4; 1 reply of 2 posts: fun 20; useful 1 of 2: 50; talk 0 */
    NEAR(h.values[HAVE_FUN], 20);
    NEAR(h.values[HAVE_USEFUL], 50);
    NEAR(h.values[HAVE_TALK], 0);
    assert_true(h.total_known);
    NEAR(h.total, 70.0 / 3);
    made_end(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(talk_among_members_is_counted),
        cmocka_unit_test(who_opens_it_each_week_has_the_habit),
        cmocka_unit_test(what_was_sent_is_useful_to_who_views_it_in_time),
        cmocka_unit_test(three_of_four_make_a_total),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
