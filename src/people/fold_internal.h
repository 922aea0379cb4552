/* fold_internal.h - the aggregates of a fold, shared by its own files.
 *
 * fold.c walks the clock, fold_apply.c and fold_order.c add an event to the aggregates,
 * fold_stage.c holds the rules as a pure function of aggregates and moment, fold_codec.c turns them
 * to bytes. */
#pragma once

#include <assert.h>

#include "people/fold.h"

#define FOLD_NEVER INT64_MAX /* as a due time: the clock alone changes nothing */

/* A set of codes, ascending. */
struct fold_codes {
    uint32_t *items;
    uint32_t count;
    uint32_t capacity;
};

/* A calendar day with acts. */
struct fold_day {
    int64_t first;    /* UTC ms of the day's first act */
    uint32_t span_ms; /* from the first to the last */
    int32_t day;      /* day number in the brand's zone */
};

/* Act days in order of time; those that can no longer matter are dropped when a day is added. */
struct fold_days {
    struct fold_day *items;
    uint32_t count;
    uint32_t capacity;
};

/* An order with a name. */
struct fold_order {
    uint64_t hash;    /* of the name */
    int64_t paid_at;  /* last order.paid of this name; TIME_NONE = only refunds so far */
    int64_t paid;     /* minor units, all payments */
    int64_t refunded; /* minor units; -1 = no refund; INT64_MAX = refunded without an amount */
};

struct fold_orders {
    struct fold_order *items; /* in order of first appearance */
    uint32_t count;
    uint32_t capacity;
    uint32_t *slots;     /* hash index when there are many: place + 1, 0 = empty */
    uint32_t slot_count; /* a power of two; 0 = not built */
};

/* The member's latest message in a group that nobody answered. */
struct fold_said {
    int64_t at;
    uint32_t group;
};

/* Ascending by group. */
struct fold_saids {
    struct fold_said *items;
    uint32_t count;
    uint32_t capacity;
};

/* Ascending by staff. A tie without 'added' and 'days' is dropped. */
struct fold_ties {
    struct fold_tie *items;
    uint32_t count;
    uint32_t capacity;
};

enum { DM_NONE, DM_FROM_MEMBER, DM_FROM_STAFF };

struct fold {
    /* the clock */
    int64_t last_at; /* time of the latest event; TIME_NONE = no events */
    int64_t now;     /* the moment the fold stands at, >= last_at */
    int64_t due; /* next moment > now when the clock alone may change something; only if !dirty */
    bool dirty;  /* the stages at 'now' are not judged yet */
    /* the stages before 'now' when dirty, else at 'now' */
    uint8_t stage;       /* enum stage */
    uint8_t churn;       /* enum churn; not kept in bytes */
    int trust;           /* enum trust; -1 = none yet */
    int trust_peak;      /* enum trust; -1 = none yet */
    int64_t stage_since; /* when 'stage' began */
    int64_t returned_at; /* when the member last left churned */
    /* counters */
    uint64_t events;
    int64_t first_seen;
    uint32_t invited;   /* invite.accepted as inviter */
    uint32_t qualified; /* invite.qualified as inviter */
    /* facts that stay true */
    bool known;     /* by more than an anon or device id */
    bool touched;   /* something inbound: a touch, a look, an act */
    bool effective; /* one of the events that make effective for good */
    bool informed;  /* attended, or was given a sample */
    bool shares;    /* a share clicked, an invite qualified, a testimonial approved */
    /* latest times; TIME_NONE = never */
    int64_t joined;    /* first join or act */
    int64_t last_join; /* last contact.added or group.joined */
    int64_t left_at;   /* when the last group or contact list was left; TIME_NONE = on one */
    int64_t last_act;
    int64_t last_interaction;
    int64_t last_look;
    int64_t last_message;
    int64_t last_spread; /* invite.paid or invite.qualified */
    /* trust */
    uint32_t content[3];    /* distinct content items viewed, as they came */
    uint8_t content_count;  /* 0 to 3 */
    uint8_t dm_from;        /* DM_*: who waits for an answer */
    bool dm_staff;          /* the message that waits names staff */
    uint8_t exchange_count; /* two-way exchanges, 0 to 3 */
    uint8_t exchange_staff; /* of them with staff, 0 to 2 */
    uint8_t exchange_days;  /* days with one, 0 to 2 */
    int32_t exchange_day;   /* the first such day */
    int64_t dm_at;          /* when the message that waits was written */
    /* orders */
    uint32_t orders_standing;
    uint32_t order_days; /* days with an order.paid */
    int32_t order_day_first;
    int32_t order_day_last;
    int64_t spent;       /* minor units */
    int64_t last_order;  /* last order.paid */
    int64_t standing[2]; /* times of the two latest standing orders, latest first */
    int64_t unnamed[2];  /* of those among the orders without a name */
    uint32_t unnamed_count;
    uint32_t latest;    /* place of the latest order; UINT32_MAX = it has no name, or none */
    int64_t void_at;    /* since when the latest order is unpaid; TIME_NONE = it stands */
    int64_t rhythm_end; /* from the order days: when the rhythm ends */
    int64_t gap;        /* ms: the mean gap between order days; 0 = none */
    int64_t patience;   /* ms: the mean gap between order days times patience_percent; 0 = none */
    /* ownership */
    uint32_t hand_staff; /* owner by hand; 0 = by the rule */
    int32_t talk_day;    /* of the latest talk with staff; INT32_MIN = none */
    int64_t hand_at;     /* when; TIME_NONE = by the rule */
    /* sets */
    struct fold_codes groups;
    struct fold_codes contacts;
    struct fold_ties ties;
    struct fold_saids saids;
    struct fold_days days;
    struct fold_orders orders;
};

