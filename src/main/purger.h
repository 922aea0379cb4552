/* purger.h - a thread of a running server that purges what has passed its retention, brand after
 * brand: once before the server begins to serve, which brings a restored backup up to date, and
 * whenever a brand's timer or a person asks for it. */
#pragma once

#include "brand/data.h"

struct purger;

/* NULL: no thread could be had. 'd' is borrowed until the stop. */
struct purger *purger_start(struct data *d);
/* Has it looked at each brand that was open at the start, and purged what was due? Waits for it, up
 * to so long. */
bool purger_has_looked(struct purger *p, int ms);
/* One under way is cut off; it is gone on with at the next start. NULL is allowed. */
void purger_stop(struct purger *p);
