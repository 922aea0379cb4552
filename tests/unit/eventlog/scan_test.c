/* scan_test.c - scans of random logs against the plain list of their events. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cpu.h"
#include "scan_collect.h"

static int by_hash(const void *a, const void *b)
{
    const struct got_row *x = a, *y = b;
    if (x->member != y->member) return x->member < y->member ? -1 : 1;
    return x->hash < y->hash ? -1 : x->hash > y->hash;
}

/* In pieces, or in spans: the same rows of the same members, in whatever order. */
static void assert_unordered(const struct world *w, const struct question *question, int workers,
                             bool spans)
{
    struct collector c[WORKERS_MAX] = {{0}};
    struct question q = *question;
    struct budget budget;
    q.scan.columns = &q.columns;
    q.scan.prop_types = q.types;
    q.scan.kinds = question->scan.kinds ? q.kinds : NULL;
    q.scan.pieces = !spans;
    q.scan.spans = spans;
    budget_init(&budget, UINT64_MAX / 2);
    assert_int_equal(run_scan(w, &q, c, workers, &budget), ERR_OK);
    for (size_t i = 0; i < WORKERS_MAX && spans; i++)
        assert_false(c[i].span.more);
    if (spans) assert_members_once(c);
    size_t count;
    struct want_row *want = wanted(w, &q, &count);
    VEC(struct got_row) got = {0}, model = {0};
    for (size_t i = 0; i < WORKERS_MAX; i++) {
        for (size_t k = 0; k < c[i].rows.count; k++)
            VEC_PUSH(&got, c[i].rows.items[k]);
    }
    for (size_t i = 0; i < count; i++) {
        struct got_row row = {want[i].member, want[i].hash};
        VEC_PUSH(&model, row);
    }
    assert_int_equal(got.count, count);
    if (count) qsort(got.items, count, sizeof(got.items[0]), by_hash);
    if (count) qsort(model.items, count, sizeof(model.items[0]), by_hash);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(by_hash(&got.items[i], &model.items[i]), 0);
    VEC_FINISH(&got);
    VEC_FINISH(&model);
    mem_free(want);
    collectors_finish(c);
}

static void random_questions(uint64_t seed, const struct world_size *size, size_t questions)
{
    static const int workers[] = {1, 2, 7};
    struct world w;
    world_create(&w, seed, size);
    for (size_t i = 0; i < questions; i++) {
        struct question q;
        question_init(&q, &w.rng);
        int count = workers[rng_below(&w.rng, 3)];
        assert_scan(&w, &q, count, UINT64_MAX / 2);
        assert_unordered(&w, &q, count, false);
        assert_unordered(&w, &q, count, true);
    }
    world_destroy(&w);
}

static void small_logs_equal_the_model(void **state)
{
    (void)state;
    uint64_t seed = test_seed(31);
    struct rng rng;
    rng_init(&rng, seed);
    for (uint64_t i = 0; i < 60; i++) {
        struct world_size size = {
            .parts = (size_t)rng_below(&rng, 6),
            .part_rows = 1 + (size_t)rng_below(&rng, 800),
            .tail_rows = (size_t)rng_below(&rng, 3) * 300,
            .personas = (uint32_t)(2 + rng_below(&rng, i % 2 ? 10 : 300)),
            .huge = rng_below(&rng, 4) == 0,
            .narrow = rng_below(&rng, 2) == 0,
        };
        random_questions(seed * 1000 + i, &size, 12);
    }
}

/* Stretches of the tail are small, so many personas straddle them. */
static void large_tails_equal_the_model(void **state)
{
    (void)state;
    uint64_t seed = test_seed(32);
    struct world_size size = {.parts = 2, .part_rows = 5000, .tail_rows = 40000, .personas = 700};
    random_questions(seed, &size, 6);
    size.personas = 9;
    random_questions(seed + 1, &size, 4);
    size.parts = 0;
    size.huge = true;
    random_questions(seed + 2, &size, 4);
}

/* Groups of parts hold 65,536 rows: several in each, and a member larger than a run. */
static void large_parts_equal_the_model(void **state)
{
    (void)state;
    uint64_t seed = test_seed(33);
    struct world_size size = {
        .parts = 2, .part_rows = 100000, .tail_rows = 9000, .personas = 3000, .huge = true};
    random_questions(seed, &size, 3);
    size.parts = 1;
    size.huge = false;
    random_questions(seed + 1, &size, 2);
}

