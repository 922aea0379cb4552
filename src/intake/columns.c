/* columns.c - columns separated by white space, as in logs: $1 $2 ... of each line. With headers in
 * the map, the first line that is not blank names the columns. */
#include "base/limits.h"
#include "intake/table.h"

struct cells {
    struct str *items; /* [LIMIT_CSV_COLUMNS] */
    size_t count;
};

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* False: more columns than there may be. */
static bool split(struct str s, struct cells *out)
{
    out->count = 0;
    for (size_t i = 0; i < s.len;) {
        while (i < s.len && is_space(s.p[i]))
            i++;
        size_t from = i;
        while (i < s.len && !is_space(s.p[i]))
            i++;
        if (i == from) return true;
        if (out->count == LIMIT_CSV_COLUMNS) return false;
        out->items[out->count++] = (struct str){s.p + from, i - from};
    }
    return true;
}

static void take_line(struct parse *p, struct table *t, struct cells *cells,
                      const struct line *line)
{
    struct why why = {0};
    bool fits = !line->too_long && split(line->text, cells);
    if (fits && cells->count == 0) return;
    parse_row(p, line->number, line->text);
    if (fits) {
        table_row(p, t, cells->items, cells->count);
        return;
    }
    (void)why_fail(&why, ERR_INVALID, line->too_long ? MSG_TOO_LONG : MSG_CSV_COLUMNS, "", "%d",
                   line->too_long ? LIMIT_LINE_BYTES : LIMIT_CSV_COLUMNS);
    parse_reject(p, 0, &why);
}

static enum err bind(struct parse *p, struct table *t, const struct cells *headers, struct why *why)
{
    const struct parse_look *look = p->look;
    if (!look) return table_bind(t, headers->items, headers->count, why);
    struct why unread = {0};
    if (headers->count) look->headers(look->ctx, headers->items, headers->count);
    enum err err = table_bind(t, headers->items, headers->count, &unread);
    look->bound(look->ctx, t, err == ERR_OK ? NULL : &unread);
    return ERR_OK;
}

static enum err read_lines(struct parse *p, struct table *t, struct cells *cells, struct why *why)
{
    struct line line;
    bool more, bound = !mapping_wants_headers(&t->map);
    if (bound) TRY(bind(p, t, &(struct cells){NULL, 0}, why));
    while (parse_room(p)) {
        TRY(window_line(&p->rows, &line, &more, why));
        if (!more) break;
        if (bound) {
            take_line(p, t, cells, &line);
            continue;
        }
        if (!split(line.text, cells) || cells->count == 0) continue;
        TRY(bind(p, t, cells, why));
        bound = true;
    }
    return ERR_OK;
}

enum err columns_parse(struct parse *p, struct why *why)
{
    struct table t = {.known = false};
    table_begin(&t);
    struct cells cells = {arena_alloc_array(p->arena, LIMIT_CSV_COLUMNS, sizeof(struct str)), 0};
    t.map = *p->map;
    enum err err = read_lines(p, &t, &cells, why);
    table_end(&t);
    return err;
}
