/* store.h - memberships and timers as rows: read when the brand is opened, written back in slices
 * with the writer's batches. */
#pragma once

#include "segments/internal.h"

/* Fill lives, timers and seq. */
MUST_CHECK enum err store_load(struct room *r, struct sql *db);
/* As struct module's on_flush. */
MUST_CHECK enum err store_flush(struct room *r, struct tx *tx, size_t rows_max, bool *clean);
/* What was written was rolled back. */
void store_forget(struct room *r);
void store_close(struct room *r);
MUST_CHECK enum err store_clear(struct tx *tx);
