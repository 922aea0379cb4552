/* spreadsheet_test.c - a table as XLSX: cells as they were, pages that turn, nothing left behind.
 */
#include "api/spreadsheet.h"

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"

/* A file within the finished one, as text. */
static char *inside(const struct strbuf *file, const char *name)
{
    struct archive *a = archive_read_new();
    struct archive_entry *entry;
    char *text = NULL;
    archive_read_support_format_zip(a);
    assert_int_equal(archive_read_open_memory(a, file->p, file->len), ARCHIVE_OK);
    while (!text && archive_read_next_header(a, &entry) == ARCHIVE_OK) {
        if (strcmp(archive_entry_pathname(entry), name) != 0) continue;
        size_t size = 1 << 20;
        text = mem_alloc(size);
        assert_true(archive_read_data(a, text, size - 1) >= 0);
    }
    archive_read_free(a);
    return text;
}

static struct spreadsheet *create(const char *dir, uint32_t rows_max)
{
    const struct spreadsheet_options o = {
        .dir = dir, .tag = 7, .headers = "id,name", .rows_max = rows_max};
    struct spreadsheet *s = NULL;
    struct why why = {0};
    assert_int_equal(spreadsheet_create(&o, &s, &why), ERR_OK);
    return s;
}

static void expect(const char *text, const char *part)
{
    if (!strstr(text, part)) fail_msg("\"%s\" is not in %s", part, text);
}

static void cells_hold_what_they_were_given(void **state)
{
    char dir[] = "/tmp/wf-sheet-XXXXXX";
    struct strbuf out = {0};
    struct why why = {0};
    (void)state;
    assert_non_null(mkdtemp(dir));
    struct spreadsheet *s = create(dir, 100);
    spreadsheet_row(s);
    spreadsheet_text(s, STR("00123456789012345678"));
    spreadsheet_text(s, STR("=1+1 <b>&\x01\xEF\xBF\xBE王"));
    spreadsheet_number(s, 12.5);
    assert_int_equal(spreadsheet_finish(s, &out, &why), ERR_OK);
    spreadsheet_destroy(s);
    char *page = inside(&out, "xl/worksheets/sheet1.xml");
    assert_non_null(page);
    expect(page, "<c r=\"A1\" t=\"inlineStr\"><is><t>id</t></is></c>");
    expect(page, "<c r=\"A2\" t=\"inlineStr\"><is><t>00123456789012345678</t></is></c>");
    expect(page, "<t>=1+1 &lt;b&gt;&amp;??王</t>");
    expect(page, "<c r=\"C2\"><v>12.5</v></c>");
    assert_null(strstr(page, "<f>"));
    mem_free(page);
    strbuf_finish(&out);
    assert_int_equal(rmdir(dir), 0); /* it is empty */
}

static void rows_beyond_a_page_go_to_the_next_under_the_same_headers(void **state)
{
    char dir[] = "/tmp/wf-sheet-XXXXXX", number[16];
    struct strbuf out = {0};
    struct why why = {0};
    (void)state;
    assert_non_null(mkdtemp(dir));
    struct spreadsheet *s = create(dir, 3);
    for (int i = 1; i <= 4; i++) {
        snprintf(number, sizeof(number), "m%d", i);
        spreadsheet_row(s);
        spreadsheet_text(s, str_of(number));
    }
    assert_int_equal(spreadsheet_finish(s, &out, &why), ERR_OK);
    spreadsheet_destroy(s);
    char *first = inside(&out, "xl/worksheets/sheet1.xml");
    char *second = inside(&out, "xl/worksheets/sheet2.xml");
    assert_true(first && second && !inside(&out, "xl/worksheets/sheet3.xml"));
    expect(first, "<t>m3</t>");
    assert_null(strstr(first, "m4"));
    expect(second, "<c r=\"B1\" t=\"inlineStr\"><is><t>name</t></is></c>");
    expect(second, "<c r=\"A2\" t=\"inlineStr\"><is><t>m4</t></is></c>");
    mem_free(first);
    mem_free(second);
    strbuf_finish(&out);
    assert_int_equal(rmdir(dir), 0);
}

static void one_given_up_leaves_nothing(void **state)
{
    char dir[] = "/tmp/wf-sheet-XXXXXX";
    const struct spreadsheet_options nowhere = {
        .dir = "/tmp/wf-no-such-dir", .headers = "id", .rows_max = 1};
    struct spreadsheet *s;
    struct why why = {0};
    (void)state;
    assert_non_null(mkdtemp(dir));
    s = create(dir, 10);
    spreadsheet_row(s);
    spreadsheet_text(s, STR("x"));
    spreadsheet_destroy(s);
    assert_int_equal(rmdir(dir), 0);
    assert_int_equal(spreadsheet_create(&nowhere, &s, &why), ERR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_hold_what_they_were_given),
        cmocka_unit_test(rows_beyond_a_page_go_to_the_next_under_the_same_headers),
        cmocka_unit_test(one_given_up_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
