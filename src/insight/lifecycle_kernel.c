/* lifecycle_kernel.c - a member's events are added up and judged at the ends of buckets alone, and
 * not even there while neither an event nor the clock can have changed the stage. */
#include "insight/lifecycle_kernel.h"

#include "base/mem.h"
#include "insight/plan.h"

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

static void count_flow(struct lifecycle *l, int then)
{
    if (l->stage == STAGE_NONE) return;
    if (then >= 0 && then != STAGE_NONE) {
        l->flow[then][l->stage]++;
    } else {
        l->arrived[l->stage]++;
    }
}

/* The stage at flow_from, or -1; the one at the end is then the member's at hand. */
static int fold_member(struct lifecycle *l, const struct history *h, uint32_t from, uint32_t to)
{
    const struct lifecycle_settings *s = l->settings;
    const struct buckets *b = s->buckets;
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
    return stage_from;
}

static void see(void *kernel, const struct sight *s)
{
    struct lifecycle *l = kernel;
    const struct history *h = s->h;
    for (uint32_t m = 0; m < h->member_count; m++) {
        uint32_t from = h->off[m], to = h->off[m + 1];
        if (!sight_keeps(s, m) || h->member[m] == 0) continue;
        if (from == to || h->at[from] >= l->settings->to) continue;
        int then = fold_member(l, h, from, to);
        count_flow(l, then);
        if (!l->settings->list) continue;
        struct lifecycle_member known = {h->member[m], then < 0 ? STAGES : (uint8_t)then,
                                         (uint8_t)l->stage};
        VEC_PUSH(&l->members, known);
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
    VEC_FINISH(&l->members);
}

static size_t bytes(const void *kernel)
{
    const struct lifecycle *l = kernel;
    return l->settings->buckets->count * sizeof(*l->stock) +
           l->members.capacity * sizeof(l->members.items[0]);
}

static void merge(void *to, void *from)
{
    struct lifecycle *a = to;
    const struct lifecycle *b = from;
    for (size_t i = 0; i < b->members.count; i++)
        VEC_PUSH(&a->members, b->members.items[i]);
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

const struct kernel_type lifecycle_kernel = {
    sizeof(struct lifecycle), init, finish, see, bytes, merge,
};
