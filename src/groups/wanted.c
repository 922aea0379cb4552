/* wanted.c - properties by name become columns by id. */
#include "groups/wanted.h"

void wanted_props(struct brand *b, const struct wanted_prop *wanted, int count,
                  struct columns *columns, enum prop_type *types, int *place)
{
    for (int i = 0; i < count; i++) {
        uint32_t id = registry_find_prop(b, str_of(wanted[i].name), wanted[i].type);
        place[i] = -1;
        if (!id) continue;
        uint32_t at = (uint32_t)columns->prop_count++;
        for (; at > 0 && columns->props[at - 1] > id; at--) {
            columns->props[at] = columns->props[at - 1];
            types[at] = types[at - 1];
        }
        columns->props[at] = id;
        types[at] = wanted[i].type;
        for (int k = 0; k < i; k++)
            place[k] += place[k] >= (int)at;
        place[i] = (int)at;
    }
}
