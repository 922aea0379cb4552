/* matrix_test.c - every field of every query with every hostile value: a clean answer or a clean
 * refusal that names the field, never a crash, never half a reply. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "insight/town.h"

static struct town town;

struct subject {
    const char *query;  /* its name */
    const char *base;   /* fields that must be there, ended by a comma, or "" */
    const char *fields; /* fields to try, separated by spaces */
};

#define KIND "{\"kind\":\"page.viewed\"}"
static const struct subject subjects[] = {
    {"trend", "", "kind measure by breakdown from to where who"},
    {"funnel", "", "steps window mode breakdown from to where who"},
    {"funnel", "\"steps\":[" KIND "," KIND "],", "window mode breakdown from to where who"},
    {"retention", "", "birth return"},
    {"retention", "\"birth\":" KIND ",\"return\":" KIND ",",
     "first nth align by periods type brackets from to where who"},
    {"retention", "\"birth\":" KIND ",\"return\":" KIND ",\"type\":\"bracket\",", "brackets"},
    {"paths", "", "anchor"},
    {"paths", "\"anchor\":" KIND ",", "direction depth within fold top from to where who"},
    {"stickiness", "", "kind days to where who"},
    {"lifecycle", "", "by from to who"},
    {"activity", "", "kind by from to where who"},
    {"rfm", "", "as_of cuts from where who"},
    {"repeat", "", "kind as_of unit horizon holdout by from where who"},
    {"segment", "", "expr"},
    {"segment", "\"expr\":\"true\",", "sample"},
};

static const char *const values[] = {
    "null",
    "true",
    "false",
    "0",
    "-1",
    "1",
    "2.5",
    "2147483648",
    "9007199254740993",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "1e308",
    "1e309",
    "\"\"",
    "\" \"",
    "\"*\"",
    "\"0\"",
    "\"-1d\"",
    "\"99999999999999999999d\"",
    "\"1d\"",
    "\"\\u0000\"",
    "\"a\\u0000b\"",
    "\"\\ufeff\"",
    "\"\\u202e\"",
    "\"😀\"",
    "\"\\ud83d\"",
    "\"'; DROP TABLE member; --\"",
    "\"<script>alert(1)</script>\"",
    "\"=1+1\"",
    "\"{{name}}\"",
    "\"../../etc/passwd\"",
    "\"0000-01-01\"",
    "\"9999-12-31\"",
    "\"2025-02-29\"",
    "\"2016-12-31T23:59:60Z\"",
    "\"2025-01-01T00:00:00.123456789+14:00\"",
    "[]",
    "[null]",
    "[[]]",
    "[\"order.paid\"]",
    "[1,3,7]",
    "[0,-1]",
    "{}",
    "{\"kind\":null}",
    "{\"kind\":\"*\",\"where\":\"true\"}",
    "{\"kind\":\"page.viewed\",\"extra\":1}",
    "{\"r\":[1],\"f\":[1],\"m\":[1]}",
    "[{\"kind\":\"*\"},{\"kind\":\"*\"}]",
    "\"props.\"",
    "\"props.city\"",
    "\"props.\\\"\\\"\"",
    "\"did(\\\"order.paid\\\")\"",
    "\"true\"",
    "\xff\xfe",
    "\"\xc0\xaf\"",
    "\"\xed\xa0\x80\"",
};
#define VALUE_COUNT (sizeof(values) / sizeof(values[0]))

static void expect_clean(struct str query, const char *what)
{
    enum err err = town_ask_form(&town, query, INSIGHT_JSON);
    if (err == ERR_OK) return;
    bool clean = (err == ERR_INVALID || err == ERR_TOO_LARGE) && town.reply.len == 0 &&
                 town.why.err == err && town.why.msg != MSG_NONE;
    if (!clean) fail_msg("%s: error %d, %zu bytes of reply", what, (int)err, town.reply.len);
}

static void every_field_with_every_value(void **state)
{
    (void)state;
    struct strbuf query = {0};
    size_t asked = 0;
    for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++) {
        const struct subject *s = &subjects[i];
        for (struct str rest = str_of(s->fields); rest.p;) {
            struct str field = str_cut(&rest, ' ');
            for (size_t k = 0; k < VALUE_COUNT; k++) {
                strbuf_reset(&query);
                strbuf_addf(&query, "{\"%s\":{%s\"" STR_FMT "\":%s}}", s->query, s->base,
                            STR_ARG(field), values[k]);
                expect_clean(strbuf_str(&query), query.p);
                asked++;
            }
        }
    }
    printf("%zu queries\n", asked);
    strbuf_finish(&query);
}

static void long_and_deep_things_are_refused(void **state)
{
    (void)state;
    struct strbuf query = {0};
    strbuf_add_text(&query, "{\"trend\":{\"kind\":\"");
    for (size_t i = 0; i < 1 << 20; i++) {
        strbuf_add_char(&query, 'a');
    }
    strbuf_add_text(&query, "\"}}");
    assert_int_equal(town_ask_form(&town, strbuf_str(&query), INSIGHT_JSON), ERR_TOO_LARGE);
    strbuf_reset(&query);
    for (int i = 0; i < 1000; i++) {
        strbuf_add_text(&query, "{\"trend\":");
    }
    assert_int_equal(town_ask_form(&town, strbuf_str(&query), INSIGHT_JSON), ERR_TOO_LARGE);
    strbuf_reset(&query);
    strbuf_add_text(&query, "{\"trend\":{\"kind\":[\"a\"");
    for (int i = 0; i < 100; i++) {
        strbuf_add_text(&query, ",\"a\"");
    }
    strbuf_add_text(&query, "]}}");
    assert_int_equal(town_ask_form(&town, strbuf_str(&query), INSIGHT_JSON), ERR_INVALID);
    assert_string_equal(town.why.field, "trend.kind");
    strbuf_reset(&query);
    strbuf_add_text(&query, "{\"trend\":{\"by\":\"day\",\"by\":\"week\"}}"); /* twice */
    assert_int_equal(town_ask_form(&town, strbuf_str(&query), INSIGHT_JSON), ERR_INVALID);
    strbuf_finish(&query);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_with_every_value),
        cmocka_unit_test(long_and_deep_things_are_refused),
    };
    town_open(&town, "Europe/Berlin", "2025-03-30T12:00:00+02:00");
    for (uint32_t i = 0; i < 60; i++) {
        static const char *const kinds[] = {"page.viewed", "order.paid", "group.joined"};
        int64_t at = town.insight.now - (int64_t)(60 - i) * TIME_DAY;
        town_add_at(&town, i % 7, at, kinds[i % 3])->amount = i;
    }
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    town_close(&town);
    return failed;
}
