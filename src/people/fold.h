/* fold.h - one member's lifecycle stage, trust stage and counters, as a fold of their own events.
 *
 * A pure function of the member's events in order of (at, commit), the rules, and a moment: no
 * clock, no storage. The live writer, the bulk path, the rebuild and the queries all call it;
 * definitions.md sections 2 and 3 (docs/definitions.md) say what it computes, exact to the
 * millisecond.
 *
 * A struct fold holds the aggregates after the member's latest event. Between events only the clock
 * moves the stage; fold_advance() walks those moments. One thread per fold. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/history.h"
#include "base/str.h"
#include "base/time.h"
#include "eventlog/event.h"
#include "expr/expr.h"

enum stage {
    STAGE_POTENTIAL,
    STAGE_NEW,
    STAGE_EFFECTIVE,
    STAGE_ACTIVE,
    STAGE_CORE,
    STAGE_DORMANT,
    STAGE_CHURNED,
    STAGE_COUNT,
    STAGE_NONE = STAGE_COUNT /* a visitor: known by an anon or device id only, never joined */
};
enum trust {
    TRUST_UNAWARE,
    TRUST_CURIOUS,
    TRUST_ACQUAINTED,
    TRUST_INFORMED,
    TRUST_FAMILIAR,
    TRUST_BOUGHT,
    TRUST_SHARES,
    TRUST_COUNT
};
/* Why a member churned. */
enum churn { CHURN_NOT, CHURN_LEFT, CHURN_REFUNDED, CHURN_SILENT };

const char *stage_name(enum stage s); /* "potential" ...; "visitor" for STAGE_NONE */
const char *stage_name_zh(enum stage s);
const char *trust_name(enum trust t); /* "unaware" ... */
const char *trust_name_zh(enum trust t);

/* Who of the contacts answers for a member, unless that was said by hand; definitions.md 2. */
enum fold_owner_rule { FOLD_OWNER_FIRST, FOLD_OWNER_LAST, FOLD_OWNER_ACTIVE, FOLD_OWNER_RULES };
const char *fold_owner_rule_name(enum fold_owner_rule rule); /* "first" ... */
#define FOLD_OWNER_DAYS_MAX 60

/* Numbers of definitions.md 2 and 3, each changeable per brand. What they are called, their
 * defaults, bounds and words are the table of numbers.c. */
struct fold_rules {
    int dormant_days;       /* without an act */
    int rhythm_orders;      /* order days that make a rhythm */
    int rhythm_percent;     /* of the own gap: how long a rhythm lasts */
    int fell_percent;       /* of the days before: so few act days, or fewer, are dormant, too */
    int fell_days;          /* act days in a window that the time before must have had */
    int churned_days;       /* without act, look or join */
    int patience_percent;   /* of the own gap: churned not before */
    int left_hours;         /* in no group, on no list */
    int order_days;         /* how long a paid order stands for core, active, trust */
    int core_orders;        /* of them, for core */
    int active_days;        /* act days in a window, for active */
    int active_orders;      /* orders that stand, for active */
    int effective_days;     /* act days in a window, for effective */
    int window_days;        /* the window itself */
    int before_days;        /* the time before it */
    int returned_days;      /* how long one counts as won back */
    int silent_buyer_days;  /* without a message */
    int informed_items;     /* different content items */
    int familiar_exchanges; /* and these: for familiar */
    int familiar_days;
    int familiar_staff;
    int owner_days; /* window of FOLD_OWNER_ACTIVE, up to FOLD_OWNER_DAYS_MAX */
    enum fold_owner_rule owner;
};
/* As numbers.c has them. */
void fold_rules_default(struct fold_rules *r);
/* "training" 5/30, "fresh" 7/45, "knowledge" 14/90 (default), "retail" 30/120, "beauty" 30/180;
 * false if unknown. */
bool fold_rules_preset(struct str name, struct fold_rules *r);

/* What a kind means to the fold; several bits may be set. */
enum {
    ROLE_ACT = 1 << 0,
    ROLE_INTERACTION = 1 << 1,
    ROLE_LOOK = 1 << 2,
    ROLE_JOIN_CONTACT = 1 << 3,
    ROLE_LEAVE_CONTACT = 1 << 4,
    ROLE_JOIN_GROUP = 1 << 5,
    ROLE_LEAVE_GROUP = 1 << 6,
    ROLE_ORDER_PAID = 1 << 7,
    ROLE_ORDER_REFUNDED = 1 << 8,
    ROLE_MESSAGE = 1 << 9,
    ROLE_EFFECTIVE = 1 << 10,
    ROLE_TOUCH = 1 << 11,
    ROLE_CONTENT_VIEWED = 1 << 12,
    ROLE_INFORMED = 1 << 13,
    ROLE_DM_RECEIVED = 1 << 14,
    ROLE_DM_SENT = 1 << 15,
    ROLE_SHARES = 1 << 16,
    ROLE_INVITE_PAID = 1 << 17,
    ROLE_INVITE_QUALIFIED = 1 << 18,
    ROLE_INVITE_ACCEPTED = 1 << 19,
    ROLE_KNOWN = 1 << 20,
    ROLE_ANSWERED = 1 << 21,
    ROLE_DERIVED = 1 << 22,
    ROLE_BOOKKEEPING = 1 << 23, /* not the member's doing (merged, tagged): left out of the fold */
    ROLE_ASSIGNED = 1 << 24,    /* the owner by hand: 'staff', 0 = by the rule again; with
                                   ROLE_BOOKKEEPING */
};
/* Roles of a kind by its name; 0 for a brand's own kinds. */
uint32_t fold_kind_roles(struct str kind);

