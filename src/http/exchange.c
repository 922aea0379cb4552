/* exchange.c - one request from its first line to its last byte sent, on the connection's thread.
 *
 *   begin ──► STAGE_LINE ──first call: head checked, route found──► STAGE_BODY
 *                 │ framing fault: answered and closed                 │ data calls: body kept
 *                 ▼                                                    │ or, if refused, thrown
 * away end ◄── sent ◄── answered ◄── STAGE_HANDLED ◄─────────┘ last call: handler runs │  ▲ └──┘
 * suspended, called again when resumed
 *
 * 1. A refusal after a sound head is answered at the last call, which keeps the connection; unless
 *    the body is not worth reading: then at the first, which closes it.
 * 2. Whatever a handler sees lies in memory of ours, never in the library's. */
#include <assert.h>

#include "base/limits.h"
#include "http/gzip.h"
#include "http/internal.h"

/* The library would now split the query: an allocation a name, and a hang when they outgrow its
 * memory. It gets to see an empty one; ours is a copy taken before. */
static void hide_query(const char *target)
{
    const char *mark = strchr(target, '?');
    if (mark) *(char *)((uintptr_t)mark + 1) = '\0';
}

void *exchange_begin(void *server, const char *target, struct MHD_Connection *connection)
{
    struct http_server *s = server;
    (void)connection;
    atomic_fetch_add(&s->requests, 1);
    struct request *req = request_take(s, str_of(target));
    hide_query(target);
    return req;
}

static enum MHD_Result add_field(void *fields, enum MHD_ValueKind kind, const char *name,
                                 size_t name_len, const char *value, size_t value_len)
{
    struct fields *f = fields;
    (void)kind;
    if (f->count > LIMIT_HEADERS) return MHD_NO;
    f->items[f->count++] = (struct field){{name, name_len}, {value, value_len}};
    return MHD_YES;
}

/* Where the head lies in the library's memory. */
static struct head head_of(struct request *req, const char *url, const char *method,
                           const char *version)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(req->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    assert(info);
    struct head head = {.base = method,
                        .size = info->header_size,
                        .url = url,
                        .version = version,
                        .target = req->target};
    head.fields.items =
        arena_alloc_raw(req->arena, (LIMIT_HEADERS + 1) * sizeof(head.fields.items[0]));
    MHD_get_connection_values_n(req->connection, MHD_HEADER_KIND, add_field, &head.fields);
    return head;
}

/* Move names and values from the library's memory to a copy. */
static struct fields copy_fields(struct arena *arena, const struct head *head)
{
    const char *copy = arena_copy(arena, head->base, head->size);
    for (size_t i = 0; i < head->fields.count; i++) {
        struct field *f = &head->fields.items[i];
        f->name.p = copy + (f->name.p - head->base);
        f->value.p = copy + (f->value.p - head->base);
        f->value = str_trim(f->value);
    }
    return head->fields;
}

/* Queue the reply; what is added here concerns the connection, not the request. */
static enum MHD_Result send_reply(struct request *req, struct MHD_Response *response, int status)
{
    struct http_server *s = req->server;
    if (req->close || atomic_load(&s->stopping)) {
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    }
    atomic_fetch_add(&s->by_class[status / 100], 1);
    if (req->match.route) {
        struct route_counts *counts = &s->by_route[req->match.route - s->options.routes];
        atomic_fetch_add(&counts->by_class[status / 100], 1);
    }
    enum MHD_Result queued = MHD_queue_response(req->connection, (unsigned)status, response);
    MHD_destroy_response(response);
    return queued;
}

static enum MHD_Result answer(struct request *req)
{
    if (hold_is_abandoned(req)) return send_reply(req, reply_empty(), 503);
    if (req->late) req->late(req, req->late_arg);
    assert(req->response);
    struct MHD_Response *response = req->response;
    req->response = NULL;
    enum MHD_Result queued = send_reply(req, response, req->status);
    if (req->streams) request_slim(req);
    return queued;
}

static enum MHD_Result refuse_now(struct request *req)
{
    req->stage = STAGE_HANDLED;
    req->close = true;
    reply_problem(req, &req->refusal);
    return answer(req);
}

static enum err check_encoding(const struct request *req, struct why *why)
{
    struct str encoding = fields_get_fold(&req->headers, "Content-Encoding");
    if (!encoding.p || str_eq_fold(encoding, STR("identity"))) return ERR_OK;
    if (str_eq_fold(encoding, STR("gzip")) || str_eq_fold(encoding, STR("x-gzip"))) return ERR_OK;
    return why_fail(why, ERR_UNSUPPORTED, MSG_HTTP_ENCODING, "Content-Encoding", NULL);
}

static size_t body_max(const struct request *req)
{
    return req->match.route ? req->match.route->body_max : 0;
}

