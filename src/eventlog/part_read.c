/* part_read.c - opening a part, and its groups as plain arrays.
 *
 * The footer is kept in memory; chunks are read with pread, checked and decoded one at a time. The
 * buffers of struct rows grow to the largest group and are used again; a buffer not asked for is
 * given back, so that what is NULL was not asked for. Persona comes first: the times of a group are
 * coded along its runs. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/selection.h"
#include "eventlog/part_file.h"

#define FEW_SHARE 6 /* one in so many rows, or fewer, are few */

enum err part_open(const char *path, struct part **out, struct why *why)
{
    struct footer footer;
    uint64_t size;
    int fd = -1;
    TRY(fs_open_read(path, &fd, why));
    enum err err = fs_size(fd, &size, why);
    if (err == ERR_OK) err = footer_load(fd, path, size, &footer, why);
    if (err != ERR_OK) {
        fs_close(fd);
        return err;
    }
    struct part *p = mem_alloc(sizeof(*p));
    atomic_init(&p->refs, 1);
    p->fd = fd;
    p->path = mem_strdup(path);
    p->footer = footer;
    dictionaries_init(p);
    *out = p;
    return ERR_OK;
}

void part_ref(struct part *p)
{
    atomic_fetch_add_explicit(&p->refs, 1, memory_order_relaxed);
}

void part_unref(struct part *p)
{
    if (!p || atomic_fetch_sub_explicit(&p->refs, 1, memory_order_acq_rel) != 1) return;
    fs_close(p->fd);
    dictionaries_destroy(p->dictionaries);
    footer_finish(&p->footer);
    mem_free(p->path);
    mem_free(p);
}

const struct part_info *part_get_info(const struct part *p)
{
    return &p->footer.info;
}

const char *part_path(const struct part *p)
{
    return p->path;
}

uint32_t part_group_count(const struct part *p)
{
    return (uint32_t)p->footer.groups.count;
}

uint32_t part_level_count(const struct part *p)
{
    return p->footer.levels;
}

const uint32_t *part_level_groups(const struct part *p, uint32_t level, size_t *count)
{
    assert(level < PART_LEVELS_MAX);
    *count = p->footer.by_level[level].count;
    return p->footer.by_level[level].items;
}

const struct part_group *part_get_group(const struct part *p, uint32_t group)
{
    assert(group < p->footer.groups.count);
    return &p->footer.groups.items[group].head;
}

const uint16_t *part_group_kinds(const struct part *p, uint32_t group, uint32_t *count)
{
    const struct footer_group *g = &p->footer.groups.items[group];
    *count = g->kind_count;
    return p->footer.kinds.items + g->kind_first;
}

bool part_group_has_kind(const struct part *p, uint32_t group, uint16_t kind)
{
    assert(group < p->footer.groups.count);
    uint32_t low = 0, high, count;
    const uint16_t *kinds = part_group_kinds(p, group, &count);
    high = count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (kinds[middle] < kind) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < count && kinds[low] == kind;
}

struct part_scratch *scratch_create(void)
{
    struct part_scratch *s = mem_alloc(sizeof(*s));
    s->codec = codec_reader_create();
    return s;
}

static void scratch_destroy(struct part_scratch *s)
{
    if (!s) return;
    codec_reader_destroy(s->codec);
    mem_free(s->persona);
    mem_free(s->off);
    VEC_FINISH(&s->slices);
    strbuf_finish(&s->bytes);
    mem_free(s);
}

const struct chunk *part_find_chunk(const struct part *p, uint32_t group, uint8_t space,
                                    uint32_t id)
{
    const struct footer_group *g = &p->footer.groups.items[group];
    const struct chunk *chunks = p->footer.chunks.items + g->chunk_first;
    uint64_t order = chunk_order(&(struct chunk){.space = space, .id = id});
    uint32_t low = 0, high = g->chunk_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (chunk_order(&chunks[middle]) < order) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    bool found = low < g->chunk_count && chunks[low].space == space && chunks[low].id == id;
    return found ? &chunks[low] : NULL;
}

enum err part_read_chunk(const struct part *p, const struct chunk *c, struct part_scratch *s,
                         struct why *why)
{
    strbuf_reset(&s->bytes);
    strbuf_reserve(&s->bytes, (size_t)c->length + BITS_PAD);
    TRY(fs_read_at(p->fd, s->bytes.p, c->length, c->offset, why));
    memset(s->bytes.p + c->length, 0, BITS_PAD);
    s->bytes.len = c->length;
    if (hash_xxh3(s->bytes.p, c->length) == c->checksum) return ERR_OK;
    return part_damage(p->path, c->offset, "the checksum of a column differs", why);
}

