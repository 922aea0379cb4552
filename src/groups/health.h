/* health.h - what kind of group it is: features, archetypes, and the messages behind them.
 *
 * definitions.md 5. A pure function of a struct talk and of who is suspected: nothing is stored,
 * nothing outlives the arena. Any thread. */
#pragma once

#include "groups/posts.h"

enum feature {
    FEATURE_STAFF,       /* s: staff share */
    FEATURE_ECHO,        /* e */
    FEATURE_LED,         /* L: led talk */
    FEATURE_UNPROMPTED,  /* u */
    FEATURE_DIALOGUE,    /* d */
    FEATURE_BREADTH,     /* b */
    FEATURE_IGNORED,     /* i */
    FEATURE_TIMETABLE,   /* r */
    FEATURE_DEPARTMENTS, /* h */
    FEATURE_STAGING,     /* g */
    FEATURE_COUNT
};
enum archetype {
    ARCHETYPE_MONOLOGUE,
    ARCHETYPE_STAGED,
    ARCHETYPE_SELF_CENTRED,
    ARCHETYPE_SELF_DRIVEN,
    ARCHETYPE_LED,
    ARCHETYPE_SCORES,
    ARCHETYPE_MIXED = ARCHETYPE_SCORES, /* no score reaches 0.25 */
    ARCHETYPE_UNCLEAR,                  /* not judged */
    ARCHETYPE_COUNT
};
enum unclear { UNCLEAR_NOT, UNCLEAR_STAFF, UNCLEAR_MEMBERS, UNCLEAR_POSTS };

/* How a led group is led: a class that is taught, or a live sale. Ours, as led itself is. */
enum leading { LEADING_NOT, LEADING_COURSE, LEADING_SALE };
#define LEADING_SALE_SHARE 0.25           /* of staff's own posts promote, or more: a sale */
const char *leading_name(enum leading l); /* "course" "sale"; NULL for NOT */

const char *feature_name(enum feature f);     /* "staff" "echo" "led" ... */
const char *archetype_name(enum archetype a); /* "monologue" ... "mixed" "unclear" */
const char *unclear_name(enum unclear u);     /* "staff" "members" "posts"; NULL for NOT */

#define HEALTH_LANGS 2 /* en, zh; in the order of enum lang */
/* What to do about it. */
const char *archetype_remedy(enum archetype a, int lang);

struct health_feature {
    double value;
    double hits, of; /* of which it was made: definitions.md has both for each */
    bool known;      /* else the value is what stands for unknown */
};

/* A feature and which way it pulls the score. */
struct health_lead {
    uint8_t feature; /* enum feature */
    bool high;       /* it speaks for the archetype by being high */
    double weight;   /* by how much the score would differ, were the feature half-way */
};
#define HEALTH_LEADS 2

struct health {
    struct health_feature features[FEATURE_COUNT];
    double scores[ARCHETYPE_SCORES];
    enum archetype archetype;
    enum unclear unclear;
    enum leading leading;                   /* of a led one */
    double confidence;                      /* lead of the best score over the second */
    struct health_lead leads[HEALTH_LEADS]; /* of the archetype with the best score */
    uint32_t lead_count;
    uint32_t members, messages, posts, threads, staff_threads, speakers;
    uint32_t questions, unanswered, replies, member_replies, reactions;
    uint32_t own_posts;  /* of staff that answer nobody */
    uint32_t promotions; /* of them, those that sell */
    uint32_t staff;      /* accounts named as such */
    uint32_t rows;       /* messages and reactions looked at */
    uint16_t *counted;   /* [rows] bit per feature: what it was counted over */
    uint16_t *hit;       /* [rows] and what hit */
};

struct health_ask {
    const struct talk *talk;
    const bool *suspect; /* by account; NULL = nobody is */
};

void health_make(const struct health_ask *ask, struct arena *arena, struct health *out);

/* The latest messages behind a feature, newest first: those that hit, or those that did not. How
 * many, up to 'max'. */
uint32_t health_evidence(const struct health *h, enum feature feature, bool hit, uint32_t *out,
                         uint32_t max);

/* ---- archetype.c ---- */

/* Fill scores, archetype, confidence and leads from features and counts. */
void archetype_judge(struct health *h);
