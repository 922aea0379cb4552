/* err.h - the one list of errors, and why something failed.
 *
 * A function that can fail returns enum err and leaves its outputs untouched on failure. The
 * sentence for a person is stored as a message id and arguments in a struct why, made once, where
 * the cause is known, and rendered in the reader's language at the border (why_text). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MUST_CHECK __attribute__((warn_unused_result))

/* name, HTTP status, problem code */
#define ERR_LIST(X)                                                                                \
    X(OK, 200, "ok")                                                                               \
    X(INVALID, 400, "invalid")                   /* the input is wrong; a field is named */        \
    X(UNAUTHORIZED, 401, "unauthorized")         /* no or unknown credential */                    \
    X(KIND_NOT_ALLOWED, 403, "kind_not_allowed") /* this sender may not send that kind */          \
    X(FORBIDDEN, 403, "forbidden")                                                                 \
    X(CONFIRM, 403, "confirm_password") /* a person, whose password was long ago */                \
    X(NOT_FOUND, 404, "not_found")                                                                 \
    X(METHOD, 405, "method_not_allowed")                                                           \
    X(CONFLICT, 409, "conflict")              /* exists already, or another state is needed */     \
    X(LOCKED, 409, "locked")                  /* another process has the directory or brand */     \
    X(PRECONDITION, 412, "changed_meanwhile") /* If-Match names another version */                 \
    X(TOO_LARGE, 413, "too_large")            /* over a named limit */                             \
    X(UNSUPPORTED, 415, "unsupported")        /* content type or encoding */                       \
    X(BUSY, 429, "busy")                      /* a queue is full; try again later */               \
    X(HEADERS, 431, "headers_too_large")                                                           \
    X(CANCELLED, 499, "cancelled")                                                                 \
    X(INTERNAL, 500, "internal")                                                                   \
    X(IO, 500, "io")           /* the system refused a read or write */                            \
    X(CORRUPT, 500, "corrupt") /* stored bytes fail their check */                                 \
    X(STORE, 500, "store")     /* the SQL engine failed */                                         \
    X(NOT_IMPLEMENTED, 501, "not_implemented")                                                     \
    X(UNAVAILABLE, 503, "unavailable") /* stopping, poisoned or not yet open */                    \
    X(DEADLINE, 503, "deadline")       /* a query took longer than it may */                       \
    X(NO_SPACE, 507, "no_space")

enum err {
#define X(name, status, code) ERR_##name,
    ERR_LIST(X)
#undef X
        ERR_COUNT
};

/* HTTP status, and the short stable code ("too_large"), of an error. */
int err_status(enum err err);
const char *err_code(enum err err);

/* Return early when 'expr' fails; only where an arena owns everything (style). */
#define TRY(expr)                                                                                  \
    do {                                                                                           \
        enum err try_err_ = (expr);                                                                \
        if (try_err_ != ERR_OK) return try_err_;                                                   \
    } while (0)

/* Every sentence the product can answer with; see text.def. */
enum msg {
    MSG_NONE,
#define MSG(name, en, zh) MSG_##name,
#include "base/text.def"
#undef MSG
    MSG_COUNT
};

enum lang { LANG_EN, LANG_ZH };

/* Why a call failed: fixed size, no ownership, copied by assignment. */
struct why {
    enum err err;
    enum msg msg;
    char field[96]; /* the input field, column or path in question; "" if none */
    char args[320]; /* values for {0}, {1} ... of the sentence, separated by '\x1f' */
};

/* Fill 'why' (may be NULL) and return 'err'. 'format' is printf's and yields the arguments of the
 * sentence separated by '|', or is NULL: why_fail(why, ERR_TOO_LARGE, MSG_TOO_MANY, "steps", "%d",
 * 20). An argument that may hold '|' itself must come last. */
enum err why_fail(struct why *why, enum err err, enum msg msg, const char *field,
                  const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Render as one line of at most size-1 bytes: "steps: more than 20 entries". */
void why_text(const struct why *why, enum lang lang, char *out, size_t size);
