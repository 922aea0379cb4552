/* dispatch_test.c - routes from specs over real connections: validation, authority, versions, the
 * pools. */
#include "../http/client.h"

#include <pthread.h>

#include "api/rate.h"
#include "api/spec.h"

extern const struct spec test_specs[];
#define PLACE_SPECS test_specs
#define PLACE_WORKERS 1
#define PLACE_WAITING 1
#include "api_place.h"

/* Handlers that wait here are let go by release(). */
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t gate_moved = PTHREAD_COND_INITIALIZER;
static int gate_inside;
static bool gate_open;

static enum err show_all(struct call *c, struct json_writer *w, struct why *why)
{
    (void)why;
    json_begin_object(w);
    json_key(w, "text");
    json_str(w, call_str(c, "text"));
    json_key(w, "number");
    json_int(w, call_int(c, "number"));
    json_key(w, "flag");
    json_bool(w, call_bool(c, "flag"));
    json_key(w, "at");
    call_write_time(c, w, call_int(c, "at"));
    json_key(w, "form");
    json_str(w, call_str(c, "form"));
    json_key(w, "has_number");
    json_bool(w, call_has(c, "number"));
    json_end_object(w);
    c->status = 201;
    return ERR_OK;
}

static enum err show_reader(struct call *c, struct json_writer *w, struct why *why)
{
    struct sql *db, *again;
    bool row;
    TRY(call_reader(c, &db, why));
    TRY(call_reader(c, &again, why));
    assert_ptr_equal(db, again);
    TRY(sql_step(sql_use(db, "SELECT COUNT(*) FROM schema_migration"), &row));
    json_begin_object(w);
    json_key(w, "who");
    json_text(w, c->who->name);
    json_key(w, "brand");
    json_text(w, brand_slug(c->brand));
    json_end_object(w);
    return ERR_OK; /* with a statement that still has rows */
}

static enum err show_thing(struct call *c, struct json_writer *w, struct why *why)
{
    uint32_t id;
    TRY(call_number(c, "id", &id, why));
    if (id != 7) return call_not_found(why);
    if (c->spec->method == HTTP_GET) {
        call_etag(c, 3);
        json_begin_object(w);
        json_end_object(w);
        return ERR_OK;
    }
    return call_if_match(c, 3, why);
}

static enum err say_text(struct call *c, struct json_writer *w, struct why *why)
{
    (void)why;
    c->type = "text/csv; charset=utf-8";
    strbuf_add_text(w->out, "a,b\n");
    return ERR_OK;
}

static enum err wait_at_gate(struct call *c, struct json_writer *w, struct why *why)
{
    (void)c;
    (void)w;
    (void)why;
    pthread_mutex_lock(&gate);
    gate_inside++;
    pthread_cond_broadcast(&gate_moved);
    while (!gate_open)
        pthread_cond_wait(&gate_moved, &gate);
    pthread_mutex_unlock(&gate);
    return ERR_OK;
}

/* A scan that looks at its budget. */
static enum err scan_for_ever(struct call *c, struct json_writer *w, struct why *why)
{
    (void)w;
    while (!atomic_load(&c->budget->cancel))
        usleep(1000);
    return why_fail(why, ERR_CANCELLED, MSG_QUERY_CANCELLED, "", NULL);
}

static const struct spec_field inner_fields[] = {
    {.name = "id", .type = SPEC_INT, .required = true, .min = 1, .max = 9}, {0}};
static const struct spec_field fields[] = {
    {.name = "text", .type = SPEC_TEXT, .required = true, .min = 2, .max = 5},
    {.name = "number", .type = SPEC_INT, .min = -3, .max = 200, .fallback = "50"},
    {.name = "flag", .type = SPEC_BOOL, .fallback = "true"},
    {.name = "at", .type = SPEC_TIME},
    {.name = "form", .type = SPEC_ENUM, .choices = "csv|json", .fallback = "json"},
    {0}};
static const struct spec_field body_fields[] = {
    {.name = "text", .type = SPEC_TEXT, .required = true, .min = 2, .max = 5},
    {.name = "number", .type = SPEC_INT, .min = -3, .max = 200, .fallback = "50"},
    {.name = "flag", .type = SPEC_BOOL, .fallback = "true"},
    {.name = "at", .type = SPEC_TIME},
    {.name = "form", .type = SPEC_ENUM, .choices = "csv|json", .fallback = "json"},
    {.name = "inner", .type = SPEC_OBJECT, .fields = inner_fields},
    {.name = "list", .type = SPEC_LIST, .min = 1, .max = 2, .fields = inner_fields},
    {.name = "any", .type = SPEC_ANY},
    {0}};

