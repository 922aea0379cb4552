/* by_time.h - the facts of a file that is not in order of time, put into that order.
 *
 * Runs that fit memory are sorted and kept in a nameless file of the data directory until the last
 * is in; then they are read back merged. Equal times keep the order in which they came. One thread.
 */
#pragma once

#include "people/fact.h"

struct by_time;

/* A row of a file, beside the fact it became. */
struct file_row {
    uint64_t line;      /* where it stood */
    struct str text;    /* as it stood, cut; {NULL, 0} but in a dry run */
    bool unknown_staff; /* it names staff that nobody of them is */
};

/* 'tag' makes the file's name, for as long as it has one, unlike others'. */
MUST_CHECK enum err by_time_create(const char *spool_dir, uint64_t tag, struct by_time **out,
                                   struct why *why);
void by_time_destroy(struct by_time *b); /* NULL is allowed */

/* Take a run of facts with their rows. Nothing of it is borrowed. */
MUST_CHECK enum err by_time_add(struct by_time *b, const struct fact *facts,
                                const struct file_row *rows, size_t count, struct why *why);
/* Behind the last run: the next fact, in 'arena'; *more is false at the end. */
MUST_CHECK enum err by_time_next(struct by_time *b, struct arena *arena, struct fact *out,
                                 struct file_row *row, bool *more, struct why *why);
