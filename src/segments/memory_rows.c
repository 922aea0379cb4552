/* memory_rows.c - rows in columns: which are kept, and where. */
#include <math.h>

#include "segments/memory_internal.h"

char *memory_cell(const struct memo *o, const struct column *c, uint32_t row)
{
    return o->block + (size_t)o->room * c->before + row * c->width;
}

uint32_t memory_text_code(struct memory *m, struct str text)
{
    uint64_t code = m->has.texts.count;
    size_t newest = m->has.texts.count - 1;
    if (!text.p) return 0;
    if (map_get(m->has.text_places, text, &code)) return (uint32_t)code;
    map_put(m->has.text_places, text, code);
    (void)map_next(m->has.text_places, &newest, &text, &code); /* its copy stays until a reset */
    VEC_PUSH(&m->has.texts, text);
    return (uint32_t)code;
}

/* A cell of a history, as bits. */
static uint64_t cell_of_history(struct memory *m, const struct column *c, const struct history *h,
                                uint32_t row)
{
    const struct prop_column *p = &h->props[c->which];
    switch (c->what) {
    case COL_AT:
        return (uint64_t)h->at[row];
    case COL_AMOUNT:
        return (uint64_t)h->amount[row];
    case COL_NUMBER:
        return bits_of_number(p->number[row]);
    case COL_DIM:
        return h->dim[c->which][row];
    case COL_TEXT:
        return p->text[row] ? memory_text_code(m, p->strings[p->text[row]]) : 0;
    case COL_KIND:
        return h->kind[row];
    }
    return 0;
}

static uint64_t cell_of_event(struct memory *m, const struct column *c, const struct event *ev)
{
    const struct event_prop *prop = NULL;
    if (c->what == COL_NUMBER || c->what == COL_TEXT) {
        for (uint32_t i = 0; i < ev->prop_count && !prop; i++) {
            if (ev->props[i].id == m->plan->columns.props[c->which]) prop = &ev->props[i];
        }
    }
    switch (c->what) {
    case COL_AT:
        return (uint64_t)ev->at;
    case COL_AMOUNT:
        return (uint64_t)ev->amount;
    case COL_NUMBER:
        return bits_of_number(prop ? prop->number : NAN);
    case COL_DIM:
        return ev->dim[c->which];
    case COL_TEXT:
        return prop ? memory_text_code(m, prop->text) : 0;
    case COL_KIND:
        return ev->kind;
    }
    return 0;
}

static void put_cell(char *to, size_t width, uint64_t bits)
{
    uint32_t four = (uint32_t)bits;
    uint16_t two = (uint16_t)bits;
    const void *from = width == 8 ? (const void *)&bits : width == 4 ? (void *)&four : (void *)&two;
    memcpy(to, from, width);
}

void memory_put_null(char *cell, const struct column *c)
{
    put_cell(cell, c->width, c->what == COL_NUMBER ? bits_of_number(NAN) : 0);
}

static void begin_needs(struct memory *m)
{
    for (size_t i = 0; i < m->needs.count; i++)
        m->needs.items[i].seen = 0;
    VEC_RESET(&m->kept);
}

struct need *memory_need(const struct memory *m, uint16_t kind)
{
    return kind < m->kind_count && m->need_of[kind] != NO_NEED ? &m->needs.items[m->need_of[kind]]
                                                               : NULL;
}

/* Keep a row that is needed beside those newer ones that were asked about; of others of a kind that
 * is, one more is left out. */
static void sift(struct memory *m, struct memo *o, uint32_t row, uint16_t kind, int64_t at)
{
    struct need *n = memory_need(m, kind);
    if (!n) return;
    if (n->seen++ < n->last || at >= n->from) {
        VEC_PUSH(&m->kept, row);
    } else {
        o->older[n - m->needs.items]++;
    }
}

