/* health_test.c - groups of each kind, small enough for their scores to be worked out by hand. */
#include "groups/health.h"

#include <math.h>

#include "talk_made.h"

#define NEAR(a, b) assert_true(fabs((a) - (b)) < 1e-6)

static int setup(void **state)
{
    struct made *m = mem_alloc(sizeof(*m));
    made_begin(m);
    *state = m;
    return 0;
}

static int teardown(void **state)
{
    made_end(*state);
    mem_free(*state);
    return 0;
}

/* Account 0 is staff, the rest are members. */
static void people(struct made *m, int members)
{
    made_accounts(m, ACCOUNT_STAFF, 1);
    made_accounts(m, ACCOUNT_MEMBER, members);
}

static struct talk_message *say(struct made *m, int day, int minute, uint32_t who, uint32_t to)
{
    char clock[24];
    snprintf(clock, sizeof(clock), "%d %d:%d", day, minute / 60, minute % 60);
    return made_say(m, clock, who, to, to == TALK_NONE ? TALK_ALONE : TALK_REPLY);
}

static struct health judge(struct made *m, const bool *suspect)
{
    struct health h;
    struct health_ask ask = {.talk = made_talk(m), .suspect = suspect};
    health_make(&ask, m->arena, &h);
    return h;
}

#define TEN (10 * 60)

/* Staff posts at 10:00 on 28 days; on day 3 two members answer.
 *   posts 28 + 2: s = 28/30. Threads 28, all of staff, one with two members: e = 1/28; u = 0/28.
 *   One slot of the day, used on all 28 days: r = 1. Replies 2, both to staff: d = 0.
 *   monologue = 28/30 * 27/28 * 1 * (0.7 + 0.3) = 0.9 */
static void a_broadcast_with_two_replies_is_a_monologue(void **state)
{
    struct made *m = *state;
    people(m, 12);
    for (int day = 0; day < 28; day++) {
        say(m, day, TEN, 0, TALK_NONE);
        if (day != 3) continue;
        say(m, day, TEN + 5, 1, 0);
        say(m, day, TEN + 6, 2, 0);
    }
    struct health h = judge(m, NULL);
    NEAR(h.features[FEATURE_STAFF].value, 28.0 / 30);
    NEAR(h.features[FEATURE_ECHO].value, 1.0 / 28);
    NEAR(h.features[FEATURE_UNPROMPTED].value, 0);
    NEAR(h.features[FEATURE_TIMETABLE].value, 1);
    NEAR(h.features[FEATURE_DIALOGUE].value, 0);
    NEAR(h.scores[ARCHETYPE_MONOLOGUE], 0.9);
    /* fewer than 50 posts, but s > 0.8 with at least 12 threads of staff: judged all the same */
    assert_int_equal(h.posts, 30);
    assert_int_equal(h.archetype, ARCHETYPE_MONOLOGUE);
    /* Half-way, e would take 0.9 to 0.4667 and u to 0.45: these two weigh most. */
    assert_int_equal(h.leads[0].feature, FEATURE_UNPROMPTED);
    assert_int_equal(h.leads[1].feature, FEATURE_ECHO);
    assert_false(h.leads[0].high);
    uint32_t behind[40];
    assert_int_equal(health_evidence(&h, FEATURE_ECHO, false, behind, 40), 27);
    assert_int_equal(health_evidence(&h, FEATURE_ECHO, true, behind, 40), 1);
    assert_int_equal(behind[0], 3); /* the post of day 3 */
}

/* Only staff speak: 0.9333 * 1 * 1 becomes 1 * 1 * 1 * 1. */
static void an_announcement_group_is_a_monologue(void **state)
{
    struct made *m = *state;
    people(m, 40);
    for (int day = 0; day < 28; day++)
        say(m, day, TEN, 0, TALK_NONE);
    struct health h = judge(m, NULL);
    NEAR(h.scores[ARCHETYPE_MONOLOGUE], 1);
    NEAR(h.confidence, 1);
    assert_int_equal(h.archetype, ARCHETYPE_MONOLOGUE);
}

