/* feed_test.c - a brand's stream under a clock that the test moves: signs of life, the end, coming
 * back. */
#include "../http/client.h"

#include <stdatomic.h>

#include "base/limits.h"

static atomic_ullong ahead_ns; /* of the real clock */

static int64_t now_ms(void *ctx)
{
    (void)ctx;
    return env_now(env_system());
}

static uint64_t mono_ns(void *ctx)
{
    (void)ctx;
    return env_mono_ns(env_system()) + atomic_load(&ahead_ns);
}

static void make_random(void *ctx, void *out, size_t size)
{
    (void)ctx;
    env_random(env_system(), out, size);
}

static const struct env moved = {.now_ms = now_ms, .mono_ns = mono_ns, .random = make_random};

#define PLACE_ENV &moved
#define PLACE_SPECS stream_specs
#include "api_place.h"

#define GREETING "D\r\nretry: 3000\n\n\r\n"
#define BEAT "8\r\n: beat\n\n\r\n"

static void pass_seconds(int seconds)
{
    atomic_fetch_add(&ahead_ns, (unsigned long long)seconds * 1000000000);
}

/* Read until 'text' has come; what lies before it goes. */
static void read_past(int fd, struct strbuf *got, const char *text)
{
    char block[4096];
    size_t at;
    while ((at = str_find(strbuf_str(got), str_of(text))) == SIZE_MAX) {
        ssize_t n = recv(fd, block, sizeof(block), 0);
        assert_true(n > 0);
        strbuf_add(got, block, (size_t)n);
    }
    size_t rest = got->len - at - strlen(text);
    memmove(got->p, got->p + at + strlen(text), rest);
    got->len = rest;
}

static int watch(struct strbuf *got, const char *headers)
{
    struct strbuf out = {0};
    int fd = client_connect(world.server);
    strbuf_addf(&out,
                "GET /api/v1/shop/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n%s\r\n",
                world.token, headers);
    client_send(fd, strbuf_str(&out));
    strbuf_finish(&out);
    read_past(fd, got, "\r\n\r\n");
    return fd;
}

/* The greeting and a sign of life, and nothing between them. */
static void greeting_then_beat(int fd, struct strbuf *got)
{
    while (got->len < strlen(GREETING BEAT)) {
        char block[512];
        if (got->len >= strlen(GREETING)) pass_seconds(LIMIT_STREAM_BEAT_SECONDS);
        ssize_t n = recv(fd, block, sizeof(block), 0);
        assert_true(n > 0);
        strbuf_add(got, block, (size_t)n);
    }
    assert_true(str_starts(strbuf_str(got), STR(GREETING BEAT)));
}

static void a_silent_stream_gives_signs_of_life(void **state)
{
    struct strbuf got = {0};
    int fd = watch(&got, "");
    (void)state;
    read_past(fd, &got, "event: events\ndata: ");
    for (int i = 0; i < 3; i++) {
        pass_seconds(LIMIT_STREAM_BEAT_SECONDS);
        read_past(fd, &got, BEAT);
    }
    close(fd);
    strbuf_finish(&got);
}

static void who_knows_the_newest_is_told_nothing_again(void **state)
{
    struct strbuf got = {0};
    int fd = watch(&got, "Last-Event-ID: 0\r\n"); /* the brand has no events */
    (void)state;
    greeting_then_beat(fd, &got);
    close(fd);
    strbuf_finish(&got);
}

static void a_stream_ends_so_that_its_authority_is_looked_at_anew(void **state)
{
    struct strbuf got = {0};
    int fd = watch(&got, "");
    (void)state;
    read_past(fd, &got, "event: events\ndata: ");
    pass_seconds(LIMIT_STREAM_SECONDS);
    read_past(fd, &got, "\r\n0\r\n\r\n"); /* the last chunk */
    assert_int_equal(got.len, 0);
    close(fd);
    strbuf_finish(&got);
}

static void what_is_no_topic_is_refused(void **state)
{
    (void)state;
    assert_int_equal(ask_own("GET", "/api/v1/shop/stream?topics=events,audits", ""), 400);
    assert_int_equal(ask("GET", "/api/v1/shop/stream", "", ""), 401);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_silent_stream_gives_signs_of_life),
        cmocka_unit_test(who_knows_the_newest_is_told_nothing_again),
        cmocka_unit_test(a_stream_ends_so_that_its_authority_is_looked_at_anew),
        cmocka_unit_test(what_is_no_topic_is_refused),
    };
    return cmocka_run_group_tests(tests, open_world, close_world);
}
