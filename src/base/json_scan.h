/* json_scan.h - strings and numbers in JSON text: the lexical half of json_reader. Any thread. */
#pragma once

#include <endian.h>
#include <stdbool.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/arena.h"
#include "base/decimal.h"
#include "base/str.h"

/* What may be wrong with UTF-8, told apart by address. */
extern const char json_not_utf8[];

#ifdef __SSE2__
/* A bit for each of the sixteen bytes at 'p' that is not plain, see json_plain_end. */
static inline unsigned json_odd_bytes(const char *p)
{
    __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
    __m128i odd =
        _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')), _mm_cmpeq_epi8(v, _mm_set1_epi8('\\')));
    odd = _mm_or_si128(odd, _mm_cmplt_epi8(v, _mm_set1_epi8(' '))); /* signed: from 0x80 on too */
    return (unsigned)_mm_movemask_epi8(odd);
}
#endif

/* The first byte from 'i' on that ends a run of plain ones: a quote, a backslash, a control
 * character or the start of anything that is not ASCII. Here, because most strings are one such
 * run. */
static inline size_t json_plain_end(struct str s, size_t i)
{
#ifdef __SSE2__
    for (; i + 16 <= s.len; i += 16) {
        unsigned odd = json_odd_bytes(s.p + i);
        if (odd) return i + (size_t)__builtin_ctz(odd);
    }
#endif
    const uint64_t ones = UINT64_C(0x0101010101010101);
    for (; i + 8 <= s.len; i += 8) {
        uint64_t w;
        memcpy(&w, s.p + i, sizeof(w));
        w = le64toh(w);
        uint64_t quote = w ^ (ones * '"');
        uint64_t slash = w ^ (ones * '\\');
        /* Each term flags its byte's high bit; borrows only reach above a byte flagged rightly. */
        uint64_t flags =
            ((quote - ones) & ~quote) | ((slash - ones) & ~slash) | ((w - ones * 0x20) & ~w) | w;
        flags &= ones * 0x80;
        if (flags) return i + (size_t)__builtin_ctzll(flags) / 8;
    }
    for (; i < s.len; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\') break;
    }
    return i;
}

/* How many of the sixteen bytes at 'p' come before the first that is not plain. */
static inline size_t json_plain_length(const char *p)
{
#ifdef __SSE2__
    return (size_t)__builtin_ctz(json_odd_bytes(p) | 0x10000);
#else
    return json_plain_end((struct str){p, 16}, 0);
#endif
}

/* How many of the eight bytes at 'p' come before the first that is no digit; *out is their number.
 * Without a branch: how long a number is cannot be foreseen. */
static inline size_t json_eight_digits(const char *p, int64_t *out)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t w;
    memcpy(&w, p, sizeof(w));
    w = le64toh(w) ^ (ones * '0');
    /* flags the high bit of what is over 9, the lowest of them rightly; one past the end stops */
    uint64_t odd = (w | (w + ones * 0x76)) & (ones * 0x80);
    size_t len = odd ? (size_t)__builtin_ctzll(odd) / 8 : 8;
    w = len ? w << (8 - len) * 8 : 0;
    w = (w * 10 + (w >> 8)) & UINT64_C(0x00ff00ff00ff00ff);
    w = (w * 100 + (w >> 16)) & UINT64_C(0x0000ffff0000ffff);
    *out = (int64_t)((w * 10000 + (w >> 32)) & UINT64_C(0xffffffff));
    return len;
}

/* Check the string whose opening quote is at text.p[start]. NULL: *end is its closing quote and
 * *escaped says whether it has escapes. Otherwise what is wrong, and *end is where. */
const char *json_scan_string(struct str text, size_t start, size_t *end, bool *escaped);
/* The meaning of a checked string's bytes between the quotes. */
struct str json_decode(struct arena *a, struct str inside);

struct json_number {
    struct decimal decimal;
    size_t end;        /* first byte behind */
    int64_t magnitude; /* the value is below 10^magnitude */
    bool integral;     /* neither fraction nor exponent */
};
/* Scan the number at text.p[start]. NULL, or what is wrong, and n->end is where. */
const char *json_scan_number(struct str text, size_t start, struct json_number *n);
/* Whether it is an integer within int64_t. */
static inline bool json_number_fits(const struct json_number *n)
{
    if (!n->integral || n->decimal.cut) return false;
    return n->decimal.digits <= (uint64_t)INT64_MAX + n->decimal.negative;
}
