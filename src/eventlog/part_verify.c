/* part_verify.c - every byte of a part, read and compared with what the footer says of it.
 *
 * Head, footer and tail are read again (they may have rotted since the part was opened); every
 * chunk's checksum is checked and its values decoded; least and greatest, kinds and the order of
 * rows must be exactly as written. */
#include <math.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"
#include "eventlog/part_file.h"

struct verify {
    const struct part *p;
    uint32_t group;
    struct rows rows; /* of the group, with every column */
    uint64_t kinds[(UINT16_MAX + 1) / 64];
    uint32_t text[PART_GROUP_ROWS + CODEC_SLACK];
    double number[PART_GROUP_ROWS];
    uint32_t last_persona[PART_LEVELS_MAX]; /* of the group before on each level */
    int64_t last_at[PART_LEVELS_MAX];
    struct why *why;
};

struct range {
    int64_t min, max;
};

static enum err differs(struct verify *v, const struct chunk *c, const char *reason)
{
    return part_damage(v->p->path, c->offset, reason, v->why);
}

static void widen(struct range *r, int64_t value)
{
    if (value < r->min) r->min = value;
    if (value > r->max) r->max = value;
}

static struct range code_range(const uint32_t *values, uint32_t rows, bool null_is_zero)
{
    struct range r = {INT64_MAX, INT64_MIN};
    for (uint32_t i = 0; i < rows; i++) {
        if (values[i] || !null_is_zero) widen(&r, values[i]);
    }
    return r;
}

static struct range kind_range(const uint16_t *values, uint32_t rows)
{
    struct range r = {INT64_MAX, INT64_MIN};
    for (uint32_t i = 0; i < rows; i++)
        widen(&r, values[i]);
    return r;
}

static struct range time_range(const int64_t *values, uint32_t rows, bool has_null)
{
    struct range r = {INT64_MAX, INT64_MIN};
    for (uint32_t i = 0; i < rows; i++) {
        if (!has_null || values[i] != HISTORY_NO_AMOUNT) widen(&r, values[i]);
    }
    return r;
}

static struct range number_range(const double *values, uint32_t rows)
{
    struct range r;
    double min = NAN, max = NAN;
    for (uint32_t i = 0; i < rows; i++) {
        if (isnan(values[i])) continue;
        min = values[i] < min || isnan(min) ? values[i] : min;
        max = values[i] > max || isnan(max) ? values[i] : max;
    }
    memcpy(&r.min, &min, sizeof(min));
    memcpy(&r.max, &max, sizeof(max));
    return r;
}

static struct range column_range(const struct rows *rows, uint32_t id)
{
    switch (id) {
    case COLUMN_ID_PERSONA:
        return code_range(rows->run_persona, rows->runs, false);
    case COLUMN_ID_AT:
        return time_range(rows->at, rows->count, false);
    case COLUMN_ID_KIND:
        return kind_range(rows->kind, rows->count);
    case COLUMN_ID_OTHER:
        return code_range(rows->other, rows->count, true);
    case COLUMN_ID_AMOUNT:
        return time_range(rows->amount, rows->count, true);
    case COLUMN_ID_RECEIVED:
        return time_range(rows->received, rows->count, false);
    default:
        return code_range(rows->dim[id - COLUMN_ID_DIM0], rows->count, true);
    }
}

static enum err prop_range(struct verify *v, const struct chunk *c, struct range *range)
{
    struct part_scratch *s = v->rows.scratch;
    uint32_t rows = v->rows.count;
    if (c->space != SPACE_TEXT) {
        TRY(part_read_numbers(v->p, c, rows, s, v->number, v->why));
        *range = number_range(v->number, rows);
        return ERR_OK;
    }
    TRY(part_read_text(v->p, c, rows, s, v->text, v->why));
    *range = code_range(v->text, rows, true);
    return ERR_OK;
}

