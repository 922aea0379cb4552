/* scan_cursor.c - a worker's buffers, and groups loaded into them.
 *
 * 1. A group that is loaded stays until another of its source is: the next task of a worker often
 *    begins in it.
 * 2. 'other' holds personas in parts and in the tail; it is turned into member ids once, at
 * loading.
 * 3. The tail's texts get codes of their own at each loading, so codes turned from them are void.
 */
#include "base/mem.h"
#include "eventlog/scan_work.h"

void scan_worker_init(struct scan_worker *w, struct scanner *sc, uint32_t number, void *ctx)
{
    size_t props = sc->layout.columns->prop_count;
    *w = (struct scan_worker){.scanner = sc, .number = number, .ctx = ctx};
    w->cursors = mem_alloc_array(sc->source_count + 1, sizeof(w->cursors[0]));
    w->lanes = mem_alloc_array(sc->source_count + 1, sizeof(w->lanes[0]));
    w->scratch = mem_alloc_array(sc->source_count + 1, sizeof(w->scratch[0]));
    w->strings = mem_alloc_array(props + 1, sizeof(w->strings[0]));
    w->props = mem_alloc_array(props + 1, sizeof(w->props[0]));
    texts_init(&w->texts, &sc->layout, &sc->purse, sc->source_count);
    texts_init(&w->side.texts, &sc->layout, &sc->purse, sc->source_count);
    texts_init(&w->joined, &sc->layout, &sc->purse, sc->worker_count);
    for (uint32_t s = 0; s < sc->source_count; s++) {
        struct scan_cursor *c = &w->cursors[s];
        c->source = &sc->sources[s];
        c->loaded = SCAN_NONE;
        c->strings = mem_alloc_array(props + 1, sizeof(c->strings[0]));
        w->lanes[s] = (struct lane){.sheet = &c->sheet, .source = s};
        if (!c->source->part) texts_init(&c->texts, &sc->layout, &sc->purse, 0);
    }
}

void scan_worker_finish(struct scan_worker *w)
{
    struct scanner *sc = w->scanner;
    for (uint32_t s = 0; s < sc->source_count; s++) {
        struct scan_cursor *c = &w->cursors[s];
        rows_finish(&c->rows);
        sheet_finish(&sc->layout, &c->own, &sc->purse);
        texts_finish(&c->texts);
        mem_free(c->strings);
        mem_free(c->kept);
        mem_free(c->found);
    }
    scan_side_reset(w);
    texts_finish(&w->side.texts);
    texts_finish(&w->joined);
    texts_finish(&w->texts);
    sheet_finish(&sc->layout, &w->out, &sc->purse);
    sheet_finish(&sc->layout, &w->gathered, &sc->purse);
    VEC_FINISH(&w->stretches);
    VEC_FINISH(&w->side.sheets);
    VEC_FINISH(&w->side.pieces);
    mem_free(w->scratch);
    mem_free(w->asked);
    mem_free(w->stay);
    mem_free(w->stay_runs);
    mem_free(w->off);
    mem_free(w->props);
    mem_free(w->strings);
    mem_free(w->lanes);
    mem_free(w->cursors);
}

enum err scan_check(struct scan_worker *w)
{
    struct budget *b = w->scanner->budget;
    if (atomic_load_explicit(&w->scanner->failed, memory_order_relaxed) ||
        atomic_load_explicit(&b->cancel, memory_order_relaxed)) {
        return why_fail(&w->why, ERR_CANCELLED, MSG_QUERY_CANCELLED, "", NULL);
    }
    if (b->deadline_ns && b->mono_ns(b->ctx) >= b->deadline_ns) {
        return why_fail(&w->why, ERR_DEADLINE, MSG_QUERY_DEADLINE, "", NULL);
    }
    return ERR_OK;
}

/* --- parts --- */

static void borrow_rows(const struct layout *l, struct scan_cursor *c)
{
    struct rows *r = &c->rows;
    void **columns = c->sheet.columns;
    c->sheet.count = r->count;
    c->sheet.runs = r->runs;
    c->sheet.run_persona = r->run_persona;
    c->sheet.run_off = r->run_off;
    columns[SLOT_AT] = r->at;
    columns[SLOT_KIND] = r->kind;
    for (unsigned d = 0; d < DIM_COUNT; d++) {
        columns[SLOT_DIM0 + d] = r->dim[d];
    }
    columns[SLOT_OTHER] = r->other;
    columns[SLOT_AMOUNT] = r->amount;
    columns[SLOT_RECEIVED] = r->received;
    for (unsigned i = 0; i < l->columns->prop_count; i++) {
        bool text = l->types[i] == PROP_TEXT;
        columns[SLOT_PROP0 + i] = text ? (void *)r->props[i].text : (void *)r->props[i].number;
        c->strings[i] = (struct strings){r->props[i].strings, r->props[i].string_count};
    }
}

/* Whether a group has rows that must be left out for their kind. */
static bool is_mixed(const struct scanner *sc, const struct part *p, uint32_t group)
{
    uint32_t count;
    const uint16_t *kinds = part_group_kinds(p, group, &count);
    return sc->scan->without && codeset_meets(sc->scan->without, kinds, count);
}

/* Whether of a group without any such one row a persona is enough. */
static bool is_brief(const struct scanner *sc, const struct part *p, uint32_t group)
{
    uint32_t count;
    const uint16_t *kinds = part_group_kinds(p, group, &count);
    if (sc->scan->brief_before == 0) return false;
    bool brief = part_get_group(p, group)->at_max < sc->scan->brief_before;
    for (uint32_t i = 0; i < count && brief && sc->kinds; i++)
        brief = scan_asks_kind(sc, kinds[i]);
    return brief;
}

