/* strbuf.c - the growable buffer of str.h.
 *
 * Invariant: p is NULL and capacity 0, or len < capacity and p[len] is NUL after any append. */
#include "base/str.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/mem.h"

#define FIRST_CAPACITY 64

void strbuf_finish(struct strbuf *b)
{
    if (!b) return;
    mem_free(b->p);
    *b = (struct strbuf){0};
}

void strbuf_reset(struct strbuf *b)
{
    b->len = 0;
    if (b->p) b->p[0] = '\0';
}

void strbuf_reserve(struct strbuf *b, size_t extra)
{
    if (extra < b->capacity - b->len) return; /* one byte is kept for the NUL */
    if (extra >= SIZE_MAX / 2 - b->len) mem_abort("out of memory: buffer size overflows");
    size_t need = b->len + extra + 1;
    size_t room = b->capacity ? b->capacity * 2 : FIRST_CAPACITY;
    b->capacity = room < need ? need : room;
    b->p = mem_resize_array(b->p, b->capacity, 1);
    b->p[b->len] = '\0';
}

void strbuf_add(struct strbuf *b, const void *p, size_t len)
{
    strbuf_reserve(b, len);
    if (len) memcpy(b->p + b->len, p, len);
    b->len += len;
    b->p[b->len] = '\0';
}

void strbuf_add_str(struct strbuf *b, struct str s)
{
    strbuf_add(b, s.p, s.len);
}

void strbuf_add_text(struct strbuf *b, const char *text)
{
    strbuf_add(b, text, strlen(text));
}

void strbuf_add_char(struct strbuf *b, char c)
{
    strbuf_reserve(b, 1);
    b->p[b->len++] = c;
    b->p[b->len] = '\0';
}

void strbuf_addf(struct strbuf *b, const char *format, ...)
{
    va_list args;
    strbuf_reserve(b, FIRST_CAPACITY);
    va_start(args, format);
    int wrote = vsnprintf(b->p + b->len, b->capacity - b->len, format, args);
    va_end(args);
    assert(wrote >= 0);
    size_t len = (size_t)wrote;
    if (len >= b->capacity - b->len) {
        strbuf_reserve(b, len);
        va_start(args, format);
        vsnprintf(b->p + b->len, b->capacity - b->len, format, args);
        va_end(args);
    }
    b->len += len;
}
