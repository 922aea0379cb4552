/* scribe.h - a thread that puts what is said into text.db, beside the writer.
 *
 * What messages say is half of what it takes to store them, and it lies in a file of its own: on
 * two processors both halves are written at once. The writer hands over lines in order; a call of
 * scribe_wait() later all of them are in text.db's transaction, and the connection is the writer's
 * again. Until then it is the scribe's. All calls are the writer's. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

/* One message. */
struct said_line {
    uint64_t seq; /* growing within a batch */
    int64_t at;
    uint32_t group, persona, staff, origin; /* codes, and who; 0 = none */
    bool edited, recalled;                  /* from its beginning */
    struct str message, reply_to, type, text;
};

struct scribe;

/* 'write' is called on the thread, with memory of the line's own; what it needs for itself it gives
 * back. NULL: there is no thread to be had. */
struct scribe *scribe_create(enum err (*write)(void *ctx, struct arena *arena,
                                               const struct said_line *line),
                             void *ctx);
/* After scribe_wait(). NULL is allowed. */
void scribe_destroy(struct scribe *s);
/* Hand over a line; it is copied. Waits while a great many are under way. */
void scribe_add(struct scribe *s, const struct said_line *line);
/* Call 'end' on the thread once all lines are written, unless one failed. No line may be added
 * before scribe_wait(). */
void scribe_end(struct scribe *s, enum err (*end)(void *ctx));
/* Until all lines are written, and the end is. The first failure since the last call: what came
 * after that line was not written. */
enum err scribe_wait(struct scribe *s);
