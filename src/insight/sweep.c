/* sweep.c - what stands between the scan and a kernel.
 *
 * The scan is asked for no more than the kernel and the member expression read. Derived events, and
 * fields that the fold answers, follow from whole histories: then it is neither cut by time nor by
 * kind. */
#include "insight/sweep.h"

#include <assert.h>

#include "base/mem.h"
#include "insight/derive.h"
#include "insight/sieve.h"
#include "insight/who.h"

struct worker {
    const struct sweep *sweep;
    const struct kernel_type *type;
    const struct sieve *sieve; /* NULL: the kernel looks at no rows but its own */
    void *kernel;
    struct who *who;       /* NULL: all members */
    struct weaver *weaver; /* NULL: no derived kinds */
    struct sieved sieved;  /* the rows that matter */
    uint8_t *keep;         /* [members] */
    size_t members;        /* allocated */
    uint64_t charged;      /* bytes taken from the budget */
    bool over;             /* the budget was used up */
};

/* The rows that the scan must bring: those of the kinds in [from, to). */
struct need {
    int64_t from, to;
    bool every_kind;
    size_t kind_count;
    uint16_t kinds[SELECTORS_MAX * LIMIT_QUERY_KINDS + EXPR_REACH_KINDS];
};

static void need_kinds(struct need *need, const uint16_t *kinds, size_t count)
{
    if (count > 0) memcpy(need->kinds + need->kind_count, kinds, count * sizeof(*kinds));
    need->kind_count += count;
}

static void need_everything(struct need *need)
{
    need->every_kind = true;
    need->from = INT64_MIN;
    need->to = INT64_MAX;
}

/* What the member expression reads besides. */
static void need_who(struct need *need, const struct sweep *s)
{
    const struct plan *p = s->plan;
    struct expr_reach reach;
    struct expr_context context = {.zone = p->in->zone, .now = p->in->now, .scratch = p->arena};
    expr_get_reach(p->who, &context, &reach);
    bool reads_history = who_needs_fold(p->who) || who_columns(p->who) != 0;
    if (reads_history || (s->who_only && !reach.needed)) {
        need_everything(need);
        return;
    }
    need_kinds(need, reach.kinds, reach.kind_count);
    if (reach.every_kind) need->every_kind = true;
    if (reach.from < need->from) need->from = reach.from;
    if (reach.to > need->to) need->to = reach.to;
}

static void find_need(struct need *need, const struct sweep *s)
{
    const struct plan *p = s->plan;
    *need = (struct need){.from = s->from, .to = s->to, .every_kind = s->every_kind || s->unsifted};
    if (s->who_only) {
        need->from = INT64_MAX;
        need->to = INT64_MIN;
    }
    for (uint32_t i = 0; i < p->selector_count; i++) {
        need_kinds(need, p->selectors[i].kinds, p->selectors[i].kind_count);
        if (p->selectors[i].all) need->every_kind = true;
    }
    if (p->who) need_who(need, s);
    if (p->derived) need_everything(need);
}

/* Charge the growth of the worker's memory. */
static bool charge(struct worker *w)
{
    const struct sweep *s = w->sweep;
    uint64_t bytes = sieved_bytes(&w->sieved) + w->members + w->type->bytes(w->kernel);
    if (w->weaver) bytes += weaver_bytes(w->weaver);
    if (bytes <= w->charged) return true;
    if (!plan_charge(s->plan, bytes - w->charged)) {
        w->over = true;
        return false;
    }
    w->charged = bytes;
    return true;
}

static void make_room(struct worker *w, const struct history *h)
{
    if (!w->who || h->member_count <= w->members) return;
    w->members = (size_t)h->member_count + h->member_count / 4;
    w->keep = mem_resize_array(w->keep, w->members, sizeof(*w->keep));
}

static bool see_run(void *worker, const struct history *run)
{
    struct worker *w = worker;
    const struct history *h = w->weaver ? weaver_weave(w->weaver, run) : run;
    bool any = !w->who;
    make_room(w, h);
    if (w->who) any = who_select(w->who, h, w->keep);
    if (any) {
        const uint8_t *keep = w->who ? w->keep : NULL;
        struct sight sight = {.h = h, .keep = keep};
        if (w->sieve) sieve_run(w->sieve, &w->sieved, h, keep, &sight);
        w->type->run(w->kernel, &sight);
    }
    return charge(w);
}

