/* buckets.c - starts come from the zone one by one; the slots, and the factor where all buckets are
 * of one length, follow from them. */
#include "insight/buckets.h"

#include <assert.h>
#include <string.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "base/cpu.h"
#include "base/places.h"
#include "base/vec.h"

/* Powers of two below the shortest usual bucket of each unit: 35 min, 19 h, 6.2 d, 24.9 d. */
static const int shifts[] = {
    [UNIT_HOUR] = 21, [UNIT_DAY] = 26, [UNIT_WEEK] = 29, [UNIT_MONTH] = 31};

static void fill_slots(struct buckets *b)
{
    uint64_t length = (uint64_t)(b->starts[b->count] - b->starts[0]);
    size_t slots = (size_t)(length >> b->shift) + 1;
    uint32_t bucket = 0;
    b->slots = mem_alloc_array(slots, sizeof(*b->slots));
    for (size_t i = 0; i < slots; i++) {
        int64_t at = b->starts[0] + (int64_t)((uint64_t)i << b->shift);
        while (bucket + 1 < b->count && at >= b->starts[bucket + 1]) {
            bucket++;
        }
        b->slots[i] = bucket;
    }
}

/* With s = 32 + floor(log2 odd) the factor ceil(2^s / odd) is below 2^32 and too large by e / odd,
 * e < odd, so that x * e < 2^s and the quotient is exact for x < 2^31 < 2^s / odd. */
static void find_factor(struct buckets *b)
{
    uint64_t length = (uint64_t)(b->starts[1] - b->starts[0]);
    for (size_t i = 1; i < b->count; i++) {
        if ((uint64_t)(b->starts[i + 1] - b->starts[i]) != length) return;
    }
    int shift = __builtin_ctzll(length);
    uint64_t odd = length >> shift;
    if (odd == 1 || (uint64_t)(b->starts[b->count] - b->starts[0]) >> shift >> 31 != 0) return;
    b->even_shift = shift;
    b->factor_shift = 32 + 63 - __builtin_clzll(odd);
    b->factor = (uint32_t)(((UINT64_C(1) << b->factor_shift) + odd - 1) / odd);
}

bool buckets_init(struct buckets *b, const struct buckets_range *r, size_t count_max)
{
    VEC(int64_t) starts = {0};
    *b = (struct buckets){.shift = shifts[r->unit]};
    if (r->from >= r->to) return true;
    int64_t start = zone_bucket_start(r->zone, r->unit, r->from);
    for (size_t i = 0; i < r->before; i++) {
        start = zone_bucket_start(r->zone, r->unit, start - 1);
    }
    while (start < r->to) {
        if (starts.count == count_max) {
            VEC_FINISH(&starts);
            return false;
        }
        VEC_PUSH(&starts, start);
        int64_t next = zone_bucket_next(r->zone, r->unit, start);
        assert(next > start);
        start = next;
    }
    for (size_t i = 0; i < r->after; i++) {
        VEC_PUSH(&starts, start);
        start = zone_bucket_next(r->zone, r->unit, start);
    }
    VEC_PUSH(&starts, start);
    b->starts = starts.items;
    b->count = starts.count - 1;
    fill_slots(b);
    find_factor(b);
    return true;
}

void buckets_finish(struct buckets *b)
{
    mem_free(b->starts);
    mem_free(b->slots);
    *b = (struct buckets){0};
}

#ifdef __x86_64__
/* Eight at a time; returns how many are done. The same arithmetic as buckets_find(). */
__attribute__((target("avx2"))) static uint32_t
find_wide(const struct buckets *b, const int64_t *at, uint32_t n, uint32_t *out)
{
    const __m256i start = _mm256_set1_epi64x(b->starts[0]);
    const __m256i factor = _mm256_set1_epi64x(b->factor);
    const __m128i even = _mm_cvtsi32_si128(b->even_shift);
    const __m128i shift = _mm_cvtsi32_si128(b->factor_shift);
    uint32_t i = 0;
    for (; n - i >= 8; i += 8) {
        __m256i x[2];
        for (uint32_t k = 0; k < 2; k++) {
            const void *four = at + i + 4 * k;
            x[k] = _mm256_sub_epi64(_mm256_loadu_si256(four), start);
            x[k] = _mm256_mul_epu32(_mm256_srl_epi64(x[k], even), factor);
            x[k] = _mm256_srl_epi64(x[k], shift);
        }
        /* The low halves of both, in order. */
        __m256i low = _mm256_castps_si256(
            _mm256_shuffle_ps(_mm256_castsi256_ps(x[0]), _mm256_castsi256_ps(x[1]), 0x88));
        void *eight = out + i;
        _mm256_storeu_si256(eight, _mm256_permute4x64_epi64(low, 0xD8));
    }
    return i;
}

