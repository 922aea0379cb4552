/* parse_field.c - a test: a field, an operator, its values.
 *
 * The class of a property, or of a trait nobody registered, is that of the first value beside it;
 * the other values of a list must then be of the same. */
#include "base/limits.h"
#include "expr/field.h"
#include "expr/parser.h"

struct values {
    struct literal *items; /* in the arena */
    uint32_t count;
    uint32_t capacity;
};

static void push(struct parser *p, struct values *v, const struct literal *l)
{
    if (v->count == v->capacity) {
        uint32_t room = v->capacity ? v->capacity * 2 : 2;
        struct literal *items = arena_alloc_array(p->arena, room, sizeof(*items));
        if (v->count) memcpy(items, v->items, v->count * sizeof(*items));
        v->items = items;
        v->capacity = room;
    }
    v->items[v->count++] = *l;
}

static bool is_keyword(struct str name)
{
    static const char *const words[] = {"and",  "or",   "not",   "in",   "between", "is",
                                        "null", "true", "false", "now",  "today",   "where",
                                        "then", "from", "to",    "count"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (str_is(name, words[i])) return true;
    }
    return false;
}

static enum err unknown_field(struct parser *p, const struct token *name)
{
    const char *near = is_keyword(name->text) ? NULL : field_nearest(p->about, name->text);
    bool taken = near && str_is(name->text, near); /* a call's name without its parenthesis */
    if (near && !taken) return parser_fail_list(p, name, MSG_EXPR_DID_YOU_MEAN, near);
    if (taken) return parser_fail_list(p, &p->token, MSG_EXPR_WANT, "(");
    bool events = p->about == EXPR_EVENT;
    return parser_fail(p, name, events ? MSG_EXPR_WANT_EVENT_ATOM : MSG_EXPR_WANT_ATOM);
}

enum err parser_field(struct parser *p, const struct token *name, struct subject *out)
{
    const struct field *f = field_find(p->about, name->text);
    if (!f || (p->about == EXPR_MEMBER && f->member == FIELD_EXPERIMENT))
        return unknown_field(p, name);
    *out = (struct subject){
        .about = p->about, .event = f->event, .member = f->member, .class = f->class};
    if (f->class == CLASS_PROP || f->class == CLASS_TRAIT) {
        if (p->token.type != TOKEN_PART || p->token.text.len == 0) {
            return parser_fail(p, &p->token, MSG_EXPR_WANT_NAME);
        }
        out->name = token_meaning(p->arena, &p->token);
        parser_next(p);
    }
    parser_use_subject(p, out);
    return ERR_OK;
}

static enum err parse_anniversary(struct parser *p, struct subject *out)
{
    struct token field = p->token;
    if (field.type != TOKEN_NAME) return parser_fail(p, &field, MSG_EXPR_WANT_DATE_FIELD);
    parser_next(p);
    TRY(parser_field(p, &field, out));
    if (out->class != CLASS_DATE && out->class != CLASS_TIME && out->class != CLASS_TRAIT) {
        return parser_fail(p, &field, MSG_EXPR_WANT_DATE_FIELD);
    }
    out->class = CLASS_DATE;
    out->anniversary = true;
    return parser_want_symbol(p, ")");
}

enum err parser_field_call(struct parser *p, const struct token *name, struct subject *out)
{
    parser_next(p); /* the parenthesis */
    if (str_is(name->text, "anniv")) return parse_anniversary(p, out);
    bool experiment = str_is(name->text, "experiment");
    if (experiment && p->calls++ == LIMIT_EXPR_CALLS) {
        return why_fail(p->why, ERR_TOO_LARGE, MSG_EXPR_CALLS, p->field, "%d", LIMIT_EXPR_CALLS);
    }
    struct token arg;
    *out = (struct subject){.about = EXPR_MEMBER,
                            .member = experiment ? FIELD_EXPERIMENT : FIELD_CIRCLE,
                            .class = experiment ? CLASS_TEXT : CLASS_CIRCLE};
    TRY(parser_quoted(p, &arg, &out->name));
    parser_use_subject(p, out);
    return parser_want_symbol(p, ")");
}

enum err parser_quoted(struct parser *p, struct token *token, struct str *out)
{
    *token = p->token;
    if (token->type != TOKEN_TEXT || token->text.len == 0) {
        return parser_fail(p, token, MSG_EXPR_WANT_TEXT);
    }
    *out = token_meaning(p->arena, token);
    parser_next(p);
    return ERR_OK;
}

/* now or today is taken: "+ 3d", "- 3d" or nothing follows. */
static enum err parse_offset(struct parser *p, struct literal *l)
{
    bool minus = parser_at_symbol(p, "-");
    if (!minus && !parser_at_symbol(p, "+")) return ERR_OK;
    parser_next(p);
    if (p->token.type != TOKEN_DURATION) return parser_fail(p, &p->token, MSG_EXPR_WANT_DURATION);
    l->time = minus ? -p->token.time : p->token.time;
    parser_next(p);
    return ERR_OK;
}

