/* registry.h - the brand's numbered names: kinds, codes, properties. Inside src/brand only.
 *
 * Lookups take a read lock; the writer adds under the write lock. Entries added by a batch are
 * written by registry_save() in that batch; after a rollback they stay in memory, unused, and are
 * written by the next batch, so a number is never given twice; only a trial's are forgotten. */
#pragma once

#include <pthread.h>

#include "base/arena.h"
#include "base/map.h"
#include "base/vec.h"
#include "brand/brand.h"

struct registry_name {
    struct str text;
    struct str label;    /* kinds: the original name; else {NULL,0} */
    enum prop_type type; /* properties */
};
#define REGISTRY_RECENT_BITS 11
struct registry_list {
    struct map *index;               /* text (properties: type byte + name) -> number */
    VEC(struct registry_name) names; /* [number - 1] */
    size_t saved;                    /* the first 'saved' are in the database */
    /* numbers by hash_ends of their text, as the writer last used them; 0 = none */
    uint32_t recent[1 << REGISTRY_RECENT_BITS];
};
enum { REGISTRY_KIND, REGISTRY_PROP, REGISTRY_DIM0, REGISTRY_LISTS = REGISTRY_DIM0 + DIM_COUNT };
struct registry {
    pthread_rwlock_t lock;
    struct arena *arena; /* texts; never reset */
    struct registry_list lists[REGISTRY_LISTS];
};

extern const struct migration registry_migrations[];
void registry_init(struct registry *r);
void registry_finish(struct registry *r);
MUST_CHECK enum err registry_load(struct registry *r, struct sql *db);
MUST_CHECK enum err registry_save(struct registry *r, struct sql *db);
void registry_saved(struct registry *r);  /* the transaction of registry_save committed */
void registry_forget(struct registry *r); /* drop what is not in the database */
