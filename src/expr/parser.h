/* parser.h - what the files of the parser share: parse.c (and, or, not), parse_field.c (fields and
 * values), parse_call.c (calls), check.c (types and names).
 *
 * One token is looked at ahead. Everything made lives in p->arena; on failure it is simply left. */
#pragma once

#include "expr/node.h"
#include "expr/token.h"

/* The segments being read, the innermost first: naming one of them again is a loop. */
struct reading {
    const struct reading *outer;
    const struct segment *segment;
};

struct parser {
    struct arena *arena;
    struct expr *expr;     /* being built */
    enum expr_about about; /* EXPR_EVENT within a where */
    struct lexer lexer;
    struct token token; /* not taken yet */
    uint32_t calls;     /* of this text */
    uint32_t level;     /* nesting at this place */
    uint32_t deepest;   /* greatest level so far */
    size_t *bytes;      /* read so far, segments included */
    const struct reading *reading;
    const char *field; /* the input field, for messages */
    struct why *why;
};

/* tokens */
void parser_next(struct parser *p);
bool parser_at_symbol(const struct parser *p, const char *symbol);
bool parser_at_name(const struct parser *p, const char *name);
/* Take it if it is there. */
bool parser_take_symbol(struct parser *p, const char *symbol);
bool parser_take_name(struct parser *p, const char *name);
MUST_CHECK enum err parser_want_symbol(struct parser *p, const char *symbol);
MUST_CHECK enum err parser_want_name(struct parser *p, const char *name);

/* Fail at a token: 'msg' takes line, column, what was found. */
enum err parser_fail(struct parser *p, const struct token *t, enum msg msg);
/* The same with a list of what could stand there: line, column, list, found. */
enum err parser_fail_list(struct parser *p, const struct token *t, enum msg msg, const char *list);
void parser_warn(struct parser *p, const struct why *why);

/* One level deeper, and back. */
MUST_CHECK enum err parser_enter(struct parser *p);
void parser_leave(struct parser *p);

/* parts of an expression */
struct node *parser_node(struct parser *p, enum node_type type);
MUST_CHECK enum err parser_expr(struct parser *p, struct node **out);
/* A whole text: expr, then the end. */
MUST_CHECK enum err parser_text(struct parser *p, struct str text, struct node **out);
/* From an operator on; the subject is taken already. */
MUST_CHECK enum err parser_test(struct parser *p, const struct subject *subject, struct node **out);
/* 'name' is taken already; it is followed by no "(". */
MUST_CHECK enum err parser_field(struct parser *p, const struct token *name, struct subject *out);
/* "(" ... ")" of circle, experiment and anniv, which make a subject; 'name' is taken already. */
MUST_CHECK enum err parser_field_call(struct parser *p, const struct token *name,
                                      struct subject *out);
MUST_CHECK enum err parser_literal(struct parser *p, struct literal *out);
/* "(" of any other call comes next; 'name' is taken already. */
MUST_CHECK enum err parser_call(struct parser *p, const struct token *name, struct node **out);
/* A name in quotes that is not empty. */
MUST_CHECK enum err parser_quoted(struct parser *p, struct token *token, struct str *out);
/* One of = != < <= > >=; false, nothing taken, when another token is next. */
bool parser_comparison(struct parser *p, enum op *out);

/* check.c */
/* What an operator and a literal make of a subject: 't' is where the literal stands. Settles the
 * class of properties and of unknown traits, and turns names into numbers. */
MUST_CHECK enum err parser_check_operator(struct parser *p, const struct token *t,
                                          const struct subject *s, enum op op);
MUST_CHECK enum err parser_check_literal(struct parser *p, const struct token *t, struct subject *s,
                                         enum op op, struct literal *l);
/* Find what the subject's name stands for: a slot, columns, the class of a trait. */
void parser_use_subject(struct parser *p, struct subject *s);
/* Note the columns that a subject of settled class reads. */
void parser_read_columns(struct parser *p, const struct subject *s);
void parser_resolve_kind(struct parser *p, struct str name, struct kind *out);
/* The number of a code, 0 with a warning when unknown. */
uint32_t parser_resolve_code(struct parser *p, const struct subject *s, struct str code);
