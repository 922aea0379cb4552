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
bool json_take_string(struct json_reader *r, struct str *out); /* without escapes, all ASCII */
bool json_take_int(struct json_reader *r, int64_t *out);       /* of at most 18 digits */
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