/* What the fold needs to know of a brand. Filled by people_fold_names() for a brand, by hand in
 * tests. */
struct fold_names {
    struct fold_rules rules;
    const struct zone *zone;
    const uint32_t *roles; /* [kind_count] by kind code */
    uint32_t kind_count;
    uint32_t prop_order;    /* typed property ids; 0 = not registered */
    uint32_t prop_question; /* bool: the message is a question */
    uint32_t
        prop_known; /* bool: on member.created / member.identified: more than anon or device id */
    uint32_t prop_template; /* bool or absent: a template, not written by a person */
    int kind_lifecycle;     /* codes of the derived kinds, -1 = not registered */
    int kind_trust;
    int kind_circle;
    uint32_t prop_from, prop_to; /* text properties of derived events */
    /* text of a staff code, by which ties are broken; NULL = by number */
    struct str (*staff_text)(void *ctx, uint32_t code);
    void *staff_ctx;
};

/* One event as the fold sees it. */
struct fold_row {
    int64_t at;
    uint32_t roles;
    uint32_t group, content, staff, other;
    int64_t amount; /* HISTORY_NO_AMOUNT = null */
    uint64_t order; /* hash of props.order; 0 = none */
    bool question, known, human;
};
/* Columns a history must have for fold_row_of_history (added to 'columns'; types beside
 * columns->props). */
void fold_columns(const struct fold_names *n, struct columns *columns);
void fold_row_of_history(const struct fold_names *n, const struct columns *columns,
                         const struct history *h, uint32_t row, struct fold_row *out);
void fold_row_of_event(const struct fold_names *n, const struct event *ev, struct fold_row *out);
/* Is the event marked as a template, not written by a person? */
bool fold_is_template(const struct fold_names *n, const struct event *ev);

struct fold;
struct fold *fold_create(void);
void fold_destroy(struct fold *f);
void fold_reset(struct fold *f); /* as new: no events; keeps capacity */

/* A change of stage or trust, at the moment the new one began to hold. */
struct fold_change {
    int64_t at;
    enum { FOLD_LIFECYCLE, FOLD_TRUST } what;
    int from; /* enum stage or trust; -1 = none before (the first one) */
    int to;
};
typedef void fold_change_fn(void *ctx, const struct fold_change *change);

/* Fold one event; row->at must be >= fold_last_at(). Moments of the clock before row->at are walked
 * first. Several changes in one millisecond give one, reported when time moves past it (or at
 * fold_advance). 'fn' may be NULL. */
void fold_event(struct fold *f, const struct fold_names *n, const struct fold_row *row,
                fold_change_fn *fn, void *ctx);
/* Walk the moments up to and including 'until'. A fold that was advanced takes no more events
 * before 'until': advance a copy when more may come. */
void fold_advance(struct fold *f, const struct fold_names *n, int64_t until, fold_change_fn *fn,
                  void *ctx);
/* For who wants the stage at a few moments and no changes: add one event without judging it, and
 * the stage at 'at', which no event added is after; '*due' is when it may change by the clock
 * alone. A fold takes fold_event() or fold_add(), not both. */
void fold_add(struct fold *f, const struct fold_names *n, const struct fold_row *row);
enum stage fold_stage_at(const struct fold *f, const struct fold_names *n, int64_t at,
                         int64_t *due);
/* Both stages, likewise. */
void fold_stages_at(const struct fold *f, const struct fold_names *n, int64_t at, enum stage *stage,
                    enum trust *trust);
void fold_copy(struct fold *to, const struct fold *from);
int64_t fold_last_at(const struct fold *f);               /* TIME_NONE before the first event */
bool fold_in_group(const struct fold *f, uint32_t group); /* as of the latest event */

/* A message can be answered for less than this long. */
#define FOLD_ANSWER_MS TIME_DAY
/* A message of the member's that waits for an answer, as of the latest event. */
struct fold_ask {
    uint32_t group; /* 0 = a direct message */
    int64_t at;
    bool by_staff; /* the direct message came from the other side */
};
/* The i-th of them, the direct message first; false when there are no more. */
bool fold_get_ask(const struct fold *f, uint32_t i, struct fold_ask *out);
/* Does a message of the member's wait in that group (0: direct) that an answer at 'at' reaches? */
bool fold_awaits(const struct fold *f, uint32_t group, int64_t at);

