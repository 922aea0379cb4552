/* xlsx_cell.h - what stands in the cells of a workbook, as a person reads it. Pure functions. */
#pragma once

#include "base/str.h"

/* What a number format shows: "0.00" a number, "yyyy/m/d h:mm" a date, "h:mm" a time of day. */
enum cell_form { CELL_NUMBER, CELL_DATE, CELL_TIME };

/* By the number of a format that every program knows; by its code. Durations, "[h]:mm", are
 * numbers. */
enum cell_form cell_form_known(uint64_t id);
enum cell_form cell_form_of(struct str code);

/* A number as it is stored, appended: whole ones digit by digit, others to the 15 digits that
 * spreadsheets show. */
void cell_add_number(struct str raw, struct strbuf *out);
/* Days since the epoch appended as "2024-01-05", "2024-01-05 09:03:00" or "09:03:00"; what is none
 * as the number it is. 'from1904': the epoch is 1904-01-01. */
void cell_add_date(struct str raw, enum cell_form form, bool from1904, struct strbuf *out);
/* A text with its _xHHHH_ undone: characters that XML has no place for. Control characters are
 * left out, but for tabs and line ends. */
void cell_add_text(struct str raw, struct strbuf *out);
