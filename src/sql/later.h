/* later.h - statements that are noted down by one thread and run by another, in order. For the
 * files of src/sql alone.
 *
 * All functions are for the connection's thread. Between later_drain() and the next later_close()
 * the other thread is idle, and the connection may be used as ever. */
#pragma once

#include "sql/driver.h"

struct later;

/* NULL: there is no thread to be had. */
struct later *later_create(struct sql *db);
/* Nothing may be left to be run. NULL is allowed. */
void later_destroy(struct later *l);

/* Note down a statement: its text, a literal; its values, whose bytes are copied; its end, after
 * which it may run at any time. The error of the first that failed: none is run after it. */
struct sql_stmt *later_open(struct later *l, const char *text);
void later_bind(struct later *l, int index, const struct value *v);
MUST_CHECK enum err later_close(struct later *l);

/* Return when all have run, or one of them failed. */
MUST_CHECK enum err later_drain(struct later *l);
/* Forget the error. Drained. */
void later_reset(struct later *l);
