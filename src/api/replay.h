/* replay.h - replies kept by Idempotency-Key, so that asking again does nothing again.
 *
 * A key belongs to the caller. The first call with it runs; those that come meanwhile wait for it;
 * all later ones, for REPLAY_DAYS, get its reply. A row is written before the call runs: where the
 * server ended in the middle, the next is told that nobody knows. Replies are stored sealed, since
 * some hold secrets. Any thread that may wait. */
#pragma once

#include "api/call.h"
#include "base/hash.h"

#define REPLAY_DAYS 7

struct replays;
/* Makes its table in the server's database. */
MUST_CHECK enum err replays_create(struct data *d, struct replays **out, struct why *why);
void replays_destroy(struct replays *r);

enum replay_state {
    REPLAY_NONE, /* no key: nothing to do */
    REPLAY_RUN,  /* the first: run it, then replay_end() */
    REPLAY_KNOWN /* done before: the reply is here */
};
struct replay {
    enum replay_state state;
    struct sha256 id;      /* of the caller and the key */
    struct sha256 request; /* of what is asked */
    int status;            /* of the reply; what follows likewise */
    struct str type, etag, body;
    struct replay *next; /* in the list of those that run */
};

/* Look at the call's key. ERR_CONFLICT: the key has been used for something else, or for a call
 * whose end nobody knows; ERR_INVALID: it is no key. */
MUST_CHECK enum err replay_begin(struct replays *r, struct call *c, struct replay *out,
                                 struct why *why);
/* The call has ended so. A refusal is forgotten, so that it can be tried again. */
void replay_end(struct replays *r, struct replay *replay, enum err err);
