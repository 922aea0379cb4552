/* window.c - chunks of text, each in the arena of its batch; a row cut by the end of a chunk is
 * carried to the front of the next. A window that is reused has one chunk, which grows only for a
 * row that does not fit. */
#include "intake/window.h"

#include "base/limits.h"

#define CHUNK_BYTES ((size_t)1 << 20)
#define REUSED_BYTES ((size_t)1 << 18) /* fits the processor's second cache */
#define SHOWN_BYTES 200                /* of a line that is too long */

/* The unused text to the front of a chunk: a new one, or the same again where that will do. */
static void renew(struct window *r)
{
    size_t rest = r->len - r->at, least = r->reused ? REUSED_BYTES : CHUNK_BYTES;
    size_t size = rest * 2 < least ? least : rest * 2;
    bool again = r->reused && size <= r->size;
    char *p = again ? r->p : arena_alloc_raw(r->arena, size + 1);
    if (rest) memmove(p, r->p + r->at, rest);
    r->p = p;
    r->at = 0;
    r->len = rest;
    if (!again) r->size = size;
    p[rest] = '\n';
}

/* Programs of old end lines with \r alone: told by the first line end, with what stands behind it.
 */
static void settle_line_ends(struct window *r, size_t from)
{
    if (!r->judged) {
        const char *p = r->p + r->at, *lf = memchr(p, '\n', r->len - r->at);
        const char *cr = memchr(p, '\r', r->len - r->at);
        r->judged = lf || (cr && cr + 1 < r->p + r->len);
        r->bare_cr = r->judged && !lf;
        from = r->at;
    }
    for (size_t i = from; r->bare_cr && i < r->len; i++) {
        if (r->p[i] == '\r') r->p[i] = '\n';
    }
}

void window_init(struct window *r, struct input *in, struct arena *arena)
{
    *r = (struct window){.in = in, .arena = arena, .line = 1};
    renew(r);
}

void window_init_text(struct window *r, struct str text, struct arena *arena)
{
    *r = (struct window){.arena = arena, .line = 1, .ended = true, .len = text.len};
    r->size = text.len;
    r->p = arena_alloc(arena, text.len + 1);
    if (text.len) memcpy(r->p, text.p, text.len);
    r->p[text.len] = '\n';
    settle_line_ends(r, 0);
}

void window_move(struct window *r, struct arena *arena)
{
    if (r->reused) return;
    r->arena = arena;
    renew(r);
}

void window_reuse(struct window *r, struct arena *arena)
{
    r->reused = true;
    r->arena = arena;
    r->size = 0;
    renew(r);
}

enum err window_fill(struct window *r, struct why *why)
{
    size_t got;
    if (r->ended) return ERR_OK;
    if (r->reused || r->size - r->len < CHUNK_BYTES / 8) renew(r);
    TRY(input_read(r->in, r->p + r->len, r->size - r->len, &got, why));
    r->len += got;
    settle_line_ends(r, r->len - got);
    r->ended = got == 0;
    r->p[r->len] = '\n';
    return ERR_OK;
}

/* Drop the rest of a line whose beginning is kept. */
static enum err skip_line(struct window *r, struct why *why)
{
    for (;;) {
        const char *end = memchr(r->p + r->at, '\n', r->len - r->at);
        r->at = end ? (size_t)(end - r->p) + 1 : r->len;
        if (end || r->ended) return ERR_OK;
        TRY(window_fill(r, why));
    }
}

static enum err line_too_long(struct window *r, struct line *line, struct why *why)
{
    line->too_long = true;
    line->text = arena_str(r->arena, (struct str){r->p + r->at, SHOWN_BYTES});
    return skip_line(r, why);
}

enum err window_line(struct window *r, struct line *line, bool *more, struct why *why)
{
    const char *end;
    size_t seen = 0; /* bytes known to hold no line end */
    while (!(end = memchr(r->p + r->at + seen, '\n', r->len - r->at - seen)) && !r->ended) {
        seen = r->len - r->at;
        if (seen > LIMIT_LINE_BYTES) break;
        TRY(window_fill(r, why));
    }
    line->number = r->line++;
    line->too_long = false;
    *more = end || r->at < r->len;
    if (!end && *more && r->len - r->at > LIMIT_LINE_BYTES) return line_too_long(r, line, why);
    size_t len = end ? (size_t)(end - r->p) - r->at : r->len - r->at;
    line->text = (struct str){r->p + r->at, len};
    r->at += len + (end != NULL);
    if (len && line->text.p[len - 1] == '\r') line->text.len--;
    return ERR_OK;
}
