/* part_erase.h - personas out of the log: what of an event, a part is left without them.
 *
 * A persona that goes takes its own events along. Where another's event names it as the other
 * member, that event stays and names nobody. Pure functions; any thread. */
#pragma once

#include <stdbool.h>

#include "eventlog/part.h"

/* Borrowed. */
struct persona_set {
    const uint32_t *ids; /* ascending, none 0, none twice */
    size_t count;
};

/* What is left of an event: NULL when it is the own one of a persona that goes, '*changed' when it
 * names one, else 'ev' itself. */
const struct event *event_without(const struct persona_set *gone, const struct event *ev,
                                  struct event *changed);

/* Whether any row is of one of these personas, or names one. Reads only what the footer's ranges do
 * not settle. */
MUST_CHECK enum err part_holds(const struct part *p, const struct persona_set *set, bool *held,
                               struct why *why);

/* Write PATH, a part with what is left of every row; it may have none. On failure there is no file.
 */
MUST_CHECK enum err part_erase(struct part *p, const struct persona_set *gone, const char *path,
                               struct part_info *info, struct why *why);
