/* table_file.h - rows that a person takes away, as CSV or as a spreadsheet's file (XLSX).
 *
 * One way to write both: begin, then row by row its cells from left to right. Texts of either can
 * be no formula. One thread. */
#pragma once

#include "api/call.h"
#include "api/spreadsheet.h"
#include "insight/reply.h"

#define TABLE_FILE_FORMATS "csv|xlsx"
#define TABLE_FILE_TYPES                                                                           \
    "text/csv|application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

struct table_file {
    struct call *call;
    struct reply reply;        /* as CSV */
    struct spreadsheet *sheet; /* NULL = as CSV */
};

/* 'headers' are parted by commas and must stay; the file goes to 'out', its type to the call.
 * table_file_finish() is owed in any case. */
MUST_CHECK enum err table_file_begin(struct table_file *t, struct call *c, const char *headers,
                                     struct strbuf *out, struct why *why);
void table_file_row(struct table_file *t);
void table_file_text(struct table_file *t, struct str text);
void table_file_number(struct table_file *t, int64_t number);
void table_file_double(struct table_file *t, double number); /* NaN is an empty cell */
void table_file_time(struct table_file *t, int64_t at);      /* TIME_NONE likewise */
void table_file_row_end(struct table_file *t);
/* Behind the last row; then it can be handed out, as 'name' with the ending of its form. */
MUST_CHECK enum err table_file_end(struct table_file *t, const char *name, struct why *why);
void table_file_finish(struct table_file *t);
