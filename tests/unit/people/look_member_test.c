/* look_member_test.c - profiles and histories of a member say what the log says. */
#include "look_place.h"

/* ---- profiles ---- */

static void assert_why(struct view *v, uint32_t member, const char *lifecycle, const char *trust)
{
    struct look_profile who = profile(v, member);
    const char *a = fold_rule_name(who.why[0].reason.rule);
    const char *b = fold_rule_name(who.why[1].reason.rule);
    if (strcmp(a, lifecycle) != 0 || strcmp(b, trust) != 0)
        fail_msg("m%u: %s, %s; not %s, %s", member, a, b, lifecycle, trust);
}

static void a_dormant_member_is_told_since_when_and_by_what(void **state)
{
    (void)state;
    struct place p;
    struct view v;
    place_open(&p, "Asia/Shanghai");
    struct fact facts[3] = {
        fact("u1", "group.joined", PLACE_NOW - 40 * DAY),
        fact("u1", "checkin.done", PLACE_NOW - 21 * DAY - 5),
        fact("u1", "content.viewed", PLACE_NOW - 3 * DAY),
    };
    facts[0].code[DIM_GROUP] = STR("g");
    send(&p, facts, 3);
    view_open(&v, &p);
    struct look_profile who = profile(&v, 1);
    const struct look_why *w = &who.why[0];
    assert_int_equal(who.state.stage, STAGE_DORMANT);
    assert_int_equal(who.state.stage_since, PLACE_NOW - 7 * DAY - 5);
    assert_true(who.state.reads);
    assert_int_equal(w->reason.rule, RULE_DORMANT_IDLE);
    assert_int_equal(w->reason.at, PLACE_NOW - 21 * DAY - 5);
    assert_int_equal(w->reason.count, 21);
    assert_int_equal(w->reason.limit, 14);
    assert_int_equal(w->event_count, 1);
    assert_int_equal(w->events[0].at, PLACE_NOW - 21 * DAY - 5);
    assert_true(str_is(registry_kind_name(p.brand, w->events[0].kind), "checkin.done"));
    assert_string_equal(fold_rule_name(who.why[1].reason.rule), "acquainted");
    assert_int_equal(who.trust_since, PLACE_NOW - 40 * DAY);
    view_close(&v);
    place_close(&p);
}

static void each_rule_is_named_with_the_events_behind_it(void **state)
{
    (void)state;
    struct place p;
    struct view v;
    place_open(&p, "Asia/Shanghai");
    struct fact f[] = {
        fact("joined", "contact.added", PLACE_NOW - DAY),         /* m1 */
        fact("buyer", "order.paid", PLACE_NOW - 5 * DAY),         /* m2 */
        fact("left", "group.joined", PLACE_NOW - 9 * DAY),        /* m3 */
        fact("left", "group.left", PLACE_NOW - 8 * DAY),          /* m3 */
        fact("silent", "group.joined", PLACE_NOW - 200 * DAY),    /* m4 */
        fact("known", "touchpoint.scanned", PLACE_NOW - DAY),     /* m5 */
        fact("spreads", "order.paid", PLACE_NOW - 9 * DAY),       /* m6 */
        fact("spreads", "invite.qualified", PLACE_NOW - 2 * DAY), /* m6 */
        fact("taught", "class.attended", PLACE_NOW - 2 * DAY),    /* m7 */
        fact("refunded", "order.paid", PLACE_NOW - 9 * DAY),      /* m8 */
        fact("refunded", "order.refunded", PLACE_NOW - 8 * DAY),  /* m8 */
        fact("busy", "message.sent", PLACE_NOW - 2 * DAY),        /* m9 */
        fact("busy", "message.sent", PLACE_NOW - 1 * DAY),        /* m9 */
    };
    struct fact_value order = {.name = STR("order"), .type = PROP_TEXT, .text = STR("o1")};
    f[2].code[DIM_GROUP] = f[3].code[DIM_GROUP] = f[4].code[DIM_GROUP] = STR("g");
    f[9].props = f[10].props = &order;
    f[9].prop_count = f[10].prop_count = 1;
    send(&p, f, sizeof(f) / sizeof(f[0]));
    view_open(&v, &p);
    assert_why(&v, 1, "new", "acquainted");
    assert_why(&v, 2, "effective_order", "bought");
    assert_why(&v, 3, "churned_left", "lapsed");
    assert_why(&v, 4, "churned_silent", "acquainted");
    assert_why(&v, 5, "potential", "curious");
    assert_why(&v, 6, "core", "shares");
    assert_why(&v, 7, "effective_act", "informed_took");
    assert_why(&v, 8, "churned_refunded", "curious");
    assert_why(&v, 9, "effective_days", "curious");
    struct look_profile core = profile(&v, 6);
    assert_int_equal(core.why[0].event_count, 2);
    assert_int_equal(core.why[0].events[0].at, PLACE_NOW - 2 * DAY); /* latest first */
    assert_int_equal(core.why[0].events[1].at, PLACE_NOW - 9 * DAY);
    struct look_profile nobody;
    struct why why = {0};
    assert_int_equal(look_profile(&v.look, 77, &nobody, &why), ERR_NOT_FOUND);
    view_close(&v);
    place_close(&p);
}

