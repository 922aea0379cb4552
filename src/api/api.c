/* api.c - the routing table, joined of all rooms' tables; health and metrics. */
#include "api/internal.h"

#include "api/assets.h"
#include "api/authorize.h"
#include "api/dispatch.h"
#include "api/feed.h"
#include "api/openapi.h"
#include "api/rate.h"
#include "api/replay.h"
#include "base/limits.h"
#include "base/mem.h"
#include "segments/segments.h"

#define ASKER_NICENESS 5

static void fail_with(struct request *req, enum err err, enum msg msg, const char *field,
                      const char *arg)
{
    struct why why;
    why_fail(&why, err, msg, field, "%s", arg);
    reply_problem(req, &why);
}

/* ---- health and metrics ---- */

static void handle_health(struct request *req)
{
    reply_json(req, 200, STR("{\"status\":\"up\"}"));
}

static void handle_ready(struct request *req)
{
    struct api *a = request_ctx(req);
    if (data_poisoned(a->intake.data)) {
        fail_with(req, ERR_UNAVAILABLE, MSG_STOPPING, "", "");
        return;
    }
    reply_json(req, 200, STR("{\"status\":\"ready\"}"));
}

static void gauge(struct strbuf *out, const char *name, const char *brand, uint64_t value)
{
    strbuf_addf(out, "wellfield_%s{brand=\"%s\"} %llu\n", name, brand, (unsigned long long)value);
}

static void brand_metrics(struct brand *b, struct strbuf *out)
{
    struct brand_stats s = brand_stats(b);
    const char *slug = brand_slug(b);
    gauge(out, "events_total", slug, s.seq);
    gauge(out, "folded_seq", slug, s.folded_seq);
    gauge(out, "commits_total", slug, s.commits);
    gauge(out, "commands_total", slug, s.commands);
    gauge(out, "batches_rolled_back_total", slug, s.rolled_back);
    gauge(out, "duplicates_total", slug, s.duplicates);
    gauge(out, "parts", slug, s.parts);
    gauge(out, "part_rows", slug, s.part_rows);
    gauge(out, "part_bytes", slug, s.part_bytes);
    gauge(out, "tail_events", slug, s.tail_events);
    gauge(out, "writer_queue", slug, s.queue);
    gauge(out, "wal_pages", slug, s.wal_pages);
    gauge(out, "poisoned", slug, s.poisoned);
    struct segments_stats followed = segments_stats(b);
    gauge(out, "segments_seq", slug, followed.seq);
    gauge(out, "segments_members_remembered", slug, followed.remembered);
    gauge(out, "segments_bytes_remembered", slug, followed.bytes);
    gauge(out, "segments_histories_read_total", slug, followed.histories);
    gauge(out, "segments_memory_complete", slug, followed.complete);
}

/* A key sees its own brand; 'of' NULL = all. */
static void all_brands_metrics(struct api *a, const char *of, struct strbuf *out)
{
    for (size_t i = 0; i < data_brand_count(a->intake.data); i++) {
        struct brand *b = data_brand_if_open(a->intake.data, i);
        if (b && (!of || strcmp(of, brand_slug(b)) == 0)) brand_metrics(b, out);
    }
}

static void pool_metrics(struct api *a, struct strbuf *out)
{
    struct pool_stats asked = pool_stats(a->askers), called = pool_stats(a->workers);
    strbuf_addf(out, "wellfield_queries_total %llu\n", (unsigned long long)asked.taken);
    strbuf_addf(out, "wellfield_queries_cancelled_total %llu\n",
                (unsigned long long)asked.cancelled);
    strbuf_addf(out, "wellfield_queries_waiting %zu\n", asked.waiting);
    strbuf_addf(out, "wellfield_queries_running %zu\n", asked.running);
    strbuf_addf(out, "wellfield_calls_total %llu\n", (unsigned long long)called.taken);
    strbuf_addf(out, "wellfield_calls_waiting %zu\n", called.waiting);
}

static const char *route_method(const struct route *r)
{
    for (size_t i = 0; i < HTTP_METHOD_NAMES; i++) {
        if (r->method == http_method_names[i].method) return http_method_names[i].upper;
    }
    return "ANY";
}

/* Rows that were never called are left out. */
static void route_metrics(struct api *a, struct strbuf *out)
{
    for (size_t i = 0; i < a->route_count; i++) {
        const struct route *r = &a->routes[i];
        struct http_route_stats s = http_route_stats(a->server, i);
        for (int c = 1; c < 6; c++) {
            if (s.by_class[c] == 0) continue;
            strbuf_addf(out,
                        "wellfield_route_replies_total{method=\"%s\",path=\"%s\","
                        "class=\"%dxx\"} %llu\n",
                        route_method(r), r->path, c, (unsigned long long)s.by_class[c]);
        }
    }
}

