/* plan.h - a query made ready to run: what all queries share.
 *
 * Built while the query is read, then only read by the workers, but for 'charged'. It lives in the
 * arena of the query. */
#pragma once

#include <stdatomic.h>

#include "base/limits.h"
#include "insight/buckets.h"
#include "insight/form.h"
#include "insight/insight.h"

/* The steps of a funnel are the most selectors a query has; bit 31 of a row's mask is SIGHT_SEEN.
 */
#define SELECTORS_MAX LIMIT_FUNNEL_STEPS
#define KINDS_MAX 65536

/* {kind, where}: which events a step, a birth, an anchor ... is about. */
struct selector {
    bool all;                 /* "*": every kind but the derived ones */
    size_t name_count;        /* 0 with 'all' */
    const struct str *names;  /* kinds, distinct, in order of bytes */
    size_t kind_count;        /* of those the brand has seen */
    const uint16_t *kinds;    /* their codes */
    const struct expr *where; /* NULL: all of them */
};

/* The type of a property column that was asked for by name. */
struct typed_prop {
    struct typed_prop *next; /* asked for before */
    uint32_t id;             /* of the brand's registry */
    enum prop_type type;
};

struct plan_warning {
    struct plan_warning *next; /* the one after it */
    const char *text;          /* in in->lang */
};

struct plan {
    const struct insight *in;
    struct arena *arena;
    const char *name;                         /* of the query */
    struct expr_catalog catalog;              /* in->catalog, watched for properties */
    struct typed_prop *typed;                 /* newest first */
    int64_t start;                            /* asked for, or the first event's; INT64_MAX: none */
    int64_t from, to;                         /* [from, to); from = to when 'start' is later */
    const struct expr *where;                 /* about events; NULL = all */
    const struct expr *who;                   /* about members; NULL = all */
    struct selector selectors[SELECTORS_MAX]; /* selector i sets bit i of a row's mask */
    uint32_t selector_count;
    struct columns columns;   /* that the scan must bring */
    enum prop_type types[64]; /* beside columns.props */
    bool derived;             /* a derived kind is named: histories must be woven */
    bool circles;             /* circle.changed is among them */
    struct json_writer echo;  /* writes the canonical query */
    struct strbuf echo_text;  /* where to */
    struct plan_warning *warnings;
    struct plan_warning **warnings_end;
    void *own;                /* what the query itself needs */
    _Atomic uint64_t charged; /* bytes taken from the budget, given back at the end */
};

void plan_init(struct plan *p, const struct insight *in, struct arena *a);
/* Gives back what was charged. */
void plan_finish(struct plan *p);

/* Read an expression; a missing one leaves *out. */
MUST_CHECK enum err plan_expr(struct plan *p, struct form *f, const char *key,
                              enum expr_about about, const struct expr **out);
/* Append a selector; 'f' is the object that holds 'kind' and, when 'where' is set, 'where'. Writes
 * the keys to the echo. 'kind_default' stands for a missing kind; NULL: it must be there. */
MUST_CHECK enum err plan_select(struct plan *p, struct form *f, const char *kind_default,
                                bool where);
/* The object under 'key', {kind, where?}, as a selector. */
MUST_CHECK enum err plan_select_key(struct plan *p, struct form *f, const char *key);
/* A kind that the query itself names. */
void plan_select_kind(struct plan *p, const char *kind);

/* Read "as_of" into p->to, where the range then ends; cut to the start of its day if 'whole_days'.
 */
MUST_CHECK enum err plan_as_of(struct plan *p, struct form *f, bool whole_days);

/* Ask the scan for a property; false when there are too many. */
bool plan_prop(struct plan *p, uint32_t id, enum prop_type type);
/* After parsing: the columns that the expressions need, and the type of every property. */
MUST_CHECK enum err plan_columns(struct plan *p, bool fold, struct why *why);

/* Where a property stands in the runs; -1 when it was not asked for. */
int plan_place(const struct plan *p, uint32_t prop);

/* Let the range end at 'to'. */
void plan_end(struct plan *p, int64_t to);

void plan_warn(struct plan *p, enum msg msg, struct str arg);
/* An instant as text, in the echo. */
void plan_echo_time(struct plan *p, const char *key, int64_t at);
void plan_echo_expr(struct plan *p, const char *key, const struct expr *e);
void plan_echo_duration(struct plan *p, const char *key, int64_t ms);

/* Take bytes from the budget; false when it is used up. Any thread. */
bool plan_charge(struct plan *p, uint64_t bytes);
/* The same for 'count' elements of 'size' bytes; ERR_TOO_LARGE. */
MUST_CHECK enum err plan_need(struct plan *p, size_t count, size_t size, struct why *why);
/* Stopped or past the deadline? */
MUST_CHECK enum err plan_check(const struct plan *p, struct why *why);

/* The buckets of [p->from, p->to); ERR_TOO_LARGE over LIMIT_BUCKETS. */
MUST_CHECK enum err plan_buckets(const struct plan *p, enum time_unit unit, size_t before,
                                 size_t after, struct buckets *out, struct why *why);

/* The first instant of the log; false when it is empty. */
bool plan_first_event(const struct plan *p, int64_t *at);
bool plan_kind_derived(struct plan *p, int kind);
int plan_workers(const struct plan *p);