/* The same by wider vectors, which have the halves pulled together in one step. */
__attribute__((target("avx512f"))) static uint32_t
find_widest(const struct buckets *b, const int64_t *at, uint32_t n, uint32_t *out)
{
    const __m512i start = _mm512_set1_epi64(b->starts[0]), factor = _mm512_set1_epi64(b->factor);
    const __m128i even = _mm_cvtsi32_si128(b->even_shift);
    const __m128i shift = _mm_cvtsi32_si128(b->factor_shift);
    uint32_t i = 0;
    for (; n - i >= 8; i += 8) {
        void *eight = out + i;
        __m512i x = _mm512_sub_epi64(_mm512_loadu_si512(at + i), start);
        x = _mm512_mul_epu32(_mm512_srl_epi64(x, even), factor);
        _mm256_storeu_si256(eight, _mm512_cvtepi64_epi32(_mm512_srl_epi64(x, shift)));
    }
    return i;
}

/* Eight at a time, the last eight masked. */
__attribute__((target("avx512f"))) static uint64_t
seen_widest(const struct buckets *b, const int64_t *at, uint32_t n, uint32_t first)
{
    const __m512i start = _mm512_set1_epi64(b->starts[0]), factor = _mm512_set1_epi64(b->factor);
    const __m512i before = _mm512_set1_epi64(first), one = _mm512_set1_epi64(1);
    const __m128i even = _mm_cvtsi32_si128(b->even_shift);
    const __m128i shift = _mm_cvtsi32_si128(b->factor_shift);
    __m512i seen = _mm512_setzero_si512();
    for (uint32_t i = 0; i < n; i += 8) {
        unsigned left = n - i < 8 ? n - i : 8;
        __mmask8 here = (__mmask8)(0xffu >> (8 - left));
        __m512i x = _mm512_sub_epi64(_mm512_maskz_loadu_epi64(here, at + i), start);
        x = _mm512_mul_epu32(_mm512_srl_epi64(x, even), factor);
        x = _mm512_sub_epi64(_mm512_srl_epi64(x, shift), before);
        seen = _mm512_mask_or_epi64(seen, here, seen, _mm512_sllv_epi64(one, x));
    }
    return (uint64_t)_mm512_reduce_or_epi64(seen);
}

/* Four at a time, the last four again when fewer are left. n >= 4. */
__attribute__((target("avx2"))) static uint64_t
seen_wide(const struct buckets *b, const int64_t *at, uint32_t n, uint32_t first)
{
    const __m256i start = _mm256_set1_epi64x(b->starts[0]);
    const __m256i factor = _mm256_set1_epi64x(b->factor);
    const __m256i before = _mm256_set1_epi64x(first), one = _mm256_set1_epi64x(1);
    const __m128i even = _mm_cvtsi32_si128(b->even_shift);
    const __m128i shift = _mm_cvtsi32_si128(b->factor_shift);
    __m256i seen = _mm256_setzero_si256();
    for (uint32_t i = 0; i < n; i += 4) {
        const void *four = at + (n - i < 4 ? n - 4 : i);
        __m256i x = _mm256_sub_epi64(_mm256_loadu_si256(four), start);
        x = _mm256_mul_epu32(_mm256_srl_epi64(x, even), factor);
        x = _mm256_sub_epi64(_mm256_srl_epi64(x, shift), before);
        seen = _mm256_or_si256(seen, _mm256_sllv_epi64(one, x));
    }
    __m128i half = _mm_or_si128(_mm256_castsi256_si128(seen), _mm256_extracti128_si256(seen, 1));
    return (uint64_t)_mm_cvtsi128_si64(half) | (uint64_t)_mm_extract_epi64(half, 1);
}

