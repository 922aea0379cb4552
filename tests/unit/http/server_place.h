/* server_place.h - a server with a route for each thing to test, and a connection to it. */
#pragma once

#include "base/mem.h"
#include "http/client.h"

#define BIG ((size_t)32 * 1024 * 1024)

static inline void handle_hello(struct request *req)
{
    reply(req, 200, "text/plain; charset=utf-8", STR("hello"));
}

static inline void handle_echo(struct request *req)
{
    reply(req, 200, "application/octet-stream", request_body(req));
}

/* A text of WORDS bytes; with an ETag when ?etag is there. */
#define WORDS 5000
static inline void handle_words(struct request *req)
{
    char text[WORDS];
    memset(text, 'w', sizeof(text));
    if (request_query(req, "etag").p) reply_header(req, "ETag", "\"1\"");
    reply(req, 200, "application/json", (struct str){text, sizeof(text)});
}

/* What the handler sees, as text. */
static inline void handle_show(struct request *req)
{
    struct strbuf out = {0};
    struct str q = request_query(req, "q");
    struct str agent = request_header(req, "user-AGENT");
    strbuf_addf(&out, "path=" STR_FMT " id=" STR_FMT " q=", STR_ARG(request_path(req)),
                STR_ARG(request_param(req, "id")));
    strbuf_add_str(&out, q.p ? q : STR("none"));
    strbuf_add_text(&out, " agent=");
    strbuf_add_str(&out, agent.p ? agent : STR("none"));
    assert_null(request_param(req, "other").p);
    assert_string_equal(request_ctx(req), "ctx");
    assert_non_null(arena_alloc(request_arena(req), 100000));
    reply(req, 200, "text/plain", strbuf_str(&out));
    strbuf_finish(&out);
}

/* Where the client is, and its cookie. */
static inline void handle_client(struct request *req)
{
    struct strbuf out = {0};
    char text[IP_TEXT_MAX];
    struct ip ip = request_address(req);
    struct str cookie = request_cookie(req, "sid");
    ip_format(&ip, text);
    strbuf_addf(&out, "%s %s sid=" STR_FMT, text, request_over_tls(req) ? "tls" : "plain",
                STR_ARG(cookie.p ? cookie : STR("none")));
    reply(req, 200, "text/plain", strbuf_str(&out));
    strbuf_finish(&out);
}

static inline void handle_private(struct request *req)
{
    reply_json(req, 200, STR("{\"who\":\"clerk\"}"));
}

static inline void handle_headers(struct request *req)
{
    reply_header(req, "ETag", "\"1\"");
    reply_header(req, "cache-control", "max-age=60");
    reply_header(req, "Set-Cookie", "a=1");
    reply_header(req, "Set-Cookie", "b=2");
    reply_header(req, "X-Evil", "a\r\nX-Injected: yes");
    reply(req, 200, "text/html", STR("<p>"));
}

static inline void handle_busy(struct request *req)
{
    struct why why;
    (void)why_fail(&why, ERR_BUSY, MSG_BUSY, "", "%d", 1);
    reply_problem(req, &why);
}

static inline void handle_broken(struct request *req)
{
    struct why why;
    (void)why_fail(&why, ERR_IO, MSG_IO, "", "%s|%s|%s", "open", "/secret/path", "no such file");
    reply_problem(req, &why);
}

static inline void handle_big(struct request *req)
{
    char *bytes = mem_alloc(BIG);
    for (size_t i = 0; i < BIG; i += 4096) {
        bytes[i] = (char)(i >> 12);
    }
    reply(req, 200, "application/octet-stream", (struct str){bytes, BIG});
    mem_free(bytes);
}

static inline enum err authorize(struct request *req, const struct route *route, struct why *why)
{
    if (route->access == ACCESS_INTAKE && str_is(request_body(req), "key")) return ERR_OK;
    if (!str_is(request_header(req, "Authorization"), "Bearer good")) {
        return why_fail(why, ERR_UNAUTHORIZED, MSG_MISSING, "Authorization", NULL);
    }
    return ERR_OK;
}

static const struct route routes[] = {
    {HTTP_GET, "/", ACCESS_PUBLIC, 0, handle_hello, ""},
    {HTTP_POST, "/echo", ACCESS_PUBLIC, 100000, handle_echo, ""},
    {HTTP_GET, "/words", ACCESS_PUBLIC, 0, handle_words, ""},
    {HTTP_GET, "/show/{id}", ACCESS_PUBLIC, 0, handle_show, ""},
    {HTTP_GET, "/client", ACCESS_PUBLIC, 0, handle_client, ""},
    {HTTP_GET, "/private", ACCESS_API, 0, handle_private, ""},
    {HTTP_POST, "/v1/track", ACCESS_INTAKE, 1000, handle_echo, ""},
    {HTTP_GET, "/headers", ACCESS_PUBLIC, 0, handle_headers, ""},
    {HTTP_GET, "/busy", ACCESS_PUBLIC, 0, handle_busy, ""},
    {HTTP_GET, "/broken", ACCESS_PUBLIC, 0, handle_broken, ""},
    {HTTP_GET, "/big", ACCESS_PUBLIC, 0, handle_big, ""},
    {0},
};

/* The server and one open connection, which every test may use again: they all keep it alive. */
struct fixture {
    struct http_server *server;
    int fd;
    struct client_reply r; /* of the last request */
};

static inline int start(void **state)
{
    static char ctx[] = "ctx";
    static struct fixture f;
    struct http_options options = {.address = "127.0.0.1:0",
                                   .threads = 2,
                                   .routes = routes,
                                   .authorize = authorize,
                                   .env = env_system(),
                                   .ctx = ctx,
                                   .trusted = "127.0.0.0/8"};
    struct why why;
    if (http_start(&options, &f.server, &why) != ERR_OK) return -1;
    f.fd = client_connect(f.server);
    *state = &f;
    return 0;
}

static inline int stop(void **state)
{
    struct fixture *f = *state;
    close(f->fd);
    strbuf_finish(&f->r.all);
    http_stop(f->server);
    return 0;
}

static inline void ask(struct fixture *f, const char *request)
{
    client_ask(f->fd, request, &f->r);
}

static inline bool body_has(const struct fixture *f, const char *text)
{
    return str_find(f->r.body, str_of(text)) != SIZE_MAX;
}

#define HOST " HTTP/1.1\r\nHost: a\r\n"
