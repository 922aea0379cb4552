/* scan_fill.c - events of the tail become cells field by field, each column in one go. */
#include "eventlog/scan_fill.h"

#include <math.h>
#include <string.h>

#define KEY_FIELDS 2 /* the first of those below are in the keys of the tail, too */

/* Which field of an event goes to a column, and its size there. */
static const struct field {
    uint8_t slot;
    uint8_t width;
    uint16_t offset; /* in struct event */
} fields[] = {
    {SLOT_AT, 8, offsetof(struct event, at)},
    {SLOT_KIND, 2, offsetof(struct event, kind)},
    {SLOT_DIM0 + DIM_GROUP, 4, offsetof(struct event, dim[DIM_GROUP])},
    {SLOT_DIM0 + DIM_TOUCHPOINT, 4, offsetof(struct event, dim[DIM_TOUCHPOINT])},
    {SLOT_DIM0 + DIM_CAMPAIGN, 4, offsetof(struct event, dim[DIM_CAMPAIGN])},
    {SLOT_DIM0 + DIM_CONTENT, 4, offsetof(struct event, dim[DIM_CONTENT])},
    {SLOT_DIM0 + DIM_STAFF, 4, offsetof(struct event, dim[DIM_STAFF])},
    {SLOT_DIM0 + DIM_ORIGIN, 4, offsetof(struct event, dim[DIM_ORIGIN])},
    {SLOT_OTHER, 4, offsetof(struct event, other)},
    {SLOT_AMOUNT, 8, offsetof(struct event, amount)},
    {SLOT_RECEIVED, 8, offsetof(struct event, received_at)},
};

/* 'width' is a constant at each call, so that a row is one move. */
static inline void fill_column(char *cells, const struct event *const *events, uint32_t count,
                               size_t offset, size_t width)
{
    for (uint32_t i = 0; i < count; i++) {
        memcpy(cells + i * width, (const char *)events[i] + offset, width);
    }
}

static void fill_runs(struct sheet *s, const struct event *const *events, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (i + 1 < count && events[i + 1]->persona == events[i]->persona) continue;
        sheet_end_run(s, events[i]->persona, s->count + i + 1);
    }
}

/* The columns of fields from 'first' on. */
static void fill_columns(struct sheet *s, size_t first, const struct event *const *events,
                         uint32_t count)
{
    for (size_t f = first; f < sizeof(fields) / sizeof(fields[0]); f++) {
        char *cells = s->columns[fields[f].slot];
        if (!cells) continue;
        cells += (size_t)s->count * fields[f].width;
        if (fields[f].width == 8) {
            fill_column(cells, events, count, fields[f].offset, 8);
        } else if (fields[f].width == 4) {
            fill_column(cells, events, count, fields[f].offset, 4);
        } else {
            fill_column(cells, events, count, fields[f].offset, 2);
        }
    }
}

static void fill_prop(struct sheet *s, unsigned prop, uint32_t row, const struct event_prop *p,
                      struct texts *texts)
{
    void *cells = s->columns[SLOT_PROP0 + prop];
    enum prop_type type = texts->layout->types[prop];
    if (p && p->type != type) p = NULL;
    if (type == PROP_TEXT) {
        ((uint32_t *)cells)[row] = p ? texts_add(texts, prop, p->text) : 0;
    } else {
        ((double *)cells)[row] = p ? p->number : (double)NAN;
    }
}

/* Both lists ascend by id. */
static void fill_props(const struct columns *columns, struct sheet *s, uint32_t row,
                       const struct event *ev, struct texts *texts)
{
    size_t have = 0;
    for (unsigned i = 0; i < columns->prop_count; i++) {
        uint32_t id = columns->props[i];
        while (have < ev->prop_count && ev->props[have].id < id) {
            have++;
        }
        bool found = have < ev->prop_count && ev->props[have].id == id;
        fill_prop(s, i, row, found ? &ev->props[have] : NULL, texts);
    }
}

static void fill_all_props(const struct layout *l, struct sheet *s,
                           const struct event *const *events, uint32_t count, struct texts *texts)
{
    for (uint32_t i = 0; l->columns->prop_count && i < count; i++)
        fill_props(l->columns, s, s->count + i, events[i], texts);
}

void sheet_add_events(const struct layout *l, struct sheet *s, const struct event *const *events,
                      uint32_t count, struct texts *texts)
{
    fill_runs(s, events, count);
    fill_columns(s, 0, events, count);
    fill_all_props(l, s, events, count, texts);
    s->count += count;
}

bool sheet_needs_events(const struct layout *l)
{
    return (l->columns->mask & ~(uint32_t)COLUMN_NO_KIND) != 0 || l->columns->prop_count > 0;
}

static void fill_from_keys(struct sheet *s, const struct tail_key *keys, uint32_t count)
{
    int64_t *at = (int64_t *)s->columns[SLOT_AT] + s->count;
    uint16_t *kind = s->columns[SLOT_KIND];
    for (uint32_t i = 0; i < count; i++) {
        at[i] = (int64_t)keys[i].at;
        if (kind) kind[s->count + i] = (uint16_t)keys[i].kind;
        if (i + 1 < count && keys[i + 1].persona == keys[i].persona) continue;
        sheet_end_run(s, keys[i].persona, s->count + i + 1);
    }
}

void sheet_add_keys(const struct layout *l, struct sheet *s, const struct tail_key *keys,
                    const struct event *const *events, uint32_t count, struct texts *texts)
{
    fill_from_keys(s, keys, count);
    if (events) {
        fill_columns(s, KEY_FIELDS, events, count);
        fill_all_props(l, s, events, count, texts);
    }
    s->count += count;
}

void sheet_turn_other(struct sheet *s, const struct persona_map *map)
{
    uint32_t *other = s->columns[SLOT_OTHER];
    if (!map || map->count == 0 || !other) return;
    for (uint32_t i = 0; i < s->count; i++) {
        if (other[i]) other[i] = persona_map_member(map, other[i]);
    }
}
