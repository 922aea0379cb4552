/* scope_set.h - sets of scopes as text: names parted by spaces, in the order of scope.h. That is
 * how the database keeps them, so that bits may change. */
#pragma once

#include "account/scope.h"

#define SCOPE_SET_TEXT 320
#define SCOPES_ALL ((UINT64_C(1) << SCOPE_COUNT) - 1)

/* At most SCOPE_SET_TEXT - 1 bytes. */
void scope_set_print(uint64_t scopes, char out[SCOPE_SET_TEXT]);
/* Names that are not known are left out. */
uint64_t scope_set_parse(struct str text);
