/* http_intake_test.c - tests of intake/http_intake.c, delivery.c and envelope.c: a server with the
 * intake's routes over a brand of its own. */
#include "../http/client.h"

#include <pthread.h>

#include "account/accounts.h"
#include "engine.h"
#include "intake/http_intake.h"
#include "people/people.h"

struct world {
    struct intake_ctx ctx; /* first */
    char dir[64];
    struct database database;
    struct brand *brand;
    struct http_server *server;
    char public_key[KEY_TEXT_MAX], secret_key[KEY_TEXT_MAX], token[KEY_TEXT_MAX];
    int fd; /* a connection kept open */
    struct client_reply reply;
};

static struct world world;

static void open_data(void)
{
    static const struct module *const modules[] = {&people_module, NULL};
    struct why why = {0};
    char path[80];
    snprintf(path, sizeof(path), "%s/data", world.dir);
    struct data_options o = {.dir = path,
                             .store = world.database.url,
                             .env = env_system(),
                             .modules = modules,
                             .server_tables = account_migrations};
    assert_int_equal(data_init(&o, &why), ERR_OK);
    assert_int_equal(data_open(&o, &world.ctx.data, &why), ERR_OK);
}

static void serve(void)
{
    struct why why = {0};
    assert_int_equal(data_brand(world.ctx.data, "shop", &world.brand, &why), ERR_OK);
    struct accounts *accounts;
    assert_int_equal(accounts_open(world.ctx.data, &accounts, &why), ERR_OK);
    world.ctx.keys = accounts_keys(accounts);
    struct http_options o = {.address = "127.0.0.1:0",
                             .threads = 2,
                             .routes = intake_routes,
                             .env = env_system(),
                             .ctx = &world};
    assert_int_equal(http_start(&o, &world.server, &why), ERR_OK);
    world.fd = client_connect(world.server);
}

static void stop(void)
{
    close(world.fd);
    http_stop(world.server);
    data_close(world.ctx.data);
}

static int open_world(void **state)
{
    (void)state;
    struct why why = {0};
    struct brand_facts facts = {
        .slug = "shop", .name = "Shop", .zone = "Asia/Shanghai", .currency = "CNY"};
    world = (struct world){.dir = "/tmp/wf-intake-XXXXXX"};
    assert_non_null(mkdtemp(world.dir));
    database_make(&world.database);
    open_data();
    assert_int_equal(data_add_brand(world.ctx.data, &facts, &why), ERR_OK);
    assert_int_equal(key_create(world.ctx.data, "shop", KEY_PUBLIC, world.public_key, &why),
                     ERR_OK);
    assert_int_equal(key_create(world.ctx.data, "shop", KEY_SECRET, world.secret_key, &why),
                     ERR_OK);
    assert_int_equal(key_create(world.ctx.data, "shop", KEY_TOKEN, world.token, &why), ERR_OK);
    serve();
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    char command[96];
    stop();
    database_drop(&world.database);
    strbuf_finish(&world.reply.all);
    snprintf(command, sizeof(command), "rm -rf %s", world.dir);
    return system(command);
}

/* ---- asking ---- */

static int post_bytes(const char *path, const char *headers, struct str body)
{
    struct strbuf request = {0};
    strbuf_addf(&request, "POST %s HTTP/1.1\r\nHost: shop.example\r\n%sContent-Length: %zu\r\n\r\n",
                path, headers, body.len);
    strbuf_add_str(&request, body);
    client_send(world.fd, strbuf_str(&request));
    client_read(world.fd, true, &world.reply);
    strbuf_finish(&request);
    return world.reply.status;
}

/* The body with ' for ". */
static int post(const char *path, const char *key, const char *body)
{
    char headers[256] = "";
    struct strbuf text = {0};
    strbuf_add_text(&text, body);
    for (size_t i = 0; i < text.len; i++) {
        if (text.p[i] == '\'') text.p[i] = '"';
    }
    if (key) snprintf(headers, sizeof(headers), "Authorization: Bearer %s\r\n", key);
    int status = post_bytes(path, headers, strbuf_str(&text));
    strbuf_finish(&text);
    return status;
}

