/* kinds.h - the reserved kinds of event: their names, families, and what each means to the fold.
 *
 * Constant data; any thread. A brand may send kinds of its own; those are of FAMILY_OWN and mean
 * nothing to the fold. docs/definitions.md lists the kinds in words. */
#pragma once

#include <stdbool.h>

#include "base/str.h"

#define KIND_LENGTH_MAX 64 /* bytes of a kind's name */

enum kind_family {
    FAMILY_OWN, /* the brand's own */
    FAMILY_TOUCHPOINT,
    FAMILY_IDENTITY,
    FAMILY_RELATION,
    FAMILY_TALK,
    FAMILY_MIRROR,
    FAMILY_CONTENT,
    FAMILY_PARTICIPATION,
    FAMILY_TRADE,
    FAMILY_CAMPAIGN,
    FAMILY_VOUCHER,
    FAMILY_TOUCH,
    FAMILY_FIELD,
    FAMILY_SERVICE,
    FAMILY_DERIVED
};

/* Family of a kind; FAMILY_OWN when it is not reserved. */
enum kind_family kind_family(struct str kind);

/* Is it [a-z][a-z0-9_]*(\.[a-z0-9_]+)* of at most KIND_LENGTH_MAX bytes? */
bool kind_valid(struct str kind);