/* On five days ten members speak in turn, a minute apart, each answering the one before; on the
 * sixth staff post once.
 *   posts 51: s = 1/51. Replies 45, all between members: d = 1. Threads: 5 live ones of members and
 *   one of staff: u = 5/6. Ten voices alike: exp(ln 10) = 10 of max(5, 1): b = 1.
 *   self-driven = sqrt(50/51 * 1) * (0.5 + 0.5 * 5/6) * 1 = 0.907637 */
static void members_who_answer_each_other_are_self_driven(void **state)
{
    struct made *m = *state;
    people(m, 10);
    for (int day = 0; day < 5; day++) {
        for (uint32_t i = 0; i < 10; i++)
            say(m, day, TEN + (int)i, i + 1, i ? i : TALK_NONE);
    }
    say(m, 5, TEN, 0, TALK_NONE);
    struct health h = judge(m, NULL);
    NEAR(h.features[FEATURE_DIALOGUE].value, 1);
    NEAR(h.features[FEATURE_UNPROMPTED].value, 5.0 / 6);
    NEAR(h.features[FEATURE_BREADTH].value, 1);
    NEAR(h.features[FEATURE_BREADTH].hits, 10);
    NEAR(h.scores[ARCHETYPE_SELF_DRIVEN], sqrt(50.0 / 51) * (0.5 + 0.5 * 5 / 6));
    assert_int_equal(h.archetype, ARCHETYPE_SELF_DRIVEN);
}

/* On 20 days: staff at 10:00 and 10:05, a member's question at 10:10 that nobody answers.
 *   s = 40/60; e = 0 of 20; u = 0; r = 1; i = (20 + 0.5) / (20 + 2) * 1 = 0.931818
 *   monologue = 2/3 * 1 * 1 * 1 = 0.666667; self-centred = 1 * 0.931818 * 0.8 = 0.745455 */
static void unanswered_questions_are_self_centred(void **state)
{
    struct made *m = *state;
    people(m, 10);
    for (int day = 0; day < 20; day++) {
        say(m, day, TEN, 0, TALK_NONE);
        say(m, day, TEN + 5, 0, TALK_NONE);
        say(m, day, TEN + 10, 1 + (uint32_t)day % 10, TALK_NONE)->question = true;
    }
    struct health h = judge(m, NULL);
    assert_int_equal(h.questions, 20);
    assert_int_equal(h.unanswered, 20);
    NEAR(h.scores[ARCHETYPE_MONOLOGUE], 2.0 / 3);
    NEAR(h.scores[ARCHETYPE_SELF_CENTRED], 20.5 / 22 * 0.8);
    NEAR(h.confidence, 20.5 / 22 * 0.8 - 2.0 / 3);
    assert_int_equal(h.archetype, ARCHETYPE_SELF_CENTRED);
    assert_false(h.features[FEATURE_DEPARTMENTS].known); /* unknown stands for one */
}

/* The same, with 20 posts asked for by sales, 10 by care and 10 by nobody known: h = exp(2/3 ln 3/2
 * + 1/3 ln 3) = 3 / 2^(2/3) = 1.889882.
 *   self-centred = 1 * 0.931818 * (0.8 + 0.2 * (h - 1) / 2) = 0.828372 */
static void departments_that_ask_for_posts_make_it_more_self_centred(void **state)
{
    struct made *m = *state;
    people(m, 10);
    for (int day = 0; day < 20; day++) {
        say(m, day, TEN, 0, TALK_NONE)->department = 1;
        say(m, day, TEN + 5, 0, TALK_NONE)->department = day % 2 ? 2 : 0;
        say(m, day, TEN + 10, 1 + (uint32_t)day % 10, TALK_NONE)->question = true;
    }
    struct health h = judge(m, NULL);
    double seem = 3 / pow(2, 2.0 / 3);
    assert_true(h.features[FEATURE_DEPARTMENTS].known);
    NEAR(h.features[FEATURE_DEPARTMENTS].hits, 30);
    NEAR(h.features[FEATURE_DEPARTMENTS].of, 40);
    NEAR(h.features[FEATURE_DEPARTMENTS].value, seem);
    NEAR(h.scores[ARCHETYPE_SELF_CENTRED], 20.5 / 22 * (0.8 + 0.1 * (seem - 1)));
    assert_int_equal(h.archetype, ARCHETYPE_SELF_CENTRED);
}

