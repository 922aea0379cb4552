/* scan_member.c - one member's own history.
 *
 * Of each level of each part only the groups that may hold one of the personas are looked into, and
 * of those only the personas' rows decoded; of the tail the personas' own events are found by its
 * links. What is found is copied behind each other as stretches of one persona and one source. They
 * are merged by persona first, ties in order of sources, that is of commit; then the personas are,
 * ties by persona, as in a scan. */
#include <stdlib.h>

#include "base/mem.h"
#include "eventlog/scan_fill.h"
#include "eventlog/scan_merge.h"

/* Rows of one persona and source in gathering.found. */
struct gathered {
    uint32_t persona;
    uint32_t source; /* ascending in order of commit, then of time */
    uint32_t from, to;
};

struct gathering {
    const struct snapshot *snapshot;
    const struct scan *scan;
    const uint32_t *personas; /* ascending, each once, not 0 */
    size_t persona_count;
    struct layout layout;
    struct budget budget;
    struct purse purse;
    struct texts texts;   /* of all sheets */
    struct rows rows;     /* of the group in hand */
    struct sheet found;   /* as it was found */
    struct sheet merged;  /* persona by persona */
    struct sheet history; /* in order */
    VEC(struct gathered) pieces;
    struct stretch *stretches; /* scratch: room for one a piece */
    uint32_t source;           /* in hand */
    struct why *why;
};

