/* scan_sheet.c - columns are handled by slot and width, so that no code names each of them twice.
 */
#include "eventlog/scan_sheet.h"

#include <string.h>

#include "base/mem.h"
#include "eventlog/scan_text.h"

#define COPY_STEP 32   /* bytes of a step of a short copy, which may go past its end */
#define COPY_SHORT 512 /* bytes up to which steps beat a call of memcpy */
_Static_assert(COPY_STEP <= SHEET_SLACK * sizeof(uint16_t), "steps stay within their columns");

enum err purse_take(struct purse *p, uint64_t bytes, struct why *why)
{
    uint64_t left = atomic_load_explicit(&p->budget->bytes_left, memory_order_relaxed);
    do {
        if (left < bytes) return why_fail(why, ERR_TOO_LARGE, MSG_QUERY_MEMORY, "", NULL);
    } while (!atomic_compare_exchange_weak_explicit(&p->budget->bytes_left, &left, left - bytes,
                                                    memory_order_relaxed, memory_order_relaxed));
    atomic_fetch_add_explicit(&p->taken, bytes, memory_order_relaxed);
    return ERR_OK;
}

void purse_give(struct purse *p, uint64_t bytes)
{
    atomic_fetch_sub_explicit(&p->taken, bytes, memory_order_relaxed);
    atomic_fetch_add_explicit(&p->budget->bytes_left, bytes, memory_order_relaxed);
}

void purse_give_all(struct purse *p)
{
    purse_give(p, atomic_load_explicit(&p->taken, memory_order_relaxed));
}

static void add_slot(struct layout *l, unsigned slot, uint8_t width)
{
    l->slots[l->slot_count++] = (uint8_t)slot;
    l->widths[slot] = width;
    l->row_bytes += width;
}

void layout_init(struct layout *l, const struct columns *columns, const enum prop_type *types)
{
    *l = (struct layout){.columns = columns, .types = types};
    l->row_bytes = 2 * sizeof(uint32_t); /* of its run */
    add_slot(l, SLOT_AT, sizeof(int64_t));
    if (!(columns->mask & COLUMN_NO_KIND)) add_slot(l, SLOT_KIND, sizeof(uint16_t));
    for (unsigned d = 0; d < DIM_COUNT; d++) {
        if (columns->mask & COLUMN_DIM0 << d) add_slot(l, SLOT_DIM0 + d, sizeof(uint32_t));
    }
    if (columns->mask & COLUMN_OTHER) add_slot(l, SLOT_OTHER, sizeof(uint32_t));
    if (columns->mask & COLUMN_AMOUNT) add_slot(l, SLOT_AMOUNT, sizeof(int64_t));
    if (columns->mask & COLUMN_RECEIVED) add_slot(l, SLOT_RECEIVED, sizeof(int64_t));
    for (unsigned i = 0; i < columns->prop_count; i++) {
        bool text = types[i] == PROP_TEXT;
        add_slot(l, SLOT_PROP0 + i, text ? sizeof(uint32_t) : sizeof(double));
        if (text) l->texts[l->text_count++] = (uint8_t)i;
    }
}

enum err sheet_reserve(const struct layout *l, struct sheet *s, size_t rows, struct purse *purse,
                       struct why *why)
{
    if (rows <= s->capacity) return ERR_OK;
    if (rows > UINT32_MAX / 2) return why_fail(why, ERR_TOO_LARGE, MSG_QUERY_MEMORY, "", NULL);
    size_t capacity = rows < 2 * (size_t)s->capacity ? 2 * (size_t)s->capacity : rows;
    TRY(purse_take(purse, (capacity - s->capacity) * l->row_bytes, why));
    for (uint32_t i = 0; i < l->slot_count; i++) {
        unsigned slot = l->slots[i];
        s->columns[slot] =
            mem_resize_array(s->columns[slot], capacity + SHEET_SLACK, l->widths[slot]);
    }
    s->run_persona = mem_resize_array(s->run_persona, capacity, sizeof(s->run_persona[0]));
    s->run_off = mem_resize_array(s->run_off, capacity + 1, sizeof(s->run_off[0]));
    s->capacity = (uint32_t)capacity;
    return ERR_OK;
}

void sheet_finish(const struct layout *l, struct sheet *s, struct purse *purse)
{
    if (s->capacity == 0) return;
    for (uint32_t i = 0; i < l->slot_count; i++) {
        mem_free(s->columns[l->slots[i]]);
    }
    mem_free(s->run_persona);
    mem_free(s->run_off);
    purse_give(purse, (uint64_t)s->capacity * l->row_bytes);
    *s = (struct sheet){0};
}

