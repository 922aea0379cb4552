/* asking.h - what a question of a brand runs on: the snapshot, the catalog and the limits. */
#pragma once

#include "brand/brand.h"
#include "insight/insight.h"

struct asking {
    struct insight in; /* valid until asking_end */
    struct expr_catalog catalog;
    struct fold_names names;
    struct budget own; /* where none was given */
    struct arena *arena;
    struct snapshot *snapshot;
};

/* As of now, with all cores and the limits of limits.h. 'budget' may be NULL; one that is given can
 * be cancelled. 'a' must stay where it is. Any thread. */
void asking_begin(struct asking *a, struct brand *b, enum lang lang, struct budget *budget);
void asking_end(struct asking *a);
/* The time and the memory that one question may take. */
void asking_fill(struct brand *b, struct budget *budget);
