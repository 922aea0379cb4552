/* sweep.c - what stands between the scan and a kernel.
 *
 * A member expression and derived events are about whole histories, so that with either the scan is
 * neither cut by time nor by kind. */
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

/* The kinds that the scan must bring; false when all. */
static bool kinds_needed(const struct sweep *s, uint16_t *kinds, size_t *count)
{
    const struct plan *p = s->plan;
    if (s->every_kind || s->no_rows || p->who || p->derived) return false;
    *count = 0;
    for (uint32_t i = 0; i < p->selector_count; i++) {
        const struct selector *selector = &p->selectors[i];
        if (selector->all) return false;
        for (size_t k = 0; k < selector->kind_count; k++) {
            kinds[(*count)++] = selector->kinds[k];
        }
    }
    return true;
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
    for (uint32_t i = 0; w->who && i < h->member_count; i++) {
        w->keep[i] = who_match(w->who, h, i);
        any = any || w->keep[i];
    }
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

static enum err scan(const struct sweep *s, struct worker *workers, int count, struct why *why)
{
    const struct plan *p = s->plan;
    void *pointers[LIMIT_QUERY_WORKERS];
    uint16_t kinds[SELECTORS_MAX * LIMIT_QUERY_KINDS];
    size_t kind_count = 0;
    bool whole = p->who || p->derived;
    bool some = kinds_needed(s, kinds, &kind_count);
    struct scan scan = {
        .columns = &p->columns,
        .prop_types = p->types,
        .from = whole ? INT64_MIN : s->from,
        .to = whole ? INT64_MAX : s->to,
        .kinds = some ? kinds : NULL,
        .kind_count = kind_count,
        .members_only = s->members_only || p->who,
    };
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
    if (!s->no_rows) sieve_init(&sieve, s->plan, s->from, s->to, s->every_kind);
    for (int i = 0; i < count; i++) {
        struct worker *w = &workers[i];
        w->type = type;
        w->sieve = s->no_rows ? NULL : &sieve;
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
