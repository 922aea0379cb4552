/* server_body_test.c - bodies of requests are bounded, and large replies arrive whole. */
#include "server_place.h"

#include <zlib.h>

#include "base/limits.h"
#include "http/gzip.h"

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

static void expect_words(struct fixture *f, const char *request, bool packed)
{
    struct strbuf out = {0};
    struct why why;
    ask(f, request);
    assert_int_equal(f->r.status, 200);
    assert_true(str_is(client_header(&f->r, "Content-Encoding"), "gzip") == packed);
    if (!packed) assert_int_equal(f->r.body.len, WORDS);
    if (packed) {
        assert_true(f->r.body.len < 100);
        assert_true(str_is(client_header(&f->r, "Vary"), "Accept-Encoding"));
        assert_int_equal(gunzip(f->r.body, WORDS, &out, &why), ERR_OK);
        assert_int_equal(out.len, WORDS);
    }
    strbuf_finish(&out);
}

static void a_text_is_packed_for_who_takes_it(void **state)
{
    struct fixture *f = *state;
    expect_words(f, "GET /words" HOST "Accept-Encoding: br, gzip\r\n\r\n", true);
    expect_words(f, "GET /words" HOST "Accept-Encoding: gzip;q=0.0, br\r\n\r\n", false);
    expect_words(f, "GET /words" HOST "\r\n", false);
    assert_true(str_is(client_header(&f->r, "Vary"), "Accept-Encoding"));
    expect_words(f, "GET /words?etag=1" HOST "Accept-Encoding: gzip\r\n\r\n", false);
    ask(f, "GET /" HOST "Accept-Encoding: gzip\r\n\r\n");
    assert_true(str_is(f->r.body, "hello"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_is_bounded_as_sent),
        cmocka_unit_test(a_huge_body_is_not_waited_for),
        cmocka_unit_test(a_chunked_body_is_bounded_too),
        cmocka_unit_test(gzip_is_undone_within_the_bound),
        cmocka_unit_test(a_big_reply_arrives_whole),
        cmocka_unit_test(a_text_is_packed_for_who_takes_it),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
