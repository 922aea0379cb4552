/* token.c - one function per sort of token, chosen by the first byte.
 *
 * A word that begins as a number and goes on as something else ("12x", "2025-13-01") is one bad
 * token, so that the message can show it whole. */
#include "expr/token.h"

#include <string.h>

#include "base/time.h"
#include "base/utf8.h"

#define WHOLE_DIGITS_MAX 15
#define FRACTION_DIGITS_MAX 6
#define NUMBER_END 1e15 /* the last fractions of 15 digits round up to it */

static char peek(const struct lexer *l, size_t ahead)
{
    return l->at + ahead < l->text.len ? l->text.p[l->at + ahead] : '\0';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

/* Of names that need no quotes. */
static bool is_plain(char c)
{
    return is_lower(c) || is_digit(c) || c == '_';
}

static bool is_word(char c)
{
    return is_plain(c) || (c >= 'A' && c <= 'Z');
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

/* The token is the next 'len' bytes. */
static void take(struct lexer *l, struct token *t, enum token_type type, size_t len)
{
    t->type = type;
    t->text = (struct str){l->text.p + l->at, len};
    l->at += len;
}

static void take_bad(struct lexer *l, struct token *t, size_t len, enum msg bad)
{
    take(l, t, TOKEN_BAD, len);
    t->bad = bad;
}

/* A backslash, and the code point behind it, if any. */
static void take_escape(struct lexer *l, struct token *t)
{
    size_t end = l->at + 1;
    if (end < l->text.len) utf8_next(l->text, &end);
    t->at = l->at;
    take_bad(l, t, end - l->at, MSG_EXPR_ESCAPE);
}

/* From the opening quote, 'skip' bytes on, to the closing one. */
static void take_quoted(struct lexer *l, struct token *t, enum token_type type, size_t skip)
{
    l->at += skip + 1;
    size_t len = 0;
    for (;; len++) {
        char c = peek(l, len);
        if (l->at + len >= l->text.len) {
            take_bad(l, t, len, MSG_EXPR_UNCLOSED);
            return;
        }
        if (c == '"') break;
        if (is_control(c)) {
            t->at = l->at + len;
            take_bad(l, t, len, MSG_EXPR_CONTROL);
            return;
        }
        if (c != '\\') continue;
        len++;
        if (peek(l, len) == '"' || peek(l, len) == '\\') continue;
        l->at += len - 1;
        take_escape(l, t);
        return;
    }
    take(l, t, type, len);
    t->quoted = true;
    l->at++;
}

static size_t digits_at(const struct lexer *l, size_t ahead)
{
    size_t n = 0;
    while (is_digit(peek(l, ahead + n))) {
        n++;
    }
    return n;
}

static bool date_ahead(const struct lexer *l)
{
    return digits_at(l, 0) == 4 && peek(l, 4) == '-' && digits_at(l, 5) == 2 && peek(l, 7) == '-' &&
           digits_at(l, 8) == 2;
}

/* Days whose date has four digits of year in every zone. */
static bool day_in_range(int64_t day)
{
    return day >= civil_day(1, 1, 2) && day <= civil_day(9999, 12, 30);
}

static void take_date(struct lexer *l, struct token *t)
{
    size_t len = 10;
    bool clock = peek(l, len) == 'T';
    while (is_word(peek(l, len)) || (clock && peek(l, len) && strchr(":.", peek(l, len))) ||
           (clock && len > 10 && (peek(l, len) == '+' || peek(l, len) == '-'))) {
        len++;
    }
    take(l, t, clock ? TOKEN_TIME : TOKEN_DATE, len);
    bool valid = clock ? time_parse_rfc3339(t->text, &t->time)
                       : len == 10 && time_parse(zone_open("UTC"), t->text, &t->time);
    int64_t day = t->time >= 0 ? t->time / TIME_DAY : -((TIME_DAY - 1 - t->time) / TIME_DAY);
    if (!clock) t->time = day;
    if (valid && day_in_range(day)) return;
    t->type = TOKEN_BAD;
    t->bad = MSG_EXPR_BAD_TIME;
}

static void take_number(struct lexer *l, struct token *t)
{
    size_t whole = digits_at(l, 0);
    size_t fraction = peek(l, whole) == '.' ? digits_at(l, whole + 1) : 0;
    size_t len = whole + (fraction ? fraction + 1 : 0);
    size_t end = len;
    while (is_word(peek(l, end))) {
        end++;
    }
    bool duration = end == len + 1 && !fraction && strchr("wdhms", peek(l, len));
    take(l, t, duration ? TOKEN_DURATION : TOKEN_NUMBER, end);
    if (duration && duration_parse(t->text, &t->time)) return;
    if (!duration && end == len && whole <= WHOLE_DIGITS_MAX && fraction <= FRACTION_DIGITS_MAX &&
        str_to_double(t->text, &t->number) && t->number < NUMBER_END) {
        return;
    }
    t->type = TOKEN_BAD;
    t->bad = duration ? MSG_EXPR_BAD_DURATION : MSG_EXPR_BAD_NUMBER;
}

static void take_word(struct lexer *l, struct token *t)
{
    size_t len = 0;
    while (is_word(peek(l, len))) {
        len++;
    }
    take(l, t, TOKEN_NAME, len);
}

static void take_part(struct lexer *l, struct token *t)
{
    size_t len = 0;
    while (is_plain(peek(l, 1 + len))) {
        len++;
    }
    if (len == 0 || is_word(peek(l, 1 + len))) {
        take_bad(l, t, 1, MSG_NONE);
        return;
    }
    l->at++;
    take(l, t, TOKEN_PART, len);
}

static void take_symbol(struct lexer *l, struct token *t)
{
    char c = peek(l, 0);
    bool equals = peek(l, 1) == '=';
    if (c && equals && strchr("!<>^", c)) {
        take(l, t, TOKEN_SYMBOL, 2);
    } else if (c && strchr("(),=<>~+-", c)) {
        take(l, t, TOKEN_SYMBOL, 1);
    } else {
        size_t end = l->at;
        utf8_next(l->text, &end);
        take_bad(l, t, end - l->at, MSG_NONE);
    }
}

void lexer_next(struct lexer *l, struct token *out)
{
    while (is_space(peek(l, 0))) {
        l->at++;
    }
    *out = (struct token){.type = TOKEN_END, .at = l->at, .text = {"", 0}};
    if (l->at >= l->text.len) return;
    char c = peek(l, 0);
    if (c == '"') {
        take_quoted(l, out, TOKEN_TEXT, 0);
    } else if (c == '.' && peek(l, 1) == '"') {
        take_quoted(l, out, TOKEN_PART, 1);
    } else if (c == '.') {
        take_part(l, out);
    } else if (is_digit(c) && date_ahead(l)) {
        take_date(l, out);
    } else if (is_digit(c)) {
        take_number(l, out);
    } else if (is_word(c)) {
        take_word(l, out);
    } else {
        take_symbol(l, out);
    }
}

struct str token_meaning(struct arena *a, const struct token *t)
{
    char *text = arena_alloc(a, t->text.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < t->text.len; i++) {
        if (t->quoted && t->text.p[i] == '\\') i++;
        text[len++] = t->text.p[i];
    }
    return utf8_nfc(a, (struct str){text, len});
}

void lexer_place(struct str text, size_t at, size_t *line, size_t *column)
{
    size_t start = 0;
    *line = 1;
    for (size_t i = 0; i < at; i++) {
        if (text.p[i] != '\n') continue;
        start = i + 1;
        ++*line;
    }
    *column = 1 + utf8_count((struct str){text.p + start, at - start});
}