/* Whether a group has kinds that are not asked for, so that it may be read by them. */
static bool is_choosable(const struct scanner *sc, const struct part *p, uint32_t group)
{
    uint32_t count, asked = 0;
    const uint16_t *kinds = part_group_kinds(p, group, &count);
    if (!sc->kinds || sc->scan->without || sc->scan->columns->mask & COLUMN_RECEIVED) return false;
    for (uint32_t i = 0; i < count; i++)
        asked += scan_asks_kind(sc, kinds[i]);
    return asked < count;
}

/* Whether all times of a group are the same to who asks. */
static bool is_rough(const struct scanner *sc, const struct part_group *g)
{
    const struct scan *scan = sc->scan;
    if (!scan->bounds || scan->columns->mask & COLUMN_RECEIVED) return false;
    bool same = g->at_min >= scan->from && g->at_max < scan->to;
    for (size_t i = 0; i < scan->bound_count; i++)
        same &= g->at_max < scan->bounds[i] || g->at_min >= scan->bounds[i];
    return same;
}

static enum err load_part(struct scan_worker *w, struct scan_cursor *c, const struct scan_group *g)
{
    struct scanner *sc = w->scanner;
    uint64_t before = c->rows.bytes_read;
    if (g->rows > c->paid_rows) {
        TRY(purse_take(&sc->purse, (uint64_t)(g->rows - c->paid_rows) * sc->layout.row_bytes,
                       &w->why));
        c->paid_rows = g->rows;
    }
    struct columns columns = *sc->scan->columns;
    bool mixed = is_mixed(sc, c->source->part, g->place), chosen = false;
    if (mixed) columns.mask &= ~(uint32_t)COLUMN_NO_KIND;
    if (is_rough(sc, part_get_group(c->source->part, g->place))) columns.mask |= COLUMN_ROUGH;
    if (!mixed && is_brief(sc, c->source->part, g->place)) {
        TRY(part_read_brief(c->source->part, g->place, &columns, &c->rows, &w->why));
    } else if (is_choosable(sc, c->source->part, g->place)) {
        TRY(scan_sift_room(w));
        struct part_choice choice = {&columns, sc->scan->prop_types, sc->kinds, w->asked,
                                     w->stay,  w->stay_runs};
        TRY(part_read_kinds(c->source->part, g->place, &choice, &c->rows, &chosen, &w->why));
    } else {
        TRY(part_read_group(c->source->part, g->place, &columns, sc->scan->prop_types, &c->rows,
                            &w->why));
    }
    atomic_fetch_add_explicit(&sc->budget->bytes_read, c->rows.bytes_read - before,
                              memory_order_relaxed);
    borrow_rows(&sc->layout, c);
    if (chosen) return ERR_OK;
    return scan_sift(w, &c->sheet, part_get_group(c->source->part, g->place), mixed);
}

/* --- the tail --- */

static uint32_t keep_events(const struct scanner *sc, struct scan_cursor *c,
                            const struct scan_group *g)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < g->rows; i++) {
        struct tail_key key = c->source->keys[g->place + i];
        int64_t at = (int64_t)key.at;
        if (at < sc->scan->from || at >= sc->scan->to) continue;
        if (sc->scan->without && codeset_has(sc->scan->without, (uint16_t)key.kind)) continue;
        if (scan_asks_kind(sc, (uint16_t)key.kind)) c->kept[count++] = key;
    }
    for (uint32_t i = 0; c->found && i < count; i++)
        c->found[i] = tail_view_event(c->source->tail, c->kept[i].place);
    return count;
}

static enum err tail_room(struct scan_worker *w, struct scan_cursor *c)
{
    struct scanner *sc = w->scanner;
    bool more = sheet_needs_events(&sc->layout);
    if (c->kept) return ERR_OK;
    TRY(purse_take(&sc->purse, SCAN_TAIL_ROWS * (sizeof(c->kept[0]) + sizeof(c->found[0])),
                   &w->why));
    c->kept = mem_alloc_array(SCAN_TAIL_ROWS, sizeof(c->kept[0]));
    if (more) c->found = mem_alloc_array(SCAN_TAIL_ROWS, sizeof(c->found[0]));
    return ERR_OK;
}

static enum err load_tail(struct scan_worker *w, uint32_t source, const struct scan_group *g)
{
    struct scanner *sc = w->scanner;
    struct scan_cursor *c = &w->cursors[source];
    TRY(tail_room(w, c));
    TRY(sheet_reserve(&sc->layout, &c->own, g->rows, &sc->purse, &w->why));
    texts_forget(&w->texts, source);
    texts_forget(&w->side.texts, source);
    texts_reset(&c->texts);
    c->sheet = c->own;
    sheet_reset(&c->sheet);
    uint32_t count = keep_events(sc, c, g);
    sheet_add_keys(&sc->layout, &c->sheet, c->kept, c->found, count, &c->texts);
    texts_strings(&c->texts, c->strings);
    return texts_pay(&c->texts, &w->why);
}

enum err scan_load(struct scan_worker *w, uint32_t source, uint32_t group)
{
    struct scan_cursor *c = &w->cursors[source];
    const struct scan_group *g = &c->source->groups.items[group];
    if (c->loaded != g->place) {
        c->loaded = SCAN_NONE;
        sheet_reset(&c->sheet);
        TRY(scan_check(w));
        TRY(c->source->part ? load_part(w, c, g) : load_tail(w, source, g));
        sheet_turn_other(&c->sheet, w->scanner->snapshot->personas);
        c->loaded = g->place;
    }
    w->lanes[source].pos = w->lanes[source].end = 0;
    c->next = group + 1;
    return ERR_OK;
}
