/* reply_test.c - one way of writing, two forms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "insight/reply.h"

static struct strbuf text;

static struct reply begin(enum insight_form form)
{
    strbuf_reset(&text);
    struct reply r = {.form = form, .zone = zone_open("Asia/Shanghai"), .out = &text};
    r.json.out = &text;
    return r;
}

static int teardown(void **state)
{
    (void)state;
    strbuf_finish(&text);
    return 0;
}

static void write_all(struct reply *r)
{
    reply_object(r, NULL);
    reply_int(r, "outside", 1);
    reply_list(r, "list", "at,n,values,w,rate,none,member,yes");
    for (int i = 0; i < 2; i++) {
        reply_row(r);
        reply_time(r, "at", 0);
        reply_count(r, "n", UINT64_MAX);
        reply_array(r, "values");
        reply_int(r, NULL, -1);
        reply_array_end(r);
        reply_wide(r, "w", (wide)INT64_MIN);
        reply_rate(r, "rate", 1, 4);
        reply_rate(r, "none", 0, 0);
        reply_member(r, "member", 4294967295u);
        reply_bool(r, "yes", i == 0);
        reply_row_end(r);
    }
    reply_list_end(r);
    reply_array(r, "behind");
    reply_double(r, NULL, NAN);
    reply_array_end(r);
    reply_object_end(r);
}

static void json_has_everything(void **state)
{
    (void)state;
    struct reply r = begin(INSIGHT_JSON);
    write_all(&r);
    assert_string_equal(
        text.p,
        "{\"outside\":1,\"list\":["
        "{\"at\":\"1970-01-01T08:00:00+08:00\",\"n\":1.8446744073709552e+19,\"values\":[-1],"
        "\"w\":-9223372036854775808,\"rate\":0.25,\"none\":null,\"member\":\"m4294967295\","
        "\"yes\":true},"
        "{\"at\":\"1970-01-01T08:00:00+08:00\",\"n\":1.8446744073709552e+19,\"values\":[-1],"
        "\"w\":-9223372036854775808,\"rate\":0.25,\"none\":null,\"member\":\"m4294967295\","
        "\"yes\":false}],\"behind\":[null]}");
}

static void csv_has_the_main_list(void **state)
{
    (void)state;
    struct reply r = begin(INSIGHT_CSV);
    write_all(&r);
    assert_string_equal(text.p,
                        "\xef\xbb\xbf"
                        "at,n,values,w,rate,none,member,yes\r\n"
                        "1970-01-01T08:00:00+08:00,1.8446744073709552e+19,-1,-9223372036854775808,"
                        "0.25,,m4294967295,true\r\n"
                        "1970-01-01T08:00:00+08:00,1.8446744073709552e+19,-1,-9223372036854775808,"
                        "0.25,,m4294967295,false\r\n");
}

static void expect_cell(struct str value, const char *want)
{
    struct reply r = begin(INSIGHT_CSV);
    r.listing = true;
    reply_text(&r, "x", value);
    assert_string_equal(text.p ? text.p : "", want);
}

static void cells_are_quoted_and_formulas_made_harmless(void **state)
{
    (void)state;
    expect_cell(STR("plain"), "plain");
    expect_cell(STR("a,b"), "\"a,b\"");
    expect_cell(STR("say \"hi\""), "\"say \"\"hi\"\"\"");
    expect_cell(STR("two\nlines"), "\"two\nlines\"");
    expect_cell(STR("=1+1"), "\"'=1+1\"");
    expect_cell(STR("+1"), "\"'+1\"");
    expect_cell(STR("-1"), "\"'-1\"");
    expect_cell(STR("@x"), "\"'@x\"");
    expect_cell(STR("\tx"), "\"'\tx\"");
    expect_cell(STR("\rx"), "\"'\rx\"");
    expect_cell(STR("＝1"), "\"'＝1\"");
    expect_cell(STR("＋1"), "\"'＋1\"");
    expect_cell(STR("－1"), "\"'－1\"");
    expect_cell(STR("＠1"), "\"'＠1\"");
    expect_cell(STR("1=1"), "1=1");
    strbuf_reset(&text);
    struct reply r = begin(INSIGHT_CSV);
    r.listing = true;
    reply_text(&r, "x", (struct str){"\0x", 2});
    assert_int_equal(text.len, 5);
    assert_memory_equal(text.p, "\"'\0x\"", 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_has_everything),
        cmocka_unit_test(csv_has_the_main_list),
        cmocka_unit_test(cells_are_quoted_and_formulas_made_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, teardown);
}
