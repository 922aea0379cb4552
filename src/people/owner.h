/* owner.h - who answers for a member 归属员工: asked, set by hand, handed over.
 *
 * A member has one owner at most, a member of staff by the code that events carry in 'staff'. The
 * owner follows from the member's own events (fold_owner.c): one set by hand stands until it is
 * taken back; else the brand's rule chooses among the contacts whose list the member is on. So late
 * events, merges, unmerges and erasures need nothing of their own here.
 *
 * Setting by hand is a handover of one member or of many: rows that say who, why, and what was
 * before, and an event member.assigned a member. Rows belong to personas, as tags do.
 *
 * Asking is of memory: as of the last commit, any thread, no SQL; of a late fact within a second
 * (brand_flush waits for it). Changes wait for the brand's writer. */
#pragma once

#include "people/idset.h"
#include "people/people.h"

/* ---- asking ---- */

/* Code of the owner of a member, by the number of their root; 0 = nobody. */
uint32_t owner_of(struct brand *b, uint32_t member);
/* Members of an owner, ascending, in 'arena'. */
size_t owner_members(struct brand *b, uint32_t staff, struct arena *arena, uint32_t **out);
uint64_t owner_count(struct brand *b, uint32_t staff);
/* Owners who have members: their codes, ascending, and how many; in 'arena'. */
struct owner_load {
    uint32_t staff;
    uint64_t members;
};
size_t owner_loads(struct brand *b, struct arena *arena, struct owner_load **out);
/* Add all members of these owners to a set. */
void owner_gather(struct brand *b, const uint32_t *staff, size_t count, struct idset *out);

/* ---- the rule ---- */

struct owner_rule {
    enum fold_owner_rule rule;
    int days; /* window of FOLD_OWNER_ACTIVE, 1 to FOLD_OWNER_DAYS_MAX */
};
struct owner_rule owner_get_rule(struct brand *b);
/* From now on, and for all members: returns when all owners follow it. A kill on the way leaves the
 * rest to the next opening. */
MUST_CHECK enum err owner_set_rule(struct brand *b, const struct owner_rule *rule, struct why *why);

/* ---- handing over ---- */

struct handover {
    const uint32_t *members; /* any of their personas */
    size_t count;            /* at most LIMIT_HANDED */
    struct str to;           /* code; empty = by the rule again */
    uint32_t from;           /* leave out whose owner is another now; 0 = any */
    struct str who;          /* "staff:3" */
    struct str reason;
    /* out */
    uint32_t id;    /* 0 = nothing was changed */
    size_t changed; /* members */
    size_t same;    /* theirs already, or no more of 'from' */
    size_t missing; /* numbers that are nobody's */
};
/* In pieces of a thousand members, each a transaction of its own. ERR_TOO_LARGE: too many, or too
 * many codes. */
MUST_CHECK enum err owner_hand_over(struct brand *b, struct handover *h, struct why *why);
/* Give back to whose they were before, where nobody was set since. ERR_NOT_FOUND: no such handover;
 * ERR_CONFLICT: it was undone already. Fills 'changed' and 'same'. */
MUST_CHECK enum err owner_undo(struct brand *b, uint32_t id, struct str who, struct handover *out,
                               struct why *why);

/* One step of a member's history, or a handover as a whole. */
struct owner_step {
    uint32_t id; /* of the handover */
    int64_t at;
    struct str who, reason;
    uint32_t from, to; /* of a member: codes; to 0 = by the rule again. Of a whole: from 0 */
    uint64_t members;  /* of a whole */
    int64_t undone_at; /* TIME_NONE = it stands */
    struct str undone_by;
};
/* Those of a member, newest first; in the view's arena. */
MUST_CHECK enum err owner_history(const struct people_view *v, uint32_t member,
                                  struct owner_step **out, size_t *count, struct why *why);
/* The last 'limit' handovers with a number below 'before' (0 = any), newest first. */
MUST_CHECK enum err owner_handovers(const struct people_view *v, uint32_t before, size_t limit,
                                    struct owner_step **out, size_t *count, struct why *why);
