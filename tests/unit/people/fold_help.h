/* fold_help.h - timelines for the tests of the fold: names of a brand, rows by kind, changes noted.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "people/fold.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static inline struct fold_names names_in(const char *zone)
{
    struct fold_names n = {.zone = zone_open(zone), .kind_lifecycle = -1, .kind_trust = -1};
    fold_rules_default(&n.rules);
    return n;
}

static inline struct fold_row row_of(int64_t at, const char *kind)
{
    return (struct fold_row){.at = at,
                             .roles = fold_kind_roles(str_of(kind)),
                             .amount = HISTORY_NO_AMOUNT,
                             .human = true};
}

/* Changes as they are reported. */
struct changes {
    struct fold_change items[4096];
    size_t count;
};

static inline void note_change(void *ctx, const struct fold_change *change)
{
    struct changes *c = ctx;
    assert_true(c->count < COUNT(c->items));
    c->items[c->count++] = *change;
}
