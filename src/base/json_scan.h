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

/* The first byte from 'i' on that ends a run of plain ones: a quote, a backslash, a control
 * character or the start of anything that is not ASCII. Here, because most strings are one such
 * run. */
static inline size_t json_plain_end(struct str s, size_t i)
{
#ifdef __SSE2__
    const __m128i quotes = _mm_set1_epi8('"');
    const __m128i slashes = _mm_set1_epi8('\\');
    const __m128i spaces = _mm_set1_epi8(' ');
    for (; i + 16 <= s.len; i += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(s.p + i));
        __m128i odd = _mm_or_si128(_mm_cmpeq_epi8(v, quotes), _mm_cmpeq_epi8(v, slashes));
        odd = _mm_or_si128(odd, _mm_cmplt_epi8(v, spaces)); /* signed: from 0x80 on too */
        int flags = _mm_movemask_epi8(odd);
        if (flags) return i + (size_t)__builtin_ctz((unsigned)flags);
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
