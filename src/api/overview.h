/* overview.h - a brand at one look, as JSON, computed once for all callers. Any thread. */
#pragma once

#include "brand/brand.h"

struct overview_cache;
struct overview_cache *overview_create(void);
void overview_destroy(struct overview_cache *x); /* NULL is allowed */

/* Append the overview to 'out'. Who comes while somebody computes the next one gets the last one.
 * It is at most OVERVIEW_AGE_MS old where it takes up to four tenths of that, else older; "age_ms"
 * says how old what it was computed from is. Only weeks gone by may be older (past.h), where
 * something of before today has come or changed hands and there is much to fold. */
#define OVERVIEW_AGE_MS 10000
MUST_CHECK enum err overview_write(struct overview_cache *x, struct brand *b, struct strbuf *out,
                                   struct why *why);

/* Fold the brand's past, which is what takes long, before somebody asks. */
MUST_CHECK enum err overview_warm(struct overview_cache *x, struct brand *b, struct why *why);
/* Warming under way is given up; the server is about to end. */
void overview_stop(struct overview_cache *x);
