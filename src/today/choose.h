/* choose.h - whom to suggest to whom, of all for whom a reason holds. Pure: the same candidates,
 * day and key give the same lists. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TODAY_WITHHELD_PERCENT 10
#define TODAY_POOL 0 /* the owner of those whom nobody answers for */

/* A member for whom a reason holds and may be given. */
struct today_candidate {
    uint32_t member;
    uint32_t owner; /* number of the person's, TODAY_POOL */
    uint32_t rule;  /* place among the rules */
};

/* One of a list, or withheld from it. */
struct today_pick {
    uint32_t member, owner, rule;
    bool withheld;
};

struct today_choice {
    const uint8_t *key;    /* [32], of the brand */
    int32_t day;           /* of the list */
    const double *scores;  /* by rule */
    const uint64_t *marks; /* by rule: hash of its code */
    const uint32_t *room;  /* by owner: how many more the list takes */
    const struct today_candidate *candidates;
    size_t candidate_count;
};
/* Picks into 'out', which has room for all candidates, by owner and then best first; returns how
 * many. A member is picked once, by the best reason that holds. Withheld are one in ten of those
 * who would have been on a list; they take no place of it. */
size_t today_choose(const struct today_choice *c, struct today_pick *out);
