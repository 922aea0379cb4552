/* score.h - every buyer scored at once: recency, frequency and money, whether they will come back,
 * how often and for how much. What the queries "rfm" and "repeat" count, member by member. */
#pragma once

#include "base/vec.h"
#include "insight/insight.h"
#include "insight/repeat_model.h"
#include "insight/rfm_kernel.h"

#define SCORE_HORIZON_DAYS 90

struct score {
    uint32_t member;
    uint8_t rfm[3]; /* 1 to 5; 0 = no order stands */
    float alive;    /* chance that they still buy; NaN = unknown, as are the next three */
    float drop;     /* by how much that fell in REPEAT_DROP_DAYS, see there */
    float orders;   /* days with an order in the next SCORE_HORIZON_DAYS */
    double revenue; /* of these, minor units */
};

struct scores_ask {
    int64_t as_of;           /* the start of a day: orders from then on are out */
    int64_t cuts[3][4];      /* as struct numbers has them */
    bool has_cuts;           /* else scores are by rank */
    bool (*stop)(void *ctx); /* gives up; may be NULL */
    void *ctx;
};

struct scores {
    VEC(struct score) of; /* buyers, by member */
    struct bgnbd model;   /* if 'fitted' */
    struct gamma_gamma value;
    bool fitted, valued;
};
/* The caller's to finish, also when it fails. */
MUST_CHECK enum err insight_scores(const struct insight *in, const struct scores_ask *ask,
                                   struct scores *out, struct why *why);
void scores_finish(struct scores *s);
