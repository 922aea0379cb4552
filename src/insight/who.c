/* who.c - the member's fold is run at most once, when the expression first asks for it. */
#include "insight/who.h"

#include "base/mem.h"

struct who {
    const struct plan *plan;
    const struct expr *expr;
    struct arena *scratch; /* of one evaluation */
    struct expr_context context;
    struct fold *fold;
    const struct history *h; /* the run at hand */
    uint32_t index;          /* the member at hand */
    bool folded;             /* 'state' is the member's */
    struct fold_state state; /* as of now */
};

bool who_needs_fold(const struct expr *e)
{
    const struct fold_state none = {0};
    struct expr_value value;
    uint64_t fields = expr_fields(e);
    for (int field = 0; field < FIELD_COUNT; field++) {
        if ((fields >> field & 1) == 0) continue;
        if (fold_field(&none, (enum expr_field)field, &value)) return true;
    }
    return false;
}

static void fold_member(struct who *w)
{
    const struct fold_names *names = w->plan->in->fold;
    const struct history *h = w->h;
    int64_t now = w->plan->in->now;
    fold_reset(w->fold);
    for (uint32_t i = h->off[w->index]; i < h->off[w->index + 1] && h->at[i] <= now; i++) {
        struct fold_row row;
        fold_row_of_history(names, &w->plan->columns, h, i, &row);
        if (row.roles & ROLE_DERIVED) continue;
        fold_event(w->fold, names, &row, NULL, NULL);
    }
    fold_advance(w->fold, names, now, NULL, NULL);
    fold_get_state(w->fold, names, &w->state);
    w->folded = true;
}

static void get_field(void *ctx, uint32_t member, enum expr_field field, struct str name,
                      struct expr_value *out)
{
    struct who *w = ctx;
    const struct insight *in = w->plan->in;
    const struct fold_state none = {0};
    *out = (struct expr_value){.type = TYPE_NULL};
    if (fold_field(&none, field, out)) {
        *out = (struct expr_value){.type = TYPE_NULL};
        if (!w->folded) fold_member(w);
        (void)fold_field(&w->state, field, out);
        return;
    }
    if (in->get) in->get(in->get_ctx, member, field, name, out);
}

struct who *who_create(const struct plan *p, const struct expr *e)
{
    struct who *w = mem_alloc(sizeof(*w));
    w->plan = p;
    w->expr = e;
    w->scratch = arena_create(0);
    w->fold = fold_create();
    w->context = (struct expr_context){
        .zone = p->in->zone,
        .now = p->in->now,
        .columns = &p->columns,
        .get = get_field,
        .get_ctx = w,
        .scratch = w->scratch,
    };
    return w;
}

void who_destroy(struct who *w)
{
    if (!w) return;
    fold_destroy(w->fold);
    arena_destroy(w->scratch);
    mem_free(w);
}

bool who_match(struct who *w, const struct history *h, uint32_t index)
{
    if (h->member[index] == 0) return false;
    w->h = h;
    w->index = index;
    w->folded = false;
    bool match = expr_member(w->expr, &w->context, h, index);
    if (arena_used(w->scratch) > 0) arena_reset(w->scratch);
    return match;
}
