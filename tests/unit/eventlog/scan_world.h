/* scan_world.h - a random brand's log for the scan tests: plain events as the model, and the same
 * events in parts and a tail. */
#pragma once

#include <math.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/vec.h"
#include "eventlog/scan.h"
#include "eventlog_test.h"

#define WORLD_PROPS 6 /* ids 1 .. 6 */
#define WORLD_PARTS 8
#define WORLD_DAYS 400

/* Types by id; 0 is no property. */
static const enum prop_type world_types[WORLD_PROPS + 1] = {
    PROP_TEXT, PROP_TEXT, PROP_NUMBER, PROP_TEXT, PROP_BOOL, PROP_NUMBER, PROP_TEXT};

struct world_size {
    size_t parts;
    size_t part_rows; /* at most, of each */
    size_t tail_rows; /* at most */
    uint32_t personas;
    bool huge;   /* one persona has half of all rows */
    bool narrow; /* each batch has a time range of its own */
    bool spread; /* events of WORLD_DAYS days, so that large parts have levels */
};

struct world {
    struct arena *arena;
    struct test_dir dir;
    struct rng rng;
    VEC(struct event) events; /* the model, in order of commit */
    struct part *parts[WORLD_PARTS];
    struct tail *tail;
    uint32_t *map_persona, *map_member;
    struct persona_map map;
    struct snapshot snapshot;
    uint32_t personas; /* 1 .. personas may occur */
};

static inline struct str world_text(struct world *w, uint32_t id)
{
    /* few values for 1, many for 3 and 6; some empty */
    uint64_t n = rng_below(&w->rng, id == 1 ? 5 : 2000);
    if (n == 0) return STR("");
    char text[64];
    int len = snprintf(text, sizeof(text), "%s%" PRIu64, n % 3 ? "value-" : "文字", n);
    return arena_str(w->arena, (struct str){text, (size_t)len});
}

static inline void world_props(struct world *w, struct event *ev)
{
    struct event_prop props[WORLD_PROPS];
    uint16_t count = 0;
    for (uint32_t id = 1; id <= WORLD_PROPS; id++) {
        if (rng_below(&w->rng, 3)) continue;
        struct event_prop *p = &props[count++];
        *p = (struct event_prop){.id = id, .type = world_types[id]};
        if (p->type == PROP_TEXT) p->text = world_text(w, id);
        if (p->type == PROP_NUMBER) p->number = (double)rng_below(&w->rng, 4000) / 8 - 100;
        if (p->type == PROP_BOOL) p->number = (double)rng_below(&w->rng, 2);
    }
    ev->prop_count = count;
    if (count) ev->props = arena_copy(w->arena, props, count * sizeof(props[0]));
}

/* Times of a batch lie near 'base', with ties; some are far off. */
static inline struct event world_event(struct world *w, const struct world_size *size, int64_t base)
{
    struct rng *rng = &w->rng;
    struct event ev = {
        .at = base + (int64_t)rng_below(rng, 40) * 1000,
        .received_at = (int64_t)w->events.count + 1,
        .persona = (uint32_t)(1 + rng_below(rng, size->personas)),
        .kind = (uint16_t)(1 + rng_below(rng, 12)),
        .amount = rng_below(rng, 3) ? HISTORY_NO_AMOUNT : (int64_t)rng_below(rng, 100000) - 500,
        .other = rng_below(rng, 4) ? 0 : (uint32_t)(1 + rng_below(rng, size->personas)),
    };
    if (!size->narrow && rng_below(rng, 20) == 0) ev.at = (int64_t)rng_below(rng, 10000000);
    if (size->spread) ev.at = (int64_t)rng_below(rng, WORLD_DAYS * 86400) * 1000;
    if (rng_below(rng, 8) == 0) ev.persona = 0;
    if (size->huge && rng_below(rng, 2)) ev.persona = size->personas / 2;
    for (unsigned d = 0; d < DIM_COUNT; d++) {
        ev.dim[d] = rng_below(rng, 2) ? (uint32_t)rng_below(rng, 9) : 0;
    }
    world_props(w, &ev);
    return ev;
}

static inline int world_order(const void *a, const void *b)
{
    const struct event *x = *(const struct event *const *)a, *y = *(const struct event *const *)b;
    if (x->persona != y->persona) return x->persona < y->persona ? -1 : 1;
    if (x->at != y->at) return x->at < y->at ? -1 : 1;
    return x->received_at < y->received_at ? -1 : 1; /* which is the seq */
}

static inline size_t world_batch(struct world *w, const struct world_size *size, size_t rows_max,
                                 int64_t base)
{
    size_t rows = 1 + (size_t)rng_below(&w->rng, rows_max);
    if (rows_max > 20000) rows = rows_max;
    for (size_t i = 0; i < rows; i++) {
        VEC_PUSH(&w->events, world_event(w, size, base));
    }
    return rows;
}

