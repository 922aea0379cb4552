/* roster_test.c - who is in a group and since when, day by day, and who may be its staff. */
#include "groups/roster.h"

#include "brand_place.h"

static const struct sender sender = {.level = SENDER_IMPORT, .origin = {"import:1", 8}};

static int setup(void **state)
{
    struct place *p = calloc(1, sizeof(*p));
    place_open(p, "Asia/Shanghai");
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    place_close(*state);
    free(*state);
    return 0;
}

static enum err run_record(struct tx *tx, void *arg, struct why *why)
{
    struct people_result result;
    return people_record(tx, &sender, arg, &result, why);
}

/* A fact of 'user' in group tea, 'hours' before the place's clock; 'other' may be NULL. */
static void tell(struct place *p, const char *kind, const char *user, const char *other, int hours)
{
    struct identity who = {IDENTITY_USER, str_of(user)}, to = {IDENTITY_USER, str_of(other)};
    struct fact f = {.at = PLACE_NOW - hours * TIME_HOUR,
                     .kind = str_of(kind),
                     .who = &who,
                     .who_count = 1,
                     .other = &to,
                     .other_count = other != NULL,
                     .amount = HISTORY_NO_AMOUNT};
    struct why why = {0};
    f.code[DIM_GROUP] = STR("tea");
    place_must(brand_call(p->brand, run_record, &f, false, &why), &why, kind);
}

static void read_roster(struct place *p, struct arena *a, struct roster *out)
{
    struct why why = {0};
    int32_t today = zone_day(brand_zone(p->brand), PLACE_NOW);
    const struct roster_ask ask = {.brand = p->brand,
                                   .group = registry_find_code(p->brand, DIM_GROUP, STR("tea")),
                                   .now = PLACE_NOW,
                                   .from_day = today - 9,
                                   .to_day = today,
                                   .arena = a};
    place_must(roster_read(&ask, out, &why), &why, "roster_read");
}

/* u1 came 20 days ago, went 5 days ago and came back 2 days ago, brought by u2; u2 came twice in a
 * row; u3 went without having come; u4 only speaks. */
static void stays_are_one_state_in_order_of_time(void **state)
{
    struct place *p = *state;
    struct roster r;
    tell(p, "group.joined", "u1", NULL, 480);
    tell(p, "group.joined", "u2", NULL, 72);
    tell(p, "group.joined", "u2", NULL, 71);
    tell(p, "group.left", "u1", NULL, 120);
    tell(p, "group.joined", "u1", "u2", 48);
    tell(p, "group.left", "u3", NULL, 24);
    tell(p, "message.sent", "u4", NULL, 2);
    tell(p, "message.sent", "u1", NULL, 1);
    for (int round = 0; round < 2; round++) {
        struct arena *a = arena_create(0);
        read_roster(p, a, &r);
        assert_int_equal(r.count, 4);
        assert_int_equal(r.members, 3);
        assert_int_equal(r.silent, 1); /* u2 */
        const struct group_stay *u1 = &r.stays[0], *u2 = &r.stays[1];
        assert_true(u1->in && u1->way == JOIN_INVITED && u1->inviter == u2->member);
        assert_true(u1->joined_at == PLACE_NOW - 48 * TIME_HOUR && u1->left_at == TIME_NONE);
        assert_true(u2->joined_at == PLACE_NOW - 72 * TIME_HOUR && u2->way == JOIN_UNKNOWN);
        assert_true(!r.stays[2].in && r.stays[2].joined_at == TIME_NONE);
        assert_int_equal(r.stays[3].way, JOIN_SPOKE);
        arena_destroy(a);
        place_must(brand_compact(p->brand, &(struct why){0}), &(struct why){0}, "compact");
        place_reopen(p);
    }
}

/* The same: one in it before the ten days, who goes and comes back; two more; a leave of nobody. */
static void days_add_up_to_who_is_in_it(void **state)
{
    struct place *p = *state;
    struct arena *a = arena_create(0);
    struct roster r;
    stays_are_one_state_in_order_of_time(state);
    read_roster(p, a, &r);
    uint32_t joined = 0, left = 0, speakers = 0, messages = 0;
    for (size_t i = 0; i < r.day_count; i++) {
        joined += r.days[i].joined;
        left += r.days[i].left;
        messages += r.days[i].messages;
        speakers += r.days[i].speakers;
    }
    assert_int_equal(r.day_count, 10);
    assert_int_equal(r.days[0].members, 1);
    assert_int_equal(r.days[9].members, 3);
    assert_int_equal(joined, 3);
    assert_int_equal(left, 1);
    assert_int_equal(messages, 2);
    assert_int_equal(speakers, 2);
    arena_destroy(a);
}

static struct group_stay talker(uint32_t member, uint32_t messages, uint32_t links)
{
    return (struct group_stay){.member = member, .recent_messages = messages, .links = links};
}

static void who_speaks_or_links_most_is_proposed_and_the_second_by_half(void **state)
{
    (void)state;
    struct role_proposal out[PROPOSALS_MAX];
    struct group_stay quiet[] = {talker(1, 4, 2), talker(2, 3, 0)};
    struct roster r = {.stays = quiet, .count = 2};
    assert_int_equal(roster_propose(&r, out), 0); /* one below each least number */
    struct group_stay one[] = {talker(1, 5, 0), talker(2, 2, 3), talker(3, 1, 0)};
    r = (struct roster){.stays = one, .count = 3};
    assert_int_equal(roster_propose(&r, out), 2);
    assert_true(out[0].member == 1 && out[0].reason == PROPOSED_TOP);
    assert_true(out[0].number == 5 && out[0].of == 8);
    assert_true(out[1].member == 2 && out[1].reason == PROPOSED_LINKS && out[1].number == 3);
    struct group_stay two[] = {talker(1, 20, 0), talker(2, 10, 0), talker(3, 9, 0)};
    r = (struct roster){.stays = two, .count = 3};
    assert_int_equal(roster_propose(&r, out), 2); /* exactly half is enough */
    assert_int_equal(out[1].member, 2);
    two[1].recent_messages = 9;
    assert_int_equal(roster_propose(&r, out), 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(stays_are_one_state_in_order_of_time),
        TEST(days_add_up_to_who_is_in_it),
        cmocka_unit_test(who_speaks_or_links_most_is_proposed_and_the_second_by_half),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
