/* backup.h - a consistent copy of a data directory in one file, and back.
 *
 * OUT.tar.zst holds server.db, store and every brand's brand.db with the parts and side files that
 * its manifest names. It never holds the master key. Works while the writer does. SQLite stores
 * only. */
#pragma once

#include "brand/data.h"

struct backup_counts {
    uint64_t files, bytes;
};
MUST_CHECK enum err backup_write(struct data *d, const char *path, struct backup_counts *counts,
                                 struct why *why);
/* Unpack into a new directory; ERR_CONFLICT when it exists and is not empty. Names are checked:
 * nothing is written outside 'dir'. The key file must be put beside it by hand. */
MUST_CHECK enum err backup_restore(const char *path, const char *dir, struct backup_counts *counts,
                                   struct why *why);
