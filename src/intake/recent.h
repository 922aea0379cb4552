/* recent.h - numbers by hash, of which the last RECENT_KEPT at least are remembered: an importer
 * that reads a file of any size looks back within bounded memory. One thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

#define RECENT_KEPT ((size_t)1 << 20)

struct recent;
struct recent *recent_create(void);
void recent_destroy(struct recent *r); /* NULL is allowed */
bool recent_get(const struct recent *r, uint64_t hash, uint64_t *value);
void recent_put(struct recent *r, uint64_t hash, uint64_t value);
uint64_t recent_hash(struct str text);
