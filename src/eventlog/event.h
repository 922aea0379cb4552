/* event.h - one event as the log keeps it: numbers of the brand's registries, no names.
 *
 * Nothing personal is in it: members are personas, texts are registered codes or property values.
 */
#pragma once

#include <stdint.h>

#include "base/hash.h"
#include "base/history.h"
#include "base/str.h"

/* The latest time an event may have: in the year 6429. Sums of times in a part rely on it. */
#define EVENT_AT_MAX (((int64_t)1 << 47) - 1)

struct event_prop {
    uint32_t id; /* typed column of the brand's registry, > 0 */
    enum prop_type type;
    double number;   /* PROP_NUMBER, never NaN; PROP_BOOL as 0 or 1 */
    struct str text; /* PROP_TEXT */
};

struct event {
    int64_t at;          /* UTC ms, 0 .. EVENT_AT_MAX */
    int64_t received_at; /* UTC ms */
    uint32_t persona;    /* 0 = no member */
    uint32_t other;      /* persona of the other member, 0 = null */
    uint32_t dim[DIM_COUNT];
    int64_t amount;    /* minor units; HISTORY_NO_AMOUNT = null */
    struct hash128 id; /* keyed hash of the sender's id; 0,0 = none */
    uint16_t kind;     /* code, > 0 */
    uint16_t prop_count;
    const struct event_prop *props; /* ascending by id */
};

/* Events lie in order of arrival and are read in another: have the processor fetch each of the
 * 'left' ones from here on, then its properties, then their texts, some rows before it is wanted.
 */
static inline void events_fetch_ahead(const struct event *const *events, size_t left)
{
    enum { TEXTS = 8, PROPS = 16, EVENT = 24 };
    if (left > EVENT) {
        __builtin_prefetch(events[EVENT]);
        __builtin_prefetch((const char *)events[EVENT] + 64);
    }
    for (uint16_t i = 0; left > PROPS && i < events[PROPS]->prop_count; i++)
        __builtin_prefetch(&events[PROPS]->props[i]);
    if (left <= TEXTS) return;
    for (uint16_t i = 0; i < events[TEXTS]->prop_count; i++) {
        const struct event_prop *p = &events[TEXTS]->props[i];
        if (p->type == PROP_TEXT) __builtin_prefetch(p->text.p);
    }
}
