/* memory_adopt.c - what was remembered for one panel goes on for another.
 *
 * What is remembered of a member will do for other expressions when it holds all that these need:
 * their columns, of each kind at least as many rows as far back, and the fold by the same numbers.
 * A kind or a property that the brand did not know when the older panel was made is in none of its
 * events, since a round makes the panel anew before it looks at an event that has one. */
#include "people/owner.h"
#include "segments/memory_internal.h"

struct moving {
    struct memory *to, *from;
    struct step *step; /* from the one to the other */
    bool same;         /* nothing stands elsewhere */
    uint32_t *texts;   /* by code of 'from': code of 'to', 0 = not yet */
};

/* ---- would it do? ---- */

static bool same_rules(const struct panel *x, const struct panel *y)
{
    return x->numbers == y->numbers && x->in.zone == y->in.zone &&
           x->names.rules.owner == y->names.rules.owner &&
           x->names.rules.owner_days == y->names.rules.owner_days;
}

static uint32_t prop_of(const struct memory *m, const struct column *c)
{
    return m->plan->columns.props[c->which];
}

static bool same_column(const struct memory *x, const struct column *a, const struct memory *y,
                        const struct column *b)
{
    if (a->what != b->what) return false;
    bool prop = a->what == COL_NUMBER || a->what == COL_TEXT;
    return prop ? prop_of(x, a) == prop_of(y, b) : a->which == b->which;
}

static bool find_column(struct moving *v, size_t i)
{
    const struct column *c = &v->to->columns.items[i];
    bool prop = c->what == COL_NUMBER || c->what == COL_TEXT;
    size_t at = 0;
    while (at < v->from->columns.count &&
           !same_column(v->to, c, v->from, &v->from->columns.items[at]))
        at++;
    if (at == v->from->columns.count) {
        if (!prop || prop_of(v->to, c) <= v->from->panel->props_known) return false;
        at = ABSENT;
    }
    v->same &= at == i && v->from->columns.items[i].which == c->which;
    VEC_PUSH(&v->step->cells, at);
    return true;
}

static bool find_need(struct moving *v, size_t i)
{
    const struct need *n = &v->to->needs.items[i], *old = memory_need(v->from, n->kind);
    if (old ? n->last > old->last || n->from < old->from : n->kind <= v->from->panel->kinds_known)
        return false;
    size_t at = old ? (size_t)(old - v->from->needs.items) : ABSENT;
    v->same &= at == i;
    VEC_PUSH(&v->step->older, at);
    return true;
}

static void find_slot(struct moving *v, size_t i)
{
    const struct field_slot *s = &v->to->slots.items[i];
    size_t at = 0;
    while (at < v->from->slots.count && (v->from->slots.items[at].field != s->field ||
                                         !str_eq(v->from->slots.items[at].name, s->name)))
        at++;
    if (at == v->from->slots.count) at = ABSENT;
    v->same &= at == i;
    VEC_PUSH(&v->step->asked, at);
}

static bool fits(struct moving *v)
{
    const struct memory *to = v->to, *from = v->from;
    if (!same_rules(to->panel, from->panel) || (to->folds && !from->folds)) return false;
    v->same = to->columns.count == from->columns.count && to->needs.count == from->needs.count &&
              to->slots.count == from->slots.count && to->folds == from->folds;
    for (size_t i = 0; i < to->columns.count; i++) {
        if (!find_column(v, i)) return false;
    }
    for (size_t i = 0; i < to->needs.count; i++) {
        if (!find_need(v, i)) return false;
    }
    for (size_t i = 0; i < to->slots.count; i++)
        find_slot(v, i);
    return true;
}

/* ---- to who remembers nobody ---- */

/* 'to' has what 'from' had, and 'from' nobody. */
static bool exchange(struct moving *v)
{
    struct remembered has = v->to->has;
    v->to->has = v->from->has;
    v->from->has = has;
    if (v->same) return true;
    struct step *step = v->step;
    v->step = NULL;
    if (memory_push_step(v->to, step)) return true;
    memory_forget_all(v->to);
    return false;
}

/* ---- one by one, to who remembers others ---- */

static uint32_t move_text(struct moving *v, uint32_t code)
{
    if (code == 0) return 0;
    if (v->texts[code] == 0)
        v->texts[code] = memory_text_code(v->to, v->from->has.texts.items[code]);
    return v->texts[code];
}

static void move_texts(struct moving *v, struct memo *o)
{
    for (size_t i = 0; i < v->to->columns.count; i++) {
        const struct column *c = &v->to->columns.items[i];
        if (c->what != COL_TEXT) continue;
        uint32_t *codes = (uint32_t *)(void *)memory_cell(o, c, 0);
        for (uint32_t row = 0; row < o->rows; row++)
            codes[row] = move_text(v, codes[row]);
    }
}

static void move_one(struct moving *v, struct memo *o)
{
    const struct shape to = memory_shape(v->to);
    o = memory_catch(v->from, o);
    memory_release(v->from, o);
    memory_forget(v->to, o->member);
    o = memory_take_step(o, v->step, &to);
    move_texts(v, o);
    memory_enter(v->to, o);
}

static void move_all(struct moving *v)
{
    struct remembered *has = &v->from->has;
    v->texts = mem_alloc_array(has->texts.count, sizeof(*v->texts));
    while (has->all.count)
        move_one(v, has->all.items[has->all.count - 1]);
    mem_free(v->texts);
}

/* ---- either ---- */

bool memory_adopt(struct memory *to, struct memory *from)
{
    struct moving v = {.to = to, .from = from};
    if (!to || !from) return false;
    v.step = memory_make_step(from);
    bool fit = fits(&v);
    memory_close(from);
    if (fit && to->has.all.count == 0) {
        fit = exchange(&v);
    } else if (fit) {
        move_all(&v);
    }
    if (fit) memory_make_room(to, NULL);
    if (v.step) memory_free_step(v.step);
    return fit;
}
