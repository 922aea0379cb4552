/* replay_test.c - the same key: one effect, one reply, also at once and after a restart. */
#include "../http/client.h"

#include <stdatomic.h>

#include "api/spec.h"

extern const struct spec test_specs[];
#define PLACE_SPECS test_specs
#define PLACE_WORKERS 4
#define PLACE_WAITING 100
#include "api_place.h"

static atomic_int effects;

static enum err make(struct call *c, struct json_writer *w, struct why *why)
{
    struct str name = call_str(c, "name");
    if (str_is(name, "refused")) return why_fail(why, ERR_CONFLICT, MSG_EXISTS, "name", "%s", "x");
    int effect = atomic_fetch_add(&effects, 1) + 1;
    if (str_is(name, "broken")) return why_fail(why, ERR_IO, MSG_INTERNAL, "", NULL);
    if (str_is(name, "slow")) usleep(20000);
    c->status = 201;
    call_etag(c, (uint64_t)effect);
    json_begin_object(w);
    json_key(w, "effect");
    json_int(w, effect);
    json_end_object(w);
    return ERR_OK;
}

static const struct spec_field fields[] = {{.name = "name", .type = SPEC_TEXT}, {0}};
const struct spec test_specs[] = {
    {.method = HTTP_POST,
     .path = "/api/v1/{brand}/things",
     .scope = SCOPE_INSIGHT_READ,
     .body = fields,
     .body_max = 4096,
     .flags = SPEC_IDEMPOTENT,
     .handle = make,
     .summary = "Make"},
    {0},
};

static int make_thing_of(const char *token, const char *brand, const char *key, const char *name)
{
    char headers[512], body[64], path[64];
    snprintf(headers, sizeof(headers), "Authorization: Bearer %s\r\n%s%s%s", token,
             key ? "Idempotency-Key: " : "", key ? key : "", key ? "\r\n" : "");
    snprintf(body, sizeof(body), "{\"name\":\"%s\"}", name);
    snprintf(path, sizeof(path), "/api/v1/%s/things", brand);
    return ask("POST", path, headers, body);
}

static int make_thing(const char *key, const char *name)
{
    return make_thing_of(world.token, "shop", key, name);
}

static void the_same_key_has_one_effect_and_one_reply(void **state)
{
    char first[64];
    (void)state;
    int before = atomic_load(&effects);
    assert_int_equal(make_thing("k1", "a"), 201);
    snprintf(first, sizeof(first), STR_FMT, STR_ARG(world.reply.body));
    struct str etag = client_header(&world.reply, "ETag");
    assert_true(etag.len > 0);
    assert_null(client_header(&world.reply, "Idempotency-Replayed").p);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(make_thing("k1", "a"), 201);
        body_is(first);
        assert_true(str_is(client_header(&world.reply, "Idempotency-Replayed"), "true"));
        assert_true(client_header(&world.reply, "ETag").len > 0);
    }
    assert_int_equal(atomic_load(&effects), before + 1);
    assert_int_equal(make_thing(NULL, "a"), 201);
    assert_int_equal(make_thing(NULL, "a"), 201);
    assert_int_equal(atomic_load(&effects), before + 3);
}

static void the_same_key_with_another_body_is_refused(void **state)
{
    (void)state;
    assert_int_equal(make_thing("k2", "a"), 201);
    int before = atomic_load(&effects);
    assert_int_equal(make_thing("k2", "b"), 409);
    assert_true(body_has("\"field\":\"Idempotency-Key\""));
    assert_int_equal(atomic_load(&effects), before);
    assert_int_equal(make_thing_of(world.other, "other", "k2", "b"), 201); /* another caller's */
}

static void what_is_no_key_is_refused(void **state)
{
    char longest[130];
    (void)state;
    memset(longest, 'k', sizeof(longest));
    longest[129] = '\0';
    assert_int_equal(make_thing(longest, "a"), 400);
    assert_int_equal(make_thing("a b", "a"), 400);
    assert_int_equal(make_thing("\xe7\xad\xbe", "a"), 400);
    longest[128] = '\0';
    assert_int_equal(make_thing(longest, "a"), 201);
}

static void a_refusal_may_be_tried_again(void **state)
{
    (void)state;
    assert_int_equal(make_thing("k3", "refused"), 409);
    assert_true(body_has("\"field\":\"name\""));
    assert_int_equal(make_thing("k3", "a"), 201);
}

static void a_failure_inside_leaves_the_key_undecided(void **state)
{
    (void)state;
    int before = atomic_load(&effects);
    assert_int_equal(make_thing("k4", "broken"), 500);
    assert_int_equal(make_thing("k4", "broken"), 409);
    assert_int_equal(atomic_load(&effects), before + 1);
}

static void the_same_key_at_once_has_one_effect(void **state)
{
    enum { CALLERS = 50 };
    struct client_reply reply = {0};
    struct strbuf request = {0};
    char first[64] = "";
    int fds[CALLERS];
    (void)state;
    int before = atomic_load(&effects);
    strbuf_addf(&request,
                "POST /api/v1/shop/things HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n"
                "Idempotency-Key: k5\r\nContent-Length: 15\r\n\r\n{\"name\":\"slow\"}",
                world.token);
    for (int i = 0; i < CALLERS; i++) {
        fds[i] = client_connect(world.server);
        client_send(fds[i], strbuf_str(&request));
    }
    for (int i = 0; i < CALLERS; i++) {
        client_read(fds[i], true, &reply);
        assert_int_equal(reply.status, 201);
        if (i == 0) snprintf(first, sizeof(first), STR_FMT, STR_ARG(reply.body));
        assert_true(str_is(reply.body, first));
        close(fds[i]);
    }
    assert_int_equal(atomic_load(&effects), before + 1);
    strbuf_finish(&reply.all);
    strbuf_finish(&request);
}

static void a_restart_forgets_no_key(void **state)
{
    char first[64];
    (void)state;
    assert_int_equal(make_thing("k6", "a"), 201);
    snprintf(first, sizeof(first), STR_FMT, STR_ARG(world.reply.body));
    close(world.fd);
    http_stop(world.server);
    api_destroy(world.api);
    serve();
    int before = atomic_load(&effects);
    assert_int_equal(make_thing("k6", "a"), 201);
    body_is(first);
    assert_int_equal(make_thing("k4", "broken"), 409);
    assert_int_equal(atomic_load(&effects), before);
}

static void replies_are_stored_sealed(void **state)
{
    (void)state;
    assert_int_equal(make_thing("k7", "a"), 201);
    struct sql *db = data_server_lock(world.data);
    struct sql_stmt *s = sql_use(db, "SELECT body FROM api_reply WHERE status = 201");
    for (;;) {
        bool row;
        assert_int_equal(sql_step(s, &row), ERR_OK);
        if (!row) break;
        assert_true(str_find(sql_blob(s, 0), STR("effect")) == SIZE_MAX);
    }
    data_server_unlock(world.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_key_has_one_effect_and_one_reply),
        cmocka_unit_test(the_same_key_with_another_body_is_refused),
        cmocka_unit_test(what_is_no_key_is_refused),
        cmocka_unit_test(a_refusal_may_be_tried_again),
        cmocka_unit_test(a_failure_inside_leaves_the_key_undecided),
        cmocka_unit_test(the_same_key_at_once_has_one_effect),
        cmocka_unit_test(a_restart_forgets_no_key),
        cmocka_unit_test(replies_are_stored_sealed),
    };
    return cmocka_run_group_tests(tests, open_world, close_world);
}
