/* memory_ask.c - members learnt from a history, events added, expressions asked. */
#include "segments/memory_internal.h"

/* ---- folds ---- */

/* The open fold goes back to its member's bytes. */
void memory_close(struct memory *m)
{
    struct memo *o = m->open;
    if (o && m->changed) {
        strbuf_reset(&m->bytes_of_fold);
        fold_encode(m->fold, &m->bytes_of_fold);
        size_t len = m->bytes_of_fold.len;
        if (len > o->fold_room) {
            m->has.bytes -= o->fold_room;
            mem_free(o->fold);
            o->fold_room = (uint32_t)((len + len / 8 + 15) & ~(size_t)7);
            o->fold = mem_alloc(o->fold_room);
            m->has.bytes += o->fold_room;
        }
        memcpy(o->fold, m->bytes_of_fold.p, len);
        o->fold_len = (uint32_t)len;
    }
    m->open = NULL;
    m->changed = false;
}

static void open_fold(struct memory *m, struct memo *o)
{
    if (m->open == o || !m->folds) return;
    memory_close(m);
    if (fold_decode(m->fold, &m->panel->names.rules, (struct str){o->fold, o->fold_len}))
        m->open = o;
}

/* The state of the open fold as of now, given to who is seen. */
static void give_state(struct memory *m, struct person *person)
{
    struct fold_state state;
    fold_copy(m->present, m->fold);
    fold_advance(m->present, &m->panel->names, m->now, NULL, NULL);
    fold_get_state(m->present, &m->panel->names, &state);
    fold_get_rhythm(m->present, &m->panel->names, m->now, &state.rhythm);
    person_give(person, &state);
}

/* ---- fields ---- */

static uint64_t digest_of(const struct expr_value *v)
{
    uint64_t bits = 0;
    switch (v->type) {
    case TYPE_NULL:
        return 0;
    case TYPE_NUMBER:
        bits = bits_of_number(v->number);
        break;
    case TYPE_TEXT:
        bits = hash_xxh3(v->text.p, v->text.len);
        break;
    case TYPE_BOOL:
        bits = v->boolean;
        break;
    case TYPE_TIME:
    case TYPE_DATE:
        bits = (uint64_t)v->time;
        break;
    case TYPE_CODES:
        bits = hash_xxh3(v->codes, v->code_count * sizeof(*v->codes));
        break;
    }
    return bits * 31 + 1 + (uint64_t)v->type;
}

static uint64_t slot_digest(const struct field_slot *s, const struct expr_context *c,
                            uint32_t member)
{
    struct expr_value value = {.type = TYPE_NULL};
    c->get(c->get_ctx, member, s->field, s->name, &value);
    return digest_of(&value);
}

/* What fields are now, into m->fresh. */
static void take_digests(struct memory *m, const struct expr_context *c, uint32_t member)
{
    VEC_RESET(&m->fresh);
    for (size_t i = 0; i < m->slots.count; i++)
        VEC_PUSH(&m->fresh, slot_digest(&m->slots.items[i], c, member));
}

void memory_asked(struct memory *m, const struct expr_context *c, uint32_t member)
{
    struct memo *o = memory_find(m, member);
    for (size_t i = 0; o && i < m->slots.count; i++) {
        const struct field_slot *s = &m->slots.items[i];
        if (!c || (s->live && slot_digest(s, c, member) != o->digests[i]))
            o->digests[i] = NEVER_ASKED;
    }
}

/* ---- learning ---- */

static uint64_t personas_hash(const struct panel_member *member)
{
    return hash_xxh3(member->personas, member->persona_count * sizeof(*member->personas));
}

static void remember(struct memory *m, const struct history *h, uint32_t index,
                     const struct panel_member *member, uint64_t seq)
{
    uint32_t from = h->off[index], to = h->off[index + 1];
    struct memo *o = memory_make(m, member->id);
    if (!memory_take_rows(m, o, h, index)) {
        memory_drop(m, o);
        return;
    }
    o->seq = seq;
    o->personas = personas_hash(member);
    o->shared = member->persona_count > 1;
    o->last_at = from < to ? h->at[to - 1] : TIME_NONE;
    o->recent = true;
    if (m->slots.count) memcpy(o->digests, m->fresh.items, m->slots.count * sizeof(o->digests[0]));
    m->open = o; /* 'fold' is theirs */
    m->changed = m->folds;
    memory_close(m);
    memory_make_room(m, o);
}

