/* postgres_value_test.c - wire forms, without a server. */
#include "store.h"

#include <math.h>
#include <string.h>

#include "sql/postgres_value.h"

#define WIRE(literal) STR(literal)

static void whole_numbers_take_the_size_of_their_type(void **state)
{
    (void)state;
    struct strbuf out = {0};
    bool binary = false;
    const struct {
        uint32_t type;
        int64_t v;
        struct str wire;
        bool ok;
    } cases[] = {
        {TYPE_INT8, -2, WIRE("\xff\xff\xff\xff\xff\xff\xff\xfe"), true},
        {TYPE_INT8, INT64_MIN, WIRE("\x80\0\0\0\0\0\0\0"), true},
        {TYPE_INT4, 258, WIRE("\0\0\1\2"), true},
        {TYPE_INT4, INT32_MIN, WIRE("\x80\0\0\0"), true},
        {TYPE_INT4, (int64_t)INT32_MAX + 1, WIRE(""), false},
        {TYPE_INT4, (int64_t)INT32_MIN - 1, WIRE(""), false},
        {TYPE_INT2, -1, WIRE("\xff\xff"), true},
        {TYPE_INT2, 32768, WIRE(""), false},
        {TYPE_BOOL, 1, WIRE("\1"), true},
        {TYPE_BOOL, 2, WIRE(""), false},
        {TYPE_FLOAT8, 1, WIRE("\x3f\xf0\0\0\0\0\0\0"), true},
        {TYPE_BYTEA, 1, WIRE(""), false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct value v = {.kind = VALUE_INT, .i = cases[i].v};
        assert_int_equal(postgres_encode(cases[i].type, &v, &out, &binary), cases[i].ok);
        if (!cases[i].ok) continue;
        assert_true(binary);
        assert_str(strbuf_str(&out), cases[i].wire);
        assert_true(postgres_int(cases[i].type, strbuf_str(&out)) == cases[i].v);
    }
    assert_true(
        postgres_encode(TYPE_TEXT, &(struct value){.kind = VALUE_INT, .i = -12}, &out, &binary));
    assert_false(binary);
    assert_str(strbuf_str(&out), STR("-12"));
    strbuf_finish(&out);
}

static void a_real_becomes_a_whole_number_only_when_it_is_one(void **state)
{
    (void)state;
    struct strbuf out = {0};
    bool binary = false;
    static const double bad[] = {0.5, 9223372036854775808.0, -1e300, INFINITY, -INFINITY};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct value v = {.kind = VALUE_DOUBLE, .d = bad[i]};
        assert_false(postgres_encode(TYPE_INT8, &v, &out, &binary));
        assert_true(postgres_encode(TYPE_FLOAT8, &v, &out, &binary));
        assert_true(postgres_double(TYPE_FLOAT8, strbuf_str(&out)) == bad[i]);
    }
    struct value v = {.kind = VALUE_DOUBLE, .d = -9223372036854775808.0};
    assert_true(postgres_encode(TYPE_INT8, &v, &out, &binary));
    assert_true(postgres_int(TYPE_INT8, strbuf_str(&out)) == INT64_MIN);
    assert_true(postgres_int(TYPE_FLOAT8, WIRE("\x7f\xf0\0\0\0\0\0\0")) == INT64_MAX);
    assert_true(postgres_int(TYPE_FLOAT8, WIRE("\xff\xf0\0\0\0\0\0\0")) == INT64_MIN);
    assert_true(postgres_int(TYPE_FLOAT8, WIRE("\x7f\xf8\0\0\0\0\0\0")) == 0);
    assert_true(postgres_double(TYPE_FLOAT4, WIRE("\x3f\0\0\0")) == 0.5);
    strbuf_finish(&out);
}

