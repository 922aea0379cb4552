/* mem_test.c - zeroing, overflow and exhaustion. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "child.h"

static void allocated_memory_is_zeroed(void **state)
{
    (void)state;
    for (size_t size = 0; size < 300; size += 7) {
        unsigned char *p = mem_alloc(size);
        assert_non_null(p);
        for (size_t i = 0; i < size; i++) {
            assert_int_equal(p[i], 0);
        }
        memset(p, 0xAA, size);
        mem_free(p);
    }
    uint32_t *words = mem_alloc_array(100, sizeof(*words));
    for (size_t i = 0; i < 100; i++) {
        assert_int_equal(words[i], 0);
    }
    mem_free(words);
    unsigned char *large = mem_alloc_array(5000001, 1);
    for (size_t i = 0; i < 5000001; i += 997) {
        assert_int_equal(large[i], 0);
    }
    large[5000000] = 1;
    mem_free(large);
}

static void resizing_keeps_what_was_there(void **state)
{
    (void)state;
    uint32_t *p = mem_resize_array(NULL, 4, sizeof(*p));
    for (uint32_t i = 0; i < 4; i++) {
        p[i] = i * 1000;
    }
    p = mem_resize_array(p, 10000, sizeof(*p));
    p[9999] = 1;
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(p[i], i * 1000);
    }
    p = mem_resize_array(p, 0, sizeof(*p));
    assert_non_null(p);
    mem_free(p);
    mem_free(NULL);
}

static void copies_are_independent(void **state)
{
    (void)state;
    char source[] = "abc";
    char *copy = mem_copy(source, sizeof(source));
    char *twin = mem_strdup(source);
    source[0] = 'x';
    assert_string_equal(copy, "abc");
    assert_string_equal(twin, "abc");
    mem_free(copy);
    mem_free(twin);
    void *nothing = mem_copy(NULL, 0);
    assert_non_null(nothing);
    mem_free(nothing);
}

static void overflow_resize(void)
{
    mem_free(mem_resize_array(NULL, SIZE_MAX / 2, 4));
}

static void a_size_that_overflows_aborts_with_a_line(void **state)
{
    (void)state;
    assert_true(child_aborts(overflow_resize, "wellfield: out of memory"));
}

#ifndef WF_SANITIZED /* the sanitizers end the process in their own way */
static void overflow_array(void)
{
    mem_free(mem_alloc_array(SIZE_MAX / 2, 4));
}

static void exhaust(void)
{
    mem_free(mem_alloc(SIZE_MAX / 2));
}

static void exhaustion_aborts_with_a_line(void **state)
{
    (void)state;
    assert_true(child_aborts(overflow_array, "wellfield: out of memory"));
    assert_true(child_aborts(exhaust, "wellfield: out of memory"));
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allocated_memory_is_zeroed),
        cmocka_unit_test(resizing_keeps_what_was_there),
        cmocka_unit_test(copies_are_independent),
        cmocka_unit_test(a_size_that_overflows_aborts_with_a_line),
#ifndef WF_SANITIZED
        cmocka_unit_test(exhaustion_aborts_with_a_line),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
