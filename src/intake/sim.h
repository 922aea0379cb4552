/* sim.h - a brand's year as a game of persons and days. Inside src/intake/simulate.c and sim_*.c
 * only.
 *
 * The world (sim_world.c) has groups, staff, touchpoints, content and a calendar. Each day persons
 * arrive, and those who are there do deeds (sim_people.c, sim_trade.c); what is said in groups is
 * then put into conversation (sim_talk.c); at the end of the day deeds become facts (sim_fact.c).
 * All chance comes from one generator, so that a seed gives one history. One thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/env.h"
#include "base/time.h"
#include "base/vec.h"
#include "people/fact.h"

#define SIM_NEVER INT32_MAX /* a day that does not come */
#define SIM_STAFF_MAX 24    /* staff members at most */
#define SIM_BOT 25          /* the number of the bot among staff */

/* The kinds of event it uses; sim_fact.c has their names. */
enum deed_kind {
    DEED_PAGE_VIEWED,
    DEED_TOUCH_CLICKED,
    DEED_TOUCH_SCANNED,
    DEED_IDENTIFIED,
    DEED_CONTACT_ADDED,
    DEED_CONTACT_DELETED,
    DEED_GROUP_JOINED,
    DEED_GROUP_LEFT,
    DEED_MESSAGE,
    DEED_REACTED,
    DEED_DM_RECEIVED,
    DEED_DM_SENT,
    DEED_SHARE_CLICKED,
    DEED_INVITE_PAID,
    DEED_CONTENT_SENT,
    DEED_CONTENT_VIEWED,
    DEED_CONTENT_SHARED,
    DEED_CHECKIN,
    DEED_SURVEY,
    DEED_LIVE,
    DEED_CLASS,
    DEED_TESTIMONIAL,
    DEED_TESTIMONIAL_APPROVED,
    DEED_SAMPLE,
    DEED_ORDER_CREATED,
    DEED_ORDER_PAID,
    DEED_ORDER_REFUNDED,
    DEED_CAMPAIGN_JOINED,
    DEED_INVITE_ACCEPTED,
    DEED_INVITE_QUALIFIED,
    DEED_REWARD_GRANTED,
    DEED_VOUCHER_ISSUED,
    DEED_VOUCHER_REDEEMED,
    DEED_KIND_COUNT
};

enum {
    DEED_QUESTION = 1 << 0,
    DEED_TEMPLATE = 1 << 1, /* not written by a person */
    DEED_BOT = 1 << 2,
    DEED_OFFLINE = 1 << 3, /* an order at the counter of a store */
    DEED_TRAITS = 1 << 4,  /* carries the person's traits */
};

/* One event to come. Numbers of persons, groups and so on count from 1; 0 = none. */
struct deed {
    int64_t at;      /* UTC ms */
    int64_t amount;  /* minor units, HISTORY_NO_AMOUNT = none */
    uint32_t person; /* who does it */
    uint32_t other;  /* the other person */
    uint32_t order;  /* number of the order, or of the voucher */
    uint16_t group;  /* numbers of its codes */
    uint16_t content;
    uint16_t touchpoint;
    uint16_t staff;
    uint16_t campaign;
    uint16_t who;     /* bits of the identities carried, 1 << enum identity_kind; 0 = the face */
    uint16_t length;  /* characters of a message */
    uint8_t kind;     /* enum deed_kind */
    uint8_t flags;    /* DEED_* */
    uint8_t product;  /* of an order or a sample */
    uint8_t quantity; /* of it */
};

/* A deed of a later day. */
struct later {
    struct deed deed; /* as it will be done */
    uint32_t next;    /* place + 1 of the next of the same day, or of the next free one */
};

