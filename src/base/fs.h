/* fs.h - files with fsync discipline; the only code that opens, syncs, renames or removes.
 *
 * A write is durable when fs_sync() or fs_publish() returned ERR_OK. A failed fsync is final
 * (reliability rule 5): the caller must stop writing. EINTR and short counts are handled here. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

/* Open for reading; *fd is the caller's, closed by fs_close. ERR_NOT_FOUND when there is none. */
MUST_CHECK enum err fs_open_read(const char *path, int *fd, struct why *why);
/* Create (or truncate) for writing, mode 0600. */
MUST_CHECK enum err fs_create(const char *path, int *fd, struct why *why);
MUST_CHECK enum err fs_open_append(const char *path, int *fd, struct why *why);
void fs_close(int fd); /* a negative one is allowed */
MUST_CHECK enum err fs_write(int fd, const void *p, size_t len, struct why *why);
/* Exactly 'len' bytes at 'offset', or ERR_CORRUPT when the file is shorter, ERR_IO. */
MUST_CHECK enum err fs_read_at(int fd, void *p, size_t len, uint64_t offset, struct why *why);
MUST_CHECK enum err fs_size(int fd, uint64_t *size, struct why *why);
MUST_CHECK enum err fs_truncate(int fd, uint64_t size, struct why *why);
MUST_CHECK enum err fs_sync(int fd, struct why *why);
MUST_CHECK enum err fs_sync_dir(const char *path, struct why *why);
MUST_CHECK enum err fs_rename(const char *from, const char *to, struct why *why);
MUST_CHECK enum err fs_remove(const char *path, struct why *why); /* a missing file is ERR_OK */
/* A new file without a name, for what goes when both ends are closed: written by '*write_fd', read
 * by '*read_fd'. 'path' is where it is made; on failure both are -1. */
MUST_CHECK enum err fs_scratch(const char *path, int *write_fd, int *read_fd, struct why *why);
/* These bytes as a file to read that is on no disk; gone when it is closed. */
MUST_CHECK enum err fs_memory(const void *p, size_t len, int *fd, struct why *why);
/* A second name for the same file. */
MUST_CHECK enum err fs_link(const char *from, const char *to, struct why *why);
MUST_CHECK enum err fs_make_dir(const char *path, struct why *why); /* an existing one is ERR_OK */
/* A file, or a directory with all that is in it; links are not followed; a missing one is ERR_OK.
 */
MUST_CHECK enum err fs_remove_tree(const char *path, struct why *why);
bool fs_exists(const char *path);
/* Whole small file into 'out' (appended); ERR_TOO_LARGE over 'size_max'. */
MUST_CHECK enum err fs_read_file(const char *path, size_t size_max, struct strbuf *out,
                                 struct why *why);
/* Write PATH.tmp, sync, rename to PATH, sync the directory. */
MUST_CHECK enum err fs_publish(const char *path, const void *p, size_t len, struct why *why);
/* Names in a directory, sorted; fn returns false to stop. */
MUST_CHECK enum err fs_list(const char *path, bool (*fn)(void *ctx, const char *name), void *ctx,
                            struct why *why);
/* Exclusive advisory lock held until fs_close(*fd); ERR_LOCKED when another process holds it. */
MUST_CHECK enum err fs_lock(const char *path, int *fd, struct why *why);
