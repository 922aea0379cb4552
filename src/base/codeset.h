/* codeset.h - a set of 16-bit codes, asked 64 at a time without a branch.
 *
 * A set that is no longer changed may be asked by any number of threads. No ownership: a struct. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define CODESET_FEW 8 /* codes that are compared one by one; more are looked up */

struct codeset {
    uint32_t count;            /* of codes */
    uint16_t few[CODESET_FEW]; /* the first of them */
    uint64_t bits[65536 / 64]; /* all of them */
};

/* A zeroed struct is the empty set. Adding twice is adding once. */
void codeset_add(struct codeset *s, uint16_t code);

static inline bool codeset_has(const struct codeset *s, uint16_t code)
{
    return s->bits[code / 64] >> code % 64 & 1;
}

/* Bit i: is code[i] in the set, i < 64? */
uint64_t codeset_match(const struct codeset *s, const uint16_t *code);
/* Bit i of bits[k]: is code[64 k + i] in the set? Bits past 'count' are 0. How many are. */
uint32_t codeset_match_all(const struct codeset *s, const uint16_t *code, uint32_t count,
                           uint64_t *bits);
/* The same of those that are not in the set. */
uint32_t codeset_miss_all(const struct codeset *s, const uint16_t *code, uint32_t count,
                          uint64_t *bits);
/* Is any of 'count' codes in the set? */
bool codeset_meets(const struct codeset *s, const uint16_t *code, uint32_t count);
