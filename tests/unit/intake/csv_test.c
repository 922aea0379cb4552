/* csv_test.c - rows of RFC 4180, sound and broken, whole and cut anywhere. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "base/limits.h"
#include "base/mem.h"
#include "intake/csv.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Cells joined by '|', rows by "/"; "!" where a row is bad. */
static char *split_all(const char *text, char delimiter)
{
    static char out[2048];
    size_t len = strlen(text), at = 0;
    struct arena *a = arena_create(0);
    struct csv c;
    struct strbuf b = {0};
    char *copy = arena_alloc(a, len + 1);
    memcpy(copy, text, len);
    copy[len] = '\n';
    csv_init(&c);
    c.delimiter = delimiter;
    while (at < len) {
        size_t used;
        enum msg fault;
        enum csv_result r =
            csv_split(&c, (struct str){copy + at, len - at}, true, a, &used, &fault);
        assert_int_not_equal(r, CSV_MORE);
        for (size_t i = 0; i < c.count && r == CSV_ROW; i++) {
            if (i) strbuf_add_char(&b, '|');
            strbuf_add_str(&b, c.cells[i]);
        }
        if (r == CSV_BAD) strbuf_add_char(&b, '!');
        strbuf_add_char(&b, '/');
        if (r == CSV_BAD) break;
        assert_true(used > 0);
        at += used;
    }
    strbuf_add_char(&b, '\0');
    memcpy(out, b.p, b.len);
    strbuf_finish(&b);
    csv_finish(&c);
    arena_destroy(a);
    return out;
}

static void rows_are_split_as_rfc_4180_says(void **state)
{
    (void)state;
    static const char *const list[][2] = {
        {"a,b,c\n", "a|b|c/"},
        {"a,b,c", "a|b|c/"},
        {"a,b\r\nc,d\r\n", "a|b/c|d/"},
        {",\n", "|/"},
        {"\n", "/"},
        {"a,,\n", "a||/"},
        {"\"a\",\"b\"\n", "a|b/"},
        {"\"a,b\",c\n", "a,b|c/"},
        {"\"a\nb\",c\n", "a\nb|c/"},
        {"\"a\"\"b\",c\n", "a\"b|c/"},
        {"\"\"\"\"\n", "\"/"},
        {"\"\",x\n", "|x/"},
        {"\"\"\"a\"\"\",x", "\"a\"|x/"},
        {"a\"b,c\n", "a\"b|c/"},
        {"=\"00123\",x\n", "00123|x/"},
        {"=\"a,b\",x\n", "a,b|x/"},
        {"=1+1,x\n", "=1+1|x/"},
        {"\"a\"\r\nb\n", "a/b/"},
        {"a\rb,c\n", "a\rb|c/"},
        {"\"x\"", "x/"},
        {"昵称,手机号\n", "昵称|手机号/"},
    };
    for (size_t i = 0; i < COUNT(list); i++)
        assert_string_equal(split_all(list[i][0], ','), list[i][1]);
    assert_string_equal(split_all("a\tb,c\n", '\t'), "a|b,c/");
    assert_string_equal(split_all("a;\"b;c\"\n", ';'), "a|b;c/");
}

static void broken_quotes_make_a_bad_row(void **state)
{
    (void)state;
    assert_string_equal(split_all("\"abc\n", ','), "!/");
    assert_string_equal(split_all("\"abc\"x,y\n", ','), "!/");
    assert_string_equal(split_all("a,b\n\"c", ','), "a|b/!/");
    assert_string_equal(split_all("\"", ','), "!/");
    assert_string_equal(split_all("=\"", ','), "!/");
    assert_string_equal(split_all("\"a\"\rb\n", ','), "!/");
}

static void text_that_is_cut_anywhere_asks_for_more(void **state)
{
    (void)state;
    static const char row[] = "a,\"b\"\"c\nd\",=\"1\",\"\",e\r\n";
    struct arena *a = arena_create(0);
    struct csv c;
    csv_init(&c);
    for (size_t len = 0; len < sizeof(row) - 1; len++) {
        char copy[64];
        size_t used;
        enum msg fault;
        memcpy(copy, row, len);
        copy[len] = '\n';
        assert_int_equal(csv_split(&c, (struct str){copy, len}, false, a, &used, &fault), CSV_MORE);
    }
    csv_finish(&c);
    arena_destroy(a);
}

static void a_row_has_at_most_so_many_columns(void **state)
{
    (void)state;
    struct arena *a = arena_create(0);
    struct csv c;
    size_t used;
    enum msg fault = MSG_NONE;
    csv_init(&c);
    for (int over = 0; over < 2; over++) {
        size_t len = LIMIT_CSV_COLUMNS - 1 + (size_t)over;
        char *text = arena_alloc(a, len + 1);
        memset(text, ',', len);
        text[len] = '\n';
        enum csv_result r = csv_split(&c, (struct str){text, len}, true, a, &used, &fault);
        assert_int_equal(r, over ? CSV_BAD : CSV_ROW);
    }
    assert_int_equal(fault, MSG_CSV_COLUMNS);
    csv_finish(&c);
    arena_destroy(a);
}

static void the_delimiter_is_the_one_used_most(void **state)
{
    (void)state;
    assert_int_equal(csv_guess_delimiter(STR("a,b,c\n1,2,3\n")), ',');
    assert_int_equal(csv_guess_delimiter(STR("a\tb\tc\n1,5\t2\t3\n")), '\t');
    assert_int_equal(csv_guess_delimiter(STR("a;b;c\n1,5;2;3\n")), ';');
    assert_int_equal(csv_guess_delimiter(STR("abc")), ',');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_split_as_rfc_4180_says),
        cmocka_unit_test(broken_quotes_make_a_bad_row),
        cmocka_unit_test(text_that_is_cut_anywhere_asks_for_more),
        cmocka_unit_test(a_row_has_at_most_so_many_columns),
        cmocka_unit_test(the_delimiter_is_the_one_used_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
