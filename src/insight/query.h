/* query.h - the table of queries: each knows how to read its fields and how to answer. */
#pragma once

#include "insight/plan.h"
#include "insight/reply.h"

/* Common fields that a query takes. */
enum {
    TAKES_FROM = 1 << 0,
    TAKES_TO = 1 << 1,
    TAKES_WHERE = 1 << 2,
    TAKES_WHO = 1 << 3,
    TAKES_EXPR = 1 << 4 /* instead of "who", by a name of its own: it calls plan_within() */
};
#define TAKES_ALL (TAKES_FROM | TAKES_TO | TAKES_WHERE | TAKES_WHO)

/* Limit p->who to the members asked about, of those every question is limited to; the echo is to
 * say so. */
MUST_CHECK enum err plan_within(struct plan *p, struct why *why);

struct query_type {
    const char *name;
    unsigned takes;
    bool folds; /* it folds members itself */
    /* Read its own fields into plan->own and the echo; common ones are read already. */
    enum err (*parse)(struct plan *p, struct form *f);
    /* Run, then write the reply; nothing is written on failure. */
    enum err (*run)(struct plan *p, struct reply *r, struct why *why);
};

extern const struct query_type query_trend;
extern const struct query_type query_funnel;
extern const struct query_type query_retention;
extern const struct query_type query_paths;
extern const struct query_type query_stickiness;
extern const struct query_type query_lifecycle;
extern const struct query_type query_activity;
extern const struct query_type query_rfm;
extern const struct query_type query_repeat;
extern const struct query_type query_segment;
