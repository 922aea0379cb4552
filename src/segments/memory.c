/* memory.c - rows of a member as columns in one block, their fold as bytes, and hashes of fields.
 *
 *   block   at | amount, numbers | codes, texts | kind       each [room], the widest first
 *
 * 1. What is remembered is as of 'seq': every event up to it is in, and none after it. Events are
 *    added in the order in which a history has them; one that would stand before another is not
 *    added: the member is forgotten.
 * 2. Rows are those that expr_each_need() names, and maybe more; of others of the kind their number
 *    is kept. Which are needed only shrinks as the clock goes on, so that rows once left out are
 *    never missed.
 * 3. The fold is as of the latest event: what is asked is a copy, advanced to now. That of the
 *    member at hand lies open, and goes back to bytes when another comes.
 * 4. digests[i] is of slot i's value when all its readers were last asked. Values are hashed before
 *    the readers are asked, and those that are not of the fold after it once more: who was asked
 *    while one changed, or never yet, is asked again the next time, even if it is as it was. Who
 *    was only learnt was never asked: an event may be in what they were learnt from that nobody
 *    has been told of.
 * 5. A hand goes round over all; who was not looked at since it passed last goes. */
#include "segments/memory_internal.h"

/* ---- which expressions, rows and fields ---- */

#define FIELDS_OF_HISTORY (UINT64_C(1) << FIELD_TOUCHPOINT | UINT64_C(1) << FIELD_STAFF)

static bool is_fit(const struct entry *e)
{
    struct columns columns = {0};
    return e->expr && !e->reach.every_kind && !expr_names_derived(e->expr) &&
           (e->fields & FIELDS_OF_HISTORY) == 0 && expr_columns(e->expr, &columns) &&
           (columns.mask & (COLUMN_OTHER | COLUMN_RECEIVED)) == 0;
}

static void add_reader(struct memory *m, enum expr_field field, struct str name, uint32_t expr)
{
    const struct fold_state none = {0};
    struct expr_value value;
    size_t i = 0;
    while (i < m->slots.count &&
           (m->slots.items[i].field != field || !str_eq(m->slots.items[i].name, name)))
        i++;
    if (i == m->slots.count) {
        bool live = !fold_field(&none, field, &value);
        VEC_PUSH(&m->slots, ((struct field_slot){.field = field, .name = name, .live = live}));
    }
    VEC_PUSH(&m->slots.items[i].readers, expr);
}

static void add_column(struct memory *m, enum what what, uint32_t which, size_t width)
{
    VEC_PUSH(&m->columns, ((struct column){what, which, width, m->row_bytes}));
    m->row_bytes += width;
}

/* The widest first, so that each begins where its type may. */
static void lay_out(struct memory *m, const struct columns *wanted)
{
    add_column(m, COL_AT, 0, sizeof(int64_t));
    if (wanted->mask & COLUMN_AMOUNT) add_column(m, COL_AMOUNT, 0, sizeof(int64_t));
    for (int text = 0; text <= 1; text++) {
        for (uint32_t i = 0; i < wanted->prop_count; i++) {
            int place = plan_place(m->plan, wanted->props[i]);
            if (place < 0 || (m->plan->types[place] == PROP_TEXT) != (text == 1)) continue;
            add_column(m, text ? COL_TEXT : COL_NUMBER, (uint32_t)place,
                       text ? sizeof(uint32_t) : sizeof(double));
        }
    }
    for (uint32_t d = 0; d < DIM_COUNT; d++) {
        if (wanted->mask & (uint32_t)COLUMN_DIM0 << d) add_column(m, COL_DIM, d, sizeof(uint32_t));
    }
    add_column(m, COL_KIND, 0, sizeof(uint16_t));
}

static void note_need(void *ctx, const struct expr_need *need)
{
    struct memory *m = ctx;
    if (need->kind >= m->kind_count) return; /* unknown when the panel was made */
    if (m->need_of[need->kind] == NO_NEED) {
        m->need_of[need->kind] = (uint16_t)m->needs.count;
        VEC_PUSH(&m->needs, ((struct need){.kind = need->kind, .from = INT64_MAX}));
    }
    struct need *n = &m->needs.items[m->need_of[need->kind]];
    if (need->last > n->last) n->last = need->last;
    if (need->last == 0 && need->from < n->from) n->from = need->from;
}

