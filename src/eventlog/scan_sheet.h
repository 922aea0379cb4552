/* scan_sheet.h - rows as columns of equal length, and the purse that pays for them.
 *
 * A sheet either owns its columns (filled by sheet_reserve and sheet_copy) or borrows them from a
 * decoded group; a struct layout says which columns there are. A sheet has one thread, a purse any.
 */
#pragma once

#include <stdatomic.h>

#include "base/err.h"
#include "base/history.h"
#include "eventlog/scan.h"

#define SHEET_SLACK 16 /* cells behind the last of every column, which may be read and written */

/* Where a column lies in a sheet. */
enum slot {
    SLOT_AT,
    SLOT_KIND,
    SLOT_DIM0,
    SLOT_OTHER = SLOT_DIM0 + DIM_COUNT,
    SLOT_AMOUNT,
    SLOT_RECEIVED,
    SLOT_PROP0,
    SLOT_COUNT = SLOT_PROP0 + 64
};

struct layout {
    const struct columns *columns; /* as asked for; borrowed */
    const enum prop_type *types;   /* beside columns->props; borrowed */
    uint32_t slot_count;           /* columns there are */
    uint8_t slots[SLOT_COUNT];     /* [slot_count] which, ascending */
    uint8_t widths[SLOT_COUNT];    /* by slot: bytes of a cell */
    uint32_t row_bytes;            /* bytes of a row that is a run of its own */
    uint32_t text_count;           /* properties of type text */
    uint8_t texts[64];             /* [text_count] their places in columns->props */
};

struct sheet {
    uint32_t count;            /* rows */
    uint32_t runs;             /* of rows of one persona, or of one member once gathered */
    uint32_t *run_persona;     /* [runs] whose */
    uint32_t *run_off;         /* [runs + 1] run i is rows run_off[i] .. run_off[i + 1] - 1 */
    uint32_t capacity;         /* rows there is room for; 0 when borrowed */
    void *columns[SLOT_COUNT]; /* those of the layout; others NULL */
};

/* What one scan takes from a budget; all of it goes back at the end. */
struct purse {
    struct budget *budget;  /* borrowed */
    _Atomic uint64_t taken; /* bytes not yet given back */
};

/* Strings of one text property: entry 0 stands for null. */
struct strings {
    const struct str *items; /* [count] */
    uint32_t count;
};

/* Rows to copy. */
struct segment {
    const struct sheet *sheet;
    const struct remap
        *remaps; /* by place in columns->props: turns text codes; NULL = as they are */
    uint32_t from, count;
};
struct texts;

MUST_CHECK enum err purse_take(struct purse *p, uint64_t bytes, struct why *why);
void purse_give(struct purse *p, uint64_t bytes);
void purse_give_all(struct purse *p);

void layout_init(struct layout *l, const struct columns *columns, const enum prop_type *types);

static inline const int64_t *sheet_times(const struct sheet *s)
{
    return s->columns[SLOT_AT];
}

/* Room for 'rows' rows in all; those there are kept. */
MUST_CHECK enum err sheet_reserve(const struct layout *l, struct sheet *s, size_t rows,
                                  struct purse *purse, struct why *why);
/* Free owned columns; the purse gets back what they took. A zeroed sheet is allowed. */
void sheet_finish(const struct layout *l, struct sheet *s, struct purse *purse);
/* No rows, the same room. */
void sheet_reset(struct sheet *s);
/* Let a run end before row 'end', which is past the end of the run before it; there is room. */
static inline void sheet_end_run(struct sheet *s, uint32_t persona, uint32_t end)
{
    if (s->runs == 0) s->run_off[0] = 0;
    s->run_persona[s->runs++] = persona;
    s->run_off[s->runs] = end;
}
/* Append rows; their runs are the caller's to end. There is room. Text codes that must turn are
 * looked up in 'texts'. */
void sheet_copy(const struct layout *l, struct sheet *to, const struct segment *segments,
                size_t count, struct texts *texts);
/* Point 'h' at the columns of a sheet from row 'from' on; props has room for all asked for. Members
 * and offsets are the caller's to set. */
void sheet_history(const struct layout *l, const struct sheet *s, uint32_t from,
                   const struct strings *strings, struct prop_column *props, struct history *h);

/* First place at or after 'pos' of an ascending array whose value is at least 'bound'; near ones
 * are found first. */
size_t gallop_u32(const uint32_t *values, size_t pos, size_t count, uint64_t bound);
