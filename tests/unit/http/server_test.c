/* server_test.c - routing, bodies, replies and headers, over real connections. */
#include "http/client.h"

#include <zlib.h>

#include "base/limits.h"
#include "base/mem.h"

#define BIG ((size_t)32 * 1024 * 1024)

static void handle_hello(struct request *req)
{
    reply(req, 200, "text/plain; charset=utf-8", STR("hello"));
}

static void handle_echo(struct request *req)
{
    reply(req, 200, "application/octet-stream", request_body(req));
}

/* What the handler sees, as text. */
static void handle_show(struct request *req)
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
static void handle_client(struct request *req)
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

static void handle_private(struct request *req)
{
    reply_json(req, 200, STR("{\"who\":\"clerk\"}"));
}

static void handle_headers(struct request *req)
{
    reply_header(req, "ETag", "\"1\"");
    reply_header(req, "cache-control", "max-age=60");
    reply_header(req, "Set-Cookie", "a=1");
    reply_header(req, "Set-Cookie", "b=2");
    reply_header(req, "X-Evil", "a\r\nX-Injected: yes");
    reply(req, 200, "text/html", STR("<p>"));
}

static void handle_busy(struct request *req)
{
    struct why why;
    (void)why_fail(&why, ERR_BUSY, MSG_BUSY, "", "%d", 1);
    reply_problem(req, &why);
}

static void handle_broken(struct request *req)
{
    struct why why;
    (void)why_fail(&why, ERR_IO, MSG_IO, "", "%s|%s|%s", "open", "/secret/path", "no such file");
    reply_problem(req, &why);
}

static void handle_big(struct request *req)
{
    char *bytes = mem_alloc(BIG);
    for (size_t i = 0; i < BIG; i += 4096) {
        bytes[i] = (char)(i >> 12);
    }
    reply(req, 200, "application/octet-stream", (struct str){bytes, BIG});
    mem_free(bytes);
}

static enum err authorize(struct request *req, const struct route *route, struct why *why)
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

static int start(void **state)
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

static int stop(void **state)
{
    struct fixture *f = *state;
    close(f->fd);
    strbuf_finish(&f->r.all);
    http_stop(f->server);
    return 0;
}

static void ask(struct fixture *f, const char *request)
{
    client_ask(f->fd, request, &f->r);
}

static bool body_has(const struct fixture *f, const char *text)
{
    return str_find(f->r.body, str_of(text)) != SIZE_MAX;
}

#define HOST " HTTP/1.1\r\nHost: a\r\n"

static void a_handler_replies(void **state)
{
    struct fixture *f = *state;
    ask(f, "GET /" HOST "\r\n");
    assert_int_equal(f->r.status, 200);
    assert_true(str_is(f->r.body, "hello"));
    assert_true(str_is(client_header(&f->r, "Content-Type"), "text/plain; charset=utf-8"));
    assert_true(str_is(client_header(&f->r, "X-Content-Type-Options"), "nosniff"));
    assert_true(str_is(client_header(&f->r, "Cache-Control"), "no-store"));
    assert_null(client_header(&f->r, "Connection").p);
}

static void head_is_get_without_the_body(void **state)
{
    struct fixture *f = *state;
    ask(f, "HEAD /" HOST "\r\n");
    assert_int_equal(f->r.status, 200);
    assert_true(str_is(client_header(&f->r, "Content-Length"), "5"));
    ask(f, "GET /" HOST "\r\n");
    assert_true(str_is(f->r.body, "hello"));
}

static void a_handler_sees_the_request(void **state)
{
    struct fixture *f = *state;
    ask(f, "GET /show/%E7%BE%A4?q=a%20b+c&z" HOST "User-Agent:  t/1 \r\n\r\n");
    assert_true(str_is(f->r.body, "path=/show/群 id=群 q=a b c agent=t/1"));
    ask(f, "GET /show/1" HOST "\r\n");
    assert_true(str_is(f->r.body, "path=/show/1 id=1 q=none agent=none"));
}

