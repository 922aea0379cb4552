/* xlsx_book.h - what the cells of a sheet lean on: which sheet, styles, shared texts. */
#pragma once

#include "base/vec.h"
#include "intake/package.h"
#include "intake/xlsx.h"
#include "intake/xlsx_cell.h"

struct xlsx_book {
    char sheet[256]; /* the one that is read, as an entry of the package */
    struct xlsx_sheets sheets;
    bool from1904;       /* the epoch of its dates */
    VEC(uint8_t) styles; /* enum cell_form of each style of cells */
    struct strbuf texts; /* one behind the other */
    VEC(uint32_t) ends;  /* of each, in 'texts' */
};

/* 'sheet' names the one to read; NULL = the first visible. ERR_INVALID: there is no such one, or
 * the book is damaged; ERR_TOO_LARGE. */
MUST_CHECK enum err xlsx_book_read(struct package *p, const char *sheet, struct xlsx_book *out,
                                   struct why *why);
void xlsx_book_finish(struct xlsx_book *b);
/* False: there is no such one. */
bool xlsx_book_text(const struct xlsx_book *b, uint64_t at, struct str *out);
