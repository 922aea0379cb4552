/* bucket.h - places in order of small numbers, by counting: linear, and stable. */
#pragma once

#include "base/arena.h"

/* The places 0 .. count - 1 in order of keys[0][place], then keys[1][place] and so on; those alike
 * in all of them as they stand. Every key is below 'top'. In 'arena'. */
uint32_t *bucket_order(const uint32_t *const *keys, size_t key_count, uint32_t count, uint32_t top,
                       struct arena *arena);