static void an_unknown_path_is_404(void **state)
{
    struct fixture *f = *state;
    ask(f, "GET /nothing?x=1" HOST "\r\n");
    assert_int_equal(f->r.status, 404);
    assert_true(str_is(client_header(&f->r, "Content-Type"), "application/problem+json"));
    assert_true(str_is(f->r.body,
                       "{\"type\":\"about:blank\",\"title\":\"Not Found\",\"status\":404,"
                       "\"detail\":\"there is nothing at this address\","
                       "\"code\":\"not_found\"}"));
    ask(f, "POST /nothing" HOST "Content-Length: 5\r\n\r\nhello");
    assert_int_equal(f->r.status, 404);
    ask(f, "GET /" HOST "\r\n");
    assert_int_equal(f->r.status, 200);
}

static void another_method_is_405(void **state)
{
    struct fixture *f = *state;
    ask(f, "DELETE /echo" HOST "\r\n");
    assert_int_equal(f->r.status, 405);
    assert_true(str_is(client_header(&f->r, "Allow"), "POST, OPTIONS"));
    assert_true(body_has(f, "\"code\":\"method_not_allowed\""));
}

static void a_problem_speaks_the_readers_language(void **state)
{
    struct fixture *f = *state;
    ask(f, "GET /private" HOST "Accept-Language: zh-CN,en;q=0.5\r\n\r\n");
    assert_int_equal(f->r.status, 401);
    assert_true(str_is(client_header(&f->r, "WWW-Authenticate"), "Bearer"));
    assert_true(str_is(client_header(&f->r, "Content-Language"), "zh-CN"));
    assert_true(body_has(f, "\"title\":\"未认证\""));
    assert_true(body_has(f, "\"detail\":\"Authorization：缺失\""));
    assert_true(body_has(f, "\"errors\":[{\"field\":\"Authorization\",\"code\":\"unauthorized\","
                            "\"message\":\"缺失\"}]"));
}

static void a_trusted_proxy_says_who_the_client_is(void **state)
{
    struct fixture *f = *state;
    ask(f, "GET /client" HOST "\r\n");
    assert_true(str_is(f->r.body, "127.0.0.1 plain sid=none"));
    ask(f, "GET /client" HOST "X-Forwarded-For: 6.6.6.6, 203.0.113.9\r\n"
           "X-Forwarded-Proto: https\r\n\r\n");
    assert_true(str_is(f->r.body, "203.0.113.9 tls sid=none"));
}

static void a_cookie_counts_when_there_is_one_of_its_name(void **state)
{
    struct fixture *f = *state;
    ask(f, "GET /client" HOST "Cookie: a=1; sid=x1y=; b=2\r\n\r\n");
    assert_true(str_is(f->r.body, "127.0.0.1 plain sid=x1y="));
    ask(f, "GET /client" HOST "Cookie: sid=x; a=1; sid=y\r\n\r\n");
    assert_true(str_is(f->r.body, "127.0.0.1 plain sid=none"));
    ask(f, "GET /client" HOST "Cookie: xsid=1; sid=; sid\r\n\r\n");
    assert_true(str_is(f->r.body, "127.0.0.1 plain sid=none"));
}

static void authorization_comes_before_the_handler(void **state)
{
    struct fixture *f = *state;
    ask(f, "GET /private" HOST "Authorization: Bearer bad\r\n\r\n");
    assert_int_equal(f->r.status, 401);
    ask(f, "GET /private" HOST "Authorization: Bearer good\r\n\r\n");
    assert_int_equal(f->r.status, 200);
    assert_true(str_is(f->r.body, "{\"who\":\"clerk\"}"));
    assert_true(str_is(client_header(&f->r, "Content-Type"), "application/json"));
    ask(f, "POST /v1/track" HOST "Content-Length: 3\r\n\r\nkey");
    assert_int_equal(f->r.status, 200);
    ask(f, "POST /v1/track" HOST "Content-Length: 3\r\n\r\nyek");
    assert_int_equal(f->r.status, 401);
}

