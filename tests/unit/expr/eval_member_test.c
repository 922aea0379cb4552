/* eval_member_test.c - fields, calls, segments and the built-in segments. */
#include "eval_place.h"

static bool answer_at(const char *text, int64_t now)
{
    const struct expr *e = parse(text);
    struct columns columns = {0};
    struct prop_column props[WORLD_COLUMNS];
    assert_true(expr_columns(e, &columns));
    struct history h = run_only(run, &columns, props);
    struct expr_context c = {.zone = zone_open("Asia/Shanghai"),
                             .now = now,
                             .columns = &columns,
                             .get = world_get,
                             .get_ctx = &world,
                             .scratch = scratch};
    size_t used = arena_used(scratch);
    bool said = expr_member(e, &c, &h, 0);
    assert_int_equal(arena_used(scratch), used);
    arena_reset(arena);
    return said;
}

#define YES(text) assert_true(answer_at(text, WORLD_NOW))
#define NO(text) assert_false(answer_at(text, WORLD_NOW))

static int set_up(void **state)
{
    (void)state;
    begin_empty();
    (void)arena_alloc(scratch, 64); /* something of the caller's, which must stay */
    run_member(run, 12);
    return 0;
}

static void set_number(enum expr_field field, double number)
{
    world_set(&world, field, NULL, (struct expr_value){.type = TYPE_NUMBER, .number = number});
}

static void set_time(enum expr_field field, int64_t at)
{
    world_set(&world, field, NULL, (struct expr_value){.type = TYPE_TIME, .time = at});
}

static void set_text(enum expr_field field, const char *name, const char *text)
{
    world_set(&world, field, name, (struct expr_value){.type = TYPE_TEXT, .text = str_of(text)});
}

static void set_bool(enum expr_field field, const char *name, bool truth)
{
    world_set(&world, field, name, (struct expr_value){.type = TYPE_BOOL, .boolean = truth});
}

static void set_date(enum expr_field field, const char *name, int32_t day)
{
    world_set(&world, field, name, (struct expr_value){.type = TYPE_DATE, .time = day});
}

static void set_groups(const uint32_t *codes, uint32_t count)
{
    world_set(&world, FIELD_GROUPS, NULL,
              (struct expr_value){.type = TYPE_CODES, .codes = codes, .code_count = count});
}

static void stages_compare_in_both_languages(void **state)
{
    (void)state;
    set_number(FIELD_LIFECYCLE, 5);
    set_number(FIELD_TRUST, 4);
    set_number(FIELD_CIRCLE, 1);
    world_set(&world, FIELD_CIRCLE, "g1", (struct expr_value){.type = TYPE_NUMBER, .number = 0});
    YES("lifecycle = \"dormant\" and lifecycle = \"休眠\"");
    YES("lifecycle != \"流失\" and lifecycle in (\"new\", \"休眠\") and lifecycle not in "
        "(\"core\")");
    YES("trust = \"熟悉你\" and trust >= \"familiar\" and trust < \"买了你\" and trust > "
        "\"informed\"");
    YES("trust between \"unaware\" and \"familiar\" and trust not between \"bought\" and "
        "\"shares\"");
    YES("circle = \"influence\" and circle(\"g1\") = \"核心层\" and circle(\"g2\") is null");
    NO("circle(\"g2\") != \"core\"");
}

static void every_stage_has_its_number(void **state)
{
    (void)state;
    static const char *const lifecycle[][2] = {
        {"potential", "潜在"}, {"new", "新生"},     {"effective", "有效"}, {"active", "活跃"},
        {"core", "核心"},      {"dormant", "休眠"}, {"churned", "流失"}};
    static const char *const trust[][2] = {{"unaware", "不知道你"},  {"curious", "想知道你"},
                                           {"acquainted", "认识你"}, {"informed", "了解你"},
                                           {"familiar", "熟悉你"},   {"bought", "买了你"},
                                           {"shares", "分享你"}};
    set_number(FIELD_LIFECYCLE, 0);
    set_number(FIELD_TRUST, 0);
    for (int i = 0; i < 7; i++) {
        world.fixed[0].value.number = world.fixed[1].value.number = i;
        YES(arena_printf(scratch, "lifecycle = \"%s\" and lifecycle = \"%s\"", lifecycle[i][0],
                         lifecycle[i][1]));
        YES(arena_printf(scratch, "trust = \"%s\" and trust = \"%s\"", trust[i][0], trust[i][1]));
    }
}

