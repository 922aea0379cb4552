/* query_test.c - whole queries over a small brand: fields and defaults, what is refused, both forms
 * of the reply, and that answers do not depend on the number of workers. */
#include "town_test.h"

static void ask(const char *query)
{
    enum err err = town_ask(&town, query);
    if (err != ERR_OK) {
        char text[400];
        why_text(&town.why, LANG_EN, text, sizeof(text));
        fail_msg("%s: %s", query, text);
    }
}

static void expect_int(const char *path, int64_t want)
{
    const struct json *j = town_get(&town, path);
    if (!j || j->type != JSON_INT || j->integer != want) {
        fail_msg("%s is not %lld in %s", path, (long long)want, town.reply.p);
    }
}

static void expect_number(const char *path, double want)
{
    const struct json *j = town_get(&town, path);
    if (!j || (j->type != JSON_INT && j->type != JSON_DOUBLE) || j->number != want) {
        fail_msg("%s is not %g in %s", path, want, town.reply.p);
    }
}

static void expect_null(const char *path)
{
    const struct json *j = town_get(&town, path);
    if (!j || j->type != JSON_NULL) fail_msg("%s is not null in %s", path, town.reply.p);
}

static void expect_text(const char *path, const char *want)
{
    const struct json *j = town_get(&town, path);
    if (!j || j->type != JSON_STRING || !str_is(j->string, want)) {
        fail_msg("%s is not \"%s\" in %s", path, want, town.reply.p);
    }
}

static void expect_count(const char *path, size_t want)
{
    const struct json *j = town_get(&town, path);
    if (!j || j->count != want) fail_msg("%s has not %zu in %s", path, want, town.reply.p);
}

static void expect_refused(const char *query, enum err want, const char *field)
{
    enum err err = town_ask(&town, query);
    if (err != want || strcmp(town.why.field, field) != 0) {
        fail_msg("%s: error %d about \"%s\"", query, (int)err, town.why.field);
    }
    assert_int_equal(town.reply.len, 0);
}

static void expect_csv(const char *query, const char *want)
{
    assert_int_equal(town_ask_form(&town, str_of(query), INSIGHT_CSV), ERR_OK);
    assert_string_equal(town.reply.p, want);
}

/* --- trend --- */

static void fill_trend(void)
{
    town_add(&town, 1, "2025-01-30T10:00:00+08:00", "message.sent")->dim[DIM_GROUP] = 1;
    town_add(&town, 1, "2025-01-30T23:59:59+08:00", "message.sent")->dim[DIM_GROUP] = 1;
    town_add(&town, 2, "2025-01-31T00:00:00+08:00", "message.sent")->dim[DIM_GROUP] = 2;
    town_add(&town, 2, "2025-02-01T00:00:00+08:00", "order.paid")->amount = 5000;
    town_add(&town, 2, "2025-02-01T01:00:00+08:00", "order.paid")->amount = 2500;
    town_add(&town, 3, "2025-02-01T02:00:00+08:00", "order.paid");
    town_add(&town, 0, "2025-02-01T03:00:00+08:00", "message.sent");
}

static void trend_has_every_bucket_and_half_open_ends(void **state)
{
    (void)state;
    fill_trend();
    ask("{\"trend\":{\"kind\":\"message.sent\",\"from\":\"2025-01-30\",\"to\":\"2025-02-01\"}}");
    expect_count("points", 2);
    expect_text("points.0.at", "2025-01-30T00:00:00+08:00");
    expect_int("points.0.value", 2);
    expect_int("points.1.value", 1);
    expect_int("as_of_seq", 7);
    ask("{\"trend\":{\"kind\":\"message.sent\",\"from\":\"2025-01-30T23:59:59+08:00\","
        "\"to\":\"2025-02-04\"}}");
    expect_count("points", 5);
    expect_int("points.0.value", 1);
    expect_int("points.2.value", 1); /* without a member, but an event */
    expect_int("points.4.value", 0);
}

static void trend_defaults_to_all_events_by_day_from_the_first_to_now(void **state)
{
    (void)state;
    fill_trend();
    ask("{\"trend\":{}}");
    expect_text("query.trend.kind", "*");
    expect_text("query.trend.measure", "events");
    expect_text("query.trend.by", "day");
    expect_text("query.trend.from", "2025-01-30T10:00:00+08:00");
    expect_text("query.trend.to", "2025-03-01T12:00:00+08:00");
    expect_count("points", 31);
    expect_int("points.2.value", 4);
}

static void trend_measures(void **state)
{
    (void)state;
    fill_trend();
    ask("{\"trend\":{\"measure\":\"members\",\"by\":\"month\"}}");
    expect_count("points", 3);
    expect_int("points.0.value", 2);
    expect_int("points.1.value", 2); /* the one without a member is nobody */
    ask("{\"trend\":{\"measure\":\"amount\",\"by\":\"month\",\"kind\":\"order.paid\"}}");
    expect_int("points.1.value", 7500);
    expect_int("points.2.value", 0);
    ask("{\"trend\":{\"measure\":\"average\",\"by\":\"month\",\"kind\":\"order.paid\"}}");
    expect_null("points.0.value");
    expect_number("points.1.value", 3750); /* the order without an amount is left out */
}

