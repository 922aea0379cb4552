/* look_merge.h - how members were put together, what two would be as one, and what waits to be
 * judged. Reading only; see look.h. */
#pragma once

#include "people/idset.h"
#include "people/look.h"
#include "people/merge.h"

/* One merge that concerns a member. */
struct look_merge {
    uint64_t id;
    int64_t at;
    uint32_t kept, away; /* the two ids at that time */
    struct str moved;    /* the personas that were the second's: "m7 m9" */
    enum merge_how how;
    struct str who;    /* {NULL, 0} = a rule */
    int64_t undone_at; /* TIME_NONE = it holds */
    struct str undone_by;
};
struct look_merges {
    struct look_merge *items; /* newest first, LIMIT_MERGES_SHOWN at most */
    size_t count;
};
/* Merges of any of the member's personas, undone ones too. */
MUST_CHECK enum err look_merges(const struct look *l, uint32_t member, struct look_merges *out,
                                struct why *why);

/* Two members side by side, and what the fold of their joined history gives. */
struct look_preview {
    struct look_profile side[2];
    struct fold_state joined;
    uint32_t counts[2][IDENTITY_KIND_COUNT]; /* identities of each kind that each has */
    uint32_t caps[IDENTITY_KIND_COUNT];
};
/* ERR_NOT_FOUND; ERR_CONFLICT: they are one member already. */
MUST_CHECK enum err look_preview(const struct look *l, const uint32_t members[2],
                                 struct look_preview *out, struct why *why);

struct look_conflict {
    uint64_t id;
    enum conflict_state state;
    enum conflict_cause cause;
    uint32_t member[2]; /* whose event it was, and whose identity */
    struct look_identity identity;
    struct str source;
    int64_t first_seen, last_seen;
    uint64_t times;
    int64_t judged_at;    /* TIME_NONE = not yet */
    struct str judged_by; /* {NULL, 0} likewise */
    uint64_t merge;       /* 0 = none */
};
struct look_conflict_page {
    enum conflict_state state;
    uint64_t after;           /* the id behind which the page begins; 0 = from the beginning */
    size_t limit;             /* 1 to LIMIT_PAGE_CONFLICTS */
    const struct idset *only; /* of which both members are; NULL = all there are */
};
struct look_conflicts {
    struct look_conflict *items;
    size_t count;
    bool more;
    uint64_t open; /* of 'only', how many wait to be judged, later ones apart */
};
/* In order of id. Those of two who are one member by now are left out, unless judged so. */
MUST_CHECK enum err look_conflicts(const struct look *l, const struct look_conflict_page *page,
                                   struct look_conflicts *out, struct why *why);
/* One; ERR_NOT_FOUND. */
MUST_CHECK enum err look_conflict(const struct look *l, uint64_t id, struct look_conflict *out,
                                  struct why *why);
/* All that any of a member's personas is part of; one may come twice. */
MUST_CHECK enum err look_conflicts_of(const struct look *l, uint32_t member,
                                      struct look_conflicts *out, struct why *why);
