/* wanted.h - the properties that a pass over the log reads, of those the brand knows. */
#pragma once

#include "brand/brand.h"

struct wanted_prop {
    const char *name;
    enum prop_type type;
};

/* Add to 'columns' those of wanted[count] that the brand has, in order of id as a scan wants them,
 * with types[] beside them; place[i]: where wanted[i] is among them, -1 = the brand has none. */
void wanted_props(struct brand *b, const struct wanted_prop *wanted, int count,
                  struct columns *columns, enum prop_type *types, int *place);
