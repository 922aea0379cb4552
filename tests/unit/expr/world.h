/* world.h - a small brand for the tests of this room: names, segments, runs of events, fields.
 *
 * Kinds, codes and properties are the places in the lists below; every dimension has the same
 * codes. A field's value is drawn from the member, the field and the name, so that any order of
 * asking gives the same; world_set() fixes one. */
#pragma once

#include <math.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/env.h"
#include "base/hash.h"
#include "base/mem.h"
#include "expr/expr.h"
#include "expr/random_expr.h"

#define WORLD_NOW INT64_C(1735660800000) /* 2025-01-01T00:00:00+08:00 */

static const char *const world_kinds[] = {
    "message.sent", "order.paid",        "group.joined",       "content.viewed", "order.refunded",
    "group.left",   "lifecycle.changed", "touchpoint.scanned", "never.seen",     NULL};
#define WORLD_KINDS 8 /* the last one is not known */
static const char *const world_codes[] = {"g1", "g2", "vip", "G3", "店", "nowhere", NULL};
#define WORLD_CODES 5 /* the last one is not known */
static const char *const world_texts[] = {
    "a", "Abc", "abcd", "", "é", "e\xCC\x81x", "店铺", "b \\\"c\\\" \\\\", "ABC", NULL};
static const char *const world_props[] = {"plan", "n", "ok", "mixed", "会员等级", "absent", NULL};
static const char *const world_text_traits[] = {"city", "unregistered", NULL};
static const char *const world_number_traits[] = {"points", "unregistered", NULL};
static const char *const world_time_traits[] = {"since", "graduated", "unregistered", NULL};
static const char *const world_segments[] = {"buyers", "quiet", "nested", NULL};

struct world_column {
    const char *name;
    enum prop_type type;
};
/* Property i has the id i + 1. */
static const struct world_column world_columns[] = {
    {"plan", PROP_TEXT},    {"n", PROP_NUMBER},   {"ok", PROP_BOOL},      {"mixed", PROP_TEXT},
    {"mixed", PROP_NUMBER}, {"mixed", PROP_BOOL}, {"会员等级", PROP_TEXT}};
#define WORLD_COLUMNS (sizeof(world_columns) / sizeof(world_columns[0]))

static inline int world_kind(void *ctx, struct str name)
{
    (void)ctx;
    for (int i = 0; i < WORLD_KINDS; i++) {
        if (str_is(name, world_kinds[i])) return i;
    }
    return -1;
}

static inline bool world_kind_is_derived(void *ctx, int kind)
{
    (void)ctx;
    return str_is(str_of(world_kinds[kind]), "lifecycle.changed");
}

static inline struct str world_kind_text(void *ctx, int kind)
{
    (void)ctx;
    return kind >= 0 && kind < WORLD_KINDS ? str_of(world_kinds[kind]) : (struct str){NULL, 0};
}

static inline uint32_t world_code(void *ctx, enum dim dim, struct str code)
{
    (void)ctx;
    (void)dim;
    for (uint32_t i = 0; i < WORLD_CODES; i++) {
        if (str_is(code, world_codes[i])) return i + 1;
    }
    return 0;
}

static inline struct str world_code_text(void *ctx, enum dim dim, uint32_t code)
{
    (void)ctx;
    (void)dim;
    return code >= 1 && code <= WORLD_CODES ? str_of(world_codes[code - 1]) : (struct str){NULL, 0};
}

static inline uint32_t world_prop(void *ctx, struct str name, enum prop_type type)
{
    (void)ctx;
    for (uint32_t i = 0; i < WORLD_COLUMNS; i++) {
        if (type == world_columns[i].type && str_is(name, world_columns[i].name)) return i + 1;
    }
    return 0;
}

