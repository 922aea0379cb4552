/* today.h - the list of the day 今日待办: for each of the staff the members most worth a word now,
 * and why.
 *
 * Rules are member expressions with a weight and a sentence; built-in ones can be changed, a brand
 * adds its own. Once a day, at an hour of the brand's zone, a thread of the brand finds for whom
 * they hold (one pass over the log, beside the writer), chooses, and stores the lists; some rules
 * are live and add to the lists as things happen. A tenth of the choices is stored and never shown:
 * 14 days later both kinds are settled by whether the member acted, which is what a rule is ranked
 * by once it is known (lift.h). docs/today.md says all of it. */
#pragma once

#include "base/limits.h"
#include "brand/brand.h"
#include "today/lift.h"

extern const struct module today_module;

#define TODAY_SETTLE_DAYS 14   /* an act within so many days is what a suggestion is for */
#define TODAY_AGAIN_DAYS 7     /* nobody is suggested twice in so many */
#define TODAY_USELESS_DAYS 180 /* a reason called not useful is not given again for a member */
#define TODAY_KEEP_DAYS 400    /* suggestions older than this are forgotten */
#define TODAY_LEARN_DAYS 180   /* what happened to suggestions of so many days counts as known */
#define TODAY_SNOOZE_DAYS 30   /* put off for so many at most */
#define TODAY_HOUR 7           /* unless set otherwise */

/* ---- rules ---- */

/* A reason of this code is one of those alone whose question in a group nobody has answered
 * (groups/unanswered.h), whatever its expression is: that cannot see what others say. */
#define TODAY_WAITING "waiting"

enum { TODAY_N, TODAY_A, TODAY_B, TODAY_NUMBERS };
#define TODAY_LANGS 2

struct today_rule {
    struct str code;
    bool builtin;
    bool changed; /* of a built-in one: it is not as it came */
    bool on;
    bool live;      /* looked at as things happen, not once a day */
    int weight;     /* 0 to 100: ten times the points of retention it is thought to be worth */
    int again_days; /* the same reason for the same member not before; TODAY_AGAIN_DAYS or more */
    struct str expr;
    struct str say[TODAY_LANGS];      /* by enum lang; {n} {a} {b} stand for the numbers */
    struct str number[TODAY_NUMBERS]; /* what they are (fill.h); empty = none */
    struct str author;                /* who changed it last; empty = as it came */
    uint64_t version;                 /* 0 = as it came */
    int64_t changed_at;               /* TIME_NONE = as it came */
};

/* All, the built-in ones first and in their order; in 'arena'. */
MUST_CHECK enum err today_rules(struct sql *db, struct arena *arena, struct today_rule **out,
                                size_t *count, struct why *why);
/* ERR_NOT_FOUND. */
MUST_CHECK enum err today_rule_get(struct sql *db, struct str code, struct arena *arena,
                                   struct today_rule *out, struct why *why);
/* Put the rule in the place of the one of its code and version; version 0 of a code that no
 * built-in rule has makes one. Version and time are filled in, expr becomes canonical (in 'arena').
 * ERR_INVALID names the field; ERR_PRECONDITION: it was changed meanwhile; ERR_TOO_LARGE over
 * LIMIT_TODAY_RULES. */
MUST_CHECK enum err today_rule_save(struct brand *b, struct today_rule *r, struct arena *arena,
                                    struct why *why);
/* Remove a rule of the brand's own, or have a built-in one as it came. ERR_PRECONDITION. */
MUST_CHECK enum err today_rule_reset(struct brand *b, const struct today_rule *r, struct why *why);

/* Why a rule is not used, though it is on. */
enum today_trouble {
    TODAY_FINE,
    TODAY_UNREADABLE, /* its expression cannot be read: a field or a segment is missing */
    TODAY_UNKNOWN     /* it reads what this brand has never had: a kind, a property, a trait */
};
enum today_trouble today_rule_trouble(struct brand *b, const struct today_rule *r);

/* For how many members each holds now: counts[i]. One pass over the log. */
MUST_CHECK enum err today_count(struct brand *b, const struct today_rule *rules, size_t count,
                                struct budget *budget, uint64_t *counts, struct why *why);

