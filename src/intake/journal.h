/* journal.h - which files were imported and how far, in the brand's database. On the writer only.
 *
 * A file is known by its content, format, map, group and source (for a chat log its day too). The
 * number of rows applied is saved in the transaction that applies them. */
#pragma once

#include "brand/brand.h"
#include "intake/import.h"

struct journal_entry {
    struct sha256 key;
    int64_t id;
    uint64_t row_offset; /* rows applied */
    bool by_time;        /* counted in order of time, not of the file */
    bool done;
};

/* The entry of this key, made if there is none. */
MUST_CHECK enum err journal_open(struct tx *tx, const struct sha256 *key,
                                 struct journal_entry *out);
/* 'counts' is what this batch added. */
MUST_CHECK enum err journal_save(struct tx *tx, const struct journal_entry *e,
                                 const struct import_counts *counts);
/* What the file brought is undone: it is not known any more, its number stays. */
MUST_CHECK enum err journal_undo(struct tx *tx, int64_t id);
/* Is it? On any connection. */
MUST_CHECK enum err journal_is_undone(struct sql *db, int64_t id, bool *undone);
/* Where events and records of a file come from, as they say themselves. */
#define JOURNAL_ORIGIN "import:%" PRId64
#define JOURNAL_ORIGIN_SIZE 32