static void trend_breaks_down_by_any_event_field(void **state)
{
    (void)state;
    fill_trend();
    ask("{\"trend\":{\"by\":\"month\",\"breakdown\":\"group\",\"to\":\"2025-03-01\"}}");
    expect_count("points", 6);
    expect_text("points.0.key", "g1");
    expect_int("points.0.value", 2);
    expect_text("points.1.key", "g2");
    expect_null("points.2.key");
    expect_int("points.5.value", 4);
    ask("{\"trend\":{\"by\":\"month\",\"breakdown\":\"kind\",\"to\":\"2025-02-01\"}}");
    expect_text("points.0.key", "message.sent");
    expect_count("points", 1);
    ask("{\"trend\":{\"by\":\"month\",\"breakdown\":\"hour\",\"to\":\"2025-02-01\"}}");
    expect_int("points.0.key", 0); /* ties by key */
    expect_int("points.1.key", 10);
    expect_int("points.2.key", 23);
    ask("{\"trend\":{\"by\":\"month\",\"breakdown\":\"day\",\"to\":\"2025-02-01\"}}");
    expect_text("points.0.key", "2025-01-30");
    ask("{\"trend\":{\"by\":\"month\",\"breakdown\":\"amount\",\"kind\":\"order.paid\"}}");
    expect_int("points.0.key", 2500);
}

static void trend_breaks_down_by_properties_of_every_type(void **state)
{
    (void)state;
    town_set_text(&town, town_add(&town, 1, "2025-02-01", "own.kind"), "city", "=Xi'an");
    town_set_text(&town, town_add(&town, 2, "2025-02-01", "own.kind"), "city", "=Xi'an");
    town_set_number(&town, town_add(&town, 3, "2025-02-01", "own.kind"), "city", 1.5);
    town_add(&town, 3, "2025-02-01", "own.kind");
    ask("{\"trend\":{\"by\":\"month\",\"breakdown\":\"props.city\",\"to\":\"2025-03-01\"}}");
    expect_text("points.0.key", "=Xi'an");
    expect_int("points.0.value", 2);
    expect_number("points.1.key", 1.5);
    expect_null("points.2.key");
    expect_csv("{\"trend\":{\"by\":\"month\",\"breakdown\":\"props.city\",\"to\":\"2025-03-01\"}}",
               "\xef\xbb\xbf"
               "at,key,value\r\n"
               "2025-02-01T00:00:00+08:00,\"'=Xi'an\",2\r\n"
               "2025-02-01T00:00:00+08:00,1.5,1\r\n"
               "2025-02-01T00:00:00+08:00,,1\r\n");
    ask("{\"trend\":{\"breakdown\":\"props.\\\"unknown name\\\"\"}}");
    expect_count("warnings", 1);
}

static void trend_counts_the_rest_once_a_member(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 25; i++) {
        /* key i has i + 1 members, and member 1 has them all */
        for (uint32_t member = 1; member <= i + 1; member++) {
            struct event *ev = town_add(&town, member, "2025-02-01", "own.kind");
            town_set_number(&town, ev, "n", i);
        }
    }
    ask("{\"trend\":{\"by\":\"month\",\"measure\":\"members\",\"breakdown\":\"props.n\","
        "\"to\":\"2025-03-01\"}}");
    expect_count("points", 21);
    expect_int("points.0.key", 24);
    expect_int("points.0.value", 25);
    expect_int("points.19.key", 5);
    expect_text("points.20.key", "$rest");
    expect_int("points.20.value", 5); /* members 1 to 5, not 1 + 2 + 3 + 4 + 5 */
}

/* --- funnel --- */

static void funnel_reports_rates_and_quartiles(void **state)
{
    (void)state;
    for (uint32_t m = 1; m <= 4; m++) {
        town_add(&town, m, "2025-02-01T00:00:00Z", "page.viewed")->dim[DIM_GROUP] = m % 2;
        town_add_at(&town, m, INT64_C(1738368000000) + m * 10, "order.paid");
    }
    town_add(&town, 5, "2025-02-01T00:00:00Z", "page.viewed");
    ask("{\"funnel\":{\"steps\":[{\"kind\":\"page.viewed\"},{\"kind\":\"order.paid\"}]}}");
    expect_text("query.funnel.window", "1w");
    expect_text("query.funnel.mode", "ordered");
    expect_int("steps.0.members", 5);
    expect_number("steps.0.rate_from_first", 1);
    expect_null("steps.0.rate_from_previous");
    expect_null("steps.0.p50_ms");
    expect_int("steps.1.members", 4);
    expect_number("steps.1.rate_from_previous", 0.8);
    expect_int("steps.1.p25_ms", 18); /* 17.5 */
    expect_int("steps.1.p50_ms", 25);
    expect_int("steps.1.p75_ms", 33);
    ask("{\"funnel\":{\"steps\":[{\"kind\":\"page.viewed\"},{\"kind\":\"order.paid\"}],"
        "\"breakdown\":\"group\"}}");
    expect_count("groups", 2);
    expect_text("groups.0.key", "g1");
    expect_int("groups.0.steps.0.members", 2);
    expect_int("groups.0.steps.1.p50_ms", 20);
    expect_null("groups.1.key");
    expect_int("groups.1.steps.0.members", 3);
    expect_int("steps.1.p50_ms", 25);
    expect_csv("{\"funnel\":{\"steps\":[{\"kind\":[\"page.viewed\",\"own.kind\"]},"
               "{\"kind\":\"order.paid\"}]}}",
               "\xef\xbb\xbf"
               "kind,members,rate_from_first,rate_from_previous,p25_ms,p50_ms,p75_ms\r\n"
               "own.kind page.viewed,5,1,,,,\r\n"
               "order.paid,4,0.8,0.8,18,25,33\r\n");
}

