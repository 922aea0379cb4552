/* standing.h - what a bulk load must know of members while it folds nothing: who is in which group,
 * and whose message waits for an answer. Inside src/people only; the writer's.
 *
 * The live path reads the same from the fold. A member's standing is read from the row on first
 * need and kept in step from then on, so a struct standing must see every event of a load. */
#pragma once

#include "people/plan.h"

struct standing;

struct standing *standing_create(void);
void standing_destroy(struct standing *s); /* NULL is allowed */
/* A batch was rolled back: what is known is wrong, and rows may lag behind the log. */
void standing_forget(struct standing *s);

/* A member was made just now: there is nothing to read of them. */
void standing_meet(struct standing *s, uint32_t member);

/* The event at hand, those of the load before it, and what it implies: a join, an answer. */
struct implied {
    struct plan *plan;
    const struct event *before; /* not in the log yet */
    size_t before_count;
    struct event events[2]; /* out: to be stored before it, in this order */
    size_t count;           /* out */
};
MUST_CHECK enum err standing_follow(struct standing *s, const struct event *ev,
                                    struct implied *implied);
