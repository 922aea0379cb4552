/* scan_brief_test.c - scans that need of old rows only whether there is one, or no kinds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/codeset.h"
#include "scan_world.h"

#define DAY_MS INT64_C(86400000)

/* What a scan tells of each member: whether there are rows before a time, and those from it on. */
struct known {
    const struct question *question;
    int64_t time;
    bool *before;   /* [personas + 1] by member */
    uint64_t *sums; /* the same; of times and kinds in their order */
    size_t rows_before;
    uint64_t bytes; /* read */
};

static void learn(struct known *k, uint32_t member, int64_t at, uint16_t kind)
{
    if (!question_needs(k->question, at, kind)) return;
    if (at < k->time) {
        k->before[member] = true;
        k->rows_before++;
    } else {
        k->sums[member] = k->sums[member] * 31 + (uint64_t)at * 7 + kind;
    }
}

static bool learn_run(void *worker, const struct history *h)
{
    for (uint32_t m = 0; m < h->member_count; m++) {
        for (uint32_t r = h->off[m]; r < h->off[m + 1]; r++) {
            assert_true(r == h->off[m] || h->at[r - 1] <= h->at[r]);
            learn(worker, h->member[m], h->at[r], h->kind[r]);
        }
    }
    return true;
}

static void ask(const struct world *w, struct question *q, int64_t time, bool brief,
                struct known *out)
{
    struct why why = {0};
    struct budget budget = {0};
    void *worker = out;
    *out = (struct known){.question = q, .time = time};
    out->before = mem_alloc_array(w->personas + 1, sizeof(*out->before));
    out->sums = mem_alloc_array(w->personas + 1, sizeof(*out->sums));
    atomic_init(&budget.bytes_left, UINT64_MAX / 2);
    q->scan.brief_before = brief ? time : 0;
    enum err err = eventlog_scan(&w->snapshot, &q->scan, &worker, 1, learn_run, &budget, &why);
    assert_int_equal(err, ERR_OK);
    out->bytes = atomic_load(&budget.bytes_read);
}

static void known_finish(struct known *k)
{
    mem_free(k->before);
    mem_free(k->sums);
}

/* How much less is read, and how many rows come less, when one old row is enough. */
static void compare(const struct world *w, struct question *q, int64_t time, bool less)
{
    struct known all, brief;
    ask(w, q, time, false, &all);
    ask(w, q, time, true, &brief);
    assert_memory_equal(brief.before, all.before, (w->personas + 1) * sizeof(*all.before));
    assert_memory_equal(brief.sums, all.sums, (w->personas + 1) * sizeof(*all.sums));
    assert_true(brief.bytes <= all.bytes && brief.rows_before <= all.rows_before);
    if (less) assert_true(brief.bytes < all.bytes / 2 && brief.rows_before < all.rows_before / 2);
    known_finish(&all);
    known_finish(&brief);
}

static void old_rows_tell_who_was_there(void **state)
{
    (void)state;
    struct world_size size = {
        .parts = 2, .part_rows = 100000, .tail_rows = 9000, .personas = 3000, .spread = true};
    for (uint64_t seed = test_seed(41), end = seed + 2; seed < end; seed++) {
        struct world w;
        size.huge = seed % 2 == 0;
        world_create(&w, seed, &size);
        struct question q = {.scan = {.to = INT64_MAX, .members_only = seed % 2 == 1}};
        q.scan.columns = &q.columns;
        q.scan.prop_types = q.types;
        compare(&w, &q, (WORLD_DAYS - 30) * DAY_MS, true);
        compare(&w, &q, 1, false);
        compare(&w, &q, WORLD_DAYS * DAY_MS, true);
        q.scan.kinds = q.kinds; /* not all that the groups have: nothing may stand for them */
        q.scan.kind_count = 2;
        q.kinds[0] = 3;
        q.kinds[1] = 9;
        compare(&w, &q, (WORLD_DAYS - 30) * DAY_MS, false);
        for (q.scan.kind_count = 0; q.scan.kind_count < 12; q.scan.kind_count++)
            q.kinds[q.scan.kind_count] = (uint16_t)(1 + q.scan.kind_count);
        compare(&w, &q, (WORLD_DAYS - 30) * DAY_MS, true);
        world_destroy(&w);
    }
}

/* The times of each member whose kind is not among those left out. */
struct times {
    const struct codeset *without; /* NULL: the scan has left them out */
    uint64_t *sums;                /* [personas + 1] by member */
};

static bool add_times(void *worker, const struct history *h)
{
    struct times *t = worker;
    assert_true((h->kind == NULL) == (t->without == NULL));
    for (uint32_t m = 0; m < h->member_count; m++) {
        for (uint32_t r = h->off[m]; r < h->off[m + 1]; r++) {
            if (t->without && codeset_has(t->without, h->kind[r])) continue;
            uint64_t *sum = &t->sums[h->member[m]];
            *sum = *sum * 31 + (uint64_t)h->at[r];
        }
    }
    return true;
}

static void ask_times(const struct world *w, const struct codeset *without, bool kinds,
                      uint64_t *sums)
{
    struct why why = {0};
    struct budget budget = {0};
    struct columns columns = {.mask = kinds ? 0 : COLUMN_NO_KIND};
    struct scan scan = {.columns = &columns, .to = INT64_MAX, .without = kinds ? NULL : without};
    struct times times = {kinds ? without : NULL, sums};
    void *worker = &times;
    atomic_init(&budget.bytes_left, UINT64_MAX / 2);
    assert_int_equal(eventlog_scan(&w->snapshot, &scan, &worker, 1, add_times, &budget, &why),
                     ERR_OK);
}

static void rows_of_a_kind_go_where_kinds_do_not_come(void **state)
{
    (void)state;
    struct world_size size = {
        .parts = 2, .part_rows = 70000, .tail_rows = 5000, .personas = 2000, .spread = true};
    struct world w;
    world_create(&w, test_seed(43), &size);
    for (uint16_t kinds = 0; kinds < 4; kinds++) {
        struct codeset without = {0};
        for (uint16_t kind = 0; kind < kinds; kind++)
            codeset_add(&without, kind == 2 ? 60000 : (uint16_t)(3 + kind));
        uint64_t *want = mem_alloc_array(w.personas + 1, sizeof(*want));
        uint64_t *got = mem_alloc_array(w.personas + 1, sizeof(*got));
        ask_times(&w, &without, true, want);
        ask_times(&w, &without, false, got);
        assert_memory_equal(got, want, (w.personas + 1) * sizeof(*want));
        mem_free(want);
        mem_free(got);
    }
    world_destroy(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(old_rows_tell_who_was_there),
        cmocka_unit_test(rows_of_a_kind_go_where_kinds_do_not_come),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
