/* staff_internal.h - the staff in memory; for staff.c, staff_change.c and place.c only.
 *
 * Person n is people.items[n - 1]. Changed with the server database locked and then 'lock', so
 * whoever holds the former may read without the latter. */
#pragma once

#include <pthread.h>

#include "account/place.h"
#include "account/store.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/vec.h"

struct staff_grant {
    char brand[LIMIT_SLUG_BYTES + 1]; /* or STAFF_EVERYWHERE */
    enum role role;
};

struct placed {
    char brand[LIMIT_SLUG_BYTES + 1];
    struct staff_place place;
};

struct staff_entry {
    struct person person;
    char password[PASSWORD_STORED]; /* "" = none */
    bool seen;                      /* seen_at is newer than what is stored */
    VEC(struct staff_grant) grants;
    VEC(struct placed) places;
};

struct staff {
    struct data *data;
    pthread_mutex_t lock; /* what follows */
    VEC(struct staff_entry *) people;
    struct map *by_name; /* folded -> number */
};

/* NULL when there is none. */
struct staff_entry *staff_entry(const struct staff *s, uint32_t number);
/* The grant of just this brand, or STAFF_EVERYWHERE. */
struct staff_grant *staff_grant(struct staff_entry *e, const char *brand);
/* Under the lock: the reach of a person in a brand, and their code. */
void staff_place_principal(const struct staff_entry *e, const char *brand, bool owner,
                           struct principal *out);
/* Take in what was just made. */
void staff_enter(struct staff *s, struct staff_entry *e);