static void groups_are_a_set(void **state)
{
    (void)state;
    static const uint32_t in[] = {1, 3};
    set_groups(in, 2);
    YES("groups = \"g1\" and groups = \"vip\" and groups in (\"g2\", \"vip\") and "
        "in_group(\"g1\")");
    NO("groups = \"g2\" or groups in (\"g2\", \"店\") or in_group(\"g2\") or groups = \"nowhere\" "
       "or in_group(\"nowhere\")");
    YES("groups != \"g2\" and groups not in (\"g2\", \"nowhere\") and groups is not null");
    NO("groups != \"g1\" or groups not in (\"g1\", \"g2\") or groups is null");
    world.fixed[0].value.code_count = 0;
    YES("groups is null and not in_group(\"g1\") and not (groups != \"g1\")");
    NO("groups != \"g1\" or groups not in (\"g1\") or groups = \"g1\"");
}

static void fields_compare_by_their_type(void **state)
{
    (void)state;
    set_number(FIELD_ID, 12);
    set_number(FIELD_ORDERS, 3);
    set_number(FIELD_SPENT, 123456);
    set_text(FIELD_SOURCE, NULL, "public");
    set_text(FIELD_TOUCHPOINT, NULL, "店");
    set_text(FIELD_OWNER, NULL, "Li");
    set_text(FIELD_LANGUAGE, NULL, "zh-CN");
    set_bool(FIELD_RETURNED, NULL, true);
    set_bool(FIELD_READS, NULL, false);
    set_time(FIELD_JOINED, WORLD_NOW - 3 * TIME_DAY);
    set_date(FIELD_BIRTHDAY, NULL, civil_day(1990, 1, 3));
    YES("id = \"m12\" and id in (\"m1\", \"m12\") and id < \"m100\" and id != \"m1\"");
    YES("orders = 3 and orders between 2 and 3 and spent >= 100000 and spent > 123455.5");
    YES("source = \"public\" and source ^= \"PUB\" and touchpoint = \"店\" and owner != \"Wang\" "
        "and language ~ \"cn\"");
    YES("returned = true and reads = false and reads != true and outside is null");
    NO("outside = false or outside != true");
    YES("joined = now - 3d and joined <= now - 3d and joined = 2024-12-29 and joined < 2024-12-30");
    NO("joined < now - 3d");
    YES("birthday = 1990-01-03 and birthday < today and birthday < now and birthday between "
        "1990-01-01 and 1990-12-31");
}

static void values_of_another_type_are_as_good_as_null(void **state)
{
    (void)state;
    set_text(FIELD_ORDERS, NULL, "3");
    set_number(FIELD_LANGUAGE, 3);
    set_text(FIELD_LIFECYCLE, NULL, "new");
    set_number(FIELD_JOINED, 3);
    set_number(FIELD_SPENT, (double)NAN);
    set_time(FIELD_LAST_ORDER, TIME_NONE);
    NO("orders = 3 or orders != 3 or language != \"a\" or lifecycle != \"new\" or joined != today "
       "or spent != 3");
    NO("orders not in (3) or orders not between 1 and 2 or last_order < now or last_order != "
       "today");
    YES("spent is null and last_order is null and orders is not null");
}

