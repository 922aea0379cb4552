/* internal.h - what the files of this room share; nothing outside src/groups includes it. */
#pragma once

#include "groups/record.h"
#include "groups/role.h"

struct room {
    uint32_t recorded; /* codes up to here have a record; UINT32_MAX = to be looked up */
};

static inline struct room *room_of(struct brand *b)
{
    return brand_module_state(b, &groups_module);
}

extern const struct migration groups_migrations[];

/* record.c: give every group its record; '*recorded' = up to which code there are any. */
MUST_CHECK enum err record_fill(struct tx *tx, uint32_t *recorded);
/* role.c */
MUST_CHECK enum err role_erase(struct tx *tx, uint32_t persona);
