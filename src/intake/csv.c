/* csv.c - cells are found by looking for the next delimiter or line end; the line end of ours
 * behind the text stops the search without a test per byte.
 *
 * A cell that begins with '"' (or ="", as spreadsheets guard numbers) ends at the next single '"';
 * behind it only a delimiter or a line end may stand. */
#include "intake/csv.h"

#include "base/limits.h"
#include "base/mem.h"

void csv_init(struct csv *c)
{
    *c = (struct csv){.delimiter = ','};
}

void csv_finish(struct csv *c)
{
    mem_free(c->cells);
    mem_free(c->doubled);
    *c = (struct csv){.delimiter = ','};
}

static void push(struct csv *c, struct str cell, const char *doubled)
{
    if (c->count == c->room) {
        c->room = c->room ? c->room * 2 : 64;
        c->cells = mem_resize_array(c->cells, c->room, sizeof(c->cells[0]));
        c->doubled = mem_resize_array(c->doubled, c->room, sizeof(c->doubled[0]));
    }
    c->cells[c->count] = cell;
    c->doubled[c->count++] = doubled;
}

/* Undo "" in the cells that have it. */
static void undouble(struct csv *c, struct arena *a)
{
    for (size_t k = 0; k < c->count; k++) {
        if (!c->doubled[k]) continue;
        struct str s = c->cells[k];
        char *out = arena_alloc(a, s.len);
        size_t len = 0;
        for (size_t i = 0; i < s.len; i++) {
            out[len++] = s.p[i];
            if (s.p[i] == '"' && i + 1 < s.len) i++;
        }
        c->cells[k] = (struct str){out, len};
    }
}

struct scan {
    const char *p, *end;
    bool ended;
};

enum step { STEP_CELL, STEP_ROW, STEP_MORE, STEP_BAD };

/* p stands behind the cell's text: what ends it? Moves past it. */
static enum step cell_end(const struct csv *c, struct scan *s)
{
    if (s->p < s->end && *s->p == c->delimiter) {
        s->p++;
        return STEP_CELL;
    }
    if (s->p + 1 < s->end && s->p[0] == '\r' && s->p[1] == '\n') s->p++;
    if (s->p < s->end && *s->p == '\n') {
        s->p++;
        return STEP_ROW;
    }
    if (s->p >= s->end) return s->ended ? STEP_ROW : STEP_MORE;
    if (*s->p == '\r' && s->p + 1 == s->end) return s->ended ? STEP_ROW : STEP_MORE;
    return STEP_BAD;
}

static enum step quoted(struct csv *c, struct scan *s, const char *from)
{
    const char *doubled = NULL;
    for (s->p = from;; s->p += 2) {
        s->p = memchr(s->p, '"', (size_t)(s->end - s->p));
        if (!s->p || (s->p + 1 == s->end && !s->ended)) {
            s->p = from - 1;
            return s->ended ? STEP_BAD : STEP_MORE;
        }
        if (s->p + 1 == s->end || s->p[1] != '"') break;
        doubled = s->p;
    }
    push(c, (struct str){from, (size_t)(s->p - from)}, doubled);
    s->p++;
    return cell_end(c, s);
}

static enum step plain(struct csv *c, struct scan *s)
{
    const char *from = s->p;
    char delimiter = c->delimiter;
    while (*s->p != delimiter && *s->p != '\n')
        s->p++;
    if (s->p == s->end && !s->ended) return STEP_MORE;
    const char *to = s->p;
    bool last = *to == '\n';
    if (last && to > from && to[-1] == '\r') to--;
    push(c, (struct str){from, (size_t)(to - from)}, NULL);
    s->p += s->p < s->end;
    return last ? STEP_ROW : STEP_CELL;
}

enum csv_result csv_split(struct csv *c, struct str text, bool ended, struct arena *a, size_t *used,
                          enum msg *fault)
{
    struct scan s = {text.p, text.p + text.len, ended};
    enum step step = STEP_CELL;
    bool any_doubled = false;
    c->count = 0;
    while (step == STEP_CELL) {
        bool quote = s.p < s.end && *s.p == '"';
        bool guard = s.p + 1 < s.end && s.p[0] == '=' && s.p[1] == '"';
        step = quote || guard ? quoted(c, &s, s.p + 1 + guard) : plain(c, &s);
        any_doubled |= c->count && c->doubled[c->count - 1];
        if (c->count > LIMIT_CSV_COLUMNS) step = STEP_BAD;
    }
    *used = (size_t)(s.p - text.p);
    if (step == STEP_MORE) return CSV_MORE;
    if (step == STEP_BAD) {
        *fault = c->count > LIMIT_CSV_COLUMNS ? MSG_CSV_COLUMNS : MSG_CSV_QUOTE;
        return CSV_BAD;
    }
    if (any_doubled) undouble(c, a);
    return CSV_ROW;
}

char csv_guess_delimiter(struct str text)
{
    static const char list[] = {',', '\t', ';'};
    size_t counts[3] = {0};
    int lines = 0;
    for (size_t i = 0; i < text.len && lines < 20; i++) {
        lines += text.p[i] == '\n';
        for (int d = 0; d < 3; d++)
            counts[d] += text.p[i] == list[d];
    }
    int best = 0;
    for (int d = 1; d < 3; d++)
        best = counts[d] > counts[best] ? d : best;
    return list[best];
}