static inline enum expr_type world_trait(void *ctx, struct str name)
{
    (void)ctx;
    if (str_is(name, "city")) return TYPE_TEXT;
    if (str_is(name, "points")) return TYPE_NUMBER;
    if (str_is(name, "vip")) return TYPE_BOOL;
    if (str_is(name, "since")) return TYPE_TIME;
    return str_is(name, "graduated") ? TYPE_DATE : TYPE_NULL;
}

static inline struct str world_segment(void *ctx, struct str name)
{
    (void)ctx;
    if (str_is(name, "buyers")) return STR("did(\"order.paid\", count >= 2, within 90d)");
    if (str_is(name, "quiet")) return STR("not did(\"message.sent\", within 30d) or contacts = 0");
    if (str_is(name, "nested")) return STR("in_segment(\"buyers\") and in_segment(\"quiet\")");
    if (str_is(name, "loop")) return STR("orders > 1 or in_segment(\"knot\")");
    if (str_is(name, "knot")) return STR("in_segment(\"loop\")");
    if (str_is(name, "broken")) return STR("orders >");
    return (struct str){NULL, 0};
}

static inline struct expr_catalog world_catalog(void)
{
    return (struct expr_catalog){.zone = zone_open("Asia/Shanghai"),
                                 .currency_digits = 2,
                                 .kind = world_kind,
                                 .kind_is_derived = world_kind_is_derived,
                                 .code = world_code,
                                 .code_text = world_code_text,
                                 .kind_text = world_kind_text,
                                 .prop = world_prop,
                                 .trait = world_trait,
                                 .segment = world_segment};
}

static inline struct random_words world_words(void)
{
    return (struct random_words){.kinds = world_kinds,
                                 .codes = world_codes,
                                 .texts = world_texts,
                                 .props = world_props,
                                 .text_traits = world_text_traits,
                                 .number_traits = world_number_traits,
                                 .time_traits = world_time_traits,
                                 .segments = world_segments,
                                 .around = WORLD_NOW,
                                 .zone = zone_open("Asia/Shanghai")};
}

/* A run of members that grows by run_member() and run_event(). */
#define RUN_MEMBERS 64
#define RUN_ROWS 4096
#define RUN_STRINGS 12

struct run {
    struct history history; /* all columns; fields below are its arrays */
    struct columns columns; /* all of them */
    struct prop_column props[WORLD_COLUMNS];
    uint32_t member[RUN_MEMBERS];
    uint32_t off[RUN_MEMBERS + 1];
    int64_t at[RUN_ROWS];
    uint16_t kind[RUN_ROWS];
    uint32_t dim[DIM_COUNT][RUN_ROWS];
    uint32_t other[RUN_ROWS];
    int64_t amount[RUN_ROWS];
    double number[WORLD_COLUMNS][RUN_ROWS];
    uint32_t text[WORLD_COLUMNS][RUN_ROWS];
    struct str strings[RUN_STRINGS];
    uint32_t rows;
};

static inline struct run *run_create(void)
{
    struct run *r = mem_alloc(sizeof(*r));
    static const char *const strings[RUN_STRINGS] = {
        NULL, "a", "Abc", "abcd", "", "e\xCC\x81", "é", "xABCx", "店铺一", "b \"c\" \\", "z", "a"};
    for (size_t i = 0; i < RUN_STRINGS; i++) {
        r->strings[i] = str_of(strings[i]);
    }
    for (uint32_t i = 0; i < WORLD_COLUMNS; i++) {
        r->props[i] = (struct prop_column){.id = i + 1, .type = world_columns[i].type};
        if (r->props[i].type == PROP_TEXT) {
            r->props[i].text = r->text[i];
            r->props[i].strings = r->strings;
            r->props[i].string_count = RUN_STRINGS;
        } else {
            r->props[i].number = r->number[i];
        }
        r->columns.props[i] = i + 1;
    }
    r->columns.prop_count = WORLD_COLUMNS;
    r->columns.mask = UINT32_MAX;
    struct history *h = &r->history;
    h->member = r->member;
    h->off = r->off;
    h->at = r->at;
    h->kind = r->kind;
    for (int d = 0; d < DIM_COUNT; d++) {
        h->dim[d] = r->dim[d];
    }
    h->other = r->other;
    h->amount = r->amount;
    h->props = r->props;
    h->prop_count = WORLD_COLUMNS;
    return r;
}

