/* lifecycle.c - the query "lifecycle": stock of each stage over time, and the flow between stages.
 *
 * Only the stage at the end of each bucket matters, so that a member's events are added up and
 * judged there alone, and not even there while neither an event nor the clock can have changed it.
 * What changes are differences of the stock; adding them up from the first bucket on gives the
 * stock. A change at exactly the end of a bucket belongs to the next one, as buckets are half open.
 */
#include "base/mem.h"
#include "insight/buckets.h"
#include "insight/query.h"
#include "insight/sweep.h"

static const char *const units[] = {"day", "week", NULL};

#define STAGES (STAGE_COUNT + 1) /* visitors are the last */

struct lifecycle_plan {
    int by;            /* of units */
    int64_t flow_from; /* TIME_NONE: the beginning of the range */
};

struct lifecycle_settings {
    const struct plan *plan;
    const struct buckets *buckets;
    int64_t from, to;
    int64_t flow_from;
};

struct lifecycle {
    const struct lifecycle_settings *settings;
    struct fold *fold;
    int64_t (*stock)[STAGES];                /* [buckets] differences to the bucket before */
    uint64_t flow[STAGE_COUNT][STAGE_COUNT]; /* [at flow_from][at to] */
    uint64_t arrived[STAGE_COUNT];           /* in no stage at flow_from, in this one at to */
    int stage;                               /* of the member at hand; -1 = none yet */
};

/* Buckets from 'bucket' on begin with the member in 'stage'. */
static void enter(struct lifecycle *l, size_t bucket, int stage)
{
    if (stage == l->stage) return;
    if (l->stage >= 0) l->stock[bucket][l->stage]--;
    l->stock[bucket][stage]++;
    l->stage = stage;
}

/* Rows of a member that are still to be added, and until when the stage is known to stay. */
struct walk {
    const struct history *h;
    uint32_t next, end; /* rows */
    int64_t due;        /* INT64_MIN: rows were added since the stage was judged */
    int stage;
};

/* The stage at 'at', or -1 when nothing has happened by then. */
static int stage_at(struct lifecycle *l, struct walk *w, int64_t at)
{
    const struct plan *p = l->settings->plan;
    const struct fold_names *names = p->in->fold;
    for (; w->next < w->end && w->h->at[w->next] <= at; w->next++) {
        uint16_t kind = w->h->kind[w->next];
        uint32_t roles = kind < names->kind_count ? names->roles[kind] : 0;
        struct fold_row row;
        if (w->stage < 0) w->due = INT64_MIN; /* anything makes a visitor */
        if (roles == 0 || roles & ROLE_DERIVED) continue;
        fold_row_of_history(names, &p->columns, w->h, w->next, &row);
        fold_add(l->fold, names, &row);
        w->due = INT64_MIN;
    }
    if (w->due <= at) w->stage = fold_stage_at(l->fold, names, at, &w->due);
    return w->stage;
}

static void fold_member(struct lifecycle *l, const struct history *h, uint32_t from, uint32_t to)
{
    const struct lifecycle_settings *s = l->settings;
    const struct buckets *b = s->buckets;
    if (from == to || h->at[from] >= s->to) return;
    struct walk w = {h, from, to, INT64_MAX, -1};
    fold_reset(l->fold);
    l->stage = -1;
    int stage_from = -1;
    bool met = false; /* flow_from */
    size_t first = h->at[from] > s->from ? buckets_find(b, h->at[from]) : 0;
    for (size_t i = first; i < b->count; i++) {
        int64_t end = b->starts[i + 1] < s->to ? b->starts[i + 1] : s->to;
        if (!met && end >= s->flow_from) {
            stage_from = stage_at(l, &w, s->flow_from - 1);
            met = true;
        }
        enter(l, i, stage_at(l, &w, end - 1));
    }
    if (l->stage == STAGE_NONE) return;
    if (stage_from >= 0 && stage_from != STAGE_NONE) {
        l->flow[stage_from][l->stage]++;
    } else {
        l->arrived[l->stage]++;
    }
}

static void see(void *kernel, const struct sight *s)
{
    const struct history *h = s->h;
    for (uint32_t m = 0; m < h->member_count; m++) {
        if (!sight_keeps(s, m) || h->member[m] == 0) continue;
        fold_member(kernel, h, h->off[m], h->off[m + 1]);
    }
}

static void init(void *kernel, const void *settings)
{
    struct lifecycle *l = kernel;
    *l = (struct lifecycle){.settings = settings, .fold = fold_create()};
    l->stock = mem_alloc_array(l->settings->buckets->count, sizeof(*l->stock));
}

static void finish(void *kernel)
{
    struct lifecycle *l = kernel;
    fold_destroy(l->fold);
    mem_free(l->stock);
}

static size_t bytes(const void *kernel)
{
    const struct lifecycle *l = kernel;
    return l->settings->buckets->count * sizeof(*l->stock);
}

static void merge(void *to, void *from)
{
    struct lifecycle *a = to;
    const struct lifecycle *b = from;
    for (size_t i = 0; i < a->settings->buckets->count; i++) {
        for (int stage = 0; stage < STAGES; stage++) {
            a->stock[i][stage] += b->stock[i][stage];
        }
    }
    for (int i = 0; i < STAGE_COUNT; i++) {
        a->arrived[i] += b->arrived[i];
        for (int j = 0; j < STAGE_COUNT; j++) {
            a->flow[i][j] += b->flow[i][j];
        }
    }
}

static const struct kernel_type lifecycle_kernel = {
    sizeof(struct lifecycle), init, finish, see, bytes, merge,
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
    struct lifecycle_settings settings = {p, &buckets, p->from, p->to, flow_from};
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
