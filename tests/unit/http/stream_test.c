/* stream_test.c - replies without an end: woken, read slowly, left, and stopped. */
#include "http/client.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/mem.h"

/* Numbers from 1 to 'last' are to be sent, and then the end if 'ends'. */
struct counter {
    pthread_mutex_t lock;
    struct stream *stream; /* NULL = closed */
    int sent, last;
    bool ends;
};
static struct counter counter = {.lock = PTHREAD_MUTEX_INITIALIZER};
static atomic_int closed;

static ptrdiff_t fill(void *ctx, char *out, size_t max)
{
    struct counter *c = ctx;
    ptrdiff_t n = 0;
    pthread_mutex_lock(&c->lock);
    if (c->sent < c->last) {
        n = snprintf(out, max, "%d\n", ++c->sent);
    } else if (c->ends) {
        n = -1;
    }
    pthread_mutex_unlock(&c->lock);
    return n;
}

static void close_counter(void *ctx)
{
    struct counter *c = ctx;
    pthread_mutex_lock(&c->lock);
    c->stream = NULL;
    pthread_mutex_unlock(&c->lock);
    atomic_fetch_add(&closed, 1);
}

static void handle_stream(struct request *req)
{
    const struct stream_source source = {fill, close_counter, &counter};
    pthread_mutex_lock(&counter.lock);
    counter.sent = counter.last = 0;
    counter.ends = false;
    counter.stream = reply_stream(req, "text/event-stream", &source);
    pthread_mutex_unlock(&counter.lock);
}

static void let_go_to(int last, bool ends)
{
    pthread_mutex_lock(&counter.lock);
    counter.last = last;
    counter.ends = ends;
    if (counter.stream) stream_wake(counter.stream);
    pthread_mutex_unlock(&counter.lock);
}

static const struct route routes[] = {{HTTP_GET, "/stream", ACCESS_PUBLIC, 0, handle_stream, ""},
                                      {0}};

static struct http_server *start(void)
{
    struct http_server *s;
    struct http_options options = {
        .address = "127.0.0.1:0", .threads = 2, .routes = routes, .env = env_system()};
    struct why why;
    assert_int_equal(http_start(&options, &s, &why), ERR_OK);
    return s;
}

/* Read until 'text' has come. */
static void read_until(int fd, struct strbuf *got, const char *text)
{
    char block[4096];
    while (str_find(strbuf_str(got), str_of(text)) == SIZE_MAX) {
        ssize_t n = recv(fd, block, sizeof(block), 0);
        assert_true(n > 0);
        strbuf_add(got, block, (size_t)n);
    }
}

static int open_stream(const struct http_server *s, struct strbuf *got)
{
    int fd = client_connect(s);
    strbuf_reset(got);
    client_send(fd, STR("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n"));
    read_until(fd, got, "\r\n\r\n");
    assert_true(str_find(strbuf_str(got), STR("Content-Type: text/event-stream")) != SIZE_MAX);
    return fd;
}

static void wait_closed(int count)
{
    while (atomic_load(&closed) < count)
        usleep(1000);
}

static void a_stream_sends_when_it_is_woken_and_ends_when_told(void **state)
{
    (void)state;
    struct http_server *s = start();
    struct strbuf got = {0};
    int before = atomic_load(&closed), fd = open_stream(s, &got);
    assert_int_equal(http_stats(s).streams, 1);
    let_go_to(3, false);
    read_until(fd, &got, "3\n");
    let_go_to(3, false); /* nothing new: it sleeps on */
    let_go_to(2000, false);
    read_until(fd, &got, "\n2000\n");
    let_go_to(2001, true);
    read_until(fd, &got, "0\r\n\r\n"); /* the last chunk */
    wait_closed(before + 1);
    assert_int_equal(http_stats(s).streams, 0);
    client_send(fd, STR("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n")); /* the connection is as good */
    strbuf_reset(&got);
    read_until(fd, &got, "\r\n\r\n");
    close(fd);
    strbuf_finish(&got);
    http_stop(s);
}