static void text_is_a_number_only_when_all_of_it_is(void **state)
{
    (void)state;
    struct strbuf out = {0};
    bool binary = false;
    struct value v = {.kind = VALUE_TEXT, .bytes = STR("42")};
    assert_true(postgres_encode(TYPE_INT4, &v, &out, &binary));
    assert_str(strbuf_str(&out), WIRE("\0\0\0\x2a"));
    v.bytes = STR("42x");
    assert_false(postgres_encode(TYPE_INT8, &v, &out, &binary));
    assert_false(postgres_encode(TYPE_FLOAT8, &v, &out, &binary));
    assert_false(postgres_encode(TYPE_NUMERIC, &v, &out, &binary));
    assert_true(postgres_encode(TYPE_BYTEA, &v, &out, &binary));
    assert_str(strbuf_str(&out), STR("42x"));
    v = (struct value){.kind = VALUE_BLOB, .bytes = STR("\xff\0")};
    assert_true(postgres_encode(TYPE_BYTEA, &v, &out, &binary));
    assert_str(strbuf_str(&out), STR("\xff\0"));
    assert_false(postgres_encode(TYPE_TEXT, &v, &out, &binary));
    assert_false(postgres_encode(TYPE_INT8, &v, &out, &binary));
    strbuf_finish(&out);
}

static void numerics_are_read_digit_by_digit(void **state)
{
    (void)state;
    struct strbuf scratch = {0};
    const struct {
        struct str wire;
        const char *text;
        int64_t i;
        double d;
    } cases[] = {
        {WIRE("\0\0\0\0\0\0\0\0"), "0", 0, 0},
        {WIRE("\0\0\0\0\0\0\0\2"), "0.00", 0, 0},
        {WIRE("\0\2\0\0\0\0\0\2\0\x0c\x13\x88"), "12.50", 12, 12.5},
        {WIRE("\0\1\xff\xff\x40\0\0\4\0\1"), "-0.0001", 0, -0.0001},
        {WIRE("\0\1\xff\xfe\0\0\0\6\0\x64"), "0.000001", 0, 0.000001},
        {WIRE("\0\1\0\2\0\0\0\0\0\5"), "500000000", 500000000, 5e8},
        {WIRE("\0\5\0\5\0\0\0\0\x03\x9a\x0d\x05\x01\x70\x1e\x11\x16\xaf"),
         "92233330368769758070000", INT64_MAX, 92233330368769758070000.0},
        {WIRE("\0\5\0\5\x40\0\0\0\x03\x9a\x0d\x05\x01\x70\x1e\x11\x16\xaf"),
         "-92233330368769758070000", INT64_MIN, -92233330368769758070000.0},
        {WIRE("\0\5\0\4\0\0\0\0\0\1\0\0\0\0\0\0\0\1"), "10000000000000001", 10000000000000001,
         1e16},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct str text = postgres_bytes(TYPE_NUMERIC, cases[i].wire, &scratch);
        assert_str(text, str_of(cases[i].text));
        assert_true(postgres_int(TYPE_NUMERIC, cases[i].wire) == cases[i].i);
        assert_true(postgres_double(TYPE_NUMERIC, cases[i].wire) == cases[i].d);
    }
    /* NaN, and replies cut short: a number all the same, and no read past the end */
    assert_true(postgres_int(TYPE_NUMERIC, WIRE("\0\0\0\0\xc0\0\0\0")) == 0);
    assert_true(postgres_int(TYPE_NUMERIC, WIRE("\0\4\0\1\0\0\0\0\0\1")) == 10000);
    assert_true(postgres_int(TYPE_NUMERIC, WIRE("\0\1")) == 0);
    assert_true(postgres_int(TYPE_INT8, WIRE("\0\1")) == 0);
    assert_true(postgres_double(TYPE_FLOAT8, WIRE("")) == 0);
    strbuf_finish(&scratch);
}

static void types_that_cannot_be_read_are_known_as_such(void **state)
{
    (void)state;
    assert_true(postgres_type_known(TYPE_TEXT));
    assert_true(postgres_type_known(TYPE_NUMERIC));
    assert_false(postgres_type_known(1184)); /* timestamptz */
    assert_false(postgres_type_known(1007)); /* int4[] */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_numbers_take_the_size_of_their_type),
        cmocka_unit_test(a_real_becomes_a_whole_number_only_when_it_is_one),
        cmocka_unit_test(text_is_a_number_only_when_all_of_it_is),
        cmocka_unit_test(numerics_are_read_digit_by_digit),
        cmocka_unit_test(types_that_cannot_be_read_are_known_as_such),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
