/* spreadsheet.h - a table as a spreadsheet's file (XLSX), row by row, in memory that does not grow.
 *
 * The file and what is needed to make it are nameless files of a directory: nothing of them is left
 * behind. Texts are text cells, whatever they begin with. Beyond 'rows_max' rows a further sheet
 * begins with the headers again. One thread. */
#pragma once

#include "base/err.h"
#include "base/str.h"

#define SPREADSHEET_ROWS 1048575 /* of one sheet in a spreadsheet, its headers apart */

struct spreadsheet_options {
    const char *dir;     /* where the files are, for as long as it takes */
    uint64_t tag;        /* makes their names, for as long as they have one, unlike others' */
    const char *headers; /* parted by commas; must stay */
    uint32_t rows_max;   /* of a sheet, 1 .. SPREADSHEET_ROWS */
};

struct spreadsheet;
/* ERR_IO, ERR_NO_SPACE. */
MUST_CHECK enum err spreadsheet_create(const struct spreadsheet_options *o,
                                       struct spreadsheet **out, struct why *why);
void spreadsheet_destroy(struct spreadsheet *s); /* NULL is allowed */

/* Begin a row; then its cells from left to right. */
void spreadsheet_row(struct spreadsheet *s);
void spreadsheet_text(struct spreadsheet *s, struct str text);
void spreadsheet_number(struct spreadsheet *s, double number);
/* Make the file, and append it to 'out'. Nothing can be added any more. */
MUST_CHECK enum err spreadsheet_finish(struct spreadsheet *s, struct strbuf *out, struct why *why);