/* How often a member acts, and orders. */
struct fold_rhythm {
    uint32_t act_days;    /* days with an act in the window of 28 d */
    uint32_t days_before; /* the same in whole windows before that one ... */
    uint32_t windows;     /* ... so many, at most those of 84 d; 0 = the member is too new */
    double order_gap;     /* days from one order day to the next, in the mean */
    int64_t order_due;    /* when the next order is due so; TIME_NONE below three order days */
    int64_t due;          /* the next moment at which the clock alone may change this; TIME_NONE */
};
/* What is known of a member and one of staff; borrowed from the fold. */
struct fold_tie {
    uint32_t staff;
    int64_t added;  /* since when the member is on their contact list; TIME_NONE = is not */
    int64_t talked; /* last talk; TIME_NONE = none for FOLD_OWNER_DAYS_MAX days */
    uint64_t days;  /* bit k: one k days before the member's latest with anybody */
};
enum fold_owner_by { FOLD_OWNER_NOBODY, FOLD_OWNER_BY_RULE, FOLD_OWNER_BY_HAND };

/* State at the moment the fold stands at. */
struct fold_state {
    enum stage stage;
    int64_t stage_since;
    enum churn churn;
    enum trust trust, trust_peak;
    bool returned, outside, reads, silent_buyer;
    int64_t first_seen, last_seen; /* TIME_NONE = never */
    int64_t created, joined, last_interaction, last_order, last_act;
    uint64_t events;
    uint32_t orders; /* paid and standing (not refunded), ever */
    int64_t spent;   /* minor units, refunds subtracted */
    uint32_t invited, qualified;
    uint32_t contacts;      /* contact lists the member is on */
    uint32_t group_count;   /* groups the member is in */
    const uint32_t *groups; /* their codes, ascending; borrowed */
    uint32_t owner;         /* code of the staff member who answers for the member; 0 = nobody */
    enum fold_owner_by owner_by;
    int64_t owner_since;         /* when they were set, or came on the contact list */
    const struct fold_tie *ties; /* ascending by staff; borrowed */
    uint32_t tie_count;
    int64_t due; /* the next moment at which the clock alone may change the state; TIME_NONE */
    struct fold_rhythm rhythm; /* once fold_get_rhythm() is asked; of a member without any */
};
uint32_t fold_owner(const struct fold *f, const struct fold_names *n); /* of it, alone */
void fold_get_state(const struct fold *f, const struct fold_names *n, struct fold_state *out);
/* At 'now', up to which the fold was advanced: it is what the stages do not need, and so apart. */
void fold_get_rhythm(const struct fold *f, const struct fold_names *n, int64_t now,
                     struct fold_rhythm *out);
/* Why a stage holds: the rule of definitions.md, and the figures that make it hold. */
enum fold_rule {
    /* lifecycle */
    RULE_VISITOR,
    RULE_POTENTIAL,
    RULE_CHURNED_LEFT,     /* at: of leaving; limit: hours */
    RULE_CHURNED_REFUNDED, /* at: since when the latest order is void; limit: days */
    RULE_CHURNED_SILENT,   /* at: of the last act, look or join; count: days since; limit: days */
    RULE_DORMANT_IDLE,     /* at: of the last act or join; count: days since; limit: days */
    RULE_DORMANT_LESS,    /* count: act days of the window; limit: its days; before: earlier ones */
    RULE_CORE,            /* at: of what was brought; limit: days */
    RULE_ACTIVE,          /* count: act days of the window; limit: its days */
    RULE_EFFECTIVE_DAYS,  /* the same */
    RULE_EFFECTIVE_ORDER, /* count: orders that stand */
    RULE_EFFECTIVE_RHYTHM, /* at: when the rhythm ends */
    RULE_EFFECTIVE_ACT,
    RULE_NEW, /* at: of joining */
    /* trust */
    RULE_UNAWARE,
    RULE_CURIOUS,
    RULE_LAPSED, /* curious again; at: of leaving */
    RULE_ACQUAINTED,
    RULE_INFORMED_TOOK,
    RULE_INFORMED_VIEWED,
    RULE_FAMILIAR,
    RULE_BOUGHT,      /* count: orders that stand */
    RULE_BOUGHT_LEFT, /* at: of leaving; limit: days */
    RULE_SHARES,
    RULE_COUNT
};
const char *fold_rule_name(enum fold_rule rule); /* "dormant_idle" ... */
struct fold_reason {
    enum fold_rule rule;
    int64_t at; /* TIME_NONE where the rule says none */
    int64_t count, limit, before;
};
/* Why the stages hold at 'now', to which the fold was advanced. */
void fold_get_reasons(const struct fold *f, const struct fold_names *n, int64_t now,
                      struct fold_reason *lifecycle, struct fold_reason *trust);
/* A field of expr.h that the state answers, the owner by the number of the code; false for the
 * others (traits ...). */
bool fold_field(const struct fold_state *s, enum expr_field field, struct expr_value *out);

/* Bytes for the member's row, and back. The encoding is canonical: equal states encode equally. */
void fold_encode(const struct fold *f, struct strbuf *out);
/* False: damaged; f is then as new. What follows from the rules does so from these. */
bool fold_decode(struct fold *f, const struct fold_rules *r, struct str bytes);
