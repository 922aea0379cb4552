/* http.h - the HTTP server (libmicrohttpd behind it), its framing check and its routing table.
 *
 * A handler runs on one of the server's threads with a complete, size-checked request. It answers
 * at once with reply_*(), or calls request_suspend(), hands the request to another thread, and that
 * thread answers with reply_*() followed by request_resume(). Requests and their arenas are freed
 * by the server after the reply is sent. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/env.h"
#include "base/err.h"
#include "base/str.h"
#include "http/ip.h"
#include "http/uri.h"

struct http_server;
struct request;

enum http_method {
    HTTP_GET = 1,
    HTTP_POST = 2,
    HTTP_PUT = 4,
    HTTP_DELETE = 8,
    HTTP_OPTIONS = 16,
    HTTP_HEAD = 32
};

/* What a route needs before its handler runs; the server calls authorize(). */
enum access { ACCESS_PUBLIC, ACCESS_INTAKE, ACCESS_API };

/* One row of the routing table. A path is literal but for {name} segments, and a {name*} at its
 * end, which takes all the rest, slashes and nothing too; the first row that fits wins. A row for
 * HTTP_GET serves HEAD too; OPTIONS is answered for every path. */
struct route {
    enum http_method method;             /* one, or several or-ed */
    const char *path;                    /* "/api/v1/{brand}/query" */
    enum access access;                  /* who may call it; intake also from any web page */
    size_t body_max;                     /* bytes as sent and, apart, after decoding; 0 = no body */
    void (*handle)(struct request *req); /* replies, or suspends */
    const char *summary;                 /* one line for the API description */
};

struct http_options {
    const char *address;        /* "127.0.0.1:8080", "[::1]:0"; port 0 = any free */
    int threads;                /* 1 to 64 */
    const struct route *routes; /* ends with a zeroed one; outlives the server */
    /* Decide ACCESS_INTAKE and ACCESS_API, with the body at hand; on failure returns the error,
     * why filled. May be NULL. */
    enum err (*authorize)(struct request *req, const struct route *route, struct why *why);
    const struct env *env; /* outlives the server */
    void *ctx;             /* request_ctx() gives it back */
    /* Ranges of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed, as ip.h reads
     * them; NULL = none. */
    const char *trusted;
    /* Take connections from those proxies and this machine alone: others are closed at once. */
    bool only_proxies;
};
/* Is this an address ("127.0.0.1:8080", "[::1]:0") that nobody else can reach? False too when it is
 * none. */
bool http_is_loopback(const char *address);

MUST_CHECK enum err http_start(const struct http_options *options, struct http_server **out,
                               struct why *why);
/* The bound address as text "127.0.0.1:34567". */
const char *http_address(const struct http_server *s);
/* Stop accepting, answer what still comes with 503, end streams, wait for requests in flight, free.
 * NULL is allowed. After 10 s what is still suspended is answered with 503 too; its owner goes on
 * as if nothing had happened, and its request stays good until request_resume(). */
void http_stop(struct http_server *s);

/* The request. Strings are borrowed from it. */
void *request_ctx(const struct request *req);
struct arena *request_arena(struct request *req);
/* The row of the table that it fits. */
const struct route *request_route(const struct request *req);
/* Something of the request's arena that authorize() leaves for the handler; NULL before. */
void request_leave(struct request *req, void *note);
void *request_note(const struct request *req);
/* Decoded, without the query. */
struct str request_path(const struct request *req);
/* {name} of the path, decoded. */
struct str request_param(const struct request *req, const char *name);
/* Query string; {NULL,0} when absent. A repeated name is refused before the handler runs. */
struct str request_query(const struct request *req, const char *name);
/* All names of the query string with their values. */
const struct fields *request_queries(const struct request *req);
/* Value of a cookie; {NULL,0} when absent, empty, or given twice. */
struct str request_cookie(const struct request *req, const char *name);
/* Case ignored; {NULL,0} when absent. */
struct str request_header(const struct request *req, const char *name);
/* gzip already undone. */
struct str request_body(const struct request *req);
/* The client's address, behind trusted proxies. */
struct ip request_address(const struct request *req);
/* Did the client come by TLS? Only a trusted proxy can say so. */
bool request_over_tls(const struct request *req);
/* Is it from this machine, and not through a proxy: trusted, or one that says so in a header? And
 * not from a page that has reached in by a name of its own: Host is one of the loopback's. */
