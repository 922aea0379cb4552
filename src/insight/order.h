/* order.h - sorting whole numbers, and quantiles. Pure functions. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Ascending, by radix: linear in 'count'. */
void order_sort(int64_t *values, size_t count);
/* Quantile of type 7 (linear between the two nearest) of sorted values, rounded to whole numbers,
 * halves away from zero. count >= 1, 0 <= p <= 1. */
int64_t order_quantile(const int64_t *sorted, size_t count, double p);
