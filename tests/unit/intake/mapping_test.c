/* mapping_test.c - the map language: its entries, escapes and errors. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "intake/mapping.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct mapping *parse(struct arena *a, const char *text, const char *as)
{
    struct mapping *m = arena_alloc(a, sizeof(*m));
    struct why why = {0};
    char said[600];
    if (mapping_parse(a, str_of(text), as, m, &why) == ERR_OK) return m;
    why_text(&why, LANG_EN, said, sizeof(said));
    fail_msg("%s", said);
    return NULL;
}

static void expect_str(struct str got, const char *want)
{
    if (!str_is(got, want)) fail_msg("got \"" STR_FMT "\", want \"%s\"", STR_ARG(got), want);
}

static void the_entries_of_the_manual_are_read(void **state)
{
    (void)state;
    struct arena *a = arena_create(0);
    struct mapping *m = parse(a,
                              "member=name:$1,at=date:$3:%Y%m%d,amount=decimal:$5,kind=const:order."
                              "paid,props.cds=number:$4",
                              NULL);
    assert_int_equal(m->count, 5);
    assert_int_equal(m->entries[0].target, TARGET_MEMBER);
    assert_int_equal(m->entries[0].type, VALUE_IDENTITY);
    assert_int_equal(m->entries[0].identity, IDENTITY_NAME);
    assert_int_equal(m->entries[0].column, 1);
    assert_int_equal(m->entries[1].target, TARGET_AT);
    assert_int_equal(m->entries[1].format.style, DATE_PATTERN);
    expect_str(m->entries[1].format.pattern, "%Y%m%d");
    assert_int_equal(m->entries[2].type, VALUE_DECIMAL);
    assert_int_equal(m->entries[2].column, 5);
    expect_str(m->entries[3].source, "order.paid");
    assert_int_equal(m->entries[4].target, TARGET_PROP);
    expect_str(m->entries[4].name, "cds");
    assert_false(mapping_wants_headers(m));
    assert_true(m->has_at && m->has_kind);
    arena_destroy(a);
}

static void every_target_and_type_is_known(void **state)
{
    (void)state;
    struct arena *a = arena_create(0);
    struct mapping *m =
        parse(a,
              "id=text:i,at=date:t,kind=status:s,amount=integer:a,member=user:u,"
              "member=phone:p,other=wecom:w,group=text:g,touchpoint=const:t1,"
              "campaign=text:c,content=text:n,staff=text:f,props.a=integer:x,"
              "props.b=decimal:x,props.c=date:x:iso,props.d=const:x,trait.a=number:y",
              NULL);
    assert_int_equal(m->count, 17);
    assert_int_equal(m->entries[8].dim, DIM_TOUCHPOINT);
    assert_int_equal(m->entries[11].dim, DIM_STAFF);
    assert_int_equal(m->entries[16].target, TARGET_TRAIT);
    assert_true(mapping_wants_headers(m));
    arena_destroy(a);
}

static void escapes_and_the_rest_of_a_format_stay_whole(void **state)
{
    (void)state;
    struct arena *a = arena_create(0);
    struct mapping *m = parse(
        a, "props.a=text:x\\,y\\:z\\=\\\\, at=date:when:%H:%M:%S %Y ,\nprops.b=text:a=b", NULL);
    assert_int_equal(m->count, 3);
    expect_str(m->entries[0].source, "x,y:z=\\");
    expect_str(m->entries[1].format.pattern, "%H:%M:%S %Y");
    expect_str(m->entries[2].source, "a=b");
    arena_destroy(a);
}

static void a_file_has_an_entry_a_line_and_remarks(void **state)
{
    (void)state;
    struct arena *a = arena_create(0);
    struct mapping *m =
        parse(a, "\xEF\xBB\xBF# of the till\nmember=user:u\r\n\n  at=date:t\n", "order.paid");
    assert_int_equal(m->count, 3);
    expect_str(m->entries[2].source, "order.paid");
    assert_int_equal(m->entries[2].type, VALUE_CONST);
    arena_destroy(a);
}

static void what_stands_in_comes_right_behind_wherever_it_stood(void **state)
{
    (void)state;
    struct arena *a = arena_create(0);
    struct mapping *m = parse(a,
                              "member?=phone:b,at?=date:lone,props.x=text:x,member=phone:a,"
                              "member?=phone:c,member=user:u,refund=decimal:r,tags=text:t",
                              NULL);
    static const char *const order[] = {"lone", "x", "a", "b", "c", "u", "r", "t"};
    assert_int_equal(m->count, COUNT(order));
    for (size_t i = 0; i < COUNT(order); i++) {
        expect_str(m->entries[i].source, order[i]);
        assert_int_equal(m->entries[i].instead, i == 3 || i == 4);
    }
    arena_destroy(a);
}

static void errors_say_what_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum msg msg;
    } list[] = {
        {"member", MSG_MAP_SYNTAX},
        {"member=name", MSG_MAP_SYNTAX},
        {"member=name:", MSG_MAP_SYNTAX},
        {"=text:x", MSG_MAP_TARGET},
        {"seq=text:x", MSG_MAP_TARGET},
        {"origin=text:x", MSG_MAP_TARGET},
        {"received_at=date:x", MSG_MAP_TARGET},
        {"props.=text:x", MSG_MAP_TARGET},
        {"props=text:x", MSG_MAP_TARGET},
        {"member=text:x", MSG_MAP_IDENTITY},
        {"other=nick:x", MSG_MAP_IDENTITY},
        {"props.a=money:x", MSG_MAP_TYPE},
        {"at=text:x", MSG_MAP_TYPE_HERE},
        {"amount=number:x", MSG_MAP_TYPE_HERE},
        {"kind=date:x", MSG_MAP_TYPE_HERE},
        {"group=date:x", MSG_MAP_TYPE_HERE},
        {"props.a=status:x", MSG_MAP_TYPE_HERE},
        {"tags=number:x", MSG_MAP_TYPE_HERE},
        {"refund=text:x", MSG_MAP_TYPE_HERE},
        {"message=date:x", MSG_MAP_TYPE_HERE},
        {"birthday=text:x", MSG_MAP_TYPE_HERE},
        {"props.a=text:x:y", MSG_MAP_NO_FORMAT},
        {"kind=const:a:b", MSG_MAP_NO_FORMAT},
        {"at=date:x:%Q", MSG_MAP_FORMAT},
        {"at=date:x:", MSG_MAP_FORMAT},
        {"at=date:x,at=date:y", MSG_MAP_TWICE},
        {"props.a=text:x,props.a=text:y", MSG_MAP_TWICE},
        {"kind=const:Order Paid", MSG_BAD_KIND},
        {"props.a=text:\\x", MSG_MAP_ESCAPE},
        {"props.a=text:x\\", MSG_MAP_ESCAPE},
        {"props.a=text:$0", MSG_MAP_COLUMN},
        {"props.a=text:$4097", MSG_MAP_COLUMN},
    };
    for (size_t i = 0; i < COUNT(list); i++) {
        struct arena *a = arena_create(0);
        struct mapping *m = arena_alloc(a, sizeof(*m));
        struct why why = {0};
        assert_int_equal(mapping_parse(a, str_of(list[i].text), NULL, m, &why), ERR_INVALID);
        if (why.msg != list[i].msg) fail_msg("%s: message %d", list[i].text, (int)why.msg);
        assert_string_equal(why.field, "--map");
        arena_destroy(a);
    }
}

static void a_kind_stands_in_one_place(void **state)
{
    (void)state;
    struct arena *a = arena_create(0);
    struct mapping *m = arena_alloc(a, sizeof(*m));
    struct why why = {0};
    assert_int_equal(mapping_parse(a, STR("kind=const:a"), "b", m, &why), ERR_INVALID);
    assert_int_equal(why.msg, MSG_MAP_AS);
    arena_destroy(a);
}

static void too_many_entries_are_refused(void **state)
{
    (void)state;
    struct arena *a = arena_create(0);
    struct mapping *m = arena_alloc(a, sizeof(*m));
    struct why why = {0};
    struct strbuf b = {0};
    for (int i = 0; i <= LIMIT_MAP_ENTRIES; i++)
        strbuf_addf(&b, "props.p%d=text:x,", i);
    assert_int_equal(mapping_parse(a, strbuf_str(&b), NULL, m, &why), ERR_INVALID);
    assert_int_equal(why.msg, MSG_TOO_MANY);
    strbuf_finish(&b);
    arena_destroy(a);
}

static void a_dollar_that_is_no_number_is_a_header(void **state)
{
    (void)state;
    struct arena *a = arena_create(0);
    struct mapping *m = parse(a, "props.a=text:$price", NULL);
    assert_int_equal(m->entries[0].column, 0);
    expect_str(m->entries[0].source, "$price");
    arena_destroy(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_entries_of_the_manual_are_read),
        cmocka_unit_test(every_target_and_type_is_known),
        cmocka_unit_test(escapes_and_the_rest_of_a_format_stay_whole),
        cmocka_unit_test(a_file_has_an_entry_a_line_and_remarks),
        cmocka_unit_test(what_stands_in_comes_right_behind_wherever_it_stood),
        cmocka_unit_test(errors_say_what_is_wrong),
        cmocka_unit_test(a_kind_stands_in_one_place),
        cmocka_unit_test(too_many_entries_are_refused),
        cmocka_unit_test(a_dollar_that_is_no_number_is_a_header),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