/* Another room for rows, those of m->kept moved to its front; they stand newest first. */
static void rebuild(struct memory *m, struct memo *o, uint32_t room)
{
    struct memo old = *o;
    m->has.bytes -= memory_bytes_of(m, o);
    o->room = room;
    o->rows = (uint32_t)m->kept.count;
    o->block = mem_alloc_array(room + 1, m->row_bytes);
    for (size_t c = 0; c < m->columns.count; c++) {
        const struct column *column = &m->columns.items[c];
        for (uint32_t i = 0; i < o->rows; i++) {
            memcpy(memory_cell(o, column, i),
                   memory_cell(&old, column, m->kept.items[o->rows - 1 - i]), column->width);
        }
    }
    mem_free(old.block);
    m->has.bytes += memory_bytes_of(m, o);
}

static uint32_t room_for(size_t rows)
{
    return (uint32_t)((rows + rows / 8 + 7) & ~(size_t)3);
}

/* Leave out what is not needed any more; false when too much is. */
static bool tidy(struct memory *m, struct memo *o)
{
    const struct column *at = &m->columns.items[0], *kind = &m->columns.items[m->columns.count - 1];
    begin_needs(m);
    for (uint32_t row = o->rows; row-- > 0;) {
        int64_t t;
        uint16_t k;
        memcpy(&t, memory_cell(o, at, row), sizeof(t));
        memcpy(&k, memory_cell(o, kind, row), sizeof(k));
        sift(m, o, row, k, t);
    }
    if (m->kept.count >= ROWS_MAX) return false;
    rebuild(m, o, room_for(m->kept.count));
    return true;
}

bool memory_reserve_row(struct memory *m, struct memo *o)
{
    return o->rows < o->room || tidy(m, o);
}

bool memory_take_rows(struct memory *m, struct memo *o, const struct history *h, uint32_t index)
{
    begin_needs(m);
    for (uint32_t row = h->off[index + 1]; row-- > h->off[index];)
        sift(m, o, row, h->kind[row], h->at[row]);
    if (m->kept.count >= ROWS_MAX) return false;
    m->has.bytes -= memory_bytes_of(m, o);
    o->rows = (uint32_t)m->kept.count;
    o->room = room_for(o->rows);
    o->block = mem_alloc_array(o->room + 1, m->row_bytes);
    m->has.bytes += memory_bytes_of(m, o);
    for (size_t c = 0; c < m->columns.count; c++) {
        const struct column *column = &m->columns.items[c];
        for (uint32_t i = 0; i < o->rows; i++) {
            uint64_t bits = cell_of_history(m, column, h, m->kept.items[o->rows - 1 - i]);
            put_cell(memory_cell(o, column, i), column->width, bits);
        }
    }
    return true;
}

void memory_add_row(struct memory *m, struct memo *o, const struct event *ev)
{
    for (size_t c = 0; c < m->columns.count; c++) {
        const struct column *column = &m->columns.items[c];
        put_cell(memory_cell(o, column, o->rows), column->width, cell_of_event(m, column, ev));
    }
    o->rows++;
}

struct history memory_history(struct memory *m, const struct memo *o, uint32_t off[2])
{
    struct history h = {.member_count = 1, .member = &o->member, .off = off, .older = m->older};
    for (size_t i = 0; i < m->needs.count; i++)
        m->older[m->needs.items[i].kind] = o->older[i];
    off[0] = 0;
    off[1] = o->rows;
    h.props = m->props;
    h.prop_count = m->plan->columns.prop_count;
    for (uint32_t i = 0; i < h.prop_count; i++)
        m->props[i] = (struct prop_column){.id = m->plan->columns.props[i],
                                           .type = m->plan->types[i],
                                           .strings = m->has.texts.items,
                                           .string_count = (uint32_t)m->has.texts.count};
    for (size_t i = 0; i < m->columns.count; i++) {
        const struct column *c = &m->columns.items[i];
        const void *cells = memory_cell(o, c, 0);
        if (c->what == COL_AT) h.at = cells;
        if (c->what == COL_AMOUNT) h.amount = cells;
        if (c->what == COL_NUMBER) m->props[c->which].number = cells;
        if (c->what == COL_DIM) h.dim[c->which] = cells;
        if (c->what == COL_TEXT) m->props[c->which].text = cells;
        if (c->what == COL_KIND) h.kind = cells;
    }
    return h;
}
