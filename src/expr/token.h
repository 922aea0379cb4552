/* token.h - cuts the text of an expression into tokens.
 *
 * A token borrows from the text. A lexer is a plain value: copying it remembers a place. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum token_type {
    TOKEN_END,
    TOKEN_NAME,
    TOKEN_TEXT,
    TOKEN_NUMBER,
    TOKEN_DURATION,
    TOKEN_DATE,
    TOKEN_TIME,
    TOKEN_PART,   /* .name or ."name", directly behind a name */
    TOKEN_SYMBOL, /* ( ) , = != < <= > >= ~ ^= + - */
    TOKEN_BAD     /* none of these */
};

struct token {
    enum token_type type;
    size_t at;       /* offset of its first byte */
    struct str text; /* as written; TEXT and PART without quotes and point */
    bool quoted;     /* TEXT, and PART in quotes: may hold escapes */
    double number;   /* NUMBER */
    int64_t time;    /* DURATION: ms; DATE: day number; TIME: UTC ms */
    enum msg bad;    /* BAD: what is wrong with it; MSG_NONE: it cannot stand anywhere */
};

struct lexer {
    struct str text; /* valid UTF-8 */
    size_t at;       /* offset of the next byte */
};

/* Cut off the next token. At the end, and ever after, it is TOKEN_END. */
void lexer_next(struct lexer *l, struct token *out);
/* The text that a TEXT or PART means: without escapes, in NFC. */
struct str token_meaning(struct arena *a, const struct token *t);
/* Line and column of an offset, from 1; columns count code points. */
void lexer_place(struct str text, size_t at, size_t *line, size_t *column);
