/* scan_fill.h - rows from elsewhere into a sheet, and the members they speak of. */
#pragma once

#include "eventlog/scan_text.h"
#include "eventlog/tail_index.h"

/* Append events, which ascend by (persona, at), behind what the sheet has; there is room. Codes of
 * their texts are of 'texts'. */
void sheet_add_events(const struct layout *l, struct sheet *s, const struct event *const *events,
                      uint32_t count, struct texts *texts);

/* The same of keys of the tail and, where sheet_needs_events, their events; else 'events' is NULL.
 */
void sheet_add_keys(const struct layout *l, struct sheet *s, const struct tail_key *keys,
                    const struct event *const *events, uint32_t count, struct texts *texts);
/* Whether there are columns that keys do not have. */
bool sheet_needs_events(const struct layout *l);

/* Turn the personas of column 'other', if the sheet has it, into members. 'map' may be NULL. */
void sheet_turn_other(struct sheet *s, const struct persona_map *map);
