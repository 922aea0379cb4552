/* merge.h - two members become one, and are taken apart again; what could not be joined is judged.
 *
 * Merges are edges between personas: the living ones make a forest, of which a member is one tree.
 * Undoing a merge takes its edge away, and each side is a member again, with the history of its own
 * personas: what came after the merge goes by its identity. */
#pragma once

#include "people/people.h"

enum merge_how { MERGE_RULE, MERGE_HAND, MERGE_CONFLICT };
const char *merge_how_name(enum merge_how how); /* "rule", "hand", "conflict" */

/* Merge two members by hand; visible in lists, too, when it returns. Any thread but the writer.
 * ERR_NOT_FOUND. ERR_CONFLICT: one of the two is part of another member already, or together they
 * would have more identities of a kind than its cap and 'over_caps' is not set. */
struct people_merge {
    uint32_t a, b;  /* members */
    struct str who; /* whose hand */
    bool over_caps;
    enum merge_how how;
    uint64_t id;         /* out: of the merge, to be undone by */
    uint32_t kept, away; /* out: the member it is now, and the id that is not one any more */
};
MUST_CHECK enum err people_merge(struct brand *b, struct people_merge *m, struct why *why);

/* Undo a merge, whoever made it. ERR_NOT_FOUND; ERR_CONFLICT: it was undone already. */
struct people_unmerge {
    uint64_t id;
    struct str who;
    uint32_t kept, taken; /* out: the two members */
};
MUST_CHECK enum err people_unmerge(struct brand *b, struct people_unmerge *u, struct why *why);

/* ---- refused merges ---- */

/* Why an identity on an event did not join its member with that of the event. */
enum conflict_cause {
    CONFLICT_NONE,
    CONFLICT_CAP,    /* together they would be over the cap of a kind */
    CONFLICT_PUBLIC, /* both are known, and the sender's key is public */
    CONFLICT_RENAME, /* a rename to an identity that is another's */
    CONFLICT_TAKEN,  /* whoever brings it has one of a kind of which its owner has enough: recycled
                      */
    CONFLICT_CAUSES
};
enum conflict_state {
    CONFLICT_OPEN,
    CONFLICT_LATER,
    CONFLICT_MERGED,
    CONFLICT_APART,
    CONFLICT_STATES
};
const char *conflict_cause_name(enum conflict_cause cause); /* "cap", "public_key", ... */
const char *conflict_state_name(enum conflict_state state); /* "open", "later", ... */

/* Judge one: CONFLICT_MERGED merges, CONFLICT_APART keeps the two apart and is not asked again.
 * ERR_NOT_FOUND; ERR_CONFLICT: it was judged already, or the two are one member by now. */
struct people_judge {
    uint64_t id;
    enum conflict_state state; /* but CONFLICT_OPEN */
    struct str who;
    uint64_t merge;      /* out: of CONFLICT_MERGED */
    uint32_t kept, away; /* out, likewise */
};
MUST_CHECK enum err people_judge(struct brand *b, struct people_judge *j, struct why *why);
