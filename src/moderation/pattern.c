/* pattern.c - reading a pattern gives its automaton right away: of every piece of it which places
 * come first and last, and whether it may be empty. A piece that is repeated is read again, so that
 * each time has places of its own; all is bounded by PATTERN_POSITIONS and PATTERN_DEPTH. */
#include "moderation/pattern.h"

#include "base/utf8.h"

#define REPEAT_MAX PATTERN_POSITIONS
#define CODE_POINT_MAX 0x10FFFF

/* A piece of the pattern. */
struct piece {
    uint64_t first, last;
    bool empty; /* may be */
};

struct reader {
    struct str text; /* in NFC */
    size_t at;
    struct pattern *p;
    struct strbuf *out; /* NULL = not wanted, or a piece that is read again */
    struct arena *arena;
    const char *field;
    struct why *why;
    int depth;
};

static enum err read_choice(struct reader *r, struct piece *out);

static enum err wrong(struct reader *r, enum msg msg)
{
    return why_fail(r->why, ERR_INVALID, msg, r->field, "%zu",
                    utf8_count((struct str){r->text.p, r->at}) + 1);
}

static bool more(const struct reader *r)
{
    return r->at < r->text.len;
}

static char peek(const struct reader *r)
{
    return more(r) ? r->text.p[r->at] : '\0';
}

static void write_text(struct reader *r, const char *text)
{
    if (r->out) strbuf_add_text(r->out, text);
}

/* ---- pieces ---- */

static void lead_to(struct pattern *p, uint64_t from, uint64_t to)
{
    for (uint64_t rest = from; rest; rest &= rest - 1)
        p->next[__builtin_ctzll(rest)] |= to;
    for (uint64_t rest = to; rest; rest &= rest - 1)
        p->before[__builtin_ctzll(rest)] |= from;
}

static struct piece joined(struct pattern *p, struct piece a, struct piece b)
{
    lead_to(p, a.last, b.first);
    return (struct piece){.first = a.first | (a.empty ? b.first : 0),
                          .last = b.last | (b.empty ? a.last : 0),
                          .empty = a.empty && b.empty};
}

/* ---- characters ---- */

static enum err add_range(struct reader *r, uint32_t low, uint32_t high)
{
    struct pattern *p = r->p;
    if (p->range_count == PATTERN_RANGES)
        return why_fail(r->why, ERR_TOO_LARGE, MSG_TOO_MANY, r->field, "%d", PATTERN_RANGES);
    p->ranges[p->range_count].low = low;
    p->ranges[p->range_count++].high = high;
    if (!r->out) return ERR_OK;
    strbuf_addf(r->out, low == high ? "\\x{%X}" : "\\x{%X}-\\x{%X}", low, high);
    return ERR_OK;
}

/* A place for the characters that add_range is called with next. */
static enum err add_place(struct reader *r, bool others, struct piece *out)
{
    struct pattern *p = r->p;
    if (p->place_count == PATTERN_POSITIONS)
        return why_fail(r->why, ERR_TOO_LARGE, MSG_PATTERN_LONG, r->field, "%d", PATTERN_POSITIONS);
    uint32_t i = p->place_count++;
    p->place[i].from = (uint16_t)p->range_count;
    p->place[i].others = others;
    out->first = out->last = UINT64_C(1) << i;
    out->empty = false;
    write_text(r, others ? "[^" : "[");
    return ERR_OK;
}

static void end_place(struct reader *r)
{
    struct pattern *p = r->p;
    uint32_t i = p->place_count - 1;
    p->place[i].count = (uint16_t)(p->range_count - p->place[i].from);
    write_text(r, "]");
}

/* The ranges of \d, \w, \s; others stand for themselves, and letters and digits are kept free. */
static enum err add_escaped(struct reader *r)
{
    char c = peek(r);
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (c == 'd' || c == 'w') TRY(add_range(r, '0', '9'));
    if (c == 'w') {
        TRY(add_range(r, 'a', 'z'));
        TRY(add_range(r, '_', '_'));
    } else if (c == 's') {
        TRY(add_range(r, '\t', '\r'));
        TRY(add_range(r, ' ', ' '));
    } else if (c != 'd') {
        if (!more(r) || letter || (c & 0x80)) return wrong(r, MSG_PATTERN_ESCAPE);
        TRY(add_range(r, (uint8_t)c, (uint8_t)c));
    }
    r->at++;
    return ERR_OK;
}

/* The next character as it is in a clean text, where it may be several. */
static struct str folded(struct reader *r)
{
    size_t end = r->at;
    utf8_next(r->text, &end);
    struct str one = {r->text.p + r->at, end - r->at};
    r->at = end;
    return utf8_fold(r->arena, one);
}

