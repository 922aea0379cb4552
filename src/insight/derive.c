/* derive.c - a run is copied piece by piece; between the pieces stand the changes that the fold
 * reports.
 *
 * 1. The fold reports the changes of a moment when it is given an event after it, so that a derived
 *    row stands behind all facts of its own millisecond and before the next one.
 * 2. Columns that a run does not have are NULL in the woven one too.
 * 3. The texts of "from" and "to" are the run's own with the names of the stages behind them. */
#include "insight/derive.h"

#include <assert.h>
#include <math.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/vec.h"
#include "people/circle.h"

#define NAMES_MAX (STAGE_COUNT + 1 + TRUST_COUNT + CIRCLE_COUNT)
#define PROPS_MAX 64

struct woven_prop {
    double *number;      /* [capacity], numbers and booleans */
    uint32_t *text;      /* [capacity], texts */
    struct str *strings; /* of "from" and "to" only */
    size_t strings_size; /* entries allocated */
};

struct weaver {
    const struct plan *plan;
    struct fold *fold;
    const struct history *from; /* the run that is being copied */
    uint32_t copied;            /* its rows up to here are in 'out' */
    uint32_t folding;           /* the row in hand: those before it are folded */
    uint32_t member;            /* whose it is */
    uint32_t rows, capacity;    /* of 'out' */
    struct history out;
    VEC(uint32_t) off;
    int64_t *at, *amount, *received; /* [capacity] each */
    uint16_t *kind;
    uint32_t *dim[DIM_COUNT], *other;
    struct woven_prop props[PROPS_MAX];
    struct prop_column columns[PROPS_MAX];
    int place_from, place_to;       /* among the properties; -1 = not asked for */
    struct arena *arena;            /* of what follows */
    struct circle_change *circles;  /* of all members, by member and time */
    size_t circle_count, circle_at; /* the next of the member in hand */
};

static void read_circles(struct weaver *w)
{
    struct sql *db;
    struct why why;
    struct brand *b = w->plan->in->brand;
    if (!b || !w->plan->circles) return;
    w->arena = arena_create(0);
    enum err err = brand_reader(b, &db, &why);
    if (err == ERR_OK) {
        err = circle_changes(db, NULL, 0, w->arena, &w->circles, &w->circle_count);
        sql_close(db);
    }
    if (err != ERR_OK)
        log_warn("insight", "circles_not_read", "slug=%s error=%s", brand_slug(b), err_code(err));
}

struct weaver *weaver_create(const struct plan *p)
{
    struct weaver *w = mem_alloc(sizeof(*w));
    w->plan = p;
    w->fold = fold_create();
    w->place_from = plan_place(p, p->in->fold->prop_from);
    w->place_to = plan_place(p, p->in->fold->prop_to);
    read_circles(w);
    return w;
}

void weaver_destroy(struct weaver *w)
{
    if (!w) return;
    fold_destroy(w->fold);
    arena_destroy(w->arena);
    VEC_FINISH(&w->off);
    mem_free(w->at);
    mem_free(w->amount);
    mem_free(w->received);
    mem_free(w->kind);
    mem_free(w->other);
    for (int d = 0; d < DIM_COUNT; d++) {
        mem_free(w->dim[d]);
    }
    for (int i = 0; i < PROPS_MAX; i++) {
        mem_free(w->props[i].number);
        mem_free(w->props[i].text);
        mem_free(w->props[i].strings);
    }
    mem_free(w);
}

size_t weaver_bytes(const struct weaver *w)
{
    size_t row = 3 * sizeof(int64_t) + sizeof(uint16_t) + (DIM_COUNT + 1) * sizeof(uint32_t);
    return w->capacity * (row + w->out.prop_count * sizeof(double));
}

static void grow(struct weaver *w, uint32_t need)
{
    const struct history *h = w->from;
    if (need <= w->capacity) return;
    size_t n = (size_t)need + need / 4 + 64;
    w->at = mem_resize_array(w->at, n, sizeof(*w->at));
    w->kind = mem_resize_array(w->kind, n, sizeof(*w->kind));
    if (h->amount) w->amount = mem_resize_array(w->amount, n, sizeof(*w->amount));
    if (h->received) w->received = mem_resize_array(w->received, n, sizeof(*w->received));
    if (h->other) w->other = mem_resize_array(w->other, n, sizeof(*w->other));
    for (int d = 0; d < DIM_COUNT; d++) {
        if (h->dim[d]) w->dim[d] = mem_resize_array(w->dim[d], n, sizeof(*w->dim[d]));
    }
    for (uint32_t i = 0; i < h->prop_count; i++) {
        struct woven_prop *p = &w->props[i];
        if (h->props[i].type == PROP_TEXT) {
            p->text = mem_resize_array(p->text, n, sizeof(*p->text));
        } else {
            p->number = mem_resize_array(p->number, n, sizeof(*p->number));
        }
    }
    w->capacity = (uint32_t)n;
}

