/* checkup.h - a group looked at whole, as of a moment: its talk, suspects, health and graph; and
 * what was found, day by day.
 *
 * Looking is a scan of the log and pure kernels, on any thread. Days are a projection: a row a
 * group and day, written when something new was said (main/healer.c), which can be made again at
 * any time. Verdicts on suspects are records. */
#pragma once

#include "groups/graph.h"
#include "groups/haves.h"
#include "groups/suspect.h"

/* The module to list in main/modules.c. */
extern const struct module health_module;

struct checkup_ask {
    struct brand *brand;
    struct sql *db;                   /* any connection */
    uint32_t group;                   /* code of DIM_GROUP */
    int64_t to;                       /* the 28 days before it are looked at */
    const struct talk_places *places; /* where staff work; NULL = unknown */
};
struct checkup {
    struct talk talk;
    struct str *texts; /* beside its messages, as far as kept; NULL = not read: nothing is sold */
    struct share benefits;               /* of its vouchers */
    struct suspect_elsewhere *elsewhere; /* what those who may be suspected said in other groups */
    uint32_t elsewhere_count;
    struct talk_device *devices; /* those of the talk, and those that two members claimed */
    uint32_t device_count;
    struct suspects suspects;
    struct health health;
    struct haves haves;
    struct graph graph;
};
/* In 'arena'. ERR_TOO_LARGE over LIMIT_TALK_MESSAGES. */
MUST_CHECK enum err checkup_make(const struct checkup_ask *ask, struct arena *arena,
                                 struct checkup *out, struct why *why);

/* Put the words beside all messages, unless they are. */
MUST_CHECK enum err checkup_texts(const struct checkup_ask *ask, struct checkup *c,
                                  struct arena *arena, struct why *why);
/* Words of a message that are kept, {NULL, 0} = none are; in 'arena'. */
MUST_CHECK enum err checkup_text(const struct checkup_ask *ask, const struct checkup *c,
                                 uint32_t message, struct arena *arena, struct str *out,
                                 struct why *why);

/* ---- days ---- */

/* What is kept of a day. */
struct health_day {
    uint32_t group;
    int32_t day; /* of the brand's zone */
    int64_t made_at;
    enum archetype archetype;
    enum unclear unclear;
    double confidence;
    double scores[ARCHETYPE_SCORES];
    double features[FEATURE_COUNT];
    uint32_t members, messages, posts, questions, unanswered, suspects;
    uint32_t circles[CIRCLE_COUNT];
};
#define HEALTH_KEEP_DAYS 800

struct health_day health_day_of(const struct checkup *c, uint32_t group, int32_t day, int64_t at);
MUST_CHECK enum err health_save(struct brand *b, const struct health_day *d, struct why *why);
/* The days of a group (0: of all), from 'since' on, by group and day; in 'arena'. */
MUST_CHECK enum err health_history(struct sql *db, uint32_t group, int32_t since,
                                   struct arena *arena, struct health_day **out, size_t *count);
/* The newest day of each group, by group; in 'arena'. */
MUST_CHECK enum err health_latest(struct sql *db, struct arena *arena, struct health_day **out,
                                  size_t *count);

/* A group in which something happened, and when the earliest of it did. */
struct health_news {
    uint32_t group;
    int64_t since; /* INT64_MAX = nothing did; INT64_MIN = at any time */
};
/* Those of since the last call, in 'arena'; after a load, or when the brand has just been opened,
 * all groups. Any thread. */
size_t health_changed(struct brand *b, struct arena *arena, struct health_news **out);
/* Days of a group that are to be made now: what the news is of, and once a day is over it once
 * more; with the first those of HEALTH_BACK_DAYS before it. Where the news is older than these, or
 * the last look is, the days before today are forgotten, for health_back() to bring again. */
#define HEALTH_BACK_DAYS 28
struct health_days {
    int32_t from, to; /* the last is today */
    int32_t newest;   /* the latest that was made before; INT32_MIN = none was */
};
MUST_CHECK enum err health_due(struct brand *b, struct sql *db, const struct health_news *news,
                               struct health_days *out, struct why *why);
/* The day before the first that is kept: the next to be made of a group's past. A group of which
 * no day is kept, or HEALTH_KEEP_DAYS, has none: INT32_MIN. */
MUST_CHECK enum err health_back(struct brand *b, struct sql *db, uint32_t group, int32_t *day);
/* Look at a group as of the end of a day, or as of now, and keep that as the day's; the time asked
 * for is not read. Circles are kept with it, but not of the past, which a later
 * look has gone beyond. Of a group that had not begun by then nothing is kept: '*empty'. */
MUST_CHECK enum err health_make_day(const struct checkup_ask *ask, int32_t day, bool past,
                                    bool *empty, struct why *why);

/* ---- verdicts on suspects ---- */

struct verdict {
    uint32_t group, persona;
    enum suspect_verdict verdict; /* VERDICT_NONE takes back what was said */
    struct str said_by, note;
    int64_t at; /* filled in */
};
/* ERR_NOT_FOUND: there is no such member. */
MUST_CHECK enum err verdict_set(struct brand *b, struct verdict *v, struct why *why);
MUST_CHECK enum err verdict_list(struct sql *db, uint32_t group, struct arena *arena,
                                 struct verdict **out, size_t *count);
/* All that was said of a member, in any group. */
MUST_CHECK enum err verdicts_of(struct sql *db, uint32_t member, struct arena *arena,
                                struct verdict **out, size_t *count);
