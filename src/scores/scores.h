/* scores.h - what all buyers together say of each: scores of recency, frequency and money, the
 * chance that they still buy, how often and for how much.
 *
 * A projection of the log as of the start of a day of the brand, made anew each day at
 * SCORES_HOUR of its own clock, and whenever somebody asks. A run replaces the one before as a
 * whole; until then that one serves. Any thread, but for what the writer calls. */
#pragma once

#include "brand/brand.h"
#include "insight/score.h"

extern const struct module scores_module;

#define SCORES_HOUR 4 /* local */

/* The latest run, and the one under way. */
struct scores_run {
    uint64_t id;     /* 0 = there is none yet */
    int64_t as_of;   /* TIME_NONE */
    int64_t made_at; /* TIME_NONE */
    uint64_t buyers;
    bool fitted, valued; /* could the models be fitted: else scores of rfm alone are there */
    struct bgnbd model;
    struct gamma_gamma value;
    bool running, failed; /* the one under way; the last one that was tried */
    int64_t next_at;      /* when the next one is due */
};
void scores_look(struct brand *b, struct scores_run *out);

/* Begin a run as of the start of the day of 'as_of' (TIME_NONE: today); ERR_CONFLICT: one is under
 * way. ERR_UNAVAILABLE: it could not be begun. */
MUST_CHECK enum err scores_refresh(struct brand *b, int64_t as_of, struct why *why);
/* Wait until none is under way. Any thread but the writer. */
void scores_settle(struct brand *b);

/* The scores of a member; false: they have none. */
bool scores_get(struct brand *b, uint32_t member, struct score *out);
/* Number of the run that scores are of: what follows from them is outdated when it changes. */
uint64_t scores_version(struct brand *b);
/* Is it a field that is answered here? Then the answer. */
bool scores_get_field(struct brand *b, uint32_t member, enum expr_field field,
                      struct expr_value *out);
/* Does a set of fields, by bits, have one of these? */
bool scores_has_field(uint64_t fields);
