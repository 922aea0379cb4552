/* suspect_test.c - who is suspected, on what proofs, and who is not. */
#include "groups/suspect.h"

#include "talk_made.h"

static int setup(void **state)
{
    struct made *m = mem_alloc(sizeof(*m));
    made_begin(m);
    made_accounts(m, ACCOUNT_STAFF, 1);
    made_accounts(m, ACCOUNT_MEMBER, 12);
    *state = m;
    return 0;
}

static int teardown(void **state)
{
    made_end(*state);
    mem_free(*state);
    return 0;
}

static struct talk_message *say(struct made *m, int day, int minute, uint32_t who, const char *text)
{
    char clock[24];
    snprintf(clock, sizeof(clock), "%d %d:%d", day, minute / 60, minute % 60);
    struct talk_message *said = made_say(m, clock, who, TALK_NONE, TALK_ALONE);
    m->texts.items[m->texts.count - 1] = str_of(text);
    return said;
}

static struct str text_of(void *ctx, uint32_t message)
{
    const struct made *m = ctx;
    return m->texts.items[message];
}

static struct suspects find(struct made *m, struct suspect_ask ask)
{
    struct suspects found;
    ask.talk = made_talk(m);
    ask.text = text_of;
    ask.ctx = m;
    suspects_find(&ask, m->arena, &found);
    return found;
}

#define TEN (10 * 60)
static const char *const praise[] = {
    "这款面膜真的很好用我已经囤了十盒", "孩子特别喜欢吃昨天一晚上吃完了一整包",
    "老公说味道跟小时候外婆做的一模一样", "皮肤敏感也能用涂上去凉凉的不刺激",
    "上个月推荐给同事她们现在天天催我开团"};

/* Five promotions; after each, accounts 1 and 2 praise in the very same words, within 20 minutes.
 * Both never asked: a hard sign and three soft ones. Account 3 has five lines of
 * its own, now before, now between, now behind them. */
static void the_same_words_of_two_accounts_are_a_proof(void **state)
{
    struct made *m = *state;
    static const char *const own[] = {
        "收到谢谢老板明天去门店自提可以的", "这次颜色跟图片有一点点差别不过能接受",
        "物流比上回快了两天包装也结实多了", "给妈妈买的她说按钮有点小看不太清楚",
        "下雨天快递晚到没关系反正不着急用"};
    for (int day = 0; day < 5; day++) {
        say(m, day, TEN, 0, "今天的拼团开始啦")->promotion = true;
        if (day % 3 == 0) say(m, day, TEN + 1, 3, own[day]);
        say(m, day, TEN + 3, 1, praise[day]);
        if (day % 3 == 1) say(m, day, TEN + 9, 3, own[day]);
        say(m, day, TEN + 20, 2, praise[day]);
        if (day % 3 == 2) say(m, day, TEN + 25, 3, own[day]);
    }
    struct suspects s = find(m, (struct suspect_ask){0});
    assert_int_equal(s.count, 2);
    assert_true(s.flagged[1] && s.flagged[2] && !s.flagged[3]);
    const struct suspect *one = &s.items[0];
    assert_int_equal(one->messages, 5);
    assert_int_equal(one->near, 5);
    assert_true(one->signs & 1u << SIGN_SAME_TEXT && one->signs & 1u << SIGN_NEVER_ASKED);
    assert_int_equal(one->proofs[0].sign, SIGN_SAME_TEXT);
    assert_int_equal(one->proofs[0].message, 2);
    assert_int_equal(one->proofs[0].other, 2);
    assert_int_equal(one->proofs[0].beside, 3);
    /* what a person said stands */
    uint8_t verdicts[13] = {[1] = VERDICT_CLEARED, [3] = VERDICT_CONFIRMED};
    s = find(m, (struct suspect_ask){.verdict = verdicts});
    assert_true(!s.flagged[1] && s.flagged[2] && s.flagged[3]);
    assert_int_equal(s.count, 3);
}

/* What five accounts say is a phrase of the place, a list is nobody's words, a quote and a mention
 * are another's; and the rest is too short to say anything. */
