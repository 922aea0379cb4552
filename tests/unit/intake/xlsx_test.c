/* xlsx_test.c - what cells say, and the XML they come from. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "base/mem.h"
#include "intake/xlsx_cell.h"
#include "intake/xml.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void test_formats_tell_dates_from_numbers(void **state)
{
    static const struct {
        const char *code;
        enum cell_form form;
    } list[] = {
        {"General", CELL_NUMBER},
        {"0.00E+00", CELL_NUMBER},
        {"yyyy/m/d", CELL_DATE},
        {"YYYY\"年\"M\"月\"", CELL_DATE},
        {"[$-804]yyyy/m/d h:mm", CELL_DATE},
        {"h:mm AM/PM", CELL_TIME},
        {"mm:ss", CELL_TIME},
        {"[h]:mm:ss", CELL_NUMBER},
        {"[HH]:mm", CELL_NUMBER},
        {"[Red]0.00;yyyy", CELL_NUMBER},
        {"\"days\" 0", CELL_NUMBER},
        {"\\d0", CELL_NUMBER},
        {"_d*h0", CELL_NUMBER},
        {"mmm", CELL_DATE},
        {"\"open", CELL_NUMBER},
        {"[open", CELL_NUMBER},
        {"\\", CELL_NUMBER},
        {"", CELL_NUMBER},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(list); i++)
        assert_int_equal(cell_form_of(str_of(list[i].code)), list[i].form);
    assert_int_equal(cell_form_known(14), CELL_DATE);
    assert_int_equal(cell_form_known(20), CELL_TIME);
    assert_int_equal(cell_form_known(46), CELL_NUMBER);
    assert_int_equal(cell_form_known(UINT64_MAX), CELL_NUMBER);
}

static void test_numbers_keep_their_digits(void **state)
{
    static const char *const list[][2] = {
        {"0", "0"},
        {"-7", "-7"},
        {"13800138000", "13800138000"},
        {"1.3800138E10", "13800138000"},
        {"123456789012345678901234", "123456789012345678901234"},
        {"1.2345678901234499E+17", "123456789012345000"},
        {"0.10000000000000001", "0.1"},
        {"12.5", "12.5"},
        {"1E-7", "0.0000001"},
        {"1.25E-3", "0.00125"},
        {"1E-8", "1E-8"},
        {"-1.5E+30", "-1.5E+30"},
        {"1E20", "100000000000000000000"},
        {"1E21", "1E+21"},
        {"0.0", "0"},
        {"1E999", "1E999"},
        {"abc", "abc"},
        {" 4 ", "4"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(list); i++) {
        struct strbuf out = {0};
        cell_add_number(str_of(list[i][0]), &out);
        assert_string_equal(out.p, list[i][1]);
        strbuf_finish(&out);
    }
}

static void test_days_are_counted_as_spreadsheets_do(void **state)
{
    static const struct {
        const char *raw, *shown;
        enum cell_form form;
        bool from1904;
    } list[] = {
        {"1", "1900-01-01", CELL_DATE, false},
        {"59", "1900-02-28", CELL_DATE, false},
        {"61", "1900-03-01", CELL_DATE, false},
        {"45296", "2024-01-05", CELL_DATE, false},
        {"45296.377083333333", "2024-01-05 09:03:00", CELL_DATE, false},
        {"45296.9999999999", "2024-01-06", CELL_DATE, false},
        {"45296.0000115856", "2024-01-05 00:00:01.001", CELL_DATE, false},
        {"43834", "2024-01-05", CELL_DATE, true},
        {"0", "1904-01-01", CELL_DATE, true},
        {"0", "0", CELL_DATE, false},
        {"0.25", "06:00:00", CELL_TIME, false},
        {"1.25", "1900-01-01 06:00:00", CELL_TIME, false},
        {"-1", "-1", CELL_DATE, false},
        {"2958465", "9999-12-31", CELL_DATE, false},
        {"2958466", "2958466", CELL_DATE, false},
        {"45296", "45296", CELL_NUMBER, false},
        {"NaN", "NaN", CELL_DATE, false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(list); i++) {
        struct strbuf out = {0};
        cell_add_date(str_of(list[i].raw), list[i].form, list[i].from1904, &out);
        assert_string_equal(out.p, list[i].shown);
        strbuf_finish(&out);
    }
}

static void test_what_xml_has_no_place_for_is_undone(void **state)
{
    static const char *const list[][2] = {
        {"plain", "plain"}, {"a_x000D_b", "ab"},    {"_x005F_x000D_", "_x000D_"},
        {"_x0041_", "A"},   {"_x4E2D_", "_x4E2D_"}, {"_x00", "_x00"},
        {"_", "_"},         {"a_x0009_b", "a\tb"},  {"_xZZZZ_", "_xZZZZ_"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(list); i++) {
        struct strbuf out = {0};
        cell_add_text(str_of(list[i][0]), &out);
        assert_string_equal(out.p, list[i][1]);
        strbuf_finish(&out);
    }
}

/* ---- XML ---- */

