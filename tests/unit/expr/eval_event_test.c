/* eval_event_test.c - one event against every field, operator and null; each example by both
 * evaluators. */
#include "eval_place.h"

/* What both evaluators say of a row, with and without scratch, with all columns and those asked. */
static bool answer(const struct run *r, const char *text, uint32_t row)
{
    const struct expr *e = parse_about(EXPR_EVENT, text);
    struct columns columns = {0};
    struct prop_column props[WORLD_COLUMNS];
    assert_true(expr_columns(e, &columns));
    struct history h = run_only(r, &columns, props);
    struct expr_context c = {
        .zone = zone_open("Asia/Shanghai"), .now = WORLD_NOW, .columns = &columns};
    struct expr_context full = {
        .zone = c.zone, .now = c.now, .columns = &r->columns, .scratch = arena};
    bool said = expr_event(e, &c, &h, row);
    uint8_t mask[RUN_ROWS];
    assert_int_equal(expr_event(e, &full, &r->history, row), said);
    memset(mask, 7, sizeof(mask));
    expr_events(e, &c, &h, 0, r->rows, mask);
    assert_int_equal(mask[row], said);
    assert_int_equal(mask[r->rows], 7);
    expr_events(e, &full, &r->history, row, row + 1, mask);
    assert_int_equal(mask[0], said);
    arena_reset(arena);
    return said;
}

#define YES(r, row, text) assert_true(answer(r, text, row))
#define NO(r, row, text) assert_false(answer(r, text, row))

static int set_up(void **state)
{
    begin_empty();
    struct run *r = run;
    run_member(r, 7);
    /* Row 0: 2025-01-01T00:00:00+08:00, a Wednesday; nothing but its kind. */
    run_event(r, WORLD_NOW, "message.sent");
    /* Row 1: everything set. 2025-01-05 23:30 in Shanghai, a Sunday. */
    uint32_t row =
        run_event(r, WORLD_NOW + 4 * TIME_DAY + 23 * TIME_HOUR + 30 * TIME_MINUTE, "order.paid");
    for (int d = 0; d < DIM_COUNT; d++) {
        r->dim[d][row] = 3; /* vip */
    }
    r->dim[DIM_STAFF][row] = 5; /* 店 */
    r->other[row] = 12;
    r->amount[row] = 1250;
    run_text(r, row, "plan", "Abc");
    run_text(r, row, "会员等级", "e\xCC\x81"); /* not in NFC */
    run_number(r, row, "n", PROP_NUMBER, 2.5);
    run_number(r, row, "ok", PROP_BOOL, 1);
    run_number(r, row, "mixed", PROP_NUMBER, 0);
    /* Row 2: another member's, with an empty text. */
    run_member(r, 9);
    row = run_event(r, WORLD_NOW, "group.left");
    run_text(r, row, "plan", "");
    run_number(r, row, "mixed", PROP_BOOL, 0);
    *state = r;
    return 0;
}

static void kinds_compare_by_code_and_by_text(void **state)
{
    struct run *r = *state;
    YES(r, 1, "kind = \"order.paid\"");
    NO(r, 1, "kind = \"message.sent\"");
    YES(r, 1, "kind != \"message.sent\"");
    YES(r, 1, "kind in (\"message.sent\", \"order.paid\")");
    NO(r, 1, "kind not in (\"message.sent\", \"order.paid\")");
    YES(r, 1, "kind ^= \"ORDER.\"");
    YES(r, 1, "kind ~ \".pa\"");
    NO(r, 1, "kind ~ \"order paid\"");
    YES(r, 1, "kind < \"order.q\" and kind >= \"order.paid\"");
    YES(r, 1, "kind is not null");
    NO(r, 1, "kind is null");
    /* The brand has never seen it: no event is of it, every event is of another. */
    NO(r, 1, "kind = \"never.seen\"");
    YES(r, 1, "kind != \"never.seen\"");
    YES(r, 1, "kind not in (\"never.seen\")");
}