/* The last 'rows' events as a part. */
static inline struct part *world_part(struct world *w, size_t rows, size_t number)
{
    struct why why;
    char name[32];
    struct part_writer *writer;
    struct part_info info;
    struct part *part;
    snprintf(name, sizeof(name), "%zu.part", number);
    const char *path = test_path(&w->dir, name);
    const struct event **sorted = mem_alloc_array(rows, sizeof(*sorted));
    for (size_t i = 0; i < rows; i++) {
        sorted[i] = &w->events.items[w->events.count - rows + i];
    }
    qsort(sorted, rows, sizeof(*sorted), world_order);
    assert_int_equal(part_create(path, &writer, &why), ERR_OK);
    for (size_t i = 0; i < rows; i++) {
        assert_int_equal(part_add(writer, sorted[i], &why), ERR_OK);
    }
    assert_int_equal(part_finish(writer, &info, &why), ERR_OK);
    assert_int_equal(info.rows, rows);
    assert_int_equal(part_open(path, &part, &why), ERR_OK);
    mem_free(sorted);
    return part;
}

/* About one persona in 'one_in' shares a member with others; the member is the lowest of them. */
static inline void world_map(struct world *w, uint32_t one_in)
{
    uint32_t count = w->personas;
    uint32_t *member = mem_alloc_array(count + 1, sizeof(*member));
    bool *root = mem_alloc_array(count + 1, sizeof(*root));
    size_t n = 0;
    for (uint32_t p = 2; p <= count; p++) {
        if (rng_below(&w->rng, one_in)) continue;
        uint32_t other = (uint32_t)(1 + rng_below(&w->rng, p - 1));
        member[p] = member[other] ? member[other] : other;
        root[member[p]] = true;
    }
    w->map_persona = mem_alloc_array(count + 1, sizeof(*w->map_persona));
    w->map_member = mem_alloc_array(count + 1, sizeof(*w->map_member));
    for (uint32_t p = 1; p <= count; p++) {
        if (!member[p] && !root[p]) continue;
        w->map_persona[n] = p;
        w->map_member[n++] = member[p] ? member[p] : p;
    }
    w->map = (struct persona_map){n, w->map_persona, w->map_member};
    mem_free(member);
    mem_free(root);
}

static inline void world_create(struct world *w, uint64_t seed, const struct world_size *size)
{
    *w = (struct world){.arena = arena_create(0), .dir = test_dir_create()};
    rng_init(&w->rng, seed);
    w->personas = size->personas;
    for (size_t i = 0; i < size->parts; i++) {
        size_t rows = world_batch(w, size, size->part_rows, (int64_t)i * 20000);
        w->parts[i] = world_part(w, rows, i);
    }
    uint64_t first = w->events.count + 1;
    w->tail = tail_create();
    if (size->tail_rows) {
        size_t rows = world_batch(w, size, size->tail_rows, (int64_t)size->parts * 20000);
        tail_append(w->tail, w->events.items + first - 1, rows, first);
    }
    w->snapshot = (struct snapshot){
        .part_count = size->parts,
        .parts = w->parts,
        .tail = size->tail_rows || seed % 2 ? tail_view(w->tail) : NULL,
        .seq = w->events.count,
    };
    if (rng_below(&w->rng, 4)) {
        world_map(w, (uint32_t)(1 + rng_below(&w->rng, 6)));
        w->snapshot.personas = &w->map;
    }
}

static inline void world_destroy(struct world *w)
{
    for (size_t i = 0; i < w->snapshot.part_count; i++) {
        part_unref(w->parts[i]);
    }
    tail_view_unref(w->snapshot.tail);
    tail_destroy(w->tail);
    mem_free(w->map_persona);
    mem_free(w->map_member);
    VEC_FINISH(&w->events);
    arena_destroy(w->arena);
    test_dir_remove(&w->dir);
}

