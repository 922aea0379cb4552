/* part_cursor.c - a part row by row, with everything in it.
 *
 * A group is decoded at a time. Properties arrive column by column and are turned into rows by a
 * counting sort: entry[start[i]] .. entry[start[i + 1] - 1] are row i's, ascending by property
 * because the columns were added in that order. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "eventlog/part_file.h"

/* A property column of the group being read. */
struct cursor_column {
    uint32_t id;
    enum prop_type type;
    const struct str *strings; /* PROP_TEXT */
};

/* One value of one row. */
struct entry {
    uint32_t row;
    uint32_t column; /* in part_cursor.columns */
    union {
        double number;
        uint32_t text;
    } value;
};

struct part_cursor {
    struct part *part; /* referenced */
    uint32_t group;    /* to read next */
    uint32_t row;      /* to give out next */
    uint32_t run;      /* of 'rows' that it is in */
    struct rows rows;  /* of the group being given out */
    VEC(struct cursor_column) columns;
    VEC(struct entry) found;      /* by column, then row */
    VEC(struct entry) entries;    /* by row, then column */
    VEC(struct event_prop) props; /* of the row given out last */
    uint32_t start[PART_GROUP_ROWS + 1];
    double number[PART_GROUP_ROWS];
    uint32_t text[PART_GROUP_ROWS + CODEC_SLACK];
    struct event ev; /* given out last */
};

enum err part_cursor_open(struct part *p, struct part_cursor **out, struct why *why)
{
    (void)why;
    struct part_cursor *c = mem_alloc(sizeof(*c));
    part_ref(p);
    c->part = p;
    *out = c;
    return ERR_OK;
}

void part_cursor_close(struct part_cursor *c)
{
    if (!c) return;
    part_unref(c->part);
    rows_finish(&c->rows);
    VEC_FINISH(&c->columns);
    VEC_FINISH(&c->found);
    VEC_FINISH(&c->entries);
    VEC_FINISH(&c->props);
    mem_free(c);
}

/* So that no file can make its reader gather more than its events may have. */
static enum err check_count(const struct part_cursor *c, const struct chunk *chunk, struct why *why)
{
    if (c->found.count <= (size_t)c->rows.count * LIMIT_PROPS_PER_EVENT) return ERR_OK;
    return part_damage(c->part->path, chunk->offset, "its events have too many properties", why);
}

static void push_entry(struct part_cursor *c, struct entry e)
{
    VEC_PUSH(&c->found, e);
}

static enum err add_text(struct part_cursor *c, const struct chunk *chunk, struct why *why)
{
    struct cursor_column column = {.id = chunk->id, .type = PROP_TEXT};
    uint32_t string_count, rows = c->rows.count;
    TRY(part_strings(c->part, chunk->id, c->rows.scratch, &column.strings, &string_count, why));
    TRY(part_read_text(c->part, chunk, rows, c->rows.scratch, c->text, why));
    for (uint32_t i = 0; i < rows; i++) {
        if (c->text[i] == 0) continue;
        struct entry e = {.row = i, .column = (uint32_t)c->columns.count};
        e.value.text = c->text[i];
        push_entry(c, e);
    }
    VEC_PUSH(&c->columns, column);
    return check_count(c, chunk, why);
}

static enum err add_number(struct part_cursor *c, const struct chunk *chunk, struct why *why)
{
    bool is_bool = chunk->space == SPACE_BOOL;
    struct cursor_column column = {.id = chunk->id, .type = is_bool ? PROP_BOOL : PROP_NUMBER};
    uint32_t rows = c->rows.count;
    TRY(part_read_numbers(c->part, chunk, rows, c->rows.scratch, c->number, why));
    for (uint32_t i = 0; i < rows; i++) {
        if (isnan(c->number[i])) continue;
        struct entry e = {.row = i, .column = (uint32_t)c->columns.count};
        e.value.number = c->number[i];
        push_entry(c, e);
    }
    VEC_PUSH(&c->columns, column);
    return check_count(c, chunk, why);
}

