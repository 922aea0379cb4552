/* eval_did_test.c - did(): windows, conditions, sequences; and a plain recount that must agree. */
#include "eval_place.h"

static bool answer_in(const char *zone, const char *text, int64_t now)
{
    const struct expr *e = parse(text);
    struct expr_context c = {
        .zone = zone_open(zone), .now = now, .columns = &run->columns, .scratch = scratch};
    bool said = expr_member(e, &c, &run->history, run->history.member_count - 1);
    arena_reset(arena);
    return said;
}

#define YES(text) assert_true(answer_in("Asia/Shanghai", text, WORLD_NOW))
#define NO(text) assert_false(answer_in("Asia/Shanghai", text, WORLD_NOW))

static int set_up(void **state)
{
    (void)state;
    begin_empty();
    run_member(run, 1); /* a neighbour, whose events must not count */
    run_event(run, WORLD_NOW - TIME_HOUR, "order.refunded");
    run_event(run, WORLD_NOW - TIME_HOUR, "order.paid");
    run_member(run, 2);
    return 0;
}

static uint32_t pay(int64_t ago_ms, int64_t amount)
{
    uint32_t row = run_event(run, WORLD_NOW - ago_ms, "order.paid");
    run->amount[row] = amount;
    return row;
}

static void without_conditions_it_means_at_least_once_ever(void **state)
{
    (void)state;
    NO("did(\"order.paid\")");
    YES("not did(\"order.paid\")");
    pay(4000 * TIME_DAY, 1);
    YES("did(\"order.paid\")");
    NO("did(\"order.refunded\")"); /* only the neighbour did */
}

static void within_is_open_at_its_start_and_closed_at_now(void **state)
{
    (void)state;
    pay(TIME_DAY, 1);
    NO("did(\"order.paid\", within 1d)");
    YES("did(\"order.paid\", within 86401s)");
    assert_true(answer_in("Asia/Shanghai", "did(\"order.paid\", within 1d)", WORLD_NOW - 1));
    pay(0, 1);
    YES("did(\"order.paid\", within 1s, count = 1)");
    NO("did(\"order.paid\", within 0s)");
}

static void events_after_now_are_not_seen(void **state)
{
    (void)state;
    pay(-1, 1);
    NO("did(\"order.paid\")");
    YES("did(\"order.paid\", count = 0)");
    YES("did(\"order.paid\", count = 0, to now + 30d)");
    assert_true(answer_in("Asia/Shanghai", "did(\"order.paid\")", WORLD_NOW + 1));
}

static void from_is_closed_and_to_is_open(void **state)
{
    (void)state;
    int64_t day = WORLD_NOW - 10 * TIME_DAY; /* 2024-12-22 begins */
    run_event(run, day - 1, "order.paid");
    run_event(run, day, "order.paid");
    run_event(run, day + TIME_DAY - 1, "order.paid");
    run_event(run, day + TIME_DAY, "order.paid");
    YES("did(\"order.paid\", count = 3, from 2024-12-22)");
    YES("did(\"order.paid\", count = 3, to 2024-12-23)");
    YES("did(\"order.paid\", count = 2, from 2024-12-22, to 2024-12-23)");
    YES("did(\"order.paid\", count = 2, from today - 10d, to today - 9d)");
    YES("did(\"order.paid\", count = 1, from 2024-12-22T00:00:00.001+08:00, to 2024-12-23)");
    YES("did(\"order.paid\", count = 2, from now - 10d, to now - 9d)");
    YES("did(\"order.paid\", count = 1, from now - 10d, to now - 9d, where at < now - 9d and hour "
        "> 0)");
    YES("did(\"order.paid\", count = 0, from 2024-12-23, to 2024-12-22)");
    YES("did(\"order.paid\", count = 2, from 2024-12-22, within 777601s)"); /* both hold */
}

static void conditions_count_over_the_same_set(void **state)
{
    (void)state;
    pay(5 * TIME_DAY, 100);
    pay(5 * TIME_DAY, 200);
    uint32_t row = pay(3 * TIME_DAY, HISTORY_NO_AMOUNT);
    run->dim[DIM_GROUP][row] = 1;
    row = pay(TIME_DAY, 300);
    run->dim[DIM_GROUP][row] = 2;
    YES("did(\"order.paid\", count = 4, days = 3, sum(amount) = 600, distinct(group) = 2)");
    YES("did(\"order.paid\", count >= 4, count <= 4)");
    NO("did(\"order.paid\", count = 4, days = 4)");
    YES("did(\"order.paid\", count = 2, sum(amount) = 500, days = 2, where amount >= 200)");
    YES("did(\"order.paid\", sum(amount) = 300, count = 2, within 4d)");
    YES("did(\"order.paid\", distinct(amount) = 3, distinct(kind) = 1, distinct(day) = 3, "
        "distinct(at) = 3)");
    YES("did(\"order.paid\", distinct(hour) = 1, distinct(weekday) = 3, distinct(member) = 1, "
        "distinct(other) = 0)");
    YES("did(\"order.paid\", count != 5, count > 3, count < 5)");
    NO("did(\"order.paid\", count > 4)");
}

