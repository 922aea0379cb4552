/* clean.c - plain characters are copied one by one; what stands between them goes through
 * utf8_fold.
 *
 * A plain character is a starter that composes with nothing before it, so that text can be cut in
 * front of one and each side be normalised by itself. What follows may compose with it: a run that
 * is not plain is taken together with the plain character before it, whose bytes are then written
 * anew. */
#include "moderation/clean.h"

#include "base/utf8.h"

void cleaner_finish(struct cleaner *c)
{
    strbuf_finish(&c->text);
    VEC_FINISH(&c->places);
    arena_destroy(c->arena);
    *c = (struct cleaner){0};
}

/* What a character that is plain becomes; 0 = it is not plain. */
static uint32_t plain(uint32_t c)
{
    if (c < 0x80) return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
    if (c >= 0x4000 && c <= 0x9FFF) return c;
    if (c >= 0xFF01 && c <= 0xFF5E) return plain(c - 0xFF00 + 0x20);
    if (c == 0x3000) return ' ';
    if (c >= 0x3001 && c <= 0x3003) return c;
    if (c >= 0x3041 && c <= 0x3096) return c;
    if (c >= 0x30A1 && c <= 0x30FA) return c;
    if (c >= 0x3400 && c <= 0x3FFF) return c;
    if (c == 0x2018 || c == 0x2019 || c == 0x201C || c == 0x201D) return c;
    if (c >= 0x1F300 && c <= 0x1FAFF) return c;
    return 0;
}

static void put(struct cleaner *c, const char *bytes, size_t len, size_t place)
{
    strbuf_add(&c->text, bytes, len);
    for (size_t i = 0; c->placing && i < len; i++)
        VEC_PUSH(&c->places, (uint32_t)place);
}

static void put_point(struct cleaner *c, uint32_t point, size_t place)
{
    char bytes[4];
    size_t len = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    if (len == 1) {
        bytes[0] = (char)point;
    } else {
        for (size_t i = len - 1; i > 0; i--) {
            bytes[i] = (char)(0x80 | (point & 0x3F));
            point >>= 6;
        }
        bytes[0] = (char)((0xF00u >> len) | point);
    }
    put(c, bytes, len, place);
}

/* Eight bytes of plain ASCII at a time, as far as they go; where they end. */
static size_t put_ascii(struct cleaner *c, struct str text, size_t i)
{
    const uint64_t high = UINT64_C(0x8080808080808080), each = UINT64_C(0x0101010101010101);
    while (text.len - i >= 8) {
        uint64_t word;
        memcpy(&word, text.p + i, 8);
        if (word & high) break;
        /* the high bit of a byte that is 'A' or more, and of one that is more than 'Z' */
        uint64_t upper = (word + each * (0x80 - 'A')) & ~(word + each * (0x7F - 'Z')) & high;
        word |= upper >> 2;
        memcpy(c->text.p + c->text.len, &word, 8);
        c->text.len += 8;
        i += 8;
    }
    return i;
}

/* Most Chinese, U+4000 to U+9FFF, as far as it goes; where it ends. */
static size_t put_han(struct cleaner *c, struct str text, size_t i)
{
    while (text.len - i >= 4 && (unsigned char)text.p[i] >= 0xE4 &&
           (unsigned char)text.p[i] <= 0xE9) {
        memcpy(c->text.p + c->text.len, text.p + i, 4);
        c->text.len += 3;
        i += 3;
    }
    return i;
}

/* The run that is not plain and ends before 'to', with the character before it. */
static void put_run(struct cleaner *c, struct str run, size_t place)
{
    if (!c->arena) c->arena = arena_create(0);
    struct str folded = utf8_fold(c->arena, run);
    put(c, folded.p, folded.len, place);
    arena_reset(c->arena);
}

static size_t end_of_run(struct str text, size_t i)
{
    while (i < text.len) {
        size_t next = i;
        if (plain(utf8_next(text, &next))) break;
        i = next;
    }
    return i;
}

struct str clean_text(struct cleaner *c, struct str text)
{
    size_t last = 0, last_out = 0; /* where the plain character before this one is */
    strbuf_reset(&c->text);
    VEC_RESET(&c->places);
    strbuf_reserve(&c->text, text.len + 8);
    for (size_t i = 0; i < text.len;) {
        size_t ascii = c->placing ? i : put_ascii(c, text, i);
        size_t han = c->placing ? i : put_han(c, text, ascii);
        if (han > i) {
            size_t one = han > ascii ? 3 : 1;
            last = han - one;
            last_out = c->text.len - one;
            i = han;
            continue;
        }
        size_t at = i;
        uint32_t point = utf8_next(text, &i), as = plain(point);
        if (as || !point) {
            last = at;
            last_out = c->text.len;
            put_point(c, as, at);
            strbuf_reserve(&c->text, text.len - i + 8);
            continue;
        }
        c->text.len = last_out;
        if (c->placing) c->places.count = last_out;
        i = end_of_run(text, i);
        put_run(c, (struct str){text.p + last, i - last}, last);
        strbuf_reserve(&c->text, text.len - i + 8);
        last = i;
        last_out = c->text.len;
    }
    return strbuf_str(&c->text);
}

struct span clean_span(struct cleaner *c, struct str text, struct span clean)
{
    c->placing = true;
    struct str again = clean_text(c, text);
    c->placing = false;
    if (clean.from >= clean.to || clean.to > again.len) return (struct span){0, 0};
    const uint32_t *places = c->places.items;
    size_t end = clean.to;
    while (end < again.len && places[end] == places[clean.to - 1])
        end++;
    return (struct span){places[clean.from], end < again.len ? places[end] : (uint32_t)text.len};
}
