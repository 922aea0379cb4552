/* preview.h - what other numbers would make of the members, before they are applied. */
#pragma once

#include "people/numbers.h"
#include "people/people.h"

#define PREVIEW_SAMPLE 10

struct preview {
    int64_t at;                               /* the moment both are of */
    uint64_t before[STAGE_COUNT + 1];         /* by enum stage; STAGE_NONE are visitors */
    uint64_t after[STAGE_COUNT + 1];          /* the same */
    uint64_t moved[STAGE_COUNT][STAGE_COUNT]; /* from, to; who stays is on the diagonal */
    uint64_t trust_before[TRUST_COUNT], trust_after[TRUST_COUNT];
    uint64_t movers; /* whose stage differs */
    struct preview_mover {
        uint32_t member;
        enum stage from, to;
    } sample[PREVIEW_SAMPLE]; /* of them, by member; the same whenever it is asked */
    size_t sample_count;
};
/* Fold all members of a snapshot by both, as of 'at'. numbering_get() tells how far it is. Changes
 * nothing. ERR_CONFLICT: somebody else asks already. Any thread. */
struct preview_ask {
    struct brand *brand;
    const struct snapshot *snapshot;
    const struct numbers *to;
    int64_t at;
    int workers; /* 1 to LIMIT_QUERY_WORKERS */
    struct budget *budget;
};
MUST_CHECK enum err people_preview(const struct preview_ask *ask, struct preview *out,
                                   struct why *why);
