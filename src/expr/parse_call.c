/* parse_call.c - did(...), segments, and the calls that answer yes or no by a field.
 *
 * A saved segment is read once, in the parser of the text that names it first; later uses share the
 * tree, and evaluation remembers its answer, so that the work of an expression is bounded by the
 * text it is made of. */
#include "base/limits.h"
#include "expr/field.h"
#include "expr/parser.h"

static enum err count_call(struct parser *p)
{
    if (p->calls++ < LIMIT_EXPR_CALLS) return ERR_OK;
    return why_fail(p->why, ERR_TOO_LARGE, MSG_EXPR_CALLS, p->field, "%d", LIMIT_EXPR_CALLS);
}

static enum err parse_duration(struct parser *p, int64_t *out)
{
    if (p->token.type != TOKEN_DURATION) return parser_fail(p, &p->token, MSG_EXPR_WANT_DURATION);
    *out = p->token.time;
    parser_next(p);
    return ERR_OK;
}

static enum err parse_kind(struct parser *p, struct kind *out)
{
    struct token t;
    struct str name;
    TRY(parser_quoted(p, &t, &name));
    parser_resolve_kind(p, name, out);
    return ERR_OK;
}

static enum err parse_moment(struct parser *p, struct literal *out)
{
    struct token t = p->token;
    struct literal l = {0};
    struct subject at = {.about = EXPR_EVENT, .event = EVENT_AT, .class = CLASS_TIME};
    TRY(parser_literal(p, &l));
    TRY(parser_check_literal(p, &t, &at, OP_GE, &l));
    *out = l;
    return ERR_OK;
}

/* "(FIELD)" of an event. */
static enum err parse_distinct(struct parser *p, struct subject *out)
{
    TRY(parser_want_symbol(p, "("));
    struct token name = p->token;
    if (name.type != TOKEN_NAME) return parser_fail(p, &name, MSG_EXPR_WANT_EVENT_FIELD);
    parser_next(p);
    p->about = EXPR_EVENT;
    enum err err = parser_field(p, &name, out);
    p->about = EXPR_MEMBER;
    TRY(err);
    parser_read_columns(p, out);
    return parser_want_symbol(p, ")");
}

static enum err parse_sum(struct parser *p, struct subject *out)
{
    *out = (struct subject){.about = EXPR_EVENT, .event = EVENT_AMOUNT, .class = CLASS_NUMBER};
    TRY(parser_want_symbol(p, "("));
    TRY(parser_want_name(p, "amount"));
    parser_read_columns(p, out);
    return parser_want_symbol(p, ")");
}

static enum err parse_condition(struct parser *p, enum measure measure, struct condition *c)
{
    c->measure = measure;
    parser_next(p); /* its name */
    if (measure == MEASURE_DISTINCT) TRY(parse_distinct(p, &c->subject));
    if (measure == MEASURE_SUM) TRY(parse_sum(p, &c->subject));
    if (!parser_comparison(p, &c->op)) {
        return parser_fail_list(p, &p->token, MSG_EXPR_WANT, "=, !=, <, <=, >, >=");
    }
    struct token t = p->token;
    struct literal l = {0};
    TRY(parser_literal(p, &l));
    if (l.type != LITERAL_NUMBER) return parser_fail(p, &t, MSG_EXPR_WANT_NUMBER);
    c->number = l.number;
    return ERR_OK;
}

static enum err parse_where(struct parser *p, const struct node **out)
{
    struct node *n;
    TRY(parser_enter(p));
    p->about = EXPR_EVENT;
    enum err err = parser_expr(p, &n);
    p->about = EXPR_MEMBER;
    TRY(err);
    parser_leave(p);
    *out = n;
    return ERR_OK;
}

static enum err parse_then(struct parser *p, struct did *did)
{
    did->has_then = true;
    TRY(parse_kind(p, &did->then));
    TRY(parser_want_name(p, "within"));
    return parse_duration(p, &did->then_ms);
}

