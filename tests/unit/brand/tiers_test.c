/* tiers_test.c - the choices of src/brand/tiers.c, carried out by a schedule without clocks: events
 * come in at one rate, seals and merges write at others, and whatever ends first happens first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/limits.h"
#include "brand/tiers.h"

#define PARTS 8

/* Rows a second. */
struct rates {
    double in, seal, merge;
};

/* A job under way; 'left' seconds. */
struct job {
    bool on;
    struct tier_run run;
    uint64_t rows; /* of the tail that it takes */
    double left;
};

struct world {
    struct rates rates;
    struct tier parts[PARTS];
    size_t count, most; /* parts now, and at the most */
    double tail, tail_most, came, written;
    struct job seal, merge;
};

static double rows_of(const struct world *w, struct tier_run run)
{
    double rows = 0;
    for (size_t i = run.first; i < run.first + run.count; i++)
        rows += (double)w->parts[i].rows;
    return rows;
}

static void take(struct world *w, struct job *job, double rate)
{
    for (size_t i = job->run.first; i < job->run.first + job->run.count; i++) {
        assert_false(w->parts[i].busy); /* nobody else's */
        w->parts[i].busy = true;
    }
    job->on = true;
    job->left = ((double)job->rows + rows_of(w, job->run)) / rate;
}

/* The run becomes one part; what lies behind it moves. */
static void end(struct world *w, struct job *job, struct job *other)
{
    struct tier_run run = job->run;
    uint64_t rows = job->rows + (uint64_t)rows_of(w, run);
    memmove(&w->parts[run.first + 1], &w->parts[run.first + run.count],
            (w->count - run.first - run.count) * sizeof(w->parts[0]));
    w->parts[run.first] = (struct tier){.rows = rows};
    w->count += 1 - run.count;
    w->most = w->count > w->most ? w->count : w->most;
    w->written += (double)rows;
    w->tail -= (double)job->rows;
    if (other->on && other->run.first > run.first) other->run.first += 1 - run.count;
    job->on = false;
}

static void begin_jobs(struct world *w)
{
    uint64_t tail = (uint64_t)w->tail;
    if (!w->merge.on && tiers_merge(w->parts, w->count, &w->merge.run))
        take(w, &w->merge, w->rates.merge);
    if (w->seal.on || tail < tiers_seal_rows(w->parts, w->count)) return;
    if (!tiers_seal(w->parts, w->count, tail, &w->seal.run)) return;
    w->seal.rows = tail;
    take(w, &w->seal, w->rates.seal);
}

/* Until the next job ends, or there is enough to seal. */
static void step(struct world *w)
{
    begin_jobs(w);
    double wanted = (double)tiers_seal_rows(w->parts, w->count) - w->tail + 1;
    double next = wanted > 0 ? wanted / w->rates.in : 1e9;
    if (w->seal.on) next = w->seal.left;
    if (w->merge.on && w->merge.left < next) next = w->merge.left;
    assert_true(next < 1e9); /* something is always possible */
    w->tail += next * w->rates.in;
    w->came += next * w->rates.in;
    w->tail_most = w->tail > w->tail_most ? w->tail : w->tail_most;
    w->seal.left -= next;
    w->merge.left -= next;
    if (w->seal.on && w->seal.left <= 1e-9) end(w, &w->seal, &w->merge);
    if (w->merge.on && w->merge.left <= 1e-9) end(w, &w->merge, &w->seal);
}

static void run(struct world *w, double rows)
{
    w->most = w->count;
    while (w->came < rows)
        step(w);
}

