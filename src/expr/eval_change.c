/* eval_change.c - expr_next_change(): the earliest moment at which a part of the tree may turn.
 *
 * Every part names its own moments, without asking whether the whole answer would follow:
 *   a field beside now + d    when now + d reaches it, and the millisecond after
 *   a date beside now + d     the midnight that now + d meets next
 *   today, anniv()            the next midnight; in a did(), of who has an event of the kind in the
 *                             window or behind it: what lies before it never enters again
 *   did(within d)             when the earliest event of its set leaves the window
 *   did(count, within d)      when that event leaves with which the answer turns
 *   did(from now + d)         the same
 *   did(to now + d)           when the first event behind the window enters it
 *   did(where at ... now)     as a field, for every event of the kind
 *   did()                     when the first event after now happens */
#include "expr/eval.h"

struct change {
    const struct eval *eval;
    int64_t next; /* the earliest so far, or TIME_NONE */
    bool *walked; /* by segment number */
};

static void consider(struct change *ch, int64_t at)
{
    if (at <= ch->eval->context->now) return;
    if (ch->next == TIME_NONE || at < ch->next) ch->next = at;
}

/* When now + offset enters its next day. */
static void consider_midnight(struct change *ch, int64_t offset_ms)
{
    const struct expr_context *c = ch->eval->context;
    consider(ch, zone_day_start(c->zone, zone_day(c->zone, c->now + offset_ms) + 1) - offset_ms);
}

/* Moments at which the order of a value and a literal changes. */
static void consider_literal(struct change *ch, const struct literal *l,
                             const struct expr_value *value)
{
    if (l->type == LITERAL_TODAY) consider_midnight(ch, 0);
    if (l->type != LITERAL_NOW) return;
    if (value->type != TYPE_TIME) {
        consider_midnight(ch, l->time);
    } else if (value->time > INT64_MIN / 2 && value->time < INT64_MAX / 2) {
        consider(ch, value->time - l->time);
        consider(ch, value->time - l->time + 1);
    }
}

static void walk_test(struct change *ch, const struct test *t)
{
    struct expr_value value;
    eval_member_value(ch->eval, &t->subject, &value);
    if (eval_is_null(&value)) return;
    if (t->subject.anniversary) consider_midnight(ch, 0);
    for (uint32_t i = 0; i < t->value_count; i++) {
        consider_literal(ch, &t->values[i], &value);
    }
}

/* Tests on time inside a where, for the rows that it may speak of. */
static void walk_where(struct change *ch, const struct node *n, const struct did *did,
                       const struct window *w)
{
    const struct history *h = ch->eval->history;
    if (n->type == NODE_AND || n->type == NODE_OR || n->type == NODE_NOT) {
        for (const struct node *part = n->u.child; part; part = part->next) {
            walk_where(ch, part, did, w);
        }
    }
    if (n->type != NODE_TEST) return;
    const struct test *t = n->u.test;
    for (uint32_t i = 0; i < t->value_count; i++) {
        const struct literal *l = &t->values[i];
        if (l->type != LITERAL_NOW && l->type != LITERAL_TODAY) continue;
        for (uint32_t row = w->first; row < w->known; row++) {
            if (h->kind[row] != did->kind.code) continue;
            struct expr_value value;
            eval_event_value(ch->eval, &t->subject, false, row, &value);
            consider_literal(ch, l, &value);
        }
    }
}

/* The first row from 'row' on of the kind, or of the one that must follow it; else the member's
 * end. */
static uint32_t find(const struct eval *v, const struct did *did, uint32_t row, bool then)
{
    const struct history *h = v->history;
    uint32_t end = h->off[v->index + 1];
    for (; row < end; row++) {
        if (h->kind[row] == did->kind.code) return row;
        if (then && did->has_then && h->kind[row] == did->then.code) return row;
    }
    return end;
}

/* Rows of a call that only counts leave its window one by one, the oldest first: the one with which
 * the answer turns; w->end when it never does so. */
static uint32_t turning(const struct eval *v, const struct did *did, const struct window *w,
                        uint32_t last)
{
    const uint16_t *kind = v->history->kind;
    uint32_t count = 0, left = 0, row = w->end;
    while (row > w->first && count < last)
        count += kind[--row] == did->kind.code;
    bool now = eval_did_counts(did, count);
    for (; row < w->end; row++) {
        if (kind[row] != did->kind.code) continue;
        if (eval_did_counts(did, count - ++left) != now) return row;
    }
    return w->end;
}

static void walk_did(struct change *ch, const struct did *did)
{
    const struct eval *v = ch->eval;
    const struct history *h = v->history;
    uint32_t end = h->off[v->index + 1];
    struct window w;
    eval_window(v, did, &w);
    uint32_t then = w.first, earliest = w.end, last = eval_did_last(did);
    if (did->has_within || did->has_from)
        earliest = last ? turning(v, did, &w, last) : eval_did_next(v, did, &w, w.first, &then);
    uint32_t after = find(v, did, w.known, true);
    if (after < end) consider(ch, h->at[after]);
    if (did->where) walk_where(ch, did->where, did, &w);
    bool today = (did->has_from && did->from.type == LITERAL_TODAY) ||
                 (did->has_to && did->to.type == LITERAL_TODAY);
    if (today && find(v, did, w.first, false) < end) consider_midnight(ch, 0);
    if (earliest < w.end) {
        if (did->has_within) consider(ch, h->at[earliest] + did->within_ms);
        if (did->has_from && did->from.type == LITERAL_NOW) {
            consider(ch, h->at[earliest] - did->from.time + 1);
        }
    }
    if (!did->has_to || did->to.type != LITERAL_NOW) return;
    uint32_t behind = find(v, did, w.end, false);
    if (behind < end) consider(ch, h->at[behind] - did->to.time + 1);
}

static void walk(struct change *ch, const struct node *n)
{
    switch (n->type) {
    case NODE_AND:
    case NODE_OR:
    case NODE_NOT:
        for (const struct node *part = n->u.child; part; part = part->next) {
            walk(ch, part);
        }
        return;
    case NODE_TEST:
        walk_test(ch, n->u.test);
        return;
    case NODE_DID:
        walk_did(ch, n->u.did);
        return;
    case NODE_SEGMENT:
        if (ch->walked[n->u.segment->number]) return;
        ch->walked[n->u.segment->number] = true;
        walk(ch, n->u.segment->root);
        return;
    case NODE_CONST:
    case NODE_FLAG:
        return;
    }
}

int64_t expr_next_change(const struct expr *e, const struct expr_context *c,
                         const struct history *h, uint32_t index)
{
    struct arena_mark mark = arena_mark(c->scratch);
    struct eval v;
    eval_begin(&v, e, c, h, index);
    struct change change = {.eval = &v, .next = TIME_NONE};
    change.walked = arena_alloc_array(c->scratch, e->segment_count, sizeof(bool));
    walk(&change, e->root);
    arena_rewind(c->scratch, mark);
    return change.next;
}
