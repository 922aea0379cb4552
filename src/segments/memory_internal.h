/* memory_internal.h - what is remembered, shared by its own files: memory.c (which rows and fields,
 * and who stays), memory_rows.c (rows), memory_ask.c (learning, adding, asking), memory_adopt.c
 * (other expressions). */
#pragma once

#include "base/hash.h"
#include "base/map.h"
#include "segments/memory.h"
#include "segments/panel_internal.h"

#define ROWS_MAX 4096               /* of a member; who needs more is read */
#define TEXTS_MAX ((size_t)1 << 16) /* then all is forgotten, and they with it */
#define NEEDS_MS TIME_HOUR          /* so often it is asked anew which rows are needed */
#define NO_NEED UINT16_MAX

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
    VEC(uint32_t) readers; /* expressions */
};

struct concern {
    VEC(uint32_t) exprs;
};

struct memo {
    uint32_t member;
    uint32_t place; /* in 'all' */
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
void memory_drop(struct memory *m, struct memo *o);
/* Until there is room again, others go; 'spared' stays. */
void memory_make_room(struct memory *m, const struct memo *spared);

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