/* The profile is the fold as of now; so are the rows when they are written. */
static void profiles_agree_with_the_rows(void **state)
{
    (void)state;
    struct place p;
    struct view v;
    place_open(&p, "Asia/Shanghai");
    crowd_in(&p, false);
    view_open(&v, &p);
    struct look_page page = {.stage = LOOK_ANY_STAGE, .limit = 200};
    struct look_rows rows = list(&v, &page);
    assert_true(rows.count > 50);
    for (size_t i = 0; i < rows.count; i++) {
        const struct look_row *row = &rows.items[i];
        struct look_profile who = profile(&v, row->id);
        assert_int_equal(who.state.stage, row->stage);
        assert_int_equal(who.state.trust, row->trust);
        assert_int_equal(who.state.events, row->events);
        assert_int_equal(who.state.orders, row->orders);
        assert_int_equal(who.state.spent, row->spent);
        assert_int_equal(who.identity_count, row->identity_count);
        assert_true(str_eq(who.name, row->name));
        for (size_t k = 0; k < who.persona_count; k++)
            assert_int_equal(profile(&v, who.personas[k]).id, row->id);
    }
    view_close(&v);
    place_close(&p);
}

/* ---- histories ---- */

static void a_history_comes_newest_first_in_pages_that_meet(void **state)
{
    (void)state;
    struct place p;
    struct view v;
    place_open(&p, "Asia/Shanghai");
    crowd_in(&p, true);
    view_open(&v, &p);
    uint32_t member = search(&v, "0042").members[0];
    struct look_span span = {.limit = LIMIT_PAGE_EVENTS};
    struct look_timeline whole = timeline(&v, member, &span);
    assert_false(whole.more);
    assert_true(whole.count > 10);
    for (size_t limit = 1; limit < 8; limit++) {
        struct look_moment before;
        size_t at = 0;
        span = (struct look_span){.limit = limit};
        for (;;) {
            struct look_timeline page = timeline(&v, member, &span);
            for (size_t i = 0; i < page.count; i++, at++) {
                const struct look_entry *a = &page.items[i], *b = &whole.items[at];
                assert_int_equal(a->at, b->at);
                assert_int_equal(a->kind, b->kind);
                assert_int_equal(a->amount, b->amount);
                assert_int_equal(a->prop_count, b->prop_count);
                assert_int_equal(a->other, b->other);
                assert_memory_equal(a->dim, b->dim, sizeof(a->dim));
                for (size_t k = 0; k < a->prop_count; k++)
                    assert_true(str_eq(a->props[k].text, b->props[k].text));
                if (at) assert_true(b->at <= whole.items[at - 1].at);
            }
            if (!page.more) break;
            before = page.last;
            span.before = &before;
        }
        assert_int_equal(at, whole.count);
    }
    view_close(&v);
    place_close(&p);
}

static void a_history_shows_properties_changes_and_only_the_kinds_asked_for(void **state)
{
    (void)state;
    struct place p;
    struct view v;
    place_open(&p, "Asia/Shanghai");
    struct fact_value props[2] = {
        {.name = STR("order"), .type = PROP_TEXT, .text = STR("W1")},
        {.name = STR("qty"), .type = PROP_NUMBER, .number = 3},
    };
    struct fact f[2] = {fact("u1", "order.paid", PLACE_NOW - 5 * DAY),
                        fact("u1", "page.viewed", PLACE_NOW - DAY)};
    f[0].amount = 1990;
    f[0].props = props;
    f[0].prop_count = 2;
    f[0].code[DIM_TOUCHPOINT] = STR("shop-1");
    send(&p, f, 2);
    view_open(&v, &p);
    static const struct str kinds[] = {{"order.paid", 10}, {"lifecycle.changed", 17}};
    struct look_span span = {.kinds = kinds, .kind_count = 2, .limit = 50};
    struct look_timeline page = timeline(&v, 1, &span);
    assert_int_equal(page.count, 2);
    const struct look_entry *change = &page.items[0], *order = &page.items[1];
    assert_true(str_is(registry_kind_name(p.brand, change->kind), "lifecycle.changed"));
    assert_int_equal(change->prop_count, 1); /* the first has no "from" */
    assert_true(str_is(change->props[0].name, "to"));
    assert_true(str_is(change->props[0].text, "effective"));
    assert_true(str_is(registry_kind_name(p.brand, order->kind), "order.paid"));
    assert_int_equal(order->amount, 1990);
    assert_true(
        str_is(registry_code_text(p.brand, DIM_TOUCHPOINT, order->dim[DIM_TOUCHPOINT]), "shop-1"));
    assert_int_equal(order->prop_count, 2);
    assert_true(str_is(order->props[0].text, "W1"));
    assert_true(order->props[1].number == 3);
    view_close(&v);
    place_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dormant_member_is_told_since_when_and_by_what),
        cmocka_unit_test(each_rule_is_named_with_the_events_behind_it),
        cmocka_unit_test(profiles_agree_with_the_rows),
        cmocka_unit_test(a_history_comes_newest_first_in_pages_that_meet),
        cmocka_unit_test(a_history_shows_properties_changes_and_only_the_kinds_asked_for),
    };
    return engine_run(tests);
}
