/* part_purge.h - values of properties whose time is over out of the log: what is left of a part.
 *
 * Events stay, with everything else they say. Pure functions; any thread. */
#pragma once

#include "eventlog/part.h"

/* Of events before a moment the values of a property go. */
struct prop_expiry {
    uint32_t prop;  /* of the registry */
    int64_t before; /* UTC ms */
};

/* Borrowed. */
struct expiry {
    const struct prop_expiry *items; /* ascending by property, none twice */
    size_t count;
};

/* Add how many values are to go to values[i], by item. Reads only groups that may hold any.
 * ERR_UNAVAILABLE once '*stop' is set; it may be NULL, as below. */
MUST_CHECK enum err part_expired(const struct part *p, const struct expiry *e, uint64_t *values,
                                 const atomic_bool *stop, struct why *why);
/* The same of events in memory. */
void events_expired(const struct event *const *events, size_t count, const struct expiry *e,
                    uint64_t *values);

/* Write PATH, a part with all events and without those values. On failure there is no file. */
MUST_CHECK enum err part_purge(struct part *p, const struct expiry *e, const char *path,
                               const atomic_bool *stop, struct part_info *info, struct why *why);