/* 'width' is a constant at each call. What a step brings past its end is overwritten by the next
 * segment. */
static inline void copy_column(char *to, const struct segment *segments, size_t count,
                               unsigned slot, size_t width)
{
    for (size_t s = 0; s < count; s++) {
        const char *column = segments[s].sheet->columns[slot];
        const char *from = column + (size_t)segments[s].from * width;
        size_t bytes = segments[s].count * width;
        if (bytes > COPY_SHORT) {
            memcpy(to, from, bytes);
        } else {
            for (size_t i = 0; i < bytes; i += COPY_STEP) {
                memcpy(to + i, from + i, COPY_STEP);
            }
        }
        to += bytes;
    }
}

static void copy_codes(uint32_t *to, const struct segment *segments, size_t count, unsigned prop,
                       struct texts *texts)
{
    for (size_t s = 0; s < count; s++) {
        const uint32_t *column = segments[s].sheet->columns[SLOT_PROP0 + prop];
        const uint32_t *from = column + segments[s].from;
        const struct remap *remap = segments[s].remaps ? &segments[s].remaps[prop] : NULL;
        for (uint32_t i = 0; i < segments[s].count; i++) {
            *to++ = remap ? texts_turn(texts, prop, remap, from[i]) : from[i];
        }
    }
}

void sheet_copy(const struct layout *l, struct sheet *to, const struct segment *segments,
                size_t count, struct texts *texts)
{
    for (uint32_t i = 0; i < l->slot_count; i++) {
        unsigned slot = l->slots[i];
        size_t width = l->widths[slot];
        char *cells = (char *)to->columns[slot] + to->count * width;
        if (slot >= SLOT_PROP0 && width == sizeof(uint32_t)) {
            copy_codes((uint32_t *)to->columns[slot] + to->count, segments, count,
                       slot - SLOT_PROP0, texts);
        } else if (width == sizeof(uint64_t)) {
            copy_column(cells, segments, count, slot, sizeof(uint64_t));
        } else if (width == sizeof(uint32_t)) {
            copy_column(cells, segments, count, slot, sizeof(uint32_t));
        } else {
            copy_column(cells, segments, count, slot, sizeof(uint16_t));
        }
    }
    for (size_t s = 0; s < count; s++) {
        to->count += segments[s].count;
    }
}

void sheet_reset(struct sheet *s)
{
    s->count = s->runs = 0;
}

/* NULL when the column is not there. */
static const void *column_from(const struct layout *l, const struct sheet *s, unsigned slot,
                               uint32_t from)
{
    const char *column = s->columns[slot];
    return l->widths[slot] ? column + (size_t)from * l->widths[slot] : NULL;
}

void sheet_history(const struct layout *l, const struct sheet *s, uint32_t from,
                   const struct strings *strings, struct prop_column *props, struct history *h)
{
    static const struct str no_strings[1];
    h->at = column_from(l, s, SLOT_AT, from);
    h->kind = column_from(l, s, SLOT_KIND, from);
    for (unsigned d = 0; d < DIM_COUNT; d++) {
        h->dim[d] = column_from(l, s, SLOT_DIM0 + d, from);
    }
    h->other = column_from(l, s, SLOT_OTHER, from);
    h->amount = column_from(l, s, SLOT_AMOUNT, from);
    h->received = column_from(l, s, SLOT_RECEIVED, from);
    h->prop_count = l->columns->prop_count;
    h->props = props;
    for (unsigned i = 0; i < h->prop_count; i++) {
        const void *cells = column_from(l, s, SLOT_PROP0 + i, from);
        props[i] = (struct prop_column){.id = l->columns->props[i], .type = l->types[i]};
        if (l->types[i] != PROP_TEXT) {
            props[i].number = cells;
            continue;
        }
        props[i].text = cells;
        props[i].strings = strings[i].count ? strings[i].items : no_strings;
        props[i].string_count = strings[i].count ? strings[i].count : 1;
    }
}

size_t gallop_u32(const uint32_t *values, size_t pos, size_t count, uint64_t bound)
{
    if (pos == count || values[pos] >= bound) return pos;
    if (values[count - 1] < bound) return count;
    size_t step = 1; /* values[pos] < bound <= values[count - 1] */
    while (pos + step < count && values[pos + step] < bound) {
        pos += step;
        step *= 2;
    }
    size_t high = pos + step < count ? pos + step : count - 1;
    while (high - pos > 1) { /* values[pos] < bound <= values[high] */
        size_t middle = pos + (high - pos) / 2;
        if (values[middle] < bound) {
            pos = middle;
        } else {
            high = middle;
        }
    }
    return high;
}
