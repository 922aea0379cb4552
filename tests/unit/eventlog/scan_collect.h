/* scan_collect.h - what comes of a scan, and what should: the plain list of a world's events. */
#pragma once

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
static inline void check_texts(const struct prop_column *p, uint32_t rows)
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

static inline void check_columns(const struct question *q, const struct history *run, uint32_t rows)
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

static inline int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* Runs of a span follow each other, its members have places in it, and are counted once. */
static inline void check_span(struct collector *c, const struct history *run)
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

static inline bool collect(void *worker, const struct history *run)
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

static inline uint64_t no_time(void *ctx)
{
    return *(uint64_t *)ctx;
}

static inline void budget_init(struct budget *b, uint64_t bytes)
{
    static uint64_t now = 1000;
    *b = (struct budget){.mono_ns = no_time, .ctx = &now};
    atomic_init(&b->bytes_left, bytes);
}

#define WORKERS_MAX 7

static inline enum err run_scan(const struct world *w, const struct question *q,
                                struct collector *into, int workers, struct budget *budget)
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

static inline void collectors_finish(struct collector *c)
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

static inline int by_history(const void *a, const void *b)
{
    const struct want_row *x = a, *y = b;
    if (x->member != y->member) return x->member < y->member ? -1 : 1;
    if (x->member == 0) return x->hash < y->hash ? -1 : x->hash > y->hash;
    if (x->at != y->at) return x->at < y->at ? -1 : 1;
    if (x->persona != y->persona) return x->persona < y->persona ? -1 : 1;
    return x->seq < y->seq ? -1 : 1;
}

static inline struct want_row *wanted(const struct world *w, const struct question *q,
                                      size_t *count)
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

static inline int by_member(const void *a, const void *b)
{
    const struct got_row *const *x = a, *const *y = b;
    if ((*x)->member != (*y)->member) return (*x)->member < (*y)->member ? -1 : 1;
    if ((*x)->member == 0) return (*x)->hash < (*y)->hash ? -1 : (*x)->hash > (*y)->hash;
    return *x < *y ? -1 : *x > *y; /* as it came: a member's rows lie together */
}

static inline void assert_members_once(struct collector *c)
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

static inline void assert_answer(const struct world *w, const struct question *q,
                                 struct collector *c)
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

static inline void assert_scan(const struct world *w, const struct question *q, int workers,
                               uint64_t bytes)
{
    struct collector c[WORKERS_MAX] = {{0}};
    struct budget budget;
    budget_init(&budget, bytes);
    assert_int_equal(run_scan(w, q, c, workers, &budget), ERR_OK);
    assert_answer(w, q, c);
    collectors_finish(c);
}

/* --- a question that asks for everything --- */

static inline struct question everything(void)
{
    struct question q = {.columns = {.mask = (1u << 11) - 1}};
    for (uint32_t id = 1; id <= WORLD_PROPS; id++) {
        q.types[q.columns.prop_count] = world_types[id];
        q.columns.props[q.columns.prop_count++] = id;
    }
    return q;
}

static inline void ask(struct question *q)
{
    q->scan =
        (struct scan){.columns = &q->columns, .prop_types = q->types, .from = 0, .to = INT64_MAX};
}
