/* health_internal.h - what health_room.c and health_store.c share; nothing else includes it. */
#pragma once

#include "groups/checkup.h"

extern const struct migration health_migrations[];

/* Days of a group before this one. */
MUST_CHECK enum err health_forget(struct brand *b, uint32_t group, int32_t before, struct why *why);
/* What was said of an erased persona goes. */
MUST_CHECK enum err verdict_erase(struct tx *tx, struct erasure *e);
/* suspect_gather.c: what was said elsewhere, and shared devices. */
MUST_CHECK enum err suspect_gather(const struct checkup_ask *ask, const struct persona_map *map,
                                   struct arena *arena, struct checkup *c, struct why *why);
