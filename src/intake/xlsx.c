/* xlsx.c - a sheet's XML in, lines of CSV out, a piece at a time.
 *
 * Invariant: 'row' rows have their line, and the line under way has 'column' commas. Out of a piece
 * of XML may come far more than it, since a cell names its text: the reader pauses when OUT_BYTES
 * wait. */
#include "intake/xlsx.h"

#include <stdio.h>

#include "base/fs.h"
#include "base/limits.h"
#include "intake/xlsx_book.h"

#define PIECE ((size_t)1 << 16)
#define OUT_BYTES ((size_t)1 << 18)
#define OLE_BYTES ((size_t)1 << 20)
#define ROWS 1048576 /* of any sheet, by the format */
#define COLUMNS 16384

struct xlsx {
    struct package *package;
    struct xlsx_book book;
    struct entry *entry; /* the sheet's; NULL = at its beginning */
    struct xml *xml;
    struct why failed; /* .err: in a handler */
    bool ended;        /* nothing follows 'out' */
    bool data;         /* within sheetData */
    bool collecting;   /* text of the cell */
    bool phonetic;     /* within rPh */
    uint64_t row, cells;
    uint32_t column, next; /* commas of the line; the cell's column, from 1 */
    char type;             /* s b e t(ext) n(umber) */
    enum cell_form form;
    struct strbuf value, shown; /* of the cell, as stored; as told */
    struct strbuf out;
    size_t out_at;
    char piece[PIECE];
};

/* ---- handlers ---- */

static void fail(struct xlsx *x, const char *what)
{
    if (x->failed.err == ERR_OK)
        (void)why_fail(&x->failed, ERR_INVALID, MSG_XLSX_DAMAGED, "", "%s", what);
    xml_stop(x->xml);
}

static void open_row(struct xlsx *x, const char *const *attributes)
{
    struct str at = xml_attribute(attributes, "r");
    uint64_t row = x->row + 1;
    if (at.len && (!str_to_u64(at, &row) || row <= x->row || row > ROWS)) {
        fail(x, "its rows are not in order");
        return;
    }
    for (; x->row + 1 < row; x->row++)
        strbuf_add_char(&x->out, '\n');
    x->column = 0;
    x->next = 0;
}

/* "AB12" is 28. */
static uint32_t column_of(struct str reference)
{
    uint32_t column = 0;
    for (size_t i = 0; i < reference.len && column <= COLUMNS; i++) {
        char c = reference.p[i];
        if (c < 'A' || c > 'Z') break;
        column = column * 26 + (uint32_t)(c - 'A') + 1;
    }
    return column;
}

static char type_of(struct str t)
{
    if (str_is(t, "s")) return 's';
    if (str_is(t, "b")) return 'b';
    if (str_is(t, "e")) return 'e';
    return t.len == 0 || str_is(t, "n") ? 'n' : 't';
}

static void open_cell(struct xlsx *x, const char *const *attributes)
{
    struct str at = xml_attribute(attributes, "r"), style = xml_attribute(attributes, "s");
    uint64_t number = 0;
    uint32_t column = at.len ? column_of(at) : x->next + 1;
    x->type = type_of(xml_attribute(attributes, "t"));
    x->form = CELL_NUMBER;
    if (style.len && str_to_u64(style, &number) && number < x->book.styles.count)
        x->form = (enum cell_form)x->book.styles.items[number];
    strbuf_reset(&x->value);
    if (column <= x->next || column > COLUMNS) fail(x, "its cells are not in order, or beyond XFD");
    x->next = column;
    if (++x->cells <= LIMIT_XLSX_CELLS) return;
    (void)why_fail(&x->failed, ERR_TOO_LARGE, MSG_XLSX_CELLS, "", "%d", LIMIT_XLSX_CELLS);
    xml_stop(x->xml);
}

