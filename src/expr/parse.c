/* parse.c - expr_parse(): recursive descent over and, or, not; and how it fails.
 *
 * 1. A level is an opening parenthesis, a not, a where, or a segment; the parenthesis directly
 * behind a not belongs to it. LIMIT_EXPR_DEPTH bounds the recursion.
 * 2. "a and (b and c)" is the same tree as "a and b and c": a chain never holds a chain of its
 * kind.
 * 3. The canonical form keeps the limits too, so that it can be stored and read again. */
#include <assert.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "expr/parser.h"

#define FOUND_BYTES_MAX 80

void parser_next(struct parser *p)
{
    lexer_next(&p->lexer, &p->token);
}

bool parser_at_symbol(const struct parser *p, const char *symbol)
{
    return p->token.type == TOKEN_SYMBOL && str_is(p->token.text, symbol);
}

bool parser_at_name(const struct parser *p, const char *name)
{
    return p->token.type == TOKEN_NAME && str_is(p->token.text, name);
}

bool parser_take_symbol(struct parser *p, const char *symbol)
{
    if (!parser_at_symbol(p, symbol)) return false;
    parser_next(p);
    return true;
}

bool parser_take_name(struct parser *p, const char *name)
{
    if (!parser_at_name(p, name)) return false;
    parser_next(p);
    return true;
}

enum err parser_want_symbol(struct parser *p, const char *symbol)
{
    if (parser_take_symbol(p, symbol)) return ERR_OK;
    return parser_fail_list(p, &p->token, MSG_EXPR_WANT, symbol);
}

enum err parser_want_name(struct parser *p, const char *name)
{
    if (parser_take_name(p, name)) return ERR_OK;
    return parser_fail_list(p, &p->token, MSG_EXPR_WANT, name);
}

/* What could stand at the end of the text, said without words of a language. */
static const char *sample_of(enum msg msg)
{
    switch ((int)msg) {
    case MSG_EXPR_WANT_ATOM:
        return "orders, lifecycle, did(\"...\"), not, (";
    case MSG_EXPR_WANT_EVENT_ATOM:
    case MSG_EXPR_WANT_EVENT_FIELD:
        return "kind, at, amount, props.NAME";
    case MSG_EXPR_WANT_DATE_FIELD:
        return "birthday, joined";
    case MSG_EXPR_WANT_NAME:
        return ".name, .\"...\"";
    case MSG_EXPR_WANT_OPERATOR:
        return "=, !=, <, <=, >, >=, ~, ^=, in, not in, between, not between, is";
    case MSG_EXPR_WANT_NUMBER:
        return "12";
    case MSG_EXPR_WANT_TEXT:
        return "\"...\"";
    case MSG_EXPR_WANT_DURATION:
        return "30d, 12h, 5m, 45s, 2w";
    case MSG_EXPR_WANT_ARG:
        return "count, days, sum, distinct, within, from, to, where, then, not then";
    case MSG_EXPR_WANT_MOMENT:
        return "2025-01-31, now, today";
    default:
        return "\"...\", 12, true, false, 2025-01-31, now, today";
    }
}

static struct str found(const struct token *t)
{
    return utf8_cut(t->text, FOUND_BYTES_MAX);
}

enum err parser_fail(struct parser *p, const struct token *t, enum msg msg)
{
    if (t->type == TOKEN_END) return parser_fail_list(p, t, MSG_EXPR_ENDS, sample_of(msg));
    if (t->type == TOKEN_BAD && t->bad != MSG_NONE) msg = t->bad;
    size_t line, column;
    lexer_place(p->lexer.text, t->at, &line, &column);
    return why_fail(p->why, ERR_INVALID, msg, p->field, "%zu|%zu|" STR_FMT, line, column,
                    STR_ARG(found(t)));
}

enum err parser_fail_list(struct parser *p, const struct token *t, enum msg msg, const char *list)
{
    if (t->type == TOKEN_BAD && t->bad != MSG_NONE) return parser_fail(p, t, t->bad);
    if (t->type == TOKEN_END) msg = MSG_EXPR_ENDS;
    size_t line, column;
    lexer_place(p->lexer.text, t->at, &line, &column);
    return why_fail(p->why, ERR_INVALID, msg, p->field, "%zu|%zu|%s|" STR_FMT, line, column, list,
                    STR_ARG(found(t)));
}

enum err parser_enter(struct parser *p)
{
    if (p->level == LIMIT_EXPR_DEPTH) {
        return why_fail(p->why, ERR_TOO_LARGE, MSG_TOO_DEEP, p->field, "%d", LIMIT_EXPR_DEPTH);
    }
    p->level++;
    if (p->level > p->deepest) p->deepest = p->level;
    return ERR_OK;
}

void parser_leave(struct parser *p)
{
    assert(p->level > 0);
    p->level--;
}

struct node *parser_node(struct parser *p, enum node_type type)
{
    struct node *n = arena_alloc(p->arena, sizeof(*n));
    n->type = type;
    return n;
}

static enum err parse_named(struct parser *p, struct node **out)
{
    struct token name = p->token;
    bool truth = str_is(name.text, "true");
    parser_next(p);
    if (truth || str_is(name.text, "false")) {
        *out = parser_node(p, NODE_CONST);
        (*out)->u.value = truth;
        return ERR_OK;
    }
    struct subject subject;
    if (!parser_at_symbol(p, "(")) {
        TRY(parser_field(p, &name, &subject));
        return parser_test(p, &subject, out);
    }
    if (p->about == EXPR_MEMBER && (str_is(name.text, "anniv") || str_is(name.text, "circle") ||
                                    str_is(name.text, "experiment"))) {
        TRY(parser_field_call(p, &name, &subject));
        return parser_test(p, &subject, out);
    }
    return parser_call(p, &name, out);
}

