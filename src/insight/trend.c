/* trend.c - the query "trend". */
#include <assert.h>

#include "insight/breakdown.h"
#include "insight/query.h"
#include "insight/sweep.h"
#include "insight/trend_kernel.h"

static const char *const measures[] = {"events", "members", "amount", "average", NULL};
static const char *const units[] = {"hour", "day", "week", "month", NULL};

/* Cells of the first pass, a worker: they stay near the processor. */
#define CELLS_MAX 131072

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
    bool members = t->measure == TREND_MEMBERS;
    return (struct sweep){.plan = p,
                          .from = p->from,
                          .to = p->to,
                          .members_only = members,
                          .kindless = t->breakdown.field.source != KEYS_KIND,
                          .pieces = !members};
}

/* The cells of the reply. Slot 0 is null (or everything, without keys), slots 1 .. n are the keys
 * shown, the last is the rest. */
struct table {
    struct keys *shown; /* ids 1 .. n in order of size; NULL without breakdown */
    bool has_null;      /* there are events without a value */
    bool has_rest;      /* there are keys that are not shown */
    uint32_t slots;
    size_t buckets;
    uint64_t *counts; /* [slots * buckets] events, members, or events with an amount */
    wide *sums;       /* [slots * buckets] of amounts, in minor units; NULL: not asked for */
};

static void table_finish(struct table *t)
{
    keys_destroy(t->shown);
    mem_free(t->counts);
    mem_free(t->sums);
}

/* Rank the keys of the first pass; 'top' gets the ids of those shown. */
static void choose(const struct plan *p, struct trend *all, struct table *out, uint32_t *top)
{
    const struct trend_plan *t = p->own;
    uint32_t keys = keys_count(all->keys);
    trend_close(all);
    for (uint32_t id = 0; id < keys && t->measure != TREND_AMOUNT; id++) {
        all->total_sums[id] = (wide)all->totals[id];
    }
    uint32_t n = breakdown_top(&t->breakdown, p, all->keys, all->total_sums, top);
    out->shown = keys_create(&t->breakdown.field);
    for (uint32_t i = 0; i < n; i++) {
        (void)keys_add(out->shown, keys_get(all->keys, top[i]));
    }
    out->has_null = all->totals[0] > 0;
    out->has_rest = keys > n + 1;
    out->slots = n + 2;
}

/* Whether the first pass has all that the reply needs. */
static bool is_complete(const struct trend_plan *t, const struct trend *all,
                        const struct table *table)
{
    return !all->full && !(t->measure == TREND_MEMBERS && table->has_rest);
}

static void add_cells(struct table *t, uint32_t slot, const struct trend *from, size_t place)
{
    for (size_t i = 0; i < t->buckets; i++) {
        t->counts[slot * t->buckets + i] += from->counts[place * t->buckets + i];
        if (t->sums) t->sums[slot * t->buckets + i] += from->sums[place * t->buckets + i];
    }
}

static void make_cells(struct table *t, bool sums)
{
    t->counts = mem_alloc_array(t->slots * t->buckets, sizeof(*t->counts));
    if (sums) t->sums = mem_alloc_array(t->slots * t->buckets, sizeof(*t->sums));
}

/* Put the keys of the first pass together. */
static void gather_cells(struct table *t, const struct trend *all, const uint32_t *top)
{
    uint32_t keys = keys_count(all->keys);
    uint32_t *slot = mem_alloc_array(keys, sizeof(*slot));
    make_cells(t, all->sums != NULL);
    for (uint32_t id = 1; id < keys; id++) {
        slot[id] = t->slots - 1;
    }
    for (uint32_t i = 0; i + 2 < t->slots; i++) {
        slot[top[i]] = i + 1;
    }
    for (uint32_t id = 0; id < keys; id++) {
        add_cells(t, slot[id], all, id);
    }
    mem_free(slot);
}