/* "not then" */
static enum err parse_not_then(struct parser *p, struct did *did)
{
    parser_next(p);
    struct token t = p->token;
    TRY(parser_want_name(p, "then"));
    if (did->has_then) return parser_fail(p, &t, MSG_EXPR_TWICE);
    did->then_not = true;
    return parse_then(p, did);
}

/* The arguments that may stand once; those that count may stand often. */
static enum err parse_once(struct parser *p, struct did *did)
{
    struct token t = p->token;
    if (parser_at_name(p, "not")) return parse_not_then(p, did);
    bool within = str_is(t.text, "within"), from = str_is(t.text, "from");
    bool to = str_is(t.text, "to"), where = str_is(t.text, "where");
    if (t.type != TOKEN_NAME || !(within || from || to || where || str_is(t.text, "then"))) {
        return parser_fail(p, &t, MSG_EXPR_WANT_ARG);
    }
    if ((within && did->has_within) || (from && did->has_from) || (to && did->has_to) ||
        (where && did->where) || (!within && !from && !to && !where && did->has_then)) {
        return parser_fail(p, &t, MSG_EXPR_TWICE);
    }
    parser_next(p);
    did->has_within |= within;
    did->has_from |= from;
    did->has_to |= to;
    if (within) return parse_duration(p, &did->within_ms);
    if (from) return parse_moment(p, &did->from);
    if (to) return parse_moment(p, &did->to);
    return where ? parse_where(p, &did->where) : parse_then(p, did);
}

static enum err parse_did(struct parser *p, struct node **out)
{
    static const char *const measures[] = {"count", "days", "sum", "distinct"};
    struct did *did = arena_alloc(p->arena, sizeof(*did));
    const struct condition **end = &did->conditions;
    did->counts_only = true;
    TRY(parse_kind(p, &did->kind));
    while (parser_take_symbol(p, ",")) {
        int measure = MEASURE_COUNT;
        while (measure <= MEASURE_DISTINCT && !parser_at_name(p, measures[measure])) {
            measure++;
        }
        if (measure > MEASURE_DISTINCT) {
            TRY(parse_once(p, did));
            continue;
        }
        struct condition *c = arena_alloc(p->arena, sizeof(*c));
        TRY(parse_condition(p, (enum measure)measure, c));
        did->counts_only &= measure == MEASURE_COUNT;
        *end = c;
        end = &c->next;
    }
    *out = parser_node(p, NODE_DID);
    (*out)->u.did = did;
    if (parser_take_symbol(p, ")")) return ERR_OK;
    return parser_fail_list(p, &p->token, MSG_EXPR_WANT, did->where ? "and, or, ',', )" : "',', )");
}

static enum err parse_flag(struct parser *p, enum call call, struct node **out)
{
    static const enum expr_field fields[] = {FIELD_TAG,       FIELD_STAFF,  FIELD_TOUCHPOINT,
                                             FIELD_CONSENTED, FIELD_GROUPS, FIELD_LIST};
    struct flag *flag = arena_alloc(p->arena, sizeof(*flag));
    struct subject *s = &flag->subject;
    struct token t;
    *s = (struct subject){.about = EXPR_MEMBER, .member = fields[call], .class = CLASS_BOOL};
    flag->call = call;
    TRY(parser_quoted(p, &t, &flag->args[0]));
    s->name = flag->args[0];
    if (call == CALL_CONSENTED) {
        TRY(parser_want_symbol(p, ","));
        TRY(parser_quoted(p, &t, &flag->args[1]));
        s->name = str_of(arena_printf(p->arena, STR_FMT "/" STR_FMT, STR_ARG(flag->args[0]),
                                      STR_ARG(flag->args[1])));
    }
    if (call == CALL_IN_GROUP) {
        s->name = (struct str){NULL, 0};
        s->class = CLASS_GROUPS;
    }
    if (field_dim(s) != DIM_COUNT) flag->code = parser_resolve_code(p, s, flag->args[0]);
    parser_use_subject(p, s);
    *out = parser_node(p, NODE_FLAG);
    (*out)->u.flag = flag;
    return parser_want_symbol(p, ")");
}

