/* query_place.h - questions to the town, and what is expected of the reply. */
#pragma once

#include "town_test.h"

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* What a retention has to name. */
#define KINDS "\"birth\":{\"kind\":\"page.viewed\"},\"return\":{\"kind\":\"page.viewed\"}"

static inline void ask(const char *query)
{
    enum err err = town_ask(&town, query);
    if (err != ERR_OK) {
        char text[400];
        why_text(&town.why, LANG_EN, text, sizeof(text));
        fail_msg("%s: %s", query, text);
    }
}

static inline void expect_int(const char *path, int64_t want)
{
    const struct json *j = town_get(&town, path);
    if (!j || j->type != JSON_INT || j->integer != want) {
        fail_msg("%s is not %lld in %s", path, (long long)want, town.reply.p);
    }
}

static inline void expect_number(const char *path, double want)
{
    const struct json *j = town_get(&town, path);
    if (!j || (j->type != JSON_INT && j->type != JSON_DOUBLE) || j->number != want) {
        fail_msg("%s is not %g in %s", path, want, town.reply.p);
    }
}

static inline void expect_null(const char *path)
{
    const struct json *j = town_get(&town, path);
    if (!j || j->type != JSON_NULL) fail_msg("%s is not null in %s", path, town.reply.p);
}

static inline void expect_text(const char *path, const char *want)
{
    const struct json *j = town_get(&town, path);
    if (!j || j->type != JSON_STRING || !str_is(j->string, want)) {
        fail_msg("%s is not \"%s\" in %s", path, want, town.reply.p);
    }
}

static inline void expect_count(const char *path, size_t want)
{
    const struct json *j = town_get(&town, path);
    if (!j || j->count != want) fail_msg("%s has not %zu in %s", path, want, town.reply.p);
}

static inline void expect_refused(const char *query, enum err want, const char *field)
{
    enum err err = town_ask(&town, query);
    if (err != want || strcmp(town.why.field, field) != 0) {
        fail_msg("%s: error %d about \"%s\"", query, (int)err, town.why.field);
    }
    assert_int_equal(town.reply.len, 0);
}

static inline void expect_csv(const char *query, const char *want)
{
    assert_int_equal(town_ask_form(&town, str_of(query), INSIGHT_CSV), ERR_OK);
    assert_string_equal(town.reply.p, want);
}

static inline void fill_trend(void)
{
    town_add(&town, 1, "2025-01-30T10:00:00+08:00", "message.sent")->dim[DIM_GROUP] = 1;
    town_add(&town, 1, "2025-01-30T23:59:59+08:00", "message.sent")->dim[DIM_GROUP] = 1;
    town_add(&town, 2, "2025-01-31T00:00:00+08:00", "message.sent")->dim[DIM_GROUP] = 2;
    town_add(&town, 2, "2025-02-01T00:00:00+08:00", "order.paid")->amount = 5000;
    town_add(&town, 2, "2025-02-01T01:00:00+08:00", "order.paid")->amount = 2500;
    town_add(&town, 3, "2025-02-01T02:00:00+08:00", "order.paid");
    town_add(&town, 0, "2025-02-01T03:00:00+08:00", "message.sent");
}