#define BRAND "/api/v1/{brand}/"
const struct spec test_specs[] = {
    {.method = HTTP_GET,
     .path = "/api/v1/open",
     .query = fields,
     .flags = SPEC_INLINE | SPEC_SERVER,
     .handle = show_all},
    {.method = HTTP_POST,
     .path = "/api/v1/open",
     .body = body_fields,
     .body_max = 65536,
     .flags = SPEC_INLINE | SPEC_SERVER,
     .handle = show_all},
    {.method = HTTP_GET,
     .path = BRAND "reader",
     .scope = SCOPE_MEMBERS_READ,
     .handle = show_reader},
    {.method = HTTP_GET, .path = BRAND "reveal", .scope = SCOPE_MEMBERS_REVEAL, .handle = say_text},
    {.method = HTTP_GET,
     .path = "/api/v1/me",
     .scope = SCOPE_SIGNED_IN,
     .flags = SPEC_SERVER,
     .handle = say_text},
    {.method = HTTP_GET,
     .path = BRAND "things/{id}",
     .scope = SCOPE_INSIGHT_READ,
     .handle = show_thing},
    {.method = HTTP_DELETE,
     .path = BRAND "things/{id}",
     .scope = SCOPE_INSIGHT_READ,
     .handle = show_thing},
    {.method = HTTP_GET, .path = BRAND "csv", .scope = SCOPE_INSIGHT_READ, .handle = say_text},
    {.method = HTTP_GET, .path = BRAND "gate", .scope = SCOPE_INSIGHT_READ, .handle = wait_at_gate},
    {.method = HTTP_GET,
     .path = BRAND "scan",
     .scope = SCOPE_INSIGHT_READ,
     .flags = SPEC_QUESTION,
     .handle = scan_for_ever},
    {0},
};

/* ---- validation ---- */

static void parameters_are_read_and_defaults_filled_in(void **state)
{
    (void)state;
    assert_int_equal(ask("GET", "/api/v1/open?text=abc", "", ""), 201);
    body_is("{\"text\":\"abc\",\"number\":50,\"flag\":true,\"at\":null,\"form\":\"json\","
            "\"has_number\":false}");
    const char *all = "/api/v1/open?text=%E7%AD%BE%E5%88%B0&number=-3&flag=false"
                      "&at=2025-01-31T08:00:00%2B08:00&form=csv";
    assert_int_equal(ask("GET", all, "", ""), 400); /* six bytes */
    all = "/api/v1/open?text=%E7%AD%BE&number=-3&flag=false&at=2025-01-31T08:00:00%2B08:00"
          "&form=csv";
    assert_int_equal(ask("GET", all, "", ""), 201);
    body_is("{\"text\":\"\xe7\xad\xbe\",\"number\":-3,\"flag\":false,"
            "\"at\":\"2025-01-31T00:00:00+00:00\",\"form\":\"csv\",\"has_number\":true}");
}

static void every_wrong_parameter_is_listed(void **state)
{
    (void)state;
    const char *path = "/api/v1/open?zzz=1&text=a&number=201&flag=yes&at=soon&form=xml";
    assert_int_equal(ask("GET", path, "", ""), 400);
    body_is("{\"type\":\"about:blank\",\"title\":\"Bad Request\",\"status\":400,"
            "\"detail\":\"zzz: is not a known field\",\"code\":\"invalid\",\"errors\":["
            "{\"field\":\"zzz\",\"code\":\"invalid\",\"message\":\"is not a known field\"},"
            "{\"field\":\"text\",\"code\":\"invalid\",\"message\":\"shorter than 2 bytes\"},"
            "{\"field\":\"number\",\"code\":\"invalid\",\"message\":\"201 is outside -3 to 200\"},"
            "{\"field\":\"flag\",\"code\":\"invalid\",\"message\":\"must be true or false\"},"
            "{\"field\":\"at\",\"code\":\"invalid\",\"message\":\"must be a time such as "
            "2025-01-31T08:00:00+08:00, or a date\"},"
            "{\"field\":\"form\",\"code\":\"invalid\","
            "\"message\":\"\\\"xml\\\" is not one of csv|json\"}]}");
    assert_int_equal(ask("GET", "/api/v1/open", "Accept-Language: zh\r\n", ""), 400);
    assert_true(body_has("{\"field\":\"text\",\"code\":\"invalid\",\"message\":\"缺失\"}"));
    assert_int_equal(ask("GET", "/api/v1/open?text=abc&number=1e3", "", ""), 400);
    assert_true(body_has("must be a whole number"));
}