static void over_no_events_counts_and_sums_are_zero(void **state)
{
    (void)state;
    YES("did(\"order.paid\", count = 0, days = 0, sum(amount) = 0, distinct(group) = 0)");
    YES("did(\"order.paid\", count < 3) and did(\"order.paid\", sum(amount) < 1)");
    YES("did(\"never.seen\", count = 0) and not did(\"never.seen\")");
    pay(0, HISTORY_NO_AMOUNT);
    YES("did(\"order.paid\", count = 1, sum(amount) = 0)");
}

static void distinct_counts_texts_by_meaning_and_types_apart(void **state)
{
    (void)state;
    run_text(run, pay(9, 1), "plan", "e\xCC\x81");
    run_text(run, pay(8, 1), "plan", "\xC3\xA9"); /* the same text in NFC */
    run->text[0][pay(7, 1)] = 1;                  /* "a" ... */
    run->text[0][pay(6, 1)] = 11;                 /* ... and "a" again in the dictionary */
    run_text(run, pay(5, 1), "plan", "");
    pay(4, 1);
    YES("did(\"order.paid\", distinct(props.plan) = 3, count = 6)");
    run_number(run, pay(3, 1), "mixed", PROP_NUMBER, 0);
    run_number(run, pay(2, 1), "mixed", PROP_NUMBER, -0.0);
    run_number(run, pay(1, 1), "mixed", PROP_BOOL, 0);
    run_text(run, pay(0, 1), "mixed", "a");
    YES("did(\"order.paid\", distinct(props.mixed) = 3, distinct(props.absent) = 0)");
}

static void a_sequence_needs_a_later_event_in_time(void **state)
{
    (void)state;
    run_event(run, WORLD_NOW - 10 * TIME_DAY, "group.joined");
    run_event(run, WORLD_NOW - 9 * TIME_DAY, "touchpoint.scanned");
    NO("did(\"touchpoint.scanned\", then \"group.joined\" within 30d)");
    run_event(run, WORLD_NOW - 8 * TIME_DAY, "group.joined");
    YES("did(\"touchpoint.scanned\", then \"group.joined\" within 1d)"); /* closed at its end */
    NO("did(\"touchpoint.scanned\", then \"group.joined\" within 86399s)");
    NO("did(\"touchpoint.scanned\", then \"never.seen\" within 30d)");
    YES("did(\"touchpoint.scanned\", then \"group.joined\" within 1d, within 219h)");
    NO("did(\"touchpoint.scanned\", then \"group.joined\" within 1d, within 9d)"); /* of the first
                                                                                      event */
    YES("did(\"touchpoint.scanned\", then \"group.joined\" within 1d, to today - 8d)");
    assert_false(answer_in("Asia/Shanghai",
                           "did(\"touchpoint.scanned\", then \"group.joined\" within 1d)",
                           WORLD_NOW - 8 * TIME_DAY - 1)); /* not seen yet */
}

static void an_event_that_nothing_follows_is_found(void **state)
{
    (void)state;
    NO("did(\"dm.received\", not then \"dm.sent\" within 3d)"); /* nothing was asked */
    run_event(run, WORLD_NOW - 9 * TIME_DAY, "message.sent");
    run_event(run, WORLD_NOW - 8 * TIME_DAY, "order.paid");
    NO("did(\"message.sent\", not then \"order.paid\" within 1d)");
    YES("did(\"message.sent\", not then \"order.paid\" within 86399s)");
    YES("did(\"message.sent\", not then \"never.seen\" within 9d)");
    run_event(run, WORLD_NOW - 7 * TIME_DAY, "message.sent");
    YES("did(\"message.sent\", not then \"order.paid\" within 2d, count = 1)");
    YES("did(\"message.sent\", then \"order.paid\" within 2d, count = 1)");
    run_event(run, WORLD_NOW - 6 * TIME_DAY, "order.paid");
    NO("did(\"message.sent\", not then \"order.paid\" within 2d)");
    assert_true(answer_in("Asia/Shanghai",
                          "did(\"message.sent\", not then \"order.paid\" within 2d)",
                          WORLD_NOW - 6 * TIME_DAY - 1)); /* not seen yet */
}

