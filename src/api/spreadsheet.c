/* spreadsheet.c - libxlsxwriter in constant memory: a row is on the disk when the next one begins.
 *
 * The library wants the name of a file; it is given that of an open, nameless one. In this mode it
 * does not replace what XML cannot hold, so that is done here. */
#include "api/spreadsheet.h"

#include <inttypes.h>
#include <stdio.h>
#include <xlsxwriter.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/utf8.h"

#define CELL_BYTES 32767 /* a cell holds as many characters at most */

struct spreadsheet {
    struct spreadsheet_options o;
    int write_fd, read_fd;
    char *dir; /* the library keeps the pointer */
    lxw_workbook *book;
    lxw_worksheet *page;
    uint32_t row;       /* of the page, from 0; 0 = the headers */
    uint16_t column;    /* of the next cell */
    lxw_error error;    /* the first there was */
    struct strbuf text; /* of a cell */
};

/* XML has no place for these, nor is there a sense to them. */
static bool is_printable(uint32_t c)
{
    return c >= 0x20 ? c != 0xFFFE && c != 0xFFFF : c == '\t' || c == '\n';
}

static const char *clean(struct spreadsheet *s, struct str text)
{
    text = utf8_cut(text, CELL_BYTES);
    strbuf_reset(&s->text);
    for (size_t i = 0; i < text.len;) {
        size_t from = i;
        uint32_t c = utf8_next(text, &i);
        if (is_printable(c)) {
            strbuf_add(&s->text, text.p + from, i - from);
        } else {
            strbuf_add_char(&s->text, '?');
        }
    }
    strbuf_add_char(&s->text, '\0');
    return s->text.p;
}

static void keep(struct spreadsheet *s, lxw_error error)
{
    if (s->error == LXW_NO_ERROR) s->error = error;
}

/* A further page, with its headers. */
static void turn(struct spreadsheet *s)
{
    struct str rest = str_of(s->o.headers);
    s->page = workbook_add_worksheet(s->book, NULL);
    s->row = 0;
    s->column = 0;
    if (!s->page) keep(s, LXW_ERROR_MEMORY_MALLOC_FAILED);
    while (rest.p)
        spreadsheet_text(s, str_cut(&rest, ','));
}

static enum err failed(struct why *why)
{
    return why_fail(why, ERR_IO, MSG_IO, "", "write|%s|%s", "a spreadsheet", "no file was made");
}

enum err spreadsheet_create(const struct spreadsheet_options *o, struct spreadsheet **out,
                            struct why *why)
{
    char path[640];
    struct spreadsheet *s = mem_alloc(sizeof(*s));
    s->o = *o;
    s->dir = mem_strdup(o->dir);
    snprintf(path, sizeof(path), "%.560s/export-%016" PRIx64 ".xlsx", o->dir, o->tag);
    enum err err = fs_scratch(path, &s->write_fd, &s->read_fd, why);
    if (err == ERR_OK) {
        snprintf(path, sizeof(path), "/proc/self/fd/%d", s->write_fd);
        lxw_workbook_options options = {
            .constant_memory = LXW_TRUE, .tmpdir = s->dir, .use_zip64 = LXW_TRUE};
        s->book = workbook_new_opt(path, &options);
        if (s->book) turn(s);
        if (!s->book || s->error != LXW_NO_ERROR) err = failed(why);
    }
    if (err != ERR_OK) {
        spreadsheet_destroy(s);
        return err;
    }
    *out = s;
    return ERR_OK;
}

void spreadsheet_destroy(struct spreadsheet *s)
{
    if (!s) return;
    lxw_workbook_free(s->book);
    fs_close(s->write_fd);
    fs_close(s->read_fd);
    strbuf_finish(&s->text);
    mem_free(s->dir);
    mem_free(s);
}

void spreadsheet_row(struct spreadsheet *s)
{
    if (s->row == s->o.rows_max) turn(s);
    s->row++;
    s->column = 0;
}

void spreadsheet_text(struct spreadsheet *s, struct str text)
{
    uint16_t column = s->column++;
    if (text.len == 0 || s->error != LXW_NO_ERROR) return;
    keep(s, worksheet_write_string(s->page, s->row, column, clean(s, text), NULL));
}

void spreadsheet_number(struct spreadsheet *s, double number)
{
    uint16_t column = s->column++;
    if (s->error != LXW_NO_ERROR) return;
    keep(s, worksheet_write_number(s->page, s->row, column, number, NULL));
}

enum err spreadsheet_finish(struct spreadsheet *s, struct strbuf *out, struct why *why)
{
    uint64_t size;
    keep(s, workbook_close(s->book)); /* which frees it */
    s->book = NULL;
    if (s->error != LXW_NO_ERROR) return failed(why);
    TRY(fs_size(s->read_fd, &size, why));
    char *bytes = mem_alloc((size_t)size + 1);
    enum err err = fs_read_at(s->read_fd, bytes, (size_t)size, 0, why);
    if (err == ERR_OK) strbuf_add(out, bytes, (size_t)size);
    mem_free(bytes);
    return err;
}