/* Read the text of a segment into 's'; the parser's own text and place stay as they are. */
static enum err read_segment(struct parser *p, struct segment *s, struct str text)
{
    struct reading reading = {p->reading, s};
    struct parser inner = *p;
    inner.calls = 0;
    inner.deepest = inner.level;
    inner.reading = &reading;
    struct node *root;
    TRY(parser_text(&inner, text, &root));
    s->root = root;
    s->height = inner.deepest - p->level;
    if (inner.deepest > p->deepest) p->deepest = inner.deepest;
    return ERR_OK;
}

static enum err add_segment(struct parser *p, const struct token *t, struct str name,
                            struct segment **out)
{
    const struct expr_catalog *catalog = &p->expr->catalog;
    struct str text = {NULL, 0};
    if (catalog->segment) text = catalog->segment(catalog->ctx, name);
    if (!text.p) return parser_fail(p, t, MSG_EXPR_SEGMENT_MISSING);
    struct segment *s = arena_alloc(p->arena, sizeof(*s));
    *s = (struct segment){
        .next = p->expr->segments, .name = name, .number = p->expr->segment_count++, .text = text};
    p->expr->segments = s;
    enum err err = read_segment(p, s, text);
    if (err == ERR_INVALID) {
        bool loop = p->why && p->why->msg == MSG_EXPR_SEGMENT_LOOP;
        return parser_fail(p, t, loop ? MSG_EXPR_SEGMENT_LOOP : MSG_EXPR_SEGMENT_BAD);
    }
    TRY(err);
    *out = s;
    return ERR_OK;
}

static enum err parse_segment(struct parser *p, struct node **out)
{
    struct token t;
    struct str name;
    TRY(parser_enter(p));
    TRY(parser_quoted(p, &t, &name));
    for (const struct reading *r = p->reading; r; r = r->outer) {
        if (str_eq(r->segment->name, name)) return parser_fail(p, &t, MSG_EXPR_SEGMENT_LOOP);
    }
    struct segment *s = p->expr->segments;
    while (s && !str_eq(s->name, name)) {
        s = s->next;
    }
    if (!s) {
        TRY(add_segment(p, &t, name, &s));
    } else if (p->level + s->height > LIMIT_EXPR_DEPTH) {
        return why_fail(p->why, ERR_TOO_LARGE, MSG_TOO_DEEP, p->field, "%d", LIMIT_EXPR_DEPTH);
    } else if (p->level + s->height > p->deepest) {
        p->deepest = p->level + s->height;
    }
    parser_leave(p);
    *out = parser_node(p, NODE_SEGMENT);
    (*out)->u.segment = s;
    return parser_want_symbol(p, ")");
}

enum err parser_call(struct parser *p, const struct token *name, struct node **out)
{
    static const char *const flags[] = {"tag",       "staff",    "touchpoint",
                                        "consented", "in_group", "in_list"};
    if (p->about == EXPR_EVENT) return parser_fail(p, name, MSG_EXPR_WANT_EVENT_ATOM);
    bool did = str_is(name->text, "did"), segment = str_is(name->text, "in_segment");
    int flag = CALL_TAG;
    while (flag < CALL_COUNT && !str_is(name->text, flags[flag])) {
        flag++;
    }
    if (!did && !segment && flag == CALL_COUNT) {
        const char *near = field_nearest(EXPR_MEMBER, name->text);
        if (near && !str_is(name->text, near)) {
            return parser_fail_list(p, name, MSG_EXPR_DID_YOU_MEAN, near);
        }
        return parser_fail(p, name, MSG_EXPR_WANT_ATOM);
    }
    TRY(count_call(p));
    parser_next(p); /* the parenthesis */
    if (did) return parse_did(p, out);
    return segment ? parse_segment(p, out) : parse_flag(p, (enum call)flag, out);
}