static void every_step_of_a_funnel_lies_in_the_range(void **state)
{
    (void)state;
    town_add(&town, 1, "2025-02-01", "page.viewed");
    town_add(&town, 1, "2025-02-02", "order.paid");
    ask("{\"funnel\":{\"steps\":[{\"kind\":\"page.viewed\"},{\"kind\":\"order.paid\"}],"
        "\"to\":\"2025-02-02\"}}");
    expect_int("steps.0.members", 1);
    expect_int("steps.1.members", 0);
    ask("{\"funnel\":{\"steps\":[{\"kind\":\"page.viewed\"},{\"kind\":\"order.paid\"}],"
        "\"to\":\"2025-02-03\"}}");
    expect_int("steps.1.members", 1);
}

static void strict_funnels_see_all_kinds_but_derived_ones(void **state)
{
    (void)state;
    town_add(&town, 1, "2025-02-01", "group.joined")->dim[DIM_GROUP] = 1; /* becomes "new" */
    town_add(&town, 1, "2025-02-02", "order.paid");
    ask("{\"funnel\":{\"mode\":\"strict\",\"steps\":[{\"kind\":\"group.joined\"},"
        "{\"kind\":\"order.paid\"}]}}");
    expect_int("steps.1.members", 1);
    ask("{\"funnel\":{\"mode\":\"strict\",\"steps\":[{\"kind\":\"group.joined\"},"
        "{\"kind\":\"lifecycle.changed\"},{\"kind\":\"order.paid\"}]}}");
    expect_int("steps.1.members", 1);
    expect_int("steps.2.members", 1);
    town_add(&town, 2, "2025-02-01", "group.joined");
    town_add(&town, 2, "2025-02-01", "page.viewed");
    town_add(&town, 2, "2025-02-02", "order.paid");
    ask("{\"funnel\":{\"mode\":\"strict\",\"steps\":[{\"kind\":\"group.joined\"},"
        "{\"kind\":\"order.paid\"}]}}");
    expect_int("steps.1.members", 1);
    ask("{\"funnel\":{\"mode\":\"strict\",\"where\":\"kind != \\\"page.viewed\\\"\",\"steps\":"
        "[{\"kind\":\"group.joined\"},{\"kind\":\"order.paid\"}]}}");
    expect_int("steps.1.members", 2); /* what the filter hides is not between */
}

/* --- retention --- */

static void retention_leaves_periods_open_that_have_not_begun(void **state)
{
    (void)state;
    town_add(&town, 1, "2025-02-27T10:00:00+08:00", "page.viewed");
    town_add(&town, 1, "2025-02-27T11:00:00+08:00", "page.viewed");
    town_add(&town, 1, "2025-03-01T11:59:59+08:00", "page.viewed");
    town_add(&town, 2, "2025-02-25", "page.viewed");
    ask("{\"retention\":{\"birth\":{\"kind\":\"page.viewed\"},\"return\":{\"kind\":\"page.viewed\"}"
        ","
        "\"by\":\"day\",\"periods\":5}}");
    expect_count("cohorts", 2);
    expect_text("cohorts.0.at", "2025-02-25T00:00:00+08:00");
    expect_count("cohorts.0.returned", 5);
    expect_int("cohorts.0.returned.4", 0); /* today has begun */
    expect_int("cohorts.1.size", 1);
    expect_int("cohorts.1.returned.0", 1);
    expect_int("cohorts.1.returned.1", 0);
    expect_int("cohorts.1.returned.2", 1);
    expect_null("cohorts.1.returned.3");
    expect_csv("{\"retention\":{\"birth\":{\"kind\":\"page.viewed\"},\"return\":{\"kind\":"
               "\"page.viewed\"},\"by\":\"day\",\"periods\":4,\"first\":false,"
               "\"from\":\"2025-02-27\"}}",
               "\xef\xbb\xbf"
               "at,size,n0,n1,n2,n3\r\n"
               "2025-02-27T00:00:00+08:00,1,1,0,1,\r\n"
               "2025-03-01T00:00:00+08:00,1,0,,,\r\n");
}

static void retention_takes_brackets_only_with_their_type(void **state)
{
    (void)state;
    town_add(&town, 1, "2025-02-01T10:00:00+08:00", "page.viewed");
    town_add(&town, 1, "2025-02-03T10:00:00+08:00", "page.viewed");
#define KINDS "\"birth\":{\"kind\":\"page.viewed\"},\"return\":{\"kind\":\"page.viewed\"}"
    ask("{\"retention\":{" KINDS ",\"type\":\"bracket\",\"brackets\":[1,3,7]}}");
    expect_count("cohorts.0.returned", 3);
    expect_int("cohorts.0.returned.1", 1);
    expect_refused("{\"retention\":{" KINDS ",\"type\":\"bracket\"}}", ERR_INVALID,
                   "retention.brackets");
    expect_refused("{\"retention\":{" KINDS ",\"brackets\":[1]}}", ERR_INVALID,
                   "retention.brackets");
    expect_refused("{\"retention\":{" KINDS
                   ",\"type\":\"bracket\",\"brackets\":[1],\"periods\":3}}",
                   ERR_INVALID, "retention.periods");
    expect_refused("{\"retention\":{" KINDS ",\"type\":\"bracket\",\"brackets\":[3,3]}}",
                   ERR_INVALID, "retention.brackets[1]");
    expect_refused("{\"retention\":{" KINDS ",\"periods\":91}}", ERR_INVALID, "retention.periods");
    expect_refused("{\"retention\":{" KINDS ",\"nth\":2,\"first\":\"each\"}}", ERR_INVALID,
                   "retention.nth");
    expect_refused("{\"retention\":{\"birth\":{\"kind\":\"page.viewed\"}}}", ERR_INVALID,
                   "retention.return");
}

