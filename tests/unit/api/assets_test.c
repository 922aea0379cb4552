/* assets_test.c - files of an application over real connections: forms, caching, its own paths. */
#include "../http/client.h"

#include "api/assets.h"

#define TEXT(literal)                                                                              \
    {                                                                                              \
        literal, sizeof(literal) - 1                                                               \
    }
static const struct asset files[] = {
    {"assets/a-12345678.js", "text/javascript; charset=utf-8", "aa", true, TEXT("plain"),
     TEXT("brotli"), TEXT("gzipped")},
    {"favicon.svg", "image/svg+xml", "bb", false, TEXT("<svg/>"), {NULL, 0}, {NULL, 0}},
    {"index.html", "text/html; charset=utf-8", "cc", false, TEXT("<p>app"), {NULL, 0}, TEXT("gz")},
};
static const struct asset_set set = {files, 3, "'sha256-c2NyaXB0'", "'sha256-c3R5bGU='"},
                              none = {NULL, 0, "", ""};

static void handle(struct request *req)
{
    assets_reply(&set, req, request_param(req, "path"));
}

static void handle_none(struct request *req)
{
    assets_reply(&none, req, request_param(req, "path"));
}

static const struct route routes[] = {
    {HTTP_GET, "/app/{path*}", ACCESS_PUBLIC, 0, handle, ""},
    {HTTP_GET, "/none/{path*}", ACCESS_PUBLIC, 0, handle_none, ""},
    {0}};

static struct http_server *server;
static int fd;
static struct client_reply reply_got;

static int start(void **state)
{
    struct http_options options = {
        .address = "127.0.0.1:0", .threads = 1, .routes = routes, .env = env_system()};
    struct why why;
    (void)state;
    assert_int_equal(http_start(&options, &server, &why), ERR_OK);
    fd = client_connect(server);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    close(fd);
    strbuf_finish(&reply_got.all);
    http_stop(server);
    return 0;
}

static int ask(const char *path, const char *headers)
{
    char request[512];
    snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: a\r\n%s\r\n", path, headers);
    client_ask(fd, request, &reply_got);
    return reply_got.status;
}

static void header_is(const char *name, const char *value)
{
    struct str got = client_header(&reply_got, name);
    if (!str_is(got, value)) fail_msg("%s: " STR_FMT " is not %s", name, STR_ARG(got), value);
}

static void a_file_comes_in_the_form_the_caller_takes(void **state)
{
    static const struct {
        const char *accept, *body, *coding;
    } cases[] = {
        {"", "plain", NULL},
        {"Accept-Encoding: identity\r\n", "plain", NULL},
        {"Accept-Encoding: gzip, deflate, br\r\n", "brotli", "br"},
        {"Accept-Encoding: gzip;q=1.0, br;q=0\r\n", "gzipped", "gzip"},
        {"Accept-Encoding: GZIP\r\n", "gzipped", "gzip"},
        {"Accept-Encoding: br;q=x, gzip;q=0.0\r\n", "plain", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(ask("/app/assets/a-12345678.js", cases[i].accept), 200);
        assert_true(str_is(reply_got.body, cases[i].body));
        assert_true(str_is(client_header(&reply_got, "Content-Encoding"),
                           cases[i].coding ? cases[i].coding : ""));
        header_is("Vary", "Accept-Encoding");
        header_is("Content-Type", "text/javascript; charset=utf-8");
    }
}

static void a_name_with_a_hash_is_kept_for_good(void **state)
{
    (void)state;
    assert_int_equal(ask("/app/assets/a-12345678.js", ""), 200);
    header_is("Cache-Control", "public, max-age=31536000, immutable");
    assert_int_equal(ask("/app/", ""), 200);
    header_is("Cache-Control", "no-cache");
    header_is("ETag", "\"cc\"");
    assert_int_equal(ask("/app/", "If-None-Match: \"cc\"\r\n"), 304);
    assert_int_equal(ask("/app/", "If-None-Match: W/\"x\", W/\"cc\"\r\n"), 304);
    assert_int_equal(ask("/app/", "If-None-Match: \"cc\"\r\nAccept-Encoding: gzip\r\n"), 200);
    header_is("ETag", "\"cc-gzip\"");
    assert_true(str_is(reply_got.body, "gz"));
}

static void a_path_of_the_application_gets_its_page(void **state)
{
    static const char *const pages[] = {"/app/", "/app/members", "/app/members/m12?tab=x",
                                        "/app/index.html", "/app/a/b/c"};
    static const char *const absent[] = {
        "/app/assets/b.js",        "/app/assets/",     "/app/x.js", "/app/a/robots.txt",
        "/app/..%2findex.html.gz", "/app/../server.db"};
    (void)state;
    for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
        assert_int_equal(ask(pages[i], ""), 200);
        assert_true(str_is(reply_got.body, "<p>app"));
    }
    for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++)
        assert_int_equal(ask(absent[i], ""), 404);
}

static void a_page_loads_nothing_from_elsewhere_and_is_not_framed(void **state)
{
    (void)state;
    assert_int_equal(ask("/app/", ""), 200);
    struct str policy = client_header(&reply_got, "Content-Security-Policy");
    assert_true(str_find(policy, STR("script-src 'self' 'sha256-c2NyaXB0'; "
                                     "style-src 'self' 'sha256-c3R5bGU=';")) != SIZE_MAX);
    assert_true(str_find(policy, STR("frame-ancestors 'none'")) != SIZE_MAX);
    assert_true(str_find(policy, STR("http")) == SIZE_MAX);
    header_is("X-Content-Type-Options", "nosniff");
    header_is("X-Frame-Options", "DENY");
}

static void without_an_application_its_address_says_so(void **state)
{
    (void)state;
    assert_int_equal(ask("/none/", ""), 404);
    assert_true(str_find(reply_got.body, STR("make")) != SIZE_MAX);
    assert_int_equal(ask("/none/members", ""), 404);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_comes_in_the_form_the_caller_takes),
        cmocka_unit_test(a_name_with_a_hash_is_kept_for_good),
        cmocka_unit_test(a_path_of_the_application_gets_its_page),
        cmocka_unit_test(a_page_loads_nothing_from_elsewhere_and_is_not_framed),
        cmocka_unit_test(without_an_application_its_address_says_so),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
