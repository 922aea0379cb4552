/* trend.c - the query "trend". */
#include "insight/breakdown.h"
#include "insight/query.h"
#include "insight/sweep.h"
#include "insight/trend_kernel.h"

static const char *const measures[] = {"events", "members", "amount", "average", NULL};
static const char *const units[] = {"hour", "day", "week", "month", NULL};

struct trend_plan {
    int measure; /* enum trend_measure */
    int by;      /* enum time_unit */
    struct breakdown breakdown;
    struct buckets buckets;
};

static enum err parse(struct plan *p, struct form *f)
{
    struct trend_plan *t = arena_alloc(p->arena, sizeof(*t));
    p->own = t;
    t->by = UNIT_DAY;
    TRY(plan_select(p, f, "*", false));
    TRY(form_choice(f, "measure", measures, &t->measure));
    TRY(form_choice(f, "by", units, &t->by));
    json_key(&p->echo, "measure");
    json_text(&p->echo, measures[t->measure]);
    json_key(&p->echo, "by");
    json_text(&p->echo, units[t->by]);
    TRY(breakdown_parse(&t->breakdown, p, f));
    if (t->measure == TREND_AMOUNT || t->measure == TREND_AVERAGE) {
        p->columns.mask |= COLUMN_AMOUNT;
    }
    return ERR_OK;
}

static struct sweep sweep_of(struct plan *p)
{
    const struct trend_plan *t = p->own;
    return (struct sweep){
        .plan = p, .from = p->from, .to = p->to, .members_only = t->measure == TREND_MEMBERS};
}

/* What the first pass found out. */
struct ranked {
    struct keys *shown; /* ids 1 .. n in order of size; NULL without breakdown */
    bool has_null;      /* there are events without a value */
    bool has_rest;      /* there are keys that are not shown */
};

static void choose(const struct plan *p, struct ranking *all, struct ranked *out)
{
    const struct trend_plan *t = p->own;
    uint32_t top[BREAKDOWN_TOP];
    for (size_t i = 0; i < all->counts.count; i++) {
        if (t->measure != TREND_AMOUNT) all->sums.items[i] = (wide)all->counts.items[i];
    }
    uint32_t n = breakdown_top(&t->breakdown, p, all->keys, all->sums.items, top);
    out->shown = keys_create(&t->breakdown.field);
    for (uint32_t i = 0; i < n; i++) {
        (void)keys_add(out->shown, keys_get(all->keys, top[i]));
    }
    out->has_null = all->counts.count > 0 && all->counts.items[0] > 0;
    out->has_rest = keys_count(all->keys) > n + 1;
}

static enum err rank(struct plan *p, const struct trend_settings *settings, struct ranked *out,
                     struct why *why)
{
    struct sweep sweep = sweep_of(p);
    struct ranking all;
    TRY(sweep_run(&sweep, &ranking_kernel, settings, &all, why));
    choose(p, &all, out);
    ranking_kernel.finish(&all);
    return ERR_OK;
}

static void reply_point(const struct plan *p, struct reply *r, const struct trend *trend,
                        size_t bucket, uint32_t slot)
{
    const struct trend_plan *t = p->own;
    size_t cell = bucket * trend->slots + slot;
    reply_row(r);
    reply_time(r, "at", t->buckets.starts[bucket]);
    if (trend->keys) {
        bool rest = slot == trend->slots - 1;
        breakdown_reply(&t->breakdown, p, r, trend->keys, rest ? KEYS_REST : slot);
    }
    if (t->measure == TREND_AMOUNT) {
        reply_wide(r, "value", trend->sums[cell]);
    } else if (t->measure != TREND_AVERAGE) {
        reply_count(r, "value", trend->counts[cell]);
    } else if (trend->counts[cell] == 0) {
        reply_null(r, "value");
    } else {
        reply_double(r, "value", (double)trend->sums[cell] / (double)trend->counts[cell]);
    }
    reply_row_end(r);
}

/* Keys by size, then the rest, then null. */
static void reply_points(const struct plan *p, struct reply *r, const struct trend *trend,
                         const struct ranked *ranked)
{
    const struct trend_plan *t = p->own;
    reply_list(r, "points", trend->keys ? "at,key,value" : "at,value");
    for (size_t bucket = 0; bucket < t->buckets.count; bucket++) {
        for (uint32_t slot = 1; slot + 1 < trend->slots; slot++) {
            reply_point(p, r, trend, bucket, slot);
        }
        if (ranked->has_rest) reply_point(p, r, trend, bucket, trend->slots - 1);
        if (ranked->has_null) reply_point(p, r, trend, bucket, 0);
    }
    reply_list_end(r);
}

static enum err fail_size(struct why *why)
{
    return why_fail(why, ERR_TOO_LARGE, MSG_QUERY_BUCKETS, "trend", "%d", LIMIT_BUCKETS);
}

static enum err run_in_buckets(struct plan *p, struct reply *r, struct why *why)
{
    struct trend_plan *t = p->own;
    struct trend_settings settings = {.measure = (enum trend_measure)t->measure,
                                      .buckets = &t->buckets,
                                      .field = &t->breakdown.field};
    struct ranked ranked = {.has_null = true}; /* without keys slot 0 is everything */
    struct sweep sweep = sweep_of(p);
    struct trend trend;
    if (t->breakdown.name.p) TRY(rank(p, &settings, &ranked, why));
    settings.shown = ranked.shown;
    size_t series = ranked.has_null + ranked.has_rest;
    if (ranked.shown) series += keys_count(ranked.shown) - 1;
    enum err err = ERR_OK;
    if (t->buckets.count * series > LIMIT_BUCKETS) err = fail_size(why);
    if (err == ERR_OK) err = sweep_run(&sweep, &trend_kernel, &settings, &trend, why);
    if (err == ERR_OK) {
        reply_points(p, r, &trend, &ranked);
        trend_kernel.finish(&trend);
    }
    keys_destroy(ranked.shown);
    return err;
}

static enum err run(struct plan *p, struct reply *r, struct why *why)
{
    struct trend_plan *t = p->own;
    TRY(plan_buckets(p, (enum time_unit)t->by, 0, 0, &t->buckets, why));
    breakdown_place(&t->breakdown, p);
    enum err err = run_in_buckets(p, r, why);
    buckets_finish(&t->buckets);
    return err;
}

const struct query_type query_trend = {"trend", TAKES_ALL, false, parse, run};