/* --- the others --- */

static void paths_list_kinds_members_and_the_share_that_ended(void **state)
{
    (void)state;
    for (uint32_t m = 1; m <= 3; m++) {
        town_add(&town, m, "2025-02-01T10:00:00+08:00", "page.viewed");
        town_add(&town, m, "2025-02-01T11:00:00+08:00", "message.sent");
        if (m > 1) town_add(&town, m, "2025-02-01T12:00:00+08:00", "order.paid");
    }
    ask("{\"paths\":{\"anchor\":{\"kind\":\"page.viewed\"},\"depth\":2}}");
    expect_text("query.paths.within", "1d");
    expect_count("paths", 2);
    expect_text("paths.0.kinds.0", "message.sent");
    expect_text("paths.0.kinds.1", "order.paid");
    expect_int("paths.0.members", 2);
    expect_count("paths.1.kinds", 1);
    expect_number("ended", 1.0 / 3);
    expect_int("occurrences", 3);
    expect_int("occurrences_ended", 1);
    ask("{\"paths\":{\"anchor\":{\"kind\":\"order.paid\"},\"direction\":\"before\",\"depth\":1,"
        "\"within\":null,\"top\":1}}");
    expect_null("query.paths.within");
    expect_text("paths.0.kinds.0", "message.sent");
}

static void stickiness_looks_at_the_days_up_to_to(void **state)
{
    (void)state;
    town_add(&town, 1, "2025-02-27T10:00:00+08:00", "page.viewed");
    town_add(&town, 1, "2025-02-28T10:00:00+08:00", "page.viewed");
    town_add(&town, 1, "2025-02-28T11:00:00+08:00", "page.viewed");
    town_add(&town, 2, "2025-02-20T11:00:00+08:00", "page.viewed");
    ask("{\"stickiness\":{\"days\":2,\"to\":\"2025-03-01\"}}");
    expect_count("histogram", 2);
    expect_int("histogram.0", 0);
    expect_int("histogram.1", 1);
    expect_number("dau", 1);
    expect_number("wau", 1);
    expect_number("mau", 2);
    expect_refused("{\"stickiness\":{\"from\":\"2025-01-01\"}}", ERR_INVALID, "stickiness.from");
}

static void activity_tells_the_new_from_the_returned(void **state)
{
    (void)state;
    town_add(&town, 1, "2025-01-05T10:00:00+08:00", "page.viewed");
    town_add(&town, 1, "2025-02-10T10:00:00+08:00", "page.viewed");
    town_add(&town, 1, "2025-02-17T10:00:00+08:00", "page.viewed");
    town_add(&town, 2, "2025-02-19T10:00:00+08:00", "page.viewed");
    ask("{\"activity\":{\"by\":\"week\",\"from\":\"2025-02-12\",\"to\":\"2025-03-01\"}}");
    expect_text("query.activity.from", "2025-02-10T00:00:00+08:00");
    expect_count("points", 3);
    expect_int("points.0.resurrected", 1);
    expect_int("points.1.returning", 1);
    expect_int("points.1.new", 1);
    expect_int("points.2.dormant", 2);
}

static void rfm_scores_by_rank_or_by_cuts(void **state)
{
    (void)state;
    for (uint32_t m = 1; m <= 5; m++) {
        for (uint32_t i = 0; i < m; i++) {
            town_add_at(&town, m, town.insight.now - (int64_t)(20 - m) * TIME_DAY, "order.paid")
                ->amount = 100;
        }
    }
    struct event *paid = town_add(&town, 6, "2025-02-20", "order.paid");
    paid->amount = 900;
    town_set_text(&town, paid, "order", "A1");
    struct event *back = town_add(&town, 6, "2025-02-21", "order.refunded");
    town_set_text(&town, back, "order", "A1"); /* all of it: no order stands */
    ask("{\"rfm\":{}}");
    expect_int("members", 5);
    expect_count("cells", 5);
    expect_int("cells.0.r", 1);
    expect_int("cells.4.f", 5);
    expect_int("cells.4.revenue", 500);
    ask("{\"rfm\":{\"cuts\":{\"r\":[15,16],\"f\":[3],\"m\":[300,500]}}}");
    expect_count("cells", 4);
    expect_int("cells.0.members", 2);
    expect_int("cells.1.m", 2);
    expect_int("cells.2.r", 2); /* 16 days to the millisecond */
    expect_int("cells.3.r", 3);
    expect_int("cells.3.m", 3);
    expect_refused("{\"rfm\":{\"cuts\":{\"r\":[1],\"f\":[1]}}}", ERR_INVALID, "rfm.cuts.m");
    ask("{\"rfm\":{\"as_of\":\"2025-02-10\"}}");
    expect_count("cells", 0);
}