/* The next member; their events follow. */
static inline void run_member(struct run *r, uint32_t id)
{
    r->member[r->history.member_count++] = id;
    r->off[r->history.member_count] = r->rows;
}

/* One event of the latest member, at or after the one before; everything else null. Its row. */
static inline uint32_t run_event(struct run *r, int64_t at, const char *kind)
{
    uint32_t row = r->rows++;
    r->off[r->history.member_count] = r->rows;
    r->at[row] = at;
    r->kind[row] = (uint16_t)world_kind(NULL, str_of(kind));
    r->amount[row] = HISTORY_NO_AMOUNT;
    for (size_t i = 0; i < WORLD_COLUMNS; i++) {
        r->number[i][row] = (double)NAN;
    }
    return row;
}

static inline void run_text(struct run *r, uint32_t row, const char *prop, const char *text)
{
    uint32_t i = world_prop(NULL, str_of(prop), PROP_TEXT) - 1;
    for (uint32_t s = 1; s < RUN_STRINGS; s++) {
        if (str_is(r->strings[s], text)) r->text[i][row] = s;
    }
}

static inline void run_number(struct run *r, uint32_t row, const char *prop, enum prop_type type,
                              double number)
{
    r->number[world_prop(NULL, str_of(prop), type) - 1][row] = number;
}

/* Fill the columns of a row by chance, nulls among them. */
static inline void run_fill(struct run *r, uint32_t row, struct rng *rng)
{
    for (int d = 0; d < DIM_COUNT; d++) {
        r->dim[d][row] = (uint32_t)rng_below(rng, WORLD_CODES + 2); /* one code without a name */
    }
    r->other[row] = (uint32_t)rng_below(rng, 13);
    if (rng_below(rng, 3)) r->amount[row] = (int64_t)rng_below(rng, 600) - 50;
    if (rng_below(rng, 50) == 0) r->amount[row] = INT64_C(9007199254740993);
    for (size_t i = 0; i < WORLD_COLUMNS; i++) {
        r->text[i][row] = (uint32_t)rng_below(rng, RUN_STRINGS);
        if (rng_below(rng, 3) == 0) continue;
        bool truth = world_columns[i].type == PROP_BOOL;
        r->number[i][row] =
            truth ? (double)rng_below(rng, 2) : (double)rng_below(rng, 30) / 2 - 2.5;
    }
}

/* Members with ids from 1 and 'rows' events among them, some after WORLD_NOW. */
static inline struct run *run_random(struct rng *rng, uint32_t members, uint32_t rows)
{
    struct run *r = run_create();
    for (uint32_t m = 0; m < members; m++) {
        run_member(r, m + 1);
        int64_t at = WORLD_NOW - (int64_t)rng_below(rng, 200) * TIME_DAY;
        uint64_t pace = 1 + rng_below(rng, 400 * (uint64_t)TIME_DAY / (1 + rows / members));
        for (uint32_t i = 0; i < rows / members; i++) {
            if (rng_below(rng, 5)) at += (int64_t)rng_below(rng, pace); /* else a tie */
            uint32_t row = run_event(r, at, world_kinds[rng_below(rng, WORLD_KINDS)]);
            run_fill(r, row, rng);
        }
    }
    return r;
}