static void expect_body(const char *wanted)
{
    if (!str_is(world.reply.body, wanted)) fail_msg("got " STR_FMT, STR_ARG(world.reply.body));
}

static void expect_in_body(const char *wanted)
{
    if (str_find(world.reply.body, str_of(wanted)) == SIZE_MAX)
        fail_msg("no %s in " STR_FMT, wanted, STR_ARG(world.reply.body));
}

static uint64_t seq(void)
{
    return brand_stats(world.brand).seq;
}

/* The member an identity belongs to, 0 when unknown. */
static uint32_t member_of(enum identity_kind kind, const char *value)
{
    struct identity id = {kind, str_of(value)};
    struct why why = {0};
    uint32_t member;
    assert_int_equal(people_find(world.brand, &id, STR(""), &member, &why), ERR_OK);
    return member;
}

/* ---- tests ---- */

static void every_call_is_answered_with_success(void **state)
{
    (void)state;
    static const char *const paths[] = {"/v1/track", "/v1/identify", "/v1/page",  "/v1/screen",
                                        "/v1/group", "/v1/t",        "/v1/i",     "/v1/p",
                                        "/v1/s",     "/v1/g",        "/v1/alias", "/v1/a"};
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        uint64_t before = seq();
        assert_int_equal(post(paths[i], world.secret_key,
                              "{'userId':'u1','previousId':'p1','groupId':'g','event':'x'}"),
                         200);
        expect_body("{\"success\":true}");
        assert_true(seq() > before);
    }
    uint64_t before = seq();
    assert_int_equal(post("/v1/m", NULL, "{'series':[]}"), 200);
    assert_true(seq() == before);
}

static void the_key_may_be_in_four_places(void **state)
{
    (void)state;
    char text[300];
    assert_int_equal(post("/v1/track", world.public_key, "{'userId':'u1','event':'x'}"), 200);
    snprintf(text, sizeof(text), "{'userId':'u1','event':'x','writeKey':'%s'}", world.public_key);
    assert_int_equal(post("/v1/track", NULL, text), 200);
    snprintf(text, sizeof(text), "{'event':'x','distinct_id':'u1','api_key':'%s'}",
             world.public_key);
    assert_int_equal(post("/capture/", NULL, text), 200);
    snprintf(text, sizeof(text), "[{'event':'x','properties':{'distinct_id':'u1','token':'%s'}}]",
             world.public_key);
    assert_int_equal(post("/e/", NULL, text), 200);
    expect_body("{\"status\":1}");
}

/* "wf_pub_...:" in base64, as the SDKs make it. */
static void the_key_may_be_a_user_name(void **state)
{
    (void)state;
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char pair[KEY_TEXT_MAX + 2], encoded[128] = "", headers[200];
    size_t len = (size_t)snprintf(pair, sizeof(pair), "%s:", world.public_key), out = 0;
    for (size_t i = 0; i < len; i += 3) {
        uint32_t bits = 0;
        for (size_t k = 0; k < 3; k++)
            bits = bits << 8 | (i + k < len ? (unsigned char)pair[i + k] : 0u);
        for (size_t k = 0; k < 4; k++)
            encoded[out++] = i + k <= len ? digits[bits >> (18 - 6 * k) & 63] : '=';
    }
    snprintf(headers, sizeof(headers), "Authorization: Basic %s\r\n", encoded);
    assert_int_equal(post_bytes("/v1/track", headers, STR("{\"userId\":\"u1\",\"event\":\"x\"}")),
                     200);
}

static void without_a_known_key_nothing_is_stored(void **state)
{
    (void)state;
    uint64_t before = seq();
    const char *const body = "{'userId':'u1','event':'x'}";
    assert_int_equal(post("/v1/track", NULL, body), 401);
    assert_true(str_is(client_header(&world.reply, "Content-Type"), "application/problem+json"));
    assert_int_equal(post("/v1/track", "wf_pub_0", body), 401);
    assert_int_equal(post("/v1/track", world.token, body), 401);
    assert_int_equal(post("/batch/", NULL, "{'batch':[{'event':'x','distinct_id':'a'}]}"), 401);
    assert_true(seq() == before);
}

