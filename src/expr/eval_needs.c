/* eval_needs.c - which rows of a member decide a member expression, so that others need not be
 * kept.
 *
 * A call that only counts asks nothing beyond a number of the newest rows of its window: from then
 * on every comparison answers the same. One without a window needs their number alone. Other calls
 * need all that their window may still reach. */
#include <math.h>

#include "expr/eval.h"

#define LAST_MAX 1000 /* more than so many are kept by time instead */

/* How many rows a condition tells apart from more. */
static double told_apart(const struct condition *c)
{
    return c->op == OP_GE || c->op == OP_LT ? ceil(c->number) : floor(c->number) + 1;
}

uint32_t eval_did_last(const struct did *did)
{
    double most = 1;
    if ((did->conditions && !did->counts_only) || did->where || did->has_then || did->has_to)
        return 0;
    for (const struct condition *c = did->conditions; c; c = c->next) {
        double n = told_apart(c);
        if (n > most) most = n;
    }
    return most > LAST_MAX ? 0 : (uint32_t)most;
}

bool eval_did_ever(const struct did *did)
{
    return eval_did_last(did) > 0 && !did->has_within && !did->has_from;
}

struct needing {
    const struct expr_context *context;
    expr_need_fn *fn;
    void *ctx;
    bool *walked; /* by segment number */
};

static void need_kind(const struct needing *n, int code, uint32_t last, int64_t from)
{
    const struct expr_need need = {(uint16_t)code, last, from};
    if (code >= 0 && code <= UINT16_MAX) n->fn(n->ctx, &need); /* else no row is of it */
}

static void need_did(const struct needing *n, const struct did *did)
{
    uint32_t last = eval_did_last(did);
    struct span span = eval_did_span(n->context, did);
    /* rows behind an end that moves are asked for the moment at which they enter */
    int64_t from = span.last < span.first ? span.last : span.first;
    if (eval_did_ever(did)) {
        need_kind(n, did->kind.code, 0, INT64_MAX);
    } else {
        need_kind(n, did->kind.code, last, from);
    }
    if (did->has_then) need_kind(n, did->then.code, 0, from);
}

static void need_node(const struct needing *n, const struct node *node)
{
    switch (node->type) {
    case NODE_AND:
    case NODE_OR:
    case NODE_NOT:
        for (const struct node *part = node->u.child; part; part = part->next)
            need_node(n, part);
        return;
    case NODE_DID:
        need_did(n, node->u.did);
        return;
    case NODE_SEGMENT:
        if (n->walked[node->u.segment->number]) return;
        n->walked[node->u.segment->number] = true;
        need_node(n, node->u.segment->root);
        return;
    case NODE_CONST:
    case NODE_TEST:
    case NODE_FLAG:
        return;
    }
}

void expr_each_need(const struct expr *e, const struct expr_context *c, expr_need_fn *fn, void *ctx)
{
    struct arena_mark mark = arena_mark(c->scratch);
    struct needing n = {c, fn, ctx, NULL};
    n.walked = arena_alloc_array(c->scratch, e->segment_count, sizeof(bool));
    need_node(&n, e->root);
    arena_rewind(c->scratch, mark);
}

bool expr_get_field(const struct expr *e, size_t i, enum expr_field *field, struct str *name)
{
    const struct slot *s = e->slots;
    while (s && i-- > 0)
        s = s->next;
    if (!s) return false;
    *field = s->field;
    *name = s->name;
    return true;
}
