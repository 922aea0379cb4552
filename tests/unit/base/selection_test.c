/* selection_test.c - bitmaps as lists of rows, against one by one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cpu.h"
#include "base/env.h"
#include "base/selection.h"

#define ROWS 400

static uint64_t random_word(struct rng *rng)
{
    static const uint64_t edges[] = {0, 1, UINT64_C(1) << 63, ~UINT64_C(0)};
    uint64_t word = rng_next(rng);
    switch (rng_below(rng, 4)) {
    case 0:
        return edges[rng_below(rng, 4)];
    case 1:
        return word & rng_next(rng) & rng_next(rng);
    default:
        return word;
    }
}

static void rows_and_ranks_are_those_of_one_by_one(void **state)
{
    (void)state;
    struct rng rng;
    rng_init(&rng, 6);
    for (uint32_t round = 0; round < 2000; round++) {
        uint64_t bits[ROWS / 64 + 1] = {0};
        uint32_t count = (uint32_t)rng_below(&rng, ROWS + 1), found = 0, ends = 0;
        uint32_t want[ROWS], end[ROWS + 1], before[ROWS + 1];
        for (uint32_t i = 0; i < count; i += 64)
            bits[i / 64] = random_word(&rng);
        if (count % 64) bits[count / 64] &= ~(~UINT64_C(0) << count % 64);
        for (uint32_t i = 0; i <= count; i++) {
            if (rng_below(&rng, 3) == 0) {
                end[ends] = i;
                before[ends++] = found;
            }
            if (i < count && bits[i / 64] >> i % 64 & 1) want[found++] = i;
        }
        for (int level = CPU_PLAIN; level <= CPU_AVX512; level++) {
            uint32_t got[ROWS + SELECTION_SLACK], rank[ROWS + 1], before_next[ROWS + 1];
            cpu_limit((enum cpu_level)level);
            assert_int_equal(selection_rows(bits, count, got), found);
            assert_memory_equal(got, want, found * sizeof(want[0]));
            memcpy(rank, end, sizeof(rank));
            selection_ranks(bits, rank, ends, rank);
            assert_memory_equal(rank, before, ends * sizeof(before[0]));
            selection_counts(bits, want, found, rank);
            for (uint32_t i = 0; i < found; i++)
                assert_int_equal(rank[i], i + 1);
            for (uint32_t i = 0; i < ends; i++) /* up to a row and with it */
                before_next[i] =
                    before[i] + (end[i] < count && bits[end[i] / 64] >> end[i] % 64 & 1);
            selection_counts(bits, end, ends, rank);
            assert_memory_equal(rank, before_next, ends * sizeof(before[0]));
        }
        cpu_limit(CPU_AVX512);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_and_ranks_are_those_of_one_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