enum err part_undecodable(const struct part *p, const struct chunk *c, struct why *why)
{
    return part_damage(p->path, c->offset, "a column cannot be decoded", why);
}

enum err part_read_numbers(const struct part *p, const struct chunk *c, uint32_t rows,
                           struct part_scratch *s, double *number, struct why *why)
{
    TRY(part_read_chunk(p, c, s, why));
    if (c->codec != CODEC_NUMBER) return part_undecodable(p, c, why);
    bool good = codec_read_numbers(s->codec, strbuf_str(&s->bytes), rows, number);
    return good ? ERR_OK : part_undecodable(p, c, why);
}

enum err part_read_text(const struct part *p, const struct chunk *c, uint32_t rows,
                        struct part_scratch *s, uint32_t *text, struct why *why)
{
    TRY(part_read_chunk(p, c, s, why));
    if (!codec_read_codes(s->codec, c->codec, strbuf_str(&s->bytes), rows, text)) {
        return part_undecodable(p, c, why);
    }
    uint32_t highest = 0;
    for (uint32_t i = 0; i < rows; i++)
        highest = text[i] > highest ? text[i] : highest;
    return highest < part_string_count(p, c->id) ? ERR_OK : part_undecodable(p, c, why);
}

/* One call of part_read_group. */
struct reading {
    const struct part *p;
    uint32_t group;
    uint32_t n; /* rows of the group */
    struct rows *out;
    struct why *why;
    const struct chosen *chosen; /* rows that are read; NULL: all */
    bool rough;                  /* COLUMN_ROUGH */
};

/* Read the chunk of a column; *c is NULL when the group has none, which means all null. */
static enum err read_column(struct reading *r, uint32_t id, const struct chunk **c,
                            struct str *bytes)
{
    *c = part_find_chunk(r->p, r->group, SPACE_COLUMN, id);
    if (!*c) return ERR_OK;
    TRY(part_read_chunk(r->p, *c, r->out->scratch, r->why));
    r->out->bytes_read += (*c)->length;
    *bytes = strbuf_str(&r->out->scratch->bytes);
    return ERR_OK;
}

static enum err verdict(struct reading *r, const struct chunk *c, bool good)
{
    return good ? ERR_OK : part_undecodable(r->p, c, r->why);
}

static enum err read_codes(struct reading *r, uint32_t id, uint32_t *values)
{
    const struct chunk *c;
    struct str bytes;
    TRY(read_column(r, id, &c, &bytes));
    if (c) {
        return verdict(r, c,
                       codec_read_codes(r->out->scratch->codec, c->codec, bytes, r->n, values));
    }
    memset(values, 0, r->n * sizeof(*values));
    return ERR_OK;
}

/* The footer promised that personas, times and kinds are there. */
static enum err read_personas(struct reading *r)
{
    struct rows *out = r->out;
    const struct part_group *g = part_get_group(r->p, r->group);
    const struct chunk *c;
    struct str bytes;
    TRY(read_column(r, COLUMN_ID_PERSONA, &c, &bytes));
    return verdict(r, c,
                   c->codec == CODEC_PERSONA &&
                       codec_read_persona(out->scratch->codec, bytes, r->n, out->run_persona,
                                          out->run_off, &out->runs) &&
                       out->run_persona[0] == g->persona_min &&
                       out->run_persona[out->runs - 1] == g->persona_max);
}

static enum err read_times(struct reading *r)
{
    struct rows *out = r->out;
    const struct part_group *g = part_get_group(r->p, r->group);
    const struct chunk *c;
    struct str bytes;
    uint32_t rows = r->chosen ? r->chosen->count : r->n;
    for (uint32_t i = 0; r->rough && i < rows; i++)
        out->at[i] = g->at_min;
    if (r->rough) return ERR_OK;
    TRY(read_column(r, COLUMN_ID_AT, &c, &bytes));
    if (c->codec != CODEC_AT) return part_undecodable(r->p, c, r->why);
    return verdict(
        r, c,
        r->chosen ? codec_read_chosen_at(out->scratch->codec, bytes, r->chosen, g->at_max, out->at)
                  : codec_read_at(out->scratch->codec, bytes, out->run_off, out->runs, g->at_max,
                                  out->at));
}

