/* json_reader.h - a streaming JSON reader, for events: one pass, no tree, strings borrowed.
 *
 * It accepts exactly what json_parse accepts, and duplicate keys (a test holds them together). A
 * string without escapes is a borrowed slice of the input; one with escapes is decoded into the
 * arena, which may be NULL for a reader that only skips. After an error every call returns false;
 * json_reader_error() says where and what. A reader belongs to one thread. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/json_scan.h"

struct json_reader {
    struct str text;
    size_t pos;          /* the next byte */
    struct arena *arena; /* for decoded strings */
    int depth;           /* containers entered and not left */
    const char *error;   /* NULL while all is well */
    size_t error_at;     /* offset in the text */
};

void json_reader_init(struct json_reader *r, struct arena *arena, struct str text);
/* The type of the value that comes next, without consuming it; false at an error. Numbers are
 * JSON_INT when they have neither fraction nor exponent and fit int64, else JSON_DOUBLE. */
bool json_peek(struct json_reader *r, enum json_type *type);
bool json_read_string(struct json_reader *r, struct str *out);
/* *i is set for JSON_INT only, *d always; 'raw', the source text, may be NULL. */
bool json_read_number(struct json_reader *r, enum json_type *type, int64_t *i, double *d,
                      struct str *raw);
bool json_read_bool(struct json_reader *r, bool *out);
bool json_read_null(struct json_reader *r);
/* Short cuts past json_peek. False, with no more than white space taken and no error: no such thing
 * comes next, or one that only the calls above can read. */
static inline bool json_take_string(struct json_reader *r, struct str *out); /* plain ASCII */
static inline bool json_take_int(struct json_reader *r, int64_t *out); /* of at most 18 digits */
/* for (json_enter_object(r); json_next_key(r, &key);) { read or skip the value } */
bool json_enter_object(struct json_reader *r);
bool json_next_key(struct json_reader *r, struct str *key); /* false at the end, or at an error */
bool json_enter_array(struct json_reader *r);
bool json_next_item(struct json_reader *r); /* false at the end, or at an error */
bool json_skip(struct json_reader *r);
/* Skips a value and gives its source text. */
bool json_read_raw(struct json_reader *r, struct str *out);
/* Nothing but white space may follow. */
bool json_read_end(struct json_reader *r);

/* The reader's error as a sentence; ERR_OK while all is well. */
enum err json_reader_error(const struct json_reader *r, struct why *why);

/* ---- the short cuts; here, because most of what is read is read by them ---- */

bool json_take_long_string(struct json_reader *r, struct str *out);
bool json_take_odd_int(struct json_reader *r, int64_t *out);

/* A string of up to fifteen bytes right at hand; any other is left to the call. */
static inline bool json_take_string(struct json_reader *r, struct str *out)
{
    const char *p = r->text.p + r->pos;
    if (r->error || r->text.len - r->pos < 17 || *p != '"') return json_take_long_string(r, out);
    size_t len = json_plain_length(p + 1);
    if (len == 16 || p[1 + len] != '"') return json_take_long_string(r, out);
    r->pos += len + 2;
    *out = (struct str){p + 1, len};
    return true;
}

/* One of up to fifteen digits right at hand; any other is left to the call. */
static inline bool json_take_int(struct json_reader *r, int64_t *out)
{
    static const int64_t powers[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000};
    const char *p = r->text.p + r->pos;
    int64_t n, more;
    if (r->error || r->text.len - r->pos < 17) return json_take_odd_int(r, out);
    size_t len = json_eight_digits(p, &n);
    if (len == 8) {
        size_t rest = json_eight_digits(p + 8, &more);
        if (rest == 8) return json_take_odd_int(r, out);
        n = n * powers[rest] + more;
        len += rest;
    }
    bool leading_zero = p[0] == '0' && len > 1;
    if (len == 0 || leading_zero || p[len] == '.' || (p[len] | 0x20) == 'e')
        return json_take_odd_int(r, out);
    r->pos += len;
    *out = n;
    return true;
}
