/* scan_test.c - scans of random logs against the plain list of their events. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cpu.h"
#include "base/map.h"
#include "scan_world.h"

/* --- what came of a scan --- */

struct got_row {
    uint32_t member;
    uint64_t hash;
};

/* One worker's rows in order of arrival; those not needed are left out. */
struct collector {
    const struct question *question;
    VEC(struct got_row) rows;
    VEC(uint32_t) members;   /* each time one comes; of a span once */
    struct member_span span; /* of the run before; 'more': it goes on */
    size_t span_first;       /* the first of the span's in 'members' */
    uint64_t seen;           /* rows, needed or not */
    size_t stop_after;       /* runs; 0 = never */
    size_t runs;
};

/* Equal texts have equal codes, and code 0 alone is null. */
static void check_texts(const struct prop_column *p, uint32_t rows)
{
    struct map *codes = map_create();
    uint64_t code;
    assert_null(p->strings[0].p);
    for (uint32_t i = 0; i < rows; i++) {
        assert_true(p->text[i] < p->string_count);
        if (p->text[i] == 0) continue;
        struct str s = p->strings[p->text[i]];
        assert_non_null(s.p);
        if (map_get(codes, s, &code)) {
            assert_int_equal(code, p->text[i]);
        } else {
            map_put(codes, s, p->text[i]);
        }
    }
    map_destroy(codes);
}

static void check_columns(const struct question *q, const struct history *run, uint32_t rows)
{
    uint32_t mask = q->columns.mask;
    for (unsigned d = 0; d < DIM_COUNT; d++) {
        assert_int_equal(run->dim[d] != NULL, (mask & COLUMN_DIM0 << d) != 0);
    }
    assert_int_equal(run->other != NULL, (mask & COLUMN_OTHER) != 0);
    assert_int_equal(run->amount != NULL, (mask & COLUMN_AMOUNT) != 0);
    assert_int_equal(run->received != NULL, (mask & COLUMN_RECEIVED) != 0);
    assert_int_equal(run->prop_count, q->columns.prop_count);
    for (uint32_t i = 0; i < run->prop_count; i++) {
        assert_int_equal(run->props[i].id, q->columns.props[i]);
        assert_int_equal(run->props[i].type, q->types[i]);
        if (q->types[i] == PROP_TEXT) check_texts(&run->props[i], rows);
    }
}

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* Runs of a span follow each other, its members have places in it, and are counted once. */
static void check_span(struct collector *c, const struct history *run)
{
    const struct member_span *span = &run->span;
    if (c->span.more) {
        assert_int_equal(span->from, c->span.from);
        assert_int_equal(span->count, c->span.count);
    } else {
        c->span_first = c->members.count - run->member_count;
    }
    c->span = *span;
    assert_true(c->question->scan.spans || span->count == 0);
    assert_true(span->count > 0 || !span->more);
    assert_true(span->count <= SCAN_SPAN_MAX);
    for (uint32_t m = 0; m < run->member_count && span->count > 0; m++)
        assert_true(run->member[m] - span->from < span->count);
    if (span->more || span->count == 0) return;
    uint32_t *members = c->members.items + c->span_first;
    size_t count = c->members.count - c->span_first, kept = 1;
    qsort(members, count, sizeof(*members), by_value);
    for (size_t i = 1; i < count; i++) {
        if (members[i] != members[kept - 1]) members[kept++] = members[i];
    }
    c->members.count = c->span_first + kept;
}

static bool collect(void *worker, const struct history *run)
{
    struct collector *c = worker;
    uint32_t rows = run->off[run->member_count];
    assert_true(run->member_count > 0);
    assert_int_equal(run->off[0], 0);
    assert_true(rows <= SCAN_RUN_ROWS || run->member_count == 1);
    check_columns(c->question, run, rows);
    for (uint32_t m = 0; m < run->member_count; m++) {
        assert_true(run->off[m] < run->off[m + 1]);
        bool pieces = c->question->scan.pieces;
        assert_true(m == 0 || pieces || run->member[m - 1] < run->member[m]);
        VEC_PUSH(&c->members, run->member[m]);
        for (uint32_t i = run->off[m]; i < run->off[m + 1]; i++) {
            assert_true(i == run->off[m] || run->at[i - 1] <= run->at[i]);
            if (!question_needs(c->question, run->at[i], run->kind[i])) continue;
            struct got_row row = {run->member[m], row_of_run(c->question, run, i)};
            VEC_PUSH(&c->rows, row);
        }
    }
    check_span(c, run);
    c->seen += rows;
    return ++c->runs != c->stop_after;
}

static uint64_t no_time(void *ctx)
{
    return *(uint64_t *)ctx;
}

static void budget_init(struct budget *b, uint64_t bytes)
{
    static uint64_t now = 1000;
    *b = (struct budget){.mono_ns = no_time, .ctx = &now};
    atomic_init(&b->bytes_left, bytes);
}

#define WORKERS_MAX 7

