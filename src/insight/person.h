/* person.h - one member of a run as member expressions see them: fields from the fold of their
 * rows, from their history, or from the caller of the query. One per worker. */
#pragma once

#include "insight/plan.h"

struct person;

struct person *person_create(const struct plan *p);
void person_destroy(struct person *w); /* NULL is allowed */
/* Look at member 'index' of the run as of the plan's now. What is returned evaluates expressions
 * about them, any number, until the next call. */
const struct expr_context *person_see(struct person *w, const struct history *h, uint32_t index);
/* Fold the rows of a member that are not after now; 'f' is as new. It may take more events. */
void person_fold(const struct plan *p, const struct history *h, uint32_t index, struct fold *f);
/* The fold of the member at hand as of now, where it is known already; borrowed until the next one
 * is seen. */
void person_give(struct person *w, const struct fold_state *state);
/* The same context, for who needs no member's fields. */
const struct expr_context *person_context(const struct person *w);
/* The member's fold as of now, if an expression has asked for a field of it; else NULL. */
const struct fold_state *person_folded(const struct person *w);
/* The same, folded if nobody has asked yet. */
const struct fold_state *person_state(struct person *w);
