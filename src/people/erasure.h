/* erasure.h - a member is erased for good, and a receipt says so.
 *
 * A receipt names numbers and counts, never a value: it is kept when all else is gone. Its sum is
 * made with a key of the brand, so that a receipt that was handed out can be told from another. */
#pragma once

#include "people/people.h"

/* Why: one of a few words, since a free text would hold what is to be gone. */
#define ERASE_REASONS "asked|withdrew|minor|expired|mistake|other"

struct erase_order {
    uint32_t member; /* any of their personas */
    struct str who;  /* who does it */
    struct str reason;
};
/* As people_erase, and '*receipt' is the number of the receipt. */
MUST_CHECK enum err people_erase_for(struct brand *b, const struct erase_order *order,
                                     struct people_erased *out, uint64_t *receipt, struct why *why);

struct erase_receipt {
    uint64_t id;
    int64_t at;
    struct str who, reason;
    uint32_t member;
    struct str body; /* JSON: what was erased, and where */
    struct str sum;  /* 64 hex digits */
    bool genuine;    /* the sum is that of the body */
};
/* One receipt, or a page of them, newest first, in 'arena'. */
MUST_CHECK enum err people_receipt(struct brand *b, struct sql *db, uint64_t id,
                                   struct arena *arena, struct erase_receipt *out, struct why *why);
struct erase_receipts {
    struct erase_receipt *items;
    size_t count;
    bool more;
};
MUST_CHECK enum err people_receipts(struct brand *b, struct sql *db, uint64_t below, size_t limit,
                                    struct arena *arena, struct erase_receipts *out);

/* Erase whom the list of a directory names (brand/erasures.h), in a directory that may be restored
 * from a backup of before; nobody else uses it. Only identities that are still the same persona's
 * count: one who came again later stays. A last line without its end is passed over. */
struct erase_replay {
    uint64_t lines, personas, events; /* out */
};
MUST_CHECK enum err people_replay_erasures(struct data *d, const char *path,
                                           struct erase_replay *out, struct why *why);
