/* codeset.c - few codes are compared in vectors of the compiler's, more are looked up in the bits.
 */
#include "base/codeset.h"

#include <string.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "base/cpu.h"

void codeset_add(struct codeset *s, uint16_t code)
{
    if (codeset_has(s, code)) return;
    if (s->count < CODESET_FEW) s->few[s->count] = code;
    s->bits[code / 64] |= UINT64_C(1) << code % 64;
    s->count++;
}

/* Codes side by side; a comparison gives 0 or all ones in each place. */
typedef uint16_t lanes __attribute__((vector_size(16)));
typedef uint8_t bytes __attribute__((vector_size(8)));
#define LANES 8

/* Which of LANES codes are among the few. */
static inline lanes among_few(const struct codeset *s, const uint16_t *code)
{
    lanes x, hit = {0};
    memcpy(&x, code, sizeof(x));
    for (uint32_t k = 0; k < s->count; k++) {
        hit |= (lanes)(x == s->few[k]);
    }
    return hit;
}

/* Bit i of the answer is the lowest bit of byte i. */
static inline uint64_t pack(uint64_t eight)
{
    return (eight & UINT64_C(0x0101010101010101)) * UINT64_C(0x0102040810204080) >> 56;
}

uint64_t codeset_match(const struct codeset *s, const uint16_t *code)
{
    uint64_t found = 0;
    for (int i = 0; i < 64 && s->count > CODESET_FEW; i++) {
        found |= (uint64_t)codeset_has(s, code[i]) << i;
    }
    for (int i = 0; i < 64 && s->count <= CODESET_FEW; i += LANES) {
        bytes narrow = __builtin_convertvector(among_few(s, code + i), bytes);
        uint64_t eight;
        memcpy(&eight, &narrow, sizeof(eight));
        found |= pack(eight) << i;
    }
    return found;
}

/* Written out for each target. Bits past 'count' are 0. */
static inline __attribute__((always_inline)) uint32_t
match_all(const struct codeset *s, const uint16_t *code, uint32_t count, uint64_t *bits,
          uint64_t (*match)(const struct codeset *, const uint16_t *))
{
    uint32_t found = 0, i = 0;
    for (; count - i >= 64; i += 64) {
        bits[i / 64] = match(s, code + i);
        found += (uint32_t)__builtin_popcountll(bits[i / 64]);
    }
    if (i == count) return found;
    uint16_t last[64] = {0};
    memcpy(last, code + i, (count - i) * sizeof(last[0]));
    bits[i / 64] = match(s, last) & ~(~UINT64_C(0) << (count - i));
    return found + (uint32_t)__builtin_popcountll(bits[i / 64]);
}

#ifdef __x86_64__
#define WIDE __attribute__((target("avx2,popcnt")))

/* Which of 16 codes are among the few. */
WIDE static inline __m256i sixteen_among(const struct codeset *s, const uint16_t *code)
{
    __m256i x = _mm256_loadu_si256((const void *)code), hit = _mm256_setzero_si256();
    for (uint32_t k = 0; k < s->count; k++)
        hit = _mm256_or_si256(hit, _mm256_cmpeq_epi16(x, _mm256_set1_epi16((short)s->few[k])));
    return hit;
}

/* The same of 32, a bit each. */
WIDE static inline uint32_t half_among(const struct codeset *s, const uint16_t *code)
{
    __m256i hit = _mm256_packs_epi16(sixteen_among(s, code), sixteen_among(s, code + 16));
    /* Packing has taken from both halves in turn. */
    return (uint32_t)_mm256_movemask_epi8(_mm256_permute4x64_epi64(hit, 0xd8));
}

WIDE static inline uint64_t match_wide(const struct codeset *s, const uint16_t *code)
{
    return half_among(s, code) | (uint64_t)half_among(s, code + 32) << 32;
}

/* Many are looked up in the bits, eight at a time: each one's bit is brought to the top. */
WIDE static inline uint64_t look_up_wide(const struct codeset *s, const uint16_t *code)
{
    const __m256i low = _mm256_set1_epi32(31);
    uint64_t found = 0;
    for (int i = 0; i < 64; i += 8) {
        __m256i x = _mm256_cvtepu16_epi32(_mm_loadu_si128((const void *)(code + i)));
        __m256i word =
            _mm256_i32gather_epi32((const void *)s->bits, _mm256_srli_epi32(x, 5), sizeof(int));
        __m256i top = _mm256_sllv_epi32(word, _mm256_andnot_si256(x, low));
        found |= (uint64_t)(uint8_t)_mm256_movemask_ps(_mm256_castsi256_ps(top)) << i;
    }
    return found;
}