static void times_compare_with_instants_and_with_days(void **state)
{
    struct run *r = *state;
    YES(r, 0, "at = 2025-01-01T00:00:00+08:00");
    YES(r, 0, "at = now");
    NO(r, 0, "at < now");
    YES(r, 0, "at <= now");
    YES(r, 0, "at > now - 1s");
    YES(r, 0, "at = today");
    YES(r, 0, "at = 2025-01-01");
    YES(r, 0, "at >= 2025-01-01");
    NO(r, 0, "at < 2025-01-01");
    NO(r, 0, "at > 2025-01-01");
    YES(r, 0, "at > 2024-12-31");
    YES(r, 1, "at = 2025-01-05");
    YES(r, 1, "at <= 2025-01-05");
    NO(r, 1, "at > 2025-01-05");
    NO(r, 1, "at >= 2025-01-06");
    YES(r, 1, "at between 2025-01-02 and 2025-01-05");
    NO(r, 1, "at not between 2025-01-02 and 2025-01-05");
    YES(r, 1, "at not between 2025-01-02 and 2025-01-04");
    NO(r, 1, "at between 2025-01-05 and 2025-01-02");
    YES(r, 1, "at in (2024-01-01, 2025-01-05)");
    YES(r, 1, "at = today + 4d");
    NO(r, 1, "at != today + 4d");
    YES(r, 1, "at > today + 119h"); /* 23:00 of that day */
    NO(r, 1, "at > today + 1w");
    YES(r, 1, "day = 2025-01-05 and day > 2025-01-04 and day < today + 5d");
    YES(r, 1, "day = 2025-01-05T00:00:01+08:00");
    YES(r, 1, "day in (2025-01-05)");
    NO(r, 1, "day not in (2025-01-05)");
}

static void hours_and_weekdays_are_local(void **state)
{
    struct run *r = *state;
    YES(r, 0, "hour = 0 and weekday = 3");
    YES(r, 1, "hour = 23 and weekday = 7");
    YES(r, 1, "hour between 22 and 23");
    NO(r, 1, "hour < 22.5");
    YES(r, 1, "weekday in (6, 7)");
}

static void codes_compare_by_number_and_by_text(void **state)
{
    struct run *r = *state;
    YES(r, 1,
        "group = \"vip\" and touchpoint = \"vip\" and campaign = \"vip\" and content = \"vip\"");
    YES(r, 1, "staff = \"店\"");
    YES(r, 1, "group != \"g1\"");
    YES(r, 1, "group != \"nowhere\"");
    NO(r, 1, "group = \"nowhere\"");
    YES(r, 1, "group in (\"g1\", \"vip\")");
    YES(r, 1,
        "group ^= \"VI\" and group ~ \"ip\" and group > \"g9\" and group between \"a\" and \"w\"");
    NO(r, 1, "group < \"vip\"");
    r->dim[DIM_GROUP][0] = 6; /* a code without a name */
    YES(r, 0, "group != \"vip\"");
    NO(r, 0, "group ~ \"\"");
    NO(r, 0, "group is null");
}

static void members_compare_by_id(void **state)
{
    struct run *r = *state;
    YES(r, 1, "other = \"m12\" and member = \"m7\"");
    YES(r, 2, "member = \"m9\"");
    NO(r, 2, "member in (\"m7\", \"m12\")");
    YES(r, 1, "other > \"m9\"");
    r->member[1] = 0; /* events that have no member */
    YES(r, 2, "member is null");
    NO(r, 2, "member != \"m7\"");
}

static void amounts_compare_as_numbers(void **state)
{
    struct run *r = *state;
    YES(r, 1, "amount = 1250");
    YES(r, 1, "amount > 1249.5 and amount < 1250.5");
    YES(r, 1, "amount between 1250 and 1250");
    NO(r, 1, "amount not between 1250 and 1250");
    NO(r, 1, "amount in (1, 2)");
    r->amount[1] = -5;
    YES(r, 1, "amount < 0 and amount = -5");
}