static void a_sequence_follows_the_order_of_rows_in_ties(void **state)
{
    (void)state;
    run_event(run, WORLD_NOW, "group.joined");
    run_event(run, WORLD_NOW, "touchpoint.scanned");
    NO("did(\"touchpoint.scanned\", then \"group.joined\" within 1d)");
    YES("did(\"group.joined\", then \"touchpoint.scanned\" within 0s)");
    NO("did(\"group.joined\", then \"group.joined\" within 1d)");
    run_event(run, WORLD_NOW, "group.joined");
    YES("did(\"group.joined\", then \"group.joined\" within 0s, count = 1)");
}

static void conditions_of_a_sequence_count_its_first_events(void **state)
{
    (void)state;
    pay(9 * TIME_DAY, 100);
    pay(8 * TIME_DAY, 200);
    run_event(run, WORLD_NOW - 7 * TIME_DAY, "order.refunded");
    pay(6 * TIME_DAY, 400);
    YES("did(\"order.paid\", then \"order.refunded\" within 1d, count = 1, sum(amount) = 200)");
    YES("did(\"order.paid\", then \"order.refunded\" within 2d, count = 2, sum(amount) = 300, days "
        "= 2)");
    YES("did(\"order.paid\", then \"order.paid\" within 2d, count = 2, sum(amount) = 300)");
    YES("did(\"order.paid\", then \"order.refunded\" within 9d, count = 1, where amount > 150)");
}

static void days_are_days_of_the_zone(void **state)
{
    (void)state;
    run_event(run, WORLD_NOW - 1, "message.sent"); /* 23:59:59.999 of the year's last day */
    run_event(run, WORLD_NOW, "message.sent");
    YES("did(\"message.sent\", days = 2)");
    assert_true(answer_in("UTC", "did(\"message.sent\", days = 1)", WORLD_NOW));
}

static void a_day_that_comes_twice_counts_once(void **state)
{
    (void)state;
    /* In St. John's clocks went back from 00:01 to 23:01 until 2011: 2010-11-07T02:31Z. */
    int64_t back;
    assert_true(time_parse_rfc3339(STR("2010-11-07T02:31:00Z"), &back));
    const struct zone *z = zone_open("America/St_Johns");
    assert_non_null(z);
    assert_int_equal(zone_day(z, back - 30 * TIME_SECOND), zone_day(z, back) + 1);
    run_event(run, back - TIME_HOUR, "message.sent");        /* day 6 */
    run_event(run, back - 30 * TIME_SECOND, "message.sent"); /* day 7 */
    run_event(run, back, "message.sent");                    /* day 6 again */
    run_event(run, back + 2 * TIME_HOUR, "message.sent");    /* day 7 again */
    run_event(run, back - 30 * TIME_SECOND + TIME_DAY, "order.paid");
    assert_true(answer_in("America/St_Johns", "did(\"message.sent\", days = 2)", WORLD_NOW));
    run_member(run, 3);
    run_event(run, back - 30 * TIME_SECOND, "message.sent"); /* day 7, and 6 after it */
    run_event(run, back, "message.sent");
    run_event(run, back + TIME_MINUTE, "message.sent");
    assert_true(answer_in("America/St_Johns", "did(\"message.sent\", days = 2)", WORLD_NOW));
}

/* The recount: every row against every rule, nothing clever. */
static bool in_set(const struct eval *v, const struct did *d, uint32_t row)
{
    const struct history *h = v->history;
    const struct expr_context *c = v->context;
    int64_t at = h->at[row];
    if (h->kind[row] != d->kind.code || at > c->now) return false;
    if (d->has_within && !(at > c->now - d->within_ms)) return false;
    if (d->has_from && !(at >= eval_start(c, &d->from))) return false;
    if (d->has_to && !(at < eval_start(c, &d->to))) return false;
    if (d->where && !eval_event(v, d->where, row)) return false;
    if (!d->has_then) return true;
    for (uint32_t then = row + 1; then < h->off[v->index + 1]; then++) {
        if (h->kind[then] == d->then.code && h->at[then] <= c->now &&
            h->at[then] <= at + d->then_ms)
            return !d->then_not;
    }
    return d->then_not;
}

struct seen {
    struct expr_value values[200];
    size_t count;
};

static void see(struct seen *s, const struct expr_value *v)
{
    if (eval_is_null(v)) return;
    for (size_t i = 0; i < s->count; i++) {
        const struct expr_value *o = &s->values[i];
        if (o->type != v->type) continue;
        if (v->type == TYPE_NUMBER && o->number == v->number) return;
        if (v->type == TYPE_BOOL && o->boolean == v->boolean) return;
        if ((v->type == TYPE_TIME || v->type == TYPE_DATE) && o->time == v->time) return;
        struct arena *a = arena;
        if (v->type == TYPE_TEXT && str_eq(eval_nfc(&a, o->text), eval_nfc(&a, v->text))) return;
    }
    s->values[s->count++] = *v;
}

