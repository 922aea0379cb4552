/* server_test.c - routing, replies and headers, over real connections. */
#include "server_place.h"

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
        cmocka_unit_test(replies_are_counted_by_class),
        cmocka_unit_test(a_bad_address_is_refused),
        cmocka_unit_test(it_listens_on_ipv6_too),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
