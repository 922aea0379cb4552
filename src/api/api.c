/* api.c - routes of the product's own, and the pool that answers questions.
 *
 * A question would hold an HTTP thread for as long as it scans; so the request is suspended and
 * queued, and one of ASKERS threads answers it. Over ASK_QUEUE waiting the answer is 429. The
 * watcher looks every WATCH_MS whether somebody still waits for what is being answered, and stops
 * the scan when not.
 *
 * Invariant: running[] holds exactly the questions that an asker has taken and not yet replied to;
 * only those, and only under the lock, may the watcher touch. */
#include "api/api.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "api/page.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "people/people.h"

#define ASKERS 2
#define ASKER_NICENESS 5
#define ASK_QUEUE 64
#define WATCH_MS 100

struct question {
    struct request *req;
    struct brand *brand;
    struct budget budget; /* cancelled when the client has gone */
    struct question *next;
};

struct api {
    struct intake_ctx intake; /* first: the intake's handlers see only this */
    struct keyring *keys;
    struct route *routes;
    struct http_server *server;
    struct page_cache *pages;
    pthread_t askers[ASKERS];
    int asker_count;
    pthread_t watcher;
    bool watched;         /* there is a watcher */
    pthread_mutex_t lock; /* what follows */
    pthread_cond_t wake;  /* a question is waiting */
    pthread_cond_t watch; /* a question is running */
    struct question *head, *last;
    size_t waiting;
    struct question *running[ASKERS]; /* NULL = that asker is idle */
    uint64_t asked;                   /* questions taken to be answered */
    uint64_t cancelled;               /* of them, those whose client had gone */
    bool stopping;
};

/* ---- asking ---- */

static int worker_count(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (cores < 1) return 1;
    return cores > LIMIT_QUERY_WORKERS ? LIMIT_QUERY_WORKERS : (int)cores;
}

static bool kind_is_derived(void *ctx, int kind)
{
    return fold_kind_roles(registry_kind_name(ctx, kind)) & ROLE_DERIVED;
}

static enum expr_type trait_type(void *ctx, struct str name)
{
    return people_trait_type(ctx, name);
}

static uint64_t mono_ns(void *ctx)
{
    return env_mono_ns(ctx);
}

static void budget_fill(struct brand *b, struct budget *budget)
{
    union {
        const struct env *from;
        void *to;
    } env = {.from = brand_env(b)};
    budget->mono_ns = mono_ns;
    budget->ctx = env.to;
    budget->deadline_ns = env_mono_ns(brand_env(b)) + (uint64_t)LIMIT_QUERY_MS * 1000000;
    budget->bytes_left = LIMIT_QUERY_MEMORY;
}

enum err api_ask(struct brand *b, const struct api_question *ask, struct budget *budget,
                 struct strbuf *out, struct why *why)
{
    struct budget own = {0};
    struct expr_catalog catalog;
    struct fold_names names;
    struct arena *a = arena_create(0);
    brand_catalog(b, &catalog);
    catalog.kind_is_derived = kind_is_derived;
    catalog.trait = trait_type;
    people_fold_names(b, a, &names);
    if (!budget) budget = &own;
    budget_fill(b, budget);
    struct snapshot *snapshot = brand_snapshot(b);
    struct insight in = {
        .snapshot = snapshot,
        .catalog = &catalog,
        .fold = &names,
        .zone = brand_zone(b),
        .env = brand_env(b),
        .now = env_now(brand_env(b)),
        .lang = ask->lang,
        .workers = worker_count(),
        .budget = budget,
        .get = people_get_field,
        .get_ctx = b,
    };
    enum err err = insight_query(&in, ask->query, ask->form, out, why);
    brand_snapshot_release(snapshot);
    arena_destroy(a);
    return err;
}

/* ---- POST /api/v1/{brand}/query ---- */

static void give(struct question *q, enum insight_form form, struct str text)
{
    if (form == INSIGHT_CSV) {
        reply(q->req, 200, "text/csv; charset=utf-8", text);
    } else {
        reply_json(q->req, 200, text);
    }
}

/* Called under the lock; so is the next. */
static struct question *begin(struct api *a, size_t slot)
{
    struct question *q = a->head;
    a->head = q->next;
    if (!a->head) a->last = NULL;
    a->waiting--;
    a->asked++;
    a->running[slot] = q;
    atomic_store(&q->budget.cancel, request_gone(q->req));
    pthread_cond_signal(&a->watch);
    return q;
}

static void end(struct api *a, size_t slot, enum err err)
{
    a->running[slot] = NULL;
    if (err == ERR_CANCELLED) a->cancelled++;
}

