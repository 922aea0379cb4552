/* copies.h - is a text much like others of a while ago? By 64-bit SimHash over three characters
 * each, in a window of the latest texts. One thread. */
#pragma once

#include "moderation/clean.h"

#define COPIES_WINDOW 4096
#define COPIES_CHARS 20    /* shorter texts are alike by chance */
#define COPIES_DISTANCE 10 /* bits that may differ: of texts with nothing in common 32 do */
#define COPIES_GROUPS 64   /* counted at most */

/* 0 of a text shorter than COPIES_CHARS. */
uint64_t copies_hash(struct str clean);

struct copy {
    uint64_t hash;
    int64_t at;
    uint32_t group, persona;
};
struct copies {
    struct copy *ring; /* [COPIES_WINDOW]; NULL until the first one */
    uint64_t count;    /* ever added */
};
void copies_finish(struct copies *c);
void copies_reset(struct copies *c);
/* In how many groups was one like it seen since 'since'? Its own is among them. */
uint32_t copies_groups(const struct copies *c, struct copy one, int64_t since);
void copies_add(struct copies *c, struct copy one);