static void intake_may_be_called_from_any_page(void **state)
{
    struct fixture *f = *state;
    ask(f, "OPTIONS /v1/track" HOST "Origin: https://shop.example\r\n"
           "Access-Control-Request-Method: POST\r\n\r\n");
    assert_int_equal(f->r.status, 204);
    assert_true(str_is(client_header(&f->r, "Access-Control-Allow-Origin"), "*"));
    assert_true(str_is(client_header(&f->r, "Access-Control-Allow-Methods"), "POST, OPTIONS"));
    assert_true(str_is(client_header(&f->r, "Access-Control-Allow-Headers"),
                       "authorization, content-type"));
    ask(f, "POST /v1/track" HOST "Content-Length: 3\r\n\r\nkey");
    assert_true(str_is(client_header(&f->r, "Access-Control-Allow-Origin"), "*"));
    ask(f, "POST /v1/track" HOST "Content-Length: 0\r\n\r\n");
    assert_int_equal(f->r.status, 401);
    assert_true(str_is(client_header(&f->r, "Access-Control-Allow-Origin"), "*"));
    ask(f, "OPTIONS /private" HOST "\r\n");
    assert_int_equal(f->r.status, 204);
    assert_null(client_header(&f->r, "Access-Control-Allow-Origin").p);
    assert_true(str_is(client_header(&f->r, "Allow"), "GET, HEAD, OPTIONS"));
    ask(f, "GET /private" HOST "\r\n");
    assert_null(client_header(&f->r, "Access-Control-Allow-Origin").p);
}

static void a_handlers_headers_win(void **state)
{
    struct fixture *f = *state;
    ask(f, "GET /headers" HOST "\r\n");
    assert_true(str_is(client_header(&f->r, "ETag"), "\"1\""));
    assert_true(str_is(client_header(&f->r, "Cache-Control"), "max-age=60"));
    assert_int_equal(client_count(f->r.head, "ontrol:"), 1);
    assert_int_equal(client_count(f->r.head, "Set-Cookie: "), 2);
    assert_null(client_header(&f->r, "X-Injected").p);
}

static void pressure_asks_to_come_back(void **state)
{
    struct fixture *f = *state;
    ask(f, "GET /busy" HOST "\r\n");
    assert_int_equal(f->r.status, 429);
    assert_true(str_is(client_header(&f->r, "Retry-After"), "1"));
}

static void what_broke_inside_stays_inside(void **state)
{
    struct fixture *f = *state;
    ask(f, "GET /broken" HOST "\r\n");
    assert_int_equal(f->r.status, 500);
    assert_false(body_has(f, "secret"));
    assert_true(body_has(f, "\"code\":\"io\""));
}

static void broken_paths_and_queries_are_400(void **state)
{
    static const char *const targets[] = {
        "/show/%", "/show/%00", "/show/%ff", "/%zz",           "/?q=%",
        "/?q=%00", "/?%ff=1",   "/?a=1&a=2", "/show/\xc0\xaf", "/?\xed\xa0\x80"};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        struct strbuf text = {0};
        strbuf_addf(&text, "GET %s" HOST "\r\n", targets[i]);
        ask(f, text.p);
        strbuf_finish(&text);
        assert_int_equal(f->r.status, 400);
        assert_true(body_has(f, "\"code\":\"invalid\""));
    }
}

/* POST to /echo with 'size' bytes, of which the first is 'a'. */
static void post_sized(struct fixture *f, size_t size)
{
    struct strbuf text = {0};
    strbuf_addf(&text, "POST /echo" HOST "Content-Length: %zu\r\n\r\n", size);
    for (size_t i = 0; i < size; i++) {
        strbuf_add_char(&text, (char)('a' + i % 26));
    }
    ask(f, text.p);
    if (f->r.status == 200) {
        assert_true(str_eq(f->r.body, (struct str){text.p + text.len - size, size}));
    }
    strbuf_finish(&text);
}

static void a_body_is_bounded_as_sent(void **state)
{
    struct fixture *f = *state;
    post_sized(f, 0);
    post_sized(f, 100000);
    assert_int_equal(f->r.status, 200);
    post_sized(f, 100001);
    assert_int_equal(f->r.status, 413);
    assert_true(body_has(f, "longer than 100000 bytes"));
    post_sized(f, 1000000);
    assert_int_equal(f->r.status, 413);
    assert_null(client_header(&f->r, "Connection").p);
    post_sized(f, 1);
    assert_int_equal(f->r.status, 200);
    ask(f, "GET /" HOST "Content-Length: 1\r\n\r\nx");
    assert_int_equal(f->r.status, 413);
}