static void traits_have_the_registered_type(void **state)
{
    (void)state;
    set_text(FIELD_TRAIT, "city", "上海");
    world_set(&world, FIELD_TRAIT, "points",
              (struct expr_value){.type = TYPE_NUMBER, .number = 12});
    set_bool(FIELD_TRAIT, "vip", true);
    world_set(&world, FIELD_TRAIT, "since",
              (struct expr_value){.type = TYPE_TIME, .time = WORLD_NOW});
    set_date(FIELD_TRAIT, "graduated", civil_day(2012, 6, 30));
    world_set(&world, FIELD_TRAIT, "会员等级",
              (struct expr_value){.type = TYPE_NUMBER, .number = 2});
    YES("trait.city = \"上海\" and trait.points > 11 and trait.vip = true and trait.since = today");
    YES("trait.graduated < 2013-01-01 and anniv(trait.graduated) = 2025-06-30");
    YES("trait.\"会员等级\" = 2 and trait.\"会员等级\" != 3");
    NO("trait.\"会员等级\" = \"2\" or trait.\"会员等级\" != \"2\" or trait.none != 2");
    YES("trait.none is null");
}

static void calls_ask_for_their_name(void **state)
{
    (void)state;
    set_bool(FIELD_TAG, "老客", true);
    set_bool(FIELD_STAFF, "li", true);
    set_bool(FIELD_TOUCHPOINT, "g1", true);
    set_bool(FIELD_CONSENTED, "wecom/marketing", true);
    set_text(FIELD_EXPERIMENT, "e1", "b");
    YES("tag(\"老客\") and staff(\"li\") and touchpoint(\"g1\") and consented(\"wecom\", "
        "\"marketing\")");
    NO("tag(\"新客\") or staff(\"wang\") or touchpoint(\"g2\") or consented(\"wecom\", "
       "\"service\")");
    YES("experiment(\"e1\") = \"b\" and experiment(\"e1\") != \"a\" and experiment(\"e1\") in "
        "(\"a\", \"b\")");
    YES("experiment(\"e2\") is null and not tag(\"新客\")");
    NO("experiment(\"e2\") != \"a\"");
    NO("touchpoint = \"g1\""); /* the field, of the first touchpoint, is another question */
}

