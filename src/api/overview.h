/* overview.h - a brand at one look, as JSON, computed once for all callers. Any thread. */
#pragma once

#include "brand/brand.h"

struct overview_cache;
struct overview_cache *overview_create(void);
void overview_destroy(struct overview_cache *x); /* NULL is allowed */

/* Append the overview to 'out'. Who comes while somebody computes the next one gets the last one.
 * It is at most OVERVIEW_AGE_MS old where it takes up to four tenths of that, else older;
 * "age_ms" says how old what it was computed from is. */
#define OVERVIEW_AGE_MS 10000
MUST_CHECK enum err overview_write(struct overview_cache *x, struct brand *b, struct strbuf *out,
                                   struct why *why);
