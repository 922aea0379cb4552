/* scan_fill.h - rows from elsewhere into a sheet, and the members they speak of. */
#pragma once

#include "eventlog/scan_text.h"

/* Append events, which ascend by (persona, at), behind what the sheet has; there is room. Codes of
 * their texts are of 'texts'. */
void sheet_add_events(const struct layout *l, struct sheet *s, const struct event *const *events,
                      uint32_t count, struct texts *texts);

/* Turn the personas of column 'other', if the sheet has it, into members. 'map' may be NULL. */
void sheet_turn_other(struct sheet *s, const struct persona_map *map);
