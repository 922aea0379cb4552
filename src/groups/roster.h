/* roster.h - who is and was in one group, how they came, how much they say; and how it grew.
 *
 * Worked out by one pass over the log, members in turn, as of a moment. Any thread. */
#pragma once

#include "groups/groups.h"

/* How somebody came. */
enum join_way {
    JOIN_UNKNOWN,
    JOIN_INVITED, /* another brought them */
    JOIN_SCANNED, /* through a touchpoint, or a code */
    JOIN_SPOKE,   /* no join on record: they spoke, so they were in */
};
#define JOIN_WAYS 4
extern const char *const join_way_names[JOIN_WAYS];

/* One member's time in the group. */
struct group_stay {
    uint32_t member;
    bool in;                  /* now */
    enum join_way way;        /* of the latest join */
    uint32_t inviter;         /* member; 0 = nobody, or unknown */
    uint32_t touchpoint;      /* code; 0 = none */
    int64_t joined_at;        /* latest join; TIME_NONE = not on record */
    int64_t left_at;          /* TIME_NONE = in, or not on record */
    int64_t last_message_at;  /* TIME_NONE = never */
    uint32_t messages;        /* ever */
    uint32_t recent_messages; /* in the last 28 d */
    uint32_t links;           /* of these, with a link or a card, or to promote something */
    uint32_t groups;          /* groups that they are in now, this one too */
};

/* One day of the group. */
struct group_day {
    int32_t day;       /* of the brand's zone */
    uint32_t joined;   /* times that somebody came */
    uint32_t left;     /* and went */
    uint32_t messages; /* staff's too */
    uint32_t members;  /* at its end */
    uint32_t speakers; /* members with a message */
};

struct roster {
    struct group_stay *stays; /* by member */
    size_t count;
    uint32_t members;        /* in it now */
    uint32_t silent;         /* of them, without a message in the last 28 d */
    uint32_t several;        /* of them, in other groups too */
    uint32_t staff_messages; /* in the last 28 d, by a staff code */
    struct group_day *days;  /* from the first asked for to the last */
    size_t day_count;
};

#define ROSTER_DAYS_MAX 1100

struct roster_ask {
    struct brand *brand;
    uint32_t group;
    int64_t now;
    int32_t from_day, to_day; /* days to be given, both included; from > to: none */
    struct budget *budget;    /* NULL = its own */
    struct arena *arena;      /* of what is found */
};
/* ERR_TOO_LARGE over LIMIT_GROUP_STAYS members or ROSTER_DAYS_MAX days. */
MUST_CHECK enum err roster_read(const struct roster_ask *ask, struct roster *out, struct why *why);

/* Accounts that may be of staff, to be put to a person; one may come for several reasons. */
enum proposal_reason {
    PROPOSED_TOP,   /* the most messages of all in 28 d */
    PROPOSED_LINKS, /* the most links, cards and promotions */
};
struct role_proposal {
    uint32_t member;
    enum proposal_reason reason;
    uint32_t number; /* messages, or links */
    uint32_t of;     /* all members' */
};
#define PROPOSALS_MAX 4
#define PROPOSED_MESSAGES 5 /* so many at least */
#define PROPOSED_LINKS_MIN 3
/* Who has at least so many, the first and whoever has half of what they have; how many. */
size_t roster_propose(const struct roster *r, struct role_proposal out[PROPOSALS_MAX]);
