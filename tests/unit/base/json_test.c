/* json_test.c - trees and the writer. Which texts are JSON is json_reader_test's matter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>
#include <float.h>
#include <locale.h>
#include <math.h>

#include "base/json.h"
#include "base/limits.h"

static struct arena *arena;

static int open_arena(void **unused)
{
    (void)unused;
    arena = arena_create(0);
    return 0;
}

static int close_arena(void **unused)
{
    (void)unused;
    arena_destroy(arena);
    return 0;
}

static const struct json *parse(const char *text)
{
    const struct json *j = NULL;
    struct why why;
    if (json_parse(arena, str_of(text), &j, &why) != ERR_OK) fail_msg("%s is refused", text);
    return j;
}

static void assert_refused(const char *text, enum err err, const char *sentence)
{
    const struct json *j = NULL;
    struct why why = {0};
    char line[400];
    assert_int_equal(json_parse(arena, str_of(text), &j, &why), err);
    assert_null(j);
    why_text(&why, LANG_EN, line, sizeof(line));
    assert_string_equal(line, sentence);
}

static void a_tree_has_the_texts_values(void **unused)
{
    (void)unused;
    const struct json *j = parse(" {\"n\":null,\"t\":true,\"f\":false,\"i\":-12,\"d\":2.5,"
                                 "\"s\":\"\\u4f60\\ud83d\\ude00\\n\",\"a\":[1,[],{}],\"\":\"\"} ");
    assert_int_equal(j->type, JSON_OBJECT);
    assert_int_equal(j->count, 8);
    assert_int_equal(json_get(j, "n")->type, JSON_NULL);
    assert_true(json_get(j, "t")->type == JSON_BOOL && json_get(j, "t")->boolean);
    assert_true(json_get(j, "f")->type == JSON_BOOL && !json_get(j, "f")->boolean);
    assert_int_equal(json_get(j, "i")->type, JSON_INT);
    assert_int_equal(json_get(j, "i")->integer, -12);
    assert_true(json_get(j, "i")->number == -12.0);
    assert_int_equal(json_get(j, "d")->type, JSON_DOUBLE);
    assert_true(json_get(j, "d")->number == 2.5);
    assert_true(str_is(json_get(j, "s")->string, "你😀\n"));
    const struct json *a = json_get(j, "a");
    assert_int_equal(a->type, JSON_ARRAY);
    assert_int_equal(a->count, 3);
    assert_int_equal(a->items[0].integer, 1);
    assert_int_equal(a->items[1].type, JSON_ARRAY);
    assert_int_equal(a->items[1].count, 0);
    assert_int_equal(a->items[2].type, JSON_OBJECT);
    assert_int_equal(json_get(j, "")->type, JSON_STRING);
    assert_null(json_get(j, "x"));
    assert_null(json_get(a, "x"));
    assert_true(str_is(j->keys[3], "i"));
}

static void a_tree_does_not_borrow_from_the_text(void **unused)
{
    (void)unused;
    char text[] = "{\"key\":[\"value\"]}";
    const struct json *j = parse(text);
    memset(text, 'x', sizeof(text));
    assert_true(str_is(json_get(j, "key")->items[0].string, "value"));
}

static void integers_beyond_int64_are_doubles(void **unused)
{
    (void)unused;
    assert_int_equal(parse("9223372036854775807")->integer, INT64_MAX);
    assert_int_equal(parse("-9223372036854775808")->integer, INT64_MIN);
    assert_int_equal(parse("-9223372036854775808")->type, JSON_INT);
    assert_int_equal(parse("9223372036854775808")->type, JSON_DOUBLE);
    assert_true(parse("9223372036854775808")->number == 9223372036854775808.0);
    assert_int_equal(parse("-9223372036854775809")->type, JSON_DOUBLE);
    assert_true(parse("18446744073709551616")->number == 18446744073709551616.0);
    assert_true(parse("100000000000000000000")->number == 1e20);
    assert_int_equal(parse("1.0")->type, JSON_DOUBLE);
    assert_int_equal(parse("1e2")->type, JSON_DOUBLE);
    assert_int_equal(parse("-0")->type, JSON_INT);
}

static void duplicate_keys_are_refused(void **unused)
{
    (void)unused;
    assert_refused("{\"a\":1,\"a\":2}", ERR_INVALID,
                   "is not valid JSON at byte 11: a duplicate key");
    assert_refused("[{\"a\":1,\"b\":{\"c\":1},\"\\u0061\":2}]", ERR_INVALID,
                   "is not valid JSON at byte 29: a duplicate key");
    assert_int_equal(parse("{\"a\":{\"a\":{\"a\":1}},\"b\":{\"a\":1}}")->count, 2);
}

static void many_keys_are_told_apart(void **unused)
{
    (void)unused;
    struct strbuf text = {0};
    strbuf_add_char(&text, '{');
    for (int i = 0; i < 20000; i++) {
        strbuf_addf(&text, "\"k%d\":%d,", i, i);
    }
    size_t open = text.len;
    strbuf_add_text(&text, "\"k\":0}");
    const struct json *j = parse(text.p);
    assert_int_equal(j->count, 20001);
    assert_int_equal(json_get(j, "k19999")->integer, 19999);
    memcpy(text.p + open, "\"k7\":0}", 8);
    struct why why;
    assert_int_equal(json_parse(arena, str_of(text.p), &j, &why), ERR_INVALID);
    strbuf_finish(&text);
}

static void errors_say_where_and_what(void **unused)
{
    (void)unused;
    assert_refused("", ERR_INVALID, "is not valid JSON at byte 0: a value is missing");
    assert_refused("[1,]", ERR_INVALID, "is not valid JSON at byte 3: not a value");
    assert_refused("[1] x", ERR_INVALID, "is not valid JSON at byte 4: something after the value");
    assert_refused("{\"a\":\"\x80\"}", ERR_INVALID, "is not valid UTF-8");
    char deep[2 * LIMIT_JSON_DEPTH + 3];
    memset(deep, '[', LIMIT_JSON_DEPTH + 1);
    memset(deep + LIMIT_JSON_DEPTH + 1, ']', LIMIT_JSON_DEPTH + 1);
    deep[sizeof(deep) - 1] = '\0';
    assert_refused(deep, ERR_TOO_LARGE, "is nested deeper than 32 levels");
    deep[sizeof(deep) - 2] = '\0';
    assert_non_null(parse(deep + 1));
}

static void a_failure_may_go_unexplained(void **unused)
{
    (void)unused;
    const struct json *j = NULL;
    assert_int_equal(json_parse(arena, STR("["), &j, NULL), ERR_INVALID);
    assert_null(j);
}

static void the_writer_places_commas(void **unused)
{
    (void)unused;
    struct strbuf out = {0};
    struct json_writer w = {.out = &out};
    json_begin_object(&w);
    json_key(&w, "a");
    json_begin_array(&w);
    json_end_array(&w);
    json_key_str(&w, STR("b"));
    json_begin_array(&w);
    json_int(&w, INT64_MIN);
    json_uint(&w, UINT64_MAX);
    json_double(&w, 0.5);
    json_bool(&w, true);
    json_bool(&w, false);
    json_null(&w);
    json_text(&w, "x");
    json_begin_object(&w);
    json_end_object(&w);
    json_begin_object(&w);
    json_key(&w, "c");
    json_int(&w, 0);
    json_end_object(&w);
    json_end_array(&w);
    json_key(&w, "d");
    json_str(&w, (struct str){0});
    json_end_object(&w);
    assert_string_equal(out.p,
                        "{\"a\":[],\"b\":[-9223372036854775808,18446744073709551615,0.5,true,"
                        "false,null,\"x\",{},{\"c\":0}],\"d\":\"\"}");
    strbuf_finish(&out);
}

static void assert_quoted(struct str s, const char *expected)
{
    struct strbuf out = {0};
    struct json_writer w = {.out = &out};
    json_str(&w, s);
    assert_string_equal(out.p, expected);
    strbuf_finish(&out);
}

static void strings_are_escaped_and_repaired(void **unused)
{
    (void)unused;
    assert_quoted(STR("a\"b\\c/"), "\"a\\\"b\\\\c/\"");
    assert_quoted(STR("\b\f\n\r\t"), "\"\\b\\f\\n\\r\\t\"");
    assert_quoted(STR("\0\x01\x1f\x7f"), "\"\\u0000\\u0001\\u001f\x7f\"");
    assert_quoted(STR("你好😀é"), "\"你好😀é\"");
    assert_quoted(STR("\xef\xbf\xbd"), "\"\xef\xbf\xbd\"");
    assert_quoted(STR("a\x80z"), "\"a\xef\xbf\xbdz\"");
    assert_quoted(STR("\xff\xfe"), "\"\xef\xbf\xbd\xef\xbf\xbd\"");
    assert_quoted(STR("\xe4\xbd"), "\"\xef\xbf\xbd\xef\xbf\xbd\"");
    assert_quoted(STR("\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

static void every_byte_string_is_written_as_json(void **unused)
{
    (void)unused;
    unsigned seed = (unsigned)time(NULL);
    print_message("SEED=%u\n", seed);
    srandom(seed);
    for (int k = 0; k < 20000; k++) {
        char bytes[24];
        size_t len = (size_t)random() % sizeof(bytes);
        for (size_t i = 0; i < len; i++) {
            bytes[i] = (char)(1 + random() % 255);
        }
        struct strbuf out = {0};
        struct json_writer w = {.out = &out};
        json_str(&w, (struct str){bytes, len});
        struct arena_mark mark = arena_mark(arena);
        const struct json *j = parse(out.p);
        assert_int_equal(j->type, JSON_STRING);
        arena_rewind(arena, mark);
        strbuf_finish(&out);
    }
}

static void assert_double(double v, const char *expected)
{
    struct strbuf out = {0};
    struct json_writer w = {.out = &out};
    json_double(&w, v);
    if (expected) assert_string_equal(out.p, expected);
    double back = strtod(out.p, NULL);
    if (memcmp(&back, &v, sizeof(v)) != 0) fail_msg("%a is written %s", v, out.p);
    const struct json *j = parse(out.p);
    if (j->number != v) fail_msg("%s is read %a", out.p, j->number);
    strbuf_finish(&out);
}

static void doubles_read_back(void **unused)
{
    (void)unused;
    assert_double(0, "0");
    assert_double(-0.0, "-0");
    assert_double(0.1, "0.1");
    assert_double(1.0 / 3, "0.3333333333333333");
    assert_double(0.1 + 0.2, "0.30000000000000004");
    assert_double(-12345678, "-12345678");
    assert_double(9007199254740993.0, NULL);
    assert_double(1e22, "1e+22");
    assert_double(DBL_MAX, "1.7976931348623157e+308");
    assert_double(DBL_MIN, NULL);
    assert_double(5e-324, "5e-324");
    unsigned seed = (unsigned)time(NULL);
    print_message("SEED=%u\n", seed);
    srandom(seed);
    for (int k = 0; k < 20000; k++) {
        uint64_t bits = (uint64_t)random() << 42 ^ (uint64_t)random() << 21 ^ (uint64_t)random();
        double v;
        memcpy(&v, &bits, sizeof(v));
        struct arena_mark mark = arena_mark(arena);
        if (isfinite(v)) assert_double(v, NULL);
        assert_double((double)(int64_t)(bits >> 20) / 100, NULL);
        arena_rewind(arena, mark);
    }
}

static void what_is_no_number_is_null(void **unused)
{
    (void)unused;
    struct strbuf out = {0};
    struct json_writer w = {.out = &out};
    json_begin_array(&w);
    json_double(&w, NAN);
    json_double(&w, INFINITY);
    json_double(&w, -INFINITY);
    json_end_array(&w);
    assert_string_equal(out.p, "[null,null,null]");
    strbuf_finish(&out);
}

static void the_locale_changes_no_number(void **unused)
{
    (void)unused;
    static const char *const commas[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "ru_RU.UTF-8"};
    bool found = false;
    for (int i = 0; i < 3 && !found; i++) {
        found = setlocale(LC_NUMERIC, commas[i]) != NULL;
    }
    if (!found) skip();
    bool read = parse("0.12345678901234567")->number == 12345678901234567e-17;
    struct strbuf out = {0};
    struct json_writer w = {.out = &out};
    json_double(&w, 0.5);
    setlocale(LC_NUMERIC, "C");
    assert_true(read);
    assert_string_equal(out.p, "0.5");
    strbuf_finish(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tree_has_the_texts_values),
        cmocka_unit_test(a_tree_does_not_borrow_from_the_text),
        cmocka_unit_test(integers_beyond_int64_are_doubles),
        cmocka_unit_test(duplicate_keys_are_refused),
        cmocka_unit_test(many_keys_are_told_apart),
        cmocka_unit_test(errors_say_where_and_what),
        cmocka_unit_test(a_failure_may_go_unexplained),
        cmocka_unit_test(the_writer_places_commas),
        cmocka_unit_test(strings_are_escaped_and_repaired),
        cmocka_unit_test(every_byte_string_is_written_as_json),
        cmocka_unit_test(doubles_read_back),
        cmocka_unit_test(what_is_no_number_is_null),
        cmocka_unit_test(the_locale_changes_no_number),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
