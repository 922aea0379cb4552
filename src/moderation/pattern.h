/* pattern.h - a pattern of a rule: a small regular expression over characters, without anything
 * that could take long.
 *
 *   abc        themselves, in any case and width     .            any character
 *   [a-z加]    one of these                           [^0-9]       any other
 *   \d \w \s   a digit; a-z, 0-9 or _; white space    \. \( ...    the character itself
 *   (ab|cd)    one of these                           ? * + {2,5}  how often what is before
 *
 * It is a set of at most PATTERN_POSITIONS places in the pattern, counted with repeats written out,
 * and for each the places that may come next (Glushkov's automaton): one step of it is a few words,
 * so that time grows with the text alone. Pure; a pattern is a plain struct. */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "moderation/clean.h"

#define PATTERN_POSITIONS 64
#define PATTERN_RANGES 192
#define PATTERN_DEPTH 16

struct pattern {
    uint64_t first, last; /* places that may come first, and those it may end with */
    uint64_t next[PATTERN_POSITIONS];
    uint64_t before[PATTERN_POSITIONS];
    struct {
        uint16_t from, count; /* of 'ranges' */
        bool others;          /* all but those */
    } place[PATTERN_POSITIONS];
    struct {
        uint32_t low, high;
    } ranges[PATTERN_RANGES];
    uint32_t place_count, range_count;
};

/* Read a pattern; and, unless 'out' is NULL, write it as a PCRE that means the same. ERR_INVALID
 * says what is wrong where: it matches the empty text, too. ERR_TOO_LARGE over PATTERN_POSITIONS.
 */
MUST_CHECK enum err pattern_parse(struct str text, struct pattern *p, struct strbuf *out,
                                  const char *field, struct why *why);

/* Find where in a clean text it first ends, and for that end where it begins the furthest ahead. */
bool pattern_find(const struct pattern *p, struct str clean, struct span *out);
