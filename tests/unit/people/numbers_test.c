/* numbers_test.c - the table of the numbers that a brand may change. */
#include "people/numbers.h"

#include "fold_help.h"

static void every_number_has_a_name_words_and_a_default_within_its_bounds(void **unused)
{
    (void)unused;
    for (const struct number *of = numbers_table; of->name; of++) {
        assert_in_range(of->usual, of->least, of->most);
        assert_ptr_equal(numbers_find(str_of(of->name)), of);
        for (int lang = LANG_EN; lang <= LANG_ZH; lang++) {
            assert_true(strlen(of->label[lang]) > 0);
            assert_true(strlen(of->help[lang]) > 0);
        }
        for (const struct number *other = of + 1; other->name; other++)
            assert_true(other->place != of->place);
    }
    assert_null(numbers_find(STR("dormant")));
}

static void the_defaults_are_those_of_the_definitions(void **unused)
{
    (void)unused;
    struct numbers n;
    struct why why = {0};
    numbers_default(&n);
    assert_int_equal(n.rules.dormant_days, 14);
    assert_int_equal(n.rules.familiar_staff, 2);
    assert_false(numbers_have_cuts(&n));
    assert_int_equal(numbers_check(&n, &why), ERR_OK);
}

static void a_number_out_of_its_bounds_is_named(void **unused)
{
    (void)unused;
    for (const struct number *of = numbers_table; of->name; of++) {
        struct numbers n;
        struct why why = {0};
        numbers_default(&n);
        numbers_set(&n, of, of->most + 1);
        assert_int_equal(numbers_get(&n, of), of->most + 1);
        assert_int_equal(numbers_check(&n, &why), ERR_INVALID);
        assert_string_equal(why.field, of->name);
        numbers_set(&n, of, of->least - 1);
        assert_int_equal(numbers_check(&n, &why), ERR_INVALID);
        assert_string_equal(why.field, of->name);
    }
}

static void more_days_than_the_window_has_are_refused(void **unused)
{
    (void)unused;
    struct numbers n;
    struct why why = {0};
    numbers_default(&n);
    n.rules.window_days = 7;
    n.rules.active_days = 8;
    assert_int_equal(numbers_check(&n, &why), ERR_INVALID);
    assert_string_equal(why.field, "active_days");
    n.rules.active_days = 7;
    assert_int_equal(numbers_check(&n, &why), ERR_OK);
}

static void cuts_are_all_set_and_in_order_or_none(void **unused)
{
    (void)unused;
    static const int good[3][RFM_NUMBER_CUTS] = {
        {30, 60, 90, 180}, {2, 3, 5, 9}, {10000, 30000, 50000, 90000}};
    struct numbers n;
    struct why why = {0};
    numbers_default(&n);
    memcpy(n.rfm, good, sizeof(good));
    assert_int_equal(numbers_check(&n, &why), ERR_OK);
    assert_true(numbers_have_cuts(&n));
    n.rfm[0][1] = 20;
    assert_int_equal(numbers_check(&n, &why), ERR_INVALID);
    assert_string_equal(why.field, "rfm_r_2");
    memcpy(n.rfm, good, sizeof(good));
    n.rfm[2][3] = 0;
    assert_int_equal(numbers_check(&n, &why), ERR_INVALID);
    assert_string_equal(why.field, "rfm_m_4");
    memcpy(n.rfm, good, sizeof(good));
    n.rfm[1][2] = 3;
    assert_int_equal(numbers_check(&n, &why), ERR_INVALID);
    assert_string_equal(why.field, "rfm_f_3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_number_has_a_name_words_and_a_default_within_its_bounds),
        cmocka_unit_test(the_defaults_are_those_of_the_definitions),
        cmocka_unit_test(a_number_out_of_its_bounds_is_named),
        cmocka_unit_test(more_days_than_the_window_has_are_refused),
        cmocka_unit_test(cuts_are_all_set_and_in_order_or_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