static void find_needs(struct memory *m)
{
    struct arena *scratch = arena_create(0);
    const struct expr_context c = {.zone = m->panel->in.zone, .now = m->now, .scratch = scratch};
    for (size_t i = 0; i < m->needs.count; i++) {
        m->needs.items[i].last = 0;
        m->needs.items[i].from = INT64_MAX;
    }
    for (size_t i = 0; i < m->panel->count; i++) {
        if (m->may_ask[i]) expr_each_need(m->panel->entries[i].expr, &c, note_need, m);
    }
    m->needs_at = m->now;
    arena_destroy(scratch);
}

/* Note what expression i reads. */
static void add_expr(struct memory *m, uint32_t i, struct columns *wanted)
{
    const struct entry *e = &m->panel->entries[i];
    enum expr_field field;
    struct str name;
    m->may_ask[i] = true;
    m->folds |= who_needs_fold(e->expr);
    (void)expr_columns(e->expr, wanted);
    for (size_t k = 0; expr_get_field(e->expr, k, &field, &name); k++)
        add_reader(m, field, name, i);
    for (size_t k = 0; k < e->reach.kind_count; k++) {
        if (e->reach.kinds[k] < m->kind_count) VEC_PUSH(&m->concerns[e->reach.kinds[k]].exprs, i);
    }
}

static size_t kinds_of(const struct panel *p)
{
    size_t count = 0;
    for (size_t i = 0; i < p->count; i++) {
        const struct expr_reach *r = &p->entries[i].reach;
        for (size_t k = 0; p->entries[i].expr && k < r->kind_count; k++) {
            if (r->kinds[k] >= count) count = (size_t)r->kinds[k] + 1;
        }
    }
    return count;
}

struct memory *memory_create(struct panel *p, size_t bytes_max)
{
    struct columns wanted = {0};
    if (p->lenses.count != 1) return NULL;
    struct memory *m = mem_alloc(sizeof(*m));
    m->panel = p;
    m->plan = &p->lenses.items[0]->plan;
    m->bytes_max = bytes_max;
    m->now = p->in.now;
    m->kind_count = kinds_of(p);
    m->may_ask = mem_alloc(p->count + 1);
    m->concerns = mem_alloc_array(m->kind_count + 1, sizeof(*m->concerns));
    m->need_of = mem_alloc_array(m->kind_count + 1, sizeof(*m->need_of));
    memset(m->need_of, 0xFF, m->kind_count * sizeof(*m->need_of));
    m->older = mem_alloc_array(m->kind_count + 1, sizeof(*m->older));
    m->has.memo_of = intmap_create();
    m->has.text_places = map_create();
    m->fold = fold_create();
    m->present = fold_create();
    VEC_PUSH(&m->has.texts, ((struct str){NULL, 0}));
    for (uint32_t i = 0; i < p->count; i++) {
        if (is_fit(&p->entries[i])) add_expr(m, i, &wanted);
    }
    m->folds |= m->plan->derived; /* changes to come have a timer */
    lay_out(m, &wanted);
    find_needs(m);
    return m;
}

/* ---- forgetting ---- */

struct shape memory_shape(const struct memory *m)
{
    return (struct shape){m->columns.items, m->columns.count, m->row_bytes,
                          m->needs.count,   m->slots.count,   m->folds};
}

size_t memory_bytes_of(const struct memory *m, const struct memo *o)
{
    const struct shape s = memory_shape_of(m, o);
    return sizeof(*o) + s.slots * sizeof(o->digests[0]) + s.needs * sizeof(o->older[0]) +
           o->room * s.row_bytes + o->fold_room;
}

struct memo *memory_find(const struct memory *m, uint32_t member)
{
    uint64_t at;
    return intmap_get(m->has.memo_of, member, &at) ? m->has.all.items[at] : NULL;
}

void memory_enter(struct memory *m, struct memo *o)
{
    o->place = (uint32_t)m->has.all.count;
    o->steps = memory_steps(m);
    intmap_put(m->has.memo_of, o->member, o->place);
    VEC_PUSH(&m->has.all, o);
    m->has.bytes += memory_bytes_of(m, o);
}

