/* scan_gather.c - members of several personas: gathered while others stream by, delivered after.
 *
 * 1. A persona lies in one span, so its rows come to one worker, merged: they are one piece, sorted
 *    by at.
 * 2. A member's rows are its pieces merged by at; on a tie the lower persona goes first. That order
 *    does not depend on which part or tail an event is in, so compaction does not change it.
 * 3. When more must be gathered than the budget has room for, all workers let go of what they have;
 *    the scan then gathers a share of the members at a time (scan.c). */
#include <stdlib.h>

#include "base/mem.h"
#include "eventlog/scan_work.h"

#define SHEET_ROWS_MIN 1024

void scan_side_reset(struct scan_worker *w)
{
    struct scanner *sc = w->scanner;
    struct scan_side *side = &w->side;
    for (size_t i = 0; i < side->sheets.count; i++) {
        sheet_finish(&sc->layout, side->sheets.items[i], &sc->purse);
        mem_free(side->sheets.items[i]);
    }
    VEC_RESET(&side->sheets);
    purse_give(&sc->purse, side->pieces.count * sizeof(side->pieces.items[0]));
    VEC_RESET(&side->pieces);
    texts_reset(&side->texts);
}

static void side_overflow(struct scan_worker *w)
{
    atomic_store(&w->scanner->side_full, true);
    scan_side_reset(w);
}

/* A further sheet, twice as large as the last up to a run; NULL when there is no room for it. */
static struct sheet *add_sheet(struct scan_worker *w, size_t rows)
{
    struct scanner *sc = w->scanner;
    struct scan_side *side = &w->side;
    size_t capacity = SHEET_ROWS_MIN;
    if (side->sheets.count)
        capacity = 2 * (size_t)side->sheets.items[side->sheets.count - 1]->capacity;
    if (capacity > SCAN_RUN_ROWS) capacity = SCAN_RUN_ROWS;
    if (capacity < rows) capacity = rows;
    uint64_t bytes = (uint64_t)capacity * sc->layout.row_bytes;
    struct sheet fresh = {0};
    if (atomic_fetch_add(&sc->side_bytes, bytes) + bytes > sc->side_max ||
        sheet_reserve(&sc->layout, &fresh, capacity, &sc->purse, &w->why) != ERR_OK) {
        side_overflow(w);
        return NULL;
    }
    struct sheet *s = mem_copy(&fresh, sizeof(fresh));
    VEC_PUSH(&side->sheets, s);
    return s;
}

bool scan_gather_wants(struct scan_worker *w, uint32_t member)
{
    const struct scanner *sc = w->scanner;
    if (member < sc->member_from || member >= sc->member_to) return false;
    if (!atomic_load_explicit(&sc->side_full, memory_order_relaxed)) return true;
    if (w->side.sheets.count) scan_side_reset(w); /* another worker ran out of room */
    return false;
}

struct sheet *scan_gather_room(struct scan_worker *w, uint32_t member, size_t rows)
{
    struct scan_side *side = &w->side;
    if (!scan_gather_wants(w, member)) return NULL;
    size_t sheets = side->sheets.count;
    struct sheet *last = sheets ? side->sheets.items[sheets - 1] : NULL;
    return last && last->capacity - last->count >= rows ? last : add_sheet(w, rows);
}

void scan_gather_done(struct scan_worker *w, uint32_t persona, uint32_t member, struct sheet *sheet,
                      uint32_t from)
{
    struct scan_piece piece = {member, persona, sheet, from, sheet->count - from, w->number};
    if (texts_pay(&w->side.texts, &w->why) != ERR_OK ||
        purse_take(&w->scanner->purse, sizeof(piece), &w->why) != ERR_OK) {
        side_overflow(w);
        return;
    }
    VEC_PUSH(&w->side.pieces, piece);
}

/* --- delivery --- */

static int by_member(const void *a, const void *b)
{
    const struct scan_piece *x = a, *y = b;
    if (x->member != y->member) return x->member < y->member ? -1 : 1;
    return x->persona < y->persona ? -1 : x->persona > y->persona;
}

