/* along_test.c - who goes with whom, worked out by hand. */
#include "groups/along.h"

#include <math.h>

#include "talk_made.h"

#define NEAR(a, b) assert_true(fabs((a) - (b)) < 1e-9)

enum { HERE = 1, THERE = 2 };

struct told {
    struct arena *arena;
    struct along_ask ask;
    VEC(struct along_act) acts;
    VEC(struct along_deal) deals;
    VEC(struct along_offer) offers;
    VEC(struct along_move) moves;
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
    VEC_FINISH(&t->acts);
    VEC_FINISH(&t->deals);
    VEC_FINISH(&t->offers);
    VEC_FINISH(&t->moves);
    arena_destroy(t->arena);
    mem_free(t);
    return 0;
}

/* "": nothing; "#7" campaign 7; else a product. */
static struct along_thing thing(const char *name)
{
    if (name[0] == '#') return (struct along_thing){.campaign = (uint32_t)(name[1] - '0')};
    return (struct along_thing){.product = str_of(name)};
}

/* Members first .. last are in a group from before the time. */
static void in(struct told *t, uint32_t group, uint32_t first, uint32_t last)
{
    for (uint32_t m = first; m <= last; m++)
        VEC_PUSH(&t->moves, ((struct along_move){MADE_FROM - TIME_DAY, m, group, 0, true}));
}

static void act(struct told *t, const char *clock, uint32_t member, uint32_t group,
                const char *about)
{
    VEC_PUSH(&t->acts,
             ((struct along_act){made_at(clock), member, group, thing(about), ALONG_MESSAGE}));
}

static void pay(struct told *t, const char *clock, uint32_t member, const char *about)
{
    VEC_PUSH(&t->deals,
             ((struct along_deal){made_at(clock), member, 0, about[0] == '#', thing(about)}));
}

static void offer(struct told *t, const char *clock, uint32_t group, const char *about)
{
    VEC_PUSH(&t->offers, ((struct along_offer){made_at(clock), group, 0, thing(about)}));
}

static struct along look(struct told *t)
{
    struct along out;
    t->ask = (struct along_ask){.group = HERE,
                                .from = MADE_FROM,
                                .to = MADE_FROM + ALONG_DAYS * TIME_DAY,
                                .acts = t->acts.items,
                                .act_count = (uint32_t)t->acts.count,
                                .deals = t->deals.items,
                                .deal_count = (uint32_t)t->deals.count,
                                .offers = t->offers.items,
                                .offer_count = (uint32_t)t->offers.count,
                                .moves = t->moves.items,
                                .move_count = (uint32_t)t->moves.count};
    along_make(&t->ask, t->arena, &out);
    return out;
}

/* Members 1 to 5. 1 and 2 speak of tea, 1 twice, and 3 pays: ½ each, 1 by the later act. 4 pays 24
 * h after 2's act to the millisecond: it is no longer within them, so 1's later one has the whole
 * credit. What 5 pays is of coffee, of which nobody spoke; what 1 pays is shared by 2 alone, for
 * nobody goes with themselves. 9 is in another group. 1: ½ + 1, 2: ½ + 1; of equals the lower
 * first. */
static void a_credit_is_shared_by_all_who_acted_in_the_day_before(void **state)
{
    struct told *t = *state;
    in(t, HERE, 1, 5);
    in(t, THERE, 9, 9);
    act(t, "1 9:00", 1, HERE, "tea");
    act(t, "1 10:00", 2, HERE, "tea");
    act(t, "1 12:00", 1, HERE, "tea");
    act(t, "1 12:30", 4, HERE, "");
    act(t, "1 12:40", 9, THERE, "tea");
    pay(t, "1 13:00", 3, "tea");
    pay(t, "1 13:30", 9, "tea");
    pay(t, "1 14:00", 1, "tea");
    pay(t, "1 15:00", 5, "coffee");
    pay(t, "2 10:00", 4, "tea");
    struct along a = look(t);
    assert_int_equal(a.deals, 4);
    assert_int_equal(a.credited, 3);
    assert_int_equal(a.count, 2);
    assert_int_equal(a.items[0].member, 1);
    assert_int_equal(a.items[1].member, 2);
    NEAR(a.items[0].credits, 1.5);
    NEAR(a.items[1].credits, 1.5);
    assert_int_equal(a.items[0].count, 2);
    const struct along_credit *newest = &a.credits[a.items[0].first], *older = newest + 1;
    assert_int_equal(t->deals.items[newest->deal].member, 4);
    assert_int_equal(newest->shared_by, 1);
    assert_int_equal(t->deals.items[older->deal].member, 3);
    assert_int_equal(older->shared_by, 2);
    assert_int_equal(t->acts.items[older->act].at, made_at("1 12:00"));
    assert_true(isnan(a.items[0].lift)); /* nothing was promoted */
}

/* The same campaign is the same thing, whatever the products; who left is no B; an order that names
 * another group is of that. */
