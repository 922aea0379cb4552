/* part_erase.h - personas out of the log: what is left of a part without them.
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

/* Whether any row is of one of these personas. Reads only what the footer's ranges do not settle.
 */
MUST_CHECK enum err part_holds(const struct part *p, const struct persona_set *set, bool *held,
                               struct why *why);

/* Write PATH, a part with all other rows; there may be none. On failure there is no file.
 */
MUST_CHECK enum err part_erase(struct part *p, const struct persona_set *gone, const char *path,
                               struct part_info *info, struct why *why);
