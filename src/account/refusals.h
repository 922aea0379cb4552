/* refusals.h - passwords that were wrong, as rows of the audit log.
 *
 * A name that nobody has is not written down: it may be a password that slipped into the wrong
 * field. Whoever knocks all day shall not fill the disk: at most LIMIT_REFUSALS rows a minute are
 * written, and the next row says how many were not. Any thread. */
#pragma once

#include "account/principal.h"
#include "brand/data.h"

struct refusals;
struct refusals *refusals_create(struct data *d);
void refusals_destroy(struct refusals *r);
/* 'who' is signed in and gave a wrong password, NULL = somebody who is not; 'person' is whose
 * password it should have been, 0 = nobody's. */
void refusals_tell(struct refusals *r, const struct principal *who, uint32_t person,
                   struct str address);
