/* undo.h - what came of one origin, such as an import, is taken back.
 *
 * Its events go, and the identities, traits, tags and consents that it brought; traits that it
 * overwrote come back. A persona of which
 * nobody else has told anything goes whole, and its number is not given again; merges that the
 * origin was the reason of come undone. A persona of which others have told something stays, with
 * what they brought; it keeps its identities if it has no others, since by them it is known, and
 * gets a member.created of its own where that went. All or nothing, also when the process is
 * killed; undoing again finds nothing. Any thread but the writer. */
#pragma once

#include "people/people.h"

struct undo_sums {
    uint64_t events;
    uint64_t members; /* that go whole */
    uint64_t staying; /* of whom others have told something */
    uint64_t identities, traits, tags, consents;
    uint64_t merges; /* that come undone */
};

struct undo_order {
    struct str origin; /* as senders have it: "import:3" */
    /* In the transaction, when all else is done and known; it may not refuse. NULL = nothing to do.
     */
    enum err (*finish)(struct tx *tx, void *arg, const struct undo_sums *sums, struct why *why);
    void *arg;
};

/* Traits that an origin overwrites are kept, to come back when it is undone; those that were kept
 * before this moment are forgotten. */
MUST_CHECK enum err people_forget_overwritten(struct tx *tx, int64_t before);

/* What people_undo would do now. */
MUST_CHECK enum err people_undo_preview(struct brand *b, struct str origin, struct undo_sums *out,
                                        struct why *why);
/* ERR_CONFLICT: loads in bulk came in between again and again; try again. */
MUST_CHECK enum err people_undo(struct brand *b, const struct undo_order *order,
                                struct undo_sums *out, struct why *why);