static enum err read_literal(struct reader *r, struct piece *out)
{
    size_t i = 0, at = r->at;
    struct str text = folded(r);
    if (!text.len) {
        r->at = at;
        return wrong(r, MSG_PATTERN_UNSEEN);
    }
    *out = (struct piece){.empty = true};
    write_text(r, "(?:");
    while (i < text.len) {
        struct piece one;
        uint32_t point = utf8_next(text, &i);
        TRY(add_place(r, false, &one));
        TRY(add_range(r, point, point));
        end_place(r);
        *out = joined(r->p, *out, one);
    }
    write_text(r, ")");
    return ERR_OK;
}

/* One end of a range in brackets. */
static enum err read_end(struct reader *r, uint32_t *out)
{
    size_t i = 0, at = r->at;
    if (peek(r) == '\\') r->at++;
    if (!more(r)) return wrong(r, MSG_PATTERN_OPEN);
    struct str text = folded(r);
    *out = text.len ? utf8_next(text, &i) : 0;
    if (text.len && i == text.len) return ERR_OK;
    r->at = at;
    return wrong(r, MSG_PATTERN_UNSEEN);
}

static enum err read_member(struct reader *r)
{
    uint32_t low = 0, high;
    if (peek(r) == '\\' && r->at + 1 < r->text.len && strchr("dws", r->text.p[r->at + 1])) {
        r->at++;
        return add_escaped(r);
    }
    TRY(read_end(r, &low));
    high = low;
    if (peek(r) == '-' && r->at + 1 < r->text.len && r->text.p[r->at + 1] != ']') {
        r->at++;
        TRY(read_end(r, &high));
    }
    if (high < low) return wrong(r, MSG_PATTERN_RANGE);
    return add_range(r, low, high);
}

static enum err read_class(struct reader *r, struct piece *out)
{
    size_t began = r->at++;
    bool others = peek(r) == '^';
    if (others) r->at++;
    TRY(add_place(r, others, out));
    if (peek(r) == ']') return wrong(r, MSG_PATTERN_OPEN);
    while (more(r) && peek(r) != ']')
        TRY(read_member(r));
    if (!more(r)) {
        r->at = began;
        return wrong(r, MSG_PATTERN_OPEN);
    }
    r->at++;
    end_place(r);
    return ERR_OK;
}

/* ---- structure ---- */

static enum err read_group(struct reader *r, struct piece *out)
{
    size_t began = r->at++;
    if (++r->depth > PATTERN_DEPTH)
        return why_fail(r->why, ERR_TOO_LARGE, MSG_TOO_DEEP, r->field, "%d", PATTERN_DEPTH);
    write_text(r, "(?:");
    TRY(read_choice(r, out));
    r->depth--;
    if (peek(r) != ')') {
        r->at = began;
        return wrong(r, MSG_PATTERN_OPEN);
    }
    r->at++;
    write_text(r, ")");
    return ERR_OK;
}

static enum err read_atom(struct reader *r, struct piece *out)
{
    char c = peek(r);
    if (c == '(') return read_group(r, out);
    if (c == '[') return read_class(r, out);
    if (c == '?' || c == '*' || c == '+' || c == '{') return wrong(r, MSG_PATTERN_REPEAT);
    if (c == ']' || c == '}' || c == '^' || c == '$') return wrong(r, MSG_PATTERN_ESCAPE);
    if (c != '.' && c != '\\') return read_literal(r, out);
    r->at++;
    TRY(add_place(r, false, out));
    TRY(c == '.' ? add_range(r, 0, CODE_POINT_MAX) : add_escaped(r));
    end_place(r);
    return ERR_OK;
}

static int read_count(struct reader *r)
{
    int n = -1;
    while (peek(r) >= '0' && peek(r) <= '9' && n <= REPEAT_MAX)
        n = (n < 0 ? 0 : n) * 10 + (r->text.p[r->at++] - '0');
    return n;
}

/* How often: 'most' is -1 for any number. */
static enum err read_repeat(struct reader *r, int *least, int *most)
{
    char c = peek(r);
    *least = *most = 1;
    if (c == '?' || c == '*') *least = 0;
    if (c == '*' || c == '+') *most = -1;
    if (c == '?' || c == '*' || c == '+') r->at++;
    if (c != '{') return ERR_OK;
    size_t began = r->at++;
    *least = *most = read_count(r);
    if (peek(r) == ',') {
        r->at++;
        *most = peek(r) == '}' ? -1 : read_count(r);
    }
    bool sound = *least >= 0 && *least <= REPEAT_MAX && *most <= REPEAT_MAX && peek(r) == '}' &&
                 (*most < 0 ? r->text.p[r->at - 1] == ',' : *most >= *least && *most > 0);
    if (!sound) {
        r->at = began;
        return wrong(r, MSG_PATTERN_REPEAT);
    }
    r->at++;
    return ERR_OK;
}

