/* keys_test.c - numbering values of every kind of field. */
#include "insight/run.h"

#include <math.h>

#include "insight/keys.h"

static struct run run;

static uint32_t number_of(struct keys *k, double value)
{
    return keys_add(k, &(struct key){.type = KEY_NUMBER, .number = value});
}

static uint32_t integer_of(struct keys *k, int64_t value)
{
    return keys_add(k, &(struct key){.type = KEY_INT, .integer = value});
}

static void equal_values_have_one_number(void **state)
{
    (void)state;
    const struct key_field field = {.source = KEYS_AMOUNT};
    struct keys *k = keys_create(&field);
    static const int64_t values[] = {0, 1, -1, 4095, 4096, INT64_MAX, INT64_MIN + 1};
    for (uint32_t round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < 7; i++) {
            assert_int_equal(integer_of(k, values[i]), i + 1);
        }
    }
    assert_int_equal(keys_count(k), 8);
    assert_int_equal(keys_get(k, 3)->integer, -1);
    assert_int_equal(keys_get(k, 0)->type, KEY_NULL);
    keys_destroy(k);
    keys_destroy(NULL);
}

static void zeros_of_both_signs_are_one(void **state)
{
    (void)state;
    const struct key_field field = {.source = KEYS_PROP, .place = {-1, -1, -1}};
    struct keys *k = keys_create(&field);
    assert_int_equal(number_of(k, 0.0), number_of(k, -0.0));
    assert_int_not_equal(number_of(k, 0.0), number_of(k, 1e-300));
    assert_int_equal(keys_count(k), 3);
    keys_destroy(k);
}

static void a_frozen_set_takes_nothing_more(void **state)
{
    (void)state;
    const struct key_field field = {.source = KEYS_DIM, .dim = DIM_GROUP};
    struct keys *k = keys_create(&field);
    uint32_t seven = integer_of(k, 7);
    keys_freeze(k);
    assert_int_equal(integer_of(k, 8), KEYS_REST);
    assert_int_equal(integer_of(k, 8), KEYS_REST);
    assert_int_equal(integer_of(k, 5000), KEYS_REST);
    assert_int_equal(integer_of(k, 7), seven);
    assert_int_equal(keys_add(k, &(struct key){.type = KEY_TEXT, .text = STR("x")}), KEYS_REST);
    assert_int_equal(keys_add(k, &(struct key){.type = KEY_BOOL, .integer = 1}), KEYS_REST);
    assert_int_equal(keys_add(k, &(struct key){.type = KEY_NULL}), 0);
    assert_int_equal(keys_count(k), 2);
    keys_destroy(k);
}

static void texts_are_known_by_their_bytes_from_run_to_run(void **state)
{
    (void)state;
    struct key_field field = {.source = KEYS_PROP, .place = {0, -1, -1}};
    struct keys *k = keys_create(&field);
    uint32_t text[2] = {1, 2};
    struct str first[] = {{NULL, 0}, {"a", 1}, {"b", 1}};
    struct str second[] = {{NULL, 0}, {"b", 1}, {"c", 1}};
    struct prop_column column = {
        .type = PROP_TEXT, .text = text, .strings = first, .string_count = 3};
    struct history h = {.prop_count = 1, .props = &column};
    keys_begin(k);
    assert_int_equal(keys_row(k, &h, 0), 1);
    assert_int_equal(keys_row(k, &h, 1), 2);
    column.strings = second;
    keys_begin(k);
    assert_int_equal(keys_row(k, &h, 0), 2); /* "b" again, under another number of the run */
    assert_int_equal(keys_row(k, &h, 1), 3);
    text[0] = 0;
    assert_int_equal(keys_row(k, &h, 0), 0);
    assert_true(str_is(keys_get(k, 3)->text, "c"));
    keys_destroy(k);
}

