/* internal.h - the state of the room, shared by its own files.
 *
 * Threads: the writer (commands and the module's functions), the maker, and readers. 'lock' guards
 * what stands below it. */
#pragma once

#include <pthread.h>
#include <roaring/roaring.h>

#include "base/vec.h"
#include "segments/panel.h"
#include "segments/segments.h"
#include "today/today.h"

/* A rule as it comes with the product. */
struct builtin {
    const char *code;
    int weight, again_days;
    bool live;
    const char *expr;
    const char *say[TODAY_LANGS];
    const char *number[TODAY_NUMBERS];
};
extern const struct builtin today_builtins[]; /* ends with {0} */

enum { TIMER_MAKE = 1 };

/* An event that was committed. */
struct touched {
    uint32_t persona;
    uint16_t kind;
};

struct room {
    struct brand *brand;
    /* the writer's */
    VEC(struct touched) pending; /* of the batch under way */
    bool woken;                  /* the batch has something for the maker */
    uint64_t noted;              /* events of the batch under way, in 'pending' */
    uint64_t seq_seen;           /* of the newest event committed */
    /* shared */
    atomic_bool watching; /* live rules are followed: the day's lists are made */
    pthread_mutex_t lock;
    pthread_cond_t wake, settled;
    bool started, stop;
    bool wanted;               /* see whether lists are due */
    bool anew;                 /* ask live rules about everybody: what was noted is not all */
    roaring_bitmap_t *touched; /* personas to be asked about */
    VEC(uint8_t) kinds;        /* by kind: may an event of it make a live rule hold? */
    bool every_kind;           /* any may */
    uint64_t asked, answered;  /* tickets of today_settle */
    struct budget budget;      /* of scans; cancelled at the end */
    pthread_t maker;
    /* the maker's */
    VEC(int64_t) due; /* by member: when a live rule may hold by the clock alone; TIME_NONE */
    uint64_t rest_ns; /* not before then, unless somebody waits for it */
    int64_t retry_at; /* the same of lists that could not be made */
};

static inline struct room *room_of(struct brand *b)
{
    return brand_module_state(b, &today_module);
}

extern const struct migration today_migrations[];

/* ---- maker.c ---- */
MUST_CHECK enum err maker_start(struct room *r);
void maker_stop(struct room *r);

/* ---- day.c: what the maker does ---- */

/* The first instant of the hour at which the list of a day is made. */
int64_t day_hour(struct brand *b, int32_t day, int hour);
/* Make the lists of 'day' as of 'at', unless they are there. */
MUST_CHECK enum err day_make(struct room *r, int32_t day, int64_t at, struct why *why);
/* Add to the lists of 'day' by live rules: of those members, NULL = of everybody. 'due' is set of
 * each that was asked about. */
MUST_CHECK enum err day_top_up(struct room *r, int32_t day, int64_t now,
                               const roaring_bitmap_t *members, struct why *why);

/* ---- settle.c ---- */

/* Settle what is old enough. */
MUST_CHECK enum err settle_old(struct room *r, int64_t now, struct why *why);

/* ---- waiting.c ---- */

/* Members whose question in a group nobody has answered (groups/unanswered.h); the caller's to
 * free. 'budget' may be NULL. */
MUST_CHECK enum err waiting_members(struct brand *b, struct sql *db, int64_t now,
                                    struct budget *budget, roaring_bitmap_t **out, struct why *why);

/* ---- store.c: rows of suggestions ---- */

/* A suggestion to be stored. */
struct fresh {
    uint32_t member;
    struct str owner, rule;
    int64_t score; /* in millionths */
    int64_t number[TODAY_NUMBERS];
    bool withheld;
};
struct fresh_day {
    int32_t day;
    int64_t made_at;
    bool first; /* the lists of the day are made by it, unless they are there */
    const struct fresh *items;
    size_t count;
    uint64_t held; /* members for whom a reason held; of the first */
};
/* Have the writer tell when lists are made next. */
MUST_CHECK enum err store_set_timer(struct tx *tx);
MUST_CHECK enum err store_add(struct brand *b, const struct fresh_day *d, struct why *why);
/* When the lists of the day were made; TIME_NONE. And the last day with lists; INT32_MIN. */
MUST_CHECK enum err store_made_at(struct sql *db, int32_t day, int64_t *out);
MUST_CHECK enum err store_last_day(struct sql *db, int32_t *out);

/* One that was suggested or withheld before. */
struct former {
    uint32_t persona;
    int32_t day;
    struct str rule;
    enum today_state state;
};
MUST_CHECK enum err store_former(struct sql *db, int32_t since, struct arena *arena,
                                 struct former **out, size_t *count);
/* To be settled: made 14 and a half days before 'now' or earlier; of the earliest moment. */
struct unsettled {
    int64_t made_at;
    uint32_t *ids;
    uint32_t *members;
    bool *back;
    size_t count;
};
MUST_CHECK enum err store_unsettled(struct sql *db, int64_t now, struct arena *arena,
                                    struct unsettled *out);
MUST_CHECK enum err store_settle(struct brand *b, const struct unsettled *u, int64_t now,
                                 struct why *why);

/* ---- fill.c: numbers of a sentence ---- */

/* What {n}, {a} and {b} of rules are, ready to be asked. */
struct fill;
struct fill *fill_create(struct brand *b, const struct today_rule *rules, size_t count,
                         int64_t now);
void fill_destroy(struct fill *f); /* NULL is allowed */
/* The numbers of a rule about a member; INT64_MIN where there is none. */
void fill_numbers(struct fill *f, size_t rule, const struct snapshot *s,
                  const struct panel_member *m, struct arena *arena, int64_t out[TODAY_NUMBERS]);
/* Can it be read? ERR_INVALID names 'field'. */
MUST_CHECK enum err fill_check(struct brand *b, struct str number, const char *field,
                               struct arena *arena, struct why *why);