static const char json_type[] = "Content-Type: application/json\r\n";

static void every_wrong_field_is_listed_by_its_path(void **state)
{
    static const struct {
        const char *body, *field, *message;
    } cases[] = {
        {"", "text", "is missing"},
        {"{}", "text", "is missing"},
        {"{\"text\":null}", "text", "is missing"},
        {"[]", "body", "must be an object"},
        {"{\"text\":\"ab\",}", "body", "is not valid JSON"},
        {"{\"text\":5}", "text", "must be a text"},
        {"{\"text\":\"abcdef\"}", "text", "longer than 5 bytes"},
        {"{\"text\":\"ab\",\"number\":\"5\"}", "number", "must be a whole number"},
        {"{\"text\":\"ab\",\"number\":5.5}", "number", "must be a whole number"},
        {"{\"text\":\"ab\",\"number\":-4}", "number", "-4 is outside -3 to 200"},
        {"{\"text\":\"ab\",\"flag\":1}", "flag", "must be true or false"},
        {"{\"text\":\"ab\",\"at\":1}", "at", "must be a time"},
        {"{\"text\":\"ab\",\"form\":[]}", "form", "must be a text"},
        {"{\"text\":\"ab\",\"form\":\"\"}", "form", "is not one of csv|json"},
        {"{\"text\":\"ab\",\"inner\":[]}", "inner", "must be an object"},
        {"{\"text\":\"ab\",\"inner\":{}}", "inner.id", "is missing"},
        {"{\"text\":\"ab\",\"inner\":{\"id\":1,\"x\":2}}", "inner.x", "is not a known field"},
        {"{\"text\":\"ab\",\"list\":{}}", "list", "must be a list"},
        {"{\"text\":\"ab\",\"list\":[]}", "list", "fewer than 1 entries"},
        {"{\"text\":\"ab\",\"list\":[{\"id\":1},{\"id\":2},{\"id\":3}]}", "list",
         "more than 2 entries"},
        {"{\"text\":\"ab\",\"list\":[{\"id\":1},{\"id\":0}]}", "list[1].id", "0 is outside 1 to 9"},
        {"{\"text\":\"ab\",\"list\":[1]}", "list[0]", "must be an object"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char named[128];
        assert_int_equal(ask("POST", "/api/v1/open", json_type, cases[i].body), 400);
        snprintf(named, sizeof(named), "{\"field\":\"%s\",", cases[i].field);
        if (!body_has(named) || !body_has(cases[i].message))
            fail_msg("%s gives " STR_FMT, cases[i].body, STR_ARG(world.reply.body));
    }
    const char *sound = "{\"text\":\"ab\",\"number\":null,\"flag\":false,\"inner\":{\"id\":9},"
                        "\"list\":[{\"id\":1}],\"any\":[1,{}]}";
    assert_int_equal(ask("POST", "/api/v1/open", json_type, sound), 201);
    body_is("{\"text\":\"ab\",\"number\":50,\"flag\":false,\"at\":null,\"form\":\"json\","
            "\"has_number\":false}");
}

static void no_more_problems_are_listed_than_there_is_room_for(void **state)
{
    struct strbuf body = {0};
    (void)state;
    strbuf_add_text(&body, "{\"text\":\"ab\"");
    for (int i = 0; i < 100; i++)
        strbuf_addf(&body, ",\"unknown%d\":1", i);
    strbuf_add_text(&body, "}");
    assert_int_equal(ask("POST", "/api/v1/open", json_type, body.p), 400);
    assert_int_equal(client_count(world.reply.body, "\"field\":"), 32);
    strbuf_finish(&body);
}

/* ---- authority ---- */

static void a_route_is_for_those_of_its_brand_with_its_scope(void **state)
{
    char auth[128];
    (void)state;
    assert_int_equal(ask("GET", "/api/v1/shop/reader", "", ""), 401);
    assert_int_equal(ask("GET", "/api/v1/shop/reader", "Authorization: Bearer x\r\n", ""), 401);
    snprintf(auth, sizeof(auth), "Authorization: Bearer %s\r\n", world.public_key);
    assert_int_equal(ask("GET", "/api/v1/shop/reader", auth, ""), 401);
    snprintf(auth, sizeof(auth), "Authorization: Bearer %s\r\n", world.other);
    assert_int_equal(ask("GET", "/api/v1/shop/reader", auth, ""), 404);
    assert_int_equal(ask("GET", "/api/v1/other/reader", auth, ""), 200);
    body_is("{\"who\":\"key:3\",\"brand\":\"other\"}");
    assert_int_equal(ask_own("GET", "/api/v1/shop/reader", ""), 200);
    assert_int_equal(ask_own("GET", "/api/v1/absent/reader", ""), 404);
    assert_int_equal(ask_own("GET", "/api/v1/shop/reveal", ""), 403);
    assert_true(body_has("members.reveal"));
    assert_int_equal(ask_own("GET", "/api/v1/me", ""), 403);
}

static int post_open(const char *headers)
{
    return ask("POST", "/api/v1/open", headers, "{\"text\":\"ab\"}");
}

static void a_page_of_another_site_changes_nothing(void **state)
{
    (void)state;
    assert_int_equal(post_open(""), 415);
    assert_int_equal(post_open("Content-Type: text/plain\r\n"), 415);
    assert_int_equal(post_open("Content-Type: application/json; charset=utf-8\r\n"), 201);
#define FROM(header) "Content-Type: application/json\r\n" header "\r\n"
    assert_int_equal(post_open(FROM("Sec-Fetch-Site: same-origin")), 201);
    assert_int_equal(post_open(FROM("Sec-Fetch-Site: none")), 201);
    assert_int_equal(post_open(FROM("Sec-Fetch-Site: same-site")), 403);
    assert_int_equal(post_open(FROM("Sec-Fetch-Site: cross-site")), 403);
    assert_int_equal(post_open(FROM("Origin: http://x")), 201);
    assert_int_equal(post_open(FROM("Origin: https://x")), 201);
    assert_int_equal(post_open(FROM("Origin: http://x.example")), 403);
    assert_int_equal(post_open(FROM("Origin: null")), 403);
    assert_int_equal(ask("GET", "/api/v1/open?text=ab", FROM("Origin: http://y"), ""), 201);
}

/* Two calls of a caller, four of an address, and none to come for long. */
static void who_calls_too_often_is_put_off(void **state)
{
    (void)state;
    struct rates *callers = world.api->by_caller, *addresses = world.api->by_address;
    world.api->by_caller = rates_create(env_system(), (struct rate){0, 2});
    world.api->by_address = rates_create(env_system(), (struct rate){0, 4});
    assert_int_equal(ask_own("GET", "/api/v1/shop/csv", ""), 200);
    assert_int_equal(ask_own("GET", "/api/v1/shop/csv", ""), 200);
    assert_int_equal(ask_own("GET", "/api/v1/shop/csv", ""), 429);
    assert_true(str_is(client_header(&world.reply, "Retry-After"), "1"));
    assert_int_equal(ask("GET", "/api/v1/shop/csv", "", ""), 401);
    assert_int_equal(ask("GET", "/api/v1/shop/csv", "", ""), 429);
    assert_int_equal(ask("GET", "/api/v1/open?text=ab", "", ""), 429);
    rates_destroy(world.api->by_caller);
    rates_destroy(world.api->by_address);
    world.api->by_caller = callers;
    world.api->by_address = addresses;
}

/* ---- versions and forms ---- */

static void a_version_that_the_caller_holds_is_not_sent_again(void **state)
{
    (void)state;
    assert_int_equal(ask_own("GET", "/api/v1/shop/things/7", ""), 200);
    assert_true(str_find(world.reply.head, STR("ETag: \"3\"\r\n")) != SIZE_MAX);
    static const char *const held[] = {"\"3\"", "W/\"3\"", "\"1\", \"3\""};
    for (size_t i = 0; i < 3; i++) {
        char header[64];
        snprintf(header, sizeof(header), "If-None-Match: %s\r\n", held[i]);
        assert_int_equal(ask_own("GET", "/api/v1/shop/things/7", header), 304);
    }
    assert_int_equal(ask_own("GET", "/api/v1/shop/things/7", "If-None-Match: \"2\"\r\n"), 200);
}

static void what_was_changed_meanwhile_is_not_changed_again(void **state)
{
    (void)state;
    assert_int_equal(ask_own("DELETE", "/api/v1/shop/things/7", ""), 204);
    assert_int_equal(ask_own("DELETE", "/api/v1/shop/things/7", "If-Match: *\r\n"), 204);
    assert_int_equal(ask_own("DELETE", "/api/v1/shop/things/7", "If-Match: \"3\"\r\n"), 204);
    assert_int_equal(ask_own("DELETE", "/api/v1/shop/things/7", "If-Match: \"2\"\r\n"), 412);
    assert_true(body_has("\"code\":\"changed_meanwhile\""));
}

static void a_number_in_a_path_is_written_one_way(void **state)
{
    static const char *const wrong[] = {"0", "07", "+7", "-7", "7x", "4294967303", "%20%37", "8"};
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        char path[64];
        snprintf(path, sizeof(path), "/api/v1/shop/things/%s", wrong[i]);
        assert_int_equal(ask_own("GET", path, ""), 404);
    }
}