static void write_repeat(struct reader *r, int least, int most)
{
    if (!r->out || (least == 1 && most == 1)) return;
    if (most < 0) {
        strbuf_addf(r->out, "{%d,}", least);
    } else {
        strbuf_addf(r->out, "{%d,%d}", least, most);
    }
}

/* An atom as often as is said behind it. */
static enum err read_piece(struct reader *r, struct piece *out)
{
    int least, most;
    size_t began = r->at;
    struct piece one;
    struct strbuf *written = r->out;
    if (written) strbuf_add_text(written, "(?:");
    TRY(read_atom(r, &one));
    TRY(read_repeat(r, &least, &most));
    if (written) strbuf_add_text(written, ")");
    write_repeat(r, least, most);
    size_t end = r->at;
    int times = most < 0 ? (least > 1 ? least : 1) : most;
    struct piece all = {.empty = true};
    for (int i = 0; i < times; i++) {
        if (i > 0) {
            r->at = began;
            r->out = NULL;
            TRY(read_atom(r, &one));
        }
        struct piece turn = one;
        if (most < 0 && i == times - 1) lead_to(r->p, turn.last, turn.first);
        if (i >= least) turn.empty = true;
        all = joined(r->p, all, turn);
    }
    r->out = written;
    r->at = end;
    *out = all;
    return ERR_OK;
}

static enum err read_choice(struct reader *r, struct piece *out)
{
    *out = (struct piece){0};
    for (;;) {
        struct piece all = {.empty = true}, one;
        while (more(r) && peek(r) != '|' && peek(r) != ')') {
            TRY(read_piece(r, &one));
            all = joined(r->p, all, one);
        }
        out->first |= all.first;
        out->last |= all.last;
        out->empty |= all.empty;
        if (peek(r) != '|') return ERR_OK;
        r->at++;
        write_text(r, "|");
    }
}

enum err pattern_parse(struct str text, struct pattern *p, struct strbuf *out, const char *field,
                       struct why *why)
{
    struct arena *arena = arena_create(0);
    struct reader r = {.text = utf8_nfc(arena, text),
                       .p = p,
                       .out = out,
                       .arena = arena,
                       .field = field,
                       .why = why};
    struct piece all;
    *p = (struct pattern){0};
    enum err err = read_choice(&r, &all);
    if (err == ERR_OK && more(&r)) err = wrong(&r, MSG_PATTERN_OPEN);
    if (err == ERR_OK && all.empty)
        err = why_fail(why, ERR_INVALID, MSG_PATTERN_EMPTY, field, NULL);
    arena_destroy(arena);
    if (err != ERR_OK) return err;
    p->first = all.first;
    p->last = all.last;
    return ERR_OK;
}

/* ---- finding ---- */

static bool fits(const struct pattern *p, int place, uint32_t c)
{
    size_t from = p->place[place].from, to = from + p->place[place].count;
    for (size_t i = from; i < to; i++) {
        if (c >= p->ranges[i].low && c <= p->ranges[i].high) return !p->place[place].others;
    }
    return p->place[place].others;
}

static uint64_t fitting(const struct pattern *p, uint64_t places, uint32_t c)
{
    uint64_t out = 0;
    for (; places; places &= places - 1) {
        int place = __builtin_ctzll(places);
        if (fits(p, place, c)) out |= UINT64_C(1) << place;
    }
    return out;
}

static uint64_t from_these(const uint64_t *steps, uint64_t places)
{
    uint64_t out = 0;
    for (; places; places &= places - 1)
        out |= steps[__builtin_ctzll(places)];
    return out;
}

/* The character that ends at *i, moving *i to its start. */
static uint32_t previous(struct str s, size_t *i)
{
    do {
        (*i)--;
    } while (*i > 0 && ((unsigned char)s.p[*i] & 0xC0) == 0x80);
    size_t at = *i;
    return utf8_next(s, &at);
}

bool pattern_find(const struct pattern *p, struct str clean, struct span *out)
{
    uint64_t here = 0;
    size_t i = 0;
    while (i < clean.len && !(here & p->last)) {
        uint32_t c = utf8_next(clean, &i);
        here = fitting(p, from_these(p->next, here) | p->first, c);
    }
    if (!(here & p->last)) return false;
    size_t start = i;
    out->to = (uint32_t)i;
    for (here = p->last; start > 0 && here;) {
        here = fitting(p, here, previous(clean, &start));
        if (here & p->first) out->from = (uint32_t)start;
        here = from_these(p->before, here);
    }
    return true;
}