static inline uint32_t world_member(const struct world *w, uint32_t persona)
{
    for (size_t low = 0, high = w->map.count; low < high;) {
        size_t middle = (low + high) / 2;
        if (w->map.persona[middle] == persona) return w->map.member[middle];
        if (w->map.persona[middle] < persona) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return persona;
}

/* --- what is asked --- */

struct question {
    struct columns columns;
    enum prop_type types[64];
    uint16_t kinds[12];
    struct scan scan;
};

static inline void question_init(struct question *q, struct rng *rng)
{
    *q = (struct question){.columns = {.mask = (uint32_t)rng_below(rng, 1 << 11)}};
    if (rng_below(rng, 3)) q->columns.mask |= COLUMN_RECEIVED; /* tells all events apart */
    for (uint32_t id = 1; id <= WORLD_PROPS + 2; id++) {       /* the last two never occur */
        if (rng_below(rng, 2)) continue;
        q->types[q->columns.prop_count] = id <= WORLD_PROPS ? world_types[id] : id % 3;
        q->columns.props[q->columns.prop_count++] = id;
    }
    q->scan = (struct scan){
        .columns = &q->columns,
        .prop_types = q->types,
        .from = 0,
        .to = INT64_MAX,
        .members_only = rng_below(rng, 3) == 0,
    };
    if (rng_below(rng, 3) == 0) {
        /* whole seconds: as the events, so both ends are hit */
        q->scan.from = (int64_t)rng_below(rng, 150) * 1000;
        q->scan.to = q->scan.from + (int64_t)rng_below(rng, 60) * 1000;
        /* the last moment of a batch */
        if (rng_below(rng, 2)) q->scan.from = (int64_t)rng_below(rng, 6) * 20000 + 39000;
    }
    if (rng_below(rng, 4) == 0) {
        q->scan.kinds = q->kinds;
        q->scan.kind_count = (size_t)rng_below(rng, 4);
        for (size_t i = 0; i < q->scan.kind_count; i++) {
            q->kinds[i] = (uint16_t)(1 + rng_below(rng, 14));
        }
    }
}

static inline bool question_needs(const struct question *q, int64_t at, uint16_t kind)
{
    if (at < q->scan.from || at >= q->scan.to) return false;
    if (!q->scan.kinds) return true;
    for (size_t i = 0; i < q->scan.kind_count; i++) {
        if (q->scan.kinds[i] == kind) return true;
    }
    return false;
}

/* --- a row as the hash of what was asked of it --- */

struct row_hash {
    uint64_t value;
};

static inline void row_add(struct row_hash *h, const void *p, size_t len)
{
    uint64_t both[2] = {h->value, hash_xxh3(p, len)};
    h->value = hash_xxh3(both, sizeof(both));
}

static inline void row_add_number(struct row_hash *h, double number)
{
    uint64_t bits = 0; /* one for every NaN */
    if (number <= number + 1) memcpy(&bits, &number, sizeof(bits));
    row_add(h, &bits, sizeof(bits));
}

static inline uint64_t row_of_event(const struct world *w, const struct question *q,
                                    const struct event *ev)
{
    struct row_hash h = {(uint64_t)ev->at};
    uint32_t mask = q->columns.mask, other = ev->other ? world_member(w, ev->other) : 0;
    row_add(&h, &ev->kind, sizeof(ev->kind));
    for (unsigned d = 0; d < DIM_COUNT; d++) {
        if (mask & COLUMN_DIM0 << d) row_add(&h, &ev->dim[d], sizeof(ev->dim[d]));
    }
    if (mask & COLUMN_OTHER) row_add(&h, &other, sizeof(other));
    if (mask & COLUMN_AMOUNT) row_add(&h, &ev->amount, sizeof(ev->amount));
    if (mask & COLUMN_RECEIVED) row_add(&h, &ev->received_at, sizeof(ev->received_at));
    for (uint32_t i = 0; i < q->columns.prop_count; i++) {
        const struct event_prop *p = NULL;
        for (uint16_t k = 0; k < ev->prop_count; k++) {
            if (ev->props[k].id == q->columns.props[i]) p = &ev->props[k];
        }
        if (q->types[i] != PROP_TEXT) {
            row_add_number(&h, p ? p->number : (double)NAN);
        } else if (p) {
            row_add(&h, p->text.p, p->text.len);
        } else {
            row_add(&h, "null", 5);
        }
    }
    return h.value;
}

static inline uint64_t row_of_run(const struct question *q, const struct history *r, uint32_t i)
{
    struct row_hash h = {(uint64_t)r->at[i]};
    row_add(&h, &r->kind[i], sizeof(r->kind[i]));
    for (unsigned d = 0; d < DIM_COUNT; d++) {
        if (r->dim[d]) row_add(&h, &r->dim[d][i], sizeof(r->dim[d][i]));
    }
    if (r->other) row_add(&h, &r->other[i], sizeof(r->other[i]));
    if (r->amount) row_add(&h, &r->amount[i], sizeof(r->amount[i]));
    if (r->received) row_add(&h, &r->received[i], sizeof(r->received[i]));
    for (uint32_t k = 0; k < q->columns.prop_count; k++) {
        const struct prop_column *p = &r->props[k];
        if (p->type != PROP_TEXT) {
            row_add_number(&h, p->number[i]);
        } else if (p->text[i]) {
            row_add(&h, p->strings[p->text[i]].p, p->strings[p->text[i]].len);
        } else {
            row_add(&h, "null", 5);
        }
    }
    return h.value;
}
