/* numbering.h - a brand's own numbers of lifecycle, trust and RFM: as they are, as they were, and
 * changed.
 *
 * A change is a row of number_set, never overwritten. Questions and new events go by it from the
 * commit on; the members' rows follow in the background, each as it was until then. A kill in the
 * middle loses nothing: the next opening goes on. */
#pragma once

#include "people/numbers.h"
#include "people/people.h"

struct numbering {
    struct numbers numbers;
    uint64_t version;     /* 0 = as the brand's preset says */
    bool rebuilding;      /* rows of some members still follow another version */
    uint64_t done, total; /* members of the rebuild under way; total 0 = none */
    bool previewing;      /* people_preview() is at work */
    uint64_t previewed, preview_total;
};
/* Any thread. */
void numbering_get(struct brand *b, struct numbering *out);
/* Grows with each change of what members are by: the numbers, and scores made of all members. For
 * those who keep what follows from them. Any thread. */
uint64_t people_stamp(struct brand *b);
void people_restamp(struct brand *b);

struct numbering_change {
    struct numbers numbers;
    struct str who;   /* "staff:lily" */
    uint64_t version; /* that is replaced; out: the new one */
};
/* ERR_INVALID: see numbers_check(). ERR_PRECONDITION: it is no longer that version. Nothing happens
 * where the numbers are the same. Any thread but the writer. */
MUST_CHECK enum err numbering_change(struct brand *b, struct numbering_change *c, struct why *why);
/* Wait until the rows follow, or cannot. Any thread but the writer. */
void numbering_settle(struct brand *b);

/* What the numbers were, newest first, the brand's preset last (version 0, 'at' TIME_NONE); at most
 * LIMIT_NUMBER_SETS, in 'arena'. */
struct numbering_set {
    uint64_t version;
    int64_t at;
    struct str who;
    struct numbers numbers;
};
MUST_CHECK enum err numbering_history(struct brand *b, struct sql *db, struct arena *arena,
                                      struct numbering_set **out, size_t *count, struct why *why);