/* The scan brings only what is read: who has none of it is still a member. */
static void members_without_such_events_count_where_they_match(void **state)
{
    (void)state;
    town_add(&town, 1, "2025-01-05", "page.viewed");
    town_add(&town, 2, "2025-01-05", "order.paid");
    town_add(&town, 2, "2025-02-05", "page.viewed");
    town_add(&town, 3, "2025-02-05", "order.paid");
    ask("{\"segment\":{\"expr\":\"not did(\\\"order.paid\\\", from 2025-02-01)\"}}");
    expect_int("members", 2);
    ask("{\"segment\":{\"expr\":\"did(\\\"order.paid\\\", count = 0)\"}}");
    expect_int("members", 1);
    ask("{\"segment\":{\"expr\":\"did(\\\"page.viewed\\\") and not did(\\\"order.paid\\\", "
        "from 2025-02-01)\"}}");
    expect_int("members", 2);
    ask("{\"trend\":{\"kind\":\"page.viewed\",\"by\":\"month\",\"from\":\"2025-02-01\",\"to\":"
        "\"2025-03-01\",\"who\":\"did(\\\"order.paid\\\", to 2025-02-01)\"}}");
    expect_int("points.0.value", 1);
}

static void segment_counts_and_samples(void **state)
{
    (void)state;
    for (uint32_t m = 1; m <= 50; m++) {
        town_add(&town, m, "2025-02-01", "page.viewed");
        if (m % 5 == 0) town_add(&town, m, "2025-02-02", "order.paid");
    }
    ask("{\"segment\":{\"expr\":\"did(\\\"order.paid\\\")\"}}");
    expect_int("members", 10);
    ask("{\"segment\":{\"expr\":\"did(\\\"order.paid\\\")\",\"sample\":3}}");
    expect_count("sample", 3);
    ask("{\"segment\":{\"expr\":\"did(\\\"order.paid\\\")\",\"sample\":100}}");
    expect_count("sample", 10);
    expect_text("sample.0", "m5");
    expect_text("sample.9", "m50");
    expect_refused("{\"segment\":{}}", ERR_INVALID, "segment.expr");
    expect_refused("{\"segment\":{\"expr\":\"true\",\"from\":\"2025-01-01\"}}", ERR_INVALID,
                   "segment.from");
    expect_csv("{\"segment\":{\"expr\":\"did(\\\"order.paid\\\")\"}}",
               "\xef\xbb\xbfmembers\r\n10\r\n");
}

static void repeat_says_nothing_of_too_few_buyers(void **state)
{
    (void)state;
    town_add(&town, 1, "2025-02-01", "order.paid")->amount = 100;
    ask("{\"repeat\":{\"by\":\"member\"}}");
    expect_text("query.repeat.as_of", "2025-03-01T00:00:00+08:00"); /* today is not over */
    expect_null("bgnbd");
    expect_null("gamma_gamma");
    expect_int("members", 1);
    expect_null("expected_orders");
    expect_text("by_member.0.member", "m1");
    expect_int("by_member.0.age_days", 27);
    expect_refused("{\"repeat\":{\"holdout\":\"30d\"}}", ERR_INVALID, "repeat.holdout");
    expect_refused("{\"repeat\":{\"horizon\":\"25h\"}}", ERR_INVALID, "repeat.horizon");
}

/* --- who and derived events --- */

static void who_sees_whole_histories_and_where_the_events(void **state)
{
    (void)state;
    town_add(&town, 1, "2024-06-01", "order.paid")->amount = 700;
    town_add(&town, 1, "2025-02-01", "page.viewed");
    town_add(&town, 2, "2025-02-01", "page.viewed");
    town_add(&town, 0, "2025-02-01", "page.viewed");
    ask("{\"trend\":{\"kind\":\"page.viewed\",\"by\":\"month\",\"from\":\"2025-02-01\","
        "\"to\":\"2025-03-01\",\"who\":\"did(\\\"order.paid\\\")\"}}");
    expect_int("points.0.value", 1);
    ask("{\"trend\":{\"kind\":\"page.viewed\",\"by\":\"month\",\"from\":\"2025-02-01\","
        "\"to\":\"2025-03-01\",\"who\":\"not did(\\\"order.paid\\\")\"}}");
    expect_int("points.0.value", 1); /* events without a member are nobody's */
    ask("{\"trend\":{\"by\":\"month\",\"from\":\"2024-06-01\",\"to\":\"2024-07-01\","
        "\"where\":\"amount >= 700\",\"who\":\"spent >= 7 and orders = 1\"}}");
    expect_int("points.0.value", 1);
}

static void derived_events_count_only_when_named(void **state)
{
    (void)state;
    struct event *made = town_add(&town, 1, "2025-01-01T10:00:00+08:00", "member.created");
    town_set_bool(&town, made, "known", true);
    town_add(&town, 1, "2025-01-02T10:00:00+08:00", "group.joined")->dim[DIM_GROUP] = 1;
    ask("{\"trend\":{\"by\":\"month\",\"from\":\"2025-01-01\"}}");
    expect_int("points.0.value", 2);
    ask("{\"trend\":{\"kind\":\"lifecycle.changed\",\"by\":\"day\",\"from\":\"2025-01-01\"}}");
    expect_int("points.0.value", 1);  /* potential */
    expect_int("points.1.value", 1);  /* new */
    expect_int("points.15.value", 1); /* dormant, 14 days later */
    ask("{\"trend\":{\"kind\":\"lifecycle.changed\",\"by\":\"month\",\"from\":\"2025-01-01\","
        "\"to\":\"2025-02-01\",\"breakdown\":\"props.to\"}}");
    expect_count("points", 3);
    expect_text("points.0.key", "dormant");
    expect_text("points.1.key", "new");
    expect_text("points.2.key", "potential");
    ask("{\"trend\":{\"kind\":\"lifecycle.changed\",\"by\":\"month\",\"from\":\"2025-01-01\","
        "\"to\":\"2025-02-01\",\"where\":\"props.from = \\\"new\\\"\"}}");
    expect_int("points.0.value", 1);
    ask("{\"segment\":{\"expr\":\"did(\\\"lifecycle.changed\\\", where props.to = "
        "\\\"dormant\\\")\"}}");
    expect_int("members", 1);
}

