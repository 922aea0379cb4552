/* spec.h - the API's routes as data: one table dispatches, validates, authorizes and documents.
 *
 * Tables are constant and end with a zeroed entry. Every room's routes_*.c exports one; api.c joins
 * them in the order in which the first that fits a path wins, server-wide ones first. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "account/scope.h"
#include "base/err.h"
#include "base/json.h"
#include "http/http.h"

struct call;

enum spec_type {
    SPEC_TEXT,
    SPEC_INT,
    SPEC_BOOL,
    SPEC_TIME, /* RFC 3339, or a date in the brand's zone */
    SPEC_ENUM,
    SPEC_OBJECT, /* bodies only */
    SPEC_LIST,   /* in a query: texts separated by commas */
    SPEC_ANY     /* bodies only */
};

/* A query parameter or a body field; lists end with {0}. */
struct spec_field {
    const char *name;
    enum spec_type type;
    bool required;
    int64_t min, max;    /* text: bytes, up to 1,024 when max is 0; int: value, any when both are 0;
                            list: entries, up to 200 when max is 0 */
    const char *choices; /* SPEC_ENUM: "csv|json" */
    const char *fallback; /* default as text; NULL = absent */
    const char *doc;      /* one line, English */
    const struct spec_field
        *fields; /* of SPEC_OBJECT, or of the objects of a SPEC_LIST; NULL = free */
};

enum {
    SPEC_INLINE = 1,     /* never blocks: runs on the HTTP thread; others run on a worker */
    SPEC_IDEMPOTENT = 2, /* honours Idempotency-Key */
    SPEC_PERSONAL = 4,   /* the reply holds personal data */
    SPEC_RAW_BODY = 8,   /* the body is not JSON, or checked by the handler */
    SPEC_SERVER = 16,    /* server-wide: no {brand} */
    SPEC_QUESTION = 32,  /* may scan for long: runs on one of few askers, and is cancelled when the
                            caller goes; see call.budget */
    SPEC_FILTERED = 64,  /* a SPEC_QUESTION when it was given a "filter" */
    SPEC_OWNER = 256,    /* for people who own every brand */
    SPEC_CONFIRM = 128,  /* a person must have given their password a short while ago */
    SPEC_SIGHT = 1024,   /* for callers of narrow reach too, of the members they see: sight.h */
    SPEC_ANY_REACH = 2048, /* for them too: holds nothing of any member */
    SPEC_BYTES = 512,      /* a SPEC_RAW_BODY that is any bytes, sent as application/octet-stream */
};

struct spec {
    enum http_method method;
    const char *path; /* "/api/v1/{brand}/members/{id}" */
    uint64_t scope;   /* one bit of account/scope.h; 0 = public; SCOPE_SIGNED_IN = any person */
    const struct spec_field *query, *body; /* NULL = none */
    size_t body_max;                       /* bytes; 0 = no body */
    unsigned flags;                        /* SPEC_* */
    enum err (*handle)(struct call *c, struct json_writer *w, struct why *why);
    const char *audit;   /* action that each success writes into the audit log; NULL = none */
    const char *summary; /* English, one line */
    /* JSON examples of the reply, for the docs and the schema (openapi_reply.c): a line is a whole
     * one, or after '~' shows what other forms fields may have. NULL = none. */
    const char *reply;
    const char *reply_types; /* of its content, parted by '|'; NULL = JSON, or none without reply */
};
