/* bench_cold.h - the log's files as the disk has them: forgotten by the system's cache, and how
 * fast they are read from one end to the other. */
#pragma once

#include "brand/brand.h"

/* Have the system drop what it holds of the parts' files; they are synced, so that it can. */
MUST_CHECK enum err bench_cold_forget(struct brand *b, struct why *why);

/* Bytes a second of the parts' files, forgotten first, read by one thread in order. */
MUST_CHECK enum err bench_cold_speed(struct brand *b, double *bytes_per_second, struct why *why);
