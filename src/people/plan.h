/* plan.h - the events that one fact gives rise to, before they are stored. Inside src/people only.
 */
#pragma once

#include <assert.h>

#include "people/internal.h"

/* created, identified, merged for the member and for the other, and the event itself */
#define PLAN_EVENTS 7

struct plan {
    struct arena *arena; /* props; must live as long as the events */
    size_t count;
    struct event events[PLAN_EVENTS];
};

/* Dedupe, convert and resolve; writes identities and traits, emits nothing. */
MUST_CHECK enum err plan_fact(struct people *p, struct tx *tx, const struct sender *sender,
                              const struct fact *fact, struct plan *plan,
                              struct people_result *result, struct why *why);
/* A message in a group implies that its speaker is in it; whoever knows that they are not yet adds
 * the join before the message. */
bool plan_implies_join(const struct people *p, const struct event *ev);
struct event plan_join(const struct people *p, const struct event *ev, struct arena *arena);
