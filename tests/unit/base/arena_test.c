/* arena_test.c - lifetimes, marks, deferred calls, the cap and poisoning. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/env.h"
#include "base/mem.h"
#include "child.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

/* What deferred calls did, in order. */
static char trail[64];
static size_t trail_len;

static void leave_trace(void *p)
{
    trail[trail_len++] = *(char *)p;
    trail[trail_len] = '\0';
}

static void clear_trail(void)
{
    trail_len = 0;
    trail[0] = '\0';
}

static void allocations_are_zeroed_aligned_and_apart(void **state)
{
    (void)state;
    uint64_t seed = 7;
    struct rng rng;
    print_message("seed %llu\n", (unsigned long long)seed);
    rng_init(&rng, seed);
    struct arena *a = arena_create(0);
    for (int round = 0; round < 3; round++) {
        unsigned char *kept[400];
        size_t sizes[400];
        for (size_t i = 0; i < 400; i++) {
            sizes[i] = rng_below(&rng, i % 50 ? 300 : 40000);
            kept[i] = arena_alloc(a, sizes[i]);
            assert_int_equal((uintptr_t)kept[i] % 16, 0);
            for (size_t k = 0; k < sizes[i]; k++) {
                assert_int_equal(kept[i][k], 0);
            }
            if (sizes[i]) memset(kept[i], (int)(i & 0xFF), sizes[i]);
        }
        for (size_t i = 0; i < 400; i++) {
            for (size_t k = 0; k < sizes[i]; k++) {
                assert_int_equal(kept[i][k], i & 0xFF);
            }
        }
        arena_reset(a);
        assert_int_equal(arena_used(a), 0);
    }
    arena_destroy(a);
    arena_destroy(NULL);
}

static void copies_are_terminated(void **state)
{
    (void)state;
    struct arena *a = arena_create(0);
    char source[] = "wellfield";
    struct str s = arena_str(a, (struct str){source, 4});
    assert_int_equal(s.len, 4);
    assert_string_equal(s.p, "well");
    assert_null(arena_str(a, (struct str){NULL, 0}).p);
    assert_string_equal(arena_str(a, STR("")).p, "");
    assert_string_equal(arena_printf(a, "%s-%03d", "a", 7), "a-007");
    for (int len = 254; len < 258; len++) { /* longer than what is at hand for it */
        const char *text = arena_printf(a, "%*d", len, 7);
        assert_int_equal(strlen(text), len);
        assert_int_equal(text[len - 1], '7');
    }
    char *copy = arena_copy(a, source, sizeof(source));
    source[0] = 'x';
    assert_string_equal(copy, "wellfield");
    assert_non_null(arena_copy(a, NULL, 0));
    arena_destroy(a);
}

static void deferred_calls_run_last_first_and_once(void **state)
{
    (void)state;
    struct arena *a = arena_create(0);
    static char names[] = "abc";
    clear_trail();
    for (size_t i = 0; i < 3; i++) {
        arena_defer(a, leave_trace, &names[i]);
    }
    arena_reset(a);
    assert_string_equal(trail, "cba");
    arena_defer(a, leave_trace, &names[0]);
    arena_destroy(a);
    assert_string_equal(trail, "cbaa");
}

static void a_deferred_call_still_sees_its_arena_memory(void **state)
{
    (void)state;
    struct arena *a = arena_create(0);
    clear_trail();
    arena_defer(a, leave_trace, arena_copy(a, "z", 1));
    (void)arena_alloc(a, 100000);
    arena_destroy(a);
    assert_string_equal(trail, "z");
}

static void rewinding_gives_back_what_came_after_the_mark(void **state)
{
    (void)state;
    static const size_t sizes[] = {10, 20000, 100000, 3};
    static char names[] = "mn";
    struct arena *a = arena_create(0);
    char *kept = arena_copy(a, "kept", 5);
    arena_defer(a, leave_trace, &names[0]);
    clear_trail();
    struct arena_mark mark = arena_mark(a);
    size_t used = arena_used(a);
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < 4; i++) {
            unsigned char *p = arena_alloc(a, sizes[i]);
            assert_int_equal(p[0], 0);
            assert_int_equal(p[sizes[i] - 1], 0);
            memset(p, 0xEE, sizes[i]);
        }
        arena_defer(a, leave_trace, &names[1]);
        arena_rewind(a, mark);
        assert_int_equal(arena_used(a), used);
        assert_string_equal(kept, "kept");
    }
    assert_string_equal(trail, "nnn");
    arena_destroy(a);
    assert_string_equal(trail, "nnnm");
}

static void a_mark_of_an_empty_arena_can_be_rewound(void **state)
{
    (void)state;
    struct arena *a = arena_create(0);
    struct arena_mark mark = arena_mark(a);
    for (int round = 0; round < 3; round++) {
        memset(arena_alloc(a, 50), 1, 50);
        memset(arena_alloc(a, 50000), 1, 50000);
        arena_rewind(a, mark);
        assert_int_equal(arena_used(a), 0);
    }
    arena_destroy(a);
}

