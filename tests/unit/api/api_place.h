/* api_place.h - a server with routes of a test's own, over a data directory of its own. */
#pragma once

#include "../http/client.h"

#include "account/key.h"
#include "api/call.h"
#include "api/internal.h"
#include "engine.h"
#include "intake/import.h"
#include "people/people.h"

#ifndef PLACE_ENV
#define PLACE_ENV env_system()
#endif
#ifndef PLACE_WORKERS
#define PLACE_WORKERS 1
#define PLACE_WAITING 1
#endif

struct world {
    char dir[64];
    struct database database;
    struct data *data;
    struct api *api;
    struct http_server *server;
    char token[KEY_TEXT_MAX], other[KEY_TEXT_MAX], public_key[KEY_TEXT_MAX];
    int fd;
    struct client_reply reply;
};
static struct world world;

static inline void add_brand(const char *slug, enum key_kind kind, char text[KEY_TEXT_MAX])
{
    struct why why = {0};
    struct brand *b;
    struct brand_facts facts = {.name = "Shop", .zone = "Asia/Shanghai", .currency = "CNY"};
    snprintf(facts.slug, sizeof(facts.slug), "%s", slug);
    if (data_brand(world.data, slug, &b, &why) != ERR_OK)
        assert_int_equal(data_add_brand(world.data, &facts, &why), ERR_OK);
    assert_int_equal(data_brand(world.data, slug, &b, &why), ERR_OK);
    assert_int_equal(key_create(world.data, slug, kind, text, &why), ERR_OK);
}

/* With the specs of PLACE_SPECS and a pool of PLACE_WORKERS that lets PLACE_WAITING wait. */
static inline void serve(void)
{
    static const struct spec *const tables[] = {PLACE_SPECS, NULL};
    const struct pool_options pool = {
        .name = "test", .threads = PLACE_WORKERS, .queue = PLACE_WAITING};
    struct why why = {0};
    assert_int_equal(api_create(world.data, &world.api, &why), ERR_OK);
    api_join(world.api, tables);
    pool_destroy(world.api->workers);
    world.api->workers = pool_create(&pool);
    struct http_options o = {.address = "127.0.0.1:0",
                             .threads = 2,
                             .routes = api_routes(world.api),
                             .authorize = api_authorize,
                             .env = env_system(),
                             .ctx = world.api};
    assert_int_equal(http_start(&o, &world.server, &why), ERR_OK);
    world.fd = client_connect(world.server);
}

static inline int open_world(void **state)
{
    static const struct module *const modules[] = {&people_module, &import_module, NULL};
    struct why why = {0};
    char path[80];
    (void)state;
    world = (struct world){.dir = "/tmp/wf-dispatch-XXXXXX"};
    assert_non_null(mkdtemp(world.dir));
    database_make(&world.database);
    snprintf(path, sizeof(path), "%s/data", world.dir);
    struct data_options o = {.dir = path,
                             .store = world.database.url,
                             .env = PLACE_ENV,
                             .modules = modules,
                             .server_tables = account_migrations};
    assert_int_equal(data_init(&o, &why), ERR_OK);
    assert_int_equal(data_open(&o, &world.data, &why), ERR_OK);
    add_brand("shop", KEY_TOKEN, world.token);
    add_brand("shop", KEY_PUBLIC, world.public_key);
    add_brand("other", KEY_TOKEN, world.other);
    serve();
    return 0;
}

static inline int close_world(void **state)
{
    char command[96];
    (void)state;
    close(world.fd);
    http_stop(world.server);
    api_destroy(world.api);
    data_close(world.data);
    database_drop(&world.database);
    strbuf_finish(&world.reply.all);
    snprintf(command, sizeof(command), "rm -rf %s", world.dir);
    return system(command);
}

static inline int ask(const char *method, const char *path, const char *headers, const char *body)
{
    struct strbuf out = {0};
    strbuf_addf(&out, "%s %s HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n%s\r\n%s", method, path,
                strlen(body), headers, body);
    client_send(world.fd, strbuf_str(&out));
    strbuf_finish(&out);
    client_read(world.fd, true, &world.reply);
    return world.reply.status;
}

/* With the token of the shop. */
static inline int ask_own(const char *method, const char *path, const char *headers)
{
    char all[512];
    snprintf(all, sizeof(all), "Authorization: Bearer %s\r\n%s", world.token, headers);
    return ask(method, path, all, "");
}

static inline void body_is(const char *text)
{
    if (!str_is(world.reply.body, text))
        fail_msg("\n" STR_FMT "\nis not\n%s", STR_ARG(world.reply.body), text);
}

static inline bool body_has(const char *text)
{
    return str_find(world.reply.body, str_of(text)) != SIZE_MAX;
}