static void on_open(void *ctx, const char *name, const char *const *attributes)
{
    struct xlsx *x = ctx;
    if (xml_is(name, "sheetData")) x->data = true;
    if (!x->data) return;
    if (xml_is(name, "c")) {
        open_cell(x, attributes);
    } else if (xml_is(name, "v") || xml_is(name, "t")) {
        x->collecting = !x->phonetic;
    } else if (xml_is(name, "row")) {
        open_row(x, attributes);
    } else if (xml_is(name, "rPh")) {
        x->phonetic = true;
    }
}

/* A cell that no row may hold is cut: its row is then refused as too long. */
static void on_text(void *ctx, struct str text)
{
    struct xlsx *x = ctx;
    if (x->collecting && x->value.len <= LIMIT_LINE_BYTES) strbuf_add_str(&x->value, text);
}

static void show(struct xlsx *x)
{
    struct str raw = strbuf_str(&x->value), text = {0};
    uint64_t at;
    strbuf_reset(&x->shown);
    if (raw.len == 0 || x->type == 'e') return;
    if (x->type == 'n') {
        cell_add_date(raw, x->form, x->book.from1904, &x->shown);
    } else if (x->type == 'b') {
        strbuf_add_text(&x->shown, str_is(str_trim(raw), "1") ? "TRUE" : "FALSE");
    } else if (x->type == 't') {
        cell_add_text(raw, &x->shown);
    } else if (!str_to_u64(str_trim(raw), &at) || !xlsx_book_text(&x->book, at, &text)) {
        fail(x, "a cell names a text that is not there");
    } else {
        if (text.len > LIMIT_LINE_BYTES) text.len = LIMIT_LINE_BYTES + 1;
        cell_add_text(text, &x->shown);
    }
}

static void add_quoted(struct strbuf *out, struct str s)
{
    strbuf_add_char(out, '"');
    for (size_t i = 0; i < s.len; i++) {
        char c = s.p[i];
        if (c == '\r' && i + 1 < s.len && s.p[i + 1] == '\n') continue;
        if (c == '"') strbuf_add_char(out, '"');
        strbuf_add_char(out, c == '\r' || c == '\n' ? XLSX_BREAK : c);
    }
    strbuf_add_char(out, '"');
}

static bool is_plain(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (strchr(",\"\r\n\t;", s.p[i]) && s.p[i]) return false;
    }
    return true;
}

static void close_cell(struct xlsx *x)
{
    show(x);
    struct str s = strbuf_str(&x->shown);
    if (s.len == 0) return;
    for (; x->column + 1 < x->next; x->column++)
        strbuf_add_char(&x->out, ',');
    if (is_plain(s)) {
        strbuf_add_str(&x->out, s);
    } else {
        add_quoted(&x->out, s);
    }
}

static void on_close(void *ctx, const char *name)
{
    struct xlsx *x = ctx;
    if (!x->data) return;
    if (xml_is(name, "v") || xml_is(name, "t")) {
        x->collecting = false;
    } else if (xml_is(name, "c")) {
        close_cell(x);
        if (x->out.len > OUT_BYTES && x->failed.err == ERR_OK) xml_pause(x->xml);
    } else if (xml_is(name, "row")) {
        strbuf_add_char(&x->out, '\n');
        x->row++;
    } else if (xml_is(name, "rPh")) {
        x->phonetic = false;
    } else if (xml_is(name, "sheetData")) {
        xml_stop(x->xml);
    }
}

/* ---- reading ---- */

static enum err begin(struct xlsx *x, struct why *why)
{
    const struct xml_handlers handlers = {on_open, on_close, on_text, x};
    TRY(entry_open(x->package, x->book.sheet, &x->entry, why));
    x->xml = xml_create(&handlers);
    return ERR_OK;
}

/* What stands behind the cells is read for the sum at its end. */
static enum err finish(struct xlsx *x, struct why *why)
{
    for (size_t len = 1; len > 0;)
        TRY(entry_read(x->entry, x->piece, PIECE, &len, why));
    x->ended = true;
    return ERR_OK;
}

