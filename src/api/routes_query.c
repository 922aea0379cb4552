/* routes_query.c - asking a brand a question. */
#include <unistd.h>

#include "api/call.h"
#include "api/internal.h"
#include "base/limits.h"
#include "people/people.h"

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

static enum err answer_query(struct call *c, struct json_writer *w, struct why *why)
{
    bool csv = str_starts(request_header(c->req, "Accept"), STR("text/csv"));
    if (atomic_load(&c->budget->cancel))
        return why_fail(why, ERR_CANCELLED, MSG_QUERY_CANCELLED, "", NULL);
    if (csv) c->type = "text/csv; charset=utf-8";
    const struct api_question question = {request_body(c->req), csv ? INSIGHT_CSV : INSIGHT_JSON,
                                          call_lang(c)};
    return api_ask(c->brand, &question, c->budget, w->out, why);
}

const struct spec query_specs[] = {
    {.method = HTTP_POST,
     .path = "/api/v1/{brand}/query",
     .scope = SCOPE_INSIGHT_READ,
     .body_max = LIMIT_QUERY_BYTES,
     .flags = SPEC_QUESTION | SPEC_RAW_BODY,
     .handle = answer_query,
     .summary = "Ask a question",
     .reply = "{\"query\":{\"trend\":{\"kind\":\"order.paid\",\"by\":\"month\"}},"
              "\"as_of_seq\":6,\"points\":[{\"at\":\"2026-11-01T00:00:00+08:00\","
              "\"value\":1}],\"rows_scanned\":1,\"elapsed_us\":537}"},
    {0},
};