static void a_huge_body_is_not_waited_for(void **state)
{
    struct fixture *f = *state;
    struct client_reply r = {0};
    int fd = client_connect(f->server);
    client_ask(fd, "POST /echo" HOST "Content-Length: 900000000000\r\n\r\n", &r);
    assert_int_equal(r.status, 413);
    assert_true(str_is(client_header(&r, "Connection"), "close"));
    close(fd);
    fd = client_connect(f->server);
    client_ask(fd, "POST /echo" HOST "Content-Length: 100001\r\nExpect: 100-continue\r\n\r\n", &r);
    assert_int_equal(r.status, 413);
    close(fd);
    fd = client_connect(f->server);
    client_ask(fd, "POST /echo" HOST "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n", &r);
    assert_int_equal(r.status, 100);
    client_ask(fd, "hi", &r);
    assert_true(str_is(r.body, "hi"));
    close(fd);
    strbuf_finish(&r.all);
}

static void send_chunks(int fd, size_t count)
{
    struct strbuf chunk = {0};
    strbuf_add_text(&chunk, "1000\r\n");
    for (int i = 0; i < 4096; i++) {
        strbuf_add_char(&chunk, 'x');
    }
    strbuf_add_text(&chunk, "\r\n");
    for (size_t i = 0; i < count; i++) {
        client_send(fd, strbuf_str(&chunk));
    }
    strbuf_finish(&chunk);
}

static void a_chunked_body_is_bounded_too(void **state)
{
    struct fixture *f = *state;
    struct client_reply r = {0};
    static const struct {
        size_t chunks; /* of 4 KiB */
        int status;    /* of the reply */
    } cases[] = {{24, 200}, {25, 413}, {1000, 413}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int fd = client_connect(f->server);
        client_send(fd, STR("POST /echo" HOST "Transfer-Encoding: chunked\r\n\r\n"));
        send_chunks(fd, cases[i].chunks);
        client_ask(fd, "0\r\n\r\n", &r);
        assert_int_equal(r.status, cases[i].status);
        close(fd);
    }
    strbuf_finish(&r.all);
    struct strbuf got = {0};
    int fd = client_connect(f->server);
    client_send(fd, STR("POST /echo" HOST "Transfer-Encoding: chunked\r\n\r\n"));
    send_chunks(fd, LIMIT_BODY_SWALLOWED / 4096 + 100);
    assert_true(client_drain(fd, &got));
    assert_int_equal(got.len, 0);
    close(fd);
}

/* POST the gzip of 'size' zeros to /echo. */
static void post_gzip(struct fixture *f, size_t size, const char *encoding, bool damage)
{
    unsigned char packed[16384];
    unsigned char *zeros = mem_alloc(size + 1);
    z_stream z = {.next_in = zeros, .avail_in = (unsigned)size};
    z.next_out = packed;
    z.avail_out = sizeof(packed);
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 9, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    size_t len = sizeof(packed) - z.avail_out;
    deflateEnd(&z);
    if (damage) packed[len - 6] ^= 0x40;
    struct strbuf text = {0};
    strbuf_addf(&text, "POST /echo" HOST "Content-Encoding: %s\r\nContent-Length: %zu\r\n\r\n",
                encoding, len);
    strbuf_add(&text, packed, len);
    client_send(f->fd, strbuf_str(&text));
    client_read(f->fd, true, &f->r);
    if (f->r.status == 200) {
        assert_int_equal(f->r.body.len, size);
        assert_true(size == 0 || memcmp(f->r.body.p, zeros, size) == 0);
    }
    strbuf_finish(&text);
    mem_free(zeros);
}

static void gzip_is_undone_within_the_bound(void **state)
{
    struct fixture *f = *state;
    post_gzip(f, 0, "gzip", false);
    assert_int_equal(f->r.status, 200);
    post_gzip(f, 100000, "GZIP", false);
    assert_int_equal(f->r.status, 200);
    post_gzip(f, 5000, "x-gzip", false);
    assert_int_equal(f->r.status, 200);
    post_gzip(f, 100001, "gzip", false);
    assert_int_equal(f->r.status, 413);
    post_gzip(f, 10000000, "gzip", false);
    assert_int_equal(f->r.status, 413);
    post_gzip(f, 100000, "gzip", true);
    assert_int_equal(f->r.status, 400);
    post_gzip(f, 10, "gzip, gzip", false);
    assert_int_equal(f->r.status, 415);
    post_gzip(f, 10, "br", false);
    assert_int_equal(f->r.status, 415);
    ask(f, "POST /echo" HOST "Content-Encoding: identity\r\nContent-Length: 2\r\n\r\nhi");
    assert_true(str_is(f->r.body, "hi"));
    ask(f, "POST /echo" HOST "Content-Encoding: gzip\r\nContent-Length: 0\r\n\r\n");
    assert_int_equal(f->r.status, 200);
}

