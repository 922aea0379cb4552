/* part_slice.c - a few personas' rows out of a group.
 *
 * The persona column tells where they lie, as one slice for each persona found; then each column
 * asked for is read once and its slices decoded one after the other, close behind each other. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "eventlog/part_file.h"

/* One call of part_read_personas. */
struct slicing {
    const struct part *p;
    uint32_t group;
    const struct slice *slices; /* of the group; ascending */
    size_t count;               /* of slices */
    struct rows *out;
    struct why *why;
};

/* Decode one slice of chunk 'c', whose bytes were read, to place 'pos' of column 'to'. */
typedef bool take_fn(const struct slicing *g, const struct chunk *c, const struct slice *s,
                     void *to, uint32_t pos);

static struct str bytes_of(const struct rows *out)
{
    return strbuf_str(&out->scratch->bytes);
}

/* --- the persona column --- */

static enum err read_runs(const struct part *p, uint32_t group, struct rows *out, uint32_t *runs,
                          struct why *why)
{
    struct part_scratch *s = out->scratch;
    const struct part_group *g = part_get_group(p, group);
    const struct chunk *c = part_find_chunk(p, group, SPACE_COLUMN, COLUMN_ID_PERSONA);
    if (!s->persona) {
        s->persona = mem_resize_array(NULL, PART_GROUP_ROWS, sizeof(s->persona[0]));
        s->off = mem_resize_array(NULL, PART_GROUP_ROWS + 1, sizeof(s->off[0]));
    }
    TRY(part_read_chunk(p, c, s, why));
    out->bytes_read += c->length;
    if (c->codec == CODEC_PERSONA &&
        codec_read_persona(s->codec, bytes_of(out), g->rows, s->persona, s->off, runs) &&
        s->persona[0] == g->persona_min && s->persona[*runs - 1] == g->persona_max)
        return ERR_OK;
    return part_undecodable(p, c, why);
}

/* First run from 'run' on whose persona is at least 'persona'. */
static uint32_t find_run(const uint32_t *personas, uint32_t run, uint32_t runs, uint32_t persona)
{
    uint32_t high = runs;
    while (run < high) {
        uint32_t middle = run + (high - run) / 2;
        if (personas[middle] < persona) {
            run = middle + 1;
        } else {
            high = middle;
        }
    }
    return run;
}

static void push_slice(struct part_scratch *s, struct slice slice)
{
    VEC_PUSH(&s->slices, slice);
}

/* How many rows they have. */
static uint32_t find_slices(struct part_scratch *s, const struct part_wanted *w, uint32_t rows,
                            uint32_t runs)
{
    uint32_t run = 0, found = 0;
    VEC_RESET(&s->slices);
    for (size_t i = 0; i < w->who_count && run < runs; i++) {
        assert(i == 0 || w->who[i] > w->who[i - 1]);
        run = find_run(s->persona, run, runs, w->who[i]);
        if (run == runs || s->persona[run] != w->who[i]) continue;
        push_slice(s, (struct slice){rows, s->off[run], s->off[run + 1], run, runs});
        found += s->off[run + 1] - s->off[run];
    }
    return found;
}

/* --- the others --- */

static bool take_at(const struct slicing *g, const struct chunk *c, const struct slice *s, void *to,
                    uint32_t pos)
{
    int64_t *at = to, at_max = part_get_group(g->p, g->group)->at_max;
    return c->codec == CODEC_AT &&
           codec_slice_at(g->out->scratch->codec, bytes_of(g->out), *s, at_max, at + pos);
}

static bool take_kinds(const struct slicing *g, const struct chunk *c, const struct slice *s,
                       void *to, uint32_t pos)
{
    uint16_t *kinds = to;
    return codec_slice_kinds(g->out->scratch->codec, c->codec, bytes_of(g->out), *s, kinds + pos);
}

static bool take_codes(const struct slicing *g, const struct chunk *c, const struct slice *s,
                       void *to, uint32_t pos)
{
    uint32_t *codes = to;
    return codec_slice_codes(g->out->scratch->codec, c->codec, bytes_of(g->out), *s, codes + pos);
}

static bool take_received(const struct slicing *g, const struct chunk *c, const struct slice *s,
                          void *to, uint32_t pos)
{
    int64_t *received = to;
    return codec_slice_received(g->out->scratch->codec, c->codec, bytes_of(g->out), *s,
                                g->out->at + pos, received + pos);
}

static bool take_amounts(const struct slicing *g, const struct chunk *c, const struct slice *s,
                         void *to, uint32_t pos)
{
    int64_t *amounts = to;
    return c->codec == CODEC_NUMBER &&
           codec_slice_amounts(g->out->scratch->codec, bytes_of(g->out), *s, amounts + pos);
}

