/* eval.h - what the files of evaluation share: eval_value.c (literals against values), eval_event.c
 * (one row), eval_events.c (many rows), eval_member.c and eval_did.c (one member),
 * eval_members.c (many members), eval_change.c.
 */
#pragma once

#include "expr/node.h"

/* A member's field, once asked for. */
struct cell {
    bool known;
    struct expr_value value;
};

/* One evaluation; on the stack of the call that it serves. */
struct eval {
    const struct expr *expr;
    const struct expr_context *context;
    const struct history *history;
    uint32_t index; /* the member in the run; whose row it is when 'cells' is NULL is looked up */
    struct cell *cells; /* by slot; NULL for event expressions */
    int8_t *segments;   /* by number: answer + 1, 0 = not asked yet */
};

/* Inclusive. Empty when first > last. */
struct span {
    int64_t first;
    int64_t last;
};

/* Instants that a literal covers: one, or a calendar day's. */
struct span eval_span(const struct expr_context *c, const struct literal *l);
/* The calendar day of a literal that is a date or a time. */
int64_t eval_day(const struct expr_context *c, const struct literal *l);
/* The first instant that a literal covers. */
int64_t eval_start(const struct expr_context *c, const struct literal *l);
bool eval_is_null(const struct expr_value *v);
/* Does the value pass the test? */
bool eval_test(const struct expr_context *c, const struct test *t, const struct expr_value *v);
/* The anniversary nearest to today of a date or time; null otherwise. */
void eval_anniversary(const struct expr_context *c, struct expr_value *v);
/* NFC of a text, in *a; an arena is made when *a is NULL and one is needed. */
struct str eval_nfc(struct arena **a, struct str text);

/* A property's column of one type; NULL when the run has none. */
const struct prop_column *eval_column(const struct eval *v, const struct subject *s,
                                      enum prop_type type);
/* The value of an event's field. 'by_text' gives codes and kinds as text. Of a property without a
 * class, the first type that is not null. */
void eval_event_value(const struct eval *v, const struct subject *s, bool by_text, uint32_t row,
                      struct expr_value *out);
void eval_prop(const struct eval *v, const struct subject *s, enum prop_type type, uint32_t row,
               struct expr_value *out);
bool eval_event(const struct eval *v, const struct node *n, uint32_t row);

/* An evaluation of a member expression; takes from the context's scratch. */
void eval_begin(struct eval *v, const struct expr *e, const struct expr_context *c,
                const struct history *h, uint32_t index);
/* The field of a member, from the cache or the context. */
void eval_member_value(const struct eval *v, const struct subject *s, struct expr_value *out);
bool eval_member(const struct eval *v, const struct node *n);

/* Rows of the member that a did() looks at. */
struct window {
    uint32_t first; /* of them */
    uint32_t end;   /* behind the last */
    uint32_t known; /* behind the last row that is not after now */
};
void eval_window(const struct eval *v, const struct did *did, struct window *w);
/* Visit the rows of the set in order: the first at or behind 'from', or w->end. '*then' is the
 * place of the second kind found so far; begin with w->first. */
uint32_t eval_did_next(const struct eval *v, const struct did *did, const struct window *w,
                       uint32_t from, uint32_t *then);
bool eval_did(const struct eval *v, const struct did *did);
/* The same as times: rows of the set lie in here, whatever else they must be. */
struct span eval_did_span(const struct expr_context *c, const struct did *did);
/* Does did() hold of a set of so many rows, when nothing but their number is asked? */
bool eval_did_counts(const struct did *did, uint32_t count);
/* Does it hold of the empty set? Then every sum and number of days or values is 0. */
bool eval_did_none(const struct did *did);
/* So many of the newest rows of the window decide it, each as the next: it only counts, and no end
 * of the window moves over rows. 0: all rows of the window do. */
uint32_t eval_did_last(const struct did *did);
/* It counts events of all times up to now, and nothing else. */
bool eval_did_ever(const struct did *did);
