/* panel.h - several member expressions made ready to be asked of one member after another.
 *
 * Expressions are read once; names that a brand did not know then may have come since, so a panel
 * whose names have grown is to be made anew. A panel may be asked by several threads at once, each
 * with a view of its own. */
#pragma once

#include "brand/brand.h"
#include "expr/expr.h"
#include "insight/insight.h"

struct panel;
struct panel_view;
struct roaring_bitmap_s;

/* 'texts' are copied. An expression that cannot be read holds of nobody. */
struct panel *panel_create(struct brand *b, const struct str *texts, size_t count);
void panel_destroy(struct panel *p); /* NULL is allowed */
size_t panel_count(const struct panel *p);
/* Readings that a member's history takes: more than one when many properties are read. */
size_t panel_lenses(const struct panel *p);
/* NULL: it cannot be read. */
const struct expr *panel_expr(const struct panel *p, size_t i);
/* Does the brand know names now that it did not when the panel was made? */
bool panel_is_old(const struct panel *p);
/* Hash of the expression and of the saved ones it names; 0 when it cannot be read. */
uint64_t panel_basis(const struct panel *p, size_t i);
/* The moment that evaluation is of. No view may be in use. */
void panel_set_now(struct panel *p, int64_t now);

/* May an event of this kind change the answer of expression i for the member it is about? kind 0:
 * what is not an event. */
bool panel_reads(const struct panel *p, size_t i, uint16_t kind);
bool panel_reads_lists(const struct panel *p, size_t i);

/* The earlier of two moments at which an answer may change; TIME_NONE: none does. */
static inline void due_sooner(int64_t *due, int64_t at)
{
    if (at != TIME_NONE && (*due == TIME_NONE || at < *due)) *due = at;
}

struct panel_view *panel_view_create(struct panel *p);
void panel_view_destroy(struct panel_view *v);
/* Have whoever is asked about remembered, of a snapshot. 'm', which may be NULL, is of the panel.
 */
struct memory;
void panel_view_learn(struct panel_view *v, struct memory *m, const struct snapshot *s);

struct panel_member {
    uint32_t id;
    const uint32_t *personas;
    size_t persona_count;
};
/* A member as of a snapshot, the personas in 'arena'. */
struct panel_member panel_member_of(const struct snapshot *s, uint32_t member, struct arena *arena);

/* Ask the expressions with which[i] set about a member: answers[i] becomes 0 or 1, *due the first
 * moment after now at which one of them may answer differently (TIME_NONE: never). The history is
 * read from the snapshot. ERR_NOT_FOUND: the member has no events; then all answers are 0. */
MUST_CHECK enum err panel_ask(struct panel_view *v, const struct snapshot *s,
                              const struct panel_member *m, const uint8_t *which, uint8_t *answers,
                              int64_t *due);
/* The clauses of expression i, which can be read, about a member, in 'arena'. */
MUST_CHECK enum err panel_explain(struct panel_view *v, const struct snapshot *s,
                                  const struct panel_member *m, size_t i, struct arena *arena,
                                  struct expr_clauses *out);

/* Ask all expressions about all members of a snapshot, or those of 'only'. 'fn' is called on
 * several threads, with the worker's number below 'workers', once a member for each lens: an answer
 * of 0 may also mean that another call tells. */
typedef void panel_fn(void *ctx, int worker, uint32_t member, const uint8_t *answers, int64_t due);
struct panel_scan {
    const struct snapshot *snapshot;
    const struct roaring_bitmap_s *only; /* NULL = all */
    int workers;
    struct memory *memory; /* with one worker: learns whoever is seen; NULL = none does */
    struct budget *budget;
    panel_fn *fn;
    void *ctx;
};
MUST_CHECK enum err panel_scan(struct panel *p, const struct panel_scan *scan, struct why *why);
/* Have a memory of the panel learn all members of a snapshot, or as many as it has room for. */
MUST_CHECK enum err panel_learn(struct panel *p, struct memory *m, const struct snapshot *s,
                                struct budget *budget, struct why *why);
