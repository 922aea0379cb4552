/* panel_internal.h - a panel as panel.c and memory.c see it. */
#pragma once

#include "base/vec.h"
#include "insight/derive.h"
#include "insight/person.h"
#include "insight/who.h"
#include "segments/panel.h"

struct lens {
    struct plan plan;
    bool fold;    /* an expression reads a field of the fold */
    bool fields;  /* or any field */
    bool consent; /* or consented() */
};

struct entry {
    const struct expr *expr; /* NULL: it cannot be read */
    size_t lens;
    uint64_t basis, fields;
    struct expr_reach reach;
};

struct panel {
    struct brand *brand;
    struct arena *arena;
    struct insight in;
    struct expr_catalog catalog;
    struct fold_names names;
    struct budget budget; /* that plans charge */
    struct entry *entries;
    size_t count;
    VEC(struct lens *) lenses;
    int created;              /* code of the kind that begins every history; -1 = none yet */
    uint64_t numbers, scores; /* versions of the brand's */
    uint64_t kinds_known, props_known; /* when it was made */
    uint64_t codes_known;
    bool warned; /* an expression names something unknown */
    bool rhythm; /* an expression reads a field of struct fold_rhythm */
};

/* One thread's. */
struct panel_view {
    struct panel *panel;
    struct person **persons;         /* by lens */
    struct weaver **weavers;         /* by lens; NULL = no derived kinds */
    struct arena *arena;             /* of a member's history */
    struct memory *memory;           /* that learns whoever is seen; NULL = none */
    const struct snapshot *snapshot; /* and of what */
};

/* What is asked, and what comes of it. */
struct asking {
    const uint8_t *which; /* NULL = all */
    uint8_t *answers;
    int64_t *due;
};
/* Ask those of one lens about member 'index' of the run, whom 'c' sees. */
void panel_ask_lens(struct panel_view *v, size_t lens, const struct expr_context *c,
                    const struct history *h, uint32_t index, const struct asking *a);
