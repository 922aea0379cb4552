/* envelope.h - what an intake request carries: messages, not yet understood, and a key. Any thread.
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"

struct envelope {
    struct str *items; /* the JSON text of each message */
    uint32_t count;
    struct str key;  /* writeKey, api_key or token beside them; {NULL, 0} = none */
    int64_t sent_at; /* sentAt or sent_at beside them; TIME_NONE = none */
};

enum envelope_form {
    ENVELOPE_ONE,   /* an object that is the message */
    ENVELOPE_BATCH, /* an object with a list "batch" */
    ENVELOPE_ANY    /* as PostHog's SDKs please: either, or a list of messages */
};

/* Take a JSON text apart. The whole is checked as JSON, so that what is in 'items' is well formed.
 * ERR_TOO_LARGE: more than LIMIT_BATCH_EVENTS messages. */
MUST_CHECK enum err envelope_open(struct arena *a, struct str json, enum envelope_form form,
                                  struct envelope *out, struct why *why);

/* The JSON in a body as browsers send it: plain, gzip without saying so, or a form's field "data",
 * plain or in base64. Within LIMIT_BATCH_BYTES. */
MUST_CHECK enum err envelope_unwrap(struct arena *a, struct str body, struct str *json,
                                    struct why *why);

/* Decode base64, the URL alphabet too; false when it is malformed. */
bool base64_decode(struct arena *a, struct str text, struct str *out);
