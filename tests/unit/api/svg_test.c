/* svg_test.c - charts stay inside their frame whatever the figures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/svg.h"

static struct arena *arena;
static struct strbuf out;

static int setup(void **state)
{
    (void)state;
    arena = arena_create(0);
    strbuf_reset(&out);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_destroy(arena);
    strbuf_finish(&out);
    return 0;
}

static const struct json *parse(const char *text)
{
    const struct json *json;
    struct why why;
    assert_int_equal(json_parse(arena, str_of(text), &json, &why), ERR_OK);
    return json;
}

static const char *svg(void)
{
    strbuf_add_char(&out, '\0');
    return out.p;
}

static size_t count_of(const char *text, const char *part)
{
    size_t n = 0;
    for (const char *at = strstr(text, part); at; at = strstr(at + 1, part))
        n++;
    return n;
}

/* The number behind ' name="' of an element. */
static double number_of(const char *element, const char *name)
{
    char key[32];
    snprintf(key, sizeof(key), " %s=\"", name);
    const char *at = strstr(element, key);
    assert_non_null(at);
    return strtod(at + strlen(key), NULL);
}

static void frame_of(const char *text, double *width, double *height)
{
    const char *box = strstr(text, "viewBox=\"0 0 ");
    char *end;
    assert_non_null(box);
    *width = strtod(box + sizeof("viewBox=\"0 0 ") - 1, &end);
    *height = strtod(end, NULL);
}

static void bars_are_as_high_as_their_values(void **state)
{
    (void)state;
    const struct json *points = parse("[{\"at\":\"2026-01-01T00:00:00Z\",\"value\":0},"
                                      "{\"at\":\"2026-01-02T00:00:00Z\",\"value\":50},"
                                      "{\"at\":\"2026-01-03T00:00:00Z\",\"value\":100}]");
    double heights[3];
    svg_bars(&out, points, 90, SVG_HALF, "days");
    const char *at = svg();
    for (int i = 0; i < 3; i++) {
        at = strstr(at + 1, "<rect");
        assert_non_null(at);
        heights[i] = number_of(at, "height");
    }
    assert_true(heights[0] < 0.05);
    assert_true(heights[2] > 0);
    assert_true(fabs(heights[1] * 2 - heights[2]) < 0.2);
    assert_non_null(strstr(at, "<title>2026-01-03: 100</title>"));
    assert_non_null(strstr(out.p, ">100</text>"));
}

static void only_the_last_bars_are_drawn(void **state)
{
    (void)state;
    const struct json *points = parse("[{\"at\":\"2026-01-01T00:00:00Z\",\"value\":9000},"
                                      "{\"at\":\"2026-01-02T00:00:00Z\",\"value\":3},"
                                      "{\"at\":\"2026-01-03T00:00:00Z\",\"value\":4}]");
    svg_bars(&out, points, 2, SVG_PHONE, "days");
    const char *text = svg();
    assert_int_equal(count_of(text, "<rect"), 2);
    assert_null(strstr(text, "2026-01-01"));
    assert_non_null(strstr(text, ">4</text>"));
}

static void nothing_leaves_the_frame(void **state)
{
    (void)state;
    static const char *const lists[] = {
        "[]", "[{\"at\":\"2026-01-01T00:00:00Z\",\"value\":0}]",
        "[{\"at\":\"2026-01-01T00:00:00Z\",\"value\":1}]",
        "[{\"at\":\"2026-01-01T00:00:00Z\",\"value\":9007199254740993},{\"value\":7}]",
        "[{\"at\":\"short\",\"value\":101},{\"at\":5,\"value\":null},{}]"};
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        for (int size = SVG_PAGE; size <= SVG_PHONE; size++) {
            double width, height;
            strbuf_reset(&out);
            svg_bars(&out, parse(lists[i]), 90, (enum svg_size)size, "days");
            const char *text = svg();
            frame_of(text, &width, &height);
            for (const char *at = strstr(text, "<rect"); at; at = strstr(at + 1, "<rect")) {
                double x = number_of(at, "x"), y = number_of(at, "y");
                assert_true(x >= 0 && x + number_of(at, "width") <= width + 0.1);
                assert_true(y >= 0 && y + number_of(at, "height") <= height);
                assert_true(number_of(at, "height") >= 0);
            }
            assert_null(strstr(text, "nan"));
            assert_null(strstr(text, "inf"));
            assert_non_null(strstr(text, "</svg>"));
        }
    }
}

