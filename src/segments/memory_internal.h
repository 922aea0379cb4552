/* memory_internal.h - what is remembered, shared by its own files: memory.c (which rows and fields,
 * and who stays), memory_rows.c (rows), memory_ask.c (learning, adding, asking), memory_adopt.c
 * (other expressions), memory_step.c (members carried over to them). */
#pragma once

#include "base/hash.h"
#include "base/map.h"
#include "segments/memory.h"
#include "segments/panel_internal.h"

#define ROWS_MAX ((size_t)1 << 18)  /* of a member; who needs more is read */
#define TEXTS_MAX ((size_t)1 << 16) /* then all is forgotten, and they with it */
#define NEEDS_MS TIME_HOUR          /* so often it is asked anew which rows are needed */
#define NO_NEED UINT16_MAX
/* Digest of a field whose readers have yet to be asked: as if it had been something else. */
#define NEVER_ASKED UINT64_C(0x9E3779B97F4A7C15)

enum what { COL_AT, COL_AMOUNT, COL_NUMBER, COL_DIM, COL_TEXT, COL_KIND };

struct column {
    enum what what;
    uint32_t which; /* dimension, or place among the plan's properties */
    size_t width;
    size_t before; /* bytes of a row in the columns before it */
};

/* Rows of a kind that expressions read: the newest 'last', and those from 'from' on. */
struct need {
    uint16_t kind;
    uint32_t last;
    int64_t from;
    uint32_t seen; /* while rows are gone through, newest first */
};

/* A field that expressions read. */
struct field_slot {
    enum expr_field field;
    struct str name;
    bool live;             /* not of the fold: it may change while readers are asked */
    VEC(uint32_t) readers; /* expressions */
};

struct concern {
    VEC(uint32_t) exprs;
};

/* What a memo is laid out by. */
struct shape {
    const struct column *columns; /* [column_count] */
    size_t column_count, row_bytes;
    size_t needs, slots;
    bool folds;
};

/* From one panel's shape to the next one's: where its columns, needs and slots stand in the former.
 */
struct step {
    struct shape from;
    struct column *columns;          /* of 'from'; owned */
    VEC(size_t) cells, older, asked; /* ABSENT: it was not in there */
    size_t memos;                    /* that wait to take it */
};

struct memo {
    uint32_t member;
    uint32_t place; /* in 'all' */
    uint32_t steps; /* taken, of all there ever were */
    uint64_t seq;
    uint64_t personas; /* hash of them */
    int64_t last_at;   /* of any event; TIME_NONE = none */
    bool shared;       /* several personas: ties stand by persona */
    bool recent;       /* since the hand passed */
    uint32_t rows, room;
    char *block;
    uint32_t fold_len, fold_room;
    char *fold;
    uint32_t *older;    /* by need: rows of the kind that are left out; behind the digests */
    uint64_t digests[]; /* by slot */
};

/* Who is remembered. */
struct remembered {
    struct intmap *memo_of; /* member -> memo, as a number */
    VEC(struct memo *) all;
    struct map *text_places; /* text -> its code */
    VEC(struct str) texts;   /* by code; 0 = null */
    size_t bytes;
    VEC(struct step *) steps; /* to the newest panel, of those that memos have yet to take */
    uint32_t steps_gone;      /* before them */
    size_t behind;            /* memos that have yet to take one */
    size_t sweep;             /* in 'all': the next to be carried over without a cause */
};

struct memory {
    struct panel *panel;
    const struct plan *plan;
    struct remembered has;
    size_t bytes_max;
    int64_t now;
    int64_t needs_at; /* when it was asked which rows are needed */
    bool folds;       /* fields of the fold are read */
    bool *may_ask;    /* by expression */
    VEC(struct column) columns;
    size_t row_bytes;
    VEC(struct need) needs;
    uint16_t *need_of;        /* [kind_count] place, or NO_NEED */
    struct concern *concerns; /* [kind_count] */
    size_t kind_count;
    VEC(struct field_slot) slots;
    size_t hand; /* in has.all */
    struct prop_column props[64];
    uint32_t *older;     /* [kind_count] of who is asked */
    VEC(uint32_t) kept;  /* scratch: rows */
    VEC(uint64_t) fresh; /* scratch: digests */
    struct strbuf bytes_of_fold;
    struct fold *fold, *present;
    struct memo *open; /* whose fold 'fold' is; NULL = nobody's */
    bool changed;      /* and it is not in their bytes yet */
};

static inline uint64_t bits_of_number(double number)
{
    uint64_t bits;
    memcpy(&bits, &number, sizeof(bits));
    return bits;
}

/* memory.c */
size_t memory_bytes_of(const struct memory *m, const struct memo *o);
struct memo *memory_find(const struct memory *m, uint32_t member);
/* A new one, without rows and fold. */
struct memo *memory_make(struct memory *m, uint32_t member);
/* One whose member is not remembered, of the newest shape; takes it. */
void memory_enter(struct memory *m, struct memo *o);
/* It is the caller's. */
void memory_release(struct memory *m, struct memo *o);
void memory_drop(struct memory *m, struct memo *o);
/* Until there is room again, others go; 'spared' stays. */
void memory_make_room(struct memory *m, const struct memo *spared);
struct shape memory_shape(const struct memory *m);
/* Of that shape, zeroed. */
struct memo *memory_alloc(const struct shape *s);

/* memory_step.c */
/* Where a column, a need or a slot of the newer shape does not stand in the older one: in no row.
 */
#define ABSENT SIZE_MAX
/* From the shape that 'm' has; where things stand is to be filled in. */
struct step *memory_make_step(const struct memory *m);
void memory_free_step(struct step *step);
/* All who are remembered have yet to take the step, too, which is taken. False: there are too many.
 */
MUST_CHECK bool memory_push_step(struct memory *m, struct step *step);
/* A memo of the shape that it leads to, in the place of one that is of nobody's. */
struct memo *memory_take_step(struct memo *old, const struct step *step, const struct shape *to);
/* What a memo is laid out by for now. */
struct shape memory_shape_of(const struct memory *m, const struct memo *o);
/* Have a memo, which may become another, take the steps it has yet to. */
struct memo *memory_catch(struct memory *m, struct memo *o);
/* It goes: no step waits for it. */
void memory_leave_step(struct memory *m, const struct memo *o);
static inline uint32_t memory_steps(const struct memory *m)
{
    return m->has.steps_gone + (uint32_t)m->has.steps.count;
}

/* memory_ask.c */
/* The open fold goes back to its member's bytes. */
void memory_close(struct memory *m);

/* memory_rows.c */
/* What a kind is needed for; NULL: nothing. */
struct need *memory_need(const struct memory *m, uint16_t kind);
/* Take what is needed of a member's rows; false when it is too much. */
MUST_CHECK bool memory_take_rows(struct memory *m, struct memo *o, const struct history *h,
                                 uint32_t index);
char *memory_cell(const struct memo *o, const struct column *c, uint32_t row);
/* Of a property that an event does not have. */
void memory_put_null(char *cell, const struct column *c);
uint32_t memory_text_code(struct memory *m, struct str text);
/* Room for one more row; false when there are too many. */
MUST_CHECK bool memory_reserve_row(struct memory *m, struct memo *o);
void memory_add_row(struct memory *m, struct memo *o, const struct event *ev);
/* The rows as a run with one member; its columns are borrowed from 'o' and 'off'. */
struct history memory_history(struct memory *m, const struct memo *o, uint32_t off[2]);
