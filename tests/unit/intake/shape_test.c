/* shape_test.c - paths through what stands between the values of lines. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include <stdio.h>

#include "intake/shape.h"

/* Learn a line whose values are the digits in it; each is its own slot's kind. */
static void learn(struct shapes *s, const char *line, uint32_t total)
{
    struct shape_mark marks[SHAPE_VALUES];
    size_t count = 0;
    for (size_t i = 0; line[i]; i++) {
        if (line[i] < '0' || line[i] > '9') continue;
        struct shape_slot slot = {.kind = (uint8_t)(line[i] - '0')};
        marks[count++] = (struct shape_mark){i, i + 1, slot};
    }
    shapes_learn(s, str_of(line), marks, count, total);
}

/* The total of the line's path, each value being one byte; 0 when there is none. */
static uint32_t follow(const struct shapes *s, const char *line, char *kinds)
{
    struct str text = str_of(line);
    const struct shape *at = s->first;
    for (size_t pos = 0; (at = shape_at(at, text, pos)) != NULL; at = at->behind) {
        pos += at->text.len;
        if (at->last) return at->total;
        if (pos == text.len) return 0;
        *kinds++ = (char)('0' + at->slot.kind);
        *kinds = '\0';
        pos++;
    }
    return 0;
}

static void a_line_runs_along_the_path_of_one_built_like_it(void **state)
{
    (void)state;
    struct arena *a = arena_create(0);
    struct shapes s;
    char kinds[16] = "";
    shapes_init(&s, a);
    learn(&s, "{first=1;second=2}", 7);
    learn(&s, "{first=1;third=3}", 8);
    learn(&s, "{first=1}", 9);
    assert_int_equal(follow(&s, "{first=x;second=y}", kinds), 7);
    assert_string_equal(kinds, "12");
    assert_int_equal(follow(&s, "{first=y;third=x}", kinds), 8);
    assert_string_equal(kinds, "13");
    assert_int_equal(follow(&s, "{first=y}", kinds), 9);
    assert_int_equal(follow(&s, "{first=y};", kinds), 0);
    assert_int_equal(follow(&s, "{first=y", kinds), 0);
    assert_int_equal(follow(&s, "{first=x;fourth=y}", kinds), 0);
    assert_int_equal(follow(&s, "", kinds), 0);
    arena_destroy(a);
}

static void the_longer_of_two_texts_is_tried_first(void **state)
{
    (void)state;
    for (int swap = 0; swap < 2; swap++) {
        struct arena *a = arena_create(0);
        struct shapes s;
        char kinds[16];
        shapes_init(&s, a);
        learn(&s, swap ? "a=[1]" : "a=2", 1);
        learn(&s, swap ? "a=2" : "a=[1]", 2);
        assert_int_equal(follow(&s, "a=[x]", kinds), swap ? 1 : 2);
        assert_int_equal(follow(&s, "a=x", kinds), swap ? 2 : 1);
        arena_destroy(a);
    }
}

static void the_tree_is_bounded(void **state)
{
    (void)state;
    struct arena *a = arena_create(0);
    struct shapes s;
    char line[600];
    shapes_init(&s, a);
    for (int i = 0; i < 20000; i++) {
        snprintf(line, sizeof(line), "%c%c%c=1%c%c", 'a' + i % 16, 'a' + i / 16 % 16,
                 'a' + i / 256 % 16, 'a' + i / 4096 % 16, 'a' + i % 7);
        learn(&s, line, 1);
    }
    assert_true(s.count > 10 && s.count <= 5000);
    size_t used = arena_used(a);
    snprintf(line, sizeof(line), "%0500d", 0);
    shapes_learn(&s, str_of(line), NULL, 0, 1);
    assert_int_equal(arena_used(a), used);
    arena_destroy(a);
}

static void paths_that_do_not_pay_are_given_up(void **state)
{
    (void)state;
    struct shapes s;
    shapes_init(&s, NULL);
    s.met = 100;
    assert_true(shapes_pay(&s));
    s.met = 1000000;
    s.followed = 400000;
    assert_false(shapes_pay(&s));
    s.followed = 600000;
    assert_true(shapes_pay(&s));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_runs_along_the_path_of_one_built_like_it),
        cmocka_unit_test(the_longer_of_two_texts_is_tried_first),
        cmocka_unit_test(the_tree_is_bounded),
        cmocka_unit_test(paths_that_do_not_pay_are_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
