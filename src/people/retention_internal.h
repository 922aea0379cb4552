/* retention_internal.h - what retention.c and purge.c share. */
#pragma once

#include "people/internal.h"
#include "people/retention.h"

#define RETENTION_PROPS "props."

/* Rows that can be limited. Statements take the moment as $1. */
struct row_class {
    const char *name, *table;
    int days_min;
    const char *count;
    const char *remove; /* up to 200 of them; a row each. NULL: traits */
};
extern const struct row_class row_classes[]; /* ends with {0} */

/* The earliest moment that is kept, of a day's beginning in the brand's zone. */
int64_t retention_cutoff(const struct brand *b, int64_t now, int days);
/* Ids of a property's typed columns; how many. */
size_t retention_columns(struct brand *b, struct str prop, uint32_t out[3]);
/* The timer of the next night, if anything is limited and none is set; 'anew' in any case. */
MUST_CHECK enum err retention_arm(struct people *p, struct tx *tx, bool anew);
/* The store of a class; NULL = it is none's. */
const struct retention_store *retention_store_of(const struct people *p, struct str name);
