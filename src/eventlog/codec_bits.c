/* codec_bits.c - blocks by four lanes at once, runs by a 64-bit accumulator.
 *
 * bits_unpack has one function for each width, written out by the preprocessor, in which every
 * shift and mask is a constant; the lanes are a vector type of the compiler, which becomes SSE2 or
 * NEON. */
#include "eventlog/codec_bits.h"

#include <assert.h>
#include <string.h>

#define LANES 4
#define ROWS (BITS_BLOCK / LANES)
#define INLINE static inline __attribute__((always_inline))

typedef uint32_t lanes __attribute__((vector_size(16)));

INLINE lanes load(const void *p)
{
    lanes v;
    memcpy(&v, p, sizeof(v));
    return v;
}

INLINE void store(void *p, lanes v)
{
    memcpy(p, &v, sizeof(v));
}

INLINE void unpack_row(const uint8_t *restrict in, uint32_t *restrict out, unsigned width,
                       unsigned row)
{
    unsigned word = width * row / 32;
    unsigned shift = width * row % 32;
    uint32_t mask = width == 32 ? UINT32_MAX : ((uint32_t)1 << width) - 1;
    lanes v = load(in + 16 * word) >> shift;
    if (shift + width > 32) v |= load(in + 16 * (word + 1)) << (32 - shift);
    store(out + LANES * row, v & mask);
}

INLINE void unpack_rows(const uint8_t *restrict in, uint32_t *restrict out, unsigned width)
{
#define ROW(r) unpack_row(in, out, width, r)
#define ROW8(r)                                                                                    \
    ROW(r), ROW((r) + 1), ROW((r) + 2), ROW((r) + 3), ROW((r) + 4), ROW((r) + 5), ROW((r) + 6),    \
        ROW((r) + 7)
    ROW8(0), ROW8(8), ROW8(16), ROW8(24);
#undef ROW8
#undef ROW
}

/* clang-format off */
#define WIDTHS(X) \
    X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) \
    X(9) X(10) X(11) X(12) X(13) X(14) X(15) X(16) \
    X(17) X(18) X(19) X(20) X(21) X(22) X(23) X(24) \
    X(25) X(26) X(27) X(28) X(29) X(30) X(31) X(32)
/* clang-format on */

#define UNPACK(width)                                                                              \
    static void unpack_##width(const uint8_t *restrict in, uint32_t *restrict out)                 \
    {                                                                                              \
        unpack_rows(in, out, width);                                                               \
    }
WIDTHS(UNPACK)
#undef UNPACK

static void unpack_0(const uint8_t *restrict in, uint32_t *restrict out)
{
    (void)in;
    memset(out, 0, BITS_BLOCK * sizeof(*out));
}

void bits_unpack(const uint8_t *in, unsigned width, uint32_t out[BITS_BLOCK])
{
    static void (*const by_width[33])(const uint8_t *restrict, uint32_t *restrict) = {unpack_0,
#define ENTRY(width) unpack_##width,
                                                                                      WIDTHS(ENTRY)
#undef ENTRY
    };
    assert(width <= 32);
    by_width[width](in, out);
}

void bits_pack(const uint32_t in[BITS_BLOCK], unsigned width, uint8_t *out)
{
    assert(width <= 32);
    lanes word = {0};
    unsigned used = 0; /* bits of 'word' that are taken */
    for (unsigned row = 0; row < ROWS && width; row++) {
        lanes v = load(in + LANES * row);
        word |= v << used;
        used += width;
        if (used < 32) continue;
        store(out, word);
        out += sizeof(word);
        used -= 32;
        word = used ? v >> (width - used) : (lanes){0};
    }
}

/* Bits that do not fill a byte yet. */
struct bit_tail {
    uint64_t bits;
    unsigned used; /* of 'bits', < 8 between calls */
    uint8_t *out;  /* where the next whole byte goes */
};

static void put_bits(struct bit_tail *t, uint64_t v, unsigned width) /* width <= 32 */
{
    t->bits |= v << t->used;
    t->used += width;
    while (t->used >= 8) {
        *t->out++ = (uint8_t)t->bits;
        t->bits >>= 8;
        t->used -= 8;
    }
}

void bits_put_run(const uint64_t *in, size_t count, unsigned width, uint8_t *out)
{
    assert(width <= 64);
    struct bit_tail tail = {.out = out};
    for (size_t i = 0; i < count; i++) {
        put_bits(&tail, in[i] & UINT32_MAX, width < 32 ? width : 32);
        if (width > 32) put_bits(&tail, in[i] >> 32, width - 32);
    }
    if (tail.used) *tail.out = (uint8_t)tail.bits;
}
