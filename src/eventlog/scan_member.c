/* scan_member.c - one member's own history.
 *
 * A scan of one worker that only gathers: each persona in turn is the whole map, so that only
 * groups which may hold it are read, and of the tail its own events alone. The pieces are merged as
 * for any member of several personas, then copied. */
#include <stdlib.h>

#include "base/mem.h"
#include "eventlog/scan_work.h"

static int by_id(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static enum err gather_persona(struct scanner *sc, uint32_t persona, uint32_t member)
{
    struct scan_worker *w = &sc->workers[0];
    sc->map = (struct persona_map){1, &persona, &member};
    if (sc->snapshot->tail) {
        uint32_t tail = sc->source_count - 1;
        struct scan_source *source = &sc->sources[tail];
        source->events = tail_view_persona(sc->snapshot->tail, persona, &source->event_count);
        w->cursors[tail].loaded = SCAN_NONE;
    }
    scan_plan(sc);
    return scan_span(w, persona, (uint64_t)persona + 1);
}

static enum err gather_all(struct scanner *sc, uint32_t member, const uint32_t *personas,
                           size_t count)
{
    uint32_t *sorted = mem_copy(personas, count * sizeof(*sorted));
    enum err err = ERR_OK;
    if (count) qsort(sorted, count, sizeof(*sorted), by_id);
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        if (sorted[i] == 0 || (i && sorted[i] == sorted[i - 1])) continue;
        err = gather_persona(sc, sorted[i], member);
    }
    mem_free(sorted);
    return err;
}

static enum err merge_all(struct scanner *sc, uint32_t member)
{
    struct scan_worker *w = &sc->workers[0];
    size_t rows = 0, pieces = w->side.pieces.count;
    VEC_RESERVE(&w->stretches, pieces);
    for (size_t i = 0; i < pieces; i++) {
        const struct scan_piece *p = &w->side.pieces.items[i]; /* ascending by persona */
        w->stretches.items[i] = (struct stretch){p->sheet, p->from, p->from + p->count, LANE_AS_IS};
        rows += p->count;
    }
    w->stretches.count = pieces;
    TRY(sheet_reserve(&sc->layout, &w->out, rows, &sc->purse, &w->why));
    stretches_merge(&sc->layout, w->stretches.items, pieces, member, &w->out, &w->side.texts);
    return ERR_OK;
}

static const struct strings *copy_strings(struct scan_worker *w, struct arena *arena)
{
    const struct layout *l = &w->scanner->layout;
    texts_strings(&w->side.texts, w->strings);
    for (uint32_t i = 0; i < l->text_count; i++) {
        struct strings *s = &w->strings[l->texts[i]];
        struct str *items = arena_alloc_array(arena, s->count, sizeof(*items));
        for (uint32_t k = 1; k < s->count; k++) {
            items[k] = arena_str(arena, s->items[k]);
        }
        s->items = items;
    }
    return w->strings;
}

static void copy_out(struct scan_worker *w, uint32_t member, struct arena *arena,
                     struct history *out)
{
    const struct layout *l = &w->scanner->layout;
    struct sheet copy = {.count = w->out.count};
    for (uint32_t i = 0; i < l->slot_count; i++) {
        unsigned slot = l->slots[i];
        size_t size = (size_t)copy.count * l->widths[slot];
        copy.columns[slot] = arena_alloc(arena, size + 1);
        if (size) memcpy(copy.columns[slot], w->out.columns[slot], size);
    }
    struct history h = {.member_count = 1};
    uint32_t *off = arena_alloc_array(arena, 2, sizeof(*off));
    off[1] = copy.count;
    h.off = off;
    h.member = arena_copy(arena, &member, sizeof(member));
    struct prop_column *props =
        arena_alloc_array(arena, l->columns->prop_count + (size_t)1, sizeof(*props));
    sheet_history(l, &copy, 0, copy_strings(w, arena), props, &h);
    *out = h;
}

/* NOLINTNEXTLINE(readability-function-size): eight parameters are the contract */
enum err eventlog_member(const struct snapshot *s, uint32_t member, const uint32_t *personas,
                         size_t persona_count, const struct scan *scan, struct arena *arena,
                         struct history *out, struct why *why)
{
    struct scanner sc;
    struct budget budget = {.deadline_ns = 0};
    atomic_init(&budget.bytes_left, UINT64_MAX / 2);
    scanner_init(&sc, s, scan, &budget);
    sc.worker_count = 1;
    sc.others = NULL; /* most rows of a group are others': the member's own are turned below */
    sc.workers = mem_alloc(sizeof(sc.workers[0]));
    struct scan_worker *w = &sc.workers[0];
    scan_worker_init(w, &sc, 0, NULL);
    enum err err = gather_all(&sc, member, personas, persona_count);
    if (err == ERR_OK) err = merge_all(&sc, member);
    if (err == ERR_OK) {
        scan_turn_other(&sc, s->personas, &w->out);
        copy_out(w, member, arena, out);
    } else if (why) {
        *why = w->why;
    }
    scanner_finish(&sc);
    return err;
}
