/* uri.h - percent decoding and query strings. Pure functions; results live in the arena given. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

/* A name and its value: of a query, of a header line, of a path's {name}. */
struct field {
    struct str name;
    struct str value;
};

/* A list of them, in the order given. */
struct fields {
    struct field *items;
    size_t count;
};

/* Undo %XX, and with 'plus' also '+' for a space. ERR_INVALID: a malformed escape, a NUL byte or
 * what is not UTF-8; the field of 'why' is 'what'. Returns 'raw' itself when nothing is escaped. */
MUST_CHECK enum err uri_decode(struct arena *a, struct str raw, bool plus, const char *what,
                               struct str *out, struct why *why);

/* Split "a=1&b=2" and decode both sides. A name without '=' has an empty, not an absent, value.
 * ERR_INVALID: as uri_decode, or a name given twice, or more than LIMIT_QUERY_PARAMS names. */
MUST_CHECK enum err uri_query(struct arena *a, struct str query, struct fields *out,
                              struct why *why);

/* Value of the field called 'name', bytewise; {NULL, 0} when absent. */
struct str fields_get(const struct fields *f, const char *name);
/* The same, ASCII case ignored. */
struct str fields_get_fold(const struct fields *f, const char *name);
