/* dispatch.c - one call from its head to its reply.
 *
 * A job lives in the request's arena, as does everything its handler makes; the text of the reply
 * alone is on the heap until it was handed to the server. */
#include "api/dispatch.h"

#include "api/authorize.h"
#include "api/internal.h"
#include "api/rate.h"
#include "api/replay.h"
#include "api/sight.h"
#include "api/validate.h"

/* A call in a pool's queue. */
struct queued {
    struct job job; /* first */
    struct call *call;
    struct budget budget; /* of a question */
};

/* The spec of the row that the request fits; NULL = the row has none. */
static const struct spec *spec_of(const struct request *req)
{
    const struct api *a = request_ctx(req);
    return a->specs[request_route(req) - a->routes];
}

static struct call *call_make(struct request *req, const struct spec *spec)
{
    struct api *a = request_ctx(req);
    struct call *c = arena_alloc(request_arena(req), sizeof(*c));
    c->spec = spec;
    c->req = req;
    c->api = a;
    c->data = a->intake.data;
    c->arena = request_arena(req);
    c->status = 200;
    return c;
}

/* ---- the reply ---- */

/* Does the caller hold this version? */
static bool is_known(const struct call *c)
{
    if (!c->etag || c->spec->method != HTTP_GET) return false;
    struct str held = request_header(c->req, "If-None-Match");
    while (held.p) {
        struct str one = str_trim(str_cut(&held, ','));
        if (str_starts(one, STR("W/"))) one = (struct str){one.p + 2, one.len - 2};
        if (str_is(one, c->etag)) return true;
    }
    return false;
}

/* The reply of a success, from what the handler has written; {.type.p = NULL} = none. */
static struct replay reply_of(const struct call *c, struct str text)
{
    return (struct replay){
        .status = text.len > 0 ? c->status : 204,
        .type = str_of(text.len == 0 ? NULL
                       : c->type     ? c->type
                                     : "application/json"),
        .etag = str_of(c->etag),
        .body = text,
    };
}

static void send_success(struct call *c, const struct replay *r)
{
    if (r->etag.len > 0) reply_header(c->req, "ETag", r->etag.p);
    if (is_known(c)) {
        reply(c->req, 304, NULL, STR(""));
    } else {
        reply(c->req, r->status, r->type.len > 0 ? r->type.p : NULL, r->body);
    }
}

static enum err run(struct call *c)
{
    struct strbuf out = {0};
    struct json_writer w = {.out = &out};
    struct why why = {0};
    struct replay replay = {0};
    enum err err = c->worker ? replay_begin(c->api->replays, c, &replay, &why) : ERR_OK;
    enum replay_state state = replay.state;
    if (err == ERR_OK && state != REPLAY_KNOWN) {
        err = c->spec->handle(c, &w, &why);
        const struct replay done = reply_of(c, out.len ? strbuf_str(&out) : STR(""));
        replay.status = done.status;
        replay.type = done.type;
        replay.etag = done.etag;
        replay.body = done.body;
        if (state == REPLAY_RUN) replay_end(c->api->replays, &replay, err);
    } else if (err == ERR_OK) {
        reply_header(c->req, "Idempotency-Replayed", "true");
    }
    if (err != ERR_OK) {
        reply_problem(c->req, &why);
    } else if (!c->replied) {
        send_success(c, &replay);
    }
    strbuf_finish(&out);
    return err;
}

static enum err run_job(struct job *job, struct worker *on)
{
    struct queued *q = (struct queued *)job;
    q->call->worker = on;
    return run(q->call);
}

/* ---- the way there ---- */

static enum err busy(struct why *why)
{
    return why_fail(why, ERR_BUSY, MSG_BUSY, "", "%d", 1);
}

static void enqueue(struct call *c)
{
    struct queued *q = arena_alloc(c->arena, sizeof(*q));
    bool question = (c->spec->flags & SPEC_QUESTION) ||
                    ((c->spec->flags & SPEC_FILTERED) && call_has(c, "filter"));
    q->job.req = c->req;
    q->job.run = run_job;
    q->call = c;
    if (question) {
        c->budget = &q->budget;
        q->job.cancel = &q->budget.cancel;
    }
    if (pool_submit(question ? c->api->askers : c->api->workers, &q->job)) return;
    struct why why;
    (void)busy(&why);
    reply_problem(c->req, &why);
}

/* May this call be looked at, and does its caller have the right to it? */
static enum err admit(struct call *c, struct why *why)
{
    struct hash128 id;
    struct ip address = request_address(c->req);
    address = ip_client(&address);
    memcpy(&id, address.bytes, sizeof(id));
    if (!rates_take(c->api->by_address, id)) return busy(why);
    TRY(authorize_call(c, why));
    bool person = c->who->kind == PRINCIPAL_PERSON;
    id = (struct hash128){c->who->kind, person ? c->who->session : c->who->number};
    if (c->who->kind != PRINCIPAL_NOBODY && !rates_take(c->api->by_caller, id)) return busy(why);
    return ERR_OK;
}

static void handle(struct request *req)
{
    const struct spec *spec = spec_of(req);
    struct call *c = request_note(req);
    struct problems problems;
    struct why why;
    if (!c) {
        c = call_make(req, spec);
        if (admit(c, &why) != ERR_OK) {
            reply_problem(req, &why);
            return;
        }
    }
    if (sight_check(c, &why) != ERR_OK) {
        reply_problem(req, &why);
    } else if (!validate(c, &problems)) {
        reply_problems(req, problems.items, problems.count);
    } else if (spec->flags & SPEC_INLINE) {
        (void)run(c);
    } else {
        enqueue(c);
    }
}

enum err dispatch_authorize(struct request *req, struct why *why)
{
    const struct spec *spec = spec_of(req);
    if (!spec) return why_fail(why, ERR_UNAUTHORIZED, MSG_NEEDS_TOKEN, "", NULL);
    struct call *c = call_make(req, spec);
    TRY(admit(c, why));
    request_leave(req, c);
    return ERR_OK;
}

struct route dispatch_route(const struct spec *spec)
{
    return (struct route){
        .method = spec->method,
        .path = spec->path,
        .access = spec->scope ? ACCESS_API : ACCESS_PUBLIC,
        .body_max = spec->body_max,
        .handle = handle,
        .summary = spec->summary,
    };
}
