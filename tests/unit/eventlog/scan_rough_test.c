/* scan_rough_test.c - scans that need of a time only on which side of a few it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cpu.h"
#include "scan_world.h"

#define BOUNDS 4

/* What a scan tells of each member. Rows that are alike may lie in any order. */
struct known {
    const struct question *question;
    const int64_t *bounds; /* [BOUNDS] */
    uint64_t *sums;        /* [personas + 1] by member; of kinds, amounts and sides */
    uint64_t rows;
    uint64_t bytes; /* read */
};

static uint64_t side_of(const struct known *k, int64_t at)
{
    uint64_t side = 0;
    for (int i = 0; i < BOUNDS; i++)
        side += at >= k->bounds[i];
    return side;
}

static bool learn_run(void *worker, const struct history *h)
{
    struct known *k = worker;
    for (uint32_t m = 0; m < h->member_count; m++) {
        for (uint32_t r = h->off[m]; r < h->off[m + 1]; r++) {
            assert_true(r == h->off[m] || h->at[r - 1] <= h->at[r]);
            if (!question_needs(k->question, h->at[r], h->kind[r])) continue;
            uint64_t row[3] = {h->kind[r], (uint64_t)h->amount[r], side_of(k, h->at[r])};
            k->sums[h->member[m]] += hash_xxh3(row, sizeof(row));
            k->rows++;
        }
    }
    return true;
}

static void ask(const struct world *w, struct question *q, const int64_t *bounds, bool rough,
                struct known *out)
{
    struct why why = {0};
    struct budget budget = {0};
    void *worker = out;
    *out = (struct known){.question = q, .bounds = bounds};
    out->sums = mem_alloc_array(w->personas + 1, sizeof(*out->sums));
    atomic_init(&budget.bytes_left, UINT64_MAX / 2);
    q->scan.bounds = rough ? bounds : NULL;
    q->scan.bound_count = BOUNDS;
    enum err err = eventlog_scan(&w->snapshot, &q->scan, &worker, 1, learn_run, &budget, &why);
    assert_int_equal(err, ERR_OK);
    out->bytes = atomic_load(&budget.bytes_read);
}

/* Whether less was read where times may be rough. */
static bool compare(const struct world *w, struct question *q, const int64_t *bounds)
{
    struct known all, rough;
    ask(w, q, bounds, false, &all);
    ask(w, q, bounds, true, &rough);
    assert_memory_equal(rough.sums, all.sums, (w->personas + 1) * sizeof(*all.sums));
    assert_int_equal(rough.rows, all.rows);
    assert_true(rough.bytes <= all.bytes);
    bool less = rough.bytes < all.bytes;
    mem_free(all.sums);
    mem_free(rough.sums);
    return less;
}

/* Times of whole seconds, so that some are a bound. */
static void draw(struct rng *rng, struct question *q, int64_t *bounds)
{
    *q = (struct question){.columns = {.mask = COLUMN_AMOUNT}, .scan = {.to = INT64_MAX}};
    if (rng_below(rng, 8) == 0) q->columns.mask |= COLUMN_RECEIVED; /* then none are rough */
    for (int i = 0; i < BOUNDS; i++)
        bounds[i] = (int64_t)rng_below(rng, WORLD_DAYS * 86400) * 1000;
    if (rng_below(rng, 2)) bounds[1] = bounds[2] = bounds[3] = bounds[0];
    if (rng_below(rng, 3) == 0) q->scan.from = (int64_t)rng_below(rng, WORLD_DAYS * 86400) * 1000;
    if (rng_below(rng, 3) == 0)
        q->scan.to = q->scan.from + (int64_t)rng_below(rng, WORLD_DAYS * 86400) * 1000;
    q->scan.members_only = rng_below(rng, 2);
    q->scan.spans = rng_below(rng, 2);
    if (rng_below(rng, 2)) {
        q->scan.kinds = q->kinds;
        q->scan.kind_count = 1 + (size_t)rng_below(rng, 11);
        for (size_t i = 0; i < q->scan.kind_count; i++)
            q->kinds[i] = (uint16_t)(1 + i);
    }
}

static void rough_times_lie_on_the_side_of_the_true_ones(void **state)
{
    (void)state;
    struct world_size size = {
        .parts = 2, .part_rows = 150000, .tail_rows = 5000, .personas = 900, .spread = true};
    size_t less = 0;
    for (uint64_t seed = test_seed(51), end = seed + 3; seed < end; seed++) {
        struct world w;
        size.huge = seed % 2 == 0;
        world_create(&w, seed, &size);
        for (int round = 0; round < 30; round++) {
            struct question q;
            int64_t bounds[BOUNDS];
            draw(&w.rng, &q, bounds);
            q.scan.columns = &q.columns;
            q.scan.prop_types = q.types;
            cpu_limit((enum cpu_level)(round % 3));
            less += compare(&w, &q, bounds);
        }
        world_destroy(&w);
    }
    cpu_limit(CPU_AVX512);
    assert_true(less > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rough_times_lie_on_the_side_of_the_true_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
