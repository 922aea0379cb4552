/* chronicle.h - a group from its first day on: who came and went, who was lost, on which days each
 * acted.
 *
 * Of members only; staff and bots are none. Read by one pass over the log as of a moment, or filled
 * by hand in tests. Any thread. */
#pragma once

#include "base/arena.h"
#include "brand/brand.h"
#include "groups/groups.h"

enum loss_kind {
    LOSS_LEFT,         /* the group */
    LOSS_DELETED,      /* the contact with a staff account, while in the group */
    LOSS_UNSUBSCRIBED, /* or took back a consent, while in the group */
    LOSS_KINDS
};
const char *loss_name(enum loss_kind k); /* "left" "deleted" "unsubscribed" */

struct move {
    int64_t at;
    uint32_t member;
    uint32_t order; /* of the member's moves */
    bool in;        /* else out; a member's alternate, the first is in */
};
struct loss {
    int64_t at;
    uint32_t member;
    uint8_t kind; /* enum loss_kind */
};
/* A day on which a member acted in the group. */
struct acted {
    int32_t day; /* of the brand's zone */
    uint32_t member;
};

struct chronicle {
    int64_t born;             /* the first join or act; TIME_NONE = nothing happened yet */
    int64_t now;              /* the moment it is as of */
    const struct zone *zone;  /* of days and hours */
    const struct move *moves; /* by member, then time */
    uint32_t move_count;
    const struct loss *losses; /* in order of time */
    uint32_t loss_count;
    const struct acted *acted; /* by member, then day; each once */
    uint32_t acted_count;
};

struct chronicle_ask {
    struct brand *brand;
    struct sql *db; /* of roles; any connection */
    uint32_t group; /* code of DIM_GROUP */
    int64_t now;
    struct budget *budget; /* NULL = its own */
};
/* In 'arena'. ERR_TOO_LARGE over LIMIT_TALK_MESSAGES rows. */
MUST_CHECK enum err chronicle_read(const struct chronicle_ask *ask, struct arena *arena,
                                   struct chronicle *out, struct why *why);
