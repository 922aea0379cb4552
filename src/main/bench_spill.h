/* bench_spill.h - rows of the bench sorted into many buckets with little memory.
 *
 * A bucket is read back in the order in which its rows were added. Full blocks go to a file without
 * a name, which ends with the spill. One thread adds; once all is added any number may read. */
#pragma once

#include "base/err.h"
#include "base/vec.h"

/* An event of the bench: the numbers of its row in the file (bench_data.h). */
struct bench_row {
    uint32_t member; /* from 1 */
    uint32_t second; /* since 1970 */
    uint32_t amount;
    uint16_t group;
    uint16_t codes; /* kind, channel << 5, campaign << 8 */
};

#define BENCH_BLOCK_ROWS 256 /* 4 KiB: the last blocks of some hundred buckets stay in a cache */

struct bench_bucket {
    struct bench_row *last; /* [BENCH_BLOCK_ROWS] behind its blocks in the file; NULL at first */
    size_t room;            /* rows that fit there still */
    VEC(uint32_t) blocks;   /* numbers of those in the file, all full */
};

struct bench_spill {
    int write_fd, read_fd; /* of one file */
    uint32_t block_count;  /* written */
    size_t bucket_count;
    struct bench_bucket buckets[];
};

/* 'path' is where the file is made; its name is taken away at once. */
MUST_CHECK enum err bench_spill_create(const char *path, size_t buckets, struct bench_spill **out,
                                       struct why *why);
void bench_spill_destroy(struct bench_spill *s); /* NULL is allowed */
/* Make room for a row in a bucket that has none: what it has goes to the file. */
MUST_CHECK enum err bench_spill_grow(struct bench_spill *s, struct bench_bucket *b,
                                     struct why *why);
/* Add a row to a bucket: *row is its place, which the caller fills before the next call. */
MUST_CHECK static inline enum err bench_spill_add(struct bench_spill *s, size_t bucket,
                                                  struct bench_row **row, struct why *why)
{
    struct bench_bucket *b = &s->buckets[bucket];
    if (b->room == 0) TRY(bench_spill_grow(s, b, why));
    *row = b->last + BENCH_BLOCK_ROWS - b->room--;
    return ERR_OK;
}

uint64_t bench_spill_rows(const struct bench_spill *s, size_t bucket);
/* 'rows' has room for bench_spill_rows(). */
MUST_CHECK enum err bench_spill_read(const struct bench_spill *s, size_t bucket,
                                     struct bench_row *rows, struct why *why);
