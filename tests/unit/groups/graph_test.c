/* graph_test.c - graphs small enough to be worked out by hand. */
#include "groups/graph.h"

#include <math.h>

#include "talk_made.h"

static struct graph graph_of(struct made *m)
{
    struct graph g;
    graph_make(made_talk(m), m->arena, &g);
    return g;
}

/* Accounts: 0 staff, 1 bot, 2 3 4 5 members.
 *   3 replies to 2 (3), mentions 2 (2); 4 reacts to 2 (1); 2 is guessed to answer 3 (1);
 *   2 answers staff, staff answers 5, the bot answers 5: no edges of theirs.
 * Edges by node (2 is 0, 3 is 1, 4 is 2, 5 is 3): 0->1 weight 1, 1->0 weight 5, 2->0 weight 1. */
static void edges_have_the_weights_of_their_links(void **state)
{
    struct made m;
    (void)state;
    made_begin(&m);
    made_accounts(&m, ACCOUNT_STAFF, 1);
    made_accounts(&m, ACCOUNT_BOT, 1);
    made_accounts(&m, ACCOUNT_MEMBER, 4);
    made_say(&m, "0 10:00", 2, TALK_NONE, TALK_ALONE);
    made_say(&m, "0 10:01", 3, 2, TALK_REPLY);
    made_say(&m, "0 10:02", 3, 2, TALK_MENTION);
    made_say(&m, "0 10:03", 4, 2, TALK_REACTION);
    made_say(&m, "0 10:04", 2, 3, TALK_INFERRED);
    made_say(&m, "0 10:05", 2, 0, TALK_REPLY);
    made_say(&m, "0 10:06", 5, TALK_NONE, TALK_ALONE);
    made_say(&m, "0 10:07", 0, 5, TALK_REPLY);
    made_say(&m, "0 10:08", 1, 5, TALK_REPLY);
    struct graph g = graph_of(&m);
    assert_int_equal(g.node_count, 4);
    assert_int_equal(g.edge_count, 3);
    assert_true(g.edges[0].from == 0 && g.edges[0].to == 1 && g.edges[0].weight == 1);
    assert_true(g.edges[1].from == 1 && g.edges[1].to == 0 && g.edges[1].weight == 5);
    assert_true(g.edges[2].from == 2 && g.edges[2].to == 0 && g.edges[2].weight == 1);
    assert_int_equal(g.nodes[3].account, 5);
    assert_int_equal(g.nodes[0].messages, 3);
    assert_int_equal(g.nodes[2].messages, 0);    /* reacted only */
    assert_int_equal(g.nodes[3].answered_by, 1); /* by staff; a bot is nobody */
    assert_true(g.nodes[0].answers_staff && !g.nodes[1].answers_staff);
    made_end(&m);
}

/* A triangle 0 1 2 with a tail 2 - 3, and 4 alone: the triangle is shell 2, the tail 1, alone 0. */
static void shells_are_peeled_from_outside(void **state)
{
    static const uint32_t pairs[][2] = {{0, 1}, {1, 2}, {2, 0}, {3, 2}, {2, 3}};
    struct made m;
    (void)state;
    made_begin(&m);
    made_accounts(&m, ACCOUNT_MEMBER, 5);
    for (size_t i = 0; i < 5; i++)
        made_say(&m, "0 10:00", pairs[i][0], pairs[i][1], TALK_REPLY);
    struct graph g = graph_of(&m);
    const uint32_t want[] = {2, 2, 2, 1, 0};
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(g.nodes[i].shell, want[i]);
    made_end(&m);
}

/* 1 and 2 both answer 0, who answers nobody: with d = 0.85 and n = 3, and what 0 has going to all
 * alike, a = PR(0), b = PR(1) = PR(2):
 *   b = 0.05 + 0.85 a / 3,  a = 0.05 + 0.85 a / 3 + 0.85 * 2 b  =>  a = b + 1.7 b = 2.7 b
 *   a + 2 b = 1  =>  4.7 b = 1  =>  b = 0.212766, a = 0.574468 */
static void influence_flows_to_who_is_answered(void **state)
{
    struct made m;
    (void)state;
    made_begin(&m);
    made_accounts(&m, ACCOUNT_MEMBER, 3);
    made_say(&m, "0 10:00", 0, TALK_NONE, TALK_ALONE);
    made_say(&m, "0 10:01", 1, 0, TALK_REPLY);
    made_say(&m, "0 10:02", 2, 0, TALK_REPLY);
    struct graph g = graph_of(&m);
    assert_true(fabs(g.nodes[0].influence - 2.7 / 4.7) < 1e-9);
    assert_true(fabs(g.nodes[1].influence - 1 / 4.7) < 1e-9);
    assert_true(fabs(g.nodes[2].influence - 1 / 4.7) < 1e-9);
    made_end(&m);
}

/* 0 and 1 answer each other thrice on two days: strong. 2 answers 0 once: weak. 3 and 4 answer each
 * other thrice on one day: weak. */
