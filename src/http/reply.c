/* reply.c - a reply is built whole, on the answering thread, and queued later on the connection's.
 */
#include <assert.h>

#include "base/log.h"
#include "base/mem.h"
#include "http/gzip.h"
#include "http/internal.h"

#define PACK_MIN 1400 /* bytes; less fits into one packet */

void reply_header(struct request *req, const char *name, const char *value)
{
    assert(req->reply_header_count < REPLY_HEADERS_MAX && !req->response);
    struct str n = arena_str(req->arena, str_of(name)), v = arena_str(req->arena, str_of(value));
    req->reply_headers[req->reply_header_count++] = (struct field){n, v};
}

bool reply_has_header(const struct request *req, const char *name)
{
    struct str wanted = str_of(name);
    for (size_t i = 0; i < req->reply_header_count; i++) {
        if (str_eq_fold(req->reply_headers[i].name, wanted)) return true;
    }
    return false;
}

static void add_default(struct request *req, const char *name, const char *value)
{
    if (!reply_has_header(req, name)) MHD_add_response_header(req->response, name, value);
}

static void add_headers(struct request *req)
{
    for (size_t i = 0; i < req->reply_header_count; i++) {
        const struct field *f = &req->reply_headers[i];
        /* The library refuses what would break the head, such as a line end. */
        if (MHD_add_response_header(req->response, f->name.p, f->value.p) != MHD_YES) {
            log_error("http", "bad_reply_header", "name=%s", f->name.p);
        }
    }
    add_default(req, "X-Content-Type-Options", "nosniff");
    add_default(req, "Cache-Control", "no-store");
    const struct route *route = req->match.route;
    if (route && route->access == ACCESS_INTAKE) {
        add_default(req, "Access-Control-Allow-Origin", "*");
    }
}

void reply_finish(struct request *req, int status, const char *content_type)
{
    assert(req->response && status >= 200 && status <= 599);
    req->status = status;
    add_headers(req);
    if (content_type) add_default(req, "Content-Type", content_type);
}

static bool is_text(const char *content_type)
{
    struct str type = str_of(content_type);
    return str_starts(type, STR("text/")) || str_starts(type, STR("application/json")) ||
           str_starts(type, STR("application/problem+json")) ||
           str_starts(type, STR("image/svg+xml"));
}

/* A validator is of one form of the bytes, so what has one goes as it is. */
static struct str pack(struct request *req, const char *content_type, struct str body)
{
    struct str none = {NULL, 0};
    if (body.len < PACK_MIN || !content_type || !is_text(content_type)) return none;
    if (reply_has_header(req, "ETag") || reply_has_header(req, "Content-Encoding")) return none;
    reply_header(req, "Vary", "Accept-Encoding");
    struct str packed = request_takes(req, "gzip") ? gzip(body) : none;
    if (packed.p) reply_header(req, "Content-Encoding", "gzip");
    return packed;
}

void reply(struct request *req, int status, const char *content_type, struct str body)
{
    assert(!req->response);
    struct str bytes = pack(req, content_type, body);
    if (!bytes.p && body.len > 0) bytes = (struct str){mem_copy(body.p, body.len), body.len};
    union {
        const char *from;
        void *to; /* ours, to be freed */
    } kept = {.from = bytes.p};
    req->response =
        MHD_create_response_from_buffer_with_free_callback(bytes.len, kept.to, mem_free);
    reply_finish(req, status, content_type);
}

void reply_constant(struct request *req, int status, const char *content_type, struct str body)
{
    union {
        const char *from;
        void *to; /* the library only reads it */
    } bytes = {.from = body.p};
    assert(!req->response);
    req->response = MHD_create_response_from_buffer(body.len, bytes.to, MHD_RESPMEM_PERSISTENT);
    reply_finish(req, status, content_type);
}

void reply_from_file(struct request *req, const char *content_type, int fd, uint64_t size)
{
    assert(!req->response);
    req->response = MHD_create_response_from_fd64(size, fd);
    assert(req->response);
    reply_finish(req, 200, content_type);
}

void reply_json(struct request *req, int status, struct str body)
{
    reply(req, status, "application/json", body);
}

struct MHD_Response *reply_empty(void)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    assert(response);
    MHD_add_response_header(response, "Retry-After", "1");
    return response;
}

void reply_options(struct request *req)
{
    reply_header(req, "Allow", route_allow(req->arena, req->match.methods));
    if (req->match.intake) {
        reply_header(req, "Access-Control-Allow-Origin", "*");
        reply_header(req, "Access-Control-Allow-Methods",
                     route_allow(req->arena, req->match.intake));
        reply_header(req, "Access-Control-Allow-Headers", "authorization, content-type");
        reply_header(req, "Access-Control-Max-Age", "86400");
    }
    reply(req, 204, NULL, (struct str){NULL, 0});
}