static void a_name_may_have_values_of_several_types(void **state)
{
    (void)state;
    struct key_field field = {.source = KEYS_PROP, .place = {0, 1, 2}};
    struct keys *k = keys_create(&field);
    uint32_t text[] = {1, 0, 0, 0};
    double number[] = {NAN, 1, NAN, NAN};
    double boolean[] = {NAN, NAN, 1, NAN};
    struct str strings[] = {{NULL, 0}, {"1", 1}};
    struct prop_column columns[] = {
        {.type = PROP_TEXT, .text = text, .strings = strings, .string_count = 2},
        {.type = PROP_NUMBER, .number = number},
        {.type = PROP_BOOL, .number = boolean}};
    struct history h = {.prop_count = 3, .props = columns};
    keys_begin(k);
    for (uint32_t row = 0; row < 3; row++) {
        assert_int_equal(keys_row(k, &h, row), row + 1);
        assert_int_equal(keys_row(k, &h, row), row + 1);
    }
    assert_int_equal(keys_row(k, &h, 3), 0);
    assert_int_equal(keys_get(k, 1)->type, KEY_TEXT);
    assert_int_equal(keys_get(k, 2)->type, KEY_NUMBER);
    assert_int_equal(keys_get(k, 3)->type, KEY_BOOL);
    keys_destroy(k);
}

static void more_texts_than_the_cache_holds_keep_their_numbers(void **state)
{
    (void)state;
    enum { COUNT = 20000 };
    struct key_field field = {.source = KEYS_PROP, .place = {0, -1, -1}};
    struct keys *k = keys_create(&field);
    struct str *strings = mem_alloc_array(COUNT + 1, sizeof(*strings));
    char(*bytes)[8] = mem_alloc_array(COUNT + 1, sizeof(*bytes));
    uint32_t *text = mem_alloc_array(COUNT, sizeof(*text));
    for (uint32_t i = 1; i <= COUNT; i++) {
        int len = snprintf(bytes[i], sizeof(bytes[i]), "t%u", i);
        strings[i] = (struct str){bytes[i], (size_t)len};
        text[i - 1] = i;
    }
    struct prop_column column = {
        .type = PROP_TEXT, .text = text, .strings = strings, .string_count = COUNT + 1};
    struct history h = {.prop_count = 1, .props = &column};
    keys_begin(k);
    for (int round = 0; round < 2; round++) {
        for (uint32_t row = 0; row < COUNT; row++) {
            assert_int_equal(keys_row(k, &h, row), row + 1);
        }
    }
    assert_true(keys_bytes(k) > COUNT * 8);
    keys_destroy(k);
    mem_free(strings);
    mem_free(bytes);
    mem_free(text);
}

static void times_are_read_in_the_zone(void **state)
{
    (void)state;
    struct key_field field = {.source = KEYS_HOUR, .zone = zone_open("Asia/Shanghai")};
    run_reset(&run);
    run_member(&run, 1);
    run_row(&run, 0, 1, 1); /* 08:00 on Thursday, 1970-01-01 */
    run_row(&run, 20 * TIME_HOUR, 1, 1);
    struct sight s = run_part(&run, 0, 1);
    static const enum key_source sources[] = {KEYS_HOUR, KEYS_WEEKDAY, KEYS_DAY, KEYS_AT};
    static const int64_t want[][2] = {{8, 4}, {4, 5}, {0, 1}, {0, 20 * TIME_HOUR}};
    for (int i = 0; i < 4; i++) {
        field.source = sources[i];
        struct keys *k = keys_create(&field);
        for (uint32_t row = 0; row < 2; row++) {
            uint32_t id = keys_row(k, s.h, row);
            assert_int_equal(keys_get(k, id)->integer, want[i][row]);
        }
        keys_destroy(k);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_values_have_one_number),
        cmocka_unit_test(zeros_of_both_signs_are_one),
        cmocka_unit_test(a_frozen_set_takes_nothing_more),
        cmocka_unit_test(texts_are_known_by_their_bytes_from_run_to_run),
        cmocka_unit_test(a_name_may_have_values_of_several_types),
        cmocka_unit_test(more_texts_than_the_cache_holds_keep_their_numbers),
        cmocka_unit_test(times_are_read_in_the_zone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
