/* json_reader_test.c - where the reader stops, what it hands out, and its numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "base/json_corpus.h"
#include "base/json_reader.h"
#include "base/limits.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct arena *arena;
static uint64_t state;

static int open_arena(void **unused)
{
    (void)unused;
    const char *given = getenv("SEED");
    state = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL) * 2654435761u;
    if (state == 0) state = 1;
    print_message("SEED=%llu\n", (unsigned long long)state);
    arena = arena_create(0);
    return 0;
}

static int close_arena(void **unused)
{
    (void)unused;
    arena_destroy(arena);
    return 0;
}

static size_t random_below(size_t n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (size_t)(state % n);
}

static bool is_json(struct str text, struct json_reader *r)
{
    json_reader_init(r, NULL, text);
    return json_skip(r) && json_read_end(r);
}

static void errors_are_where_the_text_breaks(void **unused)
{
    (void)unused;
    struct json_reader r;
    for (size_t i = 0; i < COUNT(json_valid); i++) {
        if (!is_json(str_of(json_valid[i]), &r)) fail_msg("%s: %s", json_valid[i], r.error);
    }
    for (size_t i = 0; i < COUNT(json_invalid); i++) {
        const struct json_refusal *refusal = &json_invalid[i];
        if (is_json(str_of(refusal->text), &r)) fail_msg("%s is accepted", refusal->text);
        if (r.error_at != refusal->at || strcmp(r.error, refusal->what) != 0) {
            fail_msg("%s: at %zu, %s", refusal->text, r.error_at, r.error);
        }
    }
}

static void random_numbers_are_read_as_strtod_reads_them(void **unused)
{
    (void)unused;
    for (int k = 0; k < 100000; k++) {
        char text[80];
        size_t n = 0;
        if (random_below(2)) text[n++] = '-';
        text[n++] = (char)('1' + random_below(9));
        for (size_t digits = random_below(24); digits > 0; digits--) {
            text[n++] = (char)('0' + random_below(10));
        }
        bool fraction = random_below(3) != 0;
        if (fraction) text[n++] = '.';
        for (size_t digits = fraction ? 1 + random_below(24) : 0; digits > 0; digits--) {
            text[n++] = (char)('0' + random_below(10));
        }
        text[n] = '\0';
        if (random_below(2)) {
            n += (size_t)snprintf(text + n, 8, "e%d", (int)random_below(640) - 330);
        }
        struct json_reader r;
        enum json_type type;
        int64_t i = 0;
        double d = 0;
        double expected = strtod(text, NULL);
        json_reader_init(&r, NULL, (struct str){text, n});
        bool read = json_read_number(&r, &type, &i, &d, NULL);
        if (read != (expected - expected == 0)) fail_msg("%s", text);
        if (read && d != expected) fail_msg("%s is read as %a", text, d);
    }
}

static void plain_strings_are_borrowed(void **unused)
{
    (void)unused;
    struct json_reader r;
    struct str s;
    struct str text = STR("[\"abc\",\"你好\",\"a\\nb\"]");
    json_reader_init(&r, arena, text);
    assert_true(json_enter_array(&r));
    assert_true(json_next_item(&r) && json_read_string(&r, &s));
    assert_ptr_equal(s.p, text.p + 2);
    assert_true(json_next_item(&r) && json_read_string(&r, &s));
    assert_ptr_equal(s.p, text.p + 8);
    size_t used = arena_used(arena);
    assert_true(json_next_item(&r) && json_read_string(&r, &s));
    assert_true(str_is(s, "a\nb"));
    assert_true(arena_used(arena) > used);
    assert_false(json_next_item(&r));
    assert_true(json_read_end(&r));
}

static void a_raw_value_is_its_source(void **unused)
{
    (void)unused;
    struct json_reader r;
    struct str key, raw;
    json_reader_init(&r, NULL, STR("{\"a\": [1, {\"b\":\"\\n\"}] , \"c\":1.50}"));
    assert_true(json_enter_object(&r));
    assert_true(json_next_key(&r, &key) && json_read_raw(&r, &raw));
    assert_true(str_is(raw, "[1, {\"b\":\"\\n\"}]"));
    assert_true(json_next_key(&r, &key) && json_read_raw(&r, &raw));
    assert_true(str_is(raw, "1.50"));
    assert_false(json_next_key(&r, &key));
    assert_true(json_read_end(&r));
}

static void a_value_of_another_type_is_an_error(void **unused)
{
    (void)unused;
    struct json_reader r;
    struct str s;
    enum json_type type;
    int64_t i = 7;
    double d = 7;
    bool b = true;
    json_reader_init(&r, NULL, STR("1"));
    assert_false(json_read_string(&r, &s));
    assert_string_equal(r.error, "not a string");
    json_reader_init(&r, NULL, STR("\"1\""));
    assert_false(json_read_number(&r, &type, &i, &d, NULL));
    assert_true(i == 7 && d == 7);
    json_reader_init(&r, NULL, STR("null"));
    assert_false(json_read_bool(&r, &b));
    assert_true(b);
    json_reader_init(&r, NULL, STR("true"));
    assert_false(json_read_null(&r));
    json_reader_init(&r, NULL, STR("[]"));
    assert_false(json_enter_object(&r));
    json_reader_init(&r, NULL, STR("{}"));
    assert_false(json_enter_array(&r));
}

static void after_an_error_nothing_moves(void **unused)
{
    (void)unused;
    struct json_reader r;
    struct str s;
    enum json_type type;
    bool b;
    json_reader_init(&r, NULL, STR("[x, 1, true]"));
    assert_int_equal(json_reader_error(&r, NULL), ERR_OK);
    assert_true(json_enter_array(&r));
    assert_true(json_next_item(&r));
    assert_false(json_skip(&r));
    size_t pos = r.pos;
    assert_false(json_next_item(&r) || json_peek(&r, &type) || json_read_bool(&r, &b) ||
                 json_read_null(&r) || json_read_string(&r, &s) || json_enter_array(&r) ||
                 json_enter_object(&r) || json_next_key(&r, &s) || json_read_raw(&r, &s) ||
                 json_read_end(&r) || json_skip(&r));
    assert_int_equal(r.pos, pos);
    assert_int_equal(r.error_at, 1);
    struct why why = {0};
    assert_int_equal(json_reader_error(&r, &why), ERR_INVALID);
    assert_int_equal(why.msg, MSG_BAD_JSON);
}

static void depth_counts_open_containers_only(void **unused)
{
    (void)unused;
    struct strbuf b = {0};
    strbuf_add_char(&b, '[');
    for (int i = 0; i < 10 * LIMIT_JSON_DEPTH; i++) {
        strbuf_add_text(&b, "[{}],");
    }
    strbuf_add_text(&b, "1]");
    struct json_reader r;
    assert_true(is_json(strbuf_str(&b), &r));
    strbuf_finish(&b);
}

/* Short cuts: what they take is what the calls they stand in for would read. */

