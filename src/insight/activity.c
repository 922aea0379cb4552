/* activity.c - the query "activity". */
#include "insight/activity_kernel.h"
#include "insight/query.h"
#include "insight/sweep.h"

static const char *const units[] = {"day", "week", "month", NULL};

/* Periods are compared with each other, so that the first one is taken whole. */
static enum err parse(struct plan *p, struct form *f)
{
    int *by = arena_alloc(p->arena, sizeof(*by));
    p->own = by;
    TRY(plan_select(p, f, "*", false));
    TRY(form_choice(f, "by", units, by));
    json_key(&p->echo, "by");
    json_text(&p->echo, units[*by]);
    if (p->from < p->to) {
        p->from = zone_bucket_start(p->in->zone, (enum time_unit)(UNIT_DAY + *by), p->from);
    }
    return ERR_OK;
}

static void reply_points(struct reply *r, const struct activity *a)
{
    reply_list(r, "points", "at,new,returning,resurrected,dormant");
    for (size_t i = 1; i < a->buckets->count; i++) {
        const struct activity_point *point = &a->points[i];
        reply_row(r);
        reply_time(r, "at", a->buckets->starts[i]);
        reply_count(r, "new", point->fresh);
        reply_count(r, "returning", point->returning);
        reply_count(r, "resurrected", point->resurrected);
        reply_count(r, "dormant", point->dormant);
        reply_row_end(r);
    }
    reply_list_end(r);
}

static enum err run(struct plan *p, struct reply *r, struct why *why)
{
    const int *by = p->own;
    struct buckets buckets;
    struct activity activity;
    TRY(plan_buckets(p, (enum time_unit)(UNIT_DAY + *by), 1, 0, &buckets, why));
    struct sweep sweep = {.plan = p,
                          .from = INT64_MIN,
                          .to = p->to,
                          .members_only = true,
                          .kindless = true,
                          .spans = activity_takes_spans(&buckets)};
    if (buckets.count > 0) {
        sweep.brief_before = buckets.starts[0];
    } else {
        sweep.to = sweep.from; /* no period: nothing to look at */
    }
    enum err err = sweep_run(&sweep, &activity_kernel, &buckets, &activity, why);
    if (err == ERR_OK) {
        activity_close(&activity);
        reply_points(r, &activity);
        activity_kernel.finish(&activity);
    }
    buckets_finish(&buckets);
    return err;
}

const struct query_type query_activity = {"activity", TAKES_ALL, false, parse, run};
