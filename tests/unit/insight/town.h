/* town.h - a small brand for query tests: names with numbers, events in a tail, and queries that
 * are asked of them. Also used by the fuzz target. */
#pragma once

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/vec.h"
#include "eventlog/tail.h"
#include "insight/insight.h"

#define TOWN_NAMES 32

/* Numbers from 1 in the order given. */
struct town_names {
    const char *names[TOWN_NAMES];
    int count;
};

struct town_prop {
    const char *name;
    enum prop_type type;
};

struct town {
    struct town_names kinds;
    struct town_names codes; /* of every dimension */
    struct town_prop props[TOWN_NAMES];
    int prop_count;
    uint32_t roles[TOWN_NAMES + 1];
    struct fold_names fold;
    struct expr_catalog catalog;
    VEC(struct event) events;
    VEC(struct event_prop *) allocated; /* of the events' properties */
    struct tail *tail;
    struct tail_view *view;
    struct snapshot snapshot;
    struct budget budget;
    struct insight insight;
    struct strbuf reply;
    struct why why;
    struct arena *arena;       /* of the parsed reply */
    const struct json *parsed; /* the last reply */
};

static inline int town_number(const struct town_names *n, struct str name)
{
    for (int i = 0; i < n->count; i++) {
        if (str_is(name, n->names[i])) return i + 1;
    }
    return -1;
}

static inline int town_kind(void *ctx, struct str name)
{
    return town_number(&((struct town *)ctx)->kinds, name);
}

static inline bool town_derived(void *ctx, int kind)
{
    const struct town *t = ctx;
    return kind > 0 && (fold_kind_roles(str_of(t->kinds.names[kind - 1])) & ROLE_DERIVED) != 0;
}

static inline uint32_t town_code(void *ctx, enum dim dim, struct str code)
{
    (void)dim;
    int number = town_number(&((struct town *)ctx)->codes, code);
    return number < 0 ? 0 : (uint32_t)number;
}

static inline struct str town_name(const struct town_names *n, int number)
{
    bool known = number >= 1 && number <= n->count;
    return known ? str_of(n->names[number - 1]) : (struct str){NULL, 0};
}

static inline struct str town_code_text(void *ctx, enum dim dim, uint32_t code)
{
    (void)dim;
    return town_name(&((struct town *)ctx)->codes, (int)code);
}

static inline struct str town_kind_text(void *ctx, int kind)
{
    return town_name(&((struct town *)ctx)->kinds, kind);
}

static inline uint32_t town_prop(void *ctx, struct str name, enum prop_type type)
{
    const struct town *t = ctx;
    for (int i = 0; i < t->prop_count; i++) {
        if (t->props[i].type == type && str_is(name, t->props[i].name)) return (uint32_t)i + 1;
    }
    return 0;
}

static inline uint64_t town_mono(void *ctx)
{
    (void)ctx;
    return 0;
}

static inline void town_names_fill(struct town *t)
{
    static const char *const kinds[] = {
        "member.created", "page.viewed",    "group.joined",      "group.left",    "message.sent",
        "order.paid",     "order.refunded", "lifecycle.changed", "trust.changed", "own.kind",
        "contact.added",  "circle.changed", "contact.deleted"};
    static const char *const codes[] = {"g1", "g2", "g3", "s1"};
    static const struct town_prop props[] = {
        {"order", PROP_TEXT}, {"known", PROP_BOOL},  {"from", PROP_TEXT}, {"to", PROP_TEXT},
        {"city", PROP_TEXT},  {"city", PROP_NUMBER}, {"n", PROP_NUMBER},  {"gift", PROP_BOOL}};
    t->kinds.count = sizeof(kinds) / sizeof(kinds[0]);
    memcpy(t->kinds.names, kinds, sizeof(kinds));
    t->codes.count = sizeof(codes) / sizeof(codes[0]);
    memcpy(t->codes.names, codes, sizeof(codes));
    t->prop_count = sizeof(props) / sizeof(props[0]);
    memcpy(t->props, props, sizeof(props));
    for (int i = 0; i < t->kinds.count; i++) {
        t->roles[i + 1] = fold_kind_roles(str_of(kinds[i]));
    }
}

static inline void town_open(struct town *t, const char *zone, const char *now)
{
    *t = (struct town){.tail = tail_create(), .arena = arena_create(0)};
    const struct zone *z = zone_open(zone);
    town_names_fill(t);
    fold_rules_default(&t->fold.rules);
    t->fold.zone = z;
    t->fold.roles = t->roles;
    t->fold.kind_count = TOWN_NAMES + 1;
    t->fold.prop_order = town_prop(t, STR("order"), PROP_TEXT);
    t->fold.prop_known = town_prop(t, STR("known"), PROP_BOOL);
    t->fold.prop_from = town_prop(t, STR("from"), PROP_TEXT);
    t->fold.prop_to = town_prop(t, STR("to"), PROP_TEXT);
    t->fold.kind_lifecycle = town_kind(t, STR("lifecycle.changed"));
    t->fold.kind_trust = town_kind(t, STR("trust.changed"));
    t->catalog = (struct expr_catalog){
        .ctx = t,
        .zone = z,
        .currency_digits = 2,
        .kind = town_kind,
        .kind_is_derived = town_derived,
        .code = town_code,
        .code_text = town_code_text,
        .kind_text = town_kind_text,
        .prop = town_prop,
    };
    t->budget.mono_ns = town_mono;
    atomic_store(&t->budget.bytes_left, LIMIT_QUERY_MEMORY);
    t->insight = (struct insight){
        .snapshot = &t->snapshot,
        .catalog = &t->catalog,
        .fold = &t->fold,
        .zone = z,
        .env = env_system(),
        .workers = 1,
        .budget = &t->budget,
    };
    bool good = time_parse(z, str_of(now), &t->insight.now);
    assert(good);
    (void)good;
}

