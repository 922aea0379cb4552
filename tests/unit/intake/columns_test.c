/* columns_test.c - logs whose columns stand apart by white space. */
#include "intake/parse_world.h"

#define CDNOW                                                                                      \
    "member=name:$1,at=date:$3:%Y%m%d,amount=decimal:$5,kind=const:order.paid,props.cds=number:$4"

static void parse_columns(struct world *w, const char *map, const char *text)
{
    world_init(w, IMPORT_COLUMNS);
    w->options.map = map;
    world_parse(w, text);
}

static void columns_are_counted_from_one(void **state)
{
    (void)state;
    struct world w;
    parse_columns(&w, CDNOW,
                  " 00004 0001 19970101  2   29.33\n\t00021\t0002 19970101 3 63.34 \r\n\n");
    expect_sound(&w, 2, 0);
    expect_who(fact_at(&w, 0), IDENTITY_NAME, "00004");
    expect_at(fact_at(&w, 0), "1997-01-01T00:00:00+08:00");
    assert_int_equal(fact_at(&w, 0)->amount, 2933);
    expect_number(fact_at(&w, 0), "cds", 2);
    assert_int_equal(fact_at(&w, 1)->amount, 6334);
    world_finish(&w);
}

static void the_first_line_names_columns_when_the_map_does(void **state)
{
    (void)state;
    struct world w;
    parse_columns(&w, "member=user:who,at=epoch_is_no_type:when", "who when\nu1 1\n");
    assert_int_equal(w.err, ERR_INVALID);
    world_finish(&w);
    parse_columns(&w, "member=user:who,at=date:when:epoch", "\nwho  when\nu1 86400\n");
    expect_sound(&w, 1, 0);
    assert_int_equal(fact_at(&w, 0)->at, 86400000);
    world_finish(&w);
    parse_columns(&w, "member=user:who,at=date:then", "who when\nu1 86400\n");
    assert_int_equal(w.err, ERR_INVALID);
    assert_int_equal(w.why.msg, MSG_MAP_COLUMN);
    world_finish(&w);
}

static void short_lines_miss_what_they_lack(void **state)
{
    (void)state;
    struct world w;
    parse_columns(&w, CDNOW, "00004 0001\n00004 0001 19970101\n00004 0001 1997x101 2 5\n");
    expect_sound(&w, 1, 2);
    assert_true(fact_at(&w, 0)->amount == HISTORY_NO_AMOUNT);
    assert_string_equal(reject_at(&w, 0)->why.field, "at");
    assert_int_equal(reject_at(&w, 1)->column, 3);
    world_finish(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_counted_from_one),
        cmocka_unit_test(the_first_line_names_columns_when_the_map_does),
        cmocka_unit_test(short_lines_miss_what_they_lack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