static void lifecycle_gives_stock_and_flow(void **state)
{
    (void)state;
    struct event *made = town_add(&town, 1, "2025-01-01T10:00:00+08:00", "member.created");
    town_set_bool(&town, made, "known", true);
    town_add(&town, 1, "2025-01-03", "group.joined")->dim[DIM_GROUP] = 1;
    town_add(&town, 2, "2025-01-02", "group.joined")->dim[DIM_GROUP] = 1;
    town_add(&town, 3, "2025-01-02T10:00:00+08:00", "member.created"); /* a visitor */
    ask("{\"lifecycle\":{\"from\":\"2025-01-02\",\"to\":\"2025-01-04\"}}");
    expect_count("stock", 2);
    expect_int("stock.0.potential", 1);
    expect_int("stock.0.new", 1);
    expect_int("stock.0.visitors", 1);
    expect_int("stock.1.potential", 0);
    expect_int("stock.1.new", 2);
    expect_count("flow", 7);
    expect_int("flow.0.1", 1); /* potential to new */
    expect_int("arrived.1", 1);
    ask("{\"lifecycle\":{\"from\":\"2025-01-17T00:00:00+08:00\",\"to\":\"2025-01-18\"}}");
    expect_int("stock.0.dormant", 2); /* since the first instant of the 17th */
    expect_int("flow.1.5", 1);
    expect_int("flow.5.5", 1);
    ask("{\"lifecycle\":{\"from\":\"2025-02-28\",\"to\":\"2025-04-01\"}}");
    expect_count("stock", 2); /* up to now, and no further */
    expect_refused("{\"lifecycle\":{\"from\":\"2025-03-05\",\"to\":\"2025-04-01\"}}", ERR_INVALID,
                   "lifecycle.from");
    expect_refused("{\"lifecycle\":{\"where\":\"true\"}}", ERR_INVALID, "lifecycle.where");
    expect_refused("{\"lifecycle\":{\"by\":\"month\"}}", ERR_INVALID, "lifecycle.by");
}

/* --- reading --- */

static void an_empty_brand_answers_everything(void **state)
{
    (void)state;
    static const char *const queries[] = {
        "{\"trend\":{}}",
        "{\"trend\":{\"breakdown\":\"kind\"}}",
        "{\"funnel\":{\"steps\":[{\"kind\":\"order.paid\"},{\"kind\":\"order.paid\"}]}}",
        "{\"retention\":{\"birth\":{\"kind\":\"*\"},\"return\":{\"kind\":\"*\"}}}",
        "{\"paths\":{\"anchor\":{\"kind\":\"order.paid\"}}}",
        "{\"stickiness\":{}}",
        "{\"lifecycle\":{}}",
        "{\"activity\":{}}",
        "{\"rfm\":{}}",
        "{\"repeat\":{}}",
        "{\"segment\":{\"expr\":\"true\",\"sample\":5}}",
    };
    for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
        ask(queries[i]);
        assert_int_equal(town_ask_form(&town, str_of(queries[i]), INSIGHT_CSV), ERR_OK);
    }
}

static void a_range_in_the_future_is_empty(void **state)
{
    (void)state;
#define FUTURE "\"from\":\"2030-01-01\",\"to\":\"2030-01-03\""
    fill_trend();
    ask("{\"trend\":{" FUTURE "}}");
    expect_count("points", 2);
    expect_int("points.1.value", 0);
    ask("{\"retention\":{" KINDS "," FUTURE "}}");
    expect_count("cohorts", 0);
    ask("{\"activity\":{" FUTURE ",\"by\":\"month\"}}");
    expect_count("points", 1);
    ask("{\"stickiness\":{\"to\":\"2030-01-03\"}}");
    expect_number("mau", 0);
    ask("{\"funnel\":{\"steps\":[{\"kind\":\"*\"},{\"kind\":\"*\"}]," FUTURE "}}");
    expect_int("steps.0.members", 0);
    expect_null("steps.0.rate_from_first");
    ask("{\"rfm\":{\"as_of\":\"2030-01-03\",\"from\":\"2030-01-01\"}}");
    expect_count("cells", 0);
}

