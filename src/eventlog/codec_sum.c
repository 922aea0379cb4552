/* codec_sum.c - one run after the other; with AVX2 four rows of a run at once.
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

bool sum_blocks(uint32_t *gap, size_t count, uint64_t *before)
{
    uint64_t all = 0, most = 0;
    size_t blocks = count / SUM_BLOCK + 1;
    memset(gap + count, 0, (blocks * SUM_BLOCK - count) * sizeof(*gap));
    for (size_t b = 0; b < blocks; b++, gap += SUM_BLOCK) {
        uint64_t sum = 0;
#pragma GCC unroll 8
        for (size_t i = 0; i < SUM_BLOCK; i++) {
            uint32_t here = gap[i];
            gap[i] = (uint32_t)sum;
            sum += here;
        }
        before[b] = all;
        all += sum;
        most = later(sum, most);
    }
    return most <= UINT32_MAX;
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
#endif

uint64_t sum_narrow(const struct gaps *g, const uint32_t *gap, uint64_t *time)
{
#if defined(__x86_64__)
    if (cpu_has_avx2()) return sum_avx2(g, gap, time);
#endif
    return sum_plain(g, gap, time);
}
