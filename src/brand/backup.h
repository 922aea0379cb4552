/* backup.h - a consistent copy of a data directory in one file, and back.
 *
 * OUT.tar.zst holds server.db, store and every brand's brand.db with the parts and side files that
 * its manifest names. It never holds the master key. Works while the writer does. SQLite stores
 * only. */
#pragma once

#include <stdatomic.h>

#include "brand/data.h"

/* What other threads may look at while a backup is made, and ask of it. */
struct backup_progress {
    atomic_uint_fast64_t bytes; /* put in so far, before compression */
    atomic_bool cancel;         /* set it: the backup ends with ERR_CANCELLED */
};
struct backup_counts {
    uint64_t files, bytes;            /* put in, before compression */
    uint64_t written;                 /* bytes of the backup itself */
    struct backup_progress *progress; /* NULL = nobody looks */
};
/* Bytes that a backup of now would put in. */
uint64_t backup_size(struct data *d);
MUST_CHECK enum err backup_write(struct data *d, const char *path, struct backup_counts *counts,
                                 struct why *why);
/* Unpack into a new directory; ERR_CONFLICT when it exists and is not empty. Names are checked:
 * nothing is written outside 'dir'. The key file must be put beside it by hand. */
MUST_CHECK enum err backup_restore(const char *path, const char *dir, struct backup_counts *counts,
                                   struct why *why);
/* The same, with something to be done in the unpacked directory before it gets its name: until then
 * nothing can serve it. If that fails, what was unpacked is removed. */
struct backup_restoring {
    const char *path, *dir;
    enum err (*prepare)(void *ctx, const char *unpacked, struct why *why); /* NULL = nothing */
    void *ctx;
};
MUST_CHECK enum err backup_restore_with(const struct backup_restoring *o,
                                        struct backup_counts *counts, struct why *why);
