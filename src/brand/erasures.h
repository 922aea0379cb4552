/* erasures.h - the list of who was erased, outside of the data, so that a backup of before can be
 * brought up to it.
 *
 * DIR.erasures.log, beside the directory, holds a line of JSON for each member: the brand, when,
 * the numbers of their personas and the blind hashes of their identities, which only the master key
 * can make. A line is written, and synced, before anything is erased; one too many does no harm.
 * docs/formats/erasures.md. */
#pragma once

#include "brand/data.h"

/* Where a second copy goes ("--erasure-log"), made anew from the first when it is not there; NULL =
 * nowhere. Before any erasing. */
MUST_CHECK enum err data_copy_erasures(struct data *d, const char *path, struct why *why);
/* Append a line (without its end) to both, and sync. ERR_IO: it may be in one of them. */
MUST_CHECK enum err erasures_append(struct data *d, struct str line, struct why *why);
/* The path of the list of a directory, into 'out' of 'size' bytes. */
void erasures_path(const char *dir, char *out, size_t size);
