/* csv_table.c - a csv file: find the header row, bind the map, then row after row.
 *
 * The first HEADER_ROWS rows are looked at without being used; what stands above the header is
 * titles and notes. A row that is no sound csv is rejected and reading goes on at the next line,
 * since a quote that is never closed would otherwise swallow the file.
 *
 * A workbook's sheet comes as such a file, too: its delimiter is known, and a line is a row. */
#include "base/limits.h"
#include "base/utf8.h"
#include "intake/csv.h"
#include "intake/table.h"
#include "intake/value.h"
#include "intake/xlsx.h"

#define HEADER_ROWS 20

struct reader {
    struct parse *p;
    struct csv csv;
    struct table table;
    size_t header_count; /* cells of the header row */
    bool sheet;          /* of a workbook */
};

enum found { FOUND_ROW, FOUND_BAD, FOUND_END };

struct peeked {
    enum found found;
    size_t used;    /* bytes of the row */
    enum msg fault; /* FOUND_BAD */
};

/* The row 'offset' bytes behind what is used; its cells are in r->csv. */
static enum err peek(struct reader *r, size_t offset, struct peeked *out, struct why *why)
{
    struct window *rows = &r->p->rows;
    for (;;) {
        struct str text = {rows->p + rows->at + offset, rows->len - rows->at - offset};
        enum csv_result result = CSV_MORE;
        if (text.len)
            result =
                csv_split(&r->csv, text, rows->ended, parse_arena(r->p), &out->used, &out->fault);
        if (text.len == 0 && rows->ended) {
            out->found = FOUND_END;
            return ERR_OK;
        }
        if (result == CSV_MORE && text.len > LIMIT_LINE_BYTES) {
            result = CSV_BAD;
            out->fault = MSG_CSV_LONG;
        }
        if (result != CSV_MORE) {
            out->found = result == CSV_ROW ? FOUND_ROW : FOUND_BAD;
            return ERR_OK;
        }
        TRY(window_fill(rows, why));
    }
}

/* Use 'len' bytes, counting their lines; 'one': that is known to be one. */
static struct str use(struct window *rows, size_t len, bool one)
{
    struct str text = {rows->p + rows->at, len};
    rows->line += one;
    for (const char *p = text.p, *end = p + len;
         !one && (p = memchr(p, '\n', (size_t)(end - p)));) {
        rows->line++;
        if (++p == end) break;
    }
    rows->at += len;
    return text;
}

/* ---- the header row ---- */

static bool blank(const struct csv *c)
{
    for (size_t i = 0; i < c->count; i++) {
        if (value_unwrap(c->cells[i]).len) return false;
    }
    return true;
}

static size_t score(const struct reader *r)
{
    const struct csv *c = &r->csv;
    if (!r->p->options->map) return headers_known(c->cells, c->count);
    size_t named = 0;
    for (uint32_t i = 0; i < r->table.map.count; i++) {
        const struct mapping_entry *e = &r->table.map.entries[i];
        bool found = false;
        for (size_t k = 0; k < c->count && e->type != VALUE_CONST && !e->column && !found; k++)
            found = str_eq(value_unwrap(c->cells[k]), e->source);
        named += found;
    }
    return named;
}

static enum err refuse_row(enum msg fault, const char *field, struct why *why)
{
    return why_fail(why, ERR_INVALID, fault, field, "%d",
                    fault == MSG_CSV_COLUMNS ? LIMIT_CSV_COLUMNS : LIMIT_LINE_BYTES);
}

/* Bytes up to the end of the line that begins there. */
static size_t line_length(const struct window *rows, size_t offset)
{
    const char *from = rows->p + rows->at + offset;
    const char *end = memchr(from, '\n', rows->len - rows->at - offset);
    return end ? (size_t)(end - from) + 1 : rows->len - rows->at - offset;
}

/* Offset of the row that looks most like the header; the first one that is not blank at worst. A
 * title that is no sound csv is passed over, but a file of nothing else is refused. */
static enum err find_header(struct reader *r, size_t *at, bool *any, struct why *why)
{
    size_t offset = 0, best = 0;
    struct peeked row;
    enum err err = ERR_OK;
    *any = false;
    for (int n = 0; n < HEADER_ROWS; n++) {
        TRY(peek(r, offset, &row, why));
        if (row.found == FOUND_END) break;
        if (row.found == FOUND_BAD) {
            if (err == ERR_OK) err = refuse_row(row.fault, "header", why);
            offset += line_length(&r->p->rows, offset);
            continue;
        }
        size_t points = score(r);
        if (!blank(&r->csv) && (!*any || points > best)) {
            *any = true;
            best = points;
            *at = offset;
        }
        offset += row.used;
    }
    return *any ? ERR_OK : err;
}

static enum err bind_columns(struct reader *r, struct why *why)
{
    const struct import_options *o = r->p->options;
    const struct csv *c = &r->csv;
    if (!o->map) {
        if (!headers_map(c->cells, c->count, o->group != NULL, &r->table))
            return why_fail(why, ERR_INVALID, MSG_MAP_NONE, "--map", NULL);
        if (o->as) mapping_set_kind(&r->table.map, o->as);
    }
    return table_bind(&r->table, c->cells, c->count, why);
}

