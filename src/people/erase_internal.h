/* erase_internal.h - what the files of erasure.h share. */
#pragma once

#include "people/erasure.h"
#include "people/internal.h"

/* A member on the way out. */
struct leaving {
    const struct erase_order *order;
    VEC(uint32_t) personas;                   /* ascending; the first is the member's id */
    uint32_t identities[IDENTITY_KIND_COUNT]; /* of each kind */
    struct strbuf line;                       /* for the list of the erased */
    struct erasure erasure;
    uint64_t *rows;   /* beside 'holdings': how many of each table */
    uint64_t receipt; /* out: its number */
    bool merged;      /* the swap found others */
};

/* All rows of personas, ascending; members that keep others of theirs are folded again. */
MUST_CHECK enum err erase_rows(struct people *p, struct tx *tx, const uint32_t *personas,
                               size_t count);

/* receipt.c: in the transaction of the erasing, when all counts are known. */
MUST_CHECK enum err receipt_write(struct tx *tx, struct leaving *l);
