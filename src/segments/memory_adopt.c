/* memory_adopt.c - what was remembered for one panel goes on for another.
 *
 * What is remembered of a member will do for other expressions when it holds all that these need:
 * their columns, of each kind at least as many rows as far back, and the fold by the same numbers.
 * A kind or a property that the brand did not know when the older panel was made is in none of its
 * events, since a round makes the panel anew before it looks at an event that has one. */
#include "people/owner.h"
#include "segments/memory_internal.h"

/* Of a field that was not read so far: as if it had been something else. */
#define NEVER_ASKED UINT64_C(0x9E3779B97F4A7C15)

/* Where a column or a slot or a need of the new one stands in the old one; ABSENT: in no row. */
#define ABSENT SIZE_MAX

struct moving {
    struct memory *to, *from;
    VEC(size_t) columns, needs, slots; /* by those of 'to' */
    bool same;                         /* nothing stands elsewhere */
    VEC(uint32_t) texts;               /* by code of 'from': code of 'to', 0 = not yet */
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
    VEC_PUSH(&v->columns, at);
    return true;
}

static bool find_need(struct moving *v, size_t i)
{
    const struct need *n = &v->to->needs.items[i], *old = memory_need(v->from, n->kind);
    if (old ? n->last > old->last || n->from < old->from : n->kind <= v->from->panel->kinds_known)
        return false;
    size_t at = old ? (size_t)(old - v->from->needs.items) : ABSENT;
    v->same &= at == i;
    VEC_PUSH(&v->needs, at);
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
    VEC_PUSH(&v->slots, at);
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

/* ---- one by one ---- */

static uint32_t move_text(struct moving *v, uint32_t code)
{
    if (code == 0) return 0;
    while (v->texts.count < v->from->has.texts.count)
        VEC_PUSH(&v->texts, 0);
    if (v->texts.items[code] == 0)
        v->texts.items[code] = memory_text_code(v->to, v->from->has.texts.items[code]);
    return v->texts.items[code];
}

static void move_rows(struct moving *v, struct memo *o, struct memo *old)
{
    struct memory *to = v->to;
    o->rows = old->rows;
    o->room = old->room;
    o->block = mem_alloc_array((size_t)o->room + 1, to->row_bytes);
    for (size_t i = 0; i < v->columns.count; i++) { /* all of 'to' */
        const struct column *c = &to->columns.items[i];
        char *cells = memory_cell(o, c, 0);
        if (v->columns.items[i] == ABSENT) {
            for (uint32_t row = 0; row < o->rows; row++)
                memory_put_null(cells + row * c->width, c);
            continue;
        }
        memcpy(cells, memory_cell(old, &v->from->columns.items[v->columns.items[i]], 0),
               o->rows * c->width);
        if (c->what != COL_TEXT) continue;
        uint32_t *codes = (uint32_t *)(void *)cells;
        for (uint32_t row = 0; row < o->rows; row++)
            codes[row] = move_text(v, codes[row]);
    }
}

static void move_one(struct moving *v, struct memo *old)
{
    memory_forget(v->to, old->member);
    struct memo *o = memory_make(v->to, old->member);
    v->to->has.bytes -= memory_bytes_of(v->to, o);
    o->seq = old->seq;
    o->personas = old->personas;
    o->last_at = old->last_at;
    o->shared = old->shared;
    o->recent = old->recent;
    move_rows(v, o, old);
    if (v->to->folds) {
        o->fold = old->fold;
        o->fold_len = old->fold_len;
        o->fold_room = old->fold_room;
        v->from->has.bytes -= old->fold_room;
        old->fold = NULL;
        old->fold_room = 0;
    }
    for (size_t i = 0; i < v->needs.count; i++)
        o->older[i] = v->needs.items[i] == ABSENT ? 0 : old->older[v->needs.items[i]];
    for (size_t i = 0; i < v->slots.count; i++)
        o->digests[i] = v->slots.items[i] == ABSENT ? NEVER_ASKED : old->digests[v->slots.items[i]];
    v->to->has.bytes += memory_bytes_of(v->to, o);
}

/* ---- all at once ---- */

/* Nothing stands elsewhere, and 'to' remembers nobody: what 'from' has is exchanged for that. */
static void exchange(struct memory *to, struct memory *from)
{
    struct remembered has = to->has;
    to->has = from->has;
    from->has = has;
}

bool memory_adopt(struct memory *to, struct memory *from)
{
    struct moving v = {.to = to, .from = from};
    if (!to || !from) return false;
    bool fit = fits(&v);
    memory_close(from);
    if (fit && v.same && to->has.all.count == 0) {
        exchange(to, from);
    } else if (fit) {
        while (from->has.all.count) {
            move_one(&v, from->has.all.items[from->has.all.count - 1]);
            memory_drop(from, from->has.all.items[from->has.all.count - 1]);
        }
    }
    if (fit) memory_make_room(to, NULL);
    VEC_FINISH(&v.columns);
    VEC_FINISH(&v.needs);
    VEC_FINISH(&v.slots);
    VEC_FINISH(&v.texts);
    return fit;
}