static bool take_numbers(const struct slicing *g, const struct chunk *c, const struct slice *s,
                         void *to, uint32_t pos)
{
    double *numbers = to;
    return c->codec == CODEC_NUMBER &&
           codec_slice_numbers(g->out->scratch->codec, bytes_of(g->out), *s, numbers + pos);
}

static enum err take_slices(struct slicing *g, const struct chunk *c, take_fn *take, void *to)
{
    uint32_t pos = 0;
    TRY(part_read_chunk(g->p, c, g->out->scratch, g->why));
    g->out->bytes_read += c->length;
    for (size_t i = 0; i < g->count; i++) {
        const struct slice *s = &g->slices[i];
        if (!take(g, c, s, to, pos)) return part_undecodable(g->p, c, g->why);
        pos += s->to - s->from;
    }
    return ERR_OK;
}

/* A column that is asked for if 'to' is there. Without a chunk all its codes are null. */
static enum err read_column(struct slicing *g, uint32_t id, take_fn *take, void *to)
{
    const struct chunk *c = part_find_chunk(g->p, g->group, SPACE_COLUMN, id);
    if (!to) return ERR_OK;
    if (c) return take_slices(g, c, take, to);
    if (take == take_codes) memset(to, 0, g->out->count * sizeof(uint32_t));
    for (uint32_t i = 0; take == take_amounts && i < g->out->count; i++)
        ((int64_t *)to)[i] = HISTORY_NO_AMOUNT;
    return ERR_OK;
}

static enum err read_text(struct slicing *g, struct rows_prop *prop)
{
    const struct chunk *c = part_find_chunk(g->p, g->group, SPACE_TEXT, prop->id);
    TRY(part_strings(g->p, prop->id, g->out->scratch, &prop->strings, &prop->string_count, g->why));
    if (!c) {
        memset(prop->text, 0, g->out->count * sizeof(prop->text[0]));
        return ERR_OK;
    }
    TRY(take_slices(g, c, take_codes, prop->text));
    for (uint32_t i = 0; i < g->out->count; i++) {
        if (prop->text[i] >= prop->string_count) return part_undecodable(g->p, c, g->why);
    }
    return ERR_OK;
}

static enum err read_prop(struct slicing *g, struct rows_prop *prop)
{
    if (prop->type == PROP_TEXT) return read_text(g, prop);
    uint8_t space = prop->type == PROP_BOOL ? SPACE_BOOL : SPACE_NUMBER;
    const struct chunk *c = part_find_chunk(g->p, g->group, space, prop->id);
    if (c) return take_slices(g, c, take_numbers, prop->number);
    for (uint32_t i = 0; i < g->out->count; i++)
        prop->number[i] = NAN;
    return ERR_OK;
}

static enum err read_columns(struct slicing *g)
{
    struct rows *out = g->out;
    TRY(read_column(g, COLUMN_ID_AT, take_at, out->at));
    TRY(read_column(g, COLUMN_ID_KIND, take_kinds, out->kind));
    for (unsigned d = 0; d < DIM_COUNT; d++)
        TRY(read_column(g, COLUMN_ID_DIM0 + d, take_codes, out->dim[d]));
    TRY(read_column(g, COLUMN_ID_OTHER, take_codes, out->other));
    TRY(read_column(g, COLUMN_ID_AMOUNT, take_amounts, out->amount));
    TRY(read_column(g, COLUMN_ID_RECEIVED, take_received, out->received));
    for (uint32_t i = 0; i < out->prop_count; i++)
        TRY(read_prop(g, &out->props[i]));
    return ERR_OK;
}

static void set_runs(const struct slicing *g)
{
    struct rows *out = g->out;
    uint32_t pos = 0;
    for (size_t i = 0; i < g->count; i++) {
        out->run_persona[i] = out->scratch->persona[g->slices[i].run];
        out->run_off[i] = pos;
        pos += g->slices[i].to - g->slices[i].from;
    }
    out->run_off[g->count] = pos;
    out->runs = (uint32_t)g->count;
}

enum err part_read_personas(const struct part *p, uint32_t group, const struct part_wanted *wanted,
                            struct rows *out, struct why *why)
{
    uint32_t rows = part_get_group(p, group)->rows, runs = 0;
    assert(wanted->columns->prop_count <= sizeof(out->props) / sizeof(out->props[0]));
    out->count = out->runs = 0;
    if (!out->scratch) out->scratch = scratch_create();
    TRY(read_runs(p, group, out, &runs, why));
    uint32_t found = find_slices(out->scratch, wanted, rows, runs);
    if (found == 0) return ERR_OK;
    rows_prepare(out, found, wanted->columns, wanted->types);
    struct slicing g = {p, group, out->scratch->slices.items, out->scratch->slices.count, out, why};
    out->count = found; /* for the filling of nulls */
    enum err err = read_columns(&g);
    out->count = 0;
    if (err != ERR_OK) return err;
    set_runs(&g);
    out->count = found;
    return ERR_OK;
}