static void a_key_with_origins_is_for_their_pages(void **state)
{
    (void)state;
    struct accounts *accounts;
    struct why why = {0};
    char text[KEY_TEXT_MAX], headers[256];
    const struct str origin = STR("https://shop.example");
    const struct key_new new = {.brand = "shop",
                                .kind = KEY_PUBLIC,
                                .expires_at = TIME_NONE,
                                .origins = &origin,
                                .origin_count = 1};
    assert_int_equal(accounts_open(world.ctx.data, &accounts, &why), ERR_OK);
    assert_int_equal(key_make(world.ctx.keys, NULL, &new, text, NULL, &why), ERR_OK);
    static const struct {
        const char *line;
        int status;
    } cases[] = {{"Origin: https://shop.example\r\n", 200},
                 {"Origin: https://evil.example\r\n", 403},
                 {"Origin: null\r\n", 403},
                 {"", 200}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        snprintf(headers, sizeof(headers), "Authorization: Bearer %s\r\n%s", text, cases[i].line);
        assert_int_equal(
            post_bytes("/v1/track", headers, STR("{\"userId\":\"u1\",\"event\":\"x\"}")),
            cases[i].status);
    }
}

static void a_public_key_cannot_trade(void **state)
{
    (void)state;
    uint64_t before = seq();
    assert_int_equal(post("/v1/track", world.public_key,
                          "{'userId':'u1','event':'Order Completed','properties':{'total':1}}"),
                     403);
    expect_in_body("\"code\":\"kind_not_allowed\"");
    assert_int_equal(
        post("/v1/track", world.secret_key, "{'userId':'u1','event':'campaign.joined'}"), 403);
    assert_true(seq() == before);
    assert_int_equal(post("/v1/track", world.secret_key,
                          "{'userId':'u1','event':'Order Completed','properties':{'total':1}}"),
                     200);
}

static void a_batch_stands_beside_what_is_refused(void **state)
{
    (void)state;
    assert_int_equal(post("/v1/batch", world.public_key,
                          "{'batch':[{'type':'track','userId':'b1','event':'x'},"
                          "{'type':'track','userId':'b1','event':'order.paid'},7,"
                          "{'type':'track','userId':'b1','event':'y','timestamp':'2999-01-01'}]}"),
                     200);
    expect_in_body("{\"success\":true,\"accepted\":1,\"rejected\":3,\"errors\":["
                   "{\"index\":1,\"code\":\"kind_not_allowed\",");
    expect_in_body("{\"index\":2,\"code\":\"invalid\",\"message\":\"message: ");
    expect_in_body("{\"index\":3,\"code\":\"invalid\",\"message\":\"at: ");
    assert_int_equal(post("/v1/batch", world.public_key, "{'batch':[]}"), 200);
    expect_body("{\"success\":true}");
    assert_int_equal(post("/v1/batch", world.public_key, "{'batch':[1,2]}"), 400);
    assert_int_equal(post("/v1/batch", world.public_key, "{}"), 400);
}

static void ten_failures_are_told(void **state)
{
    (void)state;
    struct strbuf body = {0};
    strbuf_add_text(&body, "{'batch':[{'type':'track','userId':'b1','event':'x'}");
    for (int i = 0; i < 30; i++)
        strbuf_add_text(&body, ",{}");
    strbuf_add_text(&body, "]}");
    assert_int_equal(post("/v1/batch", world.public_key, body.p), 200);
    expect_in_body("\"accepted\":1,\"rejected\":30,");
    assert_int_equal(client_count(world.reply.body, "\"index\""), 10);
    strbuf_finish(&body);
}

static void an_id_counts_once_also_after_a_restart(void **state)
{
    (void)state;
    const char *const one = "{'userId':'u9','event':'once','messageId':'once-1'}";
    assert_int_equal(post("/v1/track", world.secret_key, one), 200);
    uint64_t before = seq();
    assert_int_equal(post("/v1/track", world.secret_key, one), 200);
    expect_body("{\"success\":true}");
    stop();
    open_data();
    serve();
    assert_int_equal(post("/v1/batch", world.secret_key,
                          "{'batch':[{'type':'track','userId':'u9','event':'once',"
                          "'messageId':'once-1'}]}"),
                     200);
    assert_int_equal(post("/batch", world.secret_key,
                          "{'batch':[{'distinct_id':'u9','event':'once','uuid':'once-1'}]}"),
                     200);
    assert_true(seq() == before);
}

