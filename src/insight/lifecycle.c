/* lifecycle.c - the query "lifecycle": stock of each stage over time, and the flow between stages
 * (lifecycle_kernel.h). */
#include "insight/lifecycle_kernel.h"
#include "insight/query.h"
#include "insight/sweep.h"

static const char *const units[] = {"day", "week", NULL};

struct lifecycle_plan {
    int by;            /* of units */
    int64_t flow_from; /* TIME_NONE: the beginning of the range */
};

/* What is not over yet has no stock: a 'to' after now is now. */
static enum err parse(struct plan *p, struct form *f)
{
    struct lifecycle_plan *own = arena_alloc(p->arena, sizeof(*own));
    p->own = own;
    TRY(form_choice(f, "by", units, &own->by));
    json_key(&p->echo, "by");
    json_text(&p->echo, units[own->by]);
    if (p->to > p->in->now) {
        bool ranged = json_get(f->json, "from") != NULL;
        if (ranged && p->start >= p->in->now) return form_fail(f, "from", MSG_QUERY_ORDER, "now");
        plan_end(p, p->in->now);
    }
    own->flow_from = TIME_NONE;
    TRY(form_time(f, "flow_from", p->in->zone, &own->flow_from));
    if (own->flow_from == TIME_NONE) return ERR_OK;
    if (own->flow_from >= p->to) return form_fail(f, "flow_from", MSG_QUERY_ORDER, "to");
    if (own->flow_from < p->from && p->from < p->to)
        return form_fail(f, "from", MSG_QUERY_ORDER, "flow_from");
    plan_echo_time(p, "flow_from", own->flow_from);
    return ERR_OK;
}

static void reply_stock(struct reply *r, const struct lifecycle *l)
{
    int64_t stock[STAGES] = {0};
    struct strbuf header = {0};
    strbuf_add_text(&header, "at");
    for (int stage = 0; stage < STAGE_COUNT; stage++) {
        strbuf_addf(&header, ",%s", stage_name((enum stage)stage));
    }
    strbuf_add_text(&header, ",visitors");
    reply_list(r, "stock", header.p);
    for (size_t i = 0; i < l->settings->buckets->count; i++) {
        reply_row(r);
        reply_time(r, "at", l->settings->buckets->starts[i]);
        for (int stage = 0; stage < STAGES; stage++) {
            bool visitors = stage == STAGE_NONE;
            stock[stage] += l->stock[i][stage];
            reply_int(r, visitors ? "visitors" : stage_name((enum stage)stage), stock[stage]);
        }
        reply_row_end(r);
    }
    reply_list_end(r);
    strbuf_finish(&header);
}

static void reply_stages(struct reply *r, const char *key, const uint64_t counts[STAGE_COUNT])
{
    reply_array(r, key);
    for (int stage = 0; stage < STAGE_COUNT; stage++) {
        reply_count(r, NULL, counts[stage]);
    }
    reply_array_end(r);
}

static void reply_lifecycle(struct reply *r, const struct lifecycle *l)
{
    reply_stock(r, l);
    reply_array(r, "flow");
    for (int stage = 0; stage < STAGE_COUNT; stage++) {
        reply_stages(r, NULL, l->flow[stage]);
    }
    reply_array_end(r);
    reply_stages(r, "arrived", l->arrived);
}

static enum err run(struct plan *p, struct reply *r, struct why *why)
{
    const struct lifecycle_plan *own = p->own;
    struct buckets buckets;
    struct lifecycle lifecycle;
    TRY(plan_buckets(p, (enum time_unit)(UNIT_DAY + own->by), 0, 0, &buckets, why));
    int64_t flow_from = own->flow_from != TIME_NONE ? own->flow_from : p->from;
    struct lifecycle_settings settings = {p, &buckets, p->from, p->to, flow_from, false};
    struct sweep sweep = {
        .plan = p, .from = INT64_MIN, .to = p->to, .members_only = true, .unsifted = true};
    enum err err = ERR_OK;
    /* An empty range has no bucket for a stock, so that there is nothing to fold for. */
    if (buckets.count == 0) settings.to = sweep.to = sweep.from;
    err = sweep_run(&sweep, &lifecycle_kernel, &settings, &lifecycle, why);
    if (err == ERR_OK) {
        reply_lifecycle(r, &lifecycle);
        lifecycle_kernel.finish(&lifecycle);
    }
    buckets_finish(&buckets);
    return err;
}

const struct query_type query_lifecycle = {"lifecycle", TAKES_FROM | TAKES_TO | TAKES_WHO, true,
                                           parse, run};
