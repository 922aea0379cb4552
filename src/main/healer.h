/* healer.h - a thread of a running server that looks at groups in which something was said, and
 * keeps what it finds as the day's. */
#pragma once

#include "account/place.h"

struct healer;

/* NULL: no thread could be had. Both are borrowed until the stop. */
struct healer *healer_start(struct data *d, struct staff *staff);
void healer_stop(struct healer *h); /* NULL is allowed */