/* How persons differ; sim_people.c has the numbers. */
enum character {
    CHARACTER_FAN,       /* all of it, and brings friends */
    CHARACTER_REGULAR,   /* talks and buys */
    CHARACTER_CHATTER,   /* talks, seldom buys */
    CHARACTER_SILENT,    /* buys without a word */
    CHARACTER_READER,    /* reads, never speaks */
    CHARACTER_HUNTER,    /* comes when there is something off */
    CHARACTER_FLEETING,  /* joins, looks, fades */
    CHARACTER_RETURNER,  /* goes away for months and comes back */
    CHARACTER_REFUNDER,  /* buys and sends back */
    CHARACTER_OUTSIDER,  /* buys without joining */
    CHARACTER_POTENTIAL, /* known, never joins */
    CHARACTER_VISITOR,   /* known by a browser only */
    CHARACTER_COUNT
};

/* What a character tends to; chances are per day on which they are there, unless said otherwise. */
struct habits {
    double share;     /* of all who are known */
    double vigour;    /* chance of being there on a day */
    double half_life; /* days in which that halves */
    double views;     /* mean content items viewed */
    double talks;     /* chance of speaking */
    double checks;    /* chance of a check-in */
    double buys;      /* share who ever buy */
    double gap;       /* mean days between orders */
    double stops;     /* chance after an order that it was the last */
    double leaves;    /* chance per day of leaving */
};

enum phase {
    PHASE_VISITOR, /* known by a browser */
    PHASE_KNOWN,   /* known by name, not joined */
    PHASE_OUTSIDE, /* buys, not joined */
    PHASE_JOINED,  /* in a group or on a contact list */
    PHASE_LEFT     /* was, and is no more */
};

struct person {
    uint8_t character;   /* enum character */
    uint8_t phase;       /* enum phase */
    uint8_t group_count; /* groups the person is in */
    bool in_contact;     /* on a staff member's contact list */
    bool store;          /* buys at the counter */
    uint16_t has;        /* identities so far, 1 << enum identity_kind */
    uint16_t group[3];   /* [group_count] */
    uint16_t staff;      /* whose contact */
    uint16_t touchpoint; /* came through */
    uint16_t orders;     /* paid */
    uint16_t campaign;   /* latest one joined */
    uint32_t inviter;    /* who brought them, 0 = nobody */
    int32_t since;       /* day of the last join */
    int32_t turn;        /* day on which the phase ends */
    int32_t order_day;   /* day of the next order */
    int32_t away_from;   /* days of an absence: [away_from, away_until) */
    int32_t away_until;  /* SIM_NEVER both: no absence */
    float vigour;        /* chance of being there on a day, at the start */
    float half_life;     /* days in which it halves */
    float gap;           /* mean days between orders */
    float basket;        /* factor on prices */
};

/* 用途, what a group is for. */
enum group_use { USE_SHARING, USE_SALES, USE_ENABLING, USE_CONVERTING, USE_CARING, USE_COUNT };

struct group {
    uint8_t use;       /* enum group_use */
    struct str name;   /* its code */
    uint16_t staff;    /* who runs it */
    uint32_t joined;   /* ever */
    uint32_t last;     /* latest speaker, a person; 0 = staff */
    int64_t last_at;   /* when they spoke */
    uint32_t asker;    /* whose question is open, 0 = none is */
    int64_t asked_at;  /* when they asked */
    int64_t thread[3]; /* when the group talks today */
};

/* A day and what is in the air. */
struct day {
    int32_t index;   /* 0 = the first simulated */
    int32_t number;  /* of the zone's calendar */
    int64_t start;   /* UTC ms; the day is [start, end) */
    int64_t end;     /* UTC ms */
    int weekday;     /* 1 Monday .. 7 Sunday */
    int month;       /* 1 .. 12 */
    int mday;        /* 1 .. 31 */
    int32_t year;    /* of the calendar */
    bool holiday;    /* around the lunar new year */
    double visits;   /* factor on the usual number of visits */
    double buys;     /* of orders */
    double arrivals; /* of newcomers; any unit */
};