/* What became of the suggestions of a rule. */
MUST_CHECK enum err today_results(struct sql *db, struct str code, int64_t now,
                                  struct today_result *out);

/* ---- the lists ---- */

struct today_settings {
    int hour;     /* 0 to 23 */
    int per_day;  /* 1 to LIMIT_TODAY_A_DAY */
    bool enabled; /* lists are made */
};
MUST_CHECK enum err today_get_settings(struct sql *db, struct today_settings *out);
MUST_CHECK enum err today_set_settings(struct brand *b, const struct today_settings *s,
                                       struct why *why);

enum today_state { TODAY_OPEN, TODAY_DONE, TODAY_SNOOZED, TODAY_USELESS, TODAY_STATES };
/* Why a suggestion was not useful. */
enum today_because { TODAY_WRONG, TODAY_ALREADY, TODAY_UNWELCOME, TODAY_OTHER, TODAY_BECAUSES };
extern const char *const today_state_names[TODAY_STATES];     /* "open" ... */
extern const char *const today_because_names[TODAY_BECAUSES]; /* "wrong" ... */

struct today_item {
    uint32_t id;
    int32_t day; /* of the list */
    int64_t made_at;
    uint32_t member;  /* the root */
    struct str owner; /* code of the staff member; empty = the pool */
    struct str rule;
    int64_t number[TODAY_NUMBERS]; /* INT64_MIN = none */
    enum today_state state;
    struct str by;          /* "staff:3"; who said so; empty = nobody */
    int64_t state_at;       /* TIME_NONE = never */
    int32_t until;          /* TODAY_SNOOZED: the day it comes back; else 0 */
    enum today_because why; /* TODAY_USELESS */
};

/* The list of a person, or of the pool (empty owner), as of 'day': those of the day and those put
 * off until it or before, best first. Withheld ones are in no list. */
struct today_list {
    int64_t made_at; /* TIME_NONE: it is not made yet */
    struct today_item *items;
    size_t count;
};
MUST_CHECK enum err today_list(struct sql *db, struct str owner, int32_t day, struct arena *arena,
                               struct today_list *out, struct why *why);
/* ERR_NOT_FOUND, also of one that was withheld. */
MUST_CHECK enum err today_get(struct sql *db, uint32_t id, struct arena *arena,
                              struct today_item *out, struct why *why);
/* How many each has on the list of the day, the pool (empty owner) first. */
struct today_load {
    struct str owner;
    uint64_t count;
};
MUST_CHECK enum err today_loads(struct sql *db, int32_t day, struct arena *arena,
                                struct today_load **out, size_t *count);
/* All that was suggested of a member or withheld, newest first, for who asks for their data. */
struct today_past {
    int32_t day;
    int64_t made_at;
    struct str rule;
    bool withheld;
    enum today_state state;
};
MUST_CHECK enum err today_of_member(struct sql *db, uint32_t member, struct arena *arena,
                                    struct today_past **out, size_t *count, struct why *why);

/* Say what became of a suggestion: state, until and why of 'mark', by whom. TODAY_OPEN takes it
 * back. ERR_NOT_FOUND. */
struct today_mark {
    uint32_t id;
    enum today_state state;
    int32_t until;
    enum today_because why;
    struct str by;
};
MUST_CHECK enum err today_set(struct brand *b, const struct today_mark *mark, struct why *why);
/* Take one from the pool onto a person's list, or (empty owner) put it back. ERR_CONFLICT: it is
 * somebody else's; ERR_TOO_LARGE: the list is full today. */
MUST_CHECK enum err today_take(struct brand *b, uint32_t id, struct str owner, struct why *why);

/* Have the list of the day made if it is not there though its hour has passed, or if this brand
 * never had one. Returns at once. */
void today_want(struct brand *b);
/* Wait until the lists that are due are made, and all that is committed is looked at. */
void today_settle(struct brand *b);

/* A sentence with its numbers in, in 'arena'. */
struct str today_sentence(struct arena *arena, struct str say, const int64_t *number);
