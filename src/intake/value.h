/* value.h - what a cell of a table holds. Any thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

static inline bool value_letter_or_digit(char c)
{
    return (unsigned char)((c | 0x20) - 'a') < 26 || (unsigned char)(c - '0') < 10;
}

/* The cell without the guards of spreadsheets (="…", a leading tab or ') and without white space at
 * both ends, the wide one included. Most cells have neither. */
struct str value_unguard(struct str cell);
static inline struct str value_unwrap(struct str cell)
{
    bool bare =
        cell.len && value_letter_or_digit(cell.p[0]) && value_letter_or_digit(cell.p[cell.len - 1]);
    return bare ? cell : value_unguard(cell);
}

/* An id that a spreadsheet has damaged: 15 digits or more ending in 000, or 1.2E+15. */
bool value_damaged(struct str s);
/* 1.2E+15 */
bool value_scientific(struct str s);
/* What stands for nothing in a column of times or numbers: dashes, /, 无 and what begins with it.
 */
bool value_none(struct str s);

/* An exact decimal: ASCII or full-width digits, commas in groups of three, ¥ ￥ $ 元 块, 千 万 亿,
 * a minus. Value = digits / 10^scale. */
struct amount {
    int64_t digits; /* signed */
    int scale;
};
bool value_amount(struct str s, struct amount *out);
/* In minor units of a currency with 'places' decimals. False: more non-zero decimals than that, or
 * beyond what a fact may hold. */
bool amount_minor(const struct amount *a, int places, int64_t *out);
double amount_double(const struct amount *a);

/* What a table says of an order; {NULL, 0} when the word is not known. PAID_OR_NOT: a closed order,
 * which payment or refund must decide. */
enum order_status { STATUS_UNKNOWN, STATUS_CREATED, STATUS_PAID, STATUS_REFUNDED, STATUS_CLOSED };
enum order_status value_status(struct str s);

/* The tags of a cell, each once, parted by line ends, in 'arena'. Exports part them by commas,
 * semicolons, 、 and |, narrow or wide, or by line ends. */
struct str value_tags(struct arena *arena, struct str cell);
