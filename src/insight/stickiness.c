/* stickiness.c - the query "stickiness". */
#include "insight/query.h"
#include "insight/stickiness_kernel.h"
#include "insight/sweep.h"

#define DAYS_DEFAULT 28

static enum err parse(struct plan *p, struct form *f)
{
    int64_t *days = arena_alloc(p->arena, sizeof(*days));
    p->own = days;
    *days = DAYS_DEFAULT;
    TRY(plan_select(p, f, "*", false));
    TRY(form_int(f, "days", 1, LIMIT_STICKINESS_DAYS, days));
    json_key(&p->echo, "days");
    json_int(&p->echo, *days);
    return ERR_OK;
}

static void reply_table(struct reply *r, const struct stickiness *t)
{
    uint32_t days = t->settings->days;
    reply_list(r, "histogram", "days,members");
    for (uint32_t i = 0; i < days; i++) {
        if (r->form == INSIGHT_JSON) {
            reply_count(r, NULL, t->histogram[i]);
            continue;
        }
        reply_row(r);
        reply_count(r, "days", i + 1);
        reply_count(r, "members", t->histogram[i]);
        reply_row_end(r);
    }
    reply_list_end(r);
    reply_rate(r, "dau", t->daily, days);
    reply_rate(r, "wau", t->weekly, days);
    reply_rate(r, "mau", t->monthly, days);
}

/* The window's first day, 'days' - 1 before the one that holds the last instant. */
static int64_t window_start(const struct plan *p, int64_t days)
{
    int64_t start = zone_bucket_start(p->in->zone, UNIT_DAY, p->to - 1);
    for (int64_t i = 1; i < days; i++) {
        start = zone_bucket_start(p->in->zone, UNIT_DAY, start - 1);
    }
    return start;
}

static enum err run(struct plan *p, struct reply *r, struct why *why)
{
    const int64_t *days = p->own;
    struct buckets buckets;
    struct stickiness table;
    p->from = window_start(p, *days);
    TRY(plan_buckets(p, UNIT_DAY, STICKINESS_MONTH - 1, 0, &buckets, why));
    struct stickiness_settings settings = {&buckets, (uint32_t)*days};
    struct sweep sweep = {
        .plan = p, .from = buckets.starts[0], .to = p->to, .members_only = true, .kindless = true};
    enum err err = sweep_run(&sweep, &stickiness_kernel, &settings, &table, why);
    if (err == ERR_OK) {
        reply_table(r, &table);
        stickiness_kernel.finish(&table);
    }
    buckets_finish(&buckets);
    return err;
}

const struct query_type query_stickiness = {"stickiness", TAKES_TO | TAKES_WHERE | TAKES_WHO, false,
                                            parse, run};
