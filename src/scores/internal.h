/* internal.h - the room's state. 'lock' guards what stands below it. */
#pragma once

#include <pthread.h>

#include "people/numbering.h"
#include "scores/scores.h"

enum { TIMER_DAILY = 1 };

/* Scores of one run; counted, since who reads may hold one that was replaced. */
struct table {
    struct score *items; /* by member */
    size_t count;
};

struct room {
    struct brand *brand;
    /* the writer's: what the batch under way brings */
    bool published; /* a run was written whole */
    bool erased;    /* somebody was erased */
    struct scores_run staged;
    struct table staged_table;
    /* shared */
    pthread_mutex_t lock;
    pthread_cond_t settled;
    struct scores_run run;
    struct table table;
    bool loaded;          /* the table is that of the run */
    int64_t wanted_as_of; /* of the run under way; TIME_NONE = today */
    bool again;           /* the run under way is of no use: begin anew */
    bool started;         /* the thread is to be joined */
    bool closing;         /* no more */
    pthread_t thread;     /* makes runs */
    struct budget budget; /* of its questions: cancelled at the end */
};

static inline struct room *room_of(struct brand *b)
{
    return brand_module_state(b, &scores_module);
}

void table_finish(struct table *t);

/* refresh.c: the thread. Under no lock. */
MUST_CHECK enum err refresh_start(struct room *r, int64_t as_of);
void refresh_stop(struct room *r);

/* store.c */
extern const struct migration scores_migrations[];
MUST_CHECK enum err store_read_run(struct sql *db, struct scores_run *out);
MUST_CHECK enum err store_read_table(struct sql *db, uint64_t run, struct table *out);
MUST_CHECK enum err store_write(struct sql *db, uint64_t run, const struct score *list,
                                size_t count);
MUST_CHECK enum err store_write_run(struct sql *db, const struct scores_run *run);
/* Rows of other runs, of members in [from, to). */
MUST_CHECK enum err store_drop(struct sql *db, uint64_t but, uint32_t from, uint32_t to);
MUST_CHECK enum err store_last_member(struct sql *db, uint32_t *out);
MUST_CHECK enum err store_erase(struct sql *db, uint32_t member);
