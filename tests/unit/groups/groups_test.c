/* groups_test.c - who is in a group, who speaks there, and how much. */
#include "groups/groups.h"

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

/* A fact of 'user', or of nobody; 'days' before the place's clock. */
static void tell(struct place *p, const char *kind, const char *user, const char *group, int days)
{
    struct identity who = {IDENTITY_USER, str_of(user)};
    struct fact f = {.at = PLACE_NOW - days * TIME_DAY,
                     .kind = str_of(kind),
                     .who = &who,
                     .who_count = *user ? 1 : 0,
                     .amount = HISTORY_NO_AMOUNT};
    struct why why = {0};
    f.code[DIM_GROUP] = str_of(group);
    place_must(brand_call(p->brand, run_record, &f, false, &why), &why, kind);
}

static void expect(const struct group_row *g, const char *name, uint64_t members, uint64_t speakers,
                   uint64_t messages, uint64_t recent)
{
    assert_true(str_is(g->name, name));
    assert_int_equal(g->members, members);
    assert_int_equal(g->speakers, speakers);
    assert_int_equal(g->messages, messages);
    assert_int_equal(g->recent_messages, recent);
}

static void groups_are_counted_liveliest_first(void **state)
{
    struct place *p = *state;
    struct group_row *rows;
    size_t count;
    struct why why = {0};
    tell(p, "message.sent", "u3", "old", 40); /* speaking joins */
    tell(p, "group.joined", "u4", "gone", 9);
    tell(p, "group.left", "u4", "gone", 8);
    tell(p, "group.joined", "u1", "tea", 7);
    tell(p, "group.joined", "u2", "tea", 7);
    tell(p, "message.sent", "u1", "tea", 3);
    tell(p, "message.sent", "u1", "tea", 0);
    tell(p, "message.sent", "u2", "tea", 0);
    tell(p, "group.left", "u2", "tea", 0);
    tell(p, "message.sent", "", "tea", 0); /* by nobody known */
    for (int round = 0; round < 2; round++) {
        struct arena *a = arena_create(0);
        place_must(groups_list(p->brand, PLACE_NOW, a, &rows, &count, &why), &why, "groups_list");
        assert_int_equal(count, 2);
        expect(&rows[0], "tea", 1, 2, 4, 4);
        expect(&rows[1], "old", 1, 0, 1, 0);
        assert_int_equal(rows[0].daily[GROUP_RECENT_DAYS - 1], 3);
        assert_int_equal(rows[0].daily[GROUP_RECENT_DAYS - 4], 1);
        assert_true(rows[0].last_message_at == PLACE_NOW);
        assert_true(rows[1].last_message_at == PLACE_NOW - 40 * TIME_DAY);
        arena_destroy(a);
        place_must(brand_compact(p->brand, &why), &why, "compact");
        place_reopen(p);
    }
}

static void a_brand_without_groups_has_none(void **state)
{
    struct place *p = *state;
    struct arena *a = arena_create(0);
    struct group_row *rows;
    size_t count = 9;
    struct why why = {0};
    tell(p, "page.viewed", "u1", "", 0);
    place_must(groups_list(p->brand, PLACE_NOW, a, &rows, &count, &why), &why, "groups_list");
    assert_int_equal(count, 0);
    arena_destroy(a);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(groups_are_counted_liveliest_first),
        TEST(a_brand_without_groups_has_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
