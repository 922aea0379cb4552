/* codec_bits.h - numbers of a fixed width packed without gaps. Pure functions.
 *
 * Two layouts. A *block* is 128 numbers of 0..32 bits in 16 * width bytes, as four interleaved
 * lanes: number i is in lane i % 4 at bits (i / 4) * width of the lane, and 32-bit word w of lane l
 * is at byte 16 * w + 4 * l; so one 128-bit register holds a word of every lane. A *run* is any
 * count of numbers of 0..64 bits one after the other, lowest bit first, in bits_run_size() bytes.
 * Readers touch up to BITS_PAD bytes past the end of what they read; those must be readable. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define BITS_BLOCK 128
#define BITS_PAD 16

static inline unsigned bits_of(uint64_t v)
{
    return v ? 64u - (unsigned)__builtin_clzll(v) : 0;
}

static inline size_t bits_run_size(size_t count, unsigned width)
{
    return (count * width + 7) / 8;
}

/* Every in[i] < 2^width, width <= 32. */
void bits_pack(const uint32_t in[BITS_BLOCK], unsigned width, uint8_t *out);
void bits_unpack(const uint8_t *in, unsigned width, uint32_t out[BITS_BLOCK]);

/* Every in[i] < 2^width, width <= 64. */
void bits_put_run(const uint64_t *in, size_t count, unsigned width, uint8_t *out);

/* Number i of a run. */
static inline uint64_t bits_get(const uint8_t *in, size_t i, unsigned width)
{
    size_t bit = i * width;
    unsigned shift = (unsigned)(bit % 8);
    const uint8_t *p = in + bit / 8;
    uint64_t v;
    __builtin_memcpy(&v, p, sizeof(v));
    v >>= shift;
    if (shift + width > 64) v |= (uint64_t)p[8] << (64 - shift);
    return width == 64 ? v : v & (((uint64_t)1 << width) - 1);
}