static enum err run_scan(const struct world *w, const struct question *q, struct collector *into,
                         int workers, struct budget *budget)
{
    struct why why = {0};
    void *ctx[WORKERS_MAX] = {NULL};
    for (int i = 0; i < workers; i++) {
        into[i].question = q;
        ctx[i] = &into[i];
    }
    uint64_t bytes = atomic_load(&budget->bytes_left);
    enum err err = eventlog_scan(&w->snapshot, &q->scan, ctx, workers, collect, budget, &why);
    assert_int_equal(why.err, err);
    assert_int_equal(atomic_load(&budget->bytes_left), bytes); /* all given back */
    uint64_t seen = 0;
    for (int i = 0; i < workers; i++) {
        seen += into[i].seen;
    }
    assert_int_equal(atomic_load(&budget->rows), seen);
    return err;
}

static void collectors_finish(struct collector *c)
{
    for (size_t i = 0; i < WORKERS_MAX; i++) {
        VEC_FINISH(&c[i].rows);
        VEC_FINISH(&c[i].members);
    }
}

/* --- what should come --- */

struct want_row {
    uint32_t member, persona;
    int64_t at;
    uint64_t seq;
    uint64_t hash;
};

static int by_history(const void *a, const void *b)
{
    const struct want_row *x = a, *y = b;
    if (x->member != y->member) return x->member < y->member ? -1 : 1;
    if (x->member == 0) return x->hash < y->hash ? -1 : x->hash > y->hash;
    if (x->at != y->at) return x->at < y->at ? -1 : 1;
    if (x->persona != y->persona) return x->persona < y->persona ? -1 : 1;
    return x->seq < y->seq ? -1 : 1;
}

static struct want_row *wanted(const struct world *w, const struct question *q, size_t *count)
{
    struct want_row *rows = mem_alloc_array(w->events.count + 1, sizeof(*rows));
    size_t n = 0;
    for (size_t i = 0; i < w->events.count; i++) {
        const struct event *ev = &w->events.items[i];
        if (!question_needs(q, ev->at, ev->kind)) continue;
        if (ev->persona == 0 && q->scan.members_only) continue;
        rows[n++] = (struct want_row){world_member(w, ev->persona), ev->persona, ev->at, i,
                                      row_of_event(w, q, ev)};
    }
    qsort(rows, n, sizeof(*rows), by_history);
    *count = n;
    return rows;
}

static int by_member(const void *a, const void *b)
{
    const struct got_row *const *x = a, *const *y = b;
    if ((*x)->member != (*y)->member) return (*x)->member < (*y)->member ? -1 : 1;
    if ((*x)->member == 0) return (*x)->hash < (*y)->hash ? -1 : (*x)->hash > (*y)->hash;
    return *x < *y ? -1 : *x > *y; /* as it came: a member's rows lie together */
}

static void assert_members_once(struct collector *c)
{
    VEC(uint32_t) all = {0};
    for (size_t i = 0; i < WORKERS_MAX; i++) {
        for (size_t k = 0; k < c[i].members.count; k++) {
            if (c[i].members.items[k]) VEC_PUSH(&all, c[i].members.items[k]);
        }
    }
    if (all.count) qsort(all.items, all.count, sizeof(all.items[0]), by_value);
    for (size_t i = 1; i < all.count; i++) {
        assert_true(all.items[i - 1] < all.items[i]);
    }
    VEC_FINISH(&all);
}

static void assert_answer(const struct world *w, const struct question *q, struct collector *c)
{
    size_t want_count;
    struct want_row *want = wanted(w, q, &want_count);
    VEC(const struct got_row *) got = {0};
    for (size_t i = 0; i < WORKERS_MAX; i++) {
        for (size_t k = 0; k < c[i].rows.count; k++) {
            VEC_PUSH(&got, &c[i].rows.items[k]);
        }
    }
    if (got.count) qsort(got.items, got.count, sizeof(got.items[0]), by_member);
    assert_int_equal(got.count, want_count);
    for (size_t i = 0; i < want_count; i++) {
        assert_int_equal(got.items[i]->member, want[i].member);
        assert_int_equal(got.items[i]->hash, want[i].hash);
    }
    assert_members_once(c);
    VEC_FINISH(&got);
    mem_free(want);
}

static void assert_scan(const struct world *w, const struct question *q, int workers,
                        uint64_t bytes)
{
    struct collector c[WORKERS_MAX] = {{0}};
    struct budget budget;
    budget_init(&budget, bytes);
    assert_int_equal(run_scan(w, q, c, workers, &budget), ERR_OK);
    assert_answer(w, q, c);
    collectors_finish(c);
}

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

/* --- tests --- */

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

static struct question everything(void);
static void ask(struct question *q);

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

static struct question everything(void)
{
    struct question q = {.columns = {.mask = (1u << 11) - 1}};
    for (uint32_t id = 1; id <= WORLD_PROPS; id++) {
        q.types[q.columns.prop_count] = world_types[id];
        q.columns.props[q.columns.prop_count++] = id;
    }
    return q;
}