static enum err step(struct xlsx *x, struct why *why)
{
    if (!x->entry) TRY(begin(x, why));
    if (xml_paused(x->xml)) {
        TRY(xml_resume(x->xml, why));
    } else {
        size_t len;
        TRY(entry_read(x->entry, x->piece, PIECE, &len, why));
        TRY(xml_feed(x->xml, (struct str){x->piece, len}, len == 0, why));
        if (len == 0) x->ended = true;
    }
    if (x->failed.err != ERR_OK) {
        if (why) *why = x->failed;
        return x->failed.err;
    }
    return xml_stopped(x->xml) ? finish(x, why) : ERR_OK;
}

enum err xlsx_read(struct xlsx *x, void *p, size_t size, size_t *len, struct why *why)
{
    if (x->out_at == x->out.len) {
        strbuf_reset(&x->out);
        x->out_at = 0;
    }
    while (x->out.len == 0 && !x->ended)
        TRY(step(x, why));
    size_t left = x->out.len - x->out_at;
    *len = left < size ? left : size;
    if (*len) memcpy(p, x->out.p + x->out_at, *len);
    x->out_at += *len;
    return ERR_OK;
}

void xlsx_rewind(struct xlsx *x)
{
    entry_close(x->entry);
    xml_destroy(x->xml);
    x->entry = NULL;
    x->xml = NULL;
    x->failed = (struct why){0};
    x->ended = x->data = x->collecting = x->phonetic = false;
    x->row = x->cells = 0;
    x->column = x->next = 0;
    x->out_at = 0;
    strbuf_reset(&x->value);
    strbuf_reset(&x->out);
}

double xlsx_progress(const struct xlsx *x)
{
    if (!x->entry) return 0;
    return x->ended ? 1 : entry_progress(x->entry);
}

/* ---- opening ---- */

bool xlsx_is_zip(struct str beginning)
{
    return str_starts(beginning, STR("PK\3\4")) || str_starts(beginning, STR("PK\5\6"));
}

bool xlsx_is_ole(struct str beginning)
{
    return str_starts(beginning, STR("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"));
}

/* An encrypted workbook names a stream so, in UTF-16, in the directory at its beginning or end. */
static enum err find_encrypted(int fd, uint64_t from, size_t len, bool *found, struct why *why)
{
    static const char name[] = "E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e";
    char *bytes = mem_alloc(len + 1);
    enum err err = fs_read_at(fd, bytes, len, from, why);
    *found |= err == ERR_OK && memmem(bytes, len, name, sizeof(name));
    mem_free(bytes);
    return err;
}

enum err xlsx_refuse_ole(int fd, struct why *why)
{
    uint64_t size;
    bool found = false;
    TRY(fs_size(fd, &size, why));
    size_t len = size < OLE_BYTES ? (size_t)size : OLE_BYTES;
    TRY(find_encrypted(fd, 0, len, &found, why));
    TRY(find_encrypted(fd, size - len, len, &found, why));
    return why_fail(why, ERR_INVALID, found ? MSG_XLSX_LOCKED : MSG_XLSX_OLD, "", NULL);
}

static enum err open_book(int fd, const char *sheet, struct xlsx *x, struct why *why)
{
    TRY(package_open(fd, &x->package, why));
    if (!package_has(x->package, "xl/workbook.xml"))
        return why_fail(why, ERR_INVALID, MSG_XLSX_NONE, "", NULL);
    return xlsx_book_read(x->package, sheet, &x->book, why);
}

enum err xlsx_open(int fd, const char *sheet, struct xlsx **out, struct why *why)
{
    struct xlsx *x = mem_alloc(sizeof(*x));
    enum err err = open_book(fd, sheet, x, why);
    if (err != ERR_OK) {
        xlsx_close(x);
        return err;
    }
    *out = x;
    return ERR_OK;
}

const struct xlsx_sheets *xlsx_get_sheets(const struct xlsx *x)
{
    return &x->book.sheets;
}

void xlsx_close(struct xlsx *x)
{
    if (!x) return;
    xlsx_rewind(x);
    package_close(x->package);
    xlsx_book_finish(&x->book);
    strbuf_finish(&x->value);
    strbuf_finish(&x->shown);
    strbuf_finish(&x->out);
    mem_free(x);
}
