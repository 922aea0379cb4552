/* strbuf_test.c - appending, growing and printing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "child.h"

static void an_empty_buffer_needs_no_start_and_may_be_finished(void **state)
{
    (void)state;
    struct strbuf b = {0};
    strbuf_reset(&b);
    strbuf_finish(&b);
    strbuf_finish(NULL);
    assert_int_equal(strbuf_str(&b).len, 0);
}

static void appending_nothing_still_gives_a_terminated_string(void **state)
{
    (void)state;
    struct strbuf b = {0};
    strbuf_add_str(&b, (struct str){NULL, 0});
    assert_non_null(b.p);
    assert_string_equal(b.p, "");
    strbuf_finish(&b);
}

static void every_kind_of_append_adds_at_the_end(void **state)
{
    (void)state;
    struct strbuf b = {0};
    strbuf_add(&b, "a\0b", 3);
    strbuf_add_str(&b, STR("cd"));
    strbuf_add_text(&b, "ef");
    strbuf_add_char(&b, '!');
    strbuf_addf(&b, "%d-%s", 42, "x");
    assert_int_equal(b.len, 12);
    assert_memory_equal(b.p, "a\0bcdef!42-x", 13);
    strbuf_reset(&b);
    assert_int_equal(b.len, 0);
    assert_true(b.capacity > 12);
    assert_string_equal(b.p, "");
    strbuf_finish(&b);
}

static void printing_works_at_every_fill_of_the_buffer(void **state)
{
    (void)state;
    char word[200];
    memset(word, 'w', sizeof(word));
    for (int fill = 0; fill < 140; fill++) {
        for (int len = 0; len < 140; len += 3) {
            struct strbuf b = {0};
            for (int i = 0; i < fill; i++) {
                strbuf_add_char(&b, 'f');
            }
            strbuf_addf(&b, "%.*s", len, word);
            assert_int_equal(b.len, fill + len);
            assert_int_equal(strlen(b.p), fill + len);
            assert_true(b.len < b.capacity);
            strbuf_finish(&b);
        }
    }
}

static void a_million_bytes_grow_in_few_steps(void **state)
{
    (void)state;
    struct strbuf b = {0};
    size_t grown = 0;
    for (size_t i = 0; i < 1000000; i++) {
        size_t before = b.capacity;
        strbuf_add_char(&b, (char)('a' + i % 26));
        grown += b.capacity != before;
    }
    assert_int_equal(b.len, 1000000);
    assert_true(grown < 20);
    for (size_t i = 0; i < b.len; i++) {
        assert_true(b.p[i] == (char)('a' + i % 26));
    }
    strbuf_finish(&b);
}

static void reserve_too_much(void)
{
    struct strbuf b = {0};
    strbuf_add_char(&b, 'x');
    strbuf_reserve(&b, SIZE_MAX - 1);
}

static void a_reserve_that_overflows_aborts(void **state)
{
    (void)state;
    assert_true(child_aborts(reserve_too_much, "out of memory"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_buffer_needs_no_start_and_may_be_finished),
        cmocka_unit_test(appending_nothing_still_gives_a_terminated_string),
        cmocka_unit_test(every_kind_of_append_adds_at_the_end),
        cmocka_unit_test(printing_works_at_every_fill_of_the_buffer),
        cmocka_unit_test(a_million_bytes_grow_in_few_steps),
        cmocka_unit_test(a_reserve_that_overflows_aborts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
