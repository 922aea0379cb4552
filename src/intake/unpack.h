/* unpack.h - a file's bytes, through gzip or zstd where its first bytes say so, and of an Excel
 * workbook the text of a sheet (see xlsx.h). One thread. */
#pragma once

#include <stdbool.h>

#include "base/err.h"

struct unpack;

/* Takes 'fd', also when it fails. 'path' is for messages and must stay. 'sheet' as of xlsx_open().
 * ERR_INVALID, ERR_TOO_LARGE: a workbook that cannot be read, or 'sheet' of what is none. */
MUST_CHECK enum err unpack_open(int fd, const char *path, const char *sheet, struct unpack **out,
                                struct why *why);
/* The export of chats in this folder; see bundle.h, as also for the same as a ZIP. */
MUST_CHECK enum err unpack_open_folder(const char *path, struct unpack **out, struct why *why);
void unpack_close(struct unpack *u); /* NULL is allowed */
/* The next bytes; *len is 0 at the end. ERR_CORRUPT when packed data is damaged or cut off. */
MUST_CHECK enum err unpack_read(struct unpack *u, void *p, size_t size, size_t *len,
                                struct why *why);
/* Start over. */
void unpack_rewind(struct unpack *u);
/* The sheets of a workbook; NULL when it is none. */
struct xlsx_sheets;
const struct xlsx_sheets *unpack_sheets(const struct unpack *u);
bool unpack_is_bundle(const struct unpack *u);
double unpack_progress(const struct unpack *u); /* 0 to 1, by packed bytes */
