/* codec_bytes.c - four numbers at a time, moved to their places by one shuffle.
 *
 * A table says for each control byte where the bytes of its four numbers go and how many there are.
 * With AVX2 two control bytes make one shuffle of eight numbers; without, each number is one
 * unaligned load and a mask. Both give the same numbers: loads go up to BITS_PAD bytes past the
 * data, what they bring from there is masked off. */
#include "eventlog/codec_bytes.h"

#include <string.h>

#include "base/cpu.h"
#include "eventlog/codec_bits.h"

#define BLOCK_BYTES_MAX (4 * BITS_BLOCK)

/* Bytes of number j of a control byte, where they begin, and how long all four are. */
#define LENGTH(c, j) (((c) >> (2 * (j)) & 3) + 1)
#define PLACE(c, j)                                                                                \
    (((j) > 0 ? LENGTH(c, 0) : 0) + ((j) > 1 ? LENGTH(c, 1) : 0) + ((j) > 2 ? LENGTH(c, 2) : 0))

#define FOUR(X, c) X(c), X((c) + 1), X((c) + 2), X((c) + 3)
#define SIXTEEN(X, c) FOUR(X, c), FOUR(X, (c) + 4), FOUR(X, (c) + 8), FOUR(X, (c) + 12)
#define SIXTYFOUR(X, c)                                                                            \
    SIXTEEN(X, c), SIXTEEN(X, (c) + 16), SIXTEEN(X, (c) + 32), SIXTEEN(X, (c) + 48)
#define ALL(X) SIXTYFOUR(X, 0), SIXTYFOUR(X, 64), SIXTYFOUR(X, 128), SIXTYFOUR(X, 192)

#define TOTAL(c) (PLACE(c, 3) + LENGTH(c, 3))
static const uint8_t totals[256] = {ALL(TOTAL)};

static unsigned length_of(uint64_t v)
{
    return v < 1u << 16 ? 1 + (v >= 1u << 8) : 3 + (v >= 1u << 24);
}

void bytes_put(const uint64_t *in, size_t count, struct strbuf *out)
{
    strbuf_reserve(out, bytes_controls(count) + 4 * count + sizeof(uint64_t));
    uint8_t *control = (uint8_t *)out->p + out->len;
    uint8_t *p = control + bytes_controls(count);
    memset(control, 0, bytes_controls(count));
    for (size_t i = 0; i < count; i++) {
        unsigned length = length_of(in[i]);
        control[i / 4] |= (uint8_t)((length - 1) << 2 * (i % 4));
        memcpy(p, &in[i], sizeof(uint32_t));
        p += length;
    }
    out->len = (size_t)(p - (uint8_t *)out->p);
    out->p[out->len] = '\0';
}

static inline uint32_t load_number(const uint8_t *p, unsigned length)
{
    uint32_t v;
    memcpy(&v, p, sizeof(v));
    return v & (UINT32_MAX >> (32 - 8 * length));
}

static const uint8_t *get_plain(const uint8_t *controls, const uint8_t *p, size_t count,
                                uint32_t *out)
{
    for (size_t i = 0; i < count; i++) {
        unsigned length = LENGTH((unsigned)controls[i / 4], i % 4);
        out[i] = load_number(p, length);
        p += length;
    }
    return p;
}

#if defined(__x86_64__)
#include <immintrin.h>

#define CELL(c, j, b) (uint8_t)((b) < LENGTH(c, j) ? PLACE(c, j) + (b) : 0x80)
#define CELLS(c, j) CELL(c, j, 0), CELL(c, j, 1), CELL(c, j, 2), CELL(c, j, 3)
#define SHUFFLE(c)                                                                                 \
    {                                                                                              \
        CELLS(c, 0), CELLS(c, 1), CELLS(c, 2), CELLS(c, 3)                                         \
    }
static const uint8_t shuffles[256][16] = {ALL(SHUFFLE)};

/* A whole block. */
__attribute__((target("avx2"))) static const uint8_t *
get_block_avx2(const uint8_t *controls, const uint8_t *p, uint32_t *out)
{
    for (size_t i = 0; i < BITS_BLOCK / 4; i += 2, out += 8) {
        unsigned c = controls[i], d = controls[i + 1];
        const uint8_t *q = p + totals[c];
        __m256i data = _mm256_inserti128_si256(
            _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)p)),
            _mm_loadu_si128((const __m128i *)(const void *)q), 1);
        __m256i moves = _mm256_inserti128_si256(
            _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)shuffles[c])),
            _mm_loadu_si128((const __m128i *)(const void *)shuffles[d]), 1);
        _mm256_storeu_si256((__m256i *)(void *)out, _mm256_shuffle_epi8(data, moves));
        p = q + totals[d];
    }
    return p;
}

static const uint8_t *get_block(const uint8_t *controls, const uint8_t *p, uint32_t *out)
{
    if (cpu_has_avx2()) return get_block_avx2(controls, p, out);
    return get_plain(controls, p, BITS_BLOCK, out);
}
#else
static const uint8_t *get_block(const uint8_t *controls, const uint8_t *p, uint32_t *out)
{
    return get_plain(controls, p, BITS_BLOCK, out);
}
#endif

static size_t sum_lengths(const uint8_t *controls, size_t count)
{
    size_t sum = 0;
    for (size_t i = 0; i < count / 4; i++)
        sum += totals[controls[i]];
    for (size_t i = count / 4 * 4; i < count; i++)
        sum += LENGTH((size_t)controls[i / 4], i % 4);
    return sum;
}

bool bytes_get(const uint8_t *controls, const uint8_t **data, const uint8_t *end, size_t count,
               uint32_t *out)
{
    size_t left = (size_t)(end - *data);
    if (left < BLOCK_BYTES_MAX && sum_lengths(controls, count) > left) return false;
    *data = count == BITS_BLOCK ? get_block(controls, *data, out)
                                : get_plain(controls, *data, count, out);
    return true;
}

/* The lengths of 32 numbers, less 1, are added within one word: by twos, by fours, all. */
size_t bytes_length(const uint8_t *controls, size_t count)
{
    const uint64_t pairs = UINT64_C(0x3333333333333333), bytes = UINT64_C(0x0f0f0f0f0f0f0f0f);
    size_t sum = count;
    for (size_t i = 0; i < count / 4; i += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, controls + i, sizeof(word));
        word = (word & pairs) + (word >> 2 & pairs);
        word = (word & bytes) + (word >> 4 & bytes);
        sum += word * UINT64_C(0x0101010101010101) >> 56;
    }
    return sum;
}