static enum err read_kinds(struct reading *r)
{
    struct rows *out = r->out;
    const struct chunk *c;
    struct str bytes;
    if (!out->kind) return ERR_OK;
    TRY(read_column(r, COLUMN_ID_KIND, &c, &bytes));
    return verdict(r, c, codec_read_kinds(out->scratch->codec, c->codec, bytes, r->n, out->kind));
}

static enum err read_amounts(struct reading *r)
{
    int64_t *amount = r->out->amount;
    const struct chunk *c;
    struct str bytes;
    TRY(read_column(r, COLUMN_ID_AMOUNT, &c, &bytes));
    struct codec_reader *codec = r->out->scratch->codec;
    if (c && c->codec != CODEC_NUMBER) return part_undecodable(r->p, c, r->why);
    if (c && r->chosen) {
        return verdict(r, c, codec_read_chosen_amounts(codec, bytes, r->chosen, amount));
    }
    if (c) return verdict(r, c, codec_read_amounts(codec, bytes, r->n, amount));
    for (uint32_t i = 0; i < r->n; i++)
        amount[i] = HISTORY_NO_AMOUNT;
    return ERR_OK;
}

static enum err read_received(struct reading *r)
{
    struct rows *out = r->out;
    const struct chunk *c;
    struct str bytes;
    TRY(read_column(r, COLUMN_ID_RECEIVED, &c, &bytes));
    return verdict(
        r, c,
        codec_read_received(out->scratch->codec, c->codec, bytes, out->at, r->n, out->received));
}

static enum err read_prop(struct reading *r, struct rows_prop *prop)
{
    static const uint8_t spaces[] = {SPACE_TEXT, SPACE_NUMBER, SPACE_BOOL};
    struct part_scratch *s = r->out->scratch;
    const struct chunk *c = part_find_chunk(r->p, r->group, spaces[prop->type], prop->id);
    if (c) r->out->bytes_read += c->length;
    if (prop->type == PROP_TEXT) {
        TRY(part_strings(r->p, prop->id, s, &prop->strings, &prop->string_count, r->why));
        if (c) return part_read_text(r->p, c, r->n, s, prop->text, r->why);
        memset(prop->text, 0, r->n * sizeof(prop->text[0]));
        return ERR_OK;
    }
    if (c) return part_read_numbers(r->p, c, r->n, s, prop->number, r->why);
    for (uint32_t i = 0; i < r->n; i++)
        prop->number[i] = NAN;
    return ERR_OK;
}

/* A buffer for 'capacity' values of 'size' bytes if it is wanted, else none. Not zeroed: a read
 * fills it. */
static void *keep(void *buffer, bool wanted, uint32_t capacity, size_t size)
{
    if (wanted && buffer) return buffer;
    mem_free(buffer);
    return wanted ? mem_resize_array(NULL, (size_t)capacity + CODEC_SLACK, size) : NULL;
}

static void prepare_columns(struct rows *rows, uint32_t mask, bool any)
{
    uint32_t n = rows->capacity;
    rows->run_persona = keep(rows->run_persona, any, n, sizeof(rows->run_persona[0]));
    rows->run_off = keep(rows->run_off, any, n, sizeof(rows->run_off[0]));
    rows->at = keep(rows->at, any, n, sizeof(rows->at[0]));
    rows->kind = keep(rows->kind, any && !(mask & COLUMN_NO_KIND), n, sizeof(rows->kind[0]));
    for (unsigned d = 0; d < DIM_COUNT; d++) {
        rows->dim[d] = keep(rows->dim[d], mask & COLUMN_DIM0 << d, n, sizeof(rows->dim[d][0]));
    }
    rows->other = keep(rows->other, mask & COLUMN_OTHER, n, sizeof(rows->other[0]));
    rows->amount = keep(rows->amount, mask & COLUMN_AMOUNT, n, sizeof(rows->amount[0]));
    rows->received = keep(rows->received, mask & COLUMN_RECEIVED, n, sizeof(rows->received[0]));
}

static void prepare_props(struct rows *rows, const struct columns *columns,
                          const enum prop_type *types)
{
    uint32_t n = rows->capacity, wanted = columns ? columns->prop_count : 0;
    for (uint32_t i = 0; i < sizeof(rows->props) / sizeof(rows->props[0]); i++) {
        struct rows_prop *prop = &rows->props[i];
        bool text = i < wanted && types[i] == PROP_TEXT;
        bool number = i < wanted && !text;
        prop->id = i < wanted ? columns->props[i] : 0;
        prop->type = i < wanted ? types[i] : PROP_TEXT;
        prop->text = keep(prop->text, text, n, sizeof(prop->text[0]));
        prop->number = keep(prop->number, number, n, sizeof(prop->number[0]));
        prop->strings = NULL;
        prop->string_count = 0;
    }
    rows->prop_count = wanted;
}