static void a_reset_arena_hands_out_the_same_first_block(void **state)
{
    (void)state;
    struct arena *a = arena_create(0);
    void *first = arena_alloc(a, 8);
    (void)arena_alloc(a, 100000);
    arena_reset(a);
    assert_ptr_equal(arena_alloc(a, 8), first);
    arena_destroy(a);
}

static void a_retained_arena_uses_its_blocks_again(void **state)
{
    (void)state;
    enum { PIECES = 40, SIZE = 100000 };
    struct arena *a = arena_create(0);
    char *before[PIECES];
    arena_retain(a, (size_t)64 << 20);
    for (int round = 0; round < 3; round++) {
        size_t same = 0;
        for (int i = 0; i < PIECES; i++) {
            char *p = arena_alloc(a, SIZE);
            for (int k = 0; k < SIZE; k += 999)
                assert_int_equal(p[k], 0);
            memset(p, 1, SIZE);
            for (int k = 0; k < PIECES && round; k++)
                same += before[k] == p;
            if (round == 0) before[i] = p;
        }
        if (round) assert_true(same >= PIECES / 2);
        arena_reset(a);
    }
    char *large = arena_alloc(a, (size_t)16 << 20); /* none of them is large enough */
    memset(large, 1, (size_t)16 << 20);
    arena_destroy(a);
}

static void exceed_cap(void)
{
    struct arena *a = arena_create(1000);
    (void)arena_alloc(a, 512);
    (void)arena_alloc(a, 512);
}

static void overflow_array(void)
{
    (void)arena_alloc_array(arena_create(0), SIZE_MAX / 4, 8);
}

static void overflow_size(void)
{
    (void)arena_alloc(arena_create(0), SIZE_MAX - 4);
}

static void an_arena_aborts_beyond_its_cap_and_on_overflow(void **state)
{
    (void)state;
    assert_true(child_aborts(exceed_cap, "at its cap"));
    assert_true(child_aborts(overflow_array, "overflows"));
    assert_true(child_aborts(overflow_size, "overflows"));
    struct arena *a = arena_create(1024);
    memset(arena_alloc(a, 1024), 1, 1024);
    arena_reset(a);
    memset(arena_alloc(a, 1024), 1, 1024);
    arena_destroy(a);
}

static void in_debug_each_allocation_is_a_malloc_of_its_own(void **state)
{
    assert_int_equal(setenv("ARENA_DEBUG", "1", 1), 0);
    copies_are_terminated(state);
    deferred_calls_run_last_first_and_once(state);
    a_deferred_call_still_sees_its_arena_memory(state);
    rewinding_gives_back_what_came_after_the_mark(state);
    a_mark_of_an_empty_arena_can_be_rewound(state);
    allocations_are_zeroed_aligned_and_apart(state);
    unsetenv("ARENA_DEBUG");
}

#if defined(__SANITIZE_ADDRESS__)
static void memory_not_handed_out_is_poisoned(void **state)
{
    (void)state;
    struct arena *a = arena_create(0);
    struct arena_mark mark = arena_mark(a);
    char *p = arena_alloc(a, 20);
    assert_false(__asan_address_is_poisoned(p + 19));
    assert_true(__asan_address_is_poisoned(p + 20));
    assert_true(__asan_address_is_poisoned(p + 32));
    mark = arena_mark(a);
    char *q = arena_alloc(a, 16);
    arena_rewind(a, mark);
    assert_true(__asan_address_is_poisoned(q));
    assert_false(__asan_address_is_poisoned(p));
    arena_reset(a);
    assert_true(__asan_address_is_poisoned(p));
    arena_retain(a, (size_t)1 << 20);
    (void)arena_alloc(a, 20);
    p = arena_alloc(a, 100000);
    arena_reset(a);
    assert_true(__asan_address_is_poisoned(p));
    arena_destroy(a);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allocations_are_zeroed_aligned_and_apart),
        cmocka_unit_test(copies_are_terminated),
        cmocka_unit_test(deferred_calls_run_last_first_and_once),
        cmocka_unit_test(a_deferred_call_still_sees_its_arena_memory),
        cmocka_unit_test(rewinding_gives_back_what_came_after_the_mark),
        cmocka_unit_test(a_mark_of_an_empty_arena_can_be_rewound),
        cmocka_unit_test(a_reset_arena_hands_out_the_same_first_block),
        cmocka_unit_test(a_retained_arena_uses_its_blocks_again),
        cmocka_unit_test(an_arena_aborts_beyond_its_cap_and_on_overflow),
        cmocka_unit_test(in_debug_each_allocation_is_a_malloc_of_its_own),
#if defined(__SANITIZE_ADDRESS__)
        cmocka_unit_test(memory_not_handed_out_is_poisoned),
#endif
    };
    unsetenv("ARENA_DEBUG");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