static void ask(struct question *q)
{
    q->scan =
        (struct scan){.columns = &q->columns, .prop_types = q->types, .from = 0, .to = INT64_MAX};
}

/* With less and less memory the answer stays right, by further passes, until it is refused. Passes
 * show in the bytes read. */
static void little_memory_costs_time_then_an_error(void **state)
{
    (void)state;
    struct world_size size = {.parts = 2, .part_rows = 120000, .tail_rows = 9000, .personas = 3000};
    struct world w;
    uint64_t seed = test_seed(34);
    world_create(&w, seed, &size);
    mem_free(w.map_persona);
    mem_free(w.map_member);
    world_map(&w, 2);
    w.snapshot.personas = &w.map;
    struct question q = everything();
    ask(&q);
    q.columns = (struct columns){.mask = COLUMN_RECEIVED, .prop_count = 1, .props = {1}};
    q.types[0] = PROP_TEXT;
    size_t answered = 0, by_passes = 0, refused = 0;
    uint64_t read_once = 0;
    for (uint64_t bytes = UINT64_C(32) << 20; bytes > 2000000; bytes = bytes * 7 / 8) {
        struct collector c[WORKERS_MAX] = {{0}};
        struct budget budget;
        budget_init(&budget, bytes);
        enum err err = run_scan(&w, &q, c, 1 + (int)(bytes / 3 % 2), &budget);
        assert_true(err == ERR_OK || err == ERR_TOO_LARGE);
        if (err == ERR_OK) assert_answer(&w, &q, c);
        if (!read_once) read_once = atomic_load(&budget.bytes_read);
        answered += err == ERR_OK;
        by_passes += err == ERR_OK && atomic_load(&budget.bytes_read) > read_once / 2 * 3;
        refused += err != ERR_OK;
        collectors_finish(c);
    }
    print_message("%zu answered, %zu by passes, %zu refused\n", answered, by_passes, refused);
    assert_true(answered > by_passes && by_passes && refused);
    world_destroy(&w);
}

static void a_scan_stops_when_told(void **state)
{
    (void)state;
    struct world_size size = {.parts = 2, .part_rows = 30000, .tail_rows = 30000, .personas = 50};
    struct world w;
    world_create(&w, test_seed(35), &size);
    struct question q = everything();
    ask(&q);
    for (int workers = 1; workers <= WORKERS_MAX; workers += 3) {
        struct collector c[WORKERS_MAX] = {{.stop_after = 2}};
        struct budget budget;
        for (int i = 0; i < workers; i++) {
            c[i].stop_after = 1;
        }
        budget_init(&budget, UINT64_MAX / 2);
        assert_int_equal(run_scan(&w, &q, c, workers, &budget), ERR_CANCELLED);
        collectors_finish(c);

        struct collector none[WORKERS_MAX] = {{0}};
        budget_init(&budget, UINT64_MAX / 2);
        atomic_store(&budget.cancel, true);
        assert_int_equal(run_scan(&w, &q, none, workers, &budget), ERR_CANCELLED);
        atomic_store(&budget.cancel, false);
        budget.deadline_ns = 1000;
        assert_int_equal(run_scan(&w, &q, none, workers, &budget), ERR_DEADLINE);
        assert_int_equal(none[0].runs, 0);
        budget.deadline_ns = 1001;
        assert_int_equal(run_scan(&w, &q, none, workers, &budget), ERR_OK);
        collectors_finish(none);
    }
    world_destroy(&w);
}

static void damage_in_any_part_is_reported(void **state)
{
    (void)state;
    struct world_size size = {.parts = 4, .part_rows = 400, .tail_rows = 100, .personas = 50};
    struct world w;
    world_create(&w, test_seed(36), &size);
    struct question q = everything();
    ask(&q);
    for (size_t i = 0; i < size.parts; i++) {
        const char *path = part_path(w.parts[i]);
        FILE *f = fopen(path, "r+b");
        assert_non_null(f);
        fseek(f, 100, SEEK_SET); /* in a column of the first group */
        int byte = fgetc(f);
        fseek(f, 100, SEEK_SET);
        fputc(byte ^ 0x10, f);
        fclose(f);
        struct collector c[WORKERS_MAX] = {{0}};
        struct budget budget;
        budget_init(&budget, UINT64_MAX / 2);
        assert_int_equal(run_scan(&w, &q, c, 2, &budget), ERR_CORRUPT);
        collectors_finish(c);
        f = fopen(path, "r+b");
        assert_non_null(f);
        fseek(f, 100, SEEK_SET);
        fputc(byte, f);
        fclose(f);
    }
    assert_scan(&w, &q, 2, UINT64_MAX / 2);
    world_destroy(&w);
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
        cmocka_unit_test(little_memory_costs_time_then_an_error),
        cmocka_unit_test(a_scan_stops_when_told),
        cmocka_unit_test(damage_in_any_part_is_reported),
        cmocka_unit_test(one_members_history_equals_the_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