/* For this machine, and for keys that may look at the server. */
static void handle_metrics(struct request *req)
{
    struct api *a = request_ctx(req);
    struct strbuf out = {0};
    bool local = request_is_local(req);
    const struct key *key = local ? NULL : authorize_key(a, req);
    if (key && !(key->scopes & SCOPE_SYSTEM_READ)) {
        fail_with(req, ERR_FORBIDDEN, MSG_NO_SCOPE, "", scope_name(SCOPE_SYSTEM_READ));
        return;
    }
    if (!key && !local) {
        fail_with(req, ERR_UNAUTHORIZED, MSG_NEEDS_TOKEN, "", "");
        return;
    }
    all_brands_metrics(a, key ? key->brand : NULL, &out);
    if (a->server) {
        struct http_stats s = http_stats(a->server);
        strbuf_addf(&out, "wellfield_http_requests_total %llu\n", (unsigned long long)s.requests);
        strbuf_addf(&out, "wellfield_http_refused_total %llu\n", (unsigned long long)s.refused);
        strbuf_addf(&out, "wellfield_http_connections %lld\n", (long long)s.connections);
        strbuf_addf(&out, "wellfield_http_streams %lld\n", (long long)s.streams);
        for (int c = 1; c < 6; c++) {
            strbuf_addf(&out, "wellfield_http_replies_total{class=\"%dxx\"} %llu\n", c,
                        (unsigned long long)s.by_class[c]);
        }
        route_metrics(a, &out);
    }
    pool_metrics(a, &out);
    intake_metrics(&out);
    reply(req, 200, "text/plain; version=0.0.4; charset=utf-8", out.p ? strbuf_str(&out) : STR(""));
    strbuf_finish(&out);
}

/* What a person who comes by the bare address wants to see. */
static void handle_root(struct request *req)
{
    reply_header(req, "Location", "/console/");
    reply(req, 302, NULL, STR(""));
}

static void handle_page(struct request *req)
{
    struct api *a = request_ctx(req);
    page_handle(a->pages, a->intake.data, req);
}

static void handle_console(struct request *req)
{
    assets_reply(&console_assets, req, request_param(req, "path"));
}

/* The application's links are relative to its folder. */
static void handle_console_name(struct request *req)
{
    reply_header(req, "Location", "/console/");
    reply(req, 308, NULL, STR(""));
}

/* ---- the table ---- */

static const struct route own_routes[] = {
    {HTTP_GET, "/health", ACCESS_PUBLIC, 0, handle_health, "The process is up"},
    {HTTP_GET, "/ready", ACCESS_PUBLIC, 0, handle_ready,
     "Events can be taken and questions answered"},
    {HTTP_GET, "/metrics", ACCESS_PUBLIC, 0, handle_metrics, "Counters for Prometheus"},
    {HTTP_GET, "/", ACCESS_PUBLIC, 0, handle_root, "The way to the console"},
    {HTTP_GET, "/overview", ACCESS_PUBLIC, 0, handle_page,
     "The overview of a brand, for this machine"},
    {HTTP_GET, "/console", ACCESS_PUBLIC, 0, handle_console_name, "The console's address"},
    {HTTP_GET, "/console/{path*}", ACCESS_PUBLIC, 0, handle_console, "The console and its files"},
    {0},
};

/* Server-wide ones first: the first that fits wins. */
static const struct spec *const spec_tables[] = {
    /* the API itself, and what is server-wide */
    docs_specs,
    system_specs,
    account_specs,
    /* of a brand; what would pass for an {id} of a member before it */
    preference_specs,
    query_specs,
    stream_specs,
    members_specs,
    export_specs,
    owner_specs,
    owners_specs,
    member_specs,
    merge_specs,
    conflict_specs,
    privacy_specs,
    retention_specs,
    reveal_specs,
    saved_specs,
    brand_specs,
    number_specs,
    staff_specs,
    key_specs,
    mapping_specs,
    import_specs,
    import_look_specs,
    tag_rule_specs,
    tag_specs,
    note_specs,
    consent_specs,
    ledger_specs,
    segment_specs,
    segment_file_specs,
    segment_who_specs,
    group_specs,
    group_growth_specs,
    group_member_specs,
    group_account_specs,
    group_message_specs,
    family_specs,
    family_task_specs,
    unanswered_specs,
    group_health_specs,
    group_life_specs,
    daily_specs,
    group_graph_specs,
    group_along_specs,
    today_rule_specs,
    today_specs,
    moderation_rule_specs,
    moderation_learn_specs,
    moderation_specs,
    NULL,
};

static size_t route_count(const struct route *list)
{
    size_t n = 0;
    while (list[n].path)
        n++;
    return n;
}

static size_t spec_count(const struct spec *const *tables)
{
    size_t n = 0;
    for (; *tables; tables++) {
        for (const struct spec *s = *tables; s->path; s++)
            n++;
    }
    return n;
}

