/* life_test.c - life curves and costs of pushes, worked out by hand. */
#include "groups/life.h"

#include <math.h>

#include "talk_made.h"

#define NEAR(a, b) assert_true(fabs((a) - (b)) < 1e-9)

/* A chronicle written down by hand; a member's moves together, losses in order of time. */
struct told {
    struct arena *arena;
    struct chronicle c;
    VEC(struct move) moves;
    VEC(struct loss) losses;
    VEC(struct acted) acted;
};

static int setup(void **state)
{
    struct told *t = mem_alloc(sizeof(*t));
    t->arena = arena_create(0);
    *state = t;
    return 0;
}

static int teardown(void **state)
{
    struct told *t = *state;
    VEC_FINISH(&t->moves);
    VEC_FINISH(&t->losses);
    VEC_FINISH(&t->acted);
    arena_destroy(t->arena);
    mem_free(t);
    return 0;
}

static void move(struct told *t, uint32_t member, const char *clock, bool in)
{
    VEC_PUSH(&t->moves, ((struct move){made_at(clock), member, (uint32_t)t->moves.count, in}));
}

static void lose(struct told *t, uint32_t member, const char *clock, enum loss_kind kind)
{
    VEC_PUSH(&t->losses, ((struct loss){made_at(clock), member, (uint8_t)kind}));
}

/* On a day from the first one, which is MADE_FROM's. */
static void act(struct told *t, uint32_t member, int day)
{
    int32_t first = zone_day(zone_open("Asia/Shanghai"), MADE_FROM);
    VEC_PUSH(&t->acted, ((struct acted){first + day, member}));
}

static const struct chronicle *tell(struct told *t, const char *now)
{
    t->c = (struct chronicle){.born = MADE_FROM,
                              .now = made_at(now),
                              .zone = zone_open("Asia/Shanghai"),
                              .moves = t->moves.items,
                              .move_count = (uint32_t)t->moves.count,
                              .losses = t->losses.items,
                              .loss_count = (uint32_t)t->losses.count,
                              .acted = t->acted.items,
                              .acted_count = (uint32_t)t->acted.count};
    return &t->c;
}

/* Four join on day 0, the fifth on day 30, the first leaves on day 60. Months of 28 days:
 *   1, days 0-27: members 4; 1, 2, 3 and 4 act: 4/4 = 1
 *   2, days 28-55: members 5; 1, 2 and 5 act: 3/5 = 0.6, a fall of 0.4
 *   3, days 56-83: members 4, for 1 has left and does not count though it acted; 2 acts: 1/4 =
 * 0.25, a fall of 0.35 and half of 1 or less day 84 on is under way: 2 and 3 act, 2 of 4. Half-life
 * is month 3; the cliff is month 2, where most was lost at once. */
static void a_life_falls_by_months_of_its_own_age(void **state)
{
    struct told *t = *state;
    struct life life;
    for (uint32_t m = 1; m <= 4; m++) {
        move(t, m, "0 9:00", true);
        if (m == 1) move(t, m, "60 9:00", false);
    }
    move(t, 5, "30 9:00", true);
    const int days[][2] = {{1, 0},  {1, 28}, {1, 59}, {2, 27}, {2, 55}, {2, 83},
                           {2, 84}, {3, 3},  {3, 90}, {4, 27}, {5, 55}};
    for (size_t i = 0; i < sizeof(days) / sizeof(days[0]); i++)
        act(t, (uint32_t)days[i][0], days[i][1]);
    life_make(tell(t, "100 12:00"), t->arena, &life);
    assert_int_equal(life.month_count, 3);
    assert_int_equal(life.months[0].members, 4);
    assert_int_equal(life.months[1].members, 5);
    assert_int_equal(life.months[2].members, 4);
    NEAR(life_rate(&life.months[0]), 1);
    NEAR(life_rate(&life.months[1]), 0.6);
    NEAR(life_rate(&life.months[2]), 0.25);
    assert_int_equal(life.half_life, 3);
    assert_int_equal(life.cliff, 2);
    NEAR(life.fall, 0.4);
    assert_int_equal(life.running_members, 4);
    assert_int_equal(life.running_active, 2);
}

/* The rate only rises: no half-life, no cliff. One who leaves and comes back is in. */
static void a_life_that_rises_has_no_cliff(void **state)
{
    struct told *t = *state;
    struct life life;
    move(t, 1, "0 9:00", true);
    move(t, 1, "5 9:00", false);
    move(t, 1, "6 9:00", true);
    move(t, 2, "0 9:00", true);
    act(t, 1, 4);
    act(t, 1, 40);
    act(t, 2, 41);
    life_make(tell(t, "56 0:00"), t->arena, &life);
    assert_int_equal(life.month_count, 2);
    NEAR(life_rate(&life.months[0]), 0.5);
    NEAR(life_rate(&life.months[1]), 1);
    assert_int_equal(life.half_life, 0);
    assert_int_equal(life.cliff, 0);
}

/* The eighth month falls most, but the cliff is looked for in months 2 to 7: rates of one member
 * 1 1 1 0 1 ... is a fall of 1 in month 4; month 8's of a second is not looked at. */
static void a_cliff_is_of_the_first_seven_months(void **state)
{
    struct told *t = *state;
    struct life life;
    move(t, 1, "0 9:00", true);
    move(t, 2, "0 9:00", true);
    for (int month = 0; month < 7; month++)
        act(t, 1, month * 28);
    for (int month = 0; month < 7; month++)
        if (month != 3) act(t, 2, month * 28);
    life_make(tell(t, "230 0:00"), t->arena, &life);
    assert_int_equal(life.month_count, 8);
    NEAR(life_rate(&life.months[7]), 0); /* a fall of 1 in month 8 */
    assert_int_equal(life.cliff, 4);
    NEAR(life.fall, 0.5);
    assert_int_equal(life.half_life, 4);
}

