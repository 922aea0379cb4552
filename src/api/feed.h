/* feed.h - who watches a brand, and a thread that tells them what has changed.
 *
 * Watchers are told at most FEED_PER_SECOND times a second, of the newest state alone: one who
 * comes back with the last id it saw hears at once whether there is a newer one. Of members who
 * enter and leave segments they are told at once, of each. Any thread. */
#pragma once

#include "api/call.h"

#define FEED_PER_SECOND 4

struct feed;
/* NULL when its thread cannot be made. */
struct feed *feed_create(const struct env *env);
/* After the server was stopped. NULL is allowed. */
void feed_destroy(struct feed *f);

/* What a watcher wants to hear of. */
enum {
    FEED_EVENTS = 1,  /* the brand's newest event */
    FEED_IMPORTS = 2, /* imports by upload, as they go on */
    FEED_SEGMENTS = 4 /* each member who enters or leaves a segment, at once */
};

/* Answer a call with a stream of the brand's changes in these topics: of events from 'last_seq' on
 * (UINT64_MAX = from now, whatever there is), of imports and segments those from now on. ERR_BUSY
 * over LIMIT_STREAMS. */
MUST_CHECK enum err feed_watch(struct feed *f, struct call *c, unsigned topics, uint64_t last_seq,
                               struct why *why);
