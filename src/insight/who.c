/* who.c - the member's fold is run at most once, when the expression first asks for it.
 *
 * What the fold does not keep but the history says is looked up there: the touchpoints a member
 * came by, and whose contact list they are on. */
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

/* ---- from the history ---- */

/* Is it an event up to now of this code of the dimension? code {NULL, 0}: of any. */
static bool is_of(const struct who *w, uint32_t row, enum dim dim, struct str code)
{
    const struct expr_catalog *c = w->plan->in->catalog;
    uint32_t number = w->h->at[row] <= w->plan->in->now ? w->h->dim[dim][row] : 0;
    return number && (!code.p || str_eq(c->code_text(c->ctx, dim, number), code));
}

static void get_touchpoint(const struct who *w, struct str code, struct expr_value *out)
{
    const struct expr_catalog *c = w->plan->in->catalog;
    const struct history *h = w->h;
    uint32_t i = h->off[w->index], end = h->off[w->index + 1];
    while (i < end && !is_of(w, i, DIM_TOUCHPOINT, code))
        i++;
    if (code.p) {
        *out = (struct expr_value){.type = TYPE_BOOL, .boolean = i < end};
    } else if (i < end) {
        uint32_t number = h->dim[DIM_TOUCHPOINT][i];
        *out = (struct expr_value){.type = TYPE_TEXT,
                                   .text = c->code_text(c->ctx, DIM_TOUCHPOINT, number)};
    }
}

/* On that person's contact list: the latest of joining and leaving it decides. */
static void get_staff(const struct who *w, struct str code, struct expr_value *out)
{
    const struct fold_names *names = w->plan->in->fold;
    const struct history *h = w->h;
    *out = (struct expr_value){.type = TYPE_BOOL};
    for (uint32_t i = h->off[w->index]; i < h->off[w->index + 1]; i++) {
        uint32_t roles = h->kind[i] < names->kind_count ? names->roles[h->kind[i]] : 0;
        if (!(roles & (ROLE_JOIN_CONTACT | ROLE_LEAVE_CONTACT))) continue;
        if (is_of(w, i, DIM_STAFF, code)) out->boolean = (roles & ROLE_JOIN_CONTACT) != 0;
    }
}

uint32_t who_columns(const struct expr *e)
{
    uint64_t fields = expr_fields(e);
    uint32_t mask = 0;
    if (fields >> FIELD_TOUCHPOINT & 1) mask |= COLUMN_DIM0 << DIM_TOUCHPOINT;
    if (fields >> FIELD_STAFF & 1) mask |= COLUMN_DIM0 << DIM_STAFF;
    return mask;
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
    if (field == FIELD_ID) {
        *out = (struct expr_value){.type = TYPE_NUMBER, .number = member};
        return;
    }
    if (field == FIELD_TOUCHPOINT) {
        get_touchpoint(w, name, out);
        return;
    }
    if (field == FIELD_STAFF) {
        get_staff(w, name, out);
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

bool who_select(struct who *w, const struct history *h, uint8_t *keep)
{
    uint8_t any = 0;
    for (uint32_t i = 0; i < h->member_count; i++) {
        keep[i] = h->member[i] != 0;
    }
    bool decided = expr_members(w->expr, &w->context, h, keep);
    for (uint32_t i = 0; i < h->member_count; i++) {
        if (keep[i] && !decided) keep[i] = who_match(w, h, i);
        any |= keep[i];
    }
    return any;
}
