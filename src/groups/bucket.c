/* bucket.c - by the last key first, each pass keeping what the ones before it found. */
#include "groups/bucket.h"

#include <string.h>

uint32_t *bucket_order(const uint32_t *const *keys, size_t key_count, uint32_t count, uint32_t top,
                       struct arena *arena)
{
    uint32_t *order = arena_alloc_raw(arena, ((size_t)count + 1) * sizeof(*order));
    uint32_t *next = arena_alloc_raw(arena, ((size_t)count + 1) * sizeof(*next));
    uint32_t *start = arena_alloc_raw(arena, ((size_t)top + 1) * sizeof(*start));
    for (uint32_t i = 0; i < count; i++)
        order[i] = i;
    for (size_t k = key_count; k-- > 0;) {
        memset(start, 0, ((size_t)top + 1) * sizeof(*start));
        for (uint32_t i = 0; i < count; i++)
            start[keys[k][i] + 1]++;
        for (uint32_t i = 0; i < top; i++)
            start[i + 1] += start[i];
        for (uint32_t i = 0; i < count; i++)
            next[start[keys[k][order[i]]]++] = order[i];
        uint32_t *done = next;
        next = order;
        order = done;
    }
    return order;
}