static void a_short_cut_takes_an_integer_as_reading_does(void **unused)
{
    (void)unused;
    static const char *const behind[] = {"", ",", "}", " ", "x", ".5", "e3", "E", "-"};
    static const char *const more[] = {"", "0123456789abcdefghijklmn",
                                       "\xe4\xbd\xa0\xe5\xa5\xbd is longer"};
    for (int k = 0; k < 100000; k++) {
        char text[80];
        size_t n = 0;
        if (random_below(2)) text[n++] = '-';
        for (size_t digits = random_below(21); digits > 0; digits--)
            text[n++] = (char)(random_below(40) ? '0' + random_below(10) : '/' + random_below(12));
        const char *next = behind[random_below(COUNT(behind))];
        n += (size_t)snprintf(text + n, 40, "%s%s", next,
                              *next && !strpbrk(next, ".eE-") ? more[random_below(3)] : "");
        struct json_reader taken, read;
        int64_t i = -1, j = -2;
        double d;
        enum json_type type;
        json_reader_init(&taken, NULL, (struct str){text, n});
        json_reader_init(&read, NULL, (struct str){text, n});
        bool took = json_take_int(&taken, &i);
        bool is_int = json_read_number(&read, &type, &j, &d, NULL) && type == JSON_INT;
        assert_null(taken.error);
        if (took && (!is_int || i != j || taken.pos != read.pos)) fail_msg("%.*s", (int)n, text);
        if (!took && taken.pos > (n && text[0] == ' ')) fail_msg("%.*s moved", (int)n, text);
        if (!took && is_int && read.pos <= 18) fail_msg("%.*s is left", (int)n, text);
    }
}

