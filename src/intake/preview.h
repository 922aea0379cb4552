/* preview.h - the beginning of a file as an import would read it, with nothing stored.
 *
 * The same parser reads it; of a packed or long file the first PREVIEW_BYTES are looked at, and of
 * their rows the first PREVIEW_ROWS. Any thread that may wait for the disk. */
#pragma once

#include "base/json.h"
#include "brand/brand.h"
#include "intake/import.h"

#define PREVIEW_BYTES ((uint64_t)4 << 20)
#define PREVIEW_ROWS 200
#define PREVIEW_ROWS_SHOWN 20
#define PREVIEW_COLUMNS 512 /* of a table, that are shown */
#define PREVIEW_SAMPLES 5
#define PREVIEW_EVENTS 5

struct preview_options {
    const char *path, *name;                     /* where it lies, what it was called */
    const char *as, *map, *group, *date, *sheet; /* as of import_options; NULL = none */
    const struct zone *zone;
    struct staff *staff;       /* as of import_options */
    bool guess;                /* 'format' is not known */
    enum import_format format; /* unless 'guess' */
    enum lang lang;
};

/* Write {"format", "guessed", "encoding", "kind", "columns": [...], "rows": [...], "events": [...],
 * "problems": [...], "sheets": [...], "sheet"}. ERR_INVALID: the options; ERR_CORRUPT: it cannot be
 * unpacked. */
MUST_CHECK enum err preview_write(struct brand *b, const struct preview_options *o,
                                  struct json_writer *w, struct why *why);
/* Would an import with these options set owners of members? Errors as of preview_write(). */
MUST_CHECK enum err preview_sets_owner(struct brand *b, const struct preview_options *o, bool *out,
                                       struct why *why);

/* The format of a text, of which the beginning is at hand: by its signs, else csv. */
enum import_format preview_guess(struct str text);
