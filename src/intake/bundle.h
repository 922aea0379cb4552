/* bundle.h - an export of many files, a ZIP or a folder, as one text.
 *
 * Each file stands behind a line of its own, FEED_END and its path within the export; those at the
 * root come first, then the others by path. Only files of JSON are given, and nothing is ever
 * written: a path is a name, to be judged by who reads it. A ZIP is read within the limits of
 * package.h, and of all its files together. One thread at a time. */
#pragma once

#include "base/err.h"

struct bundle;

/* 'fd' stays the caller's, and open for as long. *out is NULL when it is a ZIP of something else
 * than an export of Slack. ERR_INVALID: damaged; ERR_TOO_LARGE. */
MUST_CHECK enum err bundle_open_zip(int fd, struct bundle **out, struct why *why);
/* ERR_INVALID: there is none in this folder. */
MUST_CHECK enum err bundle_open_folder(const char *path, struct bundle **out, struct why *why);
void bundle_close(struct bundle *b); /* NULL is allowed */
/* The next bytes; *len is 0 at the end. */
MUST_CHECK enum err bundle_read(struct bundle *b, void *p, size_t size, size_t *len,
                                struct why *why);
void bundle_rewind(struct bundle *b);
double bundle_progress(const struct bundle *b); /* 0 to 1, by files */
