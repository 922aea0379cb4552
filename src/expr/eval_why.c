/* eval_why.c - expr_explain(): every leaf of the tree with its own answer and what it saw.
 *
 * All leaves are asked, also those that the answer of the whole did not need. */
#include "expr/eval.h"
#include "expr/field.h"

#include "base/vec.h"

struct telling {
    const struct eval *eval;
    struct arena *arena;
    VEC(struct expr_clause) clauses;
    bool *told; /* by segment number: its clauses are there */
};

/* ---- what was seen ---- */

static struct str number_text(struct arena *a, double number)
{
    if (number == (double)(int64_t)number)
        return str_of(arena_printf(a, "%lld", (long long)number));
    return str_of(arena_printf(a, "%.6g", number));
}

static struct str codes_text(const struct telling *t, const struct expr_value *v)
{
    const struct expr_catalog *c = &t->eval->expr->catalog;
    const char *text = "";
    for (uint32_t i = 0; i < v->code_count; i++) {
        struct str code = {NULL, 0};
        if (c->code_text) code = c->code_text(c->ctx, DIM_GROUP, v->codes[i]);
        text = arena_printf(t->arena, "%s%s" STR_FMT, text, i ? ", " : "", STR_ARG(code));
    }
    return str_of(text);
}

static struct str time_text(const struct telling *t, const struct expr_value *v)
{
    char text[48];
    if (v->type == TYPE_TIME) {
        size_t len = time_format(t->eval->context->zone, v->time, text, sizeof(text));
        return arena_str(t->arena, (struct str){text, len});
    }
    int32_t year;
    int month, day;
    civil_from_day((int32_t)v->time, &year, &month, &day);
    return str_of(arena_printf(t->arena, "%04d-%02d-%02d", year, month, day));
}

static struct str value_text(const struct telling *t, const struct subject *s,
                             const struct expr_value *v)
{
    const struct field_stage *stages = field_stages(s->class);
    switch (v->type) {
    case TYPE_NULL:
        return (struct str){NULL, 0};
    case TYPE_NUMBER:
        if (stages && v->number >= 0) return str_of(stages[(int)v->number].en);
        if (s->class == CLASS_ID)
            return str_of(arena_printf(t->arena, "m%lld", (long long)v->number));
        return number_text(t->arena, v->number);
    case TYPE_TEXT:
        return v->text.p ? arena_str(t->arena, v->text) : v->text;
    case TYPE_BOOL:
        return v->boolean ? STR("true") : STR("false");
    case TYPE_TIME:
    case TYPE_DATE:
        return time_text(t, v);
    case TYPE_CODES:
        return codes_text(t, v);
    }
    return (struct str){NULL, 0};
}

static void see_set(const struct telling *t, const struct did *did, struct expr_clause *out)
{
    const struct history *h = t->eval->history;
    struct window w;
    eval_window(t->eval, did, &w);
    uint32_t then = w.first;
    uint32_t row = eval_did_next(t->eval, did, &w, w.first, &then);
    for (; row < w.end; row = eval_did_next(t->eval, did, &w, row + 1, &then)) {
        if (out->count++ == 0) out->first_at = h->at[row];
        out->last_at = h->at[row];
    }
}

/* ---- the tree ---- */

static void tell(struct telling *t, const struct node *n, int level, bool negated);

static void tell_leaf(struct telling *t, const struct node *n, struct expr_clause clause)
{
    static const enum expr_clause_type types[] = {[NODE_CONST] = CLAUSE_CONST,
                                                  [NODE_TEST] = CLAUSE_TEST,
                                                  [NODE_DID] = CLAUSE_DID,
                                                  [NODE_FLAG] = CLAUSE_FLAG,
                                                  [NODE_SEGMENT] = CLAUSE_SEGMENT};
    struct strbuf text = {0};
    print_node(&text, t->eval->expr, n);
    clause.text = arena_str(t->arena, strbuf_str(&text));
    strbuf_finish(&text);
    clause.type = types[n->type];
    clause.holds = eval_member(t->eval, n);
    clause.first_at = clause.last_at = TIME_NONE;
    if (n->type == NODE_TEST) {
        struct expr_value value;
        eval_member_value(t->eval, &n->u.test->subject, &value);
        clause.value = value_text(t, &n->u.test->subject, &value);
        clause.value_type = value.type;
    }
    if (n->type == NODE_DID) see_set(t, n->u.did, &clause);
    VEC_PUSH(&t->clauses, clause);
}

static void tell(struct telling *t, const struct node *n, int level, bool negated)
{
    if (n->type == NODE_AND || n->type == NODE_OR || n->type == NODE_NOT) {
        for (const struct node *part = n->u.child; part; part = part->next)
            tell(t, part, level, negated != (n->type == NODE_NOT));
        return;
    }
    tell_leaf(t, n, (struct expr_clause){.level = level, .negated = negated});
    if (n->type != NODE_SEGMENT || t->told[n->u.segment->number]) return;
    t->told[n->u.segment->number] = true;
    tell(t, n->u.segment->root, level + 1, false);
}

void expr_explain(const struct expr *e, const struct expr_context *c, const struct history *h,
                  uint32_t index, struct arena *arena, struct expr_clauses *out)
{
    struct arena_mark mark = arena_mark(c->scratch);
    struct eval v;
    eval_begin(&v, e, c, h, index);
    struct telling t = {.eval = &v, .arena = arena};
    t.told = arena_alloc_array(c->scratch, e->segment_count + 1, sizeof(bool));
    tell(&t, e->root, 0, false);
    out->count = t.clauses.count;
    out->items = arena_copy(arena, t.clauses.items, t.clauses.count * sizeof(*out->items));
    VEC_FINISH(&t.clauses);
    arena_rewind(c->scratch, mark);
}

/* ---- segments ---- */

bool expr_get_segment(const struct expr *e, size_t i, struct str *name, struct str *text)
{
    const struct segment *s = e->segments;
    while (s && i--)
        s = s->next;
    if (!s) return false;
    *name = s->name;
    *text = s->text;
    return true;
}
