/* past.h - the stages of a brand's past, folded once for all overviews, and again when the past has
 * changed (insight/stages.h). Any thread. */
#pragma once

#include "brand/brand.h"
#include "insight/stages.h"

struct past;
struct past *past_create(struct brand *b);
/* Folding under way is given up. NULL is allowed. */
void past_destroy(struct past *p);

/* Have it folded up to range->to, as past_write needs it. Returns when it is. */
MUST_CHECK enum err past_fold(struct past *p, const struct stages_range *range, struct why *why);

/* Append the object of stages_write. 'ended': the present is range->to; else it is 'now', as the
 * members' rows have it. What is not known, or is outdated and takes no time to speak of, is folded
 * first. Where folding takes long it is done beside, in a third of the time at most, and until then
 * weeks gone by are as they were: *of says so, and which range the answer is of. */
struct past_ask {
    struct stages_range range;
    int64_t now;
    bool ended;
};
struct past_answer {
    struct stages_range range;
    bool outdated; /* something of before range.to has come or changed hands since */
};
MUST_CHECK enum err past_write(struct past *p, const struct past_ask *ask, struct past_answer *of,
                               struct strbuf *out, struct why *why);
/* How long the last fold took, in ms; 0 = none was made. */
int64_t past_took(struct past *p);
/* Folding under way is given up, and none is begun any more. */
void past_stop(struct past *p);
