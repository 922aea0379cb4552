/* bench_spill.h - rows of the bench sorted into many buckets with little memory.
 *
 * A bucket is read back in the order in which its rows were added. Full blocks go to a file without
 * a name, which ends with the spill. One thread adds; once all is added any number may read. */
#pragma once

#include "base/err.h"

/* An event of the bench: the numbers of its row in the file (bench_data.h). */
struct bench_row {
    uint32_t member; /* from 1 */
    uint32_t second; /* since 1970 */
    uint32_t amount;
    uint16_t group;
    uint16_t codes; /* kind, channel << 5, campaign << 8 */
};

struct bench_spill;

/* 'path' is where the file is made; its name is taken away at once. */
MUST_CHECK enum err bench_spill_create(const char *path, size_t buckets, struct bench_spill **out,
                                       struct why *why);
void bench_spill_destroy(struct bench_spill *s); /* NULL is allowed */
MUST_CHECK enum err bench_spill_add(struct bench_spill *s, size_t bucket,
                                    const struct bench_row *row, struct why *why);
uint64_t bench_spill_rows(const struct bench_spill *s, size_t bucket);
/* 'rows' has room for bench_spill_rows(). */
MUST_CHECK enum err bench_spill_read(const struct bench_spill *s, size_t bucket,
                                     struct bench_row *rows, struct why *why);
