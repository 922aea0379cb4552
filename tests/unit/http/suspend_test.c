/* suspend_test.c - requests answered by another thread, and stopping while some are. */
#include "http/client.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "http/internal.h"

/* One request handed over at a time; the tests take it from here. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct request *handed;

static void handle_later(struct request *req)
{
    request_suspend(req);
    pthread_mutex_lock(&lock);
    handed = req;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
}

static struct request *take_handed(void)
{
    pthread_mutex_lock(&lock);
    while (!handed) {
        pthread_cond_wait(&changed, &lock);
    }
    struct request *req = handed;
    handed = NULL;
    pthread_mutex_unlock(&lock);
    return req;
}

/* A ring of requests between the handlers and one answering thread, for the crowd test. */
#define RING 1024
static struct request *ring[RING];
static size_t ring_head, ring_tail;
static bool ring_done;

static void handle_crowd(struct request *req)
{
    request_suspend(req);
    pthread_mutex_lock(&lock);
    ring[ring_tail++ % RING] = req;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
}

static void *answer_crowd(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&lock);
    for (;;) {
        while (ring_head == ring_tail && !ring_done) {
            pthread_cond_wait(&changed, &lock);
        }
        if (ring_head == ring_tail) break;
        struct request *req = ring[ring_head++ % RING];
        pthread_mutex_unlock(&lock);
        reply(req, 200, "text/plain", request_body(req));
        request_resume(req);
        pthread_mutex_lock(&lock);
    }
    pthread_mutex_unlock(&lock);
    return NULL;
}

static atomic_int slow_entered, slow_released;

/* Stays on the server's thread until told, and only then suspends. */
static void handle_slow(struct request *req)
{
    atomic_store(&slow_entered, 1);
    while (!atomic_load(&slow_released)) {
        usleep(1000);
    }
    handle_later(req);
}