/* Takes the lock, and drops it while the question is answered. */
static void answer(struct api *a, size_t slot)
{
    struct question *q = begin(a, slot);
    struct strbuf out = {0};
    struct why why = {0};
    enum err err = ERR_OK;
    pthread_mutex_unlock(&a->lock);
    struct str accept = request_header(q->req, "Accept");
    enum insight_form form = str_starts(accept, STR("text/csv")) ? INSIGHT_CSV : INSIGHT_JSON;
    if (atomic_load(&q->budget.cancel)) {
        err = why_fail(&why, ERR_CANCELLED, MSG_QUERY_CANCELLED, "", NULL);
    } else {
        const struct api_question question = {request_body(q->req), form, request_lang(q->req)};
        err = api_ask(q->brand, &question, &q->budget, &out, &why);
    }
    pthread_mutex_lock(&a->lock);
    end(a, slot, err);
    pthread_mutex_unlock(&a->lock);
    if (err == ERR_OK) {
        give(q, form, strbuf_str(&out));
    } else {
        reply_problem(q->req, &why);
    }
    strbuf_finish(&out);
    request_resume(q->req);
    pthread_mutex_lock(&a->lock);
}

/* This thread, and those it makes for a question, get what intake leaves of the processors; where
 * that is refused, they run like any other. A compactor gives way to them in turn. */
static void give_way(void)
{
    if (setpriority(PRIO_PROCESS, (id_t)gettid(), ASKER_NICENESS) != 0)
        log_warn("api", "asker_not_nice", "niceness=%d", ASKER_NICENESS);
}

static void *asker(void *arg)
{
    struct api *a = arg;
    size_t slot = 0;
    give_way();
    pthread_mutex_lock(&a->lock);
    while (!pthread_equal(a->askers[slot], pthread_self()))
        slot++;
    for (;;) {
        while (!a->head && !a->stopping)
            pthread_cond_wait(&a->wake, &a->lock);
        if (!a->head) break; /* stopping, and nothing is left */
        answer(a, slot);
    }
    pthread_mutex_unlock(&a->lock);
    return NULL;
}

/* How many questions are being answered; the scan of one whose client has gone is stopped. */
static size_t look_at_running(struct api *a)
{
    size_t running = 0;
    for (size_t i = 0; i < ASKERS; i++) {
        struct question *q = a->running[i];
        if (!q) continue;
        running++;
        if (request_gone(q->req)) atomic_store(&q->budget.cancel, true);
    }
    return running;
}

static void *watcher(void *arg)
{
    struct api *a = arg;
    const struct timespec pause = {.tv_nsec = WATCH_MS * 1000000L};
    pthread_mutex_lock(&a->lock);
    while (!a->stopping) {
        if (look_at_running(a) == 0) {
            pthread_cond_wait(&a->watch, &a->lock);
            continue;
        }
        pthread_mutex_unlock(&a->lock);
        nanosleep(&pause, NULL);
        pthread_mutex_lock(&a->lock);
    }
    pthread_mutex_unlock(&a->lock);
    return NULL;
}

static bool enqueue(struct api *a, struct question *q)
{
    pthread_mutex_lock(&a->lock);
    bool room = a->waiting < ASK_QUEUE && !a->stopping;
    if (room) {
        request_suspend(q->req);
        if (a->last) a->last->next = q;
        if (!a->head) a->head = q;
        a->last = q;
        a->waiting++;
        pthread_cond_signal(&a->wake);
    }
    pthread_mutex_unlock(&a->lock);
    return room;
}

static void fail_with(struct request *req, enum err err, enum msg msg, const char *field,
                      const char *arg)
{
    struct why why;
    why_fail(&why, err, msg, field, "%s", arg);
    reply_problem(req, &why);
}

static void handle_query(struct request *req)
{
    struct api *a = request_ctx(req);
    struct question *q = arena_alloc(request_arena(req), sizeof(*q));
    struct why why = {0};
    struct str slug = arena_str(request_arena(req), request_param(req, "brand"));
    q->req = req; /* arena_alloc returns zeroed memory */
    if (data_brand(a->intake.data, slug.p, &q->brand, &why) != ERR_OK) {
        reply_problem(req, &why);
    } else if (request_body(req).len > LIMIT_QUERY_BYTES) {
        fail_with(req, ERR_TOO_LARGE, MSG_TOO_LONG, "query", "65536");
    } else if (!enqueue(a, q)) {
        fail_with(req, ERR_BUSY, MSG_BUSY, "", "1");
    }
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
}

static void query_metrics(struct api *a, struct strbuf *out)
{
    pthread_mutex_lock(&a->lock);
    strbuf_addf(out, "wellfield_queries_total %llu\n", (unsigned long long)a->asked);
    strbuf_addf(out, "wellfield_queries_cancelled_total %llu\n", (unsigned long long)a->cancelled);
    strbuf_addf(out, "wellfield_queries_waiting %zu\n", a->waiting);
    pthread_mutex_unlock(&a->lock);
}