static double measured(const struct eval *v, const struct did *d, const struct condition *c)
{
    const struct history *h = v->history;
    struct seen *seen = arena_alloc(arena, sizeof(*seen));
    double count = 0, sum = 0;
    for (uint32_t row = h->off[v->index]; row < h->off[v->index + 1]; row++) {
        struct expr_value value = {0};
        if (!in_set(v, d, row)) continue;
        count++;
        if (h->amount[row] != HISTORY_NO_AMOUNT) sum += (double)h->amount[row];
        if (c->measure == MEASURE_DAYS) {
            value = (struct expr_value){.type = TYPE_DATE,
                                        .time = zone_day(v->context->zone, h->at[row])};
            see(seen, &value);
        } else if (c->measure == MEASURE_DISTINCT && c->subject.event != EVENT_PROP) {
            eval_event_value(v, &c->subject, false, row, &value);
            see(seen, &value);
        } else if (c->measure == MEASURE_DISTINCT) {
            for (int type = PROP_TEXT; type <= PROP_BOOL; type++) {
                eval_prop(v, &c->subject, (enum prop_type)type, row, &value);
                see(seen, &value);
            }
        }
    }
    if (c->measure == MEASURE_COUNT) return count;
    return c->measure == MEASURE_SUM ? sum : (double)seen->count;
}

static bool recount(const struct eval *v, const struct did *d)
{
    bool any = false;
    for (uint32_t row = v->history->off[v->index]; row < v->history->off[v->index + 1]; row++) {
        any = any || in_set(v, d, row);
    }
    if (!d->conditions) return any;
    for (const struct condition *c = d->conditions; c; c = c->next) {
        double x = measured(v, d, c), n = c->number;
        bool holds = (c->op == OP_EQ && x == n) || (c->op == OP_NE && x != n) ||
                     (c->op == OP_LT && x < n) || (c->op == OP_LE && x <= n) ||
                     (c->op == OP_GT && x > n) || (c->op == OP_GE && x >= n);
        if (!holds) return false;
    }
    return true;
}

static void a_plain_recount_agrees_on_30000_random_calls(void **state)
{
    (void)state;
    struct expr_catalog catalog = world_catalog();
    struct random_words words = world_words();
    struct strbuf text = {0};
    struct rng rng;
    uint64_t seed = 31;
    size_t hits = 0, calls = 0;
    print_message("seed %llu\n", (unsigned long long)seed);
    rng_init(&rng, seed);
    while (calls < 30000) {
        struct run *r = run_random(&rng, 3, 60);
        for (int i = 0; i < 60; i++) {
            struct random_maker maker = {&rng, &words, &text, 0};
            const struct expr *e;
            strbuf_reset(&text);
            random_did(&maker, 1);
            if (expr_parse(arena, &catalog, EXPR_MEMBER, strbuf_str(&text), "", &e, NULL) != ERR_OK)
                continue;
            struct expr_context c = {
                .zone = catalog.zone, .now = WORLD_NOW, .columns = &r->columns, .scratch = scratch};
            for (uint32_t m = 0; m < 3; m++) {
                struct arena_mark mark = arena_mark(scratch);
                struct eval v;
                eval_begin(&v, e, &c, &r->history, m);
                bool expected = recount(&v, e->root->u.did);
                arena_rewind(scratch, mark);
                if (expr_member(e, &c, &r->history, m) != expected)
                    fail_msg("member %u: %s", m, text.p);
                hits += expected;
                calls++;
            }
            arena_reset(arena);
        }
        mem_free(r);
    }
    print_message("%zu of %zu hold\n", hits, calls);
    assert_true(hits > calls / 10 && hits < calls * 9 / 10);
    strbuf_finish(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(without_conditions_it_means_at_least_once_ever, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(within_is_open_at_its_start_and_closed_at_now, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(events_after_now_are_not_seen, set_up, tear_down),
        cmocka_unit_test_setup_teardown(from_is_closed_and_to_is_open, set_up, tear_down),
        cmocka_unit_test_setup_teardown(conditions_count_over_the_same_set, set_up, tear_down),
        cmocka_unit_test_setup_teardown(over_no_events_counts_and_sums_are_zero, set_up, tear_down),
        cmocka_unit_test_setup_teardown(distinct_counts_texts_by_meaning_and_types_apart, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_sequence_needs_a_later_event_in_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_event_that_nothing_follows_is_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_sequence_follows_the_order_of_rows_in_ties, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(conditions_of_a_sequence_count_its_first_events, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(days_are_days_of_the_zone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_day_that_comes_twice_counts_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_plain_recount_agrees_on_30000_random_calls, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