struct sim {
    struct rng rng;                 /* all chance */
    uint64_t salt;                  /* makes the identities of one seed unlike another's */
    const struct zone *zone;        /* the brand's */
    int64_t unit;                   /* minor units in one of the currency */
    int32_t first_day;              /* number of the first day */
    int32_t days;                   /* to be simulated */
    uint32_t persons_total;         /* who will have arrived in the end */
    struct person *persons;         /* [persons_total] */
    uint32_t person_count;          /* arrived */
    double arrival_total;           /* sum of the days' factors */
    double arrival_done;            /* of that, up to today */
    VEC(struct group) groups;       /* group i + 1 */
    uint32_t groups_of[USE_COUNT];  /* how many of each use */
    uint16_t open_group[USE_COUNT]; /* where newcomers go */
    uint16_t next_staff;            /* who runs the next group, less one */
    uint32_t staff_count;           /* 2 .. SIM_STAFF_MAX */
    uint32_t orders, vouchers;      /* numbers given */
    VEC(uint32_t) fans;             /* persons who bring others */
    struct arena *names;            /* of what follows; lives as long as the world */
    VEC(struct str) contents;       /* item i + 1 */
    VEC(struct str) campaigns;      /* campaign i + 1 */
    struct day today;               /* the day being played */
    VEC(struct deed) deeds;         /* of today */
    VEC(struct later) later;        /* deeds of days to come, and free places */
    uint32_t *later_head;           /* [days] place + 1 of the first of each day */
    uint32_t later_free;            /* place + 1 of the first free one */
};

/* sim_world.c: the calendar, and the names of things. */
void sim_name_all(struct sim *s); /* what is numbered by time; the days must be known */
void sim_day(struct sim *s, int32_t index);
void sim_open_day(struct sim *s); /* groups find their hours, staff post */
struct str sim_staff(uint32_t number);
struct str sim_touchpoint(uint32_t number);
struct str sim_content(const struct sim *s, uint32_t number);
struct str sim_campaign(const struct sim *s, uint32_t number);
struct str sim_group(const struct sim *s, uint32_t number);
struct str sim_product(uint32_t number, double *price);
uint32_t sim_product_count(void);
uint16_t sim_recent_content(struct sim *s);
uint16_t sim_running_campaign(const struct sim *s); /* 0 = none */
uint16_t sim_pick_touchpoint(struct sim *s, bool store);
uint16_t sim_join_group(struct sim *s, enum group_use use);

/* Chance. */
static inline bool sim_chance(struct sim *s, double p)
{
    return rng_unit(&s->rng) < p;
}
uint32_t sim_pick(struct sim *s, uint32_t count); /* 0 .. count - 1 */
double sim_exponential(struct sim *s, double mean);
double sim_normal(struct sim *s);
int32_t sim_days_after(struct sim *s, double mean); /* a day after today */
uint32_t sim_times(struct sim *s, double mean);     /* geometric, from 0 */
int64_t sim_moment(struct sim *s);                  /* of today, most in the evening */

/* sim_people.c */
void sim_arrive(struct sim *s);            /* today's newcomers */
void sim_live(struct sim *s);              /* everybody else's day */
uint16_t sim_face(const struct person *p); /* the identity a person is mostly known by */
const struct habits *sim_habits(const struct person *p);
void sim_join(struct sim *s, uint32_t number, int64_t at);

#define SIM_ID(kind) ((uint16_t)(1u << IDENTITY_##kind))
static inline struct person *sim_person(struct sim *s, uint32_t number)
{
    return &s->persons[number - 1];
}

/* sim_act.c: what a person does on a day on which they are there. */
void sim_act(struct sim *s, uint32_t number);
void sim_add_group(struct sim *s, uint32_t number, enum group_use use, int64_t at);

/* sim_trade.c */
void sim_order(struct sim *s, uint32_t number);

/* sim_talk.c: answers and replies of today. */
void sim_weave(struct sim *s);

/* sim_fact.c */
struct deed sim_deed(enum deed_kind kind, uint32_t person, int64_t at);
void sim_do(struct sim *s, const struct deed *d); /* today, or kept for its day; lost if later */
void sim_due(struct sim *s);                      /* what was kept for today */
void sim_fact(struct sim *s, const struct deed *d, struct arena *arena, struct fact *out);