static void what_everybody_says_is_no_proof(void **state)
{
    struct made *m = *state;
    for (int day = 0; day < 6; day++) {
        say(m, day, TEN, 0, "开团")->promotion = true;
        for (uint32_t k = 0; k < 6; k++) {
            uint32_t who = 1 + (k * 5 + (uint32_t)day * (k % 3 + 1)) % 6;
            static const char *const said[] = {"恭喜发财大吉大利祝店里生意越来越好",
                                               "#接龙\n1. 小雨 两份辣的不要香菜",
                                               "「王婷：这个好吃吗大家都买了没有呀」\n------\n好吃",
                                               "@王婷最爱吃甜食的那个人 嗯嗯",
                                               "已拍",
                                               "恭喜发财大吉大利祝店里生意越来越好！！"};
            say(m, day, TEN + 1 + (int)k, who, said[k]);
        }
    }
    struct suspects s = find(m, (struct suspect_ask){0});
    for (uint32_t i = 0; i < s.count; i++)
        assert_false(s.items[i].signs & 1u << SIGN_SAME_TEXT);
}

/* 1, 2 and 3 speak one after another after three promotions of five. */
static void the_same_order_after_three_promotions_is_a_proof(void **state)
{
    struct made *m = *state;
    for (int day = 0; day < 5; day++) {
        say(m, day, TEN, 0, "开团")->promotion = true;
        if (day >= 3) say(m, day, TEN + 1, 3, "好");
        say(m, day, TEN + 2, 1, "好");
        say(m, day, TEN + 3, 2, "好");
        if (day < 3) say(m, day, TEN + 4, 3, "好");
    }
    struct suspects s = find(m, (struct suspect_ask){0});
    assert_int_equal(s.count, 3);
    for (uint32_t i = 0; i < 3; i++) {
        assert_true(s.items[i].signs & 1u << SIGN_SAME_ORDER);
        assert_int_equal(s.items[i].proof_count, 3);
    }
    /* asking and answering others, and speaking at other times: no soft sign, no suspicion */
    say(m, 9, TEN, 1, "在吗")->question = true;
    made_say(m, "9 10:05", 1, 2, TALK_REPLY);
    s = find(m, (struct suspect_ask){0});
    assert_false(s.flagged[1]);
    assert_true(s.flagged[2]);
}

/* Half of the members are linked to orders; 1 is not, and says to have bought again. */
static void a_claim_without_an_order_is_a_proof_where_orders_are_known(void **state)
{
    struct made *m = *state;
    bool buyer[13] = {0};
    for (int i = 2; i <= 7; i++)
        buyer[i] = true;
    for (int day = 0; day < 5; day++) {
        say(m, day, TEN, 0, "开团")->promotion = true;
        say(m, day, TEN + 1 + day, 1, day == 2 ? "回购第三次了" : "不错");
        say(m, day, TEN + 12 + day, 2, "回购");
    }
    struct suspects s = find(m, (struct suspect_ask){.buyer = buyer});
    assert_int_equal(s.count, 1);
    assert_true(s.flagged[1]);
    assert_int_equal(s.items[0].proofs[0].sign, SIGN_FALSE_BUY);
    assert_int_equal(s.items[0].proofs[0].message, 7); /* three lines a day: the second of day 2 */
    buyer[7] = false;                                  /* five of twelve: not enough is known */
    s = find(m, (struct suspect_ask){.buyer = buyer});
    assert_int_equal(s.count, 0);
}

/* 1 and 2 share a device; 6 accounts another, which is then none; 3 came within the hour of 1 and 2
 * through their touchpoint, and is suspected for that. 6 came so, too, but hardly speaks. */
