/* who.h - the members that a member expression selects, as of the query's now.
 *
 * One per worker. Fields that the fold answers come from folding the member's rows, others from the
 * caller of the query. */
#pragma once

#include "insight/plan.h"

struct who;

struct who *who_create(const struct plan *p, const struct expr *e);
void who_destroy(struct who *w); /* NULL is allowed */
/* Which members of the run match: keep[i] is 1 when member i does, else 0; true when any does. */
bool who_select(struct who *w, const struct history *h, uint8_t *keep);
/* Does the expression read a field that the fold answers? */
bool who_needs_fold(const struct expr *e);
/* Columns of the history that it reads beside those of the fold, as a mask. */
uint32_t who_columns(const struct expr *e);
