/* fact_same.h - are two facts the same, to the last bit and in the same order? */
#pragma once

#include <string.h>

#include "people/fact.h"

static inline bool ids_same(const struct identity *a, const struct identity *b, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (a[i].kind != b[i].kind || !str_eq(a[i].value, b[i].value)) return false;
    }
    return true;
}

static inline bool values_same(const struct fact_value *a, const struct fact_value *b,
                               uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (a[i].type != b[i].type || !str_eq(a[i].name, b[i].name)) return false;
        bool text = a[i].type == PROP_TEXT;
        if (text && !str_eq(a[i].text, b[i].text)) return false;
        if (!text && memcmp(&a[i].number, &b[i].number, sizeof(a[i].number)) != 0) return false;
    }
    return true;
}

static inline bool fact_same(const struct fact *a, const struct fact *b)
{
    for (int d = 0; d < DIM_COUNT; d++) {
        if (!str_eq(a->code[d], b->code[d])) return false;
    }
    if (!str_eq(a->tags, b->tags) || !str_eq(a->owner, b->owner)) return false;
    if (!str_eq(a->contacts, b->contacts)) return false;
    return str_eq(a->id, b->id) && str_eq(a->kind, b->kind) && str_eq(a->label, b->label) &&
           a->at == b->at && a->amount == b->amount && a->alias == b->alias &&
           a->rename == b->rename && a->who_count == b->who_count &&
           ids_same(a->who, b->who, a->who_count) && a->other_count == b->other_count &&
           ids_same(a->other, b->other, a->other_count) && a->prop_count == b->prop_count &&
           values_same(a->props, b->props, a->prop_count) && a->trait_count == b->trait_count &&
           values_same(a->traits, b->traits, a->trait_count);
}
