/* chosen.h - sets of members that filters have chosen, kept for a short time so that the pages of a
 * filtered list, and the list after its count, cost one question together. Any thread. */
#pragma once

#include "api/call.h"
#include "people/look.h"

struct chosen_cache;
struct chosen_cache *chosen_create(void);
void chosen_destroy(struct chosen_cache *x); /* NULL is allowed */

/* The members that the filter chooses; the set lives as long as the call. With 'seq' (of a cursor)
 * the very set of then is given if it is still there; 0 = as of now, a few seconds old at most.
 * '*as_of' is the seq it was made at. Errors name the
 * field "filter". */
MUST_CHECK enum err chosen_get(struct call *c, struct str filter, uint64_t seq,
                               const struct idset **out, uint64_t *as_of, struct why *why);

/* Members by stage, a few seconds old at most while something comes, else a minute; or as old as it
 * takes to count anew. */
MUST_CHECK enum err chosen_stock(struct call *c, struct sql *db, uint64_t counts[STAGE_COUNT + 1],
                                 struct why *why);