static void devices_and_arrivals_are_proofs(void **state)
{
    struct made *m = *state;
    static const struct talk_device devices[] = {{2, 7}, {1, 7}, {2, 7}, {4, 9},  {5, 9},
                                                 {7, 9}, {8, 9}, {9, 9}, {10, 9}, {3, 8}};
    for (uint32_t i = 1; i <= 6; i++) {
        m->accounts.items[i].touchpoint = i == 4 ? 2 : 1;
        m->accounts.items[i].joined = MADE_FROM - TIME_DAY + i * TIME_MINUTE;
    }
    m->accounts.items[5].joined += 2 * TIME_HOUR;
    for (int day = 0; day < 5; day++) {
        say(m, day, TEN, 0, "开团")->promotion = true;
        for (uint32_t k = 0; k < 5; k++)
            say(m, day, TEN + 1 + (int)k, 1 + (k * (1 + (uint32_t)day % 4) + (uint32_t)day) % 5,
                "好");
    }
    struct suspects s = find(m, (struct suspect_ask){.devices = devices, .device_count = 10});
    uint32_t with_device = 0, with_arrival = 0;
    for (uint32_t i = 0; i < s.count; i++) {
        with_device += s.items[i].signs >> SIGN_DEVICE & 1;
        with_arrival += s.items[i].signs >> SIGN_ARRIVAL & 1;
        if (s.items[i].signs >> SIGN_ARRIVAL & 1) assert_int_equal(s.items[i].account, 3);
    }
    assert_int_equal(with_device, 2);
    assert_int_equal(with_arrival, 1);
}

/* Account 1 praises after five promotions, once in words that it also wrote in another group, with
 * marks and a mention around them; so did 2, whose words there are others, and 3, who wrote there
 * what 1 wrote here. */
static void ones_own_words_in_another_group_are_a_proof(void **state)
{
    struct made *m = *state;
    static const char *const own[] = {
        "收到谢谢老板明天去门店自提可以的", "这次颜色跟图片有一点点差别不过能接受",
        "物流比上回快了两天包装也结实多了", "给妈妈买的她说按钮有点小看不太清楚",
        "下雨天快递晚到没关系反正不着急用"};
    const struct suspect_elsewhere elsewhere[] = {
        {1, 9, MADE_FROM + 5, STR("@阿姨 这款面膜真的很好用，我已经囤了十盒！")},
        {2, 9, MADE_FROM + 6, STR("楼下的桂花开了满院子都是香味真好闻")},
        {3, 9, MADE_FROM + 7, str_of(praise[1])}};
    for (int day = 0; day < 5; day++) {
        say(m, day, TEN, 0, "开团")->promotion = true;
        say(m, day, TEN + 3, 1, praise[day]);
        say(m, day, TEN + 20, day % 2 ? 2 : 4, own[day]);
    }
    struct suspects s = find(m, (struct suspect_ask){.elsewhere = elsewhere, .elsewhere_count = 3});
    assert_int_equal(s.count, 1);
    assert_int_equal(s.items[0].account, 1);
    assert_int_equal(s.items[0].proof_count, 1);
    const struct suspect_proof *proof = &s.items[0].proofs[0];
    assert_int_equal(proof->sign, SIGN_SAME_TEXT);
    assert_int_equal(proof->message, 1); /* praise[0], after the first promotion */
    assert_int_equal(proof->other, TALK_NONE);
    assert_int_equal(proof->beside, m->messages.count); /* the first of elsewhere */
}

/* Four lines near promotions are too few, and so is one of every two. */
static void who_speaks_little_or_at_all_times_is_no_candidate(void **state)
{
    struct made *m = *state;
    for (int day = 0; day < 6; day++) {
        say(m, day, TEN, 0, "开团")->promotion = true;
        if (day < 4) say(m, day, TEN + 1, 1, praise[day]);
        if (day < 5) say(m, day, TEN + 2, 2, praise[day]);
        say(m, day, TEN + 200, 2, "闲聊一下");
    }
    struct suspects s = find(m, (struct suspect_ask){0});
    assert_int_equal(s.count, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_same_words_of_two_accounts_are_a_proof),
        TEST(what_everybody_says_is_no_proof),
        TEST(the_same_order_after_three_promotions_is_a_proof),
        TEST(a_claim_without_an_order_is_a_proof_where_orders_are_known),
        TEST(devices_and_arrivals_are_proofs),
        TEST(ones_own_words_in_another_group_are_a_proof),
        TEST(who_speaks_little_or_at_all_times_is_no_candidate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
