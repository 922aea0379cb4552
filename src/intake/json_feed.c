/* json_feed.c - bytes of the window are used up as they are understood; a value that is taken is
 * scanned first, within the window, which grows for it up to the limit.
 *
 * Invariant: 'offset' counts the bytes used, and the window's line is that of the next one. */
#include "intake/json_feed.h"

#include "base/json_reader.h"
#include "base/limits.h"

#define SHOWN_BYTES 200 /* of a value that is too long */

void feed_init(struct json_feed *f, struct window *w, struct arena *arena)
{
    *f = (struct json_feed){.w = w, .arena = arena};
}

/* Use up so many bytes that are at hand. */
static void use(struct json_feed *f, size_t len)
{
    struct window *w = f->w;
    const char *p = w->p + w->at, *end = p + len, *lf;
    for (; (lf = memchr(p, '\n', (size_t)(end - p))); p = lf + 1) {
        w->line++;
        f->line_at = f->offset + (uint64_t)(lf + 1 - (w->p + w->at));
    }
    w->at += len;
    f->offset += len;
}

static enum err broken(struct json_feed *f, const char *what)
{
    if (!f->broken) f->broken = what;
    return ERR_OK;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

enum err feed_peek(struct json_feed *f, char *first, struct why *why)
{
    struct window *w = f->w;
    for (;;) {
        size_t n = 0;
        while (w->at + n < w->len && is_space(w->p[w->at + n]))
            n++;
        use(f, n);
        bool there = w->at < w->len;
        *first = there && w->p[w->at] != FEED_END ? w->p[w->at] : '\0';
        if (there || w->ended) return ERR_OK;
        TRY(window_fill(w, why));
    }
}

void feed_place(const struct json_feed *f, struct feed_value *out)
{
    uint64_t column = f->offset - f->line_at + 1;
    *out = (struct feed_value){.line = f->w->line,
                               .column = column > UINT32_MAX ? UINT32_MAX : (uint32_t)column};
}

/* ---- scanning ---- */

struct scan {
    int64_t depth;
    bool in_string, escaped;
    bool begun;  /* the first byte was seen */
    bool scalar; /* a number or a word, which ends where something else begins */
    bool done;   /* the value ends with the last byte looked at */
    bool cut;    /* it does not end at all */
};

/* What a byte does outside of strings. */
static void step(struct scan *s, char c)
{
    if (c == '{' || c == '[') s->depth++;
    if (c == '}' || c == ']') s->done = --s->depth <= 0;
    if (c == '"') s->in_string = true;
    if (s->begun) return;
    s->begun = true;
    s->scalar = c != '{' && c != '[' && c != '"';
}

static void step_string(struct scan *s, char c)
{
    if (s->escaped) {
        s->escaped = false;
    } else if (c == '\\') {
        s->escaped = true;
    } else if (c == '"') {
        s->in_string = false;
        s->done = s->depth == 0;
    }
}

static bool ends_scalar(char c)
{
    return is_space(c) || c == ',' || c == ']' || c == '}' || c == ':';
}

/* How many of the bytes belong to the value. */
static size_t scan_some(struct scan *s, const char *p, size_t len)
{
    size_t i = 0;
    while (i < len && !s->done) {
        char c = p[i];
        if (c == FEED_END) {
            s->cut = !s->scalar;
            s->done = true;
            return i;
        }
        if (s->scalar && s->begun && ends_scalar(c)) {
            s->done = true;
            return i;
        }
        i++;
        if (s->in_string) {
            step_string(s, c);
        } else {
            step(s, c);
        }
    }
    return i;
}

/* The beginning is kept; the rest is used up without being held. */
static enum err pass_over(struct json_feed *f, struct scan *s, size_t seen, struct feed_value *out,
                          struct why *why)
{
    struct window *w = f->w;
    out->too_long = true;
    out->text = arena_str(f->arena, (struct str){w->p + w->at, SHOWN_BYTES});
    use(f, seen);
    while (!s->done) {
        size_t n = scan_some(s, w->p + w->at, w->len - w->at);
        use(f, n);
        if (s->done) break;
        if (w->ended) return broken(f, "it ends within a value");
        TRY(window_fill(w, why));
    }
    return s->cut ? broken(f, "it ends within a value") : ERR_OK;
}

enum err feed_take(struct json_feed *f, struct feed_value *out, struct why *why)
{
    struct window *w = f->w;
    struct scan s = {0};
    size_t seen = 0;
    char first;
    TRY(feed_peek(f, &first, why));
    feed_place(f, out);
    if (first == '\0' || first == ',' || first == ']' || first == '}' || first == ':')
        return broken(f, "a value is missing");
    while (!s.done) {
        seen += scan_some(&s, w->p + w->at + seen, w->len - w->at - seen);
        if (s.done) break;
        if (seen > LIMIT_LINE_BYTES) return pass_over(f, &s, seen, out, why);
        if (w->ended && s.scalar) break;
        if (w->ended) s.cut = s.done = true;
        if (!s.done) TRY(window_fill(w, why));
    }
    out->text = (struct str){w->p + w->at, seen};
    if (seen > LIMIT_LINE_BYTES) out->text.len = SHOWN_BYTES;
    out->too_long = seen > LIMIT_LINE_BYTES;
    use(f, seen);
    return s.cut ? broken(f, "it ends within a value") : ERR_OK;
}

/* ---- containers ---- */

enum err feed_enter(struct json_feed *f, bool *in, struct why *why)
{
    char first;
    *in = false;
    TRY(feed_peek(f, &first, why));
    if (first != '{' && first != '[') return ERR_OK;
    if (f->depth == FEED_DEPTH) return broken(f, "it is nested too deep");
    use(f, 1);
    f->object[f->depth] = first == '{';
    f->any[f->depth] = false;
    f->depth++;
    *in = true;
    return ERR_OK;
}

static enum err take_key(struct json_feed *f, struct str *key, struct why *why)
{
    struct feed_value v;
    struct json_reader r;
    char first;
    TRY(feed_peek(f, &first, why));
    if (first != '"') return broken(f, "a name is missing");
    TRY(feed_take(f, &v, why));
    if (f->broken) return ERR_OK;
    json_reader_init(&r, f->arena, v.text);
    if (v.too_long || !json_read_string(&r, key)) return broken(f, "a name is no text");
    *key = arena_str(f->arena, *key);
    TRY(feed_peek(f, &first, why));
    if (first != ':') return broken(f, "a colon is missing");
    use(f, 1);
    return ERR_OK;
}

enum err feed_next(struct json_feed *f, struct str *key, bool *more, struct why *why)
{
    int top = f->depth - 1;
    char first;
    arena_reset(f->arena);
    *key = (struct str){NULL, 0};
    *more = false;
    if (f->broken) return ERR_OK;
    TRY(feed_peek(f, &first, why));
    if (first == (f->object[top] ? '}' : ']')) {
        use(f, 1);
        f->depth--;
        return ERR_OK;
    }
    if (first == '\0') return broken(f, "it ends too early");
    if (f->any[top]) {
        if (first != ',') return broken(f, "a comma is missing");
        use(f, 1);
    }
    f->any[top] = true;
    if (f->object[top]) TRY(take_key(f, key, why));
    *more = !f->broken;
    return ERR_OK;
}

enum err feed_skip_text(struct json_feed *f, bool *more, struct why *why)
{
    struct window *w = f->w;
    f->depth = 0;
    f->broken = NULL;
    for (;;) {
        const char *end = memchr(w->p + w->at, FEED_END, w->len - w->at);
        use(f, end ? (size_t)(end - w->p) - w->at + 1 : w->len - w->at);
        *more = end != NULL;
        if (end || w->ended) return ERR_OK;
        TRY(window_fill(w, why));
    }
}
