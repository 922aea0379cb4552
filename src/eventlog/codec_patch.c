/* codec_patch.c - high bits become bytes, eight by one instruction, and those bytes move to where
 * the bitmap says. */
#include "eventlog/codec_patch.h"

#include <string.h>

#include "base/cpu.h"

#define BYTE_BITS 8

bool patch_can(const struct patch_map *m)
{
    return cpu_has_avx512() && m->high_width <= BYTE_BITS && m->width < 32;
}

#if defined(__x86_64__)
#include <immintrin.h>

/* Eight numbers of w bits are w bytes; eight are read, BITS_PAD allows for the rest. */
__attribute__((target("bmi2"))) static void spread_bytes(const struct patch_map *m, uint8_t *bytes)
{
    const uint64_t each = UINT64_C(0x0101010101010101) * ((1u << m->high_width) - 1);
    for (unsigned i = 0; i < m->count; i += 8) {
        uint64_t packed;
        memcpy(&packed, m->high + (size_t)i / 8 * m->high_width, sizeof(packed));
        packed = _pdep_u64(packed, each);
        memcpy(bytes + i, &packed, sizeof(packed));
    }
}

__attribute__((target("avx512f,popcnt"))) bool patch_block(const struct patch_map *m,
                                                           uint32_t out[BITS_BLOCK])
{
    uint8_t bytes[BITS_BLOCK + 16]; /* as many are read at once, also from behind the last */
    const __m128i width = _mm_cvtsi32_si128((int)m->width);
    unsigned done = 0;
    memset(bytes + m->count, 0, 16);
    spread_bytes(m, bytes);
    for (size_t i = 0; i < BITS_BLOCK; i += 16) {
        uint16_t here;
        memcpy(&here, m->bitmap + i / 8, sizeof(here));
        const void *from = bytes + done;
        void *to = out + i;
        done += (unsigned)__builtin_popcount(here);
        if (done > m->count) return false;
        __m512i high = _mm512_cvtepu8_epi32(_mm_loadu_si128(from));
        high = _mm512_sll_epi32(_mm512_maskz_expand_epi32(here, high), width);
        _mm512_storeu_si512(to, _mm512_or_si512(_mm512_loadu_si512(to), high));
    }
    return done == m->count;
}
#else
bool patch_block(const struct patch_map *m, uint32_t out[BITS_BLOCK])
{
    (void)m, (void)out;
    return false;
}
#endif