/* Elements 'copied' .. copied + n - 1 of a run's column, if it has it. */
static void copy_column(const struct weaver *w, void *to, const void *from, size_t n, size_t size)
{
    if (!from) return;
    memcpy((char *)to + w->rows * size, (const char *)from + w->copied * size, n * size);
}

static void copy_prop(struct weaver *w, uint32_t i, size_t n)
{
    const struct prop_column *from = &w->from->props[i];
    struct woven_prop *to = &w->props[i];
    if (from->type == PROP_TEXT) {
        if (!from->text) memset(to->text + w->rows, 0, n * sizeof(*to->text));
        copy_column(w, to->text, from->text, n, sizeof(*to->text));
        return;
    }
    for (size_t k = 0; !from->number && k < n; k++) {
        to->number[w->rows + k] = NAN;
    }
    copy_column(w, to->number, from->number, n, sizeof(*to->number));
}

/* Copy the facts before row 'end' that are not yet in the woven run. */
static void copy_until(struct weaver *w, uint32_t end)
{
    const struct history *h = w->from;
    size_t n = end - w->copied;
    if (n == 0) return;
    grow(w, w->rows + (uint32_t)n);
    copy_column(w, w->at, h->at, n, sizeof(*w->at));
    copy_column(w, w->kind, h->kind, n, sizeof(*w->kind));
    copy_column(w, w->amount, h->amount, n, sizeof(*w->amount));
    copy_column(w, w->received, h->received, n, sizeof(*w->received));
    copy_column(w, w->other, h->other, n, sizeof(*w->other));
    for (int d = 0; d < DIM_COUNT; d++) {
        copy_column(w, w->dim[d], h->dim[d], n, sizeof(*w->dim[d]));
    }
    for (uint32_t i = 0; i < h->prop_count; i++) {
        copy_prop(w, i, n);
    }
    w->rows += (uint32_t)n;
    w->copied = end;
}

/* A derived row. Names of stages, trust and circles stand in this order. */
struct derived {
    int64_t at;
    int kind;
    uint32_t group;       /* 0 = none */
    uint32_t names_after; /* this many names of others */
    int from, to;         /* -1 = none */
};
#define TRUST_AFTER (STAGE_COUNT + 1)
#define CIRCLES_AFTER (TRUST_AFTER + TRUST_COUNT)

static uint32_t name_index(const struct weaver *w, int place, const struct derived *d, int number)
{
    if (number < 0) return 0;
    uint32_t first = w->from->props[place].string_count;
    return (first ? first : 1) + d->names_after + (uint32_t)number;
}

/* Append one derived row behind the facts up to its time. Of those folded some may be later: what
 * the fold leaves out does not move its clock. */
static void add_row(struct weaver *w, const struct derived *d)
{
    const struct history *h = w->from;
    uint32_t until = w->copied;
    while (until < w->folding && h->at[until] <= d->at)
        until++;
    copy_until(w, until);
    if (d->kind < 0) return;
    grow(w, w->rows + 1);
    uint32_t row = w->rows++;
    w->at[row] = d->at;
    w->kind[row] = (uint16_t)d->kind;
    if (h->amount) w->amount[row] = HISTORY_NO_AMOUNT;
    if (h->received) w->received[row] = d->at;
    if (h->other) w->other[row] = 0;
    for (int i = 0; i < DIM_COUNT; i++) {
        if (h->dim[i]) w->dim[i][row] = i == DIM_GROUP ? d->group : 0;
    }
    for (uint32_t i = 0; i < h->prop_count; i++) {
        if (h->props[i].type == PROP_TEXT) {
            w->props[i].text[row] = 0;
        } else {
            w->props[i].number[row] = NAN;
        }
    }
    if (w->place_from >= 0) {
        w->props[w->place_from].text[row] = name_index(w, w->place_from, d, d->from);
    }
    if (w->place_to >= 0) {
        w->props[w->place_to].text[row] = name_index(w, w->place_to, d, d->to);
    }
}

/* Of the member in hand, those up to a moment. */
static void add_circles(struct weaver *w, uint32_t member, int64_t until)
{
    for (; w->circle_at < w->circle_count; w->circle_at++) {
        const struct circle_change *c = &w->circles[w->circle_at];
        if (c->member != member || c->at > until) return;
        add_row(w, &(struct derived){c->at, w->plan->in->fold->kind_circle, c->group, CIRCLES_AFTER,
                                     c->from, c->to});
    }
}