static_assert(STAGE_NONE < UINT8_MAX, "stages fit a byte");

/* What the rules say at a moment. */
struct fold_verdict {
    enum stage stage;
    enum churn churn;
    enum trust trust;
    int64_t due; /* next moment at which anything but 'returned' may differ; or FOLD_NEVER */
};

/* fold_stage.c. 't' >= last_at. */
struct fold_verdict fold_judge(const struct fold *f, const struct fold_rules *r, int64_t t);
/* Which rules make the verdict of 't', the lifecycle's and the trust stage's. */
struct fold_reasons {
    struct fold_reason lifecycle, trust;
};
struct fold_reasons fold_reason_at(const struct fold *f, const struct fold_rules *r, int64_t t);
bool fold_reads(const struct fold *f, const struct fold_rules *r, int64_t t);
bool fold_silent_buyer(const struct fold *f, const struct fold_rules *r, int64_t t);
bool fold_returned(const struct fold *f, const struct fold_rules *r, int64_t t);

/* fold_apply.c */
void fold_apply(struct fold *f, const struct fold_names *n, const struct fold_row *row);
/* Make room for 'need' items of 'size' bytes. */
void *fold_grow(void *items, uint32_t *capacity, uint32_t need, size_t size);
/* Place of a code in the set, or where it would be. */
uint32_t fold_code_place(const struct fold_codes *c, uint32_t code);

/* fold_owner.c */
void fold_tie_added(struct fold *f, uint32_t staff, int64_t at);
void fold_tie_left(struct fold *f, uint32_t staff);
void fold_tie_talked(struct fold *f, const struct zone *zone, uint32_t staff, int64_t at);
/* The owner, who says so and since when. */
void fold_find_owner(const struct fold *f, const struct fold_names *n, struct fold_state *out);

/* fold_order.c */
void fold_apply_paid(struct fold *f, const struct fold_names *n, const struct fold_row *row);
void fold_apply_refund(struct fold *f, const struct fold_row *row);
/* Recompute what follows from the orders: 'standing', 'orders_standing'; and the pace from the
 * days. */
void fold_orders_recount(struct fold *f);
void fold_orders_pace(struct fold *f, const struct fold_rules *r);

/* Was nothing folded yet? */
static inline bool fold_is_empty(const struct fold *f)
{
    return f->first_seen == TIME_NONE;
}

static inline int64_t fold_day_last(const struct fold_day *d)
{
    return d->first + d->span_ms;
}

static inline int64_t fold_days_ms(int days)
{
    return days * TIME_DAY;
}
