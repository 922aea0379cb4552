/* idset.h - a set of members by their dense ids: one bit each. {0} is empty. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/vec.h"

struct idset {
    VEC(uint64_t) words;
    size_t count; /* ids in the set */
};

static inline bool idset_has(const struct idset *s, uint32_t id)
{
    return id / 64 < s->words.count && (s->words.items[id / 64] >> (id % 64) & 1);
}

static inline void idset_add(struct idset *s, uint32_t id)
{
    while (id / 64 >= s->words.count)
        VEC_PUSH(&s->words, 0);
    uint64_t bit = UINT64_C(1) << (id % 64);
    s->count += !(s->words.items[id / 64] & bit);
    s->words.items[id / 64] |= bit;
}

static inline void idset_remove(struct idset *s, uint32_t id)
{
    if (!idset_has(s, id)) return;
    s->words.items[id / 64] &= ~(UINT64_C(1) << (id % 64));
    s->count--;
}

static inline void idset_finish(struct idset *s)
{
    VEC_FINISH(&s->words);
    s->count = 0;
}
