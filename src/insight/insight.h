/* insight.h - questions over the history: one JSON shape in, one flat JSON reply out
 * (docs/query.md).
 *
 * A query runs on a snapshot with a number of workers inside a budget; the answer does not depend
 * on the number of workers. Any thread. */
#pragma once

#include "base/env.h"
#include "base/err.h"
#include "base/json.h"
#include "eventlog/scan.h"
#include "expr/expr.h"
#include "people/fold.h"

/* What a query runs on; all borrowed. */
struct insight {
    const struct snapshot *snapshot;
    const struct expr_catalog *catalog;
    const struct fold_names *fold;
    const struct zone *zone;
    const struct env *env;
    int64_t now;    /* as of */
    enum lang lang; /* of warnings */
    int workers;
    struct budget *budget;
    /* member fields that the fold does not answer (traits, owner ...); any thread; may be NULL */
    void (*get)(void *ctx, uint32_t member, enum expr_field field, struct str name,
                struct expr_value *out);
    void *get_ctx;
    struct brand *brand; /* whose changes of circles are known; NULL = there are none */
    /* an expression about members to whom every question is limited; {NULL, 0} = all. One that
     * cannot be limited so is ERR_FORBIDDEN. */
    struct str within;
};

enum insight_form { INSIGHT_JSON, INSIGHT_CSV };

/* Answer 'query' (JSON text of one query object). The reply is appended to 'out'; nothing is
 * appended on failure. Unknown fields, wrong types and values out of range are ERR_INVALID and name
 * the field with its path ("funnel.steps[2].kind"). */
MUST_CHECK enum err insight_query(const struct insight *in, struct str query,
                                  enum insight_form form, struct strbuf *out, struct why *why);