static void ties_are_strong_by_replies_both_ways_on_two_days(void **state)
{
    struct made m;
    (void)state;
    made_begin(&m);
    made_accounts(&m, ACCOUNT_MEMBER, 5);
    for (int i = 0; i < 3; i++) {
        made_say(&m, "0 10:00", 3, 4, TALK_REPLY);
        made_say(&m, "0 10:00", 4, 3, TALK_REPLY);
    }
    made_say(&m, "0 10:01", 2, 0, TALK_REPLY);
    for (int i = 0; i < 3; i++) {
        made_say(&m, i < 2 ? "1 10:00" : "2 10:00", 0, 1, TALK_REPLY);
        made_say(&m, i < 2 ? "1 10:00" : "2 10:00", 1, 0, TALK_QUOTE);
    }
    struct graph g = graph_of(&m);
    assert_int_equal(g.strong_ties, 1);
    assert_int_equal(g.weak_ties, 2);
    assert_int_equal(g.nodes[0].strong_ties, 1);
    assert_int_equal(g.nodes[0].weak_ties, 1);
    assert_int_equal(g.nodes[3].weak_ties, 1);
    made_end(&m);
}

/* 20 members: at most 3 (15 %) are core. 0 1 2 3 answer each other in a ring with both diagonals
 * (shell 3) on eight days; 4 is trusted, but in shell 1; 5 spoke on three days and was answered; 6
 * has a click, 7 seven check-ins; the rest are periphery. Of the four, the three with the most
 * PageRank: all are alike but 0, whom 4 and staff's 5 answer too, so 0, then 1 and 2 by account. */
static void circles_follow_their_rules(void **state)
{
    struct made m;
    char clock[16];
    (void)state;
    made_begin(&m);
    made_accounts(&m, ACCOUNT_MEMBER, 20);
    made_accounts(&m, ACCOUNT_STAFF, 1);
    for (int day = 0; day < 8; day++) {
        snprintf(clock, sizeof(clock), "%d 10:00", day);
        for (uint32_t a = 0; a < 4; a++) {
            for (uint32_t b = 0; b < 4; b++) {
                if (a != b) made_say(&m, clock, a, b, TALK_REPLY);
            }
        }
        if (day < 3) made_say(&m, clock, 5, TALK_NONE, TALK_ALONE);
    }
    made_say(&m, "8 10:00", 4, 0, TALK_REPLY);
    made_say(&m, "8 10:00", 0, 5, TALK_REPLY);
    made_say(&m, "8 10:01", 20, TALK_NONE, TALK_ALONE);
    made_say(&m, "8 10:02", 5, 20, TALK_REPLY);
    m.accounts.items[4].trusted = true;
    m.accounts.items[6].clicks = 1;
    m.accounts.items[7].checkin_days = 7;
    struct graph g = graph_of(&m);
    assert_int_equal(g.nodes[0].shell, 3);
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(g.nodes[i].circle, CIRCLE_CORE);
    assert_int_equal(g.nodes[3].circle, CIRCLE_INFLUENCE); /* no room: answered on eight days */
    assert_int_equal(g.nodes[4].circle, CIRCLE_PERIPHERY);
    for (uint32_t i = 5; i < 8; i++)
        assert_int_equal(g.nodes[i].circle, CIRCLE_INFLUENCE);
    assert_int_equal(g.circle_size[CIRCLE_CORE], 3);
    assert_int_equal(g.circle_size[CIRCLE_INFLUENCE], 4);
    assert_int_equal(g.circle_size[CIRCLE_PERIPHERY], 13);
    assert_int_equal(g.circle_reached[CIRCLE_INFLUENCE], 1);
    assert_int_equal(g.circle_reached[CIRCLE_PERIPHERY], 0);
    made_end(&m);
}

/* 300 members, of whom two talk to each other: their edge is shell 1, and shell 2 makes a core. */
static void two_friends_are_no_core(void **state)
{
    struct made m;
    char clock[16];
    (void)state;
    made_begin(&m);
    made_accounts(&m, ACCOUNT_MEMBER, 300);
    for (int i = 0; i < 20; i++) {
        snprintf(clock, sizeof(clock), "%d 10:00", i);
        made_say(&m, clock, 7, 9, TALK_REPLY);
        made_say(&m, clock, 9, 7, TALK_REPLY);
    }
    struct graph g = graph_of(&m);
    assert_int_equal(g.circle_size[CIRCLE_CORE], 0);
    assert_int_equal(g.circle_size[CIRCLE_INFLUENCE], 2);
    assert_int_equal(g.strong_ties, 1);
    made_end(&m);
}

static void nobody_is_a_graph_too(void **state)
{
    struct made m;
    (void)state;
    made_begin(&m);
    struct graph g = graph_of(&m);
    assert_int_equal(g.node_count + g.edge_count + g.strong_ties + g.weak_ties, 0);
    made_end(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(edges_have_the_weights_of_their_links),
        cmocka_unit_test(shells_are_peeled_from_outside),
        cmocka_unit_test(influence_flows_to_who_is_answered),
        cmocka_unit_test(ties_are_strong_by_replies_both_ways_on_two_days),
        cmocka_unit_test(circles_follow_their_rules),
        cmocka_unit_test(two_friends_are_no_core),
        cmocka_unit_test(nobody_is_a_graph_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