static const struct route routes[] = {
    {HTTP_GET | HTTP_POST, "/later", ACCESS_PUBLIC, 1000, handle_later, ""},
    {HTTP_POST, "/crowd", ACCESS_PUBLIC, 1000, handle_crowd, ""},
    {HTTP_GET, "/slow", ACCESS_PUBLIC, 0, handle_slow, ""},
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

static void *stop_server(void *server)
{
    http_stop(server);
    return NULL;
}

#define LATER "GET /later HTTP/1.1\r\nHost: a\r\n\r\n"

static void another_thread_may_answer(void **state)
{
    struct client_reply r = {0};
    int fd = client_connect(*state);
    for (int i = 0; i < 20; i++) {
        client_send(fd, STR(LATER));
        struct request *req = take_handed();
        if (i % 2) usleep(2000);
        assert_false(request_gone(req));
        reply(req, 200, "text/plain", request_path(req));
        request_resume(req);
        client_read(fd, true, &r);
        assert_int_equal(r.status, 200);
        assert_true(str_is(r.body, "/later"));
    }
    strbuf_finish(&r.all);
    close(fd);
}

static pthread_t maker; /* of the late reply */
static atomic_int made;

static void make_late(struct request *req, void *text)
{
    maker = pthread_self();
    atomic_fetch_add(&made, 1);
    reply(req, 200, "text/plain", str_of(text));
}

static void a_reply_may_be_made_on_the_connections_thread(void **state)
{
    struct client_reply r = {0};
    char text[] = "made late";
    int fd = client_connect(*state);
    atomic_store(&made, 0);
    client_send(fd, STR(LATER));
    request_resume_with(take_handed(), make_late, text);
    client_read(fd, true, &r);
    assert_int_equal(r.status, 200);
    assert_true(str_is(r.body, "made late"));
    assert_int_equal(atomic_load(&made), 1);
    assert_false(pthread_equal(maker, pthread_self()));
    strbuf_finish(&r.all);
    close(fd);
}

static void a_client_that_left_is_noticed(void **state)
{
    int fd = client_connect(*state);
    client_send(fd, STR(LATER));
    struct request *req = take_handed();
    assert_false(request_gone(req));
    close(fd);
    for (int i = 0; i < 1000 && !request_gone(req); i++) {
        usleep(1000);
    }
    assert_true(request_gone(req));
    reply(req, 200, "text/plain", STR("nobody hears this"));
    request_resume(req);
}

static void a_pipelined_request_waits_for_the_suspended_one(void **state)
{
    struct client_reply r = {0};
    int fd = client_connect(*state);
    client_send(fd, STR("POST /later HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n1"
                        "POST /later HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n2"));
    struct request *first = take_handed();
    usleep(20000);
    assert_null(handed);
    assert_false(request_gone(first));
    assert_true(str_is(request_body(first), "1"));
    reply(first, 200, "text/plain", STR("first"));
    request_resume(first);
    struct request *second = take_handed();
    assert_true(str_is(request_body(second), "2"));
    reply(second, 200, "text/plain", STR("second"));
    request_resume(second);
    client_read(fd, true, &r);
    assert_true(str_is(r.body, "first"));
    client_read(fd, true, &r);
    assert_true(str_is(r.body, "second"));
    strbuf_finish(&r.all);
    close(fd);
}

#define CLIENTS 8
#define ROUNDS 300

static void *crowd_client(void *server)
{
    struct client_reply r = {0};
    int fd = client_connect(server);
    for (int i = 0; i < ROUNDS; i++) {
        struct strbuf text = {0};
        strbuf_addf(&text, "POST /crowd HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\n%08d", i);
        client_ask(fd, text.p, &r);
        assert_int_equal(r.status, 200);
        assert_true(str_eq(r.body, (struct str){text.p + text.len - 8, 8}));
        strbuf_finish(&text);
    }
    strbuf_finish(&r.all);
    close(fd);
    return NULL;
}

static void a_crowd_is_answered_by_one_thread(void **state)
{
    pthread_t clients[CLIENTS], answerer;
    ring_done = false;
    assert_int_equal(pthread_create(&answerer, NULL, answer_crowd, NULL), 0);
    for (int i = 0; i < CLIENTS; i++) {
        assert_int_equal(pthread_create(&clients[i], NULL, crowd_client, *state), 0);
    }
    for (int i = 0; i < CLIENTS; i++) {
        pthread_join(clients[i], NULL);
    }
    pthread_mutex_lock(&lock);
    ring_done = true;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
    pthread_join(answerer, NULL);
    assert_int_equal(ring_tail, CLIENTS * ROUNDS);
}

static void stopping_waits_for_the_suspended(void **state)
{
    struct http_server *s = *state;
    struct client_reply r = {0};
    pthread_t stopper;
    int fd = client_connect(s), other = client_connect(s);
    client_ask(other, "GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n", &r);
    assert_int_equal(r.status, 404);
    client_send(fd, STR(LATER));
    struct request *req = take_handed();
    assert_int_equal(pthread_create(&stopper, NULL, stop_server, s), 0);
    usleep(50000);
    client_ask(other, LATER, &r);
    assert_int_equal(r.status, 503);
    assert_true(str_is(client_header(&r, "Retry-After"), "1"));
    assert_true(str_is(client_header(&r, "Connection"), "close"));
    reply(req, 200, "text/plain", STR("in time"));
    request_resume(req);
    client_read(fd, true, &r);
    assert_true(str_is(r.body, "in time"));
    pthread_join(stopper, NULL);
    strbuf_finish(&r.all);
    close(fd);
    close(other);
}

static void stopping_does_not_wait_for_ever(void **state)
{
    struct client_reply r = {0};
    int fd = client_connect(*state);
    client_send(fd, STR("POST /later HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody"));
    struct request *req = take_handed();
    server_stop(*state, 100);
    client_read(fd, true, &r);
    assert_int_equal(r.status, 503);
    assert_true(str_is(client_header(&r, "Retry-After"), "1"));
    /* The owner comes back to a request whose server is gone. */
    assert_true(request_gone(req));
    assert_true(str_is(request_body(req), "body"));
    assert_true(str_is(request_header(req, "Host"), "a"));
    reply_header(req, "X-Late", "1");
    reply(req, 200, "text/plain", STR("too late"));
    request_resume(req);
    strbuf_finish(&r.all);
    close(fd);
}

static void no_reply_is_made_for_whom_stopping_gave_up(void **state)
{
    struct client_reply r = {0};
    char text[] = "too late";
    int fd = client_connect(*state);
    atomic_store(&made, 0);
    client_send(fd, STR(LATER));
    struct request *req = take_handed();
    server_stop(*state, 100);
    client_read(fd, true, &r);
    assert_int_equal(r.status, 503);
    request_resume_with(req, make_late, text);
    assert_int_equal(atomic_load(&made), 0);
    strbuf_finish(&r.all);
    close(fd);
}

static void *stop_soon(void *server)
{
    server_stop(server, 100);
    return NULL;
}

static void a_handler_may_outlast_the_patience(void **state)
{
    struct strbuf got = {0};
    pthread_t stopper;
    int fd = client_connect(*state);
    client_send(fd, STR("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"));
    while (!atomic_load(&slow_entered)) {
        usleep(1000);
    }
    assert_int_equal(pthread_create(&stopper, NULL, stop_soon, *state), 0);
    usleep(200000);
    /* It suspends only now, when nobody may any more. */
    atomic_store(&slow_released, 1);
    struct request *req = take_handed();
    pthread_join(stopper, NULL);
    assert_true(client_drain(fd, &got));
    assert_int_equal(client_count(strbuf_str(&got), "HTTP/1.1 200"), 0);
    reply(req, 200, "text/plain", STR("too late"));
    request_resume(req);
    strbuf_finish(&got);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(another_thread_may_answer, start, stop),
        cmocka_unit_test_setup_teardown(a_reply_may_be_made_on_the_connections_thread, start, stop),
        cmocka_unit_test_setup_teardown(a_client_that_left_is_noticed, start, stop),
        cmocka_unit_test_setup_teardown(a_pipelined_request_waits_for_the_suspended_one, start,
                                        stop),
        cmocka_unit_test_setup_teardown(a_crowd_is_answered_by_one_thread, start, stop),
        cmocka_unit_test_setup(stopping_waits_for_the_suspended, start),
        cmocka_unit_test_setup(stopping_does_not_wait_for_ever, start),
        cmocka_unit_test_setup(no_reply_is_made_for_whom_stopping_gave_up, start),
        cmocka_unit_test_setup(a_handler_may_outlast_the_patience, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