static void worker_init(struct worker *w, const struct sweep *s)
{
    const struct plan *p = s->plan;
    w->sweep = s;
    if (p->who) w->who = who_create(p, p->who);
    if (p->derived) w->weaver = weaver_create(p);
}

static void worker_finish(struct worker *w)
{
    who_destroy(w->who);
    weaver_destroy(w->weaver);
    sieved_finish(&w->sieved);
    mem_free(w->keep);
}

/* One row stands for others only where all that are asked for are alike. */
static int64_t brief_before(const struct sweep *s, const struct sieve *sieve)
{
    const struct plan *p = s->plan;
    bool alike = sieve && sieve->every != 0 && !sieve->filtered;
    return alike && !p->who && !p->derived && p->columns.mask == 0 ? s->brief_before : 0;
}

/* Filters and member expressions may look at times. */
static bool is_rough(const struct sweep *s, const struct sieve *sieve)
{
    const struct plan *p = s->plan;
    return s->bounds && sieve && !sieve->filtered && !p->who && !p->derived;
}

/* Kinds need not come where rows of all of them are alike. */
static bool is_kindless(const struct sweep *s, const struct sieve *sieve)
{
    const struct plan *p = s->plan;
    bool alike = sieve && sieve->every != 0 && sieve->whole && !sieve->filtered;
    return s->kindless && alike && !p->who && !p->derived;
}

static enum err scan(const struct sweep *s, struct worker *workers, int count, struct why *why)
{
    const struct plan *p = s->plan;
    const struct sieve *sieve = workers[0].sieve;
    struct columns columns = p->columns;
    bool kindless = is_kindless(s, sieve);
    void *pointers[LIMIT_QUERY_WORKERS];
    struct need need;
    find_need(&need, s);
    struct scan scan = {
        .columns = &columns,
        .prop_types = p->types,
        .from = need.from,
        .to = need.to,
        .kinds = need.every_kind ? NULL : need.kinds,
        .kind_count = need.kind_count,
        .without = kindless ? &sieve->kinds : NULL,
        .brief_before = brief_before(s, sieve),
        .bounds = is_rough(s, sieve) ? s->bounds : NULL,
        .bound_count = s->bound_count,
        .members_only = s->members_only || p->who,
        .pieces = s->pieces && !p->who && !p->derived,
        .spans = s->spans && !p->who && !p->derived,
    };
    if (kindless) columns.mask |= COLUMN_NO_KIND;
    for (int i = 0; i < count; i++) {
        pointers[i] = &workers[i];
    }
    enum err err =
        eventlog_scan(p->in->snapshot, &scan, pointers, count, see_run, p->in->budget, why);
    for (int i = 0; i < count; i++) {
        if (workers[i].over) return why_fail(why, ERR_TOO_LARGE, MSG_QUERY_MEMORY, "", NULL);
    }
    return err;
}

enum err sweep_run(const struct sweep *s, const struct kernel_type *type, const void *settings,
                   void *out, struct why *why)
{
    struct worker workers[LIMIT_QUERY_WORKERS] = {0};
    int count = plan_workers(s->plan);
    struct sieve sieve = {0};
    if (!s->unsifted && !s->who_only) sieve_init(&sieve, s->plan, s->from, s->to, s->every_kind);
    for (int i = 0; i < count; i++) {
        struct worker *w = &workers[i];
        w->type = type;
        w->sieve = s->unsifted || s->who_only ? NULL : &sieve;
        w->kernel = i == 0 ? out : mem_alloc(type->size);
        type->init(w->kernel, settings);
        worker_init(w, s);
    }
    enum err err = scan(s, workers, count, why);
    for (int i = 0; i < count; i++) {
        struct worker *w = &workers[i];
        worker_finish(w);
        if (i == 0) continue;
        if (err == ERR_OK) type->merge(out, w->kernel);
        type->finish(w->kernel);
        mem_free(w->kernel);
    }
    if (err != ERR_OK) type->finish(out);
    sieve_finish(&sieve);
    return err;
}
