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

/* Make room for 'extra' more. */
#define VEC_RESERVE(v, extra)                                                                      \
    do {                                                                                           \
        size_t need_ = (v)->count + (extra);                                                       \
        if (need_ > (v)->capacity) {                                                               \
            size_t room_ = (v)->capacity ? (v)->capacity * 2 : 16;                                 \
            if (room_ < need_) room_ = need_;                                                      \
            (v)->items = mem_resize_array((v)->items, room_, sizeof((v)->items[0]));               \
            (v)->capacity = room_;                                                                 \
        }                                                                                          \
    } while (0)
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
