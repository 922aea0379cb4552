/* talk_test.c - a group's talk as the log has it: who, to whom, when, and who was there. */
#include "groups/talk.h"

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

struct line {
    const char *kind, *user, *to, *staff;
    int minutes; /* before the place's clock */
    struct fact_value *props;
    uint32_t prop_count;
};

static void tell(struct place *p, const struct line *l)
{
    struct identity who = {IDENTITY_USER, str_of(l->user)};
    struct identity other = {IDENTITY_USER, str_of(l->to)};
    struct fact f = {.at = PLACE_NOW - l->minutes * TIME_MINUTE,
                     .kind = str_of(l->kind),
                     .who = &who,
                     .who_count = l->user ? 1 : 0,
                     .amount = HISTORY_NO_AMOUNT,
                     .props = l->props,
                     .prop_count = l->prop_count};
    struct why why = {0};
    if (l->to) {
        f.other = &other;
        f.other_count = 1;
    }
    f.code[DIM_GROUP] = STR("tea");
    f.code[DIM_STAFF] = str_of(l->staff);
    place_must(brand_call(p->brand, run_record, &f, false, &why), &why, l->kind);
}

static struct talk read_tea(struct place *p, struct arena *a, const struct talk_role *roles,
                            size_t role_count)
{
    struct talk t = {0};
    struct why why = {0};
    struct talk_ask ask = {.group = registry_find_code(p->brand, DIM_GROUP, STR("tea")),
                           .from = PLACE_NOW - TALK_DAYS * TIME_DAY,
                           .to = PLACE_NOW + 1,
                           .roles = roles,
                           .role_count = role_count};
    place_must(talk_read(p->brand, &ask, a, &t, &why), &why, "talk_read");
    return t;
}

/* ann joins and asks; the shop's "mei" answers ann; bob, who never joined by himself, mentions ann;
 * ann reacts to bob; bob leaves. What was said two months ago is not of the window. */