static void however_slow_merges_are_there_are_four_parts_at_most(void **state)
{
    (void)state;
    static const double merges[] = {20e3, 100e3, 300e3, 1e6, 5e6};
    static const double ins[] = {1e3, 20e3, 50e3, 150e3};
    for (size_t i = 0; i < sizeof(merges) / sizeof(merges[0]); i++) {
        for (size_t k = 0; k < sizeof(ins) / sizeof(ins[0]); k++) {
            for (uint64_t before = 0; before <= 100000000; before += 50000000) {
                struct world w = {.rates = {ins[k], 1.5e6, merges[i]},
                                  .parts = {{.rows = before}},
                                  .count = before > 0};
                run(&w, 20e6);
                assert_true(w.most <= TIERS_PARTS_MAX);
            }
        }
    }
}

static void a_part_is_written_some_ten_times_on_the_way_to_100_million(void **state)
{
    (void)state;
    struct world w = {.rates = {50e3, 1.5e6, 1e6}};
    run(&w, 100e6);
    assert_true(w.most <= TIERS_PARTS_MAX);
    assert_true(w.written < 12 * w.came);
    struct world calm = {.rates = {1e3, 1.5e6, 1e6}};
    run(&calm, 100e6);
    assert_true(calm.written < 12 * calm.came);
    struct world late = {.rates = {50e3, 1.2e6, 300e3}, .parts = {{.rows = 100000000}}, .count = 1};
    run(&late, 3e6); /* what bench/steady.py does */
    assert_true(late.written < 5 * late.came);
}

static void the_tail_stays_within_its_limit_at_50_000_events_a_second(void **state)
{
    (void)state;
    struct world w = {.rates = {50e3, 1.2e6, 500e3}};
    run(&w, 100e6);
    assert_true(w.tail_most < LIMIT_TAIL_EVENTS);
}

static void many_parts_of_a_bulk_load_become_one(void **state)
{
    (void)state;
    struct tier parts[40];
    struct tier_run run;
    for (size_t i = 0; i < 40; i++)
        parts[i] = (struct tier){.rows = 1000};
    assert_true(tiers_merge(parts, 20, &run));
    assert_int_equal(run.first, 0);
    assert_int_equal(run.count, 20);
    assert_true(tiers_merge(parts, 40, &run));
    assert_int_equal(run.count, TIERS_MERGE_MAX);
    assert_false(tiers_merge(parts, 3, &run));
}

static void a_seal_waits_only_for_the_parts_of_a_bulk_load(void **state)
{
    (void)state;
    struct tier parts[5] = {{10, true}, {10, true}, {10, true}, {10, true}, {10, true}};
    struct tier_run run;
    assert_false(tiers_seal(parts, 4, 10, &run));
    assert_true(tiers_seal(parts, 5, 10, &run));
    assert_int_equal(run.count, 0);
    assert_true(tiers_seal(parts, 3, 10, &run));
    assert_int_equal(run.count, 0);
}

static void what_is_small_beside_what_lies_behind_it_goes_into_the_seal(void **state)
{
    (void)state;
    struct tier parts[4] = {{900000, false}, {1000, false}, {500, false}, {100, false}};
    struct tier_run run;
    assert_true(tiers_seal(parts, 2, 131072, &run));
    assert_int_equal(run.count, 0);
    assert_true(tiers_seal(parts, 3, 131072, &run));
    assert_int_equal(run.first, 1);
    assert_int_equal(run.count, 2);
    assert_true(tiers_seal(parts, 4, 131072, &run));
    assert_int_equal(run.first, 1);
    assert_int_equal(run.count, 3);
    parts[2].busy = true;
    assert_true(tiers_seal(parts, 4, 131072, &run));
    assert_int_equal(run.first, 3);
    assert_int_equal(run.count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(however_slow_merges_are_there_are_four_parts_at_most),
        cmocka_unit_test(a_part_is_written_some_ten_times_on_the_way_to_100_million),
        cmocka_unit_test(the_tail_stays_within_its_limit_at_50_000_events_a_second),
        cmocka_unit_test(many_parts_of_a_bulk_load_become_one),
        cmocka_unit_test(a_seal_waits_only_for_the_parts_of_a_bulk_load),
        cmocka_unit_test(what_is_small_beside_what_lies_behind_it_goes_into_the_seal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