static void sort_by_row(struct part_cursor *c)
{
    memset(c->start, 0, (c->rows.count + 1) * sizeof(c->start[0]));
    for (size_t i = 0; i < c->found.count; i++)
        c->start[c->found.items[i].row + 1]++;
    for (uint32_t i = 0; i < c->rows.count; i++)
        c->start[i + 1] += c->start[i];
    VEC_RESET(&c->entries);
    VEC_RESERVE(&c->entries, c->found.count);
    for (size_t i = 0; i < c->found.count; i++) {
        const struct entry *e = &c->found.items[i];
        c->entries.items[c->start[e->row]++] = *e;
    }
    /* each start has moved on to the next row's */
    memmove(c->start + 1, c->start, c->rows.count * sizeof(c->start[0]));
    c->start[0] = 0;
}

static enum err read_group(struct part_cursor *c, struct why *why)
{
    struct columns all = {.mask = (COLUMN_DIM0 << DIM_COUNT) - 1};
    all.mask |= COLUMN_OTHER | COLUMN_AMOUNT | COLUMN_RECEIVED;
    VEC_RESET(&c->columns);
    VEC_RESET(&c->found);
    c->row = c->run = 0;
    TRY(part_read_group(c->part, c->group, &all, NULL, &c->rows, why));
    const struct footer *f = &c->part->footer;
    const struct footer_group *g = &f->groups.items[c->group];
    for (uint32_t i = 0; i < g->chunk_count; i++) {
        const struct chunk *chunk = &f->chunks.items[g->chunk_first + i];
        if (chunk->space == SPACE_COLUMN) continue;
        TRY(chunk->space == SPACE_TEXT ? add_text(c, chunk, why) : add_number(c, chunk, why));
    }
    sort_by_row(c);
    c->group++;
    return ERR_OK;
}

/* Rows ascend, also from group to group, and are what a writer would have taken. */
static bool is_sound(const struct part_cursor *c, uint32_t i)
{
    const struct rows *rows = &c->rows;
    if (rows->kind[i] == 0 || c->start[i + 1] - c->start[i] > LIMIT_PROPS_PER_EVENT) return false;
    uint32_t persona = rows->run_persona[c->run];
    return persona > c->ev.persona || (persona == c->ev.persona && rows->at[i] >= c->ev.at);
}

static void push_prop(struct part_cursor *c, struct event_prop prop)
{
    VEC_PUSH(&c->props, prop);
}

static void take_props(struct part_cursor *c, uint32_t row)
{
    VEC_RESET(&c->props);
    for (uint32_t i = c->start[row]; i < c->start[row + 1]; i++) {
        const struct entry *e = &c->entries.items[i];
        const struct cursor_column *column = &c->columns.items[e->column];
        struct event_prop prop = {.id = column->id, .type = column->type};
        if (column->type == PROP_TEXT) prop.text = column->strings[e->value.text];
        if (column->type != PROP_TEXT) prop.number = e->value.number;
        push_prop(c, prop);
    }
    c->ev.props = c->props.items;
    c->ev.prop_count = (uint16_t)c->props.count;
}

enum err part_cursor_next(struct part_cursor *c, const struct event **out, struct why *why)
{
    if (c->row == c->rows.count) {
        if (c->group == part_group_count(c->part)) return ERR_NOT_FOUND;
        TRY(read_group(c, why));
    }
    const struct rows *rows = &c->rows;
    uint32_t i = c->row;
    if (i == rows->run_off[c->run + 1]) c->run++;
    if (!is_sound(c, i)) {
        const struct footer *f = &c->part->footer;
        const struct chunk *chunk = &f->chunks.items[f->groups.items[c->group - 1].chunk_first];
        return part_damage(c->part->path, chunk->offset, "its events are not in order", why);
    }
    c->row++;
    c->ev.persona = rows->run_persona[c->run];
    c->ev.at = rows->at[i];
    c->ev.received_at = rows->received[i];
    c->ev.kind = rows->kind[i];
    c->ev.other = rows->other[i];
    c->ev.amount = rows->amount[i];
    for (int d = 0; d < DIM_COUNT; d++)
        c->ev.dim[d] = rows->dim[d][i];
    take_props(c, i);
    *out = &c->ev;
    return ERR_OK;
}