const struct expr_context *memory_learn(struct memory *m, struct person *person,
                                        const struct history *h, uint32_t index,
                                        const struct snapshot *s)
{
    uint32_t id = h->member[index], from = h->off[index], to = h->off[index + 1];
    memory_forget(m, id);
    memory_close(m);
    if (m->has.texts.count > TEXTS_MAX) memory_forget_all(m);
    const struct expr_context *c = person_see(person, h, index);
    if (m->folds) {
        fold_reset(m->fold);
        person_fold(m->plan, h, index, m->fold);
        give_state(m, person);
    }
    if (from < to && h->at[to - 1] > m->now) return c; /* what is to come would be missed */
    take_digests(m, c, id);
    struct arena_mark mark = arena_mark(c->scratch);
    struct panel_member member = panel_member_of(s, id, c->scratch);
    remember(m, h, index, &member, s->seq);
    arena_rewind(c->scratch, mark);
    return c;
}

/* ---- what comes ---- */

bool memory_knows(const struct memory *m, const struct panel_member *member)
{
    const struct memo *o = m ? memory_find(m, member->id) : NULL;
    return o && o->personas == personas_hash(member);
}

bool memory_add(struct memory *m, uint32_t member, const struct event *ev, uint64_t seq)
{
    struct memo *o = memory_find(m, member);
    if (!o) return false;
    if (seq <= o->seq) return true;
    o = memory_catch(m, o);
    bool before = o->last_at != TIME_NONE && ev->at < o->last_at;
    bool tied = o->shared && ev->at == o->last_at;
    open_fold(m, o);
    bool open = m->open == o || !m->folds;
    const struct need *need = memory_need(m, ev->kind);
    bool wanted = need && (need->last > 0 || ev->at >= need->from);
    if (!open || before || tied || ev->at > m->now || m->has.texts.count > TEXTS_MAX ||
        (wanted && !memory_reserve_row(m, o))) {
        memory_drop(m, o);
        return false;
    }
    if (wanted) memory_add_row(m, o, ev);
    if (need && !wanted) o->older[need - m->needs.items]++;
    if (m->folds) {
        struct fold_row row;
        fold_row_of_event(&m->panel->names, ev, &row);
        fold_event(m->fold, &m->panel->names, &row, NULL, NULL);
        m->changed = true;
    }
    o->last_at = ev->at;
    o->seq = seq;
    o->recent = true;
    return true;
}

/* ---- asking ---- */

bool memory_may_ask(const struct memory *m, size_t expr)
{
    return m->may_ask[expr];
}

void memory_concerns(const struct memory *m, uint16_t kind, uint8_t *which)
{
    if (kind >= m->kind_count) return;
    for (size_t i = 0; i < m->concerns[kind].exprs.count; i++)
        which[m->concerns[kind].exprs.items[i]] = 1;
}

static void add_changed(struct memory *m, struct memo *o, uint8_t *which)
{
    for (size_t i = 0; i < m->slots.count; i++) {
        const struct field_slot *s = &m->slots.items[i];
        if (o->digests[i] == m->fresh.items[i]) continue;
        for (size_t k = 0; k < s->readers.count; k++)
            which[s->readers.items[k]] = 1;
    }
}

void memory_ask(struct memory *m, struct panel_view *v, uint32_t member,
                const struct memory_question *q)
{
    struct memo *o = memory_catch(m, memory_find(m, member));
    uint32_t off[2];
    struct history h = memory_history(m, o, off);
    const struct expr_context *c = person_see(v->persons[0], &h, 0);
    open_fold(m, o);
    if (m->folds) give_state(m, v->persons[0]);
    take_digests(m, c, member);
    if (q->changed) add_changed(m, o, q->which);
    if (m->slots.count) memcpy(o->digests, m->fresh.items, m->slots.count * sizeof(o->digests[0]));
    *q->due = TIME_NONE;
    panel_ask_lens(v, 0, c, &h, 0, &(struct asking){q->which, q->answers, q->due});
    memory_asked(m, c, member);
    o->recent = true;
    memory_make_room(m, o);
}
