/* decimal.h - doubles from decimal text and back, whatever the locale. Any thread. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* A decimal number as a parser met it: (-1)^negative * digits * 10^exponent. */
struct decimal {
    uint64_t digits;  /* the leading significant digits, 19 at most */
    int64_t exponent; /* power of ten of 'digits' */
    bool negative;    /* has a minus sign */
    bool cut;         /* there were more digits than 'digits' holds */
};

/* The nearest double; infinite when out of range. 'raw' is the same number as written, in strtod's
 * syntax. */
double decimal_to_double(const struct decimal *d, struct str raw);

/* The shortest decimal text that reads back as the finite 'v'; returns its length. */
#define DECIMAL_SIZE 32
size_t decimal_print(double v, char out[DECIMAL_SIZE]);