static void dates_do_not_meet(void **state)
{
    (void)state;
    struct strbuf list = {0};
    strbuf_add_char(&list, '[');
    for (int i = 0; i < 400; i++) {
        strbuf_addf(&list, "%s{\"at\":\"2026-01-01T00:00:00Z\",\"value\":%d}", i ? "," : "", i);
    }
    strbuf_add_text(&list, "]");
    strbuf_add_char(&list, '\0');
    for (size_t n = 1; n <= 400; n++) {
        for (int size = SVG_PAGE; size <= SVG_PHONE; size++) {
            double before = -1000;
            strbuf_reset(&out);
            svg_bars(&out, parse(list.p), n, (enum svg_size)size, "days");
            const char *text = svg();
            for (const char *at = strstr(text, "<text"); at; at = strstr(at + 1, "<text")) {
                if (!strstr(at, ">2026-01-01<") || at + 80 < strstr(at, ">2026-01-01<")) continue;
                double x = number_of(at, "x"), half = 30;
                const char *anchor = strstr(at, "text-anchor=\"") + sizeof("text-anchor=\"") - 1;
                double left = *anchor == 's' ? x : *anchor == 'e' ? x - 2 * half : x - half;
                assert_true(left >= before);
                before = left + 2 * half;
            }
        }
    }
    strbuf_finish(&list);
}

static void stages_stand_on_each_other(void **state)
{
    (void)state;
    const struct json *stock =
        parse("[{\"at\":\"2026-01-05T00:00:00Z\",\"potential\":1,\"churned\":1},"
              "{\"at\":\"2026-01-12T00:00:00Z\",\"potential\":2,\"churned\":2}]");
    svg_stages(&out, stock, SVG_PAGE, "stages");
    const char *text = svg();
    assert_int_equal(count_of(text, "<polygon"), STAGE_COUNT);
    /* the highest layer ends where the axis ends: four of four */
    double width, height;
    frame_of(text, &width, &height);
    const char *top = strstr(text, "class=\"f6\"");
    assert_non_null(top);
    char corner[32];
    snprintf(corner, sizeof(corner), "%.1f,8.0 ", width);
    assert_non_null(strstr(top, corner));
}

static void one_bucket_is_a_band(void **state)
{
    (void)state;
    svg_stages(&out, parse("[{\"at\":\"2026-01-05T00:00:00Z\",\"new\":5}]"), SVG_PHONE, "stages");
    const char *text = svg();
    assert_null(strstr(text, "nan"));
    assert_non_null(strstr(text, "320.0,"));
}

static void a_meter_shows_what_is_little(void **state)
{
    (void)state;
    svg_meter(&out, 1, 1000000);
    svg_meter(&out, 0, 10);
    svg_meter(&out, 0, 0);
    const char *text = svg();
    assert_int_equal(count_of(text, "width=\"1.0\""), 1);
    assert_int_equal(count_of(text, "width=\"0.0\""), 2);
}

static void a_spark_of_silence_is_flat(void **state)
{
    (void)state;
    const uint32_t none[4] = {0}, some[4] = {0, UINT32_MAX, 0, 1};
    svg_spark(&out, none, 4);
    assert_non_null(strstr(svg(), "0.0,18.0 30.0,18.0 60.0,18.0 90.0,18.0"));
    strbuf_reset(&out);
    svg_spark(&out, some, 4);
    assert_non_null(strstr(svg(), "30.0,2.0 "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(bars_are_as_high_as_their_values, setup, teardown),
        cmocka_unit_test_setup_teardown(only_the_last_bars_are_drawn, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_leaves_the_frame, setup, teardown),
        cmocka_unit_test_setup_teardown(dates_do_not_meet, setup, teardown),
        cmocka_unit_test_setup_teardown(stages_stand_on_each_other, setup, teardown),
        cmocka_unit_test_setup_teardown(one_bucket_is_a_band, setup, teardown),
        cmocka_unit_test_setup_teardown(a_meter_shows_what_is_little, setup, teardown),
        cmocka_unit_test_setup_teardown(a_spark_of_silence_is_flat, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