/* 'ctx' is the weaver. */
static void add_change(void *ctx, const struct fold_change *change)
{
    struct weaver *w = ctx;
    const struct fold_names *names = w->plan->in->fold;
    bool stage = change->what == FOLD_LIFECYCLE;
    add_circles(w, w->member, change->at);
    add_row(w, &(struct derived){change->at, stage ? names->kind_lifecycle : names->kind_trust, 0,
                                 stage ? 0 : TRUST_AFTER, change->from, change->to});
}

/* Strings of a "from" or "to" column: the run's, then the stages'. */
static void lay_names(struct weaver *w, int place)
{
    if (place < 0) return;
    const struct prop_column *column = &w->from->props[place];
    struct woven_prop *p = &w->props[place];
    uint32_t n = column->string_count;
    size_t need = (size_t)n + NAMES_MAX + 1;
    if (need > p->strings_size) {
        p->strings = mem_resize_array(p->strings, need, sizeof(*p->strings));
        p->strings_size = need;
    }
    if (n > 0) memcpy(p->strings, column->strings, n * sizeof(*p->strings));
    if (n == 0) p->strings[n++] = (struct str){NULL, 0};
    for (int s = 0; s <= STAGE_COUNT; s++) {
        p->strings[n++] = str_of(stage_name((enum stage)s));
    }
    for (int t = 0; t < TRUST_COUNT; t++) {
        p->strings[n++] = str_of(trust_name((enum trust)t));
    }
    for (int c = 0; c < CIRCLE_COUNT; c++) {
        p->strings[n++] = str_of(circle_name((enum circle)c));
    }
}

/* The first change of a member's, or of one behind them. */
static size_t find_circles(const struct weaver *w, uint32_t member)
{
    size_t low = 0, high = w->circle_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (w->circles[middle].member < member) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static void weave_member(struct weaver *w, uint32_t index)
{
    const struct history *h = w->from;
    const struct fold_names *names = w->plan->in->fold;
    int64_t now = w->plan->in->now;
    uint32_t end = h->off[index + 1];
    fold_reset(w->fold);
    w->member = h->member[index];
    w->circle_at = find_circles(w, w->member);
    uint32_t i = h->off[index];
    for (; i < end && h->at[i] <= now; i++) {
        struct fold_row row;
        fold_row_of_history(names, &w->plan->columns, h, i, &row);
        w->folding = i;
        fold_event(w->fold, names, &row, add_change, w);
    }
    w->folding = i;
    fold_advance(w->fold, names, now, add_change, w);
    add_circles(w, w->member, now);
    copy_until(w, end);
}

/* The woven run as a history; rows may have moved while it grew. */
static void lay_out(struct weaver *w)
{
    const struct history *h = w->from;
    struct history *out = &w->out;
    *out = (struct history){.member_count = h->member_count, .member = h->member};
    out->off = w->off.items;
    out->at = w->at;
    out->kind = w->kind;
    out->amount = h->amount ? w->amount : NULL;
    out->received = h->received ? w->received : NULL;
    out->other = h->other ? w->other : NULL;
    for (int d = 0; d < DIM_COUNT; d++) {
        out->dim[d] = h->dim[d] ? w->dim[d] : NULL;
    }
    for (uint32_t i = 0; i < h->prop_count; i++) {
        struct prop_column *c = &w->columns[i];
        *c = h->props[i];
        c->number = c->type == PROP_TEXT ? NULL : w->props[i].number;
        c->text = c->type == PROP_TEXT ? w->props[i].text : NULL;
        if ((int)i != w->place_from && (int)i != w->place_to) continue;
        c->strings = w->props[i].strings;
        c->string_count = (c->string_count ? c->string_count : 1) + NAMES_MAX;
    }
    out->prop_count = h->prop_count;
    out->props = w->columns;
}

const struct history *weaver_weave(struct weaver *w, const struct history *h)
{
    assert(h->prop_count <= PROPS_MAX);
    w->from = h;
    w->copied = h->off[0];
    w->rows = 0;
    VEC_RESET(&w->off);
    VEC_RESERVE(&w->off, (size_t)h->member_count + 1);
    lay_names(w, w->place_from);
    lay_names(w, w->place_to);
    for (uint32_t i = 0; i < h->member_count; i++) {
        VEC_PUSH(&w->off, w->rows);
        if (h->member[i] == 0) {
            copy_until(w, h->off[i + 1]);
        } else {
            weave_member(w, i);
        }
    }
    VEC_PUSH(&w->off, w->rows);
    lay_out(w);
    return &w->out;
}