static void an_empty_log_gives_no_run(void **state)
{
    (void)state;
    struct world_size size = {.personas = 5};
    random_questions(1, &size, 3); /* an empty tail */
    random_questions(2, &size, 3); /* none */
}

/* Bytes of chunks that a question about the last 'days' days reads; its answer is checked. */
static uint64_t bytes_of_days(const struct world *w, int workers, int64_t days)
{
    struct collector c[WORKERS_MAX] = {{0}};
    struct question q = everything();
    struct budget budget;
    ask(&q);
    q.scan.from = (WORLD_DAYS - days) * 86400000;
    budget_init(&budget, UINT64_MAX / 2);
    assert_int_equal(run_scan(w, &q, c, workers, &budget), ERR_OK);
    assert_answer(w, &q, c);
    collectors_finish(c);
    return atomic_load(&budget.bytes_read);
}

static void recent_questions_read_recent_levels_and_all_levels_equal_the_model(void **state)
{
    (void)state;
    uint64_t seed = test_seed(38);
    struct world_size size = {
        .parts = 2, .part_rows = 100000, .tail_rows = 9000, .personas = 3000, .spread = true};
    struct world w;
    world_create(&w, seed, &size);
    assert_int_equal(part_level_count(w.parts[0]), 3);
    for (int workers = 1; workers <= WORKERS_MAX; workers += 3) {
        cpu_limit(workers == 4 ? CPU_PLAIN : workers % 2 ? CPU_AVX512 : CPU_AVX2);
        uint64_t year = bytes_of_days(&w, workers, WORLD_DAYS);
        assert_true(bytes_of_days(&w, workers, 90) < year / 3);
        bytes_of_days(&w, workers, 200);
    }
    cpu_limit(CPU_AVX512);
    world_destroy(&w);
    size.huge = true;
    random_questions(seed + 1, &size, 2);
}

static void assert_member(const struct world *w, const struct question *q, uint32_t member,
                          const struct want_row *want, size_t want_count)
{
    uint32_t personas[64];
    size_t count = 0;
    for (size_t i = 0; i < w->map.count && count < 63; i++) {
        if (w->map.member[i] == member) personas[count++] = w->map.persona[i];
    }
    if (count == 63) return;
    if (count == 0) personas[count++] = member;
    personas[count] = personas[0]; /* twice, and out of order: does no harm */
    struct arena *a = arena_create(0);
    struct history h;
    struct why why;
    assert_int_equal(
        eventlog_member(&w->snapshot, member, personas, count + 1, &q->scan, a, &h, &why), ERR_OK);
    assert_int_equal(h.member_count, 1);
    assert_int_equal(h.member[0], member);
    assert_int_equal(h.off[0], 0);
    check_columns(q, &h, h.off[1]);
    size_t k = 0;
    while (k < want_count && want[k].member < member) {
        k++;
    }
    for (uint32_t i = 0; i < h.off[1]; i++) {
        if (!question_needs(q, h.at[i], h.kind[i])) continue;
        assert_true(k < want_count);
        assert_int_equal(want[k].member, member);
        assert_int_equal(row_of_run(q, &h, i), want[k++].hash);
    }
    assert_true(k == want_count || want[k].member != member);
    arena_destroy(a);
}

static void one_members_history_equals_the_model(void **state)
{
    (void)state;
    uint64_t seed = test_seed(37);
    for (uint64_t i = 0; i < 24; i++) {
        struct world_size size = {.parts = (size_t)(i % 5),
                                  .part_rows = i == 23 ? 90000 : 600,
                                  .tail_rows = i % 3 * 400,
                                  .personas = i % 2 ? 12 : 200,
                                  .huge = i % 4 == 3};
        struct world w;
        world_create(&w, seed * 100 + i, &size);
        for (size_t n = 0; n < 8; n++) {
            struct question q;
            size_t count;
            question_init(&q, &w.rng);
            struct want_row *want = wanted(&w, &q, &count);
            uint32_t persona = (uint32_t)(1 + rng_below(&w.rng, size.personas + 1));
            assert_member(&w, &q, world_member(&w, persona), want, count);
            mem_free(want);
        }
        world_destroy(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_log_gives_no_run),
        cmocka_unit_test(small_logs_equal_the_model),
        cmocka_unit_test(large_tails_equal_the_model),
        cmocka_unit_test(large_parts_equal_the_model),
        cmocka_unit_test(recent_questions_read_recent_levels_and_all_levels_equal_the_model),
        cmocka_unit_test(one_members_history_equals_the_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