static enum err bind(struct reader *r, struct why *why)
{
    const struct csv *c = &r->csv;
    const struct parse_look *look = r->p->look;
    r->header_count = c->count;
    if (look) {
        struct why unread = {0};
        look->headers(look->ctx, c->cells, c->count);
        enum err err = bind_columns(r, &unread);
        look->bound(look->ctx, &r->table, err == ERR_OK ? NULL : &unread);
        return ERR_OK;
    }
    TRY(bind_columns(r, why));
    if (r->table.known) headers_unused(&r->table, c->cells, c->count, &r->p->batch->note);
    return ERR_OK;
}

static enum err begin(struct reader *r, bool *any, struct why *why)
{
    struct window *rows = &r->p->rows;
    struct peeked row = {0};
    size_t at = 0;
    if (rows->len == 0 && !rows->ended) TRY(window_fill(rows, why));
    r->csv.delimiter = r->sheet ? ',' : csv_guess_delimiter((struct str){rows->p, rows->len});
    TRY(find_header(r, &at, any, why));
    if (!*any) return ERR_OK;
    TRY(peek(r, at, &row, why));
    TRY(bind(r, why));
    use(rows, at + row.used, false);
    return ERR_OK;
}

/* ---- the rows ---- */

/* 合计 and 总计 are sums of the rows above. */
static bool is_total(const struct csv *c)
{
    for (size_t i = 0; i < c->count; i++) {
        struct str s = value_unwrap(c->cells[i]);
        if (s.len == 0) continue;
        return str_starts(s, STR("合计")) || str_starts(s, STR("总计"));
    }
    return false;
}

/* Old exports of chats have a cell more than headers. */
static bool has_excess(const struct reader *r)
{
    for (size_t i = r->header_count + r->table.messages; i < r->csv.count; i++) {
        if (value_unwrap(r->csv.cells[i]).len) return true;
    }
    return false;
}

/* Its first cell shows that it is neither blank nor a total. */
static bool is_ordinary(const struct csv *c)
{
    return c->cells[0].len && value_letter_or_digit(c->cells[0].p[0]);
}

/* With the line breaks that a sheet's reader put aside. */
static struct str with_breaks(struct reader *r, struct str s)
{
    const char *at = s.len ? memchr(s.p, XLSX_BREAK, s.len) : NULL;
    if (!at) return s;
    char *copy = arena_copy(parse_arena(r->p), s.p, s.len);
    for (size_t i = (size_t)(at - s.p); i < s.len; i++) {
        if (copy[i] == XLSX_BREAK) copy[i] = '\n';
    }
    return (struct str){copy, s.len};
}

static void take_row(struct reader *r, size_t used)
{
    struct parse *p = r->p;
    uint64_t line = p->rows.line;
    struct str text = use(&p->rows, used, r->csv.plain);
    if (r->sheet && !r->csv.plain) {
        text = with_breaks(r, text);
        for (size_t i = 0; i < r->csv.count; i++)
            r->csv.cells[i] = with_breaks(r, r->csv.cells[i]);
    }
    if (!is_ordinary(&r->csv)) {
        if (blank(&r->csv)) return;
        if (is_total(&r->csv)) {
            p->batch->counts.skipped++;
            return;
        }
    }
    parse_row(p, line, str_trim(text));
    if (has_excess(r)) {
        struct why why;
        (void)why_fail(&why, ERR_INVALID, MSG_CSV_CELLS, "", "%zu|%zu", r->csv.count,
                       r->header_count);
        parse_reject(p, (uint32_t)r->header_count + 1, &why);
        return;
    }
    table_row(p, &r->table, r->csv.cells, r->csv.count);
}

/* Reject the line a bad row begins with, and go on behind it. */
static enum err skip_bad(struct reader *r, const struct peeked *row, struct why *why)
{
    struct parse *p = r->p;
    struct why reason = {0};
    struct line line;
    bool more;
    TRY(window_line(&p->rows, &line, &more, why));
    parse_row(p, line.number, line.text);
    (void)refuse_row(row->fault, "", &reason);
    parse_reject(p, (uint32_t)r->csv.count + 1, &reason);
    return ERR_OK;
}

static enum err read_rows(struct reader *r, struct why *why)
{
    struct peeked row;
    while (parse_room(r->p)) {
        TRY(peek(r, 0, &row, why));
        if (row.found == FOUND_END) return ERR_OK;
        if (row.found == FOUND_BAD) {
            TRY(skip_bad(r, &row, why));
        } else {
            take_row(r, row.used);
        }
    }
    return ERR_OK;
}

enum err csv_parse(struct parse *p, struct why *why)
{
    struct reader r = {.p = p, .sheet = p->in && input_get_info(p->in)->sheets != NULL};
    bool any = false;
    csv_init(&r.csv);
    table_begin(&r.table);
    if (p->map) r.table.map = *p->map;
    enum err err = begin(&r, &any, why);
    if (err == ERR_OK && any) err = read_rows(&r, why);
    table_end(&r.table);
    csv_finish(&r.csv);
    return err;
}
