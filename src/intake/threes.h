/* threes.h - which words a text cannot hold, told from its bytes in threes.
 *
 * Made once from a text, in one pass; asked for each of many words, most of which are not there. A
 * no is right for words that are written without capitals, whether or not case is to count; a yes
 * has to be looked at. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

#define THREES_BITS 12

struct threes {
    uint64_t bits[(1 << THREES_BITS) / 64];
};

void threes_of(struct str text, struct threes *out);

static inline uint32_t threes_slot(uint32_t a, uint32_t b, uint32_t c)
{
    return ((a << 16 | b << 8 | c) * UINT32_C(2654435761)) >> (32 - THREES_BITS);
}
static inline bool threes_hold(const struct threes *t, const char *p)
{
    uint32_t slot = threes_slot((unsigned char)p[0], (unsigned char)p[1], (unsigned char)p[2]);
    return t->bits[slot / 64] >> (slot % 64) & 1;
}
/* Words of one or two bytes may always be there. */
static inline bool threes_may(const struct threes *t, const char *word)
{
    if (!word[0] || !word[1] || !word[2]) return true;
    if (!threes_hold(t, word)) return false;
    return !word[3] || !word[4] || !word[5] || threes_hold(t, word + 3);
}
