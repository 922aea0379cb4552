/* part_group.c - rows to column buffers, column buffers to chunks.
 *
 * Columns that every event has are plain arrays; those of codes stay zeroed until the first code
 * comes. Amounts and properties are kept as the rows that have them, so a property that occurs once
 * in a group costs one entry. A column with no value in the group has no chunk. */
#include "eventlog/part_group.h"

#include <assert.h>

#include "base/limits.h"
#include "base/mem.h"

#define TEXT_MAX (1024 * 1024) /* bytes; far over what intake lets in */
#define DENSE_SHARE 16         /* text in at least 1 of so many rows is laid out as a full column */

static const char *const type_names[] = {"text", "number", "bool"}; /* by enum prop_type */

void prop_forms_init(struct prop_forms *f)
{
    *f = (struct prop_forms){.index = intmap_create()};
}

void prop_forms_finish(struct prop_forms *f)
{
    for (size_t i = 0; i < f->list.count; i++) {
        map_destroy(f->list.items[i]->dictionary);
        mem_free(f->list.items[i]);
    }
    VEC_FINISH(&f->list);
    intmap_destroy(f->index);
    f->index = NULL;
}

static struct prop_form *form_of(struct prop_forms *f, uint32_t id, enum prop_type type)
{
    uint64_t found;
    if (intmap_get(f->index, id, &found)) return (struct prop_form *)(uintptr_t)found;
    struct prop_form *form = mem_alloc(sizeof(*form));
    form->id = id;
    form->type = type;
    if (type == PROP_TEXT) form->dictionary = map_create();
    VEC_PUSH(&f->list, form);
    size_t i = f->list.count - 1;
    for (; i > 0 && f->list.items[i - 1]->id > id; i--)
        f->list.items[i] = f->list.items[i - 1];
    f->list.items[i] = form;
    intmap_put(f->index, id, (uint64_t)(uintptr_t)form);
    return form;
}

struct group_buffer *group_create(struct prop_forms *forms)
{
    struct group_buffer *g = mem_alloc(sizeof(*g));
    g->prop_index = intmap_create();
    g->forms = forms;
    return g;
}

static void prop_destroy(struct prop_buffer *p)
{
    mem_free(p->row);
    mem_free(p->number);
    mem_free(p->text);
    mem_free(p);
}

void group_destroy(struct group_buffer *g)
{
    if (!g) return;
    for (size_t i = 0; i < g->props.count; i++)
        prop_destroy(g->props.items[i]);
    VEC_FINISH(&g->props);
    intmap_destroy(g->prop_index);
    mem_free(g);
}

void group_reset(struct group_buffer *g)
{
    for (int c = 0; c < CODE_COUNT; c++) {
        if (g->used[c]) memset(g->code[c], 0, g->rows * sizeof(g->code[c][0]));
        g->used[c] = false;
    }
    g->rows = g->amounts = 0;
    for (size_t i = 0; i < g->props.count; i++)
        g->props.items[i]->count = 0;
}

static void insert_prop(struct group_buffer *g, struct prop_buffer *p)
{
    VEC_PUSH(&g->props, p);
    struct prop_buffer **list = g->props.items;
    size_t i = g->props.count - 1;
    for (; i > 0 && list[i - 1]->form->id > p->form->id; i--)
        list[i] = list[i - 1];
    list[i] = p;
}

struct prop_buffer *group_prop(struct group_buffer *g, uint32_t id, enum prop_type type)
{
    uint64_t found;
    if (intmap_get(g->prop_index, id, &found)) {
        return (struct prop_buffer *)(uintptr_t)found;
    }
    struct prop_buffer *p = mem_alloc(sizeof(*p));
    p->form = form_of(g->forms, id, type);
    insert_prop(g, p);
    intmap_put(g->prop_index, id, (uint64_t)(uintptr_t)p);
    return p;
}

static void grow_prop(struct prop_buffer *p)
{
    p->capacity = p->capacity ? p->capacity * 2 : 16;
    p->row = mem_resize_array(p->row, p->capacity, sizeof(p->row[0]));
    if (p->form->type == PROP_TEXT) {
        p->text = mem_resize_array(p->text, p->capacity, sizeof(p->text[0]));
    } else {
        p->number = mem_resize_array(p->number, p->capacity, sizeof(p->number[0]));
    }
}

void group_add_prop(struct prop_buffer *p, uint32_t row)
{
    if (p->count == p->capacity) grow_prop(p);
    p->row[p->count++] = row;
}

static enum err text_id(struct prop_buffer *p, struct str text, uint32_t *id, struct why *why)
{
    uint64_t found;
    if (text.len > TEXT_MAX) {
        return why_fail(why, ERR_TOO_LARGE, MSG_TOO_LONG, "", "%d", TEXT_MAX);
    }
    if (!map_get(p->form->dictionary, text, &found)) {
        found = map_count(p->form->dictionary) + 1;
        if (found >= UINT32_MAX) {
            return why_fail(why, ERR_TOO_LARGE, MSG_TOO_MANY, "", "%u", UINT32_MAX);
        }
        map_put(p->form->dictionary, text, found);
    }
    *id = (uint32_t)found;
    return ERR_OK;
}

