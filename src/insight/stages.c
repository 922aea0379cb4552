/* stages.c - the kernel of "lifecycle" once, with each member's stages kept: two bytes a member. */
#include "insight/stages.h"

#include "base/mem.h"
#include "insight/lifecycle_kernel.h"
#include "insight/sweep.h"

struct stages {
    struct stages_range range;
    size_t week_count;
    struct week {
        int64_t start, end; /* the last one may end after range.to: it is known up to there */
        int64_t stock[STAGES];
    } * weeks;
    uint8_t *then, *now; /* [members] enum stage at range.flow_from, at range.to; else STAGES */
    size_t members;
};

bool stages_range_same(const struct stages_range *a, const struct stages_range *b)
{
    return a->from == b->from && a->flow_from == b->flow_from && a->to == b->to;
}

const struct stages_range *stages_get_range(const struct stages *s)
{
    return &s->range;
}

void stages_destroy(struct stages *s)
{
    if (!s) return;
    mem_free(s->weeks);
    mem_free(s->then);
    mem_free(s->now);
    mem_free(s);
}

/* ---- folding ---- */

static void keep_weeks(struct stages *s, const struct lifecycle *l, const struct buckets *b)
{
    int64_t stock[STAGES] = {0};
    s->week_count = b->count;
    s->weeks = mem_alloc_array(b->count, sizeof(*s->weeks));
    for (size_t i = 0; i < b->count; i++) {
        s->weeks[i].start = b->starts[i];
        s->weeks[i].end = b->starts[i + 1];
        for (int stage = 0; stage < STAGES; stage++)
            s->weeks[i].stock[stage] = stock[stage] += l->stock[i][stage];
    }
}

static void keep_members(struct stages *s, const struct lifecycle *l)
{
    for (size_t i = 0; i < l->members.count; i++) {
        if (l->members.items[i].member >= s->members) s->members = l->members.items[i].member + 1;
    }
    s->then = mem_alloc_array(s->members, 1);
    s->now = mem_alloc_array(s->members, 1);
    for (size_t i = 0; i < s->members; i++)
        s->then[i] = s->now[i] = STAGES;
    for (size_t i = 0; i < l->members.count; i++) {
        const struct lifecycle_member *m = &l->members.items[i];
        s->then[m->member] = m->then;
        s->now[m->member] = m->now;
    }
}

static enum err fold(struct plan *p, struct stages *s, struct why *why)
{
    struct buckets buckets;
    struct lifecycle lifecycle;
    p->name = "lifecycle";
    p->start = s->range.from;
    plan_end(p, s->range.to);
    TRY(plan_columns(p, true, why));
    TRY(plan_buckets(p, UNIT_WEEK, 0, 0, &buckets, why));
    const struct lifecycle_settings settings = {p,     &buckets,           p->from,
                                                p->to, s->range.flow_from, true};
    const struct sweep sweep = {
        .plan = p, .from = INT64_MIN, .to = p->to, .members_only = true, .unsifted = true};
    enum err err = sweep_run(&sweep, &lifecycle_kernel, &settings, &lifecycle, why);
    if (err == ERR_OK) {
        keep_weeks(s, &lifecycle, &buckets);
        keep_members(s, &lifecycle);
        lifecycle_kernel.finish(&lifecycle);
    }
    buckets_finish(&buckets);
    return err;
}

enum err stages_fold(const struct insight *in, const struct stages_range *range,
                     struct stages **out, struct why *why)
{
    struct stages *s = mem_alloc(sizeof(*s));
    struct arena *arena = arena_create(0);
    struct plan *plan = arena_alloc(arena, sizeof(*plan));
    enum err err = ERR_OK;
    s->range = *range;
    plan_init(plan, in, arena);
    if (range->from < range->to) err = fold(plan, s, why);
    plan_finish(plan);
    arena_destroy(arena);
    if (err != ERR_OK) {
        stages_destroy(s);
        return err;
    }
    *out = s;
    return ERR_OK;
}

/* ---- writing ---- */

struct flow {
    int64_t stock[STAGES]; /* at the present */
    uint64_t moved[STAGE_COUNT][STAGE_COUNT];
    uint64_t arrived[STAGE_COUNT];
};

static void count_flow(const struct stages *s, const struct stages_present *present,
                       struct flow *out)
{
    *out = (struct flow){0};
    for (size_t i = 0; i < present->count; i++) {
        uint8_t now = present->stage[i], then = i < s->members ? s->then[i] : STAGES;
        if (now >= STAGES) continue;
        out->stock[now]++;
        if (now == STAGE_NONE) continue;
        if (then < STAGE_COUNT) {
            out->moved[then][now]++;
        } else {
            out->arrived[now]++;
        }
    }
}

static void put_week(struct json_writer *w, const struct zone *zone, int64_t start,
                     const int64_t stock[STAGES])
{
    char at[48];
    json_begin_object(w);
    time_format(zone, start, at, sizeof(at));
    json_key(w, "at");
    json_text(w, at);
    for (int stage = 0; stage < STAGES; stage++) {
        json_key(w, stage == STAGE_NONE ? "visitors" : stage_name((enum stage)stage));
        json_int(w, stock[stage]);
    }
    json_end_object(w);
}

/* Weeks that were over by range.to, then those up to the present. */
static void put_stock(struct json_writer *w, const struct stages *s, const struct zone *zone,
                      const struct stages_present *present, const struct flow *flow)
{
    int64_t week = zone_bucket_start(zone, UNIT_WEEK, s->range.from);
    json_key(w, "stock");
    json_begin_array(w);
    for (size_t i = 0; i < s->week_count && s->weeks[i].end <= s->range.to; i++) {
        put_week(w, zone, s->weeks[i].start, s->weeks[i].stock);
        week = s->weeks[i].end;
    }
    for (; week < present->at; week = zone_bucket_next(zone, UNIT_WEEK, week))
        put_week(w, zone, week, flow->stock);
    json_end_array(w);
}

static void put_counts(struct json_writer *w, const uint64_t counts[STAGE_COUNT])
{
    json_begin_array(w);
    for (int i = 0; i < STAGE_COUNT; i++)
        json_uint(w, counts[i]);
    json_end_array(w);
}

void stages_write(const struct stages *s, const struct stages_present *present,
                  const struct zone *zone, struct strbuf *out)
{
    const struct stages_present folded = {s->range.to, s->now, s->members};
    struct json_writer w = {.out = out};
    struct flow flow;
    if (!present) present = &folded;
    count_flow(s, present, &flow);
    json_begin_object(&w);
    put_stock(&w, s, zone, present, &flow);
    json_key(&w, "flow");
    json_begin_array(&w);
    for (int i = 0; i < STAGE_COUNT; i++)
        put_counts(&w, flow.moved[i]);
    json_end_array(&w);
    json_key(&w, "arrived");
    put_counts(&w, flow.arrived);
    json_end_object(&w);
}