static void what_is_wrong_is_named(void **state)
{
    (void)state;
    expect_refused("", ERR_INVALID, "");
    expect_refused("[]", ERR_INVALID, "");
    expect_refused("{}", ERR_INVALID, "");
    expect_refused("{\"trend\":{},\"rfm\":{}}", ERR_INVALID, "");
    expect_refused("{\"trend\":3}", ERR_INVALID, "trend");
    expect_refused("{\"spread\":{}}", ERR_INVALID, "");
    char text[400];
    why_text(&town.why, LANG_EN, text, sizeof(text));
    assert_string_equal(text,
                        "unknown query \"spread\"; known are trend, funnel, retention, paths, "
                        "stickiness, lifecycle, activity, rfm, repeat, segment");
    expect_refused("{\"trend\":{\"kinds\":\"a\"}}", ERR_INVALID, "trend.kinds");
    expect_refused("{\"trend\":{\"kind\":7}}", ERR_INVALID, "trend.kind");
    expect_refused("{\"trend\":{\"kind\":[]}}", ERR_INVALID, "trend.kind");
    expect_refused("{\"trend\":{\"kind\":[\"order.paid\",\"*\"]}}", ERR_INVALID, "trend.kind[1]");
    expect_refused("{\"trend\":{\"measure\":\"events \"}}", ERR_INVALID, "trend.measure");
    expect_refused("{\"trend\":{\"from\":\"yesterday\"}}", ERR_INVALID, "trend.from");
    expect_refused("{\"trend\":{\"from\":\"2025-02-30\"}}", ERR_INVALID, "trend.from");
    expect_refused("{\"trend\":{\"from\":\"2025-02-01\",\"to\":\"2025-02-01\"}}", ERR_INVALID,
                   "trend.from");
    expect_refused("{\"trend\":{\"from\":\"2030-01-01\"}}", ERR_INVALID, "trend.from");
    expect_refused("{\"trend\":{\"where\":\"amount >\"}}", ERR_INVALID, "trend.where");
    expect_refused("{\"trend\":{\"who\":\"amount > 3\"}}", ERR_INVALID, "trend.who");
    expect_refused("{\"trend\":{\"breakdown\":\"colour\"}}", ERR_INVALID, "trend.breakdown");
    expect_refused("{\"funnel\":{\"steps\":[{\"kind\":\"a\"}]}}", ERR_INVALID, "funnel.steps");
    expect_refused("{\"funnel\":{\"steps\":[{\"kind\":\"a\"},{\"kind\":\"b\"},{\"kind\":true}]}}",
                   ERR_INVALID, "funnel.steps[2].kind");
    expect_refused("{\"funnel\":{\"steps\":[{\"kind\":\"a\"},{\"kind\":\"b\",\"x\":1}]}}",
                   ERR_INVALID, "funnel.steps[1].x");
    expect_refused("{\"funnel\":{\"steps\":[{\"kind\":\"a\"},{\"kind\":\"b\"}],\"window\":\"0d\"}}",
                   ERR_INVALID, "funnel.window");
    expect_refused("{\"paths\":{\"anchor\":{\"kind\":\"a\"},\"depth\":6}}", ERR_INVALID,
                   "paths.depth");
    expect_refused("{\"paths\":{\"anchor\":{\"kind\":\"a\"},\"depth\":2.5}}", ERR_INVALID,
                   "paths.depth");
    expect_refused("{\"paths\":{\"anchor\":{\"kind\":\"a\"},\"fold\":\"yes\"}}", ERR_INVALID,
                   "paths.fold");
    expect_refused("{\"trend\":{\"by\":\"hour\",\"from\":\"1970-01-01\"}}", ERR_TOO_LARGE, "trend");
}

static void unknown_kinds_count_nothing_and_are_warned_of(void **state)
{
    (void)state;
    town_add(&town, 1, "2025-02-01", "page.viewed");
    ask("{\"trend\":{\"kind\":[\"page.viewed\",\"never.seen\"],\"by\":\"month\",\"to\":\"2025-03-"
        "01\"}}");
    expect_int("points.0.value", 1);
    expect_count("warnings", 1);
    ask("{\"trend\":{\"kind\":\"never.seen\",\"by\":\"month\",\"to\":\"2025-03-01\"}}");
    expect_int("points.0.value", 0);
}

static void the_canonical_query_reads_back_to_itself(void **state)
{
    (void)state;
    static const char *const queries[] = {
        "{\"trend\":{\"kind\":[\"b\",\"a\",\"b\"],\"breakdown\":\"props.city\",\"where\":"
        "\"amount>=3 and kind=\\\"a\\\"\",\"who\":\"did(\\\"order.paid\\\",count>=2)\"}}",
        "{\"funnel\":{\"steps\":[{\"kind\":\"*\",\"where\":\"hour<5\"},{\"kind\":\"a\"}],"
        "\"mode\":\"any\",\"window\":\"36h\"}}",
        "{\"retention\":{\"birth\":{\"kind\":\"a\"},\"return\":{\"kind\":\"*\"},\"first\":true}}",
        "{\"retention\":{\"birth\":{\"kind\":\"a\"},\"return\":{\"kind\":\"*\"},\"type\":"
        "\"bracket\","
        "\"brackets\":[1,9],\"align\":\"elapsed\"}}",
        "{\"paths\":{\"anchor\":{\"kind\":\"a\",\"where\":\"amount is null\"},\"within\":null}}",
        "{\"stickiness\":{\"days\":7}}",
        "{\"lifecycle\":{\"by\":\"week\"}}",
        "{\"activity\":{\"by\":\"month\"}}",
        "{\"rfm\":{\"cuts\":{\"r\":[7,30],\"f\":[2],\"m\":[-5,0]}}}",
        "{\"repeat\":{\"unit\":\"day\",\"as_of\":\"2025-02-01\",\"holdout\":\"2w\"}}",
        "{\"segment\":{\"expr\":\"id = \\\"m1\\\" or true\",\"sample\":2}}",
    };
    town_add(&town, 1, "2025-01-03T04:05:06.789+08:00", "page.viewed");
    for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
        struct strbuf first = {0};
        ask(queries[i]);
        size_t end = str_find(strbuf_str(&town.reply), STR(",\"as_of_seq\""));
        strbuf_add(&first, town.reply.p + 9, end - 9); /* behind {"query": */
        ask(first.p);
        assert_memory_equal(town.reply.p + 9, first.p, first.len);
        strbuf_finish(&first);
    }
}

