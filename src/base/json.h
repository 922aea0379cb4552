/* json.h - JSON in and out.
 *
 * In: json_parse() builds a tree (strict, UTF-8 checked, depth limited, duplicate keys refused) for
 * queries and settings; struct json_reader (json_reader.h) streams events.
 * Out: struct json_writer appends to a strbuf; commas and escapes are its own business. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum json_type {
    JSON_NULL,
    JSON_BOOL,
    JSON_INT,
    JSON_DOUBLE,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT
};

/* Immutable; lives in the arena it was parsed into. */
struct json {
    enum json_type type;
    bool boolean;
    int64_t integer; /* JSON_INT */
    double number;   /* JSON_INT too */
    struct str string;
    size_t count;             /* of items or members */
    const struct json *items; /* array items, or object values */
    const struct str *keys;   /* object keys, beside items */
};

MUST_CHECK enum err json_parse(struct arena *a, struct str text, const struct json **out,
                               struct why *why);
/* Member of an object; NULL when absent, or when 'j' is NULL or no object. */
const struct json *json_get(const struct json *j, const char *key);

struct json_writer {
    struct strbuf *out;
    bool comma; /* the next value or key needs one */
};
void json_begin_object(struct json_writer *w);
void json_end_object(struct json_writer *w);
void json_begin_array(struct json_writer *w);
void json_end_array(struct json_writer *w);
void json_key(struct json_writer *w, const char *key);
void json_key_str(struct json_writer *w, struct str key);
void json_str(struct json_writer *w, struct str s); /* invalid UTF-8 becomes U+FFFD */
void json_text(struct json_writer *w, const char *text);
void json_int(struct json_writer *w, int64_t v);
void json_uint(struct json_writer *w, uint64_t v);
/* Shortest that reads back; NaN and inf as null. */
void json_double(struct json_writer *w, double v);
void json_bool(struct json_writer *w, bool v);
void json_null(struct json_writer *w);
/* A parsed tree as it was. */
void json_tree(struct json_writer *w, const struct json *j);