/* The same run with nothing but the columns asked for. */
static inline struct history run_only(const struct run *r, const struct columns *columns,
                                      struct prop_column props[WORLD_COLUMNS])
{
    struct history h = r->history;
    for (int d = 0; d < DIM_COUNT; d++) {
        if (!(columns->mask & (uint32_t)COLUMN_DIM0 << d)) h.dim[d] = NULL;
    }
    if (!(columns->mask & COLUMN_OTHER)) h.other = NULL;
    if (!(columns->mask & COLUMN_AMOUNT)) h.amount = NULL;
    for (uint32_t i = 0; i < columns->prop_count; i++) {
        props[i] = r->props[columns->props[i] - 1];
    }
    h.props = props;
    h.prop_count = columns->prop_count;
    return h;
}

/* Fields of members. */
struct world_field {
    enum expr_field field;
    const char *name; /* NULL: none */
    struct expr_value value;
};

struct world {
    struct world_field fixed[24]; /* answered for every member */
    size_t fixed_count;
    bool random;                 /* others are drawn, else null */
    size_t asked;                /* calls of get */
    uint32_t codes[WORLD_CODES]; /* the last set of groups given out */
};

static inline void world_set(struct world *w, enum expr_field field, const char *name,
                             struct expr_value value)
{
    w->fixed[w->fixed_count++] = (struct world_field){field, name, value};
}

static inline void world_draw(struct world *w, struct rng *rng, enum expr_field field,
                              struct expr_value *out)
{
    static const char *const texts[] = {"a", "Abc", "e\xCC\x81x", "店铺", "g1", "店", ""};
    enum expr_type type = TYPE_NUMBER;
    if (rng_below(rng, 4) == 0) return;
    if (field >= FIELD_CREATED && field <= FIELD_LAST_ORDER) type = TYPE_TIME;
    if (field == FIELD_LAST_ACT || field == FIELD_ORDER_DUE) type = TYPE_TIME;
    if (field == FIELD_BIRTHDAY) type = TYPE_DATE;
    if (field == FIELD_GROUPS) type = TYPE_CODES;
    if (field == FIELD_SOURCE || field == FIELD_TOUCHPOINT || field == FIELD_OWNER ||
        field == FIELD_LANGUAGE || field == FIELD_TIMEZONE || field == FIELD_EXPERIMENT) {
        type = TYPE_TEXT;
    }
    if ((field >= FIELD_RETURNED && field <= FIELD_SILENT_BUYER) || field == FIELD_TAG ||
        field == FIELD_STAFF || field == FIELD_CONSENTED) {
        type = TYPE_BOOL;
    }
    if (field == FIELD_TRAIT) type = (enum expr_type)(TYPE_NUMBER + rng_below(rng, 5));
    *out = (struct expr_value){.type = type};
    out->number = (double)rng_below(rng, 8);
    out->text = str_of(texts[rng_below(rng, 7)]);
    out->boolean = rng_below(rng, 2);
    out->time =
        WORLD_NOW - (int64_t)rng_below(rng, 300) * TIME_DAY + (int64_t)rng_below(rng, TIME_DAY);
    if (type == TYPE_DATE) out->time = 20089 - (int64_t)rng_below(rng, 20000);
    for (uint32_t i = 0; type == TYPE_CODES && i < WORLD_CODES; i++) {
        if (rng_below(rng, 2)) w->codes[out->code_count++] = i + 1;
    }
    out->codes = w->codes;
}

static inline void world_get(void *ctx, uint32_t member, enum expr_field field, struct str name,
                             struct expr_value *out)
{
    struct world *w = ctx;
    w->asked++;
    for (size_t i = 0; i < w->fixed_count; i++) {
        const struct world_field *f = &w->fixed[i];
        if (f->field != field || !str_eq(str_of(f->name), name)) continue;
        *out = f->value;
        return;
    }
    if (!w->random) return;
    struct rng rng;
    rng_init(&rng, hash_xxh3(name.p ? name.p : "", name.len) ^ ((uint64_t)member << 32) ^ field);
    if (field == FIELD_ID) {
        *out = (struct expr_value){.type = TYPE_NUMBER, .number = member};
        return;
    }
    world_draw(w, &rng, field, out);
}
