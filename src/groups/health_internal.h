/* health_internal.h - what health_room.c and health_store.c share; nothing else includes it. */
#pragma once

#include "groups/checkup.h"

extern const struct migration health_migrations[];

/* What was said of an erased persona goes. */
MUST_CHECK enum err verdict_erase(struct tx *tx, uint32_t persona);