static inline void town_close(struct town *t)
{
    tail_view_unref(t->view);
    tail_destroy(t->tail);
    for (size_t i = 0; i < t->allocated.count; i++) {
        mem_free(t->allocated.items[i]);
    }
    VEC_FINISH(&t->allocated);
    VEC_FINISH(&t->events);
    strbuf_finish(&t->reply);
    arena_destroy(t->arena);
}

/* The event added last may be filled in until the next query. */
static inline struct event *town_add_at(struct town *t, uint32_t member, int64_t at,
                                        const char *kind)
{
    int code = town_kind(t, str_of(kind));
    assert(code > 0);
    VEC_PUSH(&t->events, ((struct event){.at = at,
                                         .received_at = at,
                                         .persona = member,
                                         .kind = (uint16_t)code,
                                         .amount = HISTORY_NO_AMOUNT}));
    return &t->events.items[t->events.count - 1];
}

static inline struct event *town_add(struct town *t, uint32_t member, const char *at,
                                     const char *kind)
{
    int64_t instant;
    bool good = time_parse(t->insight.zone, str_of(at), &instant);
    assert(good);
    (void)good;
    return town_add_at(t, member, instant, kind);
}

/* Append a property; call in the order of the ids. */
static inline void town_set(struct town *t, struct event *ev, const char *name, enum prop_type type,
                            struct event_prop value)
{
    struct event_prop *props = mem_alloc_array(ev->prop_count + 1u, sizeof(*props));
    if (ev->prop_count > 0) memcpy(props, ev->props, ev->prop_count * sizeof(*props));
    value.id = town_prop(t, str_of(name), type);
    value.type = type;
    assert(value.id > 0);
    props[ev->prop_count++] = value;
    ev->props = props;
    VEC_PUSH(&t->allocated, props);
}

static inline void town_set_text(struct town *t, struct event *ev, const char *name,
                                 const char *text)
{
    town_set(t, ev, name, PROP_TEXT, (struct event_prop){.text = str_of(text)});
}

static inline void town_set_number(struct town *t, struct event *ev, const char *name, double v)
{
    town_set(t, ev, name, PROP_NUMBER, (struct event_prop){.number = v});
}

static inline void town_set_bool(struct town *t, struct event *ev, const char *name, bool v)
{
    town_set(t, ev, name, PROP_BOOL, (struct event_prop){.number = v});
}

/* Commit what was added since the last time. */
static inline void town_commit(struct town *t)
{
    if (t->events.count > 0) {
        tail_append(t->tail, t->events.items, t->events.count, t->snapshot.seq + 1);
        t->snapshot.seq += t->events.count;
        VEC_RESET(&t->events);
    }
    tail_view_unref(t->view);
    t->view = tail_view(t->tail);
    t->snapshot.tail = t->view;
}

static inline enum err town_ask_form(struct town *t, struct str query, enum insight_form form)
{
    town_commit(t);
    strbuf_reset(&t->reply);
    arena_reset(t->arena);
    t->parsed = NULL;
    t->why = (struct why){0};
    enum err err = insight_query(&t->insight, query, form, &t->reply, &t->why);
    if (err == ERR_OK && form == INSIGHT_JSON) {
        struct why why;
        enum err parsed = json_parse(t->arena, strbuf_str(&t->reply), &t->parsed, &why);
        assert(parsed == ERR_OK);
        (void)parsed;
    }
    return err;
}

static inline enum err town_ask(struct town *t, const char *query)
{
    return town_ask_form(t, str_of(query), INSIGHT_JSON);
}

/* A value of the last reply by its path, "points.0.value"; NULL when it is not there. */
static inline const struct json *town_get(const struct town *t, const char *path)
{
    const struct json *j = t->parsed;
    struct str rest = str_of(path);
    while (j && rest.p) {
        struct str key = str_cut(&rest, '.');
        char name[64];
        snprintf(name, sizeof(name), STR_FMT, STR_ARG(key));
        int64_t place;
        if (j->type == JSON_ARRAY && str_to_i64(key, &place)) {
            j = place >= 0 && (size_t)place < j->count ? &j->items[place] : NULL;
        } else {
            j = json_get(j, name);
        }
    }
    return j;
}
