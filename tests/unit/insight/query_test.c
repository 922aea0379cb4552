/* query_test.c - what holds for every question: who and when, what is refused, both forms of the
 * reply, and that answers do not depend on the number of workers. */
#include "query_place.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_sees_whole_histories_and_where_the_events),
        TEST(derived_events_count_only_when_named),
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