/* 'entered': a not before it is a level already. */
static enum err parse_atom(struct parser *p, bool entered, struct node **out)
{
    if (parser_at_symbol(p, "(")) {
        if (!entered) TRY(parser_enter(p));
        parser_next(p);
        TRY(parser_expr(p, out));
        if (!entered) parser_leave(p);
        if (parser_take_symbol(p, ")")) return ERR_OK;
        return parser_fail_list(p, &p->token, MSG_EXPR_WANT, "and, or, )");
    }
    if (p->token.type == TOKEN_NAME) return parse_named(p, out);
    bool events = p->about == EXPR_EVENT;
    return parser_fail(p, &p->token, events ? MSG_EXPR_WANT_EVENT_ATOM : MSG_EXPR_WANT_ATOM);
}

static enum err parse_not(struct parser *p, struct node **out)
{
    if (!parser_at_name(p, "not")) return parse_atom(p, false, out);
    TRY(parser_enter(p));
    parser_next(p);
    struct node *n = parser_node(p, NODE_NOT);
    TRY(parse_atom(p, true, &n->u.child));
    parser_leave(p);
    *out = n;
    return ERR_OK;
}

/* Where the next sibling of a chain goes, 'n' and what it brings along appended at 'end'. */
static struct node **chain_add(struct node **end, enum node_type type, struct node *n)
{
    *end = n->type == type ? n->u.child : n;
    while (*end) {
        end = &(*end)->next;
    }
    return end;
}

static enum err parse_chain(struct parser *p, enum node_type type, struct node **out);

static enum err parse_part(struct parser *p, enum node_type type, struct node **out)
{
    return type == NODE_OR ? parse_chain(p, NODE_AND, out) : parse_not(p, out);
}

static enum err parse_chain(struct parser *p, enum node_type type, struct node **out)
{
    const char *word = type == NODE_AND ? "and" : "or";
    struct node *n;
    TRY(parse_part(p, type, &n));
    *out = n;
    if (!parser_at_name(p, word)) return ERR_OK;
    struct node *chain = parser_node(p, type);
    struct node **end = chain_add(&chain->u.child, type, n);
    while (parser_take_name(p, word)) {
        TRY(parse_part(p, type, &n));
        end = chain_add(end, type, n);
    }
    *out = chain;
    return ERR_OK;
}

enum err parser_expr(struct parser *p, struct node **out)
{
    return parse_chain(p, NODE_OR, out);
}

enum err parser_text(struct parser *p, struct str text, struct node **out)
{
    if (text.len > LIMIT_EXPR_BYTES) {
        return why_fail(p->why, ERR_TOO_LARGE, MSG_TOO_LONG, p->field, "%d", LIMIT_EXPR_BYTES);
    }
    *p->bytes += text.len;
    if (*p->bytes > LIMIT_EXPR_TOTAL_BYTES) {
        return why_fail(p->why, ERR_TOO_LARGE, MSG_TOO_LONG, p->field, "%d",
                        LIMIT_EXPR_TOTAL_BYTES);
    }
    if (!utf8_valid(text)) return why_fail(p->why, ERR_INVALID, MSG_BAD_UTF8, p->field, NULL);
    p->lexer = (struct lexer){text, 0};
    parser_next(p);
    TRY(parser_expr(p, out));
    if (p->token.type == TOKEN_END) return ERR_OK;
    return parser_fail(p, &p->token, MSG_EXPR_WANT_END);
}

/* Refuse what could not be read back once printed. */
static enum err check_canonical(const struct expr *e, const char *field, struct why *why)
{
    struct strbuf text = {0};
    expr_print(e, &text);
    bool fits = text.len <= LIMIT_EXPR_BYTES;
    strbuf_finish(&text);
    if (fits) return ERR_OK;
    return why_fail(why, ERR_TOO_LARGE, MSG_TOO_LONG, field, "%d", LIMIT_EXPR_BYTES);
}

/* NOLINTNEXTLINE(readability-function-size): seven parameters, and none could go in a struct */
enum err expr_parse(struct arena *a, const struct expr_catalog *catalog, enum expr_about about,
                    struct str text, const char *field, const struct expr **out, struct why *why)
{
    size_t bytes = 0;
    struct expr *e = arena_alloc(a, sizeof(*e));
    struct node *root = NULL;
    struct parser p = {
        .arena = a, .expr = e, .about = about, .bytes = &bytes, .field = field, .why = why};
    e->about = about;
    e->catalog = *catalog;
    TRY(parser_text(&p, text.p ? text : STR(""), &root));
    e->root = root;
    TRY(check_canonical(e, field, why));
    *out = e;
    return ERR_OK;
}

void parser_warn(struct parser *p, const struct why *why)
{
    struct warning **end = &p->expr->warnings;
    for (; *end; end = &(*end)->next) {
        const struct why *known = &(*end)->why;
        if (known->msg == why->msg && strcmp(known->args, why->args) == 0) return;
    }
    if (p->expr->warning_count == LIMIT_EXPR_CALLS) return;
    *end = arena_alloc(p->arena, sizeof(**end));
    (*end)->why = *why;
    p->expr->warning_count++;
}

size_t expr_warning_count(const struct expr *e)
{
    return e->warning_count;
}

const struct why *expr_warning_why(const struct expr *e, size_t i)
{
    assert(i < e->warning_count);
    const struct warning *w = e->warnings;
    while (i-- > 0)
        w = w->next;
    return &w->why;
}