/* Count the keys shown in a pass of their own. */
static enum err count_shown(struct plan *p, struct trend_settings *settings, struct table *t,
                            struct why *why)
{
    struct sweep sweep = sweep_of(p);
    struct trend trend;
    settings->shown = t->shown;
    TRY(sweep_run(&sweep, &trend_kernel, settings, &trend, why));
    make_cells(t, trend.sums != NULL);
    for (uint32_t slot = 0; slot < t->slots; slot++) {
        add_cells(t, slot, &trend, slot);
    }
    trend_kernel.finish(&trend);
    return ERR_OK;
}

static void reply_point(const struct plan *p, struct reply *r, const struct table *table,
                        size_t bucket, uint32_t slot)
{
    const struct trend_plan *t = p->own;
    bool sums = t->measure == TREND_AMOUNT || t->measure == TREND_AVERAGE;
    size_t cell = slot * table->buckets + bucket;
    assert(table->counts && (table->sums || !sums));
    reply_row(r);
    reply_time(r, "at", t->buckets.starts[bucket]);
    if (table->shown) {
        bool rest = slot == table->slots - 1;
        breakdown_reply(&t->breakdown, p, r, table->shown, rest ? KEYS_REST : slot);
    }
    if (t->measure == TREND_AMOUNT) {
        reply_wide(r, "value", table->sums[cell]);
    } else if (t->measure != TREND_AVERAGE) {
        reply_count(r, "value", table->counts[cell]);
    } else if (table->counts[cell] == 0) {
        reply_null(r, "value");
    } else {
        reply_double(r, "value", (double)table->sums[cell] / (double)table->counts[cell]);
    }
    reply_row_end(r);
}

/* Keys by size, then the rest, then null. */
static void reply_points(const struct plan *p, struct reply *r, const struct table *t)
{
    reply_list(r, "points", t->shown ? "at,key,value" : "at,value");
    for (size_t bucket = 0; bucket < t->buckets; bucket++) {
        for (uint32_t slot = 1; slot + 1 < t->slots; slot++) {
            reply_point(p, r, t, bucket, slot);
        }
        if (t->has_rest) reply_point(p, r, t, bucket, t->slots - 1);
        if (t->has_null) reply_point(p, r, t, bucket, 0);
    }
    reply_list_end(r);
}

static enum err fail_size(struct why *why)
{
    return why_fail(why, ERR_TOO_LARGE, MSG_QUERY_BUCKETS, "trend", "%d", LIMIT_BUCKETS);
}

static enum err fill(struct plan *p, struct trend_settings *settings, struct trend *all,
                     struct table *t, struct why *why)
{
    const struct trend_plan *plan = p->own;
    uint32_t top[BREAKDOWN_TOP];
    if (!plan->breakdown.name.p) {
        make_cells(t, all->sums != NULL);
        add_cells(t, 0, all, 0);
        return ERR_OK;
    }
    choose(p, all, t, top);
    size_t series = (size_t)t->slots - 2 + t->has_null + t->has_rest;
    if (t->buckets * series > LIMIT_BUCKETS) return fail_size(why);
    if (!is_complete(plan, all, t)) return count_shown(p, settings, t, why);
    gather_cells(t, all, top);
    return ERR_OK;
}

static enum err run_in_buckets(struct plan *p, struct reply *r, struct why *why)
{
    struct trend_plan *t = p->own;
    size_t buckets = t->buckets.count;
    struct trend_settings settings = {.measure = (enum trend_measure)t->measure,
                                      .buckets = &t->buckets,
                                      .field = &t->breakdown.field,
                                      .cells_max = buckets > CELLS_MAX ? buckets : CELLS_MAX};
    /* Without keys slot 0 is everything. */
    struct table table = {.has_null = true, .slots = 1, .buckets = buckets};
    struct sweep sweep = sweep_of(p);
    struct trend all;
    TRY(sweep_run(&sweep, &trend_kernel, &settings, &all, why));
    enum err err = fill(p, &settings, &all, &table, why);
    trend_kernel.finish(&all);
    if (err == ERR_OK) reply_points(p, r, &table);
    table_finish(&table);
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
