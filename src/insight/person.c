/* person.c - the member's fold is run at most once, when an expression first asks for it.
 *
 * What the fold does not keep but the history says is looked up there: the touchpoints a member
 * came by, and whose contact list they are on. */
#include "insight/person.h"

#include "base/mem.h"

struct person {
    const struct plan *plan;
    struct arena *scratch; /* of one evaluation */
    struct expr_context context;
    struct fold *fold;
    const struct history *h; /* the run at hand */
    uint32_t index;          /* the member at hand */
    bool folded;             /* 'state' is the member's */
    struct fold_state state; /* as of now */
};

void person_fold(const struct plan *p, const struct history *h, uint32_t index, struct fold *f)
{
    const struct fold_names *names = p->in->fold;
    int64_t now = p->in->now;
    for (uint32_t i = h->off[index]; i < h->off[index + 1] && h->at[i] <= now; i++) {
        struct fold_row row;
        fold_row_of_history(names, &p->columns, h, i, &row);
        if (row.roles & ROLE_DERIVED) continue;
        fold_event(f, names, &row, NULL, NULL);
    }
}

static void fold_member(struct person *w)
{
    const struct fold_names *names = w->plan->in->fold;
    int64_t now = w->plan->in->now;
    fold_reset(w->fold);
    person_fold(w->plan, w->h, w->index, w->fold);
    fold_advance(w->fold, names, now, NULL, NULL);
    fold_get_state(w->fold, names, &w->state);
    fold_get_rhythm(w->fold, names, now, &w->state.rhythm);
    w->folded = true;
}

/* ---- from the history ---- */

/* Is it an event up to now of this code of the dimension? code {NULL, 0}: of any. */
static bool is_of(const struct person *w, uint32_t row, enum dim dim, struct str code)
{
    const struct expr_catalog *c = w->plan->in->catalog;
    uint32_t number = w->h->at[row] <= w->plan->in->now ? w->h->dim[dim][row] : 0;
    return number && (!code.p || str_eq(c->code_text(c->ctx, dim, number), code));
}

static void get_touchpoint(const struct person *w, struct str code, struct expr_value *out)
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
static void get_staff(const struct person *w, struct str code, struct expr_value *out)
{
    const struct fold_names *names = w->plan->in->fold;
    const struct history *h = w->h;
    *out = (struct expr_value){.type = TYPE_BOOL};
    uint32_t end = h->off[w->index + 1];
    for (uint32_t i = h->off[w->index]; i < end && h->at[i] <= w->plan->in->now; i++) {
        uint32_t roles = h->kind[i] < names->kind_count ? names->roles[h->kind[i]] : 0;
        if (!(roles & (ROLE_JOIN_CONTACT | ROLE_LEAVE_CONTACT))) continue;
        if (is_of(w, i, DIM_STAFF, code)) out->boolean = (roles & ROLE_JOIN_CONTACT) != 0;
    }
}

static void name_owner(const struct person *w, struct expr_value *out)
{
    const struct expr_catalog *c = w->plan->in->catalog;
    if (out->type == TYPE_NULL) return;
    struct str text = c->code_text(c->ctx, DIM_STAFF, (uint32_t)out->number);
    *out = (struct expr_value){.type = TYPE_TEXT, .text = text};
}

static void get_field(void *ctx, uint32_t member, enum expr_field field, struct str name,
                      struct expr_value *out)
{
    struct person *w = ctx;
    const struct insight *in = w->plan->in;
    const struct fold_state none = {0};
    *out = (struct expr_value){.type = TYPE_NULL};
    if (fold_field(&none, field, out)) {
        *out = (struct expr_value){.type = TYPE_NULL};
        if (!w->folded) fold_member(w);
        (void)fold_field(&w->state, field, out);
        if (field == FIELD_OWNER) name_owner(w, out);
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

struct person *person_create(const struct plan *p)
{
    struct person *w = mem_alloc(sizeof(*w));
    w->plan = p;
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

void person_destroy(struct person *w)
{
    if (!w) return;
    fold_destroy(w->fold);
    arena_destroy(w->scratch);
    mem_free(w);
}

const struct expr_context *person_see(struct person *w, const struct history *h, uint32_t index)
{
    w->h = h;
    w->index = index;
    w->folded = false;
    w->context.now = w->plan->in->now;
    if (arena_used(w->scratch) > 0) arena_reset(w->scratch);
    return &w->context;
}

void person_give(struct person *w, const struct fold_state *state)
{
    w->state = *state;
    w->folded = true;
}

const struct expr_context *person_context(const struct person *w)
{
    return &w->context;
}

const struct fold_state *person_state(struct person *w)
{
    if (!w->folded) fold_member(w);
    return &w->state;
}

const struct fold_state *person_folded(const struct person *w)
{
    return w->folded ? &w->state : NULL;
}