static void properties_compare_by_the_type_of_the_value(void **state)
{
    struct run *r = *state;
    YES(r, 1, "props.plan = \"Abc\"");
    NO(r, 1, "props.plan = \"abc\"");
    YES(r, 1, "props.plan ^= \"aB\" and props.plan ~ \"BC\" and props.plan ~ \"\"");
    NO(r, 1, "props.plan ~ \"abcd\"");
    YES(r, 1, "props.plan < \"abc\" and props.plan > \"ABC\"");
    YES(r, 1, "props.n = 2.5 and props.n > 2 and props.n < 3 and props.n in (1, 2.5)");
    YES(r, 1, "props.ok = true and props.ok != false and props.ok in (true)");
    YES(r, 1, "props.mixed = 0");
    NO(r, 1, "props.mixed = \"0\"");
    NO(r, 1, "props.mixed = false");
    YES(r, 2, "props.mixed = false");
    NO(r, 2, "props.mixed = 0");
    YES(r, 1, "props.mixed is not null");
    YES(r, 2, "props.mixed is not null");
    NO(r, 0, "props.mixed is not null");
    YES(r, 1, "props.absent is null");
    NO(r, 1, "props.absent != 3");
}

static void text_is_compared_in_nfc(void **state)
{
    struct run *r = *state;
    YES(r, 1, "props.\"会员等级\" = \"\xC3\xA9\"");
    YES(r, 1, "props.\"会员等级\" = \"e\xCC\x81\"");
    YES(r, 1, "props.\"会员等级\" in (\"x\", \"\xC3\xA9\")");
    NO(r, 1, "props.\"会员等级\" ^= \"e\""); /* é is one code point */
}

static void an_empty_text_is_not_null(void **state)
{
    struct run *r = *state;
    YES(r, 2, "props.plan = \"\"");
    YES(r, 2, "props.plan is not null");
    YES(r, 2, "props.plan != \"a\"");
    NO(r, 0, "props.plan = \"\"");
}

static void a_test_on_null_is_false_and_so_is_its_opposite(void **state)
{
    struct run *r = *state;
    static const char *const tests[][2] = {
        {"group = \"vip\"", "group != \"vip\""},
        {"group in (\"vip\")", "group not in (\"vip\")"},
        {"group < \"vip\"", "group >= \"vip\""},
        {"group between \"a\" and \"b\"", "group not between \"a\" and \"b\""},
        {"group ~ \"\"", "group ^= \"\""},
        {"other = \"m1\"", "other != \"m1\""},
        {"other in (\"m1\")", "other not in (\"m1\")"},
        {"amount = 0", "amount != 0"},
        {"amount < 5", "amount >= 5"},
        {"amount between 1 and 2", "amount not between 1 and 2"},
        {"amount in (1)", "amount not in (1)"},
        {"props.plan = \"a\"", "props.plan != \"a\""},
        {"props.plan in (\"a\")", "props.plan not in (\"a\")"},
        {"props.n < 1", "props.n >= 1"},
        {"props.n in (1)", "props.n not in (1)"},
        {"props.n between 1 and 2", "props.n not between 1 and 2"},
        {"props.ok = true", "props.ok != true"},
        {"props.mixed in (\"a\")", "props.mixed not in (1)"}};
    for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        for (int side = 0; side < 2; side++) {
            NO(r, 0, tests[i][side]);
            YES(r, 0, arena_printf(arena, "not (%s)", tests[i][side]));
        }
    }
    YES(r, 0,
        "group is null and other is null and amount is null and props.plan is null and props.n is "
        "null "
        "and props.ok is null and staff is null");
    NO(r, 0,
       "group is not null or other is not null or amount is not null or props.plan is not null or "
       "props.n "
       "is not null or props.ok is not null or staff is not null");
    YES(r, 0, "not (group is not null)");
}

static void and_or_not_combine(void **state)
{
    struct run *r = *state;
    YES(r, 1, "true and not false");
    NO(r, 1, "false or not true");
    YES(r, 1, "amount > 1 and (hour < 5 or hour = 23) and not (weekday = 1 or weekday = 2)");
    NO(r, 1, "amount > 1 and hour < 5 or weekday = 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(kinds_compare_by_code_and_by_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(times_compare_with_instants_and_with_days, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(hours_and_weekdays_are_local, set_up, tear_down),
        cmocka_unit_test_setup_teardown(codes_compare_by_number_and_by_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(members_compare_by_id, set_up, tear_down),
        cmocka_unit_test_setup_teardown(amounts_compare_as_numbers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(properties_compare_by_the_type_of_the_value, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(text_is_compared_in_nfc, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_empty_text_is_not_null, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_test_on_null_is_false_and_so_is_its_opposite, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(and_or_not_combine, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