static enum err add_prop(struct group_buffer *g, uint32_t place, const struct event_prop *prop,
                         struct why *why)
{
    struct prop_buffer *p = g->guess[place];
    if (!p || p->form->id != prop->id) p = g->guess[place] = group_prop(g, prop->id, prop->type);
    if (p->form->type != prop->type) {
        return why_fail(why, ERR_INVALID, MSG_WRONG_TYPE, "props", "%s", type_names[p->form->type]);
    }
    uint32_t text = 0;
    if (prop->type == PROP_TEXT) TRY(text_id(p, prop->text, &text, why));
    assert(prop->type == PROP_TEXT || prop->number == prop->number); /* not NaN: that is null */
    group_add_prop(p, g->rows);
    if (prop->type == PROP_TEXT) p->text[p->count - 1] = text;
    if (prop->type != PROP_TEXT) p->number[p->count - 1] = prop->number;
    return ERR_OK;
}

enum err group_add(struct group_buffer *g, const struct event *ev, struct why *why)
{
    uint32_t row = g->rows;
    assert(row < PART_GROUP_ROWS && ev->prop_count <= LIMIT_PROPS_PER_EVENT);
    g->persona[row] = ev->persona;
    g->at[row] = ev->at;
    g->received[row] = ev->received_at;
    group_put_code(g, CODE_KIND, row, ev->kind);
    group_put_code(g, CODE_OTHER, row, ev->other);
#pragma GCC unroll 8
    for (unsigned d = 0; d < DIM_COUNT; d++)
        group_put_code(g, CODE_DIM0 + d, row, ev->dim[d]);
    if (ev->amount != HISTORY_NO_AMOUNT) {
        g->amount_row[g->amounts] = row;
        g->amount[g->amounts++] = ev->amount;
    }
    for (uint32_t i = 0; i < ev->prop_count; i++) {
        assert(i == 0 || ev->props[i - 1].id < ev->props[i].id);
        TRY(add_prop(g, i, &ev->props[i], why));
    }
    g->rows++;
    return ERR_OK;
}

struct chunk chunk_of(const struct strbuf *out, size_t start, uint64_t offset, uint8_t space,
                      uint32_t id, enum codec codec)
{
    struct chunk c = {.id = id, .space = space, .codec = (uint8_t)codec};
    assert(out->len - start <= UINT32_MAX);
    c.offset = offset + start;
    c.length = (uint32_t)(out->len - start);
    c.checksum = hash_xxh3(out->p + start, c.length);
    return c;
}

/* One group being encoded. */
struct encoding {
    struct group_buffer *g;
    struct codec_writer *codec;
    uint64_t offset; /* of out[0] in the file */
    struct strbuf *out;
    struct footer *f;
};

static void push_chunk(struct encoding *e, struct chunk c, int64_t min, int64_t max)
{
    c.min = min;
    c.max = max;
    VEC_PUSH(&e->f->chunks, c);
}

static void time_range(const int64_t *v, size_t count, int64_t *min, int64_t *max)
{
    *min = INT64_MAX, *max = INT64_MIN;
    for (size_t i = 0; i < count; i++) {
        *min = v[i] < *min ? v[i] : *min;
        *max = v[i] > *max ? v[i] : *max;
    }
}

static void encode_codes(struct encoding *e, uint32_t id, unsigned column)
{
    const uint32_t *values = e->g->code[column];
    if (!e->g->used[column]) return;
    struct shape shape = codec_shape(values, e->g->rows);
    size_t start = e->out->len;
    enum codec codec = codec_write_codes(e->codec, values, e->g->rows, &shape, e->out);
    struct chunk c = chunk_of(e->out, start, e->offset, SPACE_COLUMN, id, codec);
    push_chunk(e, c, shape.min, shape.max);
}

static void encode_persona(struct encoding *e)
{
    const struct group_buffer *g = e->g;
    size_t start = e->out->len;
    codec_write_persona(e->codec, g->persona, g->rows, e->out);
    struct chunk c =
        chunk_of(e->out, start, e->offset, SPACE_COLUMN, COLUMN_ID_PERSONA, CODEC_PERSONA);
    push_chunk(e, c, g->persona[0], g->persona[g->rows - 1]);
}

static void encode_at(struct encoding *e, struct part_group *head)
{
    const struct group_buffer *g = e->g;
    size_t start = e->out->len;
    time_range(g->at, g->rows, &head->at_min, &head->at_max);
    codec_write_at(e->codec, g->persona, g->at, g->rows, e->out);
    struct chunk c = chunk_of(e->out, start, e->offset, SPACE_COLUMN, COLUMN_ID_AT, CODEC_AT);
    push_chunk(e, c, head->at_min, head->at_max);
}

