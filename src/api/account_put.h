/* account_put.h - what the routes of accounts share: fields of replies, and who calls from where.
 */
#pragma once

#include "account/accounts.h"
#include "api/call.h"
#include "api/internal.h"
#include "api/put.h"

/* A set of scopes as a list of names. */
static inline void put_scopes(struct json_writer *w, uint64_t scopes)
{
    json_key(w, "scopes");
    json_begin_array(w);
    for (int i = 0; i < SCOPE_COUNT; i++) {
        uint64_t bit = UINT64_C(1) << i;
        if (scopes & bit) json_text(w, scope_name(bit));
    }
    json_end_array(w);
}
