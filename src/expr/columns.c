/* columns.c - what an expression reads, as the parser noted it. */
#include "expr/node.h"

bool expr_columns(const struct expr *e, struct columns *columns)
{
    const uint32_t room = sizeof(columns->props) / sizeof(columns->props[0]);
    struct columns all = {.mask = columns->mask | e->columns.mask};
    if (e->columns_over) return false;
    uint32_t i = 0, j = 0;
    while (i < columns->prop_count || j < e->columns.prop_count) {
        uint32_t a = i < columns->prop_count ? columns->props[i] : UINT32_MAX;
        uint32_t b = j < e->columns.prop_count ? e->columns.props[j] : UINT32_MAX;
        if (all.prop_count == room) return false;
        all.props[all.prop_count++] = a < b ? a : b;
        if (a <= b) i++;
        if (b <= a) j++;
    }
    *columns = all;
    return true;
}

uint64_t expr_fields(const struct expr *e)
{
    return e->fields;
}

bool expr_names_derived(const struct expr *e)
{
    return e->derived;
}
