/* list_file.h - a small table that names members, one a row: by identities or by their numbers.
 *
 * CSV as imports read it, in memory: UTF-8 or GB18030, or a sheet of a workbook; known headers
 * (手机号, unionid, 会员编号 …) or none. Without headers the first cell of a row is an identity of
 * one kind, "KIND:VALUE", or a member's number, "m12". Pure functions. */
#pragma once

#include "base/arena.h"
#include "people/fact.h"

/* One row, and whom it names. */
struct list_row {
    uint64_t line;
    struct str text;            /* what it says, for messages */
    uint32_t member;            /* by number; 0 = not by number */
    const struct identity *ids; /* by identities, the best first; none: it names nobody */
    size_t id_count;
};
struct list_file {
    struct list_row *rows;
    size_t count;
    struct str *sheets; /* of a workbook: those to choose from */
    size_t sheet_count;
    struct str sheet; /* the one that was read; {NULL, 0} = it is no workbook */
};

struct list_options {
    enum identity_kind kind; /* of cells without headers; IDENTITY_KIND_COUNT = they say it */
    const char *sheet;       /* of a workbook, by name; NULL = the first visible */
};
/* All in 'arena'. ERR_INVALID: the text is in no known encoding, or no sound table or workbook;
 * ERR_TOO_LARGE: over LIMIT_SEGMENT_LIST rows, LIST_FILE_BYTES, or a limit of workbooks. */
#define LIST_FILE_BYTES ((size_t)32 << 20) /* of a sheet, as text */
MUST_CHECK enum err list_file_read(struct str bytes, const struct list_options *o,
                                   struct arena *arena, struct list_file *out, struct why *why);
