/* replies_internal.h - what reading a message and weighing those before it share. */
#pragma once

#include "base/map.h"
#include "base/vec.h"
#include "groups/replies.h"

#define NOBODY UINT32_MAX
#define NAMED_MAX 3 /* names of a text that are kept */

/* What a text is, read once. */
struct reading {
    uint32_t addressed; /* by name and mark at the start, or @name; NOBODY */
    uint32_t bare;      /* by name alone at the start; NOBODY */
    uint32_t named[NAMED_MAX];
    size_t named_count;
    int words; /* runs of letters; an ideograph counts half */
    bool command;
};

struct slot {
    uint64_t seq;
    int64_t at;
    uint32_t who;
    uint32_t to;          /* whom it was taken as said to; NOBODY */
    uint32_t answered_by; /* the first who did; NOBODY */
    bool question, root;
    struct reading is;
};

struct account {
    char *name; /* as last written; owned */
    size_t len;
    uint64_t called; /* the newest line taken as said to it; REPLY_NONE */
    uint64_t said;   /* the newest line by it; REPLY_NONE */
    int64_t at;      /* of the newest line by it */
    uint32_t to;     /* whom it spoke to last */
    int64_t to_at;
};

struct replies {
    struct reply_weights weights;
    int plain_most; /* of them, where two messages have nobody in common */
    struct slot window[REPLIES_WINDOW];
    uint64_t lines; /* fed */
    uint64_t kept;  /* lines before this one are forgotten */
    int64_t now;
    struct map *names; /* folded name to account */
    VEC(struct account) accounts;
};

/* ---- replies_read.c ---- */

/* ASCII letters made small in 'out'; {NULL, 0}: no name that is found in texts. */
struct str replies_fold(struct str name, char out[REPLIES_NAME_BYTES]);
/* The account of a name that is known; NOBODY. */
uint32_t replies_find(const struct replies *r, struct str name);
/* Who 'me' is does not count as named. */
void replies_read(const struct replies *r, struct str text, uint32_t me, struct reading *out);