bool request_is_local(const struct request *req);
/* By Accept-Language; en unless zh comes first. */
enum lang request_lang(const struct request *req);
/* Does Accept-Encoding take this coding: "gzip", "br"? */
bool request_takes(const struct request *req, const char *coding);

/* Answer. The body is copied; texts and JSON of some size go as gzip to who takes that, unless the
 * reply has an ETag or a coding. Each request is answered exactly once. */
void reply(struct request *req, int status, const char *content_type, struct str body);
/* The same without a copy, of bytes that outlive the server. */
void reply_constant(struct request *req, int status, const char *content_type, struct str body);
/* 200 with the first 'size' bytes of a file, read as they are sent; takes 'fd', closed behind the
 * last of them or when nobody reads any more. */
void reply_from_file(struct request *req, const char *content_type, int fd, uint64_t size);
void reply_json(struct request *req, int status, struct str body);
/* RFC 9457 application/problem+json with {type, title, status, detail, code, errors:[{field, code,
 * message}]} in the caller's language; adds Retry-After to 429 and 503. */
void reply_problem(struct request *req, const struct why *why);
/* The same for several fields that are wrong at once: the first says what it is about, 'errors'
 * lists all. At least one. */
void reply_problems(struct request *req, const struct why *whys, size_t count);
/* A reply without an end, made piece by piece. The request and its arena are given back once its
 * head was queued; what 'ctx' needs must not lie in them. */
struct stream;
struct stream_source {
    /* On the connection's thread: write up to 'max' bytes to send now. 0 = nothing yet, fill is
     * called again after stream_wake(); -1 = the reply ends here. */
    ptrdiff_t (*fill)(void *ctx, char *out, size_t max);
    /* The last call: nobody reads any more, and the stream is no more. On the connection's thread,
     * or in http_stop(). */
    void (*close)(void *ctx);
    void *ctx;
};
struct stream *reply_stream(struct request *req, const char *content_type,
                            const struct stream_source *source);
/* There is something to fill in. Any thread, as long as close() has not returned. */
void stream_wake(struct stream *s);
/* Before reply*(); copied. Replaces a default (Cache-Control: no-store, X-Content-Type-Options). A
 * value with a line end is dropped and logged. */
void reply_header(struct request *req, const char *name, const char *value);

/* From the handler, before anyone else gets to know the request. */
void request_suspend(struct request *req);
/* After reply_*() on another thread. 'req' must not be touched afterwards. */
void request_resume(struct request *req);
/* In place of both: 'fn' replies, on the connection's thread, so that this one need not make the
 * reply. It is not called when nobody waits any more. */
void request_resume_with(struct request *req, void (*fn)(struct request *req, void *arg),
                         void *arg);
/* True once the client is known to have gone (best effort). */
bool request_gone(const struct request *req);

/* Counters for /metrics. */
struct http_stats {
    uint64_t requests;    /* request lines read */
    uint64_t refused;     /* of them, by the framing check */
    uint64_t by_class[6]; /* replies by status / 100 */
    int64_t connections;  /* open now */
    int64_t streams;      /* of them, those that read a stream */
};
struct http_stats http_stats(const struct http_server *s);
/* Replies of one row of the table by status / 100; 'index' counts from its first row. */
struct http_route_stats {
    uint64_t by_class[6];
};
struct http_route_stats http_route_stats(const struct http_server *s, size_t index);
