/* scan_text.h - one table of strings for rows of several sources, so that within a run equal texts
 * have equal codes.
 *
 * A struct texts has a table for each text property asked for, and for each source a list that
 * turns its codes into the table's, filled as codes come by. Strings are borrowed from their
 * sources. One thread. */
#pragma once

#include "base/map.h"
#include "base/vec.h"
#include "eventlog/scan_sheet.h"

struct text_table {
    struct map *codes;       /* string -> code */
    VEC(struct str) strings; /* by code; entry 0 is null */
};

struct remap {
    const struct str *strings; /* of the source; NULL = not bound */
    uint32_t count;            /* of strings */
    uint32_t *codes;           /* [count] code in the table; 0 = not met yet */
};

struct texts {
    const struct layout *layout;
    struct purse *purse;
    uint32_t source_count;
    struct text_table *tables; /* by place in columns->props; NULL when no text is asked for */
    struct remap *remaps;      /* [source_count] by place in columns->props */
    uint64_t bytes;            /* of tables and remaps */
    uint64_t paid;             /* of bytes, taken from the purse */
};

void texts_init(struct texts *t, const struct layout *l, struct purse *purse,
                uint32_t source_count);
void texts_finish(struct texts *t); /* a zeroed one is allowed */
/* Forget all strings and codes. */
void texts_reset(struct texts *t);
/* Forget the codes of one source: its strings change. */
void texts_forget(struct texts *t, uint32_t source);

/* Make ready to turn the codes of a source with these strings (by place in columns->props). */
void texts_bind(struct texts *t, uint32_t source, const struct strings *strings);
/* The lists of a source; NULL when no text is asked for. */
const struct remap *texts_remaps(const struct texts *t, uint32_t source);
/* Code of a string, new or known. */
uint32_t texts_add(struct texts *t, unsigned prop, struct str s);
/* Pay for what was added or bound since. */
MUST_CHECK enum err texts_pay(struct texts *t, struct why *why);
/* The tables as they are now, by place in columns->props. */
void texts_strings(const struct texts *t, struct strings *out);

static inline uint32_t texts_turn(struct texts *t, unsigned prop, const struct remap *r,
                                  uint32_t code)
{
    if (code >= r->count || code == 0) return 0;
    if (r->codes[code] == 0) r->codes[code] = texts_add(t, prop, r->strings[code]);
    return r->codes[code];
}
