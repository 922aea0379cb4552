/* breakdown.h - the field that a query is broken down by: read, ranked and shown. */
#pragma once

#include "insight/keys.h"
#include "insight/plan.h"
#include "insight/reply.h"

#define BREAKDOWN_TOP 20
/* Keys of a reply: the largest, the rest, and null. */
#define BREAKDOWN_SLOTS (BREAKDOWN_TOP + 2)

struct breakdown {
    struct str name;        /* as asked for; {NULL, 0}: none */
    struct key_field field; /* KEYS_NONE when there is none */
    uint32_t props[3];      /* KEYS_PROP: ids of the columns by type, 0 = none */
};

/* Read "breakdown" and ask the scan for its column. */
MUST_CHECK enum err breakdown_parse(struct breakdown *b, struct plan *p, struct form *f);
/* When the plan's columns are final: where the field's columns stand. */
void breakdown_place(struct breakdown *b, const struct plan *p);

/* The ids of the largest keys, by total and then by key; null is left out. Returns how many. */
uint32_t breakdown_top(const struct breakdown *b, const struct plan *p, const struct keys *keys,
                       const wide *totals, uint32_t top[BREAKDOWN_TOP]);
/* A key as a value; "$rest" for KEYS_REST. */
void breakdown_reply(const struct breakdown *b, const struct plan *p, struct reply *r,
                     const struct keys *keys, uint32_t id);