static void an_alias_merges_when_the_sender_may(void **state)
{
    (void)state;
    assert_int_equal(post("/v1/track", world.public_key, "{'anonymousId':'anon-5','event':'x'}"),
                     200);
    assert_int_equal(post("/v1/track", world.public_key, "{'userId':'user-5','event':'x'}"), 200);
    assert_true(member_of(IDENTITY_ANON, "anon-5") != member_of(IDENTITY_USER, "user-5"));
    assert_int_equal(
        post("/v1/identify", world.public_key, "{'userId':'user-5','anonymousId':'anon-5'}"), 200);
    assert_true(member_of(IDENTITY_ANON, "anon-5") == member_of(IDENTITY_USER, "user-5"));
    /* two who are known stay two for a public key */
    assert_int_equal(
        post("/v1/identify", world.secret_key, "{'userId':'user-6','traits':{'email':'six@b.cn'}}"),
        200);
    assert_int_equal(
        post("/v1/identify", world.public_key, "{'userId':'user-5','traits':{'email':'six@b.cn'}}"),
        200);
    assert_true(member_of(IDENTITY_EMAIL, "six@b.cn") == member_of(IDENTITY_USER, "user-6"));
    assert_true(member_of(IDENTITY_USER, "user-5") != member_of(IDENTITY_USER, "user-6"));
}

static void bodies_come_wrapped(void **state)
{
    (void)state;
    /* gzip of {"event":"zipped","distinct_id":"u1"}, the header says nothing */
    static const char zipped[] =
        "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xab\x56\x4a\x2d\x4b\xcd\x2b\x51\xb2\x52"
        "\xaa\xca\x2c\x28\x48\x4d\x51\xd2\x51\x4a\xc9\x2c\x2e\xc9\xcc\x4b\x2e\x89\xcf\x4c"
        "\x01\x0a\x97\x1a\x2a\xd5\x02\x00\x89\x35\x81\x79\x25\x00\x00\x00";
    char headers[200];
    uint64_t before = seq();
    snprintf(headers, sizeof(headers), "Authorization: Bearer %s\r\nContent-Type: text/plain\r\n",
             world.public_key);
    assert_int_equal(
        post_bytes("/e/?compression=gzip-js", headers, (struct str){zipped, sizeof(zipped) - 1}),
        200);
    assert_int_equal(
        post_bytes("/e/", headers, STR("data=eyJldmVudCI6IngiLCJkaXN0aW5jdF9pZCI6InUxIn0%3D")),
        200);
    assert_int_equal(post_bytes("/e/", headers,
                                STR("compression=x&data=%7B%22event%22%3A+%22x%22%2C"
                                    "%22distinct_id%22%3A%22u1%22%7D")),
                     200);
    assert_int_equal(post_bytes("/v1/t", headers, STR("{\"anonymousId\":\"u1\",\"event\":\"x\"}")),
                     200);
    assert_true(seq() >= before + 4);
    assert_true(registry_find_kind(world.brand, STR("zipped")) > 0);
}

static void settings_are_for_known_keys(void **state)
{
    (void)state;
    char request[256];
    snprintf(request, sizeof(request),
             "GET /v1/projects/%s/settings HTTP/1.1\r\nHost: shop.example\r\n\r\n",
             world.public_key);
    client_ask(world.fd, request, &world.reply);
    assert_int_equal(world.reply.status, 200);
    expect_in_body("\"apiHost\":\"shop.example/v1\"");
    assert_true(str_is(client_header(&world.reply, "Access-Control-Allow-Origin"), "*"));
    client_ask(world.fd,
               "GET /v1/projects/wf_pub_0/settings HTTP/1.1\r\nHost: shop.example\r\n\r\n",
               &world.reply);
    assert_int_equal(world.reply.status, 404);
}

static void flags_are_none(void **state)
{
    (void)state;
    assert_int_equal(post("/flags/?v=2", NULL, "{}"), 200);
    expect_in_body("\"featureFlags\":{}");
    assert_int_equal(post("/decide/", NULL, ""), 200);
}

