/* sweep.c - what stands between the scan and a kernel.
 *
 * Each worker has its own buffers: masks, one byte a row for filters, one a member for 'who'. The
 * table 'marks' says by kind which bits a row gets; time and filters only clear bits.
 *
 * A member expression and derived events are about whole histories, so that with either the scan is
 * neither cut by time nor by kind. */
#include "insight/sweep.h"

#include <assert.h>

#include "base/mem.h"
#include "insight/derive.h"
#include "insight/who.h"

struct worker {
    const struct sweep *sweep;
    const struct kernel_type *type;
    const uint32_t *marks; /* [KINDS_MAX] bits of a kind */
    void *kernel;
    struct who *who;       /* NULL: all members */
    struct weaver *weaver; /* NULL: no derived kinds */
    uint32_t *mask;        /* [rows] */
    uint8_t *match;        /* [rows] of one filter */
    uint8_t *keep;         /* [members] */
    size_t rows, members;  /* allocated */
    uint64_t charged;      /* bytes taken from the budget */
    bool over;             /* the budget was used up */
};

static void mark_all(const struct plan *p, uint32_t *marks, uint32_t bit)
{
    for (int kind = 0; kind < KINDS_MAX; kind++) {
        marks[kind] |= bit;
    }
    static const char *const derived[] = {"lifecycle.changed", "trust.changed", "circle.changed",
                                          "segment.entered", "segment.left"};
    for (size_t i = 0; i < sizeof(derived) / sizeof(derived[0]); i++) {
        struct str name = str_of(derived[i]);
        int kind = p->catalog.kind ? p->catalog.kind(p->catalog.ctx, name) : -1;
        if (kind >= 0 && kind < KINDS_MAX) marks[kind] &= ~bit;
    }
    int lifecycle = p->in->fold->kind_lifecycle;
    int trust = p->in->fold->kind_trust;
    if (lifecycle >= 0 && lifecycle < KINDS_MAX) marks[lifecycle] &= ~bit;
    if (trust >= 0 && trust < KINDS_MAX) marks[trust] &= ~bit;
}

static uint32_t *marks_create(const struct sweep *s)
{
    const struct plan *p = s->plan;
    uint32_t *marks = mem_alloc_array(KINDS_MAX, sizeof(*marks));
    mark_all(p, marks, SIGHT_SEEN);
    for (uint32_t i = 0; i < p->selector_count; i++) {
        const struct selector *selector = &p->selectors[i];
        if (selector->all) mark_all(p, marks, UINT32_C(1) << i);
        for (size_t k = 0; k < selector->kind_count; k++) {
            marks[selector->kinds[k]] |= UINT32_C(1) << i | SIGHT_SEEN;
        }
    }
    return marks;
}

/* The kinds that the scan must bring; false when all. */
static bool kinds_needed(const struct sweep *s, uint16_t *kinds, size_t *count)
{
    const struct plan *p = s->plan;
    if (s->every_kind || p->who || p->derived) return false;
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

static void clear_unmatched(struct worker *w, const struct history *h, const struct expr *e,
                            uint32_t bits)
{
    const struct plan *p = w->sweep->plan;
    struct expr_context context = {.zone = p->in->zone, .now = p->in->now, .columns = &p->columns};
    uint32_t first = h->off[0];
    uint32_t end = h->off[h->member_count];
    expr_events(e, &context, h, first, end, w->match);
    for (uint32_t i = first; i < end; i++) {
        w->mask[i] &= ~bits | (0 - (uint32_t)w->match[i - first]);
    }
}

static void mask_rows(struct worker *w, const struct history *h)
{
    const struct sweep *s = w->sweep;
    const struct plan *p = s->plan;
    const uint32_t *marks = w->marks;
    uint32_t *mask = w->mask;
    uint64_t span = s->to > s->from ? (uint64_t)s->to - (uint64_t)s->from : 0;
    uint64_t from = (uint64_t)s->from;
    for (uint32_t i = h->off[0]; i < h->off[h->member_count]; i++) {
        uint32_t inside = 0 - (uint32_t)((uint64_t)h->at[i] - from < span);
        mask[i] = marks[h->kind[i]] & inside;
    }
    if (p->where) clear_unmatched(w, h, p->where, UINT32_MAX);
    for (uint32_t i = 0; i < p->selector_count; i++) {
        const struct expr *where = p->selectors[i].where;
        if (where) clear_unmatched(w, h, where, UINT32_C(1) << i);
    }
}

/* Charge the growth of the worker's memory. */
static bool charge(struct worker *w)
{
    const struct sweep *s = w->sweep;
    uint64_t bytes = w->rows * (sizeof(uint32_t) + 1) + w->members + w->type->bytes(w->kernel);
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
    uint32_t rows = h->off[h->member_count];
    if (rows > w->rows) {
        w->rows = (size_t)rows + rows / 4;
        w->mask = mem_resize_array(w->mask, w->rows, sizeof(*w->mask));
        w->match = mem_resize_array(w->match, w->rows, sizeof(*w->match));
    }
    if (h->member_count > w->members) {
        w->members = (size_t)h->member_count + h->member_count / 4;
        w->keep = mem_resize_array(w->keep, w->members, sizeof(*w->keep));
    }
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
        mask_rows(w, h);
        struct sight sight = {h, w->mask, w->who ? w->keep : NULL};
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
    mem_free(w->mask);
    mem_free(w->match);
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
    uint32_t *marks = marks_create(s);
    for (int i = 0; i < count; i++) {
        struct worker *w = &workers[i];
        w->type = type;
        w->marks = marks;
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
    mem_free(marks);
    return err;
}
