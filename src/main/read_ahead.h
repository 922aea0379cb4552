/* read_ahead.h - what a server's first caller would wait for, read beside it at the start.
 *
 * Started and stopped by one thread. */
#pragma once

#include "api/api.h"

struct read_ahead;

/* Begin to read the names of all brands that are open and to fold their past, on a thread that
 * gives way to all others. NULL when there is none to be had: then the first search reads them, and
 * the first overview folds. */
struct read_ahead *read_ahead_start(struct data *d, struct api *a);
/* Stop it, wherever it is. NULL is allowed. */
void read_ahead_stop(struct read_ahead *r);