/* Copy the pieces of all workers, which are 'count', and sort them. */
static void collect_pieces(struct scanner *sc, size_t count)
{
    VEC_RESERVE(&sc->pieces, count);
    for (uint32_t i = 0; i < sc->worker_count; i++) {
        const struct scan_side *side = &sc->workers[i].side;
        for (size_t k = 0; k < side->pieces.count; k++) {
            sc->pieces.items[sc->pieces.count++] = side->pieces.items[k];
        }
        texts_reset(&sc->workers[i].joined);
    }
    if (count) qsort(sc->pieces.items, count, sizeof(sc->pieces.items[0]), by_member);
}

static void add_delivery(struct scanner *sc, size_t first)
{
    VEC_PUSH(&sc->deliveries, first);
}

/* One past the last piece of the member of piece 'i'; *rows are the member's. */
static size_t member_end(const struct scanner *sc, size_t i, uint64_t *rows)
{
    uint32_t member = sc->pieces.items[i].member;
    *rows = 0;
    for (; i < sc->pieces.count && sc->pieces.items[i].member == member; i++) {
        *rows += sc->pieces.items[i].count;
    }
    return i;
}

enum err scan_gather_sort(struct scanner *sc, struct why *why)
{
    size_t count = 0;
    for (uint32_t i = 0; i < sc->worker_count; i++) {
        count += sc->workers[i].side.pieces.count;
    }
    purse_give(&sc->purse, sc->pieces.count * sizeof(sc->pieces.items[0])); /* of the last pass */
    VEC_FINISH(&sc->pieces);
    VEC_RESET(&sc->deliveries);
    TRY(purse_take(&sc->purse, count * sizeof(sc->pieces.items[0]), why));
    collect_pieces(sc, count);
    uint64_t rows, held = 0;
    for (size_t i = 0, end; i < count; i = end) {
        end = member_end(sc, i, &rows);
        if (i == 0 || held + rows > SCAN_RUN_ROWS) {
            add_delivery(sc, i);
            held = 0;
        }
        held += rows;
    }
    add_delivery(sc, count);
    return ERR_OK;
}

static enum err begin_run(struct scan_worker *w, const struct scan_piece *pieces, size_t count)
{
    struct scanner *sc = w->scanner;
    uint64_t rows = 0;
    for (size_t i = 0; i < count; i++) {
        rows += pieces[i].count;
    }
    sheet_reset(&w->out);
    TRY(sheet_reserve(&sc->layout, &w->out, rows, &sc->purse, &w->why));
    for (uint32_t i = 0; i < sc->worker_count; i++) {
        texts_strings(&sc->workers[i].side.texts, w->strings);
        texts_bind(&w->joined, i, w->strings);
    }
    return ERR_OK;
}

static void add_stretch(struct scan_worker *w, const struct scan_piece *p)
{
    struct stretch stretch = {p->sheet, p->from, p->from + p->count, p->worker};
    VEC_PUSH(&w->stretches, stretch);
}

enum err scan_gather_deliver(struct scan_worker *w, size_t delivery)
{
    struct scanner *sc = w->scanner;
    size_t first = sc->deliveries.items[delivery], end = sc->deliveries.items[delivery + 1];
    uint64_t rows;
    TRY(begin_run(w, sc->pieces.items + first, end - first));
    for (size_t i = first; i < end;) {
        uint32_t member = sc->pieces.items[i].member;
        size_t next = member_end(sc, i, &rows);
        VEC_RESET(&w->stretches);
        while (i < next) {
            add_stretch(w, &sc->pieces.items[i++]);
        }
        stretches_merge(&sc->layout, w->stretches.items, w->stretches.count, member, &w->out,
                        &w->joined);
    }
    TRY(texts_pay(&w->joined, &w->why));
    texts_strings(&w->joined, w->strings);
    return scan_deliver(w, &w->out, 0, w->out.runs, w->strings);
}