static void a_handler_may_write_something_other_than_json(void **state)
{
    (void)state;
    assert_int_equal(ask_own("GET", "/api/v1/shop/csv", ""), 200);
    assert_true(str_find(world.reply.head, STR("Content-Type: text/csv; charset=utf-8\r\n")) !=
                SIZE_MAX);
    body_is("a,b\n");
}

/* ---- the pool ---- */

static void send_own(int fd, const char *what)
{
    struct strbuf out = {0};
    strbuf_addf(&out, "GET /api/v1/shop/%s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n",
                what, world.token);
    client_send(fd, strbuf_str(&out));
    strbuf_finish(&out);
}

/* One runs, one waits: the third is put off. */
static void a_full_queue_puts_the_next_off(void **state)
{
    struct client_reply reply = {0};
    int running = client_connect(world.server), waiting = client_connect(world.server);
    (void)state;
    send_own(running, "gate");
    pthread_mutex_lock(&gate);
    while (gate_inside == 0)
        pthread_cond_wait(&gate_moved, &gate);
    pthread_mutex_unlock(&gate);
    send_own(waiting, "gate");
    while (pool_stats(world.api->workers).waiting == 0)
        usleep(1000);
    assert_int_equal(ask_own("GET", "/api/v1/shop/gate", ""), 429);
    assert_true(str_find(world.reply.head, STR("Retry-After: 1\r\n")) != SIZE_MAX);
    pthread_mutex_lock(&gate);
    gate_open = true;
    pthread_cond_broadcast(&gate_moved);
    pthread_mutex_unlock(&gate);
    client_read(running, true, &reply);
    assert_int_equal(reply.status, 204);
    client_read(waiting, true, &reply);
    assert_int_equal(reply.status, 204);
    strbuf_finish(&reply.all);
    close(running);
    close(waiting);
}

