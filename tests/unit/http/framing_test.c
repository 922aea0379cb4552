/* framing_test.c - every way to say where a request ends that is not the one plain way.
 *
 * Each case is sent over a raw socket to a real server, followed by a second request for /canary.
 * What is refused must be answered once with the status wanted, the connection must close, and no
 * handler may run, least of all the canary's. */
#include "http/client.h"

#include <stdatomic.h>

#include "base/limits.h"

static atomic_int handled, canaries;

static void handle_any(struct request *req)
{
    atomic_fetch_add(&handled, 1);
    reply(req, 200, "text/plain", request_body(req));
}

static void handle_canary(struct request *req)
{
    atomic_fetch_add(&canaries, 1);
    reply(req, 200, "text/plain", STR("canary"));
}

static const struct route routes[] = {
    {HTTP_GET | HTTP_POST, "/", ACCESS_PUBLIC, 1000, handle_any, ""},
    {HTTP_GET, "/canary", ACCESS_PUBLIC, 0, handle_canary, ""},
    {0},
};

static int start(void **state)
{
    struct http_options options = {
        .address = "127.0.0.1:0", .threads = 2, .routes = routes, .env = env_system()};
    struct http_server *s = NULL;
    struct why why;
    if (http_start(&options, &s, &why) != ERR_OK) return -1;
    *state = s;
    return 0;
}

static int stop(void **state)
{
    http_stop(*state);
    return 0;
}

#define CANARY "GET /canary HTTP/1.1\r\nHost: a\r\n\r\n"
#define GET "GET / HTTP/1.1\r\nHost: a\r\n"
#define POST "POST / HTTP/1.1\r\nHost: a\r\n"
#define CHUNKED POST "Transfer-Encoding: chunked\r\n\r\n"

/* The library's own refusal of a length writes the head of its reply twice. */
enum expected { CLOSED = 0, ONCE = 1, TWICE = 2 };

struct bad {
    const char *what;    /* the fault */
    struct str bytes;    /* the request */
    int status;          /* of the reply; 0: closed unanswered */
    enum expected heads; /* heads of replies */
};

#define BAD_HEADS(what, bytes, status, heads)                                                      \
    {                                                                                              \
        what, {bytes, sizeof(bytes) - 1}, status, heads                                            \
    }
#define BAD(what, bytes, status) BAD_HEADS(what, bytes, status, ONCE)