static void counters_tell_what_happened(void **state)
{
    (void)state;
    struct strbuf before = {0}, after = {0};
    intake_metrics(&before);
    assert_int_equal(post("/v1/track", world.public_key, "{'userId':'u1','event':'order.paid'}"),
                     403);
    intake_metrics(&after);
    assert_true(
        str_find(strbuf_str(&after),
                 STR("wellfield_intake_events_refused_total{code=\"kind_not_allowed\"} ")) !=
        SIZE_MAX);
    assert_false(str_eq(strbuf_str(&before), strbuf_str(&after)));
    strbuf_finish(&before);
    strbuf_finish(&after);
}

/* ---- pressure ---- */

static struct {
    pthread_mutex_t lock;
    pthread_cond_t cond;
    bool running; /* the writer is held */
    bool go;      /* let it go */
    int done;     /* commands */
} gate = {.lock = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER};

static enum err hold_writer(struct tx *tx, void *arg, struct why *why)
{
    (void)tx;
    (void)arg;
    (void)why;
    pthread_mutex_lock(&gate.lock);
    gate.running = true;
    pthread_cond_broadcast(&gate.cond);
    while (!gate.go)
        pthread_cond_wait(&gate.cond, &gate.lock);
    pthread_mutex_unlock(&gate.lock);
    return ERR_OK;
}

static void count_done(void *arg, enum err err, const struct why *why)
{
    (void)arg;
    (void)why;
    assert_int_equal(err, ERR_OK);
    pthread_mutex_lock(&gate.lock);
    gate.done++;
    pthread_cond_broadcast(&gate.cond);
    pthread_mutex_unlock(&gate.lock);
}

static void wait_until(const bool *flag)
{
    while (!*flag)
        pthread_cond_wait(&gate.cond, &gate.lock);
}

static void a_full_queue_is_429_and_nothing_is_lost(void **state)
{
    (void)state;
    struct why why = {0};
    struct command held = {.run = hold_writer, .done = count_done};
    struct command big = {
        .run = hold_writer, .done = count_done, .bytes = LIMIT_WRITER_QUEUE_BYTES};
    const char *const one = "{'userId':'u1','event':'pressed','messageId':'pressed-1'}";
    assert_int_equal(brand_submit(world.brand, &held, &why), ERR_OK);
    pthread_mutex_lock(&gate.lock);
    wait_until(&gate.running);
    pthread_mutex_unlock(&gate.lock);
    assert_int_equal(brand_submit(world.brand, &big, &why), ERR_OK);
    uint64_t before = seq();
    assert_int_equal(post("/v1/track", world.secret_key, one), 429);
    assert_true(str_is(client_header(&world.reply, "Retry-After"), "1"));
    pthread_mutex_lock(&gate.lock);
    gate.go = true;
    pthread_cond_broadcast(&gate.cond);
    while (gate.done < 2)
        pthread_cond_wait(&gate.cond, &gate.lock);
    pthread_mutex_unlock(&gate.lock);
    assert_true(seq() == before);
    assert_int_equal(post("/v1/track", world.secret_key, one), 200);
    assert_true(seq() > before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call_is_answered_with_success),
        cmocka_unit_test(the_key_may_be_in_four_places),
        cmocka_unit_test(the_key_may_be_a_user_name),
        cmocka_unit_test(without_a_known_key_nothing_is_stored),
        cmocka_unit_test(a_key_with_origins_is_for_their_pages),
        cmocka_unit_test(a_public_key_cannot_trade),
        cmocka_unit_test(a_batch_stands_beside_what_is_refused),
        cmocka_unit_test(ten_failures_are_told),
        cmocka_unit_test(an_id_counts_once_also_after_a_restart),
        cmocka_unit_test(an_alias_merges_when_the_sender_may),
        cmocka_unit_test(bodies_come_wrapped),
        cmocka_unit_test(settings_are_for_known_keys),
        cmocka_unit_test(flags_are_none),
        cmocka_unit_test(counters_tell_what_happened),
        cmocka_unit_test(a_full_queue_is_429_and_nothing_is_lost),
    };
    return cmocka_run_group_tests(tests, open_world, close_world);
}
