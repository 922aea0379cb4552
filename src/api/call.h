/* call.h - one call of the API as its handler sees it: who asks, of which brand, what with.
 *
 * A call belongs to the thread that runs its handler and ends with it; everything it hands out
 * lives in 'arena', which is the request's. The handler writes its reply into the json_writer and
 * returns ERR_OK, or fills 'why' and returns its error; it neither replies nor resumes. */
#pragma once

#include "account/principal.h"
#include "api/spec.h"
#include "brand/data.h"

struct api;
struct idset;
struct worker;

struct call {
    const struct spec *spec;
    struct request *req;
    struct api *api;
    struct data *data;
    struct brand *brand;         /* NULL for SPEC_SERVER */
    const struct principal *who; /* kind NOBODY on public routes without credential */
    const struct json *body;     /* validated object; NULL = none */
    struct arena *arena;
    struct budget *budget; /* of a SPEC_QUESTION: cancelled when the caller has gone; else NULL */
    int status;            /* of success: 200, or as set; 204 when nothing was written */
    const char *type;      /* of the reply; NULL = JSON. With another, write w->out directly */
    bool replied;          /* the handler has called reply*() itself (SPEC_INLINE, or a file) */

    const char *home;             /* a key's brand; NULL = not a key */
    struct worker *worker;        /* that runs it; NULL on the HTTP thread */
    const struct call_value *got; /* validated parameters and fields (validate.h) */
    size_t got_count;             /* of them */
    const char *etag;             /* call_etag(); NULL = none */
    const struct idset *sight;    /* sight.h's */
};

/* A validated query parameter or field of the body, its default filled in. Absent: {NULL, 0}, 0,
 * false; a SPEC_TIME is an int, TIME_NONE when absent. The name must be in the spec's tables. */
struct str call_str(const struct call *c, const char *name);
int64_t call_int(const struct call *c, const char *name);
bool call_bool(const struct call *c, const char *name);
/* Was it given? A default does not count, null is as absent. */
bool call_has(const struct call *c, const char *name);
/* A field of the body as it came; NULL when absent. */
const struct json *call_json(const struct call *c, const char *name);
/* {name} of the path; one that holds a decimal number, ERR_NOT_FOUND when it does not. */
struct str call_param(const struct call *c, const char *name);
MUST_CHECK enum err call_number(const struct call *c, const char *name, uint32_t *out,
                                struct why *why);
/* Whose list of the day: '*staff' is what the caller's own is called, and becomes the parameter
 * "staff" when that is given. ERR_FORBIDDEN: it names another and the caller lacks staff.manage. */
MUST_CHECK enum err call_staff(const struct call *c, struct str *staff, struct why *why);
/* In the caller's language. */
enum lang call_lang(const struct call *c);

/* A reader connection to the brand's database, kept by the worker. It is in a transaction, so that
 * all that a call reads is of one moment; which ends with the call. Never close it, never begin.
 * Not for SPEC_INLINE. */
MUST_CHECK enum err call_reader(struct call *c, struct sql **out, struct why *why);

/* Say which version of a thing the reply holds: sent as ETag, and 304 when the caller has it. */
void call_etag(struct call *c, uint64_t version);
/* May a thing of this version be changed? ERR_PRECONDITION when If-Match names another; without
 * If-Match, or with "*", it may. */
MUST_CHECK enum err call_if_match(const struct call *c, uint64_t version, struct why *why);
/* Write into the audit log that who calls did that of the spec to 'subject': what there was of it
 * before, as JSON, and what there is after; {NULL, 0} = nothing. */
MUST_CHECK enum err call_audit(const struct call *c, const char *subject, struct str before,
                               struct str after, struct why *why);
/* The same 404 for what is not there and what is not the caller's. */
enum err call_not_found(struct why *why);

/* Write an instant in the brand's zone, UTC on server-wide routes; null for TIME_NONE. */
void call_write_time(const struct call *c, struct json_writer *w, int64_t at);