/* Ten promotions; accounts 1 and 2, suspects, answer each, and account 3 five of them; 20 more
 * posts of members.
 *   replies to promotions 25, of suspects 20: g = 20 / (25 + 5) = 2/3; staged = min(1, 4/3) = 1
 *   Suspects are no voices: no thread of staff has two members, e = 0. */
static void replies_of_suspects_to_promotions_are_staging(void **state)
{
    struct made *m = *state;
    people(m, 12);
    bool suspect[13] = {[1] = true, [2] = true};
    for (int day = 0; day < 10; day++) {
        say(m, day, TEN, 0, TALK_NONE)->promotion = true;
        say(m, day, TEN + 1, 1, 0);
        say(m, day, TEN + 2, 2, 0);
        if (day < 5) say(m, day, TEN + 3, 3, 0);
        say(m, day, 2 * TEN, 4, TALK_NONE);
        say(m, day, 2 * TEN + 40, 5, TALK_NONE);
    }
    struct health h = judge(m, suspect);
    NEAR(h.features[FEATURE_STAGING].value, 20.0 / 30);
    NEAR(h.features[FEATURE_ECHO].value, 0);
    assert_int_equal(h.archetype, ARCHETYPE_STAGED);
    h = judge(m, NULL);
    NEAR(h.scores[ARCHETYPE_STAGED], 0);
}

/* Ten lessons: staff open, five members answer staff. L = 50/50, e = 10/10, d = 0, i = 0: led = 1.
 * Of ten staff posts two promote, which is less than a quarter: a course; three: a sale. */
static void a_lesson_that_is_answered_is_led(void **state)
{
    struct made *m = *state;
    people(m, 20);
    for (int day = 0; day < 10; day++) {
        say(m, day, TEN, 0, TALK_NONE)->promotion = day < 2;
        for (uint32_t i = 1; i <= 5; i++)
            say(m, day, TEN + (int)i, i, 0);
    }
    struct health h = judge(m, NULL);
    NEAR(h.scores[ARCHETYPE_LED], 1);
    assert_int_equal(h.archetype, ARCHETYPE_LED);
    assert_int_equal(h.promotions, 2);
    assert_int_equal(h.leading, LEADING_COURSE);
    m->messages.items[2 * 6].promotion = true;
    assert_int_equal(judge(m, NULL).leading, LEADING_SALE);
}

/* One account says 95 of 100 posts and nobody is marked as staff. */
static void who_runs_it_is_asked_when_nobody_is_marked(void **state)
{
    struct made *m = *state;
    made_accounts(m, ACCOUNT_MEMBER, 30);
    for (int i = 0; i < 100; i++)
        say(m, i / 4, TEN + i % 4 * 60, i % 20 ? 0 : 1, TALK_NONE);
    struct health h = judge(m, NULL);
    assert_int_equal(h.archetype, ARCHETYPE_UNCLEAR);
    assert_int_equal(h.unclear, UNCLEAR_STAFF);
}

/* Two friends among 300: 60 posts, each answering the other, s = 0.
 *   d = 1 (but for the first), u = 20/20, voices 2 of 30: b = 1/15
 *   self-driven = sqrt(1 * 1) * 1 * 1/15 < 0.25: mixed. */
static void two_friends_are_no_community(void **state)
{
    struct made *m = *state;
    people(m, 300);
    for (int day = 0; day < 20; day++) {
        say(m, day, TEN, 1, day ? 2 : TALK_NONE);
        say(m, day, TEN + 1, 2, 1);
        say(m, day, TEN + 2, 1, 2);
        say(m, day, TEN + 3, 2, 1);
    }
    struct health h = judge(m, NULL);
    NEAR(h.features[FEATURE_BREADTH].value, 2.0 / 30);
    NEAR(h.scores[ARCHETYPE_SELF_DRIVEN], 2.0 / 30);
    assert_int_equal(h.archetype, ARCHETYPE_MIXED);
}

