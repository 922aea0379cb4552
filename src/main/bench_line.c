/* bench_line.c - where the cells end is found for the whole line at once; each cell is then one
 * load, moved so that its last digit is the highest byte of a lane and zeros lie before its first;
 * and all lanes become numbers together: digits to pairs, pairs to fours, fours to eights.
 *
 * A character below '0' ends a cell, so that within cells only those above '9' can be wrong. What
 * is wrong with any cell is gathered and looked at once, at the end. */
#include "main/bench_line.h"

#ifdef __SSE2__
#include <emmintrin.h>
#include <string.h>

#define STEP 16
#define WINDOW 48                         /* bytes of the longest sound line, and more */
#define BEHIND (UINT64_C(0x7f) << WINDOW) /* ends enough for a line that has none */
#define LONG_DIGITS 8
#define SHORT_DIGITS 4
#define SECOND_DIGITS 10

_Static_assert(WINDOW + LONG_DIGITS <= BENCH_LINE_PAD, "the last load of a line is readable");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the last digit is the highest byte");

static inline uint64_t mask_of(__m128i found, unsigned at)
{
    return (uint64_t)(unsigned)_mm_movemask_epi8(found) << at;
}

/* Bit i: byte i of the line is below '0', and among these, is a comma. */
static inline uint64_t find_ends(const char *p, uint64_t *commas)
{
    uint64_t ends = 0, found = 0;
#pragma GCC unroll 3
    for (unsigned at = 0; at < WINDOW; at += STEP) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(p + at));
        ends |= mask_of(_mm_cmplt_epi8(bytes, _mm_set1_epi8('0')), at);
        found |= mask_of(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(',')), at);
    }
    *commas = found;
    return ends;
}

/* A cell of 1 to 8 digits, or of 1 to 4, with one byte between it and 'next'. */
static inline uint64_t load_long(const char *line, uint64_t from, uint64_t next)
{
    uint64_t v;
    memcpy(&v, line + from, sizeof(v));
    return v << (8 * (from + 1 - next) % 64);
}

static inline uint64_t load_short(const char *line, uint64_t from, uint64_t next)
{
    uint32_t v;
    memcpy(&v, line + from, sizeof(v));
    return v << (8 * (from + 1 - next) % 32);
}

static inline __m128i lanes_of(uint64_t a, uint64_t b)
{
    return _mm_set_epi64x((long long)b, (long long)a);
}

/* Each four characters to their number; *wrong gets bits when any is above '9'. */
static inline __m128i fours_of(__m128i text, __m128i *wrong)
{
    __m128i digits = _mm_subs_epu8(text, _mm_set1_epi8('0'));
    *wrong = _mm_or_si128(*wrong, _mm_cmpgt_epi8(digits, _mm_set1_epi8(9)));
    __m128i tens = _mm_mullo_epi16(_mm_and_si128(digits, _mm_set1_epi16(0xff)), _mm_set1_epi16(10));
    __m128i pairs = _mm_add_epi16(tens, _mm_srli_epi16(digits, 8));
    return _mm_madd_epi16(pairs, _mm_set1_epi32(100 | 1 << 16));
}

/* The ends of the cells: column i is the bytes from[i] .. from[i + 1] - 2. False: the line has not
 * as many cells, or one is empty or too long. */
static inline bool find_cells(const char *text, uint64_t *from)
{
    uint64_t commas, ends = find_ends(text, &commas) | BEHIND, left = ends;
    from[0] = 0;
#pragma GCC unroll 7
    for (unsigned i = 0; i < BENCH_COLUMNS; i++, left &= left - 1)
        from[i + 1] = (uint64_t)__builtin_ctzll(left) + 1;
    uint64_t last = UINT64_C(1) << (from[7] - 1), within = 2 * last - 1;
    uint64_t empty = ends & (ends << 1 | 1), others = ends ^ commas; /* not commas */
    uint64_t longs = (from[1] - from[0] - 2) | (from[7] - from[6] - 2);
    uint64_t shorts = (from[3] - from[2] - 2) | (from[4] - from[3] - 2) | (from[5] - from[4] - 2) |
                      (from[6] - from[5] - 2);
    return (others & within) == last && text[from[7] - 1] == '\n' && (empty & within) == 0 &&
           longs < LONG_DIGITS && shorts < SHORT_DIGITS && from[2] - from[1] - 1 == SECOND_DIGITS;
}

size_t bench_line_read(const char *text, struct bench_line *line)
{
    uint64_t from[BENCH_COLUMNS + 1];
    if (!find_cells(text, from)) return 0;
    __m128i wrong = _mm_setzero_si128();
    __m128i codes =
        lanes_of(load_short(text, from[2], from[3]) | load_short(text, from[3], from[4]) << 32,
                 load_short(text, from[4], from[5]) | load_short(text, from[5], from[6]) << 32);
    __m128i low = lanes_of(load_long(text, from[0], from[1]),
                           load_long(text, from[2] - 1 - LONG_DIGITS, from[2]));
    __m128i high = lanes_of(load_long(text, from[6], from[7]),
                            load_long(text, from[1], from[1] + 1 + SECOND_DIGITS - LONG_DIGITS));
    codes = fours_of(codes, &wrong);
    __m128i fours = _mm_packs_epi32(fours_of(low, &wrong), fours_of(high, &wrong));
    uint32_t eights[4];
    _mm_storeu_si128((__m128i *)(void *)eights,
                     _mm_madd_epi16(fours, _mm_set1_epi32(10000 | 1 << 16)));
    _mm_storeu_si128((__m128i *)(void *)&line->kind, codes);
    line->member = eights[0];
    line->amount = eights[2];
    uint64_t second = (uint64_t)eights[3] * 100000000 + eights[1];
    line->second = (uint32_t)second;
    return _mm_movemask_epi8(wrong) || second > UINT32_MAX ? 0 : (size_t)from[7];
}
#else
size_t bench_line_read(const char *text, struct bench_line *line)
{
    (void)text, (void)line;
    return 0;
}
#endif