static enum err verify_ranges(struct verify *v, const struct footer_group *g)
{
    for (uint32_t i = 0; i < g->chunk_count; i++) {
        const struct chunk *c = &v->p->footer.chunks.items[g->chunk_first + i];
        struct range range;
        if (c->space == SPACE_COLUMN) {
            range = column_range(&v->rows, c->id);
        } else {
            TRY(prop_range(v, c, &range));
        }
        if (range.min != c->min || range.max != c->max) {
            return differs(v, c, "least and greatest of a column differ");
        }
    }
    return ERR_OK;
}

static bool kinds_agree(struct verify *v, const struct footer_group *g)
{
    uint32_t found = 0;
    memset(v->kinds, 0, sizeof(v->kinds));
    for (uint32_t i = 0; i < v->rows.count; i++) {
        uint64_t *word = &v->kinds[v->rows.kind[i] / 64],
                 bit = (uint64_t)1 << (v->rows.kind[i] % 64);
        if (v->rows.kind[i] == 0) return false;
        if (!(*word & bit) && !part_group_has_kind(v->p, v->group, v->rows.kind[i])) return false;
        found += !(*word & bit);
        *word |= bit;
    }
    return found == g->kind_count;
}

/* Within a group the codecs see to it that personas and times ascend. */
static bool follows(struct verify *v)
{
    const struct rows *rows = &v->rows;
    uint32_t level = part_get_group(v->p, v->group)->level;
    uint32_t last = v->last_persona[level];
    bool good = rows->run_persona[0] > last ||
                (rows->run_persona[0] == last && rows->at[0] >= v->last_at[level]);
    v->last_persona[level] = rows->run_persona[rows->runs - 1];
    v->last_at[level] = rows->at[rows->count - 1];
    return good;
}

static enum err verify_group(struct verify *v)
{
    struct columns all = {.mask = (COLUMN_DIM0 << DIM_COUNT) - 1};
    all.mask |= COLUMN_OTHER | COLUMN_AMOUNT | COLUMN_RECEIVED;
    const struct footer_group *g = &v->p->footer.groups.items[v->group];
    const struct chunk *first = &v->p->footer.chunks.items[g->chunk_first];
    TRY(part_read_group(v->p, v->group, &all, NULL, &v->rows, v->why));
    TRY(verify_ranges(v, g));
    struct range at = time_range(v->rows.at, v->rows.count, false);
    if (at.min != g->head.at_min || at.max != g->head.at_max) {
        return differs(v, first, "the times of a group differ");
    }
    if (!kinds_agree(v, g)) return differs(v, first, "the kinds of a group differ");
    return follows(v) ? ERR_OK : differs(v, first, "its events are not in order");
}

static enum err verify_strings(struct verify *v)
{
    const struct footer *f = &v->p->footer;
    for (size_t i = 0; i < f->strings.count; i++) {
        const struct chunk *c = &f->strings.items[i];
        const struct str *strings;
        uint32_t count;
        TRY(part_read_chunk(v->p, c, v->rows.scratch, v->why));
        TRY(part_strings(v->p, c->id, v->rows.scratch, &strings, &count, v->why));
    }
    return ERR_OK;
}

static enum err verify_footer(const struct part *p, struct why *why)
{
    struct footer again;
    uint64_t size;
    TRY(fs_size(p->fd, &size, why));
    TRY(footer_load(p->fd, p->path, size, &again, why));
    bool same = again.info.checksum == p->footer.info.checksum;
    footer_finish(&again);
    return same ? ERR_OK : part_damage(p->path, size, "the footer has changed", why);
}

enum err part_verify(const struct part *p, struct why *why)
{
    TRY(verify_footer(p, why));
    struct verify *v = mem_alloc(sizeof(*v));
    enum err err = ERR_OK;
    v->p = p;
    v->why = why;
    v->rows.scratch = scratch_create();
    for (; err == ERR_OK && v->group < part_group_count(p); v->group++)
        err = verify_group(v);
    if (err == ERR_OK) err = verify_strings(v);
    rows_finish(&v->rows);
    mem_free(v);
    return err;
}