static void a_short_cut_takes_a_string_as_reading_does(void **unused)
{
    (void)unused;
    static const char odd[] = {'"', '\\', '\n', '\0', '\x1f', '\x7f', '\x80', '\xff'};
    for (int k = 0; k < 100000; k++) {
        char text[80] = {'"'};
        struct json_reader taken, read;
        struct str a, b;
        size_t n = 1 + random_below(70), plain = 1;
        for (size_t i = 1; i < n; i++)
            text[i] = random_below(20) ? (char)('!' + 2 * random_below(30))
                                       : odd[random_below(sizeof(odd))];
        while (plain < n && text[plain] >= ' ' && text[plain] != '"' && text[plain] != '\\')
            plain++;
        json_reader_init(&taken, NULL, (struct str){text, n});
        json_reader_init(&read, NULL, (struct str){text, n});
        bool took = json_take_string(&taken, &a), can = plain < n && text[plain] == '"';
        assert_null(taken.error);
        assert_int_equal(took, can);
        assert_int_equal(taken.pos, can ? plain + 1 : 0);
        if (took) assert_true(json_read_string(&read, &b) && str_eq(a, b));
    }
}

static void a_short_cut_takes_plain_strings_only(void **unused)
{
    (void)unused;
    struct json_reader r;
    struct str s;
    static const char *const left[] = {"", "1", "\"a", "\"a\\n\"", "\"你\"", "\"a\tb\"", "[", "x"};
    json_reader_init(&r, NULL, STR(" \"abc\" "));
    assert_true(json_take_string(&r, &s) && str_is(s, "abc") && json_read_end(&r));
    for (size_t i = 0; i < COUNT(left); i++) {
        json_reader_init(&r, NULL, str_of(left[i]));
        if (json_take_string(&r, &s) || r.pos || r.error) fail_msg("%s", left[i]);
    }
}

static void keys_need_their_commas(void **unused)
{
    (void)unused;
    static const char *const wrong[] = {
        "{,\"a\":1}",   "{\"a\":1\"b\":2}",  "{\"a\":1,,\"b\":2}",  "{\"a\":1 \"b\":2}",
        "{\"a\":1,}",   "{\"a\"1}",          "{\"a\":\"\"\"b\":2}", "{\"a\"",
        "{\"a\":1,\"b", "{\"a\":{}\"b\":2}",
    };
    struct json_reader r;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        if (is_json(str_of(wrong[i]), &r)) fail_msg("%s is accepted", wrong[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_are_where_the_text_breaks),
        cmocka_unit_test(random_numbers_are_read_as_strtod_reads_them),
        cmocka_unit_test(plain_strings_are_borrowed),
        cmocka_unit_test(a_raw_value_is_its_source),
        cmocka_unit_test(a_value_of_another_type_is_an_error),
        cmocka_unit_test(after_an_error_nothing_moves),
        cmocka_unit_test(depth_counts_open_containers_only),
        cmocka_unit_test(a_short_cut_takes_an_integer_as_reading_does),
        cmocka_unit_test(a_short_cut_takes_a_string_as_reading_does),
        cmocka_unit_test(a_short_cut_takes_plain_strings_only),
        cmocka_unit_test(keys_need_their_commas),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