static void who_asks_for_the_head_alone_gets_no_more(void **state)
{
    (void)state;
    struct http_server *s = start();
    struct client_reply reply = {0};
    int before = atomic_load(&closed), fd = client_connect(s);
    for (int i = 1; i <= 2; i++) {
        client_send(fd, STR("HEAD /stream HTTP/1.1\r\nHost: a\r\n\r\n"));
        client_read(fd, false, &reply);
        assert_int_equal(reply.status, 200);
        wait_closed(before + i);
    }
    client_send(fd, STR("GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n"));
    client_read(fd, true, &reply);
    assert_int_equal(reply.status, 404);
    assert_int_equal(http_stats(s).streams, 0);
    close(fd);
    strbuf_finish(&reply.all);
    http_stop(s);
}

static void who_leaves_is_noticed_at_the_next_word(void **state)
{
    (void)state;
    struct http_server *s = start();
    struct strbuf got = {0};
    int before = atomic_load(&closed), fd = open_stream(s, &got);
    close(fd);
    for (int i = 1; atomic_load(&closed) == before; i++) {
        let_go_to(i, false);
        usleep(1000);
    }
    strbuf_finish(&got);
    http_stop(s);
}

static void stopping_ends_streams_that_sleep(void **state)
{
    (void)state;
    struct http_server *s = start();
    struct strbuf got = {0};
    int before = atomic_load(&closed), fd = open_stream(s, &got);
    int idle[50];
    for (size_t i = 0; i < 50; i++)
        idle[i] = open_stream(s, &got);
    http_stop(s);
    assert_int_equal(atomic_load(&closed), before + 51);
    assert_true(client_drain(fd, &got));
    for (size_t i = 0; i < 50; i++)
        close(idle[i]);
    close(fd);
    strbuf_finish(&got);
}

/* Wakes come from elsewhere while the connection's thread fills and sleeps. */
static void *wake_all(void *arg)
{
    (void)arg;
    for (int i = 1; i <= 5000; i++)
        let_go_to(i, false);
    return NULL;
}

static void no_wake_is_lost(void **state)
{
    (void)state;
    struct http_server *s = start();
    struct strbuf got = {0};
    pthread_t thread;
    int fd = open_stream(s, &got);
    assert_int_equal(pthread_create(&thread, NULL, wake_all, NULL), 0);
    read_until(fd, &got, "\n5000\n");
    pthread_join(thread, NULL);
    close(fd);
    strbuf_finish(&got);
    http_stop(s);
}

/* A source that never runs dry. */
static atomic_size_t poured;

static ptrdiff_t pour(void *ctx, char *out, size_t max)
{
    (void)ctx;
    memset(out, 'x', max);
    atomic_fetch_add(&poured, max);
    return (ptrdiff_t)max;
}

static void close_nothing(void *ctx)
{
    (void)ctx;
    atomic_fetch_add(&closed, 1);
}

static void handle_flood(struct request *req)
{
    const struct stream_source source = {pour, close_nothing, NULL};
    (void)reply_stream(req, "text/event-stream", &source);
}

/* Only what the system's buffers hold is made ahead of a reader. */
static void who_does_not_read_is_not_written_for(void **state)
{
    static const struct route flood[] = {{HTTP_GET, "/", ACCESS_PUBLIC, 0, handle_flood, ""}, {0}};
    struct http_options options = {
        .address = "127.0.0.1:0", .threads = 1, .routes = flood, .env = env_system()};
    struct http_server *s;
    struct why why;
    (void)state;
    assert_int_equal(http_start(&options, &s, &why), ERR_OK);
    int before = atomic_load(&closed), fd = client_connect(s);
    client_send(fd, STR("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    for (size_t seen = 0; atomic_load(&poured) == 0 || seen != atomic_load(&poured);) {
        seen = atomic_load(&poured);
        assert_true(seen < (size_t)64 << 20);
        usleep(20000);
    }
    size_t ahead = atomic_load(&poured);
    char block[65536];
    while (atomic_load(&poured) == ahead)
        assert_true(recv(fd, block, sizeof(block), 0) > 0);
    close(fd);
    wait_closed(before + 1);
    http_stop(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_sends_when_it_is_woken_and_ends_when_told),
        cmocka_unit_test(who_asks_for_the_head_alone_gets_no_more),
        cmocka_unit_test(who_leaves_is_noticed_at_the_next_word),
        cmocka_unit_test(stopping_ends_streams_that_sleep),
        cmocka_unit_test(no_wake_is_lost),
        cmocka_unit_test(who_does_not_read_is_not_written_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
