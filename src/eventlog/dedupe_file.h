/* dedupe_file.h - a side file of event ids: sorted, immutable, with its filter in memory while
 * open.
 *
 * One thread uses an open file. Bytes: docs/formats/eventlog.md "Ids". */
#pragma once

#include "base/err.h"
#include "base/hash.h"

#define DEDUPE_PAGE_BYTES 4096
#define DEDUPE_PAGE_IDS 255

struct dedupe_file;

/* Open, check the trailer, read filter and index. */
MUST_CHECK enum err dedupe_file_open(const char *path, struct dedupe_file **out, struct why *why);
void dedupe_file_close(struct dedupe_file *f); /* NULL is allowed */
const char *dedupe_file_path(const struct dedupe_file *f);
uint64_t dedupe_file_count(const struct dedupe_file *f);
/* False: the file does not hold the id. True: it does, but for less than one id in a hundred. */
bool dedupe_file_may_have(const struct dedupe_file *f, struct hash128 id);
MUST_CHECK enum err dedupe_file_has(const struct dedupe_file *f, struct hash128 id, bool *has,
                                    struct why *why);

/* Ids in order, a page at a time. Start with a zeroed cursor; at the end 'count' is 0. ERR_CORRUPT
 * also when they do not ascend. */
struct dedupe_cursor {
    uint64_t page;       /* next page to read */
    size_t count;        /* ids in hand */
    struct hash128 last; /* of the page before */
    struct hash128 ids[DEDUPE_PAGE_IDS];
};
MUST_CHECK enum err dedupe_file_next(const struct dedupe_file *f, struct dedupe_cursor *c,
                                     struct why *why);
/* Every page, its order, and that filter and index agree with the ids. */
MUST_CHECK enum err dedupe_file_check(const struct dedupe_file *f, struct why *why);

/* Writes ids given in ascending order; a repeated one is left out. */
struct dedupe_writer;
/* 'count_max' is an upper bound of the ids to come. */
MUST_CHECK enum err dedupe_writer_open(const char *path, uint64_t count_max,
                                       struct dedupe_writer **out, struct why *why);
MUST_CHECK enum err dedupe_writer_add(struct dedupe_writer *w, struct hash128 id, struct why *why);
/* Sync and put in place; frees 'w' in every case. On failure there is no file under the name. */
MUST_CHECK enum err dedupe_writer_finish(struct dedupe_writer *w, uint64_t *count,
                                         uint64_t *size_bytes, struct why *why);
void dedupe_writer_abandon(struct dedupe_writer *w);

static inline int hash128_cmp(struct hash128 a, struct hash128 b)
{
    if (a.hi != b.hi) return a.hi < b.hi ? -1 : 1;
    return a.lo == b.lo ? 0 : a.lo < b.lo ? -1 : 1;
}
