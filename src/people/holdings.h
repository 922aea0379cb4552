/* holdings.h - what a brand keeps, table by table: whose it is, what for, how long, and what
 * becomes of it when a member asks for their data or is erased.
 *
 * One list for the export of a member, for erasing, for its receipt and for whoever asks. A table
 * that names members and is not in it fails a test. */
#pragma once

#include <stddef.h>

#include "people/people.h"

struct holding {
    const char *table;     /* of the brand's database; "event" = the log of events */
    const char *columns;   /* all of them, parted by blanks */
    const char *members;   /* those that hold a member or a persona; NULL = none */
    const char *personal;  /* those that hold personal data; NULL = none */
    const char *purpose;   /* one line, English */
    const char *retention; /* likewise */
    const char *exported;  /* section of a member's export; NULL = nothing of it */
    const char *erased;    /* "deleted", "rewritten", "kept"; NULL = it names nobody */
    const char *count;     /* a query for its rows of persona $1; NULL = not counted */
    const char *remove;    /* a statement that removes them; NULL = see erase.c */
};
extern const struct holding holdings[]; /* ends with a zeroed one */

/* Run every 'remove' for a persona. */
MUST_CHECK enum err holdings_erase(struct tx *tx, uint32_t persona);
/* Add up rows of a persona, counts[i] of holdings[i]; and how many holdings there are. */
MUST_CHECK enum err holdings_count(struct sql *db, uint32_t persona, uint64_t *counts);
size_t holdings_number(void);