void rows_prepare(struct rows *rows, uint32_t n, const struct columns *columns,
                  const enum prop_type *types)
{
    if (n > rows->capacity) {
        prepare_columns(rows, 0, false);
        prepare_props(rows, NULL, NULL);
        rows->capacity = n;
    }
    if (!rows->scratch) rows->scratch = scratch_create();
    prepare_columns(rows, columns->mask, true);
    prepare_props(rows, columns, types);
}

/* What follows personas and kinds. */
static enum err read_rest(struct reading *r)
{
    struct rows *out = r->out;
    TRY(read_times(r));
    for (uint32_t d = 0; d < DIM_COUNT; d++) {
        if (out->dim[d]) TRY(read_codes(r, COLUMN_ID_DIM0 + d, out->dim[d]));
    }
    if (out->other) TRY(read_codes(r, COLUMN_ID_OTHER, out->other));
    if (out->amount) TRY(read_amounts(r));
    if (out->received) TRY(read_received(r));
    for (uint32_t i = 0; i < out->prop_count; i++)
        TRY(read_prop(r, &out->props[i]));
    out->count = r->n;
    return ERR_OK;
}

static enum err begin_read(struct reading *r, const struct columns *columns,
                           const enum prop_type *types)
{
    assert(columns->prop_count <= sizeof(r->out->props) / sizeof(r->out->props[0]));
    r->rough = columns->mask & COLUMN_ROUGH;
    assert(!r->rough || !(columns->mask & COLUMN_RECEIVED)); /* which may lie as lags */
    rows_prepare(r->out, r->n, columns, types);
    r->out->count = r->out->runs = 0;
    TRY(read_personas(r));
    return read_kinds(r);
}

enum err part_read_group(const struct part *p, uint32_t group, const struct columns *columns,
                         const enum prop_type *types, struct rows *out, struct why *why)
{
    struct reading r = {p, group, part_get_group(p, group)->rows, out, why, NULL, false};
    TRY(begin_read(&r, columns, types));
    return read_rest(&r);
}

enum err part_read_kinds(const struct part *p, uint32_t group, const struct part_choice *choice,
                         struct rows *out, bool *chosen, struct why *why)
{
    struct reading r = {p, group, part_get_group(p, group)->rows, out, why, NULL, false};
    assert(!(choice->columns->mask & (COLUMN_NO_KIND | COLUMN_RECEIVED)));
    *chosen = false;
    TRY(begin_read(&r, choice->columns, choice->types));
    uint32_t count = codeset_match_all(choice->kinds, out->kind, r.n, choice->bits);
    if (count > r.n / FEW_SHARE) return read_rest(&r);
    *chosen = true;
    if (count == 0) {
        out->runs = 0;
        return ERR_OK;
    }
    (void)selection_rows(choice->bits, r.n, choice->rows);
    struct chosen c = {r.n,   out->runs,    out->run_off, choice->bits,
                       count, choice->rows, choice->runs};
    rows_find_runs(out, r.n, &c, choice->runs);
    r.chosen = &c;
    TRY(read_rest(&r));
    rows_choose(out, &c);
    return ERR_OK;
}

enum err part_read_brief(const struct part *p, uint32_t group, const struct columns *columns,
                         struct rows *out, struct why *why)
{
    const struct part_group *g = part_get_group(p, group);
    struct reading r = {p, group, g->rows, out, why, NULL, false};
    uint32_t kinds;
    uint16_t kind = part_group_kinds(p, group, &kinds)[0];
    assert((columns->mask & ~(uint32_t)COLUMN_NO_KIND) == 0 && columns->prop_count == 0);
    rows_prepare(out, r.n, columns, NULL);
    out->count = out->runs = 0;
    TRY(read_personas(&r));
    for (uint32_t i = 0; i < out->runs; i++) {
        out->run_off[i] = i;
        out->at[i] = g->at_max;
        if (out->kind) out->kind[i] = kind;
    }
    out->run_off[out->runs] = out->runs;
    out->count = out->runs;
    return ERR_OK;
}

void rows_finish(struct rows *rows)
{
    if (!rows) return;
    prepare_columns(rows, 0, false);
    prepare_props(rows, NULL, NULL);
    scratch_destroy(rows->scratch);
    *rows = (struct rows){0};
}
