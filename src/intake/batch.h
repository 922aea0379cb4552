/* batch.h - rows on their way from the parser to the writer, and the belt of two that carries them.
 *
 * The parser's thread fills a batch while the other one is applied. Everything a batch points to
 * lies in its arena. */
#pragma once

#include <pthread.h>

#include "base/vec.h"
#include "intake/by_time.h"
#include "intake/import.h"

#define BATCH_BYTES ((size_t)320 << 20) /* of texts and lists in one, about */

/* A row that could not be used. */
struct reject {
    uint64_t line;
    uint32_t column; /* from 1; 0 = the row as a whole */
    struct why why;
    struct str row; /* as it stood in the file, cut */
};

struct batch {
    struct arena *arena;
    VEC(struct fact) facts;
    VEC(struct file_row) rows;  /* beside facts */
    VEC(struct file_row) known; /* dry run: the first that an earlier run has applied */
    VEC(struct reject) rejects;
    struct import_counts counts; /* what the parser knows: read, rejected, ... */
    double part;                 /* of the file's bytes read, 0 to 1 */
    uint64_t row_end;            /* rows of the file up to here, this batch's included */
    bool by_time;                /* 'row_end' counts rows in order of time */
    bool last;                   /* of its file */
    enum err err;                /* the parser could not go on after these rows */
    struct why why;
    struct why note; /* to be told once; MSG_NONE = nothing */
};

struct belt {
    pthread_mutex_t lock;
    pthread_cond_t moved;
    struct batch batches[2];
    struct batch *empty[2]; /* to be filled */
    struct batch *full[2];  /* to be applied, in order */
    int empty_count, full_count;
    bool stop; /* the consumer wants no more */
};

void belt_init(struct belt *b);
void belt_finish(struct belt *b);
/* The parser's side: a reset batch, NULL when stopped; and handing it over. */
struct batch *belt_take_empty(struct belt *b);
void belt_put_full(struct belt *b, struct batch *batch);
/* The other side. */
struct batch *belt_take_full(struct belt *b);
void belt_put_empty(struct belt *b, struct batch *batch);
void belt_stop(struct belt *b);
/* Everything back as it was, both sides being done. */
void belt_rearm(struct belt *b);
