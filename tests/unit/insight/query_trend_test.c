/* query_trend_test.c - trends: buckets, measures and what they are broken down by. */
#include "query_place.h"

/* --- trend --- */

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

/* --- reading --- */

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(trend_has_every_bucket_and_half_open_ends),
        TEST(trend_defaults_to_all_events_by_day_from_the_first_to_now),
        TEST(trend_measures),
        TEST(trend_breaks_down_by_any_event_field),
        TEST(trend_breaks_down_by_properties_of_every_type),
        TEST(trend_counts_the_rest_once_a_member),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