/* 20 questions, each answered at once by a bot, which is nobody: all 20 are unanswered. */
static void a_bot_answers_nothing(void **state)
{
    struct made *m = *state;
    people(m, 10);
    made_accounts(m, ACCOUNT_BOT, 1);
    for (int day = 0; day < 20; day++) {
        say(m, day, TEN, 1 + (uint32_t)day % 10, TALK_NONE)->question = true;
        say(m, day, TEN, 11, 1 + (uint32_t)day % 10);
    }
    struct health h = judge(m, NULL);
    assert_int_equal(h.unanswered, 20);
    assert_int_equal(h.posts, 20);
    assert_int_equal(h.replies, 0);
    /* s = 0, for a bot is no staff: nobody is self-centred; nor is there dialogue or an echo */
    for (int a = 0; a < ARCHETYPE_SCORES; a++)
        NEAR(h.scores[a], 0);
    assert_int_equal(h.unclear, UNCLEAR_POSTS);
}

/* A question at 23:00 waits for 09:00: staff at 09:09 is in time, at 09:11 not, a promotion never,
 * and whoever replies by 09:30 is. One less than 30 minutes old at the end is not counted. */
static void questions_wait_for_service_hours(void **state)
{
    struct made *m = *state;
    people(m, 10);
    for (int day = 0; day < 8; day += 2) {
        int nine = 9 * 60;
        say(m, day, 23 * 60, 1, TALK_NONE)->question = true;
        if (day == 0) say(m, day + 1, nine + 9, 0, TALK_NONE);
        if (day == 2) say(m, day + 1, nine + 11, 0, TALK_NONE);
        if (day == 4) say(m, day + 1, nine + 5, 0, TALK_NONE)->promotion = true;
        if (day == 6) say(m, day + 1, nine + 30, 2, 1);
    }
    say(m, 27, 23 * 60 + 50, 3, TALK_NONE)->question = true;
    struct health h = judge(m, NULL);
    assert_int_equal(h.questions, 4);
    assert_int_equal(h.unanswered, 2);
    /* i = (2 + 0.5) / (4 + 2) * 4/20 */
    NEAR(h.features[FEATURE_IGNORED].value, 2.5 / 6 * 0.2);
}

/* Within 2 minutes it is one post, however many lines; another's line in between parts it; 30
 * minutes of silence end a thread. */
static void posts_and_threads_part_where_they_should(void **state)
{
    struct made *m = *state;
    struct posts p;
    people(m, 3);
    say(m, 0, TEN, 1, TALK_NONE);
    say(m, 0, TEN + 2, 1, TALK_NONE);
    say(m, 0, TEN + 5, 1, TALK_NONE); /* 3 minutes: another post */
    say(m, 0, TEN + 6, 2, TALK_NONE);
    say(m, 0, TEN + 7, 1, TALK_NONE);
    say(m, 0, TEN + 36, 2, TALK_NONE); /* 29 minutes: the same thread */
    say(m, 0, TEN + 66, 2, TALK_NONE); /* 30: another */
    posts_make(made_talk(m), NULL, m->arena, &p);
    assert_int_equal(p.post_count, 6);
    assert_int_equal(p.thread_count, 2);
    assert_int_equal(p.threads[0].count, 5);
    assert_int_equal(p.threads[0].people, 2);
    assert_int_equal(p.threads[1].people, 1);
    assert_int_equal(p.post_of[1], 0);
}

static void nothing_said_is_unclear(void **state)
{
    struct made *m = *state;
    people(m, 30);
    struct health h = judge(m, NULL);
    assert_int_equal(h.archetype, ARCHETYPE_UNCLEAR);
    assert_int_equal(h.unclear, UNCLEAR_POSTS);
    for (int a = 0; a < ARCHETYPE_SCORES; a++)
        NEAR(h.scores[a], 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_broadcast_with_two_replies_is_a_monologue),
        TEST(an_announcement_group_is_a_monologue),
        TEST(members_who_answer_each_other_are_self_driven),
        TEST(unanswered_questions_are_self_centred),
        TEST(departments_that_ask_for_posts_make_it_more_self_centred),
        TEST(replies_of_suspects_to_promotions_are_staging),
        TEST(a_lesson_that_is_answered_is_led),
        TEST(who_runs_it_is_asked_when_nobody_is_marked),
        TEST(two_friends_are_no_community),
        TEST(a_bot_answers_nothing),
        TEST(questions_wait_for_service_hours),
        TEST(posts_and_threads_part_where_they_should),
        TEST(nothing_said_is_unclear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
