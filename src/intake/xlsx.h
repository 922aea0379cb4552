/* xlsx.h - a sheet of an Excel workbook, the first visible or one by name, as the text of a CSV
 * file.
 *
 * Each row of the sheet is one line, empty ones too, so that the number of a line is the row's; a
 * line break within a cell is XLSX_BREAK. Cells are parted by commas and quoted where they must be.
 * Shared texts are held in memory, rows are not. One thread at a time. */
#pragma once

#include "base/err.h"
#include "base/str.h"

#define XLSX_BREAK '\v' /* XML has no place for it */

struct xlsx;

/* The sheets of cells, in the workbook's order: the visible ones, and the one that is read. */
#define XLSX_SHEETS 64      /* that are told of */
#define XLSX_NAME_BYTES 128 /* Excel allows 31 characters */
struct xlsx_sheets {
    size_t count, read; /* which of them is read */
    char names[XLSX_SHEETS][XLSX_NAME_BYTES];
};

/* By the first bytes: a ZIP; what old Excel and encrypted workbooks are. */
bool xlsx_is_zip(struct str beginning);
bool xlsx_is_ole(struct str beginning);
/* ERR_INVALID with which of the two it is. */
MUST_CHECK enum err xlsx_refuse_ole(int fd, struct why *why);

/* 'fd' stays the caller's, and open for as long. 'sheet' names the one to read, a hidden one too;
 * NULL = the first visible. ERR_INVALID: no workbook, encrypted, damaged, without that sheet;
 * ERR_TOO_LARGE with the limit. */
MUST_CHECK enum err xlsx_open(int fd, const char *sheet, struct xlsx **out, struct why *why);
void xlsx_close(struct xlsx *x); /* NULL is allowed */
const struct xlsx_sheets *xlsx_get_sheets(const struct xlsx *x);
/* The next bytes; *len is 0 at the end, where the sheet's sum is right. */
MUST_CHECK enum err xlsx_read(struct xlsx *x, void *p, size_t size, size_t *len, struct why *why);
void xlsx_rewind(struct xlsx *x);
double xlsx_progress(const struct xlsx *x); /* 0 to 1 */