/* The scan has no end of its own: were it not stopped, the test would not end either. */
static void a_question_whose_asker_has_gone_is_stopped(void **state)
{
    int asker = client_connect(world.server), patient = client_connect(world.server);
    (void)state;
    send_own(asker, "scan");
    send_own(patient, "scan");
    while (pool_stats(world.api->askers).running < 2)
        usleep(1000);
    assert_int_equal(pool_stats(world.api->askers).cancelled, 0);
    close(asker);
    while (pool_stats(world.api->askers).cancelled < 1)
        usleep(1000);
    assert_int_equal(pool_stats(world.api->askers).running, 1);
    close(patient);
    while (pool_stats(world.api->askers).running > 0)
        usleep(1000);
    assert_int_equal(pool_stats(world.api->askers).cancelled, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parameters_are_read_and_defaults_filled_in),
        cmocka_unit_test(every_wrong_parameter_is_listed),
        cmocka_unit_test(every_wrong_field_is_listed_by_its_path),
        cmocka_unit_test(no_more_problems_are_listed_than_there_is_room_for),
        cmocka_unit_test(a_route_is_for_those_of_its_brand_with_its_scope),
        cmocka_unit_test(a_page_of_another_site_changes_nothing),
        cmocka_unit_test(who_calls_too_often_is_put_off),
        cmocka_unit_test(a_version_that_the_caller_holds_is_not_sent_again),
        cmocka_unit_test(what_was_changed_meanwhile_is_not_changed_again),
        cmocka_unit_test(a_number_in_a_path_is_written_one_way),
        cmocka_unit_test(a_handler_may_write_something_other_than_json),
        cmocka_unit_test(a_full_queue_puts_the_next_off),
        cmocka_unit_test(a_question_whose_asker_has_gone_is_stopped),
    };
    return cmocka_run_group_tests(tests, open_world, close_world);
}
