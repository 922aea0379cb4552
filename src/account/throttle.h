/* throttle.h - how soon the next attempt to sign in may come.
 *
 * Attempts that fail are counted three times over: by name and address together, by address, and by
 * name. After a few free ones each has to wait longer, up to a minute; for a name alone, whoever
 * tries, up to NAME_WAIT seconds: so nobody can lock somebody else out. What was silent for a
 * quarter of an hour is forgotten. In memory only. Any thread. */
#pragma once

#include "base/env.h"
#include "base/str.h"

#define THROTTLE_NAME_WAIT 5

struct throttle;
struct throttle *throttle_create(const struct env *env);
void throttle_destroy(struct throttle *t);
/* Begin an attempt: 0, and it counts as a failed one until throttle_right(); or the seconds to
 * wait, and it counts as none. 'name' is folded. */
int throttle_begin(struct throttle *t, struct str name, struct str address);
/* The attempt was right. */
void throttle_right(struct throttle *t, struct str name, struct str address);
