/* kind_name.h - from an event's name as people write it to a kind. Pure; any thread. */
#pragma once

#include "base/arena.h"

/* 'name' is valid UTF-8 and not empty. A valid kind stays. "Order Completed" and "Order Refunded"
 * are order.paid and order.refunded. In any other, after NFKC and case folding, runs outside
 * [a-z0-9.] become '_', empty parts go, and what begins with a digit gets "e_" in front; what is
 * longer than a kind ends in '_' and 8 hex digits of the name's SHA-256; if nothing is left it is
 * "event_" and those. *label is the name, or {NULL, 0} when
 * the kind is a reserved one or was not rewritten. */
void kind_name(struct arena *a, struct str name, struct str *kind, struct str *label);
