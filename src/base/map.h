/* map.h - hash tables: byte-string keys to u64, and u64 keys to u64. One thread each.
 *
 * String keys are hashed with a per-process random key (SipHash or keyed XXH3), so that hostile
 * keys cannot collide at will. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct map; /* str -> u64; owns copies of its keys */
struct map *map_create(void);
void map_destroy(struct map *m);
void map_reset(struct map *m);
size_t map_count(const struct map *m);
bool map_get(const struct map *m, struct str key, uint64_t *value);
/* Insert or replace. The stored copy of the key is valid until the key is removed, or the map reset
 * or destroyed. */
void map_put(struct map *m, struct str key, uint64_t value);
bool map_remove(struct map *m, struct str key);
/* Visit in insertion order; start with *cursor = 0. */
bool map_next(const struct map *m, size_t *cursor, struct str *key, uint64_t *value);

struct intmap; /* u64 -> u64; any key but UINT64_MAX */
struct intmap *intmap_create(void);
void intmap_destroy(struct intmap *m);
void intmap_reset(struct intmap *m);
size_t intmap_count(const struct intmap *m);
bool intmap_get(const struct intmap *m, uint64_t key, uint64_t *value);
/* Have the processor fetch where the key would be: it is wanted soon. */
void intmap_prefetch(const struct intmap *m, uint64_t key);
void intmap_put(struct intmap *m, uint64_t key, uint64_t value);
bool intmap_remove(struct intmap *m, uint64_t key);
/* Visit in no set order; start with *cursor = 0. The map must not change meanwhile. */
bool intmap_next(const struct intmap *m, size_t *cursor, uint64_t *key, uint64_t *value);
