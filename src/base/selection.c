/* selection.c - eight rows at once with AVX2: the places of a byte's bits are pulled together, and
 * all eight are written however many count. Of a word with fewer bits than that, the lowest is
 * taken eight times. */
#include "base/selection.h"

#include <assert.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "base/cpu.h"
#include "base/places.h"

/* Written out for each target, so that the count of bits is one instruction where there is one. */
static inline __attribute__((always_inline)) void ranks(const uint64_t *bits, const uint32_t *end,
                                                        uint32_t n, uint32_t *rank)
{
    uint32_t word = 0, before = 0;
    for (uint32_t i = 0; i < n; i++) {
        for (; word < end[i] / 64; word++)
            before += (uint32_t)__builtin_popcountll(bits[word]);
        uint32_t rest = end[i] % 64;
        uint64_t left = rest ? bits[word] << (64 - rest) : 0;
        rank[i] = before + (uint32_t)__builtin_popcountll(left);
    }
}

static inline __attribute__((always_inline)) void counts(const uint64_t *bits, const uint32_t *row,
                                                         uint32_t n, uint32_t *count)
{
    uint32_t before[SELECTION_ROWS_MAX / 64];
    uint32_t sum = 0;
    for (uint32_t word = 0; word <= row[n - 1] / 64; word++) {
        before[word] = sum;
        sum += (uint32_t)__builtin_popcountll(bits[word]);
    }
    for (uint32_t i = 0; i < n; i++) {
        uint32_t word = row[i] / 64;
        uint64_t upto = bits[word] << (63 - row[i] % 64);
        count[i] = before[word] + (uint32_t)__builtin_popcountll(upto);
    }
}

static uint32_t rows_plain(const uint64_t *bits, uint32_t count, uint32_t *rows)
{
    uint32_t found = 0;
    for (uint32_t i = 0; i < count; i += 64) {
        for (uint64_t left = bits[i / 64]; left; left &= left - 1)
            rows[found++] = i + (uint32_t)__builtin_ctzll(left);
    }
    return found;
}

#ifdef __x86_64__
#define WIDE __attribute__((target("avx2,bmi,bmi2,popcnt")))

/* Of a word with a few bits; 64 and more where there are none left. */
WIDE static inline void few_rows(uint64_t left, uint32_t first, uint32_t *rows)
{
    for (uint32_t k = 0; k < SELECTION_SLACK; k++, left &= left - 1)
        rows[k] = first + (uint32_t)_tzcnt_u64(left);
}

WIDE static uint32_t rows_wide(const uint64_t *bits, uint32_t count, uint32_t *rows)
{
    uint32_t found = 0;
    for (uint32_t i = 0; i < count; i += 64) {
        uint64_t left = bits[i / 64];
        uint32_t here = (uint32_t)__builtin_popcountll(left);
        if (here <= SELECTION_SLACK) {
            few_rows(left, i, rows + found);
            found += here;
            continue;
        }
        for (uint32_t row = i; left; left >>= 8, row += 8) {
            __m256i eight = _mm256_add_epi32(places(left), _mm256_set1_epi32((int)row));
            void *out = rows + found;
            _mm256_storeu_si256(out, eight);
            found += (uint32_t)__builtin_popcountll(left & 0xff);
        }
    }
    return found;
}

WIDE static void ranks_wide(const uint64_t *bits, const uint32_t *end, uint32_t n, uint32_t *rank)
{
    ranks(bits, end, n, rank);
}

WIDE static void counts_wide(const uint64_t *bits, const uint32_t *row, uint32_t n, uint32_t *count)
{
    counts(bits, row, n, count);
}
#else
#define rows_wide rows_plain
#define ranks_wide ranks
#define counts_wide counts
#endif

uint32_t selection_rows(const uint64_t *bits, uint32_t count, uint32_t *rows)
{
    return cpu_has_avx2() ? rows_wide(bits, count, rows) : rows_plain(bits, count, rows);
}

void selection_ranks(const uint64_t *bits, const uint32_t *end, uint32_t n, uint32_t *rank)
{
    if (cpu_has_avx2()) {
        ranks_wide(bits, end, n, rank);
    } else {
        ranks(bits, end, n, rank);
    }
}

void selection_counts(const uint64_t *bits, const uint32_t *row, uint32_t n, uint32_t *count)
{
    if (n == 0) return;
    assert(row[n - 1] < SELECTION_ROWS_MAX);
    if (cpu_has_avx2()) {
        counts_wide(bits, row, n, count);
    } else {
        counts(bits, row, n, count);
    }
}
