/* report_test.c - the lists that the report and the page share, and what HTML they let through. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/page.h"
#include "api/sections.h"

static struct arena *arena;

static int setup(void **state)
{
    (void)state;
    arena = arena_create(0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_destroy(arena);
    return 0;
}

static const struct json *parse(const char *text)
{
    const struct json *json;
    struct why why;
    assert_int_equal(json_parse(arena, str_of(text), &json, &why), ERR_OK);
    return json;
}

static void kinds_are_summed_and_sorted_with_the_rest_last(void **state)
{
    (void)state;
    struct report_kind *kinds;
    struct sections s = {.kinds = parse("{\"points\":[{\"key\":\"$rest\",\"value\":900},"
                                        "{\"key\":\"b\",\"value\":2},{\"key\":\"a\",\"value\":5},"
                                        "{\"key\":\"c\",\"value\":4},{\"key\":\"b\",\"value\":3},"
                                        "{\"key\":null,\"value\":1}]}")};
    assert_int_equal(report_kinds(&s, arena, &kinds), 5);
    static const char *const names[] = {"a", "b", "c", "-", "$rest"};
    static const int64_t events[] = {5, 5, 4, 1, 900};
    for (size_t i = 0; i < 5; i++) {
        assert_true(str_is(kinds[i].kind, names[i]));
        assert_int_equal(kinds[i].events, events[i]);
    }
    assert_true(report_kind_is_rest(kinds[4].kind));
}

static void nothing_asked_gives_empty_lists(void **state)
{
    (void)state;
    struct report_kind *kinds;
    struct report_grid grid;
    struct sections s = {0};
    assert_int_equal(report_kinds(&s, arena, &kinds), 0);
    assert_false(report_rfm(&s, &grid));
    assert_int_equal(sections_int(NULL, "members"), 0);
}

static void repeat_buying_that_cannot_be_fitted_is_said(void **state)
{
    (void)state;
    const struct json *unfitted[] = {NULL, parse("{\"members_alive\":null}")};
    for (size_t i = 0; i < 2; i++) {
        struct strbuf out = {0};
        const struct sections s = {.repeat = unfitted[i]};
        report_repeat_line(NULL, &s, LANG_EN, &out);
        assert_true(str_eq(strbuf_str(&out), STR("Too few repeat orders to estimate.")));
        strbuf_finish(&out);
    }
}

static void cells_of_all_sums_fall_into_the_grid(void **state)
{
    (void)state;
    struct report_grid grid;
    struct sections s = {.rfm = parse("{\"cells\":[{\"r\":5,\"f\":1,\"m\":1,\"members\":2},"
                                      "{\"r\":5,\"f\":1,\"m\":4,\"members\":3},"
                                      "{\"r\":1,\"f\":5,\"m\":5,\"members\":7},"
                                      "{\"r\":6,\"f\":1,\"members\":100},{\"r\":-1,\"f\":1}]}")};
    assert_true(report_rfm(&s, &grid));
    assert_int_equal(grid.members[5][1], 5);
    assert_int_equal(grid.members[1][5], 7);
    assert_int_equal(grid.members[1][1], 0);
}

static void text_cannot_leave_its_place_in_html(void **state)
{
    (void)state;
    struct strbuf out = {0};
    page_text(&out, STR("<a b=\"c\">&amp;社群'"));
    assert_true(str_eq(strbuf_str(&out), STR("&lt;a b=&quot;c&quot;&gt;&amp;amp;社群'")));
    strbuf_finish(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(kinds_are_summed_and_sorted_with_the_rest_last, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(nothing_asked_gives_empty_lists, setup, teardown),
        cmocka_unit_test_setup_teardown(repeat_buying_that_cannot_be_fitted_is_said, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(cells_of_all_sums_fall_into_the_grid, setup, teardown),
        cmocka_unit_test_setup_teardown(text_cannot_leave_its_place_in_html, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