static enum err parse_word_literal(struct parser *p, struct literal *out)
{
    struct literal l = {.type = LITERAL_BOOL};
    if (parser_take_name(p, "true")) {
        l.boolean = true;
    } else if (parser_take_name(p, "now")) {
        l.type = LITERAL_NOW;
        TRY(parse_offset(p, &l));
    } else if (parser_take_name(p, "today")) {
        l.type = LITERAL_TODAY;
        TRY(parse_offset(p, &l));
    } else if (!parser_take_name(p, "false")) {
        return parser_fail(p, &p->token, MSG_EXPR_WANT_VALUE);
    }
    *out = l;
    return ERR_OK;
}

enum err parser_literal(struct parser *p, struct literal *out)
{
    if (p->token.type == TOKEN_NAME) return parse_word_literal(p, out);
    bool minus = parser_take_symbol(p, "-");
    const struct token *t = &p->token;
    if (minus && t->type != TOKEN_NUMBER) return parser_fail(p, t, MSG_EXPR_WANT_NUMBER);
    switch ((int)t->type) {
    case TOKEN_NUMBER:
        *out =
            (struct literal){.type = LITERAL_NUMBER, .number = minus ? 0 - t->number : t->number};
        break;
    case TOKEN_TEXT:
        *out = (struct literal){.type = LITERAL_TEXT, .text = token_meaning(p->arena, t)};
        break;
    case TOKEN_DATE:
        *out = (struct literal){.type = LITERAL_DATE, .time = t->time};
        break;
    case TOKEN_TIME:
        *out = (struct literal){.type = LITERAL_TIME, .time = t->time};
        break;
    default:
        return parser_fail(p, t, MSG_EXPR_WANT_VALUE);
    }
    parser_next(p);
    return ERR_OK;
}

bool parser_comparison(struct parser *p, enum op *out)
{
    static const char *const symbols[] = {"=", "!=", "<", "<=", ">", ">="};
    for (int i = OP_EQ; i <= OP_GE; i++) {
        if (!parser_take_symbol(p, symbols[i])) continue;
        *out = (enum op)i;
        return true;
    }
    return false;
}

static enum err parse_operator(struct parser *p, enum op *out)
{
    if (parser_comparison(p, out)) return ERR_OK;
    if (parser_take_symbol(p, "~")) {
        *out = OP_CONTAINS;
        return ERR_OK;
    }
    if (parser_take_symbol(p, "^=")) {
        *out = OP_STARTS;
        return ERR_OK;
    }
    if (parser_take_name(p, "is")) {
        *out = parser_take_name(p, "not") ? OP_NOT_NULL : OP_NULL;
        return parser_want_name(p, "null");
    }
    bool negated = parser_take_name(p, "not");
    if (parser_take_name(p, "in")) {
        *out = negated ? OP_NOT_IN : OP_IN;
        return ERR_OK;
    }
    if (parser_take_name(p, "between")) {
        *out = negated ? OP_NOT_BETWEEN : OP_BETWEEN;
        return ERR_OK;
    }
    if (negated) return parser_fail_list(p, &p->token, MSG_EXPR_WANT, "in, between");
    return parser_fail(p, &p->token, MSG_EXPR_WANT_OPERATOR);
}

static enum err parse_value(struct parser *p, struct subject *s, enum op op, struct values *values)
{
    struct token t = p->token;
    struct literal l = {0};
    TRY(parser_literal(p, &l));
    TRY(parser_check_literal(p, &t, s, op, &l));
    push(p, values, &l);
    return ERR_OK;
}

static enum err parse_values(struct parser *p, struct subject *s, enum op op, struct values *values)
{
    if (op == OP_NULL || op == OP_NOT_NULL) return ERR_OK;
    if (op == OP_IN || op == OP_NOT_IN) {
        TRY(parser_want_symbol(p, "("));
        do {
            TRY(parse_value(p, s, op, values));
        } while (parser_take_symbol(p, ","));
        if (parser_take_symbol(p, ")")) return ERR_OK;
        return parser_fail_list(p, &p->token, MSG_EXPR_WANT, "',', )");
    }
    TRY(parse_value(p, s, op, values));
    if (op != OP_BETWEEN && op != OP_NOT_BETWEEN) return ERR_OK;
    TRY(parser_want_name(p, "and"));
    return parse_value(p, s, op, values);
}

enum err parser_test(struct parser *p, const struct subject *subject, struct node **out)
{
    struct subject s = *subject;
    struct token at = p->token;
    enum op op = OP_EQ;
    struct values values = {0};
    TRY(parse_operator(p, &op));
    TRY(parser_check_operator(p, &at, &s, op));
    TRY(parse_values(p, &s, op, &values));
    /* Properties and traits have a class only now. */
    TRY(parser_check_operator(p, &at, &s, op));
    parser_read_columns(p, &s);
    struct test *t = arena_alloc(p->arena, sizeof(*t));
    bool codes = s.class == CLASS_KIND || s.class == CLASS_CODE;
    bool equality = op == OP_EQ || op == OP_NE || op == OP_IN || op == OP_NOT_IN;
    t->by_text = codes && values.count && !equality;
    t->subject = s;
    t->op = op;
    t->value_count = values.count;
    t->values = values.items;
    if (s.about == EXPR_EVENT && values.count && (t->by_text || s.class == CLASS_TEXT)) {
        t->text = p->expr->text_count++;
    }
    *out = parser_node(p, NODE_TEST);
    (*out)->u.test = t;
    return ERR_OK;
}
