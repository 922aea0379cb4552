/* scan_sift.c - rows that are not asked for go before anything is merged or copied.
 *
 * Kinds lie decoded anyway, and so do times. The rows that stay are moved together column by
 * column, in place: a row never moves up. */
#include <assert.h>

#include "base/mem.h"
#include "base/selection.h"
#include "eventlog/scan_work.h"

/* 'width' is a constant at each call. */
static inline void move_cells(char *cells, const uint32_t *rows, uint32_t count, size_t width)
{
    for (uint32_t i = 0; i < count; i++)
        memcpy(cells + i * width, cells + rows[i] * width, width);
}

static void move_columns(const struct layout *l, struct sheet *s, const uint32_t *rows,
                         uint32_t count)
{
    for (uint32_t i = 0; i < l->slot_count; i++) {
        void *cells = s->columns[l->slots[i]];
        if (l->widths[l->slots[i]] == sizeof(uint64_t)) {
            move_cells(cells, rows, count, sizeof(uint64_t));
        } else if (l->widths[l->slots[i]] == sizeof(uint32_t)) {
            move_cells(cells, rows, count, sizeof(uint32_t));
        } else {
            move_cells(cells, rows, count, sizeof(uint16_t));
        }
    }
}

/* Let every run end behind its rows that stay; those without one go. */
static void move_runs(struct sheet *s, const uint64_t *asked)
{
    uint32_t *end = s->run_off + 1;
    uint32_t runs = s->runs, kept = 0;
    selection_ranks(asked, end, runs, end);
    s->runs = 0;
    for (uint32_t i = 0; i < runs; i++) {
        uint32_t count = end[i];
        if (count > kept) sheet_end_run(s, s->run_persona[i], count);
        kept = count;
    }
}

enum err scan_sift_room(struct scan_worker *w)
{
    if (w->asked) return ERR_OK;
    TRY(purse_take(&w->scanner->purse, PART_GROUP_ROWS / 8 + 2 * PART_GROUP_ROWS * sizeof(*w->stay),
                   &w->why));
    w->asked = mem_alloc_array(PART_GROUP_ROWS / 64, sizeof(*w->asked));
    w->stay = mem_alloc_array(PART_GROUP_ROWS + SELECTION_SLACK, sizeof(*w->stay));
    w->stay_runs = mem_alloc_array(PART_GROUP_ROWS, sizeof(*w->stay_runs));
    return ERR_OK;
}

static enum err sift_kinds(struct scan_worker *w, struct sheet *s, bool mixed)
{
    const struct scanner *sc = w->scanner;
    assert(s->count <= PART_GROUP_ROWS);
    TRY(scan_sift_room(w));
    const uint16_t *kinds = s->columns[SLOT_KIND];
    uint32_t kept = mixed ? codeset_miss_all(sc->scan->without, kinds, s->count, w->asked)
                          : codeset_match_all(sc->kinds, kinds, s->count, w->asked);
    if (kept == s->count) return ERR_OK;
    (void)selection_rows(w->asked, s->count, w->stay);
    move_columns(&sc->layout, s, w->stay, kept);
    move_runs(s, w->asked);
    s->count = kept;
    return ERR_OK;
}

/* Leave of each run no more than its last row before 'bound', and those behind it. */
static void sift_times(const struct layout *l, struct sheet *s, int64_t bound)
{
    const int64_t *at = sheet_times(s);
    uint32_t kept = 0;
    for (uint32_t run = 0; run < s->runs; run++) {
        uint32_t from = s->run_off[run], to = s->run_off[run + 1];
        uint32_t first = history_row_at(at, from, to, bound);
        if (first > from) first--;
        for (uint32_t i = 0; i < l->slot_count; i++) {
            size_t width = l->widths[l->slots[i]];
            char *cells = s->columns[l->slots[i]];
            memmove(cells + kept * width, cells + first * width, (to - first) * width);
        }
        s->run_off[run] = kept;
        kept += to - first;
    }
    s->run_off[s->runs] = s->count = kept;
}

/* Worth it where most of the time is before 'bound'. */
static bool is_old(const struct part_group *g, int64_t bound)
{
    return bound > g->at_min && (bound > g->at_max || bound - g->at_min > g->at_max - bound);
}

enum err scan_sift(struct scan_worker *w, struct sheet *s, const struct part_group *g, bool mixed)
{
    const struct scan *scan = w->scanner->scan;
    if (w->scanner->kinds || mixed) TRY(sift_kinds(w, s, mixed));
    bool every = !w->scanner->kinds && s->count > s->runs; /* rows of a run are alike */
    if (scan->brief_before && every && is_old(g, scan->brief_before))
        sift_times(&w->scanner->layout, s, scan->brief_before);
    return ERR_OK;
}
