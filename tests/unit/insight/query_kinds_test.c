/* query_kinds_test.c - each kind of question but the trend, over a small brand: its fields and
 * figures. */
#include "query_place.h"

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
    ask("{\"lifecycle\":{\"from\":\"2025-01-02\",\"flow_from\":\"2025-01-17T00:00:00+08:00\","
        "\"to\":\"2025-01-18\",\"by\":\"week\"}}");
    expect_int("stock.2.dormant", 2);
    expect_int("flow.1.5", 1); /* as if the range began there */
    expect_int("flow.5.5", 1);
    expect_int("arrived.1", 0);
    ask("{\"lifecycle\":{\"from\":\"2025-01-01\",\"flow_from\":\"2025-01-02\",\"to\":\"2025-01-"
        "04\"}}");
    expect_count("stock", 3);
    expect_int("flow.0.1", 1);
    expect_int("arrived.1", 1);
    expect_refused("{\"lifecycle\":{\"from\":\"2025-01-03\",\"flow_from\":\"2025-01-02\"}}",
                   ERR_INVALID, "lifecycle.from");
    expect_refused("{\"lifecycle\":{\"flow_from\":\"2025-02-02\",\"to\":\"2025-02-01\"}}",
                   ERR_INVALID, "lifecycle.flow_from");
    ask("{\"lifecycle\":{\"from\":\"2025-02-28\",\"to\":\"2025-04-01\"}}");
    expect_count("stock", 2); /* up to now, and no further */
    expect_refused("{\"lifecycle\":{\"from\":\"2025-03-05\",\"to\":\"2025-04-01\"}}", ERR_INVALID,
                   "lifecycle.from");
    expect_refused("{\"lifecycle\":{\"where\":\"true\"}}", ERR_INVALID, "lifecycle.where");
    expect_refused("{\"lifecycle\":{\"by\":\"month\"}}", ERR_INVALID, "lifecycle.by");
}

/* --- reading --- */

int main(void)
{
    const struct CMUnitTest tests[] = {
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
        TEST(lifecycle_gives_stock_and_flow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
