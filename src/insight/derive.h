/* derive.h - derived events put back in their places.
 *
 * lifecycle.changed and trust.changed are not stored: they follow from the member's own events.
 * circle.changed is kept beside the log (people/circle.h). When a query names one, each run is
 * woven anew with them, as of the query's now. One per worker.
 */
#pragma once

#include "insight/plan.h"

struct weaver;

struct weaver *weaver_create(const struct plan *p);
void weaver_destroy(struct weaver *w); /* NULL is allowed */
/* The run with its derived events; valid until the next call. */
const struct history *weaver_weave(struct weaver *w, const struct history *h);
/* Bytes held. */
size_t weaver_bytes(const struct weaver *w);