static int by_id(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* Sort and take out what is there twice, and 0. */
static size_t tidy(uint32_t *personas, size_t count)
{
    size_t n = 0;
    if (count) qsort(personas, count, sizeof(*personas), by_id);
    for (size_t i = 0; i < count; i++) {
        if (personas[i] && (n == 0 || personas[n - 1] != personas[i])) personas[n++] = personas[i];
    }
    return n;
}

/* --- finding rows --- */

/* Rows from .. to - 1 of g->found are a persona's. Those of a group go on with those of the one
 * before it. */
static void add_piece(struct gathering *g, uint32_t persona, uint32_t from, uint32_t to)
{
    struct gathered *last = g->pieces.count ? &g->pieces.items[g->pieces.count - 1] : NULL;
    if (last && last->persona == persona && last->source == g->source && last->to == from) {
        last->to = to;
        return;
    }
    VEC_PUSH(&g->pieces, ((struct gathered){persona, g->source, from, to}));
}

/* Text codes of the part become those of g->texts. */
static void turn_texts(struct gathering *g)
{
    struct rows *r = &g->rows;
    for (uint32_t k = 0; k < g->layout.text_count; k++) {
        unsigned prop = g->layout.texts[k];
        uint32_t *text = r->props[prop].text, last = 0, code = 0;
        for (uint32_t i = 0; i < r->count; i++) {
            if (text[i] == 0) continue;
            if (text[i] != last) code = texts_add(&g->texts, prop, r->props[prop].strings[text[i]]);
            last = text[i];
            text[i] = code;
        }
    }
}

static struct sheet sheet_of(const struct layout *l, const struct rows *r)
{
    struct sheet s = {.count = r->count};
    s.columns[SLOT_AT] = r->at;
    s.columns[SLOT_KIND] = r->kind;
    for (unsigned d = 0; d < DIM_COUNT; d++)
        s.columns[SLOT_DIM0 + d] = r->dim[d];
    s.columns[SLOT_OTHER] = r->other;
    s.columns[SLOT_AMOUNT] = r->amount;
    s.columns[SLOT_RECEIVED] = r->received;
    for (unsigned i = 0; i < l->columns->prop_count; i++) {
        bool text = l->types[i] == PROP_TEXT;
        s.columns[SLOT_PROP0 + i] = text ? (void *)r->props[i].text : (void *)r->props[i].number;
    }
    return s;
}

static enum err gather_group(struct gathering *g, const struct part *p, uint32_t group)
{
    const struct part_wanted wanted = {g->scan->columns, g->scan->prop_types, g->personas,
                                       g->persona_count};
    struct rows *r = &g->rows;
    TRY(part_read_personas(p, group, &wanted, r, g->why));
    if (r->count == 0) return ERR_OK;
    turn_texts(g);
    uint32_t from = g->found.count;
    TRY(sheet_reserve(&g->layout, &g->found, (size_t)from + r->count, &g->purse, g->why));
    struct sheet s = sheet_of(&g->layout, r);
    sheet_copy(&g->layout, &g->found, &(struct segment){.sheet = &s, .count = r->count}, 1, NULL);
    for (uint32_t i = 0; i < r->runs; i++)
        add_piece(g, r->run_persona[i], from + r->run_off[i], from + r->run_off[i + 1]);
    return ERR_OK;
}

/* First of the groups, from place 'from' on, that reaches 'persona'. */
static size_t find_group(const struct part *p, const uint32_t *groups, size_t from, size_t count,
                         uint32_t persona)
{
    while (from < count) {
        size_t middle = from + (count - from) / 2;
        if (part_get_group(p, groups[middle])->persona_max < persona) {
            from = middle + 1;
        } else {
            count = middle;
        }
    }
    return from;
}

static bool is_asked(const struct gathering *g, const struct part *p, uint32_t group)
{
    const struct scan *scan = g->scan;
    const struct part_group *head = part_get_group(p, group);
    if (head->at_max < scan->from || head->at_min >= scan->to) return false;
    for (size_t i = 0; scan->kinds && i < scan->kind_count; i++) {
        if (part_group_has_kind(p, group, scan->kinds[i])) return true;
    }
    return !scan->kinds;
}

static enum err gather_level(struct gathering *g, const struct part *p, uint32_t level)
{
    size_t count, at = 0;
    const uint32_t *groups = part_level_groups(p, level, &count);
    for (size_t i = 0; i < g->persona_count; i++) {
        at = find_group(p, groups, at, count, g->personas[i]);
        /* a group is read once for all it has */
        for (; at < count && part_get_group(p, groups[at])->persona_min <= g->personas[i]; at++) {
            if (is_asked(g, p, groups[at])) TRY(gather_group(g, p, groups[at]));
        }
    }
    return ERR_OK;
}

static enum err gather_tail(struct gathering *g)
{
    for (size_t i = 0; i < g->persona_count; i++) {
        size_t count;
        uint32_t from = g->found.count;
        const struct event **events = tail_view_persona(g->snapshot->tail, g->personas[i], &count);
        enum err err = sheet_reserve(&g->layout, &g->found, from + count, &g->purse, g->why);
        if (err == ERR_OK && count) {
            sheet_add_events(&g->layout, &g->found, events, (uint32_t)count, &g->texts);
            add_piece(g, g->personas[i], from, g->found.count);
        }
        mem_free(events);
        TRY(err);
    }
    return ERR_OK;
}

static enum err gather(struct gathering *g)
{
    for (size_t i = 0; i < g->snapshot->part_count; i++) {
        const struct part *p = g->snapshot->parts[i];
        for (uint32_t level = 0; level < part_level_count(p); level++, g->source++)
            TRY(gather_level(g, p, level));
    }
    return g->snapshot->tail ? gather_tail(g) : ERR_OK;
}

/* --- bringing them in order --- */

static int by_persona(const void *a, const void *b)
{
    const struct gathered *x = a, *y = b;
    if (x->persona != y->persona) return x->persona < y->persona ? -1 : 1;
    return x->source < y->source ? -1 : x->source > y->source;
}

/* The pieces of each persona to one stretch of g->merged each; returns how many. */
static size_t merge_personas(struct gathering *g)
{
    const struct gathered *pieces = g->pieces.items;
    size_t count = g->pieces.count, personas = 0;
    struct stretch *s = g->stretches;
    for (size_t i = 0, n; i < count; i += n) {
        uint32_t from = g->merged.count;
        for (n = 0; i + n < count && pieces[i + n].persona == pieces[i].persona; n++) {
            const struct gathered *p = &pieces[i + n];
            s[personas + n] = (struct stretch){&g->found, p->from, p->to, LANE_AS_IS};
        }
        stretches_merge(&g->layout, s + personas, n, pieces[i].persona, &g->merged, &g->texts);
        s[personas++] = (struct stretch){&g->merged, from, g->merged.count, LANE_AS_IS};
    }
    return personas;
}

static enum err merge(struct gathering *g, uint32_t member)
{
    size_t count = g->pieces.count;
    TRY(sheet_reserve(&g->layout, &g->merged, g->found.count, &g->purse, g->why));
    g->stretches = mem_alloc_array(count + 1, sizeof(*g->stretches));
    if (count) qsort(g->pieces.items, count, sizeof(g->pieces.items[0]), by_persona);
    size_t personas = merge_personas(g);
    sheet_finish(&g->layout, &g->found, &g->purse); /* one history may be millions of rows */
    TRY(sheet_reserve(&g->layout, &g->history, g->merged.count, &g->purse, g->why));
    stretches_merge(&g->layout, g->stretches, personas, member, &g->history, &g->texts);
    sheet_finish(&g->layout, &g->merged, &g->purse);
    return ERR_OK;
}

/* --- handing them over --- */

static const struct strings *copy_strings(struct gathering *g, struct arena *arena)
{
    const struct layout *l = &g->layout;
    struct strings *strings =
        arena_alloc_array(arena, l->columns->prop_count + (size_t)1, sizeof(*strings));
    texts_strings(&g->texts, strings);
    for (uint32_t i = 0; i < l->text_count; i++) {
        struct strings *s = &strings[l->texts[i]];
        struct str *items = arena_alloc_array(arena, s->count, sizeof(*items));
        for (uint32_t k = 1; k < s->count; k++) {
            items[k] = arena_str(arena, s->items[k]);
        }
        s->items = items;
    }
    return strings;
}

static void copy_out(struct gathering *g, uint32_t member, struct arena *arena, struct history *out)
{
    const struct layout *l = &g->layout;
    struct sheet copy = {.count = g->history.count};
    for (uint32_t i = 0; i < l->slot_count; i++) {
        unsigned slot = l->slots[i];
        size_t size = (size_t)copy.count * l->widths[slot];
        copy.columns[slot] = arena_alloc(arena, size + 1);
        if (size) memcpy(copy.columns[slot], g->history.columns[slot], size);
    }
    struct history h = {.member_count = 1};
    uint32_t *off = arena_alloc_array(arena, 2, sizeof(*off));
    off[1] = copy.count;
    h.off = off;
    h.member = arena_copy(arena, &member, sizeof(member));
    struct prop_column *props =
        arena_alloc_array(arena, l->columns->prop_count + (size_t)1, sizeof(*props));
    sheet_history(l, &copy, 0, copy_strings(g, arena), props, &h);
    *out = h;
}

static void gathering_finish(struct gathering *g)
{
    rows_finish(&g->rows);
    sheet_finish(&g->layout, &g->found, &g->purse);
    sheet_finish(&g->layout, &g->merged, &g->purse);
    sheet_finish(&g->layout, &g->history, &g->purse);
    texts_finish(&g->texts);
    VEC_FINISH(&g->pieces);
    mem_free(g->stretches);
}

/* NOLINTNEXTLINE(readability-function-size): eight parameters are the contract */
enum err eventlog_member(const struct snapshot *s, uint32_t member, const uint32_t *personas,
                         size_t persona_count, const struct scan *scan, struct arena *arena,
                         struct history *out, struct why *why)
{
    uint32_t *sorted = mem_copy(personas, persona_count * sizeof(*sorted));
    struct gathering g = {.snapshot = s, .scan = scan, .personas = sorted, .why = why};
    g.persona_count = tidy(sorted, persona_count);
    atomic_init(&g.budget.bytes_left, UINT64_MAX / 2);
    g.purse.budget = &g.budget;
    layout_init(&g.layout, scan->columns, scan->prop_types);
    texts_init(&g.texts, &g.layout, &g.purse, 0);
    enum err err = gather(&g);
    if (err == ERR_OK) err = merge(&g, member);
    if (err == ERR_OK) {
        sheet_turn_other(&g.history, s->personas);
        copy_out(&g, member, arena, out);
    }
    gathering_finish(&g);
    mem_free(sorted);
    return err;
}
