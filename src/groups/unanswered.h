/* unanswered.h - the questions of members that wait for an answer now, in all groups or one.
 *
 * Read from the log of the last UNANSWERED_DAYS by one pass; what a question and an answer are is
 * asking.h's. Roles are those that people gave (role.h). Any thread. */
#pragma once

#include "base/arena.h"
#include "brand/brand.h"
#include "people/idset.h"

#define UNANSWERED_DAYS 3           /* older questions are not waited for */
#define UNANSWERED_MINUTES 30       /* of service hours, unless asked otherwise */
#define UNANSWERED_MESSAGES 2000000 /* read at most */

struct unanswered {
    uint32_t group;  /* code of DIM_GROUP */
    uint32_t member; /* who asked; the root */
    int64_t at;
    int64_t clock;     /* since when they wait: then, or the next opening */
    int64_t waited_ms; /* since the clock, within service hours */
    uint32_t joined;   /* others who ask the same */
};

struct unanswered_ask {
    struct brand *brand;
    struct sql *db; /* for roles; any connection */
    int64_t now;
    int64_t waited_ms;        /* only those that waited so long */
    uint32_t group;           /* 0 = all */
    const struct idset *only; /* only of these members; NULL = all */
    struct budget *budget;    /* NULL = its own */
};
/* Who has waited longest first; in 'arena'. ERR_TOO_LARGE over UNANSWERED_MESSAGES. */
MUST_CHECK enum err unanswered_read(const struct unanswered_ask *ask, struct arena *arena,
                                    struct unanswered **out, size_t *count, struct why *why);
