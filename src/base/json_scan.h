/* json_scan.h - strings and numbers in JSON text: the lexical half of json_reader. Any thread. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/decimal.h"
#include "base/str.h"

/* What may be wrong with UTF-8, told apart by address. */
extern const char json_not_utf8[];

/* Check the string whose opening quote is at text.p[start]. NULL: *end is its closing quote and
 * *escaped says whether it has escapes. Otherwise what is wrong, and *end is where. */
const char *json_scan_string(struct str text, size_t start, size_t *end, bool *escaped);
/* The meaning of a checked string's bytes between the quotes. */
struct str json_decode(struct arena *a, struct str inside);

struct json_number {
    struct decimal decimal;
    size_t end;        /* first byte behind */
    int64_t magnitude; /* the value is below 10^magnitude */
    bool integral;     /* neither fraction nor exponent */
};
/* Scan the number at text.p[start]. NULL, or what is wrong, and n->end is where. */
const char *json_scan_number(struct str text, size_t start, struct json_number *n);
/* Whether it is an integer within int64_t. */
static inline bool json_number_fits(const struct json_number *n)
{
    if (!n->integral || n->decimal.cut) return false;
    return n->decimal.digits <= (uint64_t)INT64_MAX + n->decimal.negative;
}
