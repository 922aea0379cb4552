/* rate.h - how often each caller may call: a token bucket each, in a table of fixed size. Any
 * thread. */
#pragma once

#include <stdbool.h>

#include "base/env.h"
#include "base/hash.h"

struct rates;
struct rate {
    int per_second; /* calls in the long run */
    int burst;      /* calls at once, after a silence */
};
struct rates *rates_create(const struct env *env, struct rate rate);
/* NULL is allowed. */
void rates_destroy(struct rates *r);
/* Take one call of a caller; false when it comes too early: a second later it may come again. */
bool rates_take(struct rates *r, struct hash128 caller);