static void handle_metrics(struct request *req)
{
    struct api *a = request_ctx(req);
    struct strbuf out = {0};
    for (size_t i = 0; i < data_brand_count(a->intake.data); i++) {
        struct brand *b = data_brand_if_open(a->intake.data, i);
        if (b) brand_metrics(b, &out);
    }
    if (a->server) {
        struct http_stats s = http_stats(a->server);
        strbuf_addf(&out, "wellfield_http_requests_total %llu\n", (unsigned long long)s.requests);
        strbuf_addf(&out, "wellfield_http_refused_total %llu\n", (unsigned long long)s.refused);
        strbuf_addf(&out, "wellfield_http_connections %lld\n", (long long)s.connections);
        for (int c = 1; c < 6; c++) {
            strbuf_addf(&out, "wellfield_http_replies_total{class=\"%dxx\"} %llu\n", c,
                        (unsigned long long)s.by_class[c]);
        }
    }
    query_metrics(a, &out);
    intake_metrics(&out);
    reply(req, 200, "text/plain; version=0.0.4; charset=utf-8", out.p ? strbuf_str(&out) : STR(""));
    strbuf_finish(&out);
}

static void handle_page(struct request *req)
{
    struct api *a = request_ctx(req);
    page_handle(a->pages, a->intake.data, req);
}

/* ---- the table ---- */

static const struct route own_routes[] = {
    {HTTP_POST, "/api/v1/{brand}/query", ACCESS_API, LIMIT_QUERY_BYTES, handle_query,
     "Ask a question"},
    {HTTP_GET, "/health", ACCESS_PUBLIC, 0, handle_health, "The process is up"},
    {HTTP_GET, "/ready", ACCESS_PUBLIC, 0, handle_ready,
     "Events can be taken and questions answered"},
    {HTTP_GET, "/metrics", ACCESS_PUBLIC, 0, handle_metrics, "Counters for Prometheus"},
    {HTTP_GET, "/", ACCESS_PUBLIC, 0, handle_page, "The overview of a brand"},
    {0},
};

static size_t route_count(const struct route *list)
{
    size_t n = 0;
    while (list[n].path)
        n++;
    return n;
}

static struct route *join_routes(void)
{
    size_t a = route_count(intake_routes), b = route_count(own_routes);
    struct route *all = mem_alloc_array(a + b + 1, sizeof(*all));
    memcpy(all, intake_routes, a * sizeof(*all));
    memcpy(all + a, own_routes, b * sizeof(*all));
    return all;
}

const struct route *api_routes(const struct api *a)
{
    return a->routes;
}

void api_set_server(struct api *a, struct http_server *s)
{
    a->server = s;
}

static struct str bearer(const struct request *req)
{
    struct str h = request_header(req, "Authorization");
    if (h.len < 7 || !str_eq_fold((struct str){h.p, 7}, STR("Bearer ")))
        return (struct str){NULL, 0};
    return str_trim((struct str){h.p + 7, h.len - 7});
}

/* A token of another brand, and a brand that is not there, get the same answer. */
enum err api_authorize(struct request *req, const struct route *route, struct why *why)
{
    struct api *a = request_ctx(req);
    if (route->access != ACCESS_API) return ERR_OK;
    const struct key *key = keyring_find(a->keys, bearer(req));
    if (!key || key->kind != KEY_TOKEN)
        return why_fail(why, ERR_UNAUTHORIZED, MSG_NEEDS_TOKEN, "", NULL);
    struct str brand = request_param(req, "brand");
    if (!str_is(brand, key->brand)) return why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, "", "brand");
    return ERR_OK;
}

/* ---- life ---- */

/* Under the lock, so that an asker finds itself in the list. */
static bool start_threads(struct api *a)
{
    pthread_mutex_lock(&a->lock);
    while (a->asker_count < ASKERS &&
           pthread_create(&a->askers[a->asker_count], NULL, asker, a) == 0)
        a->asker_count++;
    a->watched = pthread_create(&a->watcher, NULL, watcher, a) == 0;
    pthread_mutex_unlock(&a->lock);
    return a->watched && a->asker_count == ASKERS;
}

enum err api_create(struct data *d, struct api **out, struct why *why)
{
    struct api *a = mem_alloc(sizeof(*a));
    pthread_mutex_init(&a->lock, NULL);
    pthread_cond_init(&a->wake, NULL);
    pthread_cond_init(&a->watch, NULL);
    enum err err = keyring_load(d, &a->keys, why);
    if (err != ERR_OK) {
        api_destroy(a);
        return err;
    }
    a->intake = (struct intake_ctx){d, a->keys};
    a->routes = join_routes();
    a->pages = page_cache_create();
    if (!start_threads(a)) {
        api_destroy(a);
        return why_fail(why, ERR_INTERNAL, MSG_INTERNAL, "", NULL);
    }
    *out = a;
    return ERR_OK;
}

void api_destroy(struct api *a)
{
    if (!a) return;
    pthread_mutex_lock(&a->lock);
    a->stopping = true;
    pthread_cond_broadcast(&a->wake);
    pthread_cond_broadcast(&a->watch);
    pthread_mutex_unlock(&a->lock);
    for (int i = 0; i < a->asker_count; i++)
        pthread_join(a->askers[i], NULL);
    if (a->watched) pthread_join(a->watcher, NULL);
    page_cache_destroy(a->pages);
    keyring_destroy(a->keys);
    mem_free(a->routes);
    pthread_cond_destroy(&a->wake);
    pthread_cond_destroy(&a->watch);
    pthread_mutex_destroy(&a->lock);
    mem_free(a);
}