WIDE static uint32_t match_all_wide(const struct codeset *s, const uint16_t *code, uint32_t count,
                                    uint64_t *bits)
{
    if (s->count > CODESET_FEW) return match_all(s, code, count, bits, look_up_wide);
    return match_all(s, code, count, bits, match_wide);
}

#define WIDEST __attribute__((target("avx512f,avx512bw,popcnt")))

/* A comparison gives the bits at once. */
WIDEST static inline uint64_t match_widest(const struct codeset *s, const uint16_t *code)
{
    __m512i low = _mm512_loadu_si512(code), high = _mm512_loadu_si512(code + 32);
    uint64_t found = 0;
    for (uint32_t k = 0; k < s->count; k++) {
        __m512i all = _mm512_set1_epi16((short)s->few[k]);
        found |= _mm512_cmpeq_epi16_mask(low, all);
        found |= (uint64_t)_mm512_cmpeq_epi16_mask(high, all) << 32;
    }
    return found;
}

/* The words of the bits of the first 512 codes are in a register; others are asked one by one. */
WIDEST static inline uint64_t look_up_widest(const struct codeset *s, const uint16_t *code)
{
    const __m512i words = _mm512_loadu_si512(s->bits), one = _mm512_set1_epi16(1);
    const __m512i most = _mm512_set1_epi16(511), low = _mm512_set1_epi16(15);
    uint64_t found = 0;
    for (int i = 0; i < 64; i += 32) {
        __m512i x = _mm512_loadu_si512(code + i);
        __m512i bit = _mm512_sllv_epi16(one, _mm512_and_si512(x, low));
        __m512i word = _mm512_permutexvar_epi16(_mm512_srli_epi16(x, 4), words);
        uint32_t over = _mm512_cmpgt_epu16_mask(x, most);
        uint32_t here = _mm512_test_epi16_mask(word, bit) & ~over;
        for (; over; over &= over - 1) {
            unsigned k = (unsigned)__builtin_ctz(over);
            here |= (uint32_t)codeset_has(s, code[i + (int)k]) << k;
        }
        found |= (uint64_t)here << i;
    }
    return found;
}

WIDEST static uint32_t match_all_widest(const struct codeset *s, const uint16_t *code,
                                        uint32_t count, uint64_t *bits)
{
    if (s->count > CODESET_FEW) return match_all(s, code, count, bits, look_up_widest);
    return match_all(s, code, count, bits, match_widest);
}

/* How many are done, whole sixty-fours, before one that is in the set. */
WIDEST static uint32_t miss_widest(const struct codeset *s, const uint16_t *code, uint32_t count)
{
    uint32_t i = 0;
    while (count - i >= 64 &&
           (s->count > CODESET_FEW ? look_up_widest(s, code + i) : match_widest(s, code + i)) == 0)
        i += 64;
    return i;
}
#else
static uint32_t match_all_widest(const struct codeset *s, const uint16_t *code, uint32_t count,
                                 uint64_t *bits)
{
    return match_all(s, code, count, bits, codeset_match);
}

static uint32_t miss_widest(const struct codeset *s, const uint16_t *code, uint32_t count)
{
    (void)s, (void)code, (void)count;
    return 0;
}

static uint32_t match_all_wide(const struct codeset *s, const uint16_t *code, uint32_t count,
                               uint64_t *bits)
{
    return match_all(s, code, count, bits, codeset_match);
}
#endif

uint32_t codeset_match_all(const struct codeset *s, const uint16_t *code, uint32_t count,
                           uint64_t *bits)
{
    if (cpu_has_avx512()) return match_all_widest(s, code, count, bits);
    if (cpu_has_avx2()) return match_all_wide(s, code, count, bits);
    return match_all(s, code, count, bits, codeset_match);
}

uint32_t codeset_miss_all(const struct codeset *s, const uint16_t *code, uint32_t count,
                          uint64_t *bits)
{
    uint32_t found = codeset_match_all(s, code, count, bits);
    for (uint32_t i = 0; i < count; i += 64) {
        uint32_t rest = count - i;
        bits[i / 64] ^= rest < 64 ? ~(~UINT64_C(0) << rest) : ~UINT64_C(0);
    }
    return count - found;
}

bool codeset_meets(const struct codeset *s, const uint16_t *code, uint32_t count)
{
    uint32_t i = cpu_has_avx512() ? miss_widest(s, code, count) : 0;
    for (; count - i >= LANES && s->count <= CODESET_FEW; i += LANES) {
        lanes hit = among_few(s, code + i);
        uint64_t half[2];
        memcpy(half, &hit, sizeof(half));
        if (half[0] | half[1]) return true;
    }
    for (; i < count; i++) {
        if (codeset_has(s, code[i])) return true;
    }
    return false;
}
