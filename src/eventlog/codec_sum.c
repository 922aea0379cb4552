/* codec_sum.c - one run after the other; with AVX2 four rows of a run at once. Sums without runs
 * take as many gaps as a vector holds.
 *
 * Four gaps are summed among themselves first, so that only the sum that goes from four to four is
 * waited for. The last four of a run may reach into the next one, whose rows are written after; the
 * gaps they take for it are within SUM_SLACK. */
#include "eventlog/codec_sum.h"

#include <string.h>

#include "base/cpu.h"

static inline uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* The same for numbers of either width: gap + i is read before time + i + run is written. */
#define SUM_RUNS(g, gap, time)                                                                     \
    uint64_t latest = 0, base = (g)->base, unit = (g)->unit;                                       \
    for (uint32_t run = 0; run < (g)->runs; run++) {                                               \
        uint64_t at = (g)->first[run];                                                             \
        *(time)++ = at;                                                                            \
        for (uint32_t n = (g)->off[run + 1] - (g)->off[run]; n > 1; n--) {                         \
            at += base + *(gap)++ * unit;                                                          \
            *(time)++ = at;                                                                        \
        }                                                                                          \
        latest = later(at, latest);                                                                \
    }                                                                                              \
    return latest

static uint64_t sum_plain(const struct gaps *g, const uint32_t *gap, uint64_t *time)
{
    SUM_RUNS(g, gap, time);
}

/* Let each gap of a block be the sum of those before it. The sum of all; *fits is cleared when that
 * does not fit 32 bits. */
static uint32_t block_plain(uint32_t *gap, bool *fits)
{
    uint64_t sum = 0;
#pragma GCC unroll 8
    for (size_t i = 0; i < SUM_BLOCK; i++) {
        uint32_t here = gap[i];
        gap[i] = (uint32_t)sum;
        sum += here;
    }
    *fits &= sum <= UINT32_MAX;
    return (uint32_t)sum;
}

uint64_t sum_wide(const struct gaps *g, const uint64_t *gap, uint64_t *time)
{
    SUM_RUNS(g, gap, time);
}

#if defined(__x86_64__)
#include <immintrin.h>

__attribute__((target("avx2"))) static uint64_t sum_avx2(const struct gaps *g, const uint32_t *gap,
                                                         uint64_t *time)
{
    const __m256i base = _mm256_set1_epi64x((long long)g->base);
    const __m256i unit = _mm256_set1_epi64x((long long)g->unit);
    const __m256i zero = _mm256_setzero_si256();
    uint64_t latest = 0;
    for (uint32_t run = 0; run < g->runs; run++) {
        uint32_t gaps = g->off[run + 1] - g->off[run] - 1;
        __m256i before = _mm256_set1_epi64x((long long)g->first[run]);
        *time++ = g->first[run];
        for (uint32_t i = 0; i < gaps; i += SUM_SLACK) {
            __m128i four = _mm_loadu_si128((const __m128i *)(const void *)(gap + i));
            __m256i v = _mm256_mul_epu32(_mm256_cvtepu32_epi64(four), unit);
            v = _mm256_add_epi64(v, base);
            v = _mm256_add_epi64(v, _mm256_slli_si256(v, 8));
            __m256i low = _mm256_permute4x64_epi64(v, 0x50); /* 0 0 1 1: the sum of the low two */
            v = _mm256_add_epi64(v, _mm256_blend_epi32(zero, low, 0xf0));
            _mm256_storeu_si256((__m256i *)(void *)(time + i), _mm256_add_epi64(v, before));
            before = _mm256_add_epi64(before, _mm256_permute4x64_epi64(v, 0xff));
        }
        time += gaps;
        gap += gaps;
        latest = later(time[-1], latest);
    }
    return latest;
}

/* Eight at once. A sum that wraps is less than what was added last. */
__attribute__((target("avx2"))) static uint32_t block_avx2(uint32_t *gap, bool *fits)
{
    const __m256i last = _mm256_set1_epi32(7), low = _mm256_set1_epi32(3);
    const __m256i zero = _mm256_setzero_si256();
    __m256i before = zero, good = _mm256_set1_epi32(-1);
    for (size_t i = 0; i < SUM_BLOCK; i += 8) {
        void *eight = gap + i;
        __m256i v = _mm256_loadu_si256(eight);
        __m256i s = _mm256_add_epi32(v, _mm256_slli_si256(v, 4));
        s = _mm256_add_epi32(s, _mm256_slli_si256(s, 8)); /* of each half by itself */
        __m256i half = _mm256_permutevar8x32_epi32(s, low);
        s = _mm256_add_epi32(s, _mm256_blend_epi32(zero, half, 0xf0));
        s = _mm256_add_epi32(s, before);
        _mm256_storeu_si256(eight, _mm256_sub_epi32(s, v));
        good = _mm256_and_si256(good, _mm256_cmpeq_epi32(_mm256_max_epu32(s, v), s));
        before = _mm256_permutevar8x32_epi32(s, last);
    }
    *fits &= _mm256_movemask_epi8(good) == -1;
    return (uint32_t)_mm256_extract_epi32(before, 0);
}

/* Sixteen. */
__attribute__((target("avx512f"))) static uint32_t block_avx512(uint32_t *gap, bool *fits)
{
    const __m512i threes = _mm512_setr_epi32(0, 0, 0, 0, 3, 3, 3, 3, 0, 0, 0, 0, 11, 11, 11, 11);
    const __m512i sevens = _mm512_set1_epi32(7), last = _mm512_set1_epi32(15);
    __m512i before = _mm512_setzero_si512();
    __mmask16 wraps = 0;
    for (size_t i = 0; i < SUM_BLOCK; i += 16) {
        __m512i v = _mm512_loadu_si512(gap + i);
        __m512i s = _mm512_add_epi32(v, _mm512_slli_epi64(v, 32));
        s = _mm512_add_epi32(s, _mm512_maskz_shuffle_epi32(
                                    0xcccc, s, 0x50)); /* the second of four to the last two */
        s = _mm512_add_epi32(s, _mm512_maskz_permutexvar_epi32(0xf0f0, threes, s));
        s = _mm512_add_epi32(s, _mm512_maskz_permutexvar_epi32(0xff00, sevens, s));
        s = _mm512_add_epi32(s, before);
        _mm512_storeu_si512(gap + i, _mm512_sub_epi32(s, v));
        wraps |= _mm512_cmplt_epu32_mask(s, v);
        before = _mm512_permutexvar_epi32(last, s);
    }
    *fits &= wraps == 0;
    return (uint32_t)_mm512_cvtsi512_si32(before);
}
#endif

static uint32_t sum_block(uint32_t *gap, bool *fits)
{
#if defined(__x86_64__)
    if (cpu_has_avx512()) return block_avx512(gap, fits);
    if (cpu_has_avx2()) return block_avx2(gap, fits);
#endif
    return block_plain(gap, fits);
}

bool sum_blocks(uint32_t *gap, size_t count, uint64_t *before)
{
    uint64_t all = 0;
    bool fits = true;
    size_t blocks = count / SUM_BLOCK + 1;
    memset(gap + count, 0, (blocks * SUM_BLOCK - count) * sizeof(*gap));
    for (size_t b = 0; b < blocks; b++) {
        before[b] = all;
        all += sum_block(gap + b * SUM_BLOCK, &fits);
    }
    return fits;
}

uint64_t sum_narrow(const struct gaps *g, const uint32_t *gap, uint64_t *time)
{
#if defined(__x86_64__)
    if (cpu_has_avx2()) return sum_avx2(g, gap, time);
#endif
    return sum_plain(g, gap, time);
}