/* Eight at a time, pulled together by the bits of those that differ; *count are kept so far.
 * Returns how many are done. */
__attribute__((target("avx2,bmi2,popcnt"))) static uint32_t
changes_wide(uint32_t *bucket, uint32_t n, uint32_t *last, uint32_t *count)
{
    const __m256i turn = _mm256_setr_epi32(7, 0, 1, 2, 3, 4, 5, 6);
    __m256i before = _mm256_set1_epi32((int)*last);
    uint32_t i = 0, kept = 0, end = *last;
    for (; n - i >= 8; i += 8) {
        void *eight = bucket + i, *out = bucket + kept;
        __m256i v = _mm256_loadu_si256(eight);
        __m256i turned = _mm256_permutevar8x32_epi32(v, turn);
        __m256i same = _mm256_cmpeq_epi32(v, _mm256_blend_epi32(turned, before, 1));
        unsigned differ = 0xff & ~(unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(same));
        end = (uint32_t)_mm256_extract_epi32(v, 7);
        _mm256_storeu_si256(out, _mm256_permutevar8x32_epi32(v, places(differ)));
        kept += (uint32_t)__builtin_popcount(differ);
        before = turned;
    }
    *last = end;
    *count = kept;
    return i;
}
#else
static uint32_t find_wide(const struct buckets *b, const int64_t *at, uint32_t n, uint32_t *out)
{
    (void)b, (void)at, (void)n, (void)out;
    return 0;
}

static uint32_t find_widest(const struct buckets *b, const int64_t *at, uint32_t n, uint32_t *out)
{
    (void)b, (void)at, (void)n, (void)out;
    return 0;
}

static uint64_t seen_widest(const struct buckets *b, const int64_t *at, uint32_t n, uint32_t first)
{
    (void)b, (void)at, (void)n, (void)first;
    return 0;
}

static uint64_t seen_wide(const struct buckets *b, const int64_t *at, uint32_t n, uint32_t first)
{
    (void)b, (void)at, (void)n, (void)first;
    return 0;
}

static uint32_t changes_wide(uint32_t *bucket, uint32_t n, uint32_t *last, uint32_t *count)
{
    (void)bucket, (void)n, (void)last, (void)count;
    return 0;
}
#endif

void buckets_find_all(const struct buckets *b, const int64_t *at, uint32_t n, uint32_t *out)
{
    struct buckets copy = *b; /* known to stay as it is while 'out' is written */
    uint32_t i = 0;
    if (copy.factor && cpu_has_avx512()) {
        i = find_widest(&copy, at, n, out);
    } else if (copy.factor && cpu_has_avx2()) {
        i = find_wide(&copy, at, n, out);
    }
    for (; i < n && copy.factor; i++) { /* apart, so that neither loop asks for the factor */
        out[i] = buckets_find(&copy, at[i]);
    }
    for (; i < n; i++) {
        out[i] = buckets_find(&copy, at[i]);
    }
}

uint64_t buckets_seen(const struct buckets *b, const int64_t *at, uint32_t n, uint32_t first)
{
    uint64_t seen = 0;
    if (b->factor && cpu_has_avx512()) return seen_widest(b, at, n, first);
    if (b->factor && n >= 4 && cpu_has_avx2()) return seen_wide(b, at, n, first);
    for (uint32_t i = 0; i < n; i++)
        seen |= UINT64_C(1) << (buckets_find(b, at[i]) - first);
    return seen;
}

uint32_t buckets_changes(uint32_t *bucket, uint32_t n, uint32_t last)
{
    uint32_t count = 0;
    uint32_t i = cpu_has_avx2() ? changes_wide(bucket, n, &last, &count) : 0;
    for (; i < n; i++) { /* without a branch, which would be guessed wrong often */
        uint32_t here = bucket[i];
        bucket[count] = here;
        count += here != last;
        last = here;
    }
    return count;
}
