/* vec.h - growable arrays as three fields: VEC(type) declares, VEC_PUSH appends. {0} is empty. */
#pragma once

#include <stddef.h>

#include "base/mem.h"

#define VEC(type)                                                                                  \
    struct {                                                                                       \
        type *items;                                                                               \
        size_t count;                                                                              \
        size_t capacity;                                                                           \
    }

/* Room for 'need' elements of 'size' bytes; the array may move. */
static inline void *vec_grow(void *items, size_t *capacity, size_t need, size_t size)
{
    if (need <= *capacity) return items;
    size_t room = *capacity ? *capacity * 2 : 16;
    *capacity = room < need ? need : room;
    return mem_resize_array(items, *capacity, size);
}

/* Make room for 'extra' more. */
#define VEC_RESERVE(v, extra)                                                                      \
    ((v)->items = vec_grow((v)->items, &(v)->capacity, (v)->count + (extra), sizeof((v)->items[0])))
#define VEC_PUSH(v, item)                                                                          \
    do {                                                                                           \
        VEC_RESERVE(v, 1);                                                                         \
        (v)->items[(v)->count++] = (item);                                                         \
    } while (0)
#define VEC_RESET(v) ((v)->count = 0)
#define VEC_FINISH(v)                                                                              \
    do {                                                                                           \
        mem_free((v)->items);                                                                      \
        (v)->items = NULL;                                                                         \
        (v)->count = (v)->capacity = 0;                                                            \
    } while (0)
