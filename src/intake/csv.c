/* csv.c - a row without quotes, as most are, is split sixteen bytes at a time; any other cell by
 * cell: by looking for the next delimiter or line end, where the line end of ours behind the text
 * stops the search without a test per byte.
 *
 * A cell that begins with '"' (or ="", as spreadsheets guard numbers) ends at the next single '"';
 * behind it only a delimiter or a line end may stand. */
#include "intake/csv.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/limits.h"
#include "base/mem.h"

#define STEP 16

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

/* Room for 'more' cells. */
static void reserve(struct csv *c, size_t more)
{
    if (c->count + more <= c->room) return;
    c->room = c->room ? c->room * 2 : 64;
    c->cells = mem_resize_array(c->cells, c->room, sizeof(c->cells[0]));
    c->doubled = mem_resize_array(c->doubled, c->room, sizeof(c->doubled[0]));
}

static void push(struct csv *c, struct str cell, const char *doubled)
{
    reserve(c, 1);
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

#ifdef __SSE2__
/* Bit i: byte i of a step is that character. */
static uint32_t find_all(__m128i bytes, char c)
{
    return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(c)));
}

/* Split a row that has no quote and ends within the text; *used bytes. False: another row. */
static bool split_plain(struct csv *c, struct str text, size_t *used)
{
    size_t from = 0;
    for (size_t i = 0; i + STEP <= text.len && c->count <= LIMIT_CSV_COLUMNS; i += STEP) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(text.p + i));
        uint32_t line = find_all(bytes, '\n');
        uint32_t within = line ? line ^ (line - 1) : UINT32_MAX; /* up to the line end */
        if (find_all(bytes, '"') & within) return false;
        reserve(c, STEP);
        for (uint32_t ends = (find_all(bytes, c->delimiter) | line) & within; ends;
             ends &= ends - 1) {
            size_t to = i + (size_t)__builtin_ctz(ends);
            c->cells[c->count++] = (struct str){text.p + from, to - from};
            from = to + 1;
        }
        if (!line) continue;
        struct str *last = &c->cells[c->count - 1];
        if (last->len && last->p[last->len - 1] == '\r') last->len--;
        *used = from;
        return c->count <= LIMIT_CSV_COLUMNS;
    }
    return false;
}
#else
static bool split_plain(struct csv *c, struct str text, size_t *used)
{
    (void)c, (void)text, (void)used;
    return false;
}
#endif

enum csv_result csv_split(struct csv *c, struct str text, bool ended, struct arena *a, size_t *used,
                          enum msg *fault)
{
    struct scan s = {text.p, text.p + text.len, ended};
    enum step step = STEP_CELL;
    bool any_doubled = false;
    c->count = 0;
    c->plain = split_plain(c, text, used);
    if (c->plain) return CSV_ROW;
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