void memory_release(struct memory *m, struct memo *o)
{
    struct memo *last = m->has.all.items[--m->has.all.count];
    m->has.bytes -= memory_bytes_of(m, o);
    memory_leave_step(m, o);
    last->place = o->place;
    m->has.all.items[o->place] = last;
    intmap_put(m->has.memo_of, last->member, last->place);
    intmap_remove(m->has.memo_of, o->member);
    if (m->open == o) m->open = NULL;
}

void memory_drop(struct memory *m, struct memo *o)
{
    memory_release(m, o);
    mem_free(o->block);
    mem_free(o->fold);
    mem_free(o);
}

void memory_forget(struct memory *m, uint32_t member)
{
    struct memo *o = m ? memory_find(m, member) : NULL;
    if (o) memory_drop(m, o);
}

void memory_forget_all(struct memory *m)
{
    while (m && m->has.all.count)
        memory_drop(m, m->has.all.items[m->has.all.count - 1]);
    if (!m) return;
    map_reset(m->has.text_places);
    m->has.texts.count = 1;
}

void memory_destroy(struct memory *m)
{
    if (!m) return;
    memory_forget_all(m);
    for (size_t i = 0; i < m->slots.count; i++)
        VEC_FINISH(&m->slots.items[i].readers);
    for (size_t i = 0; i < m->kind_count; i++)
        VEC_FINISH(&m->concerns[i].exprs);
    VEC_FINISH(&m->columns);
    VEC_FINISH(&m->needs);
    VEC_FINISH(&m->slots);
    VEC_FINISH(&m->has.all);
    VEC_FINISH(&m->has.texts);
    VEC_FINISH(&m->has.steps);
    VEC_FINISH(&m->kept);
    VEC_FINISH(&m->fresh);
    strbuf_finish(&m->bytes_of_fold);
    intmap_destroy(m->has.memo_of);
    map_destroy(m->has.text_places);
    fold_destroy(m->fold);
    fold_destroy(m->present);
    mem_free(m->may_ask);
    mem_free(m->concerns);
    mem_free(m->need_of);
    mem_free(m->older);
    mem_free(m);
}

size_t memory_count(const struct memory *m)
{
    return m ? m->has.all.count : 0;
}

size_t memory_bytes(const struct memory *m)
{
    return m ? m->has.bytes : 0;
}

size_t memory_room(const struct memory *m)
{
    return m && m->has.bytes < m->bytes_max ? m->bytes_max - m->has.bytes : 0;
}

/* A little is left for who grows. */
bool memory_is_full(const struct memory *m)
{
    return memory_room(m) <= m->bytes_max / 32;
}

/* Until there is room again; 'spared' stays. */
void memory_make_room(struct memory *m, const struct memo *spared)
{
    /* once round to see who was looked at, once more to have them go */
    for (size_t steps = 2 * m->has.all.count; steps > 0 && m->has.bytes > m->bytes_max; steps--) {
        if (m->hand >= m->has.all.count) m->hand = 0;
        struct memo *o = m->has.all.items[m->hand];
        if (o == spared || o->recent) {
            o->recent = false;
            m->hand++;
        } else {
            memory_drop(m, o);
        }
    }
}

struct memo *memory_alloc(const struct shape *s)
{
    size_t digests = s->slots * sizeof(uint64_t);
    struct memo *o = mem_alloc(sizeof(*o) + digests + s->needs * sizeof(o->older[0]));
    o->older = (uint32_t *)(void *)((char *)o->digests + digests);
    return o;
}

struct memo *memory_make(struct memory *m, uint32_t member)
{
    const struct shape s = memory_shape(m);
    struct memo *o = memory_alloc(&s);
    o->member = member;
    memory_enter(m, o);
    return o;
}

void memory_set_now(struct memory *m, int64_t now)
{
    if (!m) return;
    if (now < m->now) memory_forget_all(m);
    bool stale = now < m->now || now - m->needs_at >= NEEDS_MS;
    m->now = now;
    if (stale) find_needs(m);
}