/* Everything that can be refused before the body was read. */
static enum err plan(struct request *req, struct why *why)
{
    struct str query = req->target;
    struct str path = str_cut(&query, '?');
    TRY(uri_decode(req->arena, path, false, "path", &req->path, why));
    TRY(route_find(req->server->options.routes, req->framing.method, path, req->arena, &req->match,
                   why));
    TRY(uri_query(req->arena, query, &req->query, why));
    TRY(check_encoding(req, why));
    if (req->framing.length > body_max(req)) {
        return why_fail(why, ERR_TOO_LARGE, MSG_TOO_LONG, "body", "%zu", body_max(req));
    }
    return ERR_OK;
}

static enum MHD_Result head_received(struct request *req, const char *url, const char *method,
                                     const char *version)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(req->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    assert(info);
    req->fd = info->connect_fd;
    info = MHD_get_connection_info(req->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (!info || !ip_of_socket(info->client_addr, &req->peer)) req->peer = (struct ip){{0}};
    struct head head = head_of(req, url, method, version);
    req->head = (struct str){head.base, head.size};
    if (framing_check(&head, &req->framing, &req->refusal) != ERR_OK) {
        atomic_fetch_add(&req->server->refused, 1);
        req->headers = head.fields; /* good enough to choose a language by */
        return refuse_now(req);
    }
    req->stage = STAGE_BODY;
    req->headers = copy_fields(req->arena, &head);
    req->close = req->framing.chunked;
    if (plan(req, &req->refusal) == ERR_OK) return MHD_YES;
    bool unread = req->framing.chunked || req->framing.length > 0;
    if (unread && (req->framing.expects || req->framing.length > LIMIT_BODY_SWALLOWED)) {
        return refuse_now(req);
    }
    return MHD_YES;
}

static enum MHD_Result body_received(struct request *req, const char *data, size_t size)
{
    if (req->refusal.err == ERR_OK && size > body_max(req) - req->sent.len) {
        (void)why_fail(&req->refusal, ERR_TOO_LARGE, MSG_TOO_LONG, "body", "%zu", body_max(req));
        strbuf_finish(&req->sent);
    }
    if (req->refusal.err == ERR_OK) {
        strbuf_add(&req->sent, data, size);
        return MHD_YES;
    }
    /* In the middle of a body no reply can be queued, only the connection closed. */
    req->swallowed += size;
    return req->swallowed > LIMIT_BODY_SWALLOWED ? MHD_NO : MHD_YES;
}

static enum err unpack_body(struct request *req, struct why *why)
{
    struct str encoding = fields_get_fold(&req->headers, "Content-Encoding");
    req->body = strbuf_str(&req->sent);
    if (!encoding.p || str_eq_fold(encoding, STR("identity")) || req->body.len == 0) return ERR_OK;
    TRY(gunzip(req->body, body_max(req), &req->unpacked, why));
    req->body = strbuf_str(&req->unpacked);
    return ERR_OK;
}

static enum err authorize(struct request *req, struct why *why)
{
    const struct http_options *o = &req->server->options;
    if (req->match.route->access == ACCESS_PUBLIC || !o->authorize) return ERR_OK;
    return o->authorize(req, req->match.route, why);
}

/* Run the handler, or reply in its place. */
static void handle(struct request *req)
{
    struct why why = {0};
    if (atomic_load(&req->server->stopping)) {
        (void)why_fail(&why, ERR_UNAVAILABLE, MSG_STOPPING, "", NULL);
        reply_problem(req, &why);
    } else if (req->refusal.err != ERR_OK) {
        if (req->refusal.err == ERR_METHOD) {
            reply_header(req, "Allow", route_allow(req->arena, req->match.methods));
        }
        reply_problem(req, &req->refusal);
    } else if (!req->match.route) {
        reply_options(req);
    } else if (unpack_body(req, &why) != ERR_OK || authorize(req, &why) != ERR_OK) {
        reply_problem(req, &why);
    } else {
        req->match.route->handle(req);
    }
}

static enum MHD_Result body_complete(struct request *req)
{
    req->stage = STAGE_HANDLED;
    req->counted = true;
    /* Before 'stopping' is read in handle(): http_stop() sets that, then reads this. */
    atomic_fetch_add(&req->server->active, 1);
    handle(req);
    if (req->suspended && !hold_is_abandoned(req)) return MHD_YES;
    return answer(req);
}

/* NOLINTNEXTLINE(readability-function-size): the library decides on the parameters */
enum MHD_Result exchange_step(void *server, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *data,
                              size_t *data_size, void **slot)
{
    struct request *req = *slot;
    (void)server;
    size_t size = *data_size;
    *data_size = 0;
    switch (req->stage) {
    case STAGE_LINE:
        req->connection = connection;
        return head_received(req, url, method, version);
    case STAGE_BODY:
        return size > 0 ? body_received(req, data, size) : body_complete(req);
    case STAGE_HANDLED:
        break;
    }
    return answer(req);
}

void exchange_end(void *server, struct MHD_Connection *connection, void **slot,
                  enum MHD_RequestTerminationCode code)
{
    struct http_server *s = server;
    struct request *req = *slot;
    (void)connection;
    (void)code;
    if (!req) return;
    *slot = NULL;
    bool counted = req->counted;
    hold_end(req);
    if (counted) atomic_fetch_sub(&s->active, 1);
}