struct seen {
    struct xml *x;
    struct strbuf text;
};

static void see_open(void *ctx, const char *name, const char *const *attributes)
{
    struct seen *s = ctx;
    struct str v = xml_attribute(attributes, "v");
    strbuf_addf(&s->text, "<%s" STR_FMT, name, STR_ARG(v));
    if (xml_is(name, "pause")) xml_pause(s->x);
    if (xml_is(name, "stop")) xml_stop(s->x);
}

static void see_close(void *ctx, const char *name)
{
    struct seen *s = ctx;
    strbuf_addf(&s->text, "%s>", name);
}

static void see_text(void *ctx, struct str text)
{
    strbuf_add_str(&((struct seen *)ctx)->text, text);
}

/* By pieces of 'step' bytes. */
static enum err read_xml(const char *text, size_t step, struct seen *s, struct why *why)
{
    const struct xml_handlers handlers = {see_open, see_close, see_text, s};
    struct str rest = str_of(text);
    enum err err = ERR_OK;
    s->x = xml_create(&handlers);
    while (err == ERR_OK) {
        size_t len = rest.len < step ? rest.len : step;
        err = xml_feed(s->x, (struct str){rest.p, len}, len == 0, why);
        while (err == ERR_OK && xml_paused(s->x))
            err = xml_resume(s->x, why);
        if (len == 0) break;
        rest = (struct str){rest.p + len, rest.len - len};
    }
    xml_destroy(s->x);
    return err;
}

static void test_xml_comes_whole_whatever_its_pieces(void **state)
{
    (void)state;
    for (size_t step = 1; step < 90; step += 7) {
        struct seen s = {0};
        struct why why = {0};
        const char *text = "<x:a y:v='1'><pause/>&amp;\xE4\xB8\xAD<b v='&#65;'>c</b></x:a>";
        assert_int_equal(read_xml(text, step, &s, &why), ERR_OK);
        assert_string_equal(s.text.p, "<a1<pausepause>&\xE4\xB8\xAD<bAcb>a>");
        strbuf_finish(&s.text);
    }
    struct seen s = {0};
    assert_int_equal(read_xml("<a><stop/><b></never>", 100, &s, NULL), ERR_OK);
    assert_string_equal(s.text.p, "<a<stop");
    strbuf_finish(&s.text);
}

static void test_xml_of_a_stranger_is_refused(void **state)
{
    static const struct {
        const char *text;
        enum msg msg;
    } list[] = {
        {"<!DOCTYPE a><a/>", MSG_XML_DOCTYPE},
        {"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", MSG_XML_DOCTYPE},
        {"<a>&b;</a>", MSG_XML_BROKEN},
        {"<a><b></a>", MSG_XML_BROKEN},
        {"<a>", MSG_XML_BROKEN},
        {"<a>\xff</a>", MSG_XML_BROKEN},
        {"", MSG_XML_BROKEN},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(list); i++) {
        struct seen s = {0};
        struct why why = {0};
        assert_int_equal(read_xml(list[i].text, 3, &s, &why), ERR_INVALID);
        assert_int_equal(why.msg, list[i].msg);
        strbuf_finish(&s.text);
    }
    char *tag = mem_alloc((size_t)9 << 20);
    memset(tag, 'a', ((size_t)9 << 20) - 1);
    tag[0] = '<';
    struct seen s = {0};
    struct why why = {0};
    assert_int_equal(read_xml(tag, (size_t)1 << 16, &s, &why), ERR_TOO_LARGE);
    assert_int_equal(why.msg, MSG_XML_MEMORY);
    strbuf_finish(&s.text);
    mem_free(tag);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_formats_tell_dates_from_numbers),
        cmocka_unit_test(test_numbers_keep_their_digits),
        cmocka_unit_test(test_days_are_counted_as_spreadsheets_do),
        cmocka_unit_test(test_what_xml_has_no_place_for_is_undone),
        cmocka_unit_test(test_xml_comes_whole_whatever_its_pieces),
        cmocka_unit_test(test_xml_of_a_stranger_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
