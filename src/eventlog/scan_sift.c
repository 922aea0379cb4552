/* scan_sift.c - rows that are not asked for go before anything is merged or copied.
 *
 * Kinds lie decoded anyway. The rows that stay are moved together column by column, in place: a row
 * never moves up. */
#include <assert.h>

#include "base/mem.h"
#include "eventlog/scan_work.h"

#define WORTH_IT(kept, rows) ((kept) < (rows) / 4) /* else moving them costs more than it saves */

/* 'width' is a constant at each call. Bit i of 'asked' is row i. */
static inline void move_cells(char *cells, const uint64_t *asked, uint32_t rows, size_t width)
{
    char *to = cells;
    for (uint32_t i = 0; i < rows; i += 64) {
        for (uint64_t bits = asked[i / 64]; bits; bits &= bits - 1) {
            memcpy(to, cells + (i + (uint32_t)__builtin_ctzll(bits)) * width, width);
            to += width;
        }
    }
}

static void move_columns(const struct layout *l, struct sheet *s, const uint64_t *asked)
{
    for (uint32_t i = 0; i < l->slot_count; i++) {
        void *cells = s->columns[l->slots[i]];
        if (l->widths[l->slots[i]] == sizeof(uint64_t)) {
            move_cells(cells, asked, s->count, sizeof(uint64_t));
        } else if (l->widths[l->slots[i]] == sizeof(uint32_t)) {
            move_cells(cells, asked, s->count, sizeof(uint32_t));
        } else {
            move_cells(cells, asked, s->count, sizeof(uint16_t));
        }
    }
}

/* Rows asked for before row 'end', of which 'before' lie in the words before its own. */
static inline uint32_t count_to(const uint64_t *asked, uint32_t end, uint32_t before)
{
    uint64_t word = end % 64 ? asked[end / 64] & ~(~UINT64_C(0) << end % 64) : 0;
    return before + (uint32_t)__builtin_popcountll(word);
}

static void move_runs(struct sheet *s, const uint64_t *asked)
{
    uint32_t runs = s->runs, word = 0, before = 0, kept = 0;
    s->runs = 0;
    for (uint32_t i = 0; i < runs; i++) {
        uint32_t end = s->run_off[i + 1];
        for (; word < end / 64; word++)
            before += (uint32_t)__builtin_popcountll(asked[word]);
        uint32_t count = count_to(asked, end, before);
        if (count > kept) sheet_end_run(s, s->run_persona[i], count);
        kept = count;
    }
}

enum err scan_sift(struct scan_worker *w, struct sheet *s)
{
    const struct scanner *sc = w->scanner;
    if (!sc->kinds) return ERR_OK;
    assert(s->count <= PART_GROUP_ROWS);
    if (!w->asked) {
        TRY(purse_take(&w->scanner->purse, PART_GROUP_ROWS / 8, &w->why));
        w->asked = mem_alloc_array(PART_GROUP_ROWS / 64, sizeof(*w->asked));
    }
    const uint16_t *kinds = s->columns[SLOT_KIND];
    uint32_t kept = codeset_match_all(sc->kinds, kinds, s->count, w->asked);
    if (!WORTH_IT(kept, s->count)) return ERR_OK;
    move_columns(&sc->layout, s, w->asked);
    move_runs(s, w->asked);
    s->count = kept;
    return ERR_OK;
}
