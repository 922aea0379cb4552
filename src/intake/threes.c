/* threes.c - a set of hashes, small letters for capitals. */
#include "intake/threes.h"

static uint32_t small(char c)
{
    return c >= 'A' && c <= 'Z' ? (uint32_t)(c | 0x20) : (unsigned char)c;
}

void threes_of(struct str text, struct threes *out)
{
    *out = (struct threes){0};
    if (text.len < 3) return;
    uint32_t a = small(text.p[0]), b = small(text.p[1]);
    for (size_t i = 2; i < text.len; i++) {
        uint32_t c = small(text.p[i]), slot = threes_slot(a, b, c);
        out->bits[slot / 64] |= UINT64_C(1) << (slot % 64);
        a = b;
        b = c;
    }
}
