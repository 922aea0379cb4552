/* stages.h - the query "lifecycle" by week, answered again and again while only the present moves.
 *
 * Every history is folded once up to a moment; from then on weeks gone by are known, and where
 * each member was at the beginning of the flow. Where they are now the caller says. Whoever keeps a
 * struct stages folds anew when facts of before that moment come. Immutable; any thread. */
#pragma once

#include "insight/insight.h"

struct stages;

struct stages_range {
    int64_t from;      /* the first week is that of 'from' */
    int64_t flow_from; /* the flow begins here; in [from, to] */
    int64_t to;        /* events before it are folded */
};
bool stages_range_same(const struct stages_range *a, const struct stages_range *b);

/* Fold; *out is the caller's to destroy. A range with from >= to knows of nobody. */
MUST_CHECK enum err stages_fold(const struct insight *in, const struct stages_range *range,
                                struct stages **out, struct why *why);
void stages_destroy(struct stages *s); /* NULL is allowed */
const struct stages_range *stages_get_range(const struct stages *s);

/* Where members are at 'at', which is not before range.to. */
struct stages_present {
    int64_t at;
    const uint8_t *stage; /* [count] enum stage by member's id; others: no such member */
    size_t count;
};
/* {"stock": [...], "flow": [...], "arrived": [...]} as the query replies: a week that ended before
 * range.to as folded, later ones as of the present. NULL: the present is range.to, as folded. */
void stages_write(const struct stages *s, const struct stages_present *present,
                  const struct zone *zone, struct strbuf *out);
