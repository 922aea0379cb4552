/* event_maker.h - random sorted events with everything events may have, for tests of blocks and
 * parts. The events and their texts live until maker_reset. */
#pragma once

#include <math.h>

#include "base/arena.h"
#include "base/env.h"
#include "base/limits.h"
#include "eventlog/event.h"

/* Ids of the properties that made events have, and their types. */
enum { MAKER_CITY = 2, MAKER_PRICE = 3, MAKER_NOTE = 7, MAKER_RATIO = 40, MAKER_OPEN = 41 };

struct event_maker {
    struct rng rng;
    struct arena *arena;
};

static inline void maker_init(struct event_maker *m, uint64_t seed)
{
    rng_init(&m->rng, seed);
    m->arena = arena_create(0);
}

static inline void maker_reset(struct event_maker *m)
{
    arena_reset(m->arena);
}

static inline void maker_finish(struct event_maker *m)
{
    arena_destroy(m->arena);
}

static inline void make_props(struct event_maker *m, struct event *ev)
{
    struct rng *rng = &m->rng;
    struct event_prop *p = arena_alloc_array(m->arena, 5, sizeof(*p));
    uint16_t n = 0;
    if (rng_below(rng, 2)) {
        char *city = arena_printf(m->arena, "city %d", (int)(ev->persona % 17));
        p[n++] = (struct event_prop){.id = MAKER_CITY, .type = PROP_TEXT, .text = str_of(city)};
    }
    if (rng_below(rng, 4) == 0) {
        double price = (double)rng_below(rng, 100000) / 100;
        p[n++] = (struct event_prop){.id = MAKER_PRICE, .type = PROP_NUMBER, .number = price};
    }
    if (rng_below(rng, 30) == 0) {
        char *note = arena_printf(m->arena, "%d", (int)rng_below(rng, 1000000));
        size_t len = rng_below(rng, 9) ? strlen(note) : 0;
        p[n++] = (struct event_prop){.id = MAKER_NOTE, .type = PROP_TEXT, .text = {note, len}};
    }
    if (rng_below(rng, 20) == 0) {
        double ratio = rng_unit(rng) - 0.5;
        p[n++] = (struct event_prop){.id = MAKER_RATIO, .type = PROP_NUMBER, .number = ratio};
    }
    if (rng_below(rng, 3) == 0) {
        double open = (double)rng_below(rng, 2);
        p[n++] = (struct event_prop){.id = MAKER_OPEN, .type = PROP_BOOL, .number = open};
    }
    ev->props = p;
    ev->prop_count = n;
}

/* 'count' events in order of (persona, at), of about 'per' events a persona; 'gap' 1 makes many
 * equal times. */
static inline struct event *maker_events(struct event_maker *m, size_t count, size_t per,
                                         uint64_t gap)
{
    struct rng *rng = &m->rng;
    struct event *events = arena_alloc_array(m->arena, count, sizeof(*events));
    uint32_t persona = (uint32_t)rng_below(rng, 2);
    int64_t at = 1700000000000 + (int64_t)rng_below(rng, 1000000);
    for (size_t i = 0; i < count; i++) {
        struct event *ev = &events[i];
        if (i && rng_below(rng, per) == 0) {
            persona += 1 + (uint32_t)rng_below(rng, 3);
            at = 1700000000000 + (int64_t)rng_below(rng, 10000000000);
        } else {
            at += (int64_t)rng_below(rng, gap);
        }
        ev->persona = persona;
        ev->at = at;
        ev->received_at = at + (int64_t)rng_below(rng, 5000) - 100;
        ev->kind = (uint16_t)(1 + rng_below(rng, 1 + rng_below(rng, 30)));
        ev->other = rng_below(rng, 10) ? 0 : (uint32_t)rng_below(rng, 100000);
        ev->dim[DIM_GROUP] = 1 + persona % 7;
        ev->dim[DIM_TOUCHPOINT] = (uint32_t)rng_below(rng, 3);
        ev->dim[DIM_CAMPAIGN] = rng_below(rng, 100) ? 0 : UINT32_MAX;
        ev->dim[DIM_ORIGIN] = 4;
        ev->amount = rng_below(rng, 12) ? HISTORY_NO_AMOUNT : (int64_t)rng_below(rng, 90000) - 500;
        ev->id = (struct hash128){rng_below(rng, 2) ? rng_next(rng) : 0, 0};
        make_props(m, ev);
    }
    return events;
}

/* All but the id of the sender, which parts do not keep. */
static inline void assert_same_event(const struct event *got, const struct event *want)
{
    assert_int_equal(got->persona, want->persona);
    assert_true(got->at == want->at && got->received_at == want->received_at);
    assert_true(got->amount == want->amount);
    assert_int_equal(got->kind, want->kind);
    assert_int_equal(got->other, want->other);
    assert_memory_equal(got->dim, want->dim, sizeof(got->dim));
    assert_int_equal(got->prop_count, want->prop_count);
    for (uint32_t i = 0; i < want->prop_count; i++) {
        const struct event_prop *g = &got->props[i], *w = &want->props[i];
        assert_int_equal(g->id, w->id);
        assert_int_equal(g->type, w->type);
        if (w->type == PROP_TEXT) {
            assert_true(str_eq(g->text, w->text) && g->text.p);
        } else {
            assert_memory_equal(&g->number, &w->number, sizeof(g->number));
        }
    }
}

/* What every reader of events may rely on. */
static inline void assert_sound(const struct event *ev)
{
    assert_true(ev->at >= 0 && ev->at <= EVENT_AT_MAX && ev->kind > 0);
    assert_true(ev->prop_count <= LIMIT_PROPS_PER_EVENT);
    for (uint32_t i = 0; i < ev->prop_count; i++) {
        const struct event_prop *p = &ev->props[i];
        assert_true(p->id > (i ? ev->props[i - 1].id : 0));
        assert_true(p->type == PROP_TEXT || !isnan(p->number));
    }
}
