/* dedupe.h - which sender's event ids have been seen: 128-bit keyed hashes.
 *
 * Recent ids are in a hash table; sealed ones in immutable sorted side files, each with a filter in
 * memory (<= 12 bits an id, stored in the file). One thread (the writer) uses a struct dedupe, but
 * dedupe_write() is a pure function that may run anywhere. Bytes: docs/formats/eventlog.md "Ids".
 */
#pragma once

#include "base/err.h"
#include "base/hash.h"

struct dedupe;

struct dedupe *dedupe_create(void);
void dedupe_destroy(struct dedupe *d);
/* Was 'id' seen? ERR_IO or ERR_CORRUPT from a side file. */
MUST_CHECK enum err dedupe_seen(struct dedupe *d, struct hash128 id, bool *seen, struct why *why);
/* Remember an id of the event with this seq. */
void dedupe_add(struct dedupe *d, struct hash128 id, uint64_t seq);
/* Forget recent ids with seq <= 'seq': a side file holds them now. */
void dedupe_sealed(struct dedupe *d, uint64_t seq);
/* Forget one that a rolled-back batch added. */
void dedupe_remove(struct dedupe *d, struct hash128 id);
size_t dedupe_recent(const struct dedupe *d);

/* Write a side file of 'count' ids (any order, copied and sorted); synced, in place at return. */
MUST_CHECK enum err dedupe_write(const char *path, const struct hash128 *ids, size_t count,
                                 uint64_t *size_bytes, struct why *why);
/* Add or remove a side file from the set. */
MUST_CHECK enum err dedupe_attach(struct dedupe *d, const char *path, struct why *why);
void dedupe_detach(struct dedupe *d, const char *path);
/* Merge side files into one new file. */
MUST_CHECK enum err dedupe_merge(const char *const *paths, size_t count, const char *path,
                                 uint64_t *ids, uint64_t *size_bytes, struct why *why);
MUST_CHECK enum err dedupe_verify(const char *path, struct why *why);