static void the_anniversary_is_the_one_nearest_to_today(void **state)
{
    (void)state;
    struct expr_catalog catalog = world_catalog();
    static const struct {
        const char *born, *today, *anniversary;
    } cases[] = {
        {"1990-05-20", "2025-05-20", "2025-05-20"}, {"1990-05-20", "2025-05-21", "2025-05-20"},
        {"1990-01-03", "2024-12-28", "2025-01-03"}, /* next year's */
        {"1990-12-30", "2025-01-02", "2024-12-30"}, /* last year's */
        {"1990-01-01", "2025-07-02", "2025-01-01"}, /* 182 days ago */
        {"1990-01-01", "2025-07-03", "2026-01-01"}, /* 183 days ago */
        {"2000-02-29", "2025-02-25", "2025-02-28"}, /* a common year */
        {"2000-02-29", "2024-02-25", "2024-02-29"}, {"2000-02-29", "2023-12-01", "2024-02-29"},
        {"2000-02-28", "2024-02-25", "2024-02-28"}, {"2025-01-01", "2025-01-01", "2025-01-01"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t born, today;
        assert_true(time_parse(catalog.zone, str_of(cases[i].born), &born));
        assert_true(time_parse(catalog.zone, str_of(cases[i].today), &today));
        world.fixed_count = 0;
        set_date(FIELD_BIRTHDAY, NULL, zone_day(catalog.zone, born));
        set_time(FIELD_JOINED, born + 23 * TIME_HOUR);
        const char *text = arena_printf(scratch, "anniv(birthday) = %s and anniv(joined) = %s",
                                        cases[i].anniversary, cases[i].anniversary);
        if (!answer_at(text, today) || !answer_at(text, today + TIME_DAY - 1)) fail_msg("%s", text);
    }
    world.fixed_count = 0;
    YES("anniv(birthday) is null");
    NO("anniv(birthday) between today and today + 400d");
}

static void today_is_the_day_in_the_zone(void **state)
{
    (void)state;
    set_time(FIELD_JOINED, WORLD_NOW);
    assert_true(answer_at("joined = today", WORLD_NOW + TIME_DAY - 1));
    assert_false(answer_at("joined = today", WORLD_NOW + TIME_DAY));
    assert_true(answer_at("joined = today - 1d", WORLD_NOW + TIME_DAY));
    assert_false(answer_at("joined = today", WORLD_NOW - 1));
}

static void segments_answer_as_their_text_would(void **state)
{
    (void)state;
    set_number(FIELD_CONTACTS, 0);
    run_event(run, WORLD_NOW - 10 * TIME_DAY, "order.paid");
    YES("not in_segment(\"buyers\") and in_segment(\"quiet\") and not in_segment(\"nested\")");
    run_event(run, WORLD_NOW - 9 * TIME_DAY, "order.paid");
    YES("in_segment(\"buyers\") and in_segment(\"quiet\") and in_segment(\"nested\")");
}

static void a_field_is_asked_for_once_in_an_evaluation(void **state)
{
    (void)state;
    set_number(FIELD_ORDERS, 3);
    const struct expr *e = parse(
        "orders > 1 and orders < 5 and orders != 4 and in_segment(\"quiet\") and contacts is null "
        "and trait.city is null and trait.points is null and trait.city is null");
    struct expr_context c = {.zone = zone_open("Asia/Shanghai"),
                             .now = WORLD_NOW,
                             .get = world_get,
                             .get_ctx = &world,
                             .scratch = scratch};
    assert_true(expr_member(e, &c, &run->history, 0));
    assert_int_equal(world.asked, 4);
    struct expr_context nothing = {.zone = c.zone, .now = WORLD_NOW, .scratch = scratch};
    assert_true(expr_member(parse("orders is null"), &nothing, &run->history, 0));
}

static void the_built_in_segments_find_whom_they_mean(void **state)
{
    (void)state;
    static const uint32_t in[] = {1};
    /* joined 4 d ago by a group, never spoke, no order, no contact, birthday in 6 days */
    set_groups(in, 1);
    set_number(FIELD_LIFECYCLE, 1);
    set_number(FIELD_CONTACTS, 0);
    set_number(FIELD_ORDERS, 0);
    set_number(FIELD_SPENT, 0);
    set_time(FIELD_JOINED, WORLD_NOW - 4 * TIME_DAY);
    set_date(FIELD_BIRTHDAY, NULL, civil_day(1988, 1, 7));
    run_event(run, WORLD_NOW - 4 * TIME_DAY, "group.joined");
    for (int i = 3; i > 0; i--) {
        run_event(run, WORLD_NOW - i * TIME_DAY, "content.viewed");
    }
    YES("lifecycle = \"new\" and joined < now - 3d and not did(\"message.sent\")");
    YES("groups is not null and contacts = 0");
    YES("did(\"content.viewed\", count >= 3, within 28d) and not did(\"message.sent\", within "
        "28d)");
    YES("groups is not null and not did(\"message.sent\", within 30d)");
    YES("anniv(birthday) between today and today + 7d");
    NO("did(\"group.joined\", within 1d)");
    NO("orders >= 1 and groups is null and contacts = 0");
    NO("contacts >= 1 and groups is null");
    NO("orders = 1 and last_order between today - 60d and today - 30d");
    NO("spent >= 100000 and last_order < now - 60d");
    NO("did(\"order.refunded\", within 90d)");
    /* left, and bought twice in silence */
    run_event(run, WORLD_NOW - 2 * TIME_HOUR, "order.paid");
    run_event(run, WORLD_NOW - TIME_HOUR, "order.paid");
    run_event(run, WORLD_NOW, "group.left");
    world.fixed_count = 0;
    set_number(FIELD_CONTACTS, 0);
    set_number(FIELD_ORDERS, 1);
    set_number(FIELD_SPENT, 100000);
    set_time(FIELD_LAST_ORDER, WORLD_NOW - 61 * TIME_DAY);
    YES("orders >= 1 and groups is null and contacts = 0");
    YES("did(\"order.paid\", count >= 2, within 90d) and not did(\"message.sent\", within 90d)");
    YES("spent >= 100000 and last_order < now - 60d");
    YES("did(\"group.left\", within 7d) and groups is null");
    NO("orders = 1 and last_order between today - 60d and today - 30d");
    world.fixed[3].value.time = WORLD_NOW - 60 * TIME_DAY;
    YES("orders = 1 and last_order between today - 60d and today - 30d");
    world.fixed[3].value.time = WORLD_NOW - 29 * TIME_DAY - 1;
    YES("orders = 1 and last_order between today - 60d and today - 30d");
    world.fixed[3].value.time = WORLD_NOW - 29 * TIME_DAY;
    NO("orders = 1 and last_order between today - 60d and today - 30d");
}

/* The rows of member 'index' as a run of their own. */
static struct history alone(const struct history *h, uint32_t index, uint32_t off[2])
{
    struct history one = *h;
    off[0] = h->off[index];
    off[1] = h->off[index + 1];
    one.member_count = 1;
    one.member = h->member + index;
    one.off = off;
    return one;
}

static struct expr_reach reach_of(const char *text)
{
    struct expr_reach reach;
    struct expr_context c = {
        .zone = zone_open("Asia/Shanghai"), .now = WORLD_NOW, .scratch = scratch};
    expr_get_reach(parse(text), &c, &reach);
    return reach;
}

static void reach_is_no_wider_than_the_calls(void **state)
{
    (void)state;
    struct expr_reach r = reach_of("did(\"order.paid\", count >= 3, within 30d) and "
                                   "not did(\"group.left\", from 2024-12-30)");
    assert_int_equal(r.from, WORLD_NOW - 30 * TIME_DAY + 1);
    assert_int_equal(r.to, WORLD_NOW + 1);
    assert_int_equal(r.kind_count, 2);
    assert_false(r.every_kind);
    assert_true(r.needed);
    r = reach_of("did(\"order.paid\", from 2024-06-01, to 2024-07-01)");
    assert_int_equal(r.to - r.from, 30 * TIME_DAY);
    assert_int_equal(r.kind_count, 1);
    assert_false(reach_of("did(\"order.paid\", count < 3)").needed);
    assert_false(reach_of("did(\"order.paid\") or not did(\"group.left\")").needed);
    assert_false(reach_of("did(\"order.paid\") or tag(\"vip\")").needed);
    assert_true(reach_of("did(\"order.paid\") and tag(\"vip\")").needed);
    r = reach_of("did(\"never.seen\")");
    assert_true(r.needed && r.kind_count == 0);
}

/* The members of the run at once; their bits. */
static void expect_at_once(const struct expr *e, const struct expr_context *c,
                           const struct history *h, uint32_t holds, const char *text)
{
    uint8_t mask[5] = {1, 1, 0, 1, 1}; /* one is not asked about */
    bool whole = expr_members(e, c, h, mask);
    for (uint32_t m = 0; m < 5; m++) {
        bool may = m != 2 && (!whole || holds >> m & 1);
        if (mask[m] > may || (!mask[m] && m != 2 && holds >> m & 1)) {
            fail_msg("member %u at once: %s", m, text);
        }
    }
}

static bool in_reach(const struct expr_reach *r, int64_t at, uint16_t kind)
{
    if (at < r->from || at >= r->to) return false;
    for (size_t i = 0; i < r->kind_count; i++) {
        if (r->kinds[i] == kind) return true;
    }
    return r->every_kind;
}

/* Rows out of reach may be anything; who has none in reach, and is needed to, never matches. */
static void expect_reach(const struct expr *e, const struct expr_context *c,
                         const struct history *h, uint32_t holds, const char *text)
{
    struct expr_reach reach;
    uint16_t kinds[64];
    struct history other = *h;
    expr_get_reach(e, c, &reach);
    other.kind = kinds;
    assert_true(h->off[5] <= 64);
    for (uint32_t m = 0; m < 5; m++) {
        bool any = false;
        for (uint32_t row = h->off[m]; row < h->off[m + 1]; row++) {
            bool reached = in_reach(&reach, h->at[row], h->kind[row]);
            kinds[row] = reached ? h->kind[row] : UINT16_MAX;
            any = any || reached;
        }
        if (reach.needed && !any && holds >> m & 1) fail_msg("member %u is left out: %s", m, text);
    }
    for (uint32_t m = 0; m < 5; m++) {
        if (expr_member(e, c, &other, m) != (holds >> m & 1)) fail_msg("out of reach: %s", text);
    }
}

static void a_member_among_many_is_answered_as_alone(void **state)
{
    (void)state;
    struct expr_catalog catalog = world_catalog();
    struct random_words words = world_words();
    struct strbuf text = {0};
    struct rng rng;
    uint64_t seed = 5;
    size_t hits = 0, asked = 0;
    print_message("seed %llu\n", (unsigned long long)seed);
    rng_init(&rng, seed);
    world.random = true;
    for (int round = 0; round < 500; round++) {
        struct run *r = run_random(&rng, 5, 60);
        for (int i = 0; i < 40; i++) {
            const struct expr *e;
            strbuf_reset(&text);
            random_expr(&rng, &words, EXPR_MEMBER, (int)rng_below(&rng, 3), &text);
            if (expr_parse(arena, &catalog, EXPR_MEMBER, strbuf_str(&text), "", &e, NULL) != ERR_OK)
                continue;
            struct columns columns = {0};
            struct prop_column props[WORLD_COLUMNS];
            assert_true(expr_columns(e, &columns));
            struct history h = run_only(r, &columns, props);
            struct expr_context c = {.zone = catalog.zone,
                                     .now = WORLD_NOW,
                                     .columns = &columns,
                                     .get = world_get,
                                     .get_ctx = &world,
                                     .scratch = scratch};
            struct expr_context full = c;
            full.columns = &r->columns;
            uint32_t holds = 0;
            for (uint32_t m = 0; m < 5; m++) {
                uint32_t off[2];
                bool among = expr_member(e, &c, &h, m);
                holds |= (uint32_t)among << m;
                struct history one = alone(&r->history, m, off);
                if (expr_member(e, &full, &one, 0) != among) fail_msg("member %u: %s", m, text.p);
                hits += among;
                asked++;
            }
            expect_at_once(e, &c, &h, holds, text.p);
            expect_reach(e, &c, &h, holds, text.p);
            arena_reset(arena);
        }
        mem_free(r);
    }
    print_message("%zu of %zu members match\n", hits, asked);
    assert_true(asked >= 100000);
    assert_true(hits > asked / 5 && hits < asked * 4 / 5);
    strbuf_finish(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(stages_compare_in_both_languages, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_stage_has_its_number, set_up, tear_down),
        cmocka_unit_test_setup_teardown(groups_are_a_set, set_up, tear_down),
        cmocka_unit_test_setup_teardown(fields_compare_by_their_type, set_up, tear_down),
        cmocka_unit_test_setup_teardown(values_of_another_type_are_as_good_as_null, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(traits_have_the_registered_type, set_up, tear_down),
        cmocka_unit_test_setup_teardown(calls_ask_for_their_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_anniversary_is_the_one_nearest_to_today, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(today_is_the_day_in_the_zone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(segments_answer_as_their_text_would, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_field_is_asked_for_once_in_an_evaluation, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_built_in_segments_find_whom_they_mean, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(reach_is_no_wider_than_the_calls, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_member_among_many_is_answered_as_alone, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