static void a_group_is_read_in_order_of_time(void **state)
{
    struct place *p = *state;
    struct fact_value asks[] = {{STR("question"), PROP_BOOL, 1, {0}},
                                {STR("length"), PROP_NUMBER, 12, {0}}};
    struct fact_value names[] = {{STR("link"), PROP_TEXT, 0, STR("mention")}};
    struct fact_value sells[] = {{STR("promotion"), PROP_BOOL, 1, {0}},
                                 {STR("type"), PROP_TEXT, 0, STR("card")}};
    const struct line lines[] = {
        {"message.sent", "ann", NULL, NULL, 60 * 24 * 60, NULL, 0},
        {"message.sent", "ann", NULL, NULL, 50, asks, 2},
        {"message.sent", NULL, "ann", "mei", 40, sells, 2},
        {"message.sent", "bob", "ann", NULL, 30, names, 1},
        {"message.reacted", "ann", "bob", NULL, 20, NULL, 0},
        {"message.sent", "ann", "bob", NULL, 15, NULL, 0},
        {"checkin.done", "ann", NULL, NULL, 14, NULL, 0},
        {"checkin.done", "ann", NULL, NULL, 13, NULL, 0},
        {"content.viewed", "bob", NULL, NULL, 12, NULL, 0},
        {"group.left", "bob", NULL, NULL, 10, NULL, 0},
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        tell(p, &lines[i]);
    for (int round = 0; round < 2; round++) {
        struct arena *a = arena_create(0);
        struct talk t = read_tea(p, a, NULL, 0);
        struct why why = {0};
        assert_int_equal(t.account_count, 3); /* ann 0, bob 1, mei 2 */
        assert_int_equal(t.accounts[2].role, ACCOUNT_STAFF);
        assert_int_equal(talk_members(&t), 1);
        assert_true(t.accounts[0].in && !t.accounts[1].in);
        assert_true(t.accounts[1].left == PLACE_NOW - 10 * TIME_MINUTE);
        assert_true(t.accounts[1].joined == PLACE_NOW - 30 * TIME_MINUTE);
        assert_int_equal(t.accounts[0].checkin_days, 1);
        assert_int_equal(t.message_count, 5);
        const struct talk_message *m = t.messages;
        assert_true(m[0].question && m[0].length == 12 && m[0].to == TALK_NONE);
        assert_true(m[1].account == 2 && m[1].to == 0 && m[1].target == 0);
        assert_true(m[1].promotion && m[1].type == TALK_CARD && m[1].link == TALK_REPLY);
        assert_true(m[2].account == 1 && m[2].link == TALK_MENTION && !talk_is_reply(&m[2]));
        assert_true(m[3].link == TALK_REACTION && m[3].to == 1 && m[3].target == 2);
        assert_true(m[4].account == 0 && m[4].to == 1 && m[4].target == 2 && talk_is_reply(&m[4]));
        assert_int_equal(t.act_count, 8);
        assert_true(t.acts[7].look && t.acts[7].account == 1);
        arena_destroy(a);
        place_must(brand_compact(p->brand, &why), &why, "compact");
        place_reopen(p);
    }
}

static void roles_are_given_by_persona(void **state)
{
    struct place *p = *state;
    const struct line lines[] = {
        {"message.sent", "ann", NULL, NULL, 5, NULL, 0},
        {"message.sent", "helper", "ann", NULL, 4, NULL, 0},
    };
    struct arena *a = arena_create(0);
    for (size_t i = 0; i < 2; i++)
        tell(p, &lines[i]);
    uint32_t helper = read_tea(p, a, NULL, 0).accounts[1].persona;
    struct talk_role role = {helper, ACCOUNT_STAFF, STR("")};
    struct talk t = read_tea(p, a, &role, 1);
    assert_true(talk_is_staff(&t, 1) && talk_is_member(&t, 0));
    assert_int_equal(talk_members(&t), 1);
    arena_destroy(a);
}

static bool works_in_care(void *ctx, struct brand *b, struct str staff,
                          char out[TALK_DEPARTMENT_BYTES])
{
    (void)ctx;
    (void)b;
    snprintf(out, TALK_DEPARTMENT_BYTES, "care");
    return str_is(staff, "mei");
}

/* mei works in care, but for what sales has asked her for; helper is mei's second phone; nobody
 * knows where lin works. Departments are numbered as they are met. */
static void departments_are_told_by_the_message_or_by_who_wrote_it(void **state)
{
    struct place *p = *state;
    struct fact_value asked[] = {{STR("department"), PROP_TEXT, 0, STR("sales")}};
    const struct line lines[] = {
        {"message.sent", NULL, NULL, "mei", 9, NULL, 0},
        {"message.sent", NULL, NULL, "mei", 8, asked, 1},
        {"message.sent", NULL, NULL, "lin", 7, NULL, 0},
        {"message.sent", "helper", NULL, NULL, 6, NULL, 0},
        {"message.sent", "ann", NULL, NULL, 5, NULL, 0},
    };
    struct arena *a = arena_create(0);
    struct why why = {0};
    struct talk t;
    for (size_t i = 0; i < 5; i++)
        tell(p, &lines[i]);
    uint32_t helper = read_tea(p, a, NULL, 0).accounts[0].persona;
    const struct talk_role role = {helper, ACCOUNT_STAFF, STR("mei")};
    const struct talk_places places = {works_in_care, NULL};
    const struct talk_ask ask = {.group = registry_find_code(p->brand, DIM_GROUP, STR("tea")),
                                 .from = PLACE_NOW - TALK_DAYS * TIME_DAY,
                                 .to = PLACE_NOW + 1,
                                 .roles = &role,
                                 .role_count = 1,
                                 .places = &places};
    place_must(talk_read(p->brand, &ask, a, &t, &why), &why, "talk_read");
    const uint8_t expected[] = {2, 1, 0, 2, 0};
    assert_int_equal(t.message_count, 5);
    for (int i = 0; i < 5; i++)
        assert_int_equal(t.messages[i].department, expected[i]);
    arena_destroy(a);
}

static void an_unknown_group_is_empty(void **state)
{
    struct arena *a = arena_create(0);
    struct talk t = read_tea(*state, a, NULL, 0);
    assert_int_equal(t.message_count + t.account_count + t.act_count, 0);
    arena_destroy(a);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_group_is_read_in_order_of_time),
        TEST(roles_are_given_by_persona),
        TEST(departments_are_told_by_the_message_or_by_who_wrote_it),
        TEST(an_unknown_group_is_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