static void nobody_ever_there_is_no_life(void **state)
{
    struct told *t = *state;
    struct life life;
    struct chronicle c = *tell(t, "1 0:00");
    c.born = TIME_NONE;
    life_make(&c, t->arena, &life);
    assert_int_equal(life.month_count, 0);
}

/* Ten are in since day 0; a post on day 35 at 10:00.
 *   Lost until 12:00, both ends: 1 leaves at 10:00:00 with the post and is not counted; 2 leaves at
 *   10:01, 3 deletes at 11:00, 4 unsubscribes at 12:00; 5 leaves at 12:01, too late: 3.
 *   Reached: nine, for who left at 10:00 is gone by then.
 *   Days 28, 21, 14, 7 from 10:00 to 12:00: 0, 1, 3, 0 lost. Median of 0 0 1 3: 0.5.
 *   Cost: (3 - 0.5) / 9 * 1000 = 277.78 */
static void a_push_costs_what_is_lost_beyond_the_usual(void **state)
{
    struct told *t = *state;
    struct push p = {.at = made_at("35 10:00")};
    for (uint32_t m = 1; m <= 10; m++) {
        move(t, m, "0 9:00", true);
        if (m == 1) move(t, m, "35 10:00", false);
        if (m == 2) move(t, m, "35 10:01", false);
        if (m == 5) move(t, m, "35 12:01", false);
    }
    lose(t, 6, "14 10:30", LOSS_DELETED);
    lose(t, 7, "14 11:30", LOSS_DELETED);
    lose(t, 8, "14 12:00", LOSS_UNSUBSCRIBED);
    lose(t, 9, "14 12:01", LOSS_UNSUBSCRIBED); /* too late */
    lose(t, 9, "21 10:01", LOSS_DELETED);
    lose(t, 9, "28 10:00", LOSS_DELETED); /* too early */
    lose(t, 1, "35 10:00", LOSS_LEFT);
    lose(t, 2, "35 10:01", LOSS_LEFT);
    lose(t, 3, "35 11:00", LOSS_DELETED);
    lose(t, 4, "35 12:00", LOSS_UNSUBSCRIBED);
    lose(t, 5, "35 12:01", LOSS_LEFT);
    push_measure(tell(t, "40 0:00"), &p, 1, t->arena);
    assert_int_equal(p.lost[LOSS_LEFT], 1);
    assert_int_equal(p.lost[LOSS_DELETED], 1);
    assert_int_equal(p.lost[LOSS_UNSUBSCRIBED], 1);
    assert_int_equal(p.reached, 9);
    assert_int_equal(p.weeks, 4);
    NEAR(p.usual, 0.5);
    assert_true(p.known);
    NEAR(p.cost, 2.5 / 9 * 1000);
}

/* A group of 15 days has two of the weeks: 2 and 0 lost, the median is 1. With nothing lost now the
 * cost is below 0: (0 - 1) / 4 * 1000. An hour after the post it is not known yet. */
static void a_young_group_is_compared_with_the_weeks_it_has(void **state)
{
    struct told *t = *state;
    struct push p = {.at = made_at("15 10:00")}, early = p;
    for (uint32_t m = 1; m <= 4; m++)
        move(t, m, "0 9:00", true);
    lose(t, 1, "8 10:30", LOSS_DELETED);
    lose(t, 2, "8 10:40", LOSS_DELETED);
    push_measure(tell(t, "15 12:00"), &p, 1, t->arena);
    assert_int_equal(p.weeks, 2);
    NEAR(p.usual, 1);
    NEAR(p.cost, -250);
    push_measure(tell(t, "15 11:00"), &early, 1, t->arena);
    assert_false(early.known);
}

/* Wording 1: 2 and 1 lost of 4 and 4 reached, none usual: 3 / 8 * 1000 = 375. Wording 2: 0 of 4.
 * All: 3 / 12 * 1000 = 250. */
static void posts_of_a_template_are_taken_together(void **state)
{
    struct told *t = *state;
    struct push p[] = {{.at = made_at("1 10:00"), .wording = 1},
                       {.at = made_at("2 10:00"), .wording = 2},
                       {.at = made_at("3 10:00"), .wording = 1}};
    for (uint32_t m = 1; m <= 4; m++)
        move(t, m, "0 9:00", true);
    lose(t, 1, "1 10:30", LOSS_DELETED);
    lose(t, 2, "1 10:40", LOSS_UNSUBSCRIBED);
    lose(t, 3, "3 11:40", LOSS_DELETED);
    push_measure(tell(t, "5 0:00"), p, 3, t->arena);
    NEAR(push_add_up(p, 3, 1).cost, 375);
    assert_int_equal(push_add_up(p, 3, 1).posts, 2);
    NEAR(push_add_up(p, 3, 2).cost, 0);
    NEAR(push_add_up(p, 3, PUSH_ANY).cost, 250);
    assert_int_equal(push_add_up(p, 3, PUSH_ANY).reached, 12);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_life_falls_by_months_of_its_own_age),
        TEST(a_life_that_rises_has_no_cliff),
        TEST(a_cliff_is_of_the_first_seven_months),
        TEST(nobody_ever_there_is_no_life),
        TEST(a_push_costs_what_is_lost_beyond_the_usual),
        TEST(a_young_group_is_compared_with_the_weeks_it_has),
        TEST(posts_of_a_template_are_taken_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