/* Append rows without a spec. */
static void add_routes(struct api *a, const struct route *rows)
{
    for (size_t i = 0; rows[i].path; i++) {
        a->routes[a->route_count++] = rows[i];
    }
}

static void add_specs(struct api *a, const struct spec *table)
{
    for (const struct spec *s = table; s->path; s++) {
        a->specs[a->route_count] = s;
        a->routes[a->route_count++] = dispatch_route(s);
    }
}

void api_join(struct api *a, const struct spec *const *tables)
{
    size_t all = route_count(intake_routes) + route_count(own_routes) + spec_count(tables);
    mem_free(a->specs);
    mem_free(a->routes);
    a->route_count = 0;
    a->routes = mem_alloc_array(all + 1, sizeof(a->routes[0]));
    a->specs = mem_alloc_array(all + 1, sizeof(const struct spec *));
    add_routes(a, intake_routes);
    for (; *tables; tables++)
        add_specs(a, *tables);
    add_routes(a, own_routes);
    strbuf_reset(&a->openapi);
    strbuf_reset(&a->docs);
    openapi_write(a, &a->openapi);
    docs_write(a, &a->docs);
}

const struct route *api_routes(const struct api *a)
{
    return a->routes;
}

struct staff *api_staff(struct api *a)
{
    return accounts_staff(a->accounts);
}

void api_set_server(struct api *a, struct http_server *s)
{
    a->server = s;
}

enum err api_choose_backups(struct api *a, const char *folder, struct why *why)
{
    return backups_choose(a->backups, folder, why);
}

/* Intake's handlers look at the write key themselves, which may lie in the body. */
enum err api_authorize(struct request *req, const struct route *route, struct why *why)
{
    if (route->access != ACCESS_API) return ERR_OK;
    return dispatch_authorize(req, why);
}

/* ---- life ---- */

static bool start_threads(struct api *a)
{
    const struct pool_options workers = {
        .name = "workers", .threads = LIMIT_API_WORKERS, .queue = LIMIT_API_WAITING};
    const struct pool_options askers = {.name = "askers",
                                        .threads = LIMIT_QUESTIONS,
                                        .niceness = ASKER_NICENESS,
                                        .queue = LIMIT_QUESTIONS_WAITING,
                                        .watch = true};
    a->workers = pool_create(&workers);
    a->askers = pool_create(&askers);
    a->feed = feed_create(data_env(a->intake.data));
    a->overviews = overview_create();
    return a->workers && a->askers && a->feed && a->overviews;
}

enum err api_create(struct data *d, struct api **out, struct why *why)
{
    struct api *a = mem_alloc(sizeof(*a));
    enum err err = accounts_open(d, &a->accounts, why);
    if (err == ERR_OK) err = accounts_start(a->accounts, why);
    if (err == ERR_OK) err = replays_create(d, &a->replays, why);
    if (err != ERR_OK) {
        api_destroy(a);
        return err;
    }
    err = uploads_create(d, &a->uploads, why);
    if (err != ERR_OK) {
        api_destroy(a);
        return err;
    }
    a->intake = (struct intake_ctx){d, accounts_keys(a->accounts)};
    a->started_ns = env_mono_ns(data_env(d));
    a->by_address =
        rates_create(data_env(d), (struct rate){LIMIT_ADDRESS_RATE, LIMIT_ADDRESS_BURST});
    a->by_caller = rates_create(data_env(d), (struct rate){LIMIT_CALLER_RATE, LIMIT_CALLER_BURST});
    a->by_link =
        rates_create(data_env(d), (struct rate){LIMIT_PREFERENCE_RATE, LIMIT_PREFERENCE_BURST});
    api_join(a, spec_tables);
    a->pages = page_cache_create();
    a->chosen = chosen_create();
    a->backups = backups_create(d);
    if (!start_threads(a)) {
        api_destroy(a);
        return why_fail(why, ERR_INTERNAL, MSG_INTERNAL, "", NULL);
    }
    *out = a;
    return ERR_OK;
}

enum err api_warm(struct api *a, struct brand *b, struct why *why)
{
    return overview_warm(a->overviews, b, why);
}

void api_stop_warming(struct api *a)
{
    overview_stop(a->overviews);
}

void api_destroy(struct api *a)
{
    if (!a) return;
    backups_destroy(a->backups);
    feed_destroy(a->feed);
    pool_destroy(a->askers);
    pool_destroy(a->workers);
    uploads_destroy(a->uploads);
    replays_destroy(a->replays);
    rates_destroy(a->by_link);
    rates_destroy(a->by_caller);
    rates_destroy(a->by_address);
    if (a->pages) page_cache_destroy(a->pages);
    chosen_destroy(a->chosen);
    overview_destroy(a->overviews);
    mem_free(a->specs);
    mem_free(a->routes);
    strbuf_finish(&a->openapi);
    strbuf_finish(&a->docs);
    mem_free(a);
}
