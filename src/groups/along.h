/* along.h - who goes with whom in a group (A goes with B, 同现): whose visible acts came in the 24
 * h before somebody paid for the same thing or joined the same campaign.
 *
 * definitions.md 4. What comes together need not be caused by each other, and is never called so.
 * An act is about a purchase when both name the same product, or the same campaign: words are not
 * guessed at. A pure function of plain arrays, filled by along_read() from the log or by hand in
 * tests. Any thread. */
#pragma once

#include "base/arena.h"
#include "brand/brand.h"
#include "groups/groups.h"

#define ALONG_TIME TIME_DAY   /* so long an act goes with what follows */
#define ALONG_DAYS 28         /* what is looked at */
#define ALONG_ROUNDS_MAX 1024 /* the newest are compared with */
#define ALONG_ITEMS_MAX 50    /* members with the most credits, for whom a lift is worked out */

/* What something is about; either may be unknown (0, ""). */
struct along_thing {
    uint32_t campaign; /* code of DIM_CAMPAIGN */
    struct str product;
};

enum along_what { ALONG_MESSAGE, ALONG_SIGNUP, ALONG_SHARE, ALONG_TESTIMONIAL };
const char *along_what_name(enum along_what w); /* "message" "signup" "share" "testimonial" */

/* Something that a member did before all of a group. */
struct along_act {
    int64_t at;
    uint32_t member, group;
    struct along_thing about;
    uint8_t what; /* enum along_what */
};
/* A member paid, or joined a campaign. */
struct along_deal {
    int64_t at;
    uint32_t member;
    uint32_t group; /* that the event names; 0 = none: any that the member is in */
    bool joined;    /* else paid */
    struct along_thing about;
};
/* A promotion of staff's. */
struct along_offer {
    int64_t at;
    uint32_t group;
    uint32_t member; /* whose account of staff; 0 = known by a code alone */
    struct along_thing about;
};
struct along_move {
    int64_t at;
    uint32_t member, group;
    uint32_t order; /* among the member's */
    bool in;
};

/* Staff and bots are in none of it. */
struct along_ask {
    uint32_t group;               /* that is asked about; code of DIM_GROUP */
    int64_t from, to;             /* [from, to) */
    const struct along_act *acts; /* of all groups, in order of time; so are deals and offers */
    uint32_t act_count;
    const struct along_deal *deals;
    uint32_t deal_count;
    const struct along_offer *offers;
    uint32_t offer_count;
    const struct along_move *moves; /* by group, member, order */
    uint32_t move_count;
};

/* An act that was before a deal; of a member's acts the latest. */
struct along_credit {
    uint32_t act, deal; /* places in the ask */
    uint32_t shared_by; /* members who share the one credit, this one among them */
};
/* Of whom could have paid how many did. */
struct along_rate {
    uint32_t people, hits;
    uint32_t rounds; /* times that were looked at */
};
struct along_one {
    uint32_t member;
    double credits;
    uint32_t first, count; /* its credits: credits[first] .., the newest first */
    struct along_rate after, without;
    double lift, low, high; /* NAN = unknown; low and high: 95 % */
};
struct along {
    struct along_one *items; /* most credits first */
    uint32_t count;
    struct along_credit *credits;
    uint32_t deals;    /* of members of the group, of a thing that is known */
    uint32_t credited; /* of them, after an act */
};
/* Arrays in 'arena'. A *round* begins with a promotion and ends with the next of the same thing in
 * that group that comes 24 h after it or later. For each round in which a member acted, h after its
 * beginning: of those who were in the group at its beginning and had not paid before h, how many
 * did within the next 24 h, or up to the round's end; and how many did at the same hours of the
 * other rounds of the same thing, in any group, without an act of this member about it. Times that
 * are not over are left out. lift = the one rate / the other. */
void along_make(const struct along_ask *ask, struct arena *arena, struct along *out);

struct along_of {
    struct brand *brand;
    struct sql *db; /* of roles; any connection */
    uint32_t group; /* code of DIM_GROUP */
    int64_t to;     /* the 28 days before it are read */
};
/* Arrays in 'arena'. ERR_TOO_LARGE over LIMIT_TALK_MESSAGES. */
MUST_CHECK enum err along_read(const struct along_of *of, struct arena *arena,
                               struct along_ask *out, struct why *why);
