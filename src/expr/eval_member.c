/* eval_member.c - one member of a run against a member expression.
 *
 * The fields asked for and the answers of segments are kept for the length of one evaluation, in
 * the context's scratch arena, which is as before when it ends. */
#include <assert.h>

#include "expr/eval.h"

void eval_member_value(const struct eval *v, const struct subject *s, struct expr_value *out)
{
    struct cell *cell = &v->cells[s->slot];
    const struct expr_context *c = v->context;
    if (!cell->known) {
        cell->known = true;
        uint32_t member = v->history->member[v->index];
        if (c->get) c->get(c->get_ctx, member, s->member, s->name, &cell->value);
        if (cell->value.type == TYPE_TEXT)
            cell->value.text = arena_str(c->scratch, cell->value.text); /* lent until the next */
    }
    *out = cell->value;
    if (s->anniversary) eval_anniversary(c, out);
}

static bool flag_holds(const struct eval *v, const struct flag *flag)
{
    struct expr_value value;
    eval_member_value(v, &flag->subject, &value);
    if (flag->call != CALL_IN_GROUP) return value.type == TYPE_BOOL && value.boolean;
    struct literal group = {.type = LITERAL_TEXT, .coded = true, .number = flag->code};
    struct test test = {.op = OP_EQ, .value_count = 1, .values = &group};
    return eval_test(v->context, &test, &value);
}

static bool segment_holds(const struct eval *v, const struct segment *s)
{
    int8_t *answer = &v->segments[s->number];
    if (*answer == 0) *answer = (int8_t)(1 + eval_member(v, s->root));
    return *answer == 2;
}

bool eval_member(const struct eval *v, const struct node *n)
{
    struct expr_value value;
    switch (n->type) {
    case NODE_CONST:
        return n->u.value;
    case NODE_AND:
        for (const struct node *part = n->u.child; part; part = part->next) {
            if (!eval_member(v, part)) return false;
        }
        return true;
    case NODE_OR:
        for (const struct node *part = n->u.child; part; part = part->next) {
            if (eval_member(v, part)) return true;
        }
        return false;
    case NODE_NOT:
        return !eval_member(v, n->u.child);
    case NODE_TEST:
        eval_member_value(v, &n->u.test->subject, &value);
        return eval_test(v->context, n->u.test, &value);
    case NODE_DID:
        return eval_did(v, n->u.did);
    case NODE_FLAG:
        return flag_holds(v, n->u.flag);
    case NODE_SEGMENT:
        return segment_holds(v, n->u.segment);
    }
    return false;
}

void eval_begin(struct eval *v, const struct expr *e, const struct expr_context *c,
                const struct history *h, uint32_t index)
{
    assert(e->about == EXPR_MEMBER && c->scratch && index < h->member_count);
    *v = (struct eval){.expr = e, .context = c, .history = h, .index = index};
    v->cells = arena_alloc_array(c->scratch, e->slot_count, sizeof(*v->cells));
    v->segments = arena_alloc(c->scratch, e->segment_count);
}

bool expr_member(const struct expr *e, const struct expr_context *c, const struct history *h,
                 uint32_t index)
{
    struct arena_mark mark = arena_mark(c->scratch);
    struct eval v;
    eval_begin(&v, e, c, h, index);
    bool answer = eval_member(&v, e->root);
    arena_rewind(c->scratch, mark);
    return answer;
}
