/* select.h - all members that an expression selects, as a set. */
#pragma once

#include "insight/insight.h"
#include "people/idset.h"

/* Add the members for whom the member expression 'text' holds to 'out', which is empty and the
 * caller's to finish; on failure it is empty again. Errors of the expression name 'field', and line
 * and column. Any thread. */
MUST_CHECK enum err insight_select(const struct insight *in, struct str text, const char *field,
                                   struct idset *out, struct why *why);