static void a_big_reply_arrives_whole(void **state)
{
    struct fixture *f = *state;
    ask(f, "GET /big" HOST "\r\n");
    assert_int_equal(f->r.body.len, BIG);
    for (size_t i = 0; i < BIG; i += 4096) {
        assert_int_equal(f->r.body.p[i], (char)(i >> 12));
    }
    ask(f, "GET /" HOST "\r\n");
    assert_int_equal(f->r.status, 200);
}

static void replies_are_counted_by_class(void **state)
{
    struct fixture *f = *state;
    struct http_stats before = http_stats(f->server);
    ask(f, "GET /" HOST "\r\n");
    ask(f, "GET /nothing" HOST "\r\n");
    ask(f, "GET /broken" HOST "\r\n");
    struct http_stats after = http_stats(f->server);
    assert_int_equal(after.requests, before.requests + 3);
    assert_int_equal(after.by_class[2], before.by_class[2] + 1);
    assert_int_equal(after.by_class[4], before.by_class[4] + 1);
    assert_int_equal(after.by_class[5], before.by_class[5] + 1);
    assert_true(after.connections >= 1);
}

static void a_bad_address_is_refused(void **state)
{
    static const char *const bad[] = {"",         "127.0.0.1",       "127.0.0.1:",  "localhost:80",
                                      ":80",      "127.0.0.1:65536", "127.0.0.1:x", "::1:80",
                                      "[::1]",    "[::1]80",         "[::1:80",     "[1.2.3.4]:80",
                                      "1.2.3:80", "127.0.0.1:-1"};
    struct fixture *f = *state;
    struct http_server *s = NULL;
    struct why why;
    struct http_options options = {.threads = 1, .routes = routes};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        options.address = bad[i];
        assert_int_equal(http_start(&options, &s, &why), ERR_INVALID);
        assert_null(s);
    }
    options.address = http_address(f->server);
    assert_int_equal(http_start(&options, &s, &why), ERR_IO);
    assert_null(s);
}

static void it_listens_on_ipv6_too(void **state)
{
    struct http_server *s = NULL;
    struct why why;
    struct http_options options = {.address = "[::1]:0", .threads = 1, .routes = routes};
    (void)state;
    enum err err = http_start(&options, &s, &why);
    if (err != ERR_OK) skip();
    assert_true(str_starts(str_of(http_address(s)), STR("[::1]:")));
    http_stop(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_handler_replies),
        cmocka_unit_test(head_is_get_without_the_body),
        cmocka_unit_test(a_handler_sees_the_request),
        cmocka_unit_test(an_unknown_path_is_404),
        cmocka_unit_test(another_method_is_405),
        cmocka_unit_test(a_problem_speaks_the_readers_language),
        cmocka_unit_test(a_trusted_proxy_says_who_the_client_is),
        cmocka_unit_test(a_cookie_counts_when_there_is_one_of_its_name),
        cmocka_unit_test(authorization_comes_before_the_handler),
        cmocka_unit_test(intake_may_be_called_from_any_page),
        cmocka_unit_test(a_handlers_headers_win),
        cmocka_unit_test(pressure_asks_to_come_back),
        cmocka_unit_test(what_broke_inside_stays_inside),
        cmocka_unit_test(broken_paths_and_queries_are_400),
        cmocka_unit_test(a_body_is_bounded_as_sent),
        cmocka_unit_test(a_huge_body_is_not_waited_for),
        cmocka_unit_test(a_chunked_body_is_bounded_too),
        cmocka_unit_test(gzip_is_undone_within_the_bound),
        cmocka_unit_test(a_big_reply_arrives_whole),
        cmocka_unit_test(replies_are_counted_by_class),
        cmocka_unit_test(a_bad_address_is_refused),
        cmocka_unit_test(it_listens_on_ipv6_too),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
