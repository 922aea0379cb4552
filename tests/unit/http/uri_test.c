/* uri_test.c - percent decoding and query strings. */
#include "http/client.h"

#include "base/limits.h"
#include "http/uri.h"

static int setup(void **state)
{
    *state = arena_create(0);
    return 0;
}

static int teardown(void **state)
{
    arena_destroy(*state);
    return 0;
}

static void expect_decoded(struct arena *a, const char *raw, bool plus, const char *wanted)
{
    struct str out = {NULL, 0};
    struct why why;
    assert_int_equal(uri_decode(a, str_of(raw), plus, "path", &out, &why), ERR_OK);
    assert_true(str_is(out, wanted));
}

static void escapes_are_undone(void **state)
{
    expect_decoded(*state, "", false, "");
    expect_decoded(*state, "plain", false, "plain");
    expect_decoded(*state, "%41%6a%4A", false, "AjJ");
    expect_decoded(*state, "a+b%20c", false, "a+b c");
    expect_decoded(*state, "a+b%20c%2B", true, "a b c+");
    expect_decoded(*state, "%E7%BE%A4", false, "群");
    expect_decoded(*state, "%25%32%35", false, "%25");
}

static void broken_text_is_refused(void **state)
{
    static const char *const broken[] = {"%",         "%4",           "a%",    "%zz", "%-1",
                                         "% 1",       "%00",          "a%00b", "%ff", "%c0%af",
                                         "%ed%a0%80", "%f4%90%80%80", "\xff"};
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        struct str out = STR("untouched");
        struct why why = {0};
        assert_int_equal(uri_decode(*state, str_of(broken[i]), true, "path", &out, &why),
                         ERR_INVALID);
        assert_string_equal(why.field, "path");
        assert_true(str_is(out, "untouched"));
    }
}

static void a_query_is_split_and_decoded(void **state)
{
    struct fields f;
    struct why why;
    assert_int_equal(uri_query(*state, STR("a=1&b=x%26y&&c&d=&=e&f=g=h"), &f, &why), ERR_OK);
    assert_int_equal(f.count, 6);
    assert_true(str_is(fields_get(&f, "a"), "1"));
    assert_true(str_is(fields_get(&f, "b"), "x&y"));
    assert_true(str_is(fields_get(&f, ""), "e"));
    assert_true(str_is(fields_get(&f, "f"), "g=h"));
    assert_non_null(fields_get(&f, "c").p);
    assert_int_equal(fields_get(&f, "d").len, 0);
    assert_null(fields_get(&f, "A").p);
    assert_true(str_is(fields_get_fold(&f, "A"), "1"));
    assert_int_equal(uri_query(*state, (struct str){NULL, 0}, &f, &why), ERR_OK);
    assert_int_equal(f.count, 0);
}

static void a_repeated_name_is_refused(void **state)
{
    struct fields f = {NULL, 7};
    struct why why = {0};
    assert_int_equal(uri_query(*state, STR("aa=1&b=2&%61a=3"), &f, &why), ERR_INVALID);
    assert_string_equal(why.field, "aa");
    assert_int_equal(f.count, 7);
}

static void too_many_names_are_refused(void **state)
{
    struct strbuf text = {0};
    struct fields f;
    struct why why;
    for (int i = 0; i < LIMIT_QUERY_PARAMS; i++) {
        strbuf_addf(&text, "n%d=%d&", i, i);
    }
    assert_int_equal(uri_query(*state, strbuf_str(&text), &f, &why), ERR_OK);
    assert_int_equal(f.count, LIMIT_QUERY_PARAMS);
    strbuf_add_text(&text, "more");
    assert_int_equal(uri_query(*state, strbuf_str(&text), &f, &why), ERR_INVALID);
    strbuf_finish(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(escapes_are_undone, setup, teardown),
        cmocka_unit_test_setup_teardown(broken_text_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_query_is_split_and_decoded, setup, teardown),
        cmocka_unit_test_setup_teardown(a_repeated_name_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(too_many_names_are_refused, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
