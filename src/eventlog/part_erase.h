/* part_erase.h - events out of the log, by whose they are or by where they came from: what is left
 * of a part without them.
 *
 * A persona that goes takes its own events along. Where another's event names it as the other
 * member, that stays: a number without a member. Pure functions; any thread. */
#pragma once

#include <stdbool.h>

#include "eventlog/part.h"

/* Borrowed. */
struct persona_set {
    const uint32_t *ids; /* ascending, none 0, none twice */
    size_t count;
};

bool persona_set_has(const struct persona_set *set, uint32_t persona);

/* What goes: the events of personas, and those of one origin, whosever they are. */
struct part_gone {
    struct persona_set personas;
    uint32_t origin; /* its code; 0 = none */
};
bool part_gone_has(const struct part_gone *gone, const struct event *ev);

/* Whether any row goes. Of personas only that is read which the footer's ranges do not settle. */
MUST_CHECK enum err part_holds(const struct part *p, const struct part_gone *gone, bool *held,
                               struct why *why);

/* Write PATH, a part with all other rows; there may be none. On failure there is no file.
 */
MUST_CHECK enum err part_erase(struct part *p, const struct part_gone *gone, const char *path,
                               struct part_info *info, struct why *why);