static const struct bad faults[] = {
    BAD("length and coding",
        POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    BAD("coding and length",
        POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400),
    BAD("two lengths", POST "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400),
    BAD("the same length twice", POST "Content-Length: 5\r\nCONTENT-LENGTH: 5\r\n\r\nhello", 400),
    BAD_HEADS("a list of lengths", POST "Content-Length: 5, 5\r\n\r\nhello", 400, TWICE),
    BAD("a padded length", POST "Content-Length: 005\r\n\r\nhello", 400),
    BAD("a length two blanks off", POST "Content-Length:  5\r\n\r\nhello", 400),
    BAD("a length behind a tab", POST "Content-Length:\t5\r\n\r\nhello", 400),
    BAD("a length of 19 digits", POST "Content-Length: 1000000000000000000\r\n\r\nhello", 400),
    BAD("a blank before the colon", POST "Content-Length : 5\r\n\r\nhello", 400),
    BAD("a tab before the colon", POST "Content-Length\t: 5\r\n\r\nhello", 400),
    BAD("a name in quotes", POST "\"Content-Length\": 5\r\n\r\nhello", 400),
    BAD("an empty name", GET ": x\r\n\r\n", 400),
    BAD("a byte over 127 in a name", GET "X\xe9: x\r\n\r\n", 400),
    BAD("no colon", GET "Header\r\n\r\n", 400),
    BAD("bare LF everywhere", "GET / HTTP/1.1\nHost: a\n\n", 400),
    BAD("bare LF after the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n", 400),
    BAD("bare LF after a header", "GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", 400),
    BAD("bare LF after the last header", "GET / HTTP/1.1\r\nHost: a\n\r\n", 400),
    BAD("bare LF as the empty line", "GET / HTTP/1.1\r\nHost: a\r\n\n", 400),
    BAD("bare CR in a value", GET "X: a\rY: b\r\n\r\n", 400),
    BAD("bare CR before CR LF", GET "X: a\r\r\n\r\n", 400),
    BAD("folding", GET "X: a\r\n b\r\n\r\n", 400),
    BAD("folding with a tab", GET "X: a\r\n\tb\r\n\r\n", 400),
    BAD("folding of nothing", GET "X: a\r\n \r\n\r\n", 400),
    BAD("a folded length", POST "Content-Length:\r\n 5\r\n\r\nhello", 400),
    BAD("a folded first header", "GET / HTTP/1.1\r\n Host: a\r\nHost: a\r\n\r\n", 400),
    BAD("NUL in a value", GET "X: a\0b\r\n\r\n", 400),
    BAD("NUL at the front of a value", GET "X: \0b\r\n\r\n", 400),
    BAD("two NULs in a value", GET "X: a\0\0Content-Length: 5\r\n\r\nhello", 400),
    BAD("a header drawn in NULs", GET "X: a\0\0Content-Length\0 5\r\n\r\nhello", 400),
    BAD("the end drawn in NULs", GET "X: a\0\0\0\0\r\n\r\n", 400),
    BAD("NUL in a name", GET "X\0Y: a\r\n\r\n", 400),
    BAD("NUL in the target", "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    BAD("NUL before the empty line", GET "\0X\r\n\r\n", 400),
    BAD("BEL in a value", GET "X: a\ab\r\n\r\n", 400),
    BAD("DEL in a value", GET "X: a\x7f\r\n\r\n", 400),
    BAD("chunked, identity", POST "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", 501),
    BAD("identity, chunked", POST "Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n", 501),
    BAD("identity", POST "Transfer-Encoding: identity\r\n\r\n0\r\n\r\n", 501),
    BAD("gzip, chunked", POST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
    BAD("xchunked", POST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501),
    BAD("chunked with a blank behind", POST "Transfer-Encoding: chunked \r\n\r\n0\r\n\r\n", 501),
    BAD("chunked behind a tab", POST "Transfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n", 501),
    BAD("an empty coding", POST "Transfer-Encoding:\r\n\r\n0\r\n\r\n", 501),
    BAD("two codings",
        POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    BAD("chunked in HTTP/1.0",
        "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    BAD("a chunk size of letters", CHUNKED "zz\r\nhello\r\n0\r\n\r\n", 400),
    BAD("an empty chunk size", CHUNKED "\r\nhello\r\n0\r\n\r\n", 400),
    BAD("a signed chunk size", CHUNKED "+5\r\nhello\r\n0\r\n\r\n", 400),
    BAD("a chunk size of 0x", CHUNKED "0x5\r\nhello\r\n0\r\n\r\n", 400),
    BAD("a padded chunk size", CHUNKED "5 \r\nhello\r\n0\r\n\r\n", 400),
    BAD("a chunk longer than it says", CHUNKED "5\r\nhelloX\r\n0\r\n\r\n", 400),
    BAD("a chunk size over 64 bits", CHUNKED "10000000000000005\r\nhello\r\n0\r\n\r\n", 413),
    BAD("a trailer without colon", CHUNKED "0\r\nX\r\n\r\n", 400),
    BAD("no Host", "GET / HTTP/1.1\r\n\r\n", 400),
    BAD("two Hosts", GET "Host: b\r\n\r\n", 400),
    BAD("the same Host twice", GET "host: a\r\n\r\n", 400),
    BAD("a Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
    BAD("a Host with a name in front", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400),
    BAD("a list of Hosts", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400),
    BAD("two Authorizations", GET "Authorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n",
        400),
    BAD("TRACE", "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 501),
    BAD("CONNECT", "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    BAD("CONNECT to a path", "CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n", 501),
    BAD("PATCH", "PATCH / HTTP/1.1\r\nHost: a\r\n\r\n", 501),
    BAD("get", "get / HTTP/1.1\r\nHost: a\r\n\r\n", 501),
    BAD("a method with a NUL", "GET\0 / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    BAD("two blanks before the target", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    BAD("a tab before the target", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    BAD("two blanks before the version", "GET /  HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    BAD("a blank in the target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    BAD("a tab in the target", "GET /a\tb HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    BAD("a fragment in the target", "GET /#a HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    BAD("an absolute target", "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    BAD("an asterisk as target", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    BAD("no version", "GET /\r\nHost: a\r\n\r\n", 400),
    BAD("HTTP/2.0", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
    BAD("a version in small letters", "GET / http/1.1\r\nHost: a\r\n\r\n", 400),
    BAD_HEADS("no blank at all", "GARBAGE\r\n\r\n", 0, CLOSED),
    BAD_HEADS("no method", " / HTTP/1.1\r\nHost: a\r\n\r\n", 0, CLOSED),
    BAD_HEADS("a signed length", POST "Content-Length: +5\r\n\r\nhello", 400, TWICE),
    BAD_HEADS("a negative length", POST "Content-Length: -5\r\n\r\nhello", 400, TWICE),
    BAD_HEADS("a hexadecimal length", POST "Content-Length: 0x5\r\n\r\nhello", 400, TWICE),
    BAD_HEADS("a length with a blank behind", POST "Content-Length: 5 \r\n\r\nhello", 400, TWICE),
    BAD_HEADS("an empty length", POST "Content-Length:\r\n\r\nhello", 400, TWICE),
    BAD_HEADS("a length over 64 bits", POST "Content-Length: 18446744073709551621\r\n\r\nhello",
              413, TWICE),
};

static void expect_refused(const struct http_server *s, const struct bad *b)
{
    struct strbuf all = {0}, got = {0};
    strbuf_add_str(&all, b->bytes);
    strbuf_add_text(&all, CANARY);
    int fd = client_connect(s);
    client_send(fd, strbuf_str(&all));
    bool closed = client_drain(fd, &got);
    close(fd);
    int status = got.len > 12 ? (int)strtol(got.p + 9, NULL, 10) : 0;
    size_t heads = client_count(strbuf_str(&got), "HTTP/1.1 ");
    if (!closed || status != b->status || heads != (size_t)b->heads || atomic_load(&handled) != 0 ||
        atomic_load(&canaries) != 0) {
        fail_msg("%s: closed %d, status %d for %d, heads %zu, handled %d, canaries %d\n%s", b->what,
                 closed, status, b->status, heads, atomic_load(&handled), atomic_load(&canaries),
                 got.p ? got.p : "");
    }
    strbuf_finish(&all);
    strbuf_finish(&got);
}

static void every_fault_is_refused_and_closes(void **state)
{
    atomic_store(&handled, 0);
    atomic_store(&canaries, 0);
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        expect_refused(*state, &faults[i]);
    }
}

/* 'count' bytes of 'c' between two texts. */
static struct strbuf stretched(const char *before, char c, size_t count, const char *after)
{
    struct strbuf b = {0};
    strbuf_add_text(&b, before);
    for (size_t i = 0; i < count; i++) {
        strbuf_add_char(&b, c);
    }
    strbuf_add_text(&b, after);
    return b;
}

static void expect_status_of_stretched(const struct http_server *s, struct strbuf b, int status)
{
    struct bad bad = {"a long head", strbuf_str(&b), status, ONCE};
    expect_refused(s, &bad);
    strbuf_finish(&b);
}

static void long_heads_are_refused(void **state)
{
    const char *end = " HTTP/1.1\r\nHost: a\r\n\r\n";
    atomic_store(&handled, 0);
    expect_status_of_stretched(*state, stretched("GET /", 'a', LIMIT_TARGET_BYTES, end), 431);
    expect_status_of_stretched(*state, stretched("GET /?", '&', 12000, end), 431);
    expect_status_of_stretched(*state, stretched("GET /", 'a', 100000, end), 414);
    expect_status_of_stretched(*state, stretched(GET "X: ", 'a', LIMIT_HEADER_BYTES, "\r\n\r\n"),
                               431);
    expect_status_of_stretched(*state, stretched(GET "X: ", 'a', 100000, "\r\n\r\n"), 431);
    struct strbuf many = {0};
    strbuf_add_text(&many, GET);
    for (int i = 0; i < LIMIT_HEADERS; i++) {
        strbuf_addf(&many, "X%d: y\r\n", i);
    }
    strbuf_add_text(&many, "\r\n");
    expect_status_of_stretched(*state, many, 431);
    many = (struct strbuf){0};
    strbuf_add_text(&many, GET);
    for (int i = 0; i < 5000; i++) {
        strbuf_addf(&many, "X%d: y\r\n", i);
    }
    strbuf_add_text(&many, "\r\n");
    expect_status_of_stretched(*state, many, 431);
}

static void what_is_just_allowed_passes(void **state)
{
    struct client_reply r = {0};
    int fd = client_connect(*state);
    struct strbuf b =
        stretched("GET /?a=", 'a', LIMIT_TARGET_BYTES - 4, " HTTP/1.1\r\nHost: a\r\n\r\n");
    client_ask(fd, b.p, &r);
    assert_int_equal(r.status, 200);
    strbuf_finish(&b);
    b = stretched(GET "X: ", 'a', LIMIT_HEADER_BYTES - 5, "\r\n\r\n");
    client_ask(fd, b.p, &r);
    assert_int_equal(r.status, 200);
    strbuf_finish(&b);
    strbuf_add_text(&b, GET);
    for (int i = 1; i < LIMIT_HEADERS; i++) {
        strbuf_addf(&b, "X%d:%s\r\n", i, i % 3 ? " y " : "");
    }
    strbuf_add_text(&b, "\r\n");
    client_ask(fd, b.p, &r);
    assert_int_equal(r.status, 200);
    strbuf_finish(&b);
    client_ask(fd, GET "Content-Length: 0\r\nX:\t \xe7\xbe\xa4\t\r\n\r\n", &r);
    assert_int_equal(r.status, 200);
    client_ask(fd, POST "content-length:5\r\n\r\nhello", &r);
    assert_int_equal(r.status, 200);
    assert_true(str_is(r.body, "hello"));
    client_ask(fd, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", &r);
    assert_int_equal(r.status, 200);
    client_ask(fd, "\r\n" GET "\r\n", &r);
    assert_int_equal(r.status, 200);
    strbuf_finish(&r.all);
    close(fd);
}

static void heads_cut_anywhere_are_read_whole(void **state)
{
    const char *text = POST "X: y\r\nEmpty:\r\nContent-Length: 5\r\n\r\nhello";
    struct client_reply r = {0};
    int fd = client_connect(*state);
    for (size_t cut = 1; cut < strlen(text); cut++) {
        client_send(fd, (struct str){text, cut});
        usleep(200);
        client_ask(fd, text + cut, &r);
        assert_int_equal(r.status, 200);
        assert_true(str_is(r.body, "hello"));
    }
    strbuf_finish(&r.all);
    close(fd);
}

static void pipelined_requests_are_answered_in_order(void **state)
{
    struct client_reply r = {0};
    int fd = client_connect(*state);
    client_send(fd, str_of(POST "Content-Length: 3\r\n\r\none" POST
                                "Content-Length: 3\r\n\r\ntwo" GET "\r\n"));
    client_read(fd, true, &r);
    assert_true(str_is(r.body, "one"));
    client_read(fd, true, &r);
    assert_true(str_is(r.body, "two"));
    client_read(fd, true, &r);
    assert_true(str_is(r.body, ""));
    strbuf_finish(&r.all);
    close(fd);
}

/* Inside a chunked body the library takes bare LF too; closing makes that harmless. */
static void a_chunked_request_ends_its_connection(void **state)
{
    static const char *const bodies[] = {"5\r\nhello\r\n0\r\n\r\n",
                                         "5;ext=1\r\nhello\r\n0\r\nTrailer: x\r\n\r\n",
                                         "5\nhello\n0\n\n", "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"};
    atomic_store(&canaries, 0);
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct strbuf all = {0}, got = {0};
        strbuf_addf(&all, "%s%s%s", CHUNKED, bodies[i], CANARY);
        int fd = client_connect(*state);
        client_send(fd, strbuf_str(&all));
        assert_true(client_drain(fd, &got));
        assert_true(str_starts(strbuf_str(&got), STR("HTTP/1.1 200 ")));
        assert_true(str_ends(strbuf_str(&got), STR("\r\n\r\nhello")));
        assert_int_equal(client_count(strbuf_str(&got), "HTTP/1.1 "), 1);
        assert_int_equal(atomic_load(&canaries), 0);
        close(fd);
        strbuf_finish(&all);
        strbuf_finish(&got);
    }
}

static void a_refusal_is_a_problem_and_is_counted(void **state)
{
    struct http_server *s = *state;
    struct client_reply r = {0};
    uint64_t before = http_stats(s).refused;
    int fd = client_connect(s);
    client_ask(fd, GET "Accept-Language: zh\r\nHost: b\r\n\r\n", &r);
    assert_int_equal(r.status, 400);
    assert_true(str_is(client_header(&r, "Content-Type"), "application/problem+json"));
    assert_true(str_is(client_header(&r, "Connection"), "close"));
    assert_true(str_find(r.body, STR("\"field\":\"Host\"")) != SIZE_MAX);
    assert_true(str_find(r.body, STR("重复")) != SIZE_MAX);
    assert_int_equal(http_stats(s).refused, before + 1);
    strbuf_finish(&r.all);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fault_is_refused_and_closes),
        cmocka_unit_test(long_heads_are_refused),
        cmocka_unit_test(what_is_just_allowed_passes),
        cmocka_unit_test(heads_cut_anywhere_are_read_whole),
        cmocka_unit_test(pipelined_requests_are_answered_in_order),
        cmocka_unit_test(a_chunked_request_ends_its_connection),
        cmocka_unit_test(a_refusal_is_a_problem_and_is_counted),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
