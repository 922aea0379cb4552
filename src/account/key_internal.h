/* key_internal.h - the keyring from inside; for key.c and key_change.c only.
 *
 * Entries are never freed before the keyring, so that what keyring_find gave stays good; one that
 * was revoked leaves the map. Entries come with the server database locked and 'lock' held for
 * writing. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "account/key.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/vec.h"

struct key_entry {
    struct key key; /* first: keyring_find gives this */
    struct sha256 hash;
    int64_t expires_at; /* INT64_MAX = never */
    uint32_t family;
    bool revoked;
    char *origins; /* parted by spaces; "" = any */
    atomic_int_least64_t used_at;
    int64_t stored_at; /* used_at as in the table */
};

struct keyring {
    struct data *data;
    pthread_rwlock_t lock; /* what follows */
    struct map *by_hash;   /* SHA-256 -> struct key_entry * */
    VEC(struct key_entry *) list;
};

void key_enter(struct keyring *k, struct key_entry *e);
struct str key_hash_str(const struct key_entry *e);
/* Does it live now? */
bool key_lives(const struct keyring *k, const struct key_entry *e);
