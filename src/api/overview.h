/* overview.h - a brand at one look, as JSON, computed once for all callers. Any thread. */
#pragma once

#include "brand/brand.h"

struct overview_cache;
struct overview_cache *overview_create(void);    /* NULL when a thread cannot be made */
void overview_destroy(struct overview_cache *x); /* NULL is allowed */

/* Append the overview to 'out': the last one computed, at once, unless the next takes next to no
 * time. It is at most OVERVIEW_AGE_MS old while somebody asks every OVERVIEW_KEPT_MS and computing
 * takes up to four tenths of that. Who asks after a longer pause gets the one of before the pause,
 * and begins the next. "age_ms" says how old what it was computed from is, "due" that it is older
 * than OVERVIEW_AGE_MS and that the next is on its way. Only weeks gone by may be older (past.h),
 * where something of before today has come or changed hands and there is much to fold: then
 * "past_due" is true. */
#define OVERVIEW_AGE_MS 10000
#define OVERVIEW_KEPT_MS (10 * 60 * 1000)
MUST_CHECK enum err overview_write(struct overview_cache *x, struct brand *b, struct strbuf *out,
                                   struct why *why);
/* The same of the members that an expression holds for; what cannot be limited to them is empty,
 * and named in "left_out". Who asks computes it, at once for all who ask for the same, and no
 * sooner again than OVERVIEW_AGE_MS, or twenty times as long as that took, up to
 * OVERVIEW_PART_AGE_MS. Of OVERVIEW_PARTS such the one last asked for is kept. */
#define OVERVIEW_PARTS 32
#define OVERVIEW_PART_AGE_MS (5 * 60 * 1000)
MUST_CHECK enum err overview_write_within(struct overview_cache *x, struct brand *b,
                                          struct str within, struct strbuf *out, struct why *why);

/* Fold the brand's past and, where that takes long, compute the first one, before somebody asks. */
MUST_CHECK enum err overview_warm(struct overview_cache *x, struct brand *b, struct why *why);
/* What is under way is given up; the server is about to end. */
void overview_stop(struct overview_cache *x);