static void a_used_up_budget_is_too_large_and_leaves_no_trace(void **state)
{
    (void)state;
    fill_trend();
    atomic_store(&town.budget.bytes_left, 1000);
    expect_refused("{\"trend\":{}}", ERR_TOO_LARGE, "");
    atomic_store(&town.budget.bytes_left, LIMIT_QUERY_MEMORY);
    ask("{\"trend\":{}}");
    assert_int_equal(atomic_load(&town.budget.bytes_left), LIMIT_QUERY_MEMORY);
    atomic_store(&town.budget.cancel, true);
    expect_refused("{\"trend\":{}}", ERR_CANCELLED, "");
}

/* The reply up to the figures that tell how it was made. */
static struct str figures(void)
{
    struct str reply = strbuf_str(&town.reply);
    size_t end = str_find(reply, STR(",\"rows_scanned\""));
    return (struct str){reply.p, end == SIZE_MAX ? reply.len : end};
}

static void answers_do_not_depend_on_the_workers(void **state)
{
    (void)state;
    static const char *const queries[] = {
        "{\"trend\":{\"breakdown\":\"props.n\",\"measure\":\"members\",\"by\":\"week\"}}",
        "{\"funnel\":{\"steps\":[{\"kind\":\"page.viewed\"},{\"kind\":\"order.paid\"}],"
        "\"breakdown\":\"props.n\"}}",
        "{\"retention\":{\"birth\":{\"kind\":\"*\"},\"return\":{\"kind\":\"*\"},\"by\":\"week\"}}",
        "{\"paths\":{\"anchor\":{\"kind\":\"page.viewed\"},\"within\":\"30d\"}}",
        "{\"lifecycle\":{\"by\":\"week\"}}",
        "{\"rfm\":{}}",
        "{\"repeat\":{\"by\":\"member\"}}",
        "{\"segment\":{\"expr\":\"lifecycle != \\\"churned\\\"\",\"sample\":9}}",
    };
    static const char *const kinds[] = {"page.viewed", "order.paid", "message.sent",
                                        "group.joined"};
    struct rng rng;
    rng_init(&rng, 7);
    for (uint32_t m = 1; m <= 3000; m++) {
        int64_t at = town.insight.now - 200 * TIME_DAY;
        for (uint64_t rows = rng_below(&rng, 12); rows > 0; rows--) {
            at += (int64_t)rng_below(&rng, 20 * (uint64_t)TIME_DAY);
            if (at >= town.insight.now) break;
            struct event *ev = town_add_at(&town, m, at, kinds[rng_below(&rng, 4)]);
            ev->amount = (int64_t)rng_below(&rng, 10000);
            town_set_number(&town, ev, "n", (double)rng_below(&rng, 40));
        }
    }
    for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
        struct strbuf alone = {0};
        town.insight.workers = 1;
        ask(queries[i]);
        strbuf_add_str(&alone, figures());
        town.insight.workers = 3;
        ask(queries[i]);
        assert_true(str_eq(strbuf_str(&alone), figures()));
        strbuf_finish(&alone);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(trend_has_every_bucket_and_half_open_ends),
        TEST(trend_defaults_to_all_events_by_day_from_the_first_to_now),
        TEST(trend_measures),
        TEST(trend_breaks_down_by_any_event_field),
        TEST(trend_breaks_down_by_properties_of_every_type),
        TEST(trend_counts_the_rest_once_a_member),
        TEST(funnel_reports_rates_and_quartiles),
        TEST(every_step_of_a_funnel_lies_in_the_range),
        TEST(strict_funnels_see_all_kinds_but_derived_ones),
        TEST(retention_leaves_periods_open_that_have_not_begun),
        TEST(retention_takes_brackets_only_with_their_type),
        TEST(paths_list_kinds_members_and_the_share_that_ended),
        TEST(stickiness_looks_at_the_days_up_to_to),
        TEST(activity_tells_the_new_from_the_returned),
        TEST(rfm_scores_by_rank_or_by_cuts),
        TEST(members_without_such_events_count_where_they_match),
        TEST(segment_counts_and_samples),
        TEST(repeat_says_nothing_of_too_few_buyers),
        TEST(who_sees_whole_histories_and_where_the_events),
        TEST(derived_events_count_only_when_named),
        TEST(lifecycle_gives_stock_and_flow),
        TEST(an_empty_brand_answers_everything),
        TEST(a_range_in_the_future_is_empty),
        TEST(what_is_wrong_is_named),
        TEST(unknown_kinds_count_nothing_and_are_warned_of),
        TEST(the_canonical_query_reads_back_to_itself),
        TEST(a_used_up_budget_is_too_large_and_leaves_no_trace),
        TEST(answers_do_not_depend_on_the_workers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
