/* table.c - two passes over the cells: measure, then print. */
#include "main/table.h"

#include <utf8proc.h>

#include "base/arena.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "base/vec.h"

struct table {
    VEC(struct str) cells;
    VEC(size_t) row_end; /* index into cells after each row */
    VEC(size_t) width;   /* of each column */
};

static size_t width_of(struct str s)
{
    size_t width = 0;
    for (size_t i = 0; i < s.len;) {
        int w = utf8proc_charwidth((utf8proc_int32_t)utf8_next(s, &i));
        width += w > 0 ? (size_t)w : 0;
    }
    return width;
}

/* The next cell of RFC 4180 text; *end_of_row after the last one of a line. */
static struct str next_cell(struct arena *a, struct str csv, size_t *at, bool *end_of_row)
{
    struct strbuf cell = {0};
    bool quoted = *at < csv.len && csv.p[*at] == '"';
    if (quoted) ++*at;
    for (; *at < csv.len; ++*at) {
        char c = csv.p[*at];
        if (quoted && c == '"') {
            if (*at + 1 < csv.len && csv.p[*at + 1] == '"') {
                ++*at;
            } else {
                quoted = false;
                continue;
            }
        } else if (!quoted && (c == ',' || c == '\n')) {
            break;
        }
        if (c != '\r') strbuf_add_char(&cell, c);
    }
    *end_of_row = *at >= csv.len || csv.p[*at] == '\n';
    if (*at < csv.len) ++*at;
    struct str text = arena_str(a, cell.p ? strbuf_str(&cell) : STR(""));
    strbuf_finish(&cell);
    return text;
}

static void measure(struct table *t, struct arena *a, struct str csv)
{
    for (size_t at = 0, column = 0; at < csv.len;) {
        bool end;
        struct str cell = next_cell(a, csv, &at, &end);
        VEC_PUSH(&t->cells, cell);
        if (column >= t->width.count) VEC_PUSH(&t->width, 0);
        size_t width = width_of(cell);
        if (width > t->width.items[column]) t->width.items[column] = width;
        column = end ? 0 : column + 1;
        if (end) VEC_PUSH(&t->row_end, t->cells.count);
    }
}

static void print_cell(FILE *out, struct str cell, size_t width, bool last)
{
    double number;
    size_t pad = width - width_of(cell);
    bool right = str_to_double(cell, &number);
    fprintf(out, "%*s" STR_FMT, right ? (int)pad : 0, "", STR_ARG(cell));
    if (!last) fprintf(out, "%*s  ", right ? 0 : (int)pad, "");
}

void table_print(FILE *out, struct str csv)
{
    struct table t = {0};
    struct arena *a = arena_create(0);
    if (str_starts(csv, STR("\xEF\xBB\xBF"))) csv = (struct str){csv.p + 3, csv.len - 3};
    measure(&t, a, csv);
    for (size_t row = 0, cell = 0; row < t.row_end.count; row++) {
        for (size_t column = 0; cell < t.row_end.items[row]; cell++, column++) {
            print_cell(out, t.cells.items[cell], t.width.items[column],
                       cell + 1 == t.row_end.items[row]);
        }
        fputc('\n', out);
    }
    VEC_FINISH(&t.cells);
    VEC_FINISH(&t.row_end);
    VEC_FINISH(&t.width);
    arena_destroy(a);
}
