/* daily.h - what happened in a group, or in the whole brand, over a day or a few: the figures of
 * the text that operators pass on (日报).
 *
 * Worked out by two passes over the log, members in turn: who came and went, ever; and what was
 * done in the time. Staff and bots are no members. Any thread. */
#pragma once

#include "base/arena.h"
#include "brand/brand.h"
#include "groups/groups.h"

#define DAILY_SOURCES 3
#define DAILY_OLD (90 * TIME_DAY)        /* who joined longer ago is an old member */
#define DAILY_AFTER_POST (2 * TIME_HOUR) /* a leave is put down to a post */

struct daily_source {
    uint32_t touchpoint; /* code of DIM_TOUCHPOINT */
    uint32_t count;
};
struct daily {
    uint32_t joined; /* of a brand: for the first time in any group or contact */
    struct daily_source sources[DAILY_SOURCES]; /* the most first */
    uint32_t source_count;
    uint32_t left;              /* times that a group was left */
    uint32_t left_after_post;   /* of them, within DAILY_AFTER_POST of a post of staff there */
    uint32_t members;           /* in it at the end; of a brand: in any group or contact */
    uint32_t active, opened;    /* of them, with an act, with a look or an act */
    uint32_t orders;            /* paid, of whoever is or was a member; of a group: who is in it */
    int64_t amount, amount_old; /* minor units; of old members */
    const uint32_t *in;         /* [members] who, ascending */
};

struct daily_ask {
    struct brand *brand;
    struct sql *db;        /* of roles; any connection */
    uint32_t group;        /* 0 = the whole brand */
    int64_t from, to;      /* [from, to) */
    struct budget *budget; /* NULL = its own */
};
/* In 'arena'. ERR_TOO_LARGE over LIMIT_TALK_MESSAGES moves or posts in the time. */
MUST_CHECK enum err daily_read(const struct daily_ask *ask, struct arena *arena, struct daily *out,
                               struct why *why);
