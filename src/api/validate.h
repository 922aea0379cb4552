/* validate.h - a call's query and body against its spec. Pure; results live in the call's arena. */
#pragma once

#include "api/call.h"

/* One parameter or field of the spec, with what came for it. */
struct call_value {
    const struct spec_field *field;
    bool given;              /* false: what follows is the default, or empty */
    struct str text;         /* of all that are texts, and of every query parameter */
    int64_t integer;         /* SPEC_INT, SPEC_TIME; TIME_NONE of an absent time */
    bool boolean;            /* SPEC_BOOL */
    const struct json *json; /* of a body's field; NULL when absent */
};

/* Everything that is wrong with a call, in order, up to PROBLEMS_MAX. */
#define PROBLEMS_MAX 32
struct problems {
    struct why items[PROBLEMS_MAX];
    size_t count;
};

/* Fill call.got, call.got_count and call.body; true when nothing is wrong. */
bool validate(struct call *c, struct problems *found);