static void encode_received(struct encoding *e)
{
    const struct group_buffer *g = e->g;
    size_t start = e->out->len;
    int64_t min, max;
    time_range(g->received, g->rows, &min, &max);
    enum codec codec = codec_write_received(e->codec, g->at, g->received, g->rows, e->out);
    struct chunk c = chunk_of(e->out, start, e->offset, SPACE_COLUMN, COLUMN_ID_RECEIVED, codec);
    push_chunk(e, c, min, max);
}

static void encode_amounts(struct encoding *e)
{
    const struct group_buffer *g = e->g;
    if (g->amounts == 0) return;
    struct sparse at = {g->amount_row, g->amounts, g->rows};
    size_t start = e->out->len;
    int64_t min, max;
    time_range(g->amount, g->amounts, &min, &max);
    codec_write_amounts(e->codec, &at, g->amount, e->out);
    struct chunk c =
        chunk_of(e->out, start, e->offset, SPACE_COLUMN, COLUMN_ID_AMOUNT, CODEC_NUMBER);
    push_chunk(e, c, min, max);
}

static enum codec write_text(struct encoding *e, const struct prop_buffer *p,
                             const struct sparse *at)
{
    uint32_t *full = e->g->full;
    if (at->count < at->rows / DENSE_SHARE) {
        codec_write_sparse(e->codec, at, p->text, e->out);
        return CODEC_SPARSE;
    }
    memset(full, 0, at->rows * sizeof(*full));
    for (size_t i = 0; i < at->count; i++)
        full[p->row[i]] = p->text[i];
    struct shape shape = codec_shape(full, at->rows);
    return codec_write_codes(e->codec, full, at->rows, &shape, e->out);
}

static void encode_text(struct encoding *e, const struct prop_buffer *p, const struct sparse *at)
{
    size_t start = e->out->len;
    struct shape shape = codec_shape(p->text, at->count);
    enum codec codec = write_text(e, p, at);
    struct chunk c = chunk_of(e->out, start, e->offset, SPACE_TEXT, p->form->id, codec);
    push_chunk(e, c, shape.min, shape.max);
}

static void encode_number(struct encoding *e, const struct prop_buffer *p, const struct sparse *at)
{
    size_t start = e->out->len;
    double min = p->number[0], max = p->number[0];
    for (size_t i = 1; i < at->count; i++) {
        min = p->number[i] < min ? p->number[i] : min;
        max = p->number[i] > max ? p->number[i] : max;
    }
    uint8_t space = p->form->type == PROP_BOOL ? SPACE_BOOL : SPACE_NUMBER;
    int64_t bits[2];
    memcpy(&bits[0], &min, sizeof(min));
    memcpy(&bits[1], &max, sizeof(max));
    codec_write_numbers(e->codec, at, p->number, e->out);
    push_chunk(e, chunk_of(e->out, start, e->offset, space, p->form->id, CODEC_NUMBER), bits[0],
               bits[1]);
}

static void push_kind(struct footer *f, uint32_t kind)
{
    VEC_PUSH(&f->kinds, (uint16_t)kind);
}

static void push_kinds(struct encoding *e, struct footer_group *group)
{
    const uint32_t *kind = e->g->code[CODE_KIND];
    bool seen[UINT16_MAX + 1] = {false};
    uint32_t most = 0;
    for (uint32_t i = 0; i < e->g->rows; i++) {
        seen[kind[i]] = true;
        most = kind[i] > most ? kind[i] : most;
    }
    group->kind_first = (uint32_t)e->f->kinds.count;
    for (uint32_t k = 0; k <= most; k++) {
        if (seen[k]) push_kind(e->f, k);
    }
    group->kind_count = (uint32_t)e->f->kinds.count - group->kind_first;
}

void group_encode(struct group_buffer *g, uint32_t level, struct codec_writer *codec,
                  uint64_t offset, struct strbuf *out, struct footer *f)
{
    struct encoding e = {g, codec, offset, out, f};
    struct footer_group group = {.chunk_first = (uint32_t)f->chunks.count};
    assert(g->rows > 0);
    group.head.level = level;
    group.head.rows = g->rows;
    group.head.persona_min = g->persona[0];
    group.head.persona_max = g->persona[g->rows - 1];
    encode_persona(&e);
    encode_at(&e, &group.head);
    encode_codes(&e, COLUMN_ID_KIND, CODE_KIND);
    encode_codes(&e, COLUMN_ID_OTHER, CODE_OTHER);
    encode_amounts(&e);
    encode_received(&e);
    for (uint32_t d = 0; d < DIM_COUNT; d++)
        encode_codes(&e, COLUMN_ID_DIM0 + d, CODE_DIM0 + d);
    for (size_t i = 0; i < g->props.count; i++) {
        const struct prop_buffer *p = g->props.items[i];
        struct sparse at = {p->row, p->count, g->rows};
        if (p->count == 0) continue;
        if (p->form->type == PROP_TEXT) encode_text(&e, p, &at);
        if (p->form->type != PROP_TEXT) encode_number(&e, p, &at);
    }
    group.chunk_count = (uint32_t)f->chunks.count - group.chunk_first;
    push_kinds(&e, &group);
    footer_add_group(f, group);
}