static void a_campaign_is_a_thing_and_who_left_is_nobody(void **state)
{
    struct told *t = *state;
    in(t, HERE, 1, 3);
    VEC_PUSH(&t->moves, ((struct along_move){made_at("1 11:00"), 3, HERE, 1, false}));
    act(t, "1 10:00", 1, HERE, "#7");
    pay(t, "1 10:30", 3, "#7");
    pay(t, "1 12:00", 2, "#7");
    pay(t, "1 12:30", 3, "#7");
    pay(t, "1 13:00", 2, "#7");
    t->deals.items[3].group = THERE;
    struct along a = look(t);
    assert_int_equal(a.deals, 2);
    assert_int_equal(a.count, 1);
    NEAR(a.items[0].credits, 2);
    assert_true(t->deals.items[a.credits[0].deal].joined);
}

/* Tea is promoted here on days 1 and 5 at 10:00 and there on day 1; again on day 1 at 11:00, which
 * is the same round. Here are 1 to 5, there 6 to 9. 1 speaks here on day 1 at 12:00, h = 2 hours.
 * People: 1 to 5 without 1 itself and without 2, who had paid at 11:30: 3, of whom 3 and 4 pay
 * until 12:00 of day 2: 2 of 3. 5 pays a minute later. Without: day 5 here, hours 2 to 26: 2 to 5
 * are 4, of whom 2 pays: 1 of 4, while 3 who pays at 11:59 had paid before: 1 of 3. There: 6 to 9
 * are 4, of whom 6 pays: 1 of 4. Together 2 of 7. lift = (2/3) / (2/7) = 7/3. */
static void a_lift_compares_the_same_hours_of_other_rounds(void **state)
{
    struct told *t = *state;
    in(t, HERE, 1, 5);
    in(t, THERE, 6, 9);
    offer(t, "1 10:00", HERE, "tea");
    offer(t, "1 10:00", THERE, "tea");
    offer(t, "1 11:00", HERE, "tea");
    offer(t, "5 10:00", HERE, "tea");
    offer(t, "6 10:00", HERE, "coffee");
    act(t, "1 12:00", 1, HERE, "tea");
    pay(t, "1 11:30", 2, "tea");
    pay(t, "1 13:00", 3, "tea");
    pay(t, "1 13:30", 6, "tea");
    pay(t, "2 11:59", 4, "tea");
    pay(t, "2 12:01", 5, "tea");
    pay(t, "5 11:59", 3, "tea");
    pay(t, "5 20:00", 2, "tea");
    struct along a = look(t);
    assert_int_equal(a.count, 1);
    const struct along_one *one = &a.items[0];
    NEAR(one->credits, 2);
    assert_int_equal(one->after.people, 3);
    assert_int_equal(one->after.hits, 2);
    assert_int_equal(one->after.rounds, 1);
    assert_int_equal(one->without.people, 7);
    assert_int_equal(one->without.hits, 2);
    assert_int_equal(one->without.rounds, 2);
    NEAR(one->lift, 7.0 / 3);
    /* ln((2.5/3.5) / (2.5/7.5)) = 0.762140; 1/2.5 - 1/3.5 + 1/2.5 - 1/7.5 = 0.380952, its root
     * times 1.96 is 1.209721 */
    assert_true(fabs(one->low - exp(0.762140 - 1.209721)) < 1e-4);
    assert_true(fabs(one->high - exp(0.762140 + 1.209721)) < 1e-4);
}

/* 1 acts in each round: there is nothing to compare with, and no lift. The last is not over. */
static void without_a_round_to_compare_there_is_no_lift(void **state)
{
    struct told *t = *state;
    in(t, HERE, 1, 3);
    offer(t, "1 10:00", HERE, "tea");
    offer(t, "27 20:00", HERE, "tea");
    act(t, "1 12:00", 1, HERE, "tea");
    act(t, "27 21:00", 1, HERE, "tea");
    pay(t, "1 13:00", 2, "tea");
    pay(t, "27 22:00", 2, "tea");
    struct along a = look(t);
    assert_int_equal(a.items[0].after.rounds, 1);
    assert_int_equal(a.items[0].after.people, 2);
    assert_int_equal(a.items[0].without.rounds, 0);
    assert_true(isnan(a.items[0].lift));
    NEAR(a.items[0].credits, 2);
}

static void nobody_said_anything_is_no_credit(void **state)
{
    struct told *t = *state;
    in(t, HERE, 1, 2);
    pay(t, "1 13:00", 2, "tea");
    struct along a = look(t);
    assert_int_equal(a.count, 0);
    assert_int_equal(a.deals, 1);
    assert_int_equal(a.credited, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_credit_is_shared_by_all_who_acted_in_the_day_before,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_campaign_is_a_thing_and_who_left_is_nobody, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_lift_compares_the_same_hours_of_other_rounds, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(without_a_round_to_compare_there_is_no_lift, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(nobody_said_anything_is_no_credit, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
