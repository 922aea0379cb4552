/* part_cursor.c - a part row by row, with everything in it.
 *
 * Each level has its rows in order; the least of their heads is given out. Levels have no time in
 * common, so that no two heads are equal. A group is decoded at a time. Properties arrive
 * column by column and are turned into rows by a counting sort: entry[start[i]] .. entry[start[i +
 * 1] - 1] are row i's, ascending by property because the columns were added in that order. */
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

/* The rows of one level. */
struct level_rows {
    const struct part *part;
    uint32_t level;
    uint32_t group;   /* to read next, or one of another level before it */
    uint32_t row;     /* to give out next */
    uint32_t run;     /* of 'rows' that it is in */
    struct rows rows; /* of the group being given out */
    VEC(struct cursor_column) columns;
    VEC(struct entry) found;      /* by column, then row */
    VEC(struct entry) entries;    /* by row, then column */
    VEC(struct event_prop) props; /* of the row given out last */
    uint32_t start[PART_GROUP_ROWS + 1];
    double number[PART_GROUP_ROWS];
    uint32_t text[PART_GROUP_ROWS + CODEC_SLACK];
    struct event ev; /* given out last */
};

struct part_cursor {
    struct part *part;        /* referenced */
    bool begun;               /* every level is at a row */
    struct level_rows *least; /* its row was given out last; NULL = none */
    uint32_t count;           /* levels that are not at their end */
    struct level_rows *levels[PART_LEVELS_MAX];
};

enum err part_cursor_open(struct part *p, struct part_cursor **out, struct why *why)
{
    (void)why;
    struct part_cursor *c = mem_alloc(sizeof(*c));
    part_ref(p);
    c->part = p;
    c->count = part_level_count(p);
    for (uint32_t i = 0; i < c->count; i++) {
        c->levels[i] = mem_alloc(sizeof(*c->levels[i]));
        c->levels[i]->part = p;
        c->levels[i]->level = i;
    }
    *out = c;
    return ERR_OK;
}

static void rows_close(struct level_rows *s)
{
    rows_finish(&s->rows);
    VEC_FINISH(&s->columns);
    VEC_FINISH(&s->found);
    VEC_FINISH(&s->entries);
    VEC_FINISH(&s->props);
    mem_free(s);
}

void part_cursor_close(struct part_cursor *c)
{
    if (!c) return;
    for (uint32_t i = 0; i < c->count; i++)
        rows_close(c->levels[i]);
    part_unref(c->part);
    mem_free(c);
}

/* So that no file can make its reader gather more than its events may have. */
static enum err check_count(const struct level_rows *s, const struct chunk *chunk, struct why *why)
{
    if (s->found.count <= (size_t)s->rows.count * LIMIT_PROPS_PER_EVENT) return ERR_OK;
    return part_damage(s->part->path, chunk->offset, "its events have too many properties", why);
}

static void push_entry(struct level_rows *s, struct entry e)
{
    VEC_PUSH(&s->found, e);
}

static enum err add_text(struct level_rows *s, const struct chunk *chunk, struct why *why)
{
    struct cursor_column column = {.id = chunk->id, .type = PROP_TEXT};
    uint32_t string_count, rows = s->rows.count;
    TRY(part_strings(s->part, chunk->id, s->rows.scratch, &column.strings, &string_count, why));
    TRY(part_read_text(s->part, chunk, rows, s->rows.scratch, s->text, why));
    for (uint32_t i = 0; i < rows; i++) {
        if (s->text[i] == 0) continue;
        struct entry e = {.row = i, .column = (uint32_t)s->columns.count};
        e.value.text = s->text[i];
        push_entry(s, e);
    }
    VEC_PUSH(&s->columns, column);
    return check_count(s, chunk, why);
}

static enum err add_number(struct level_rows *s, const struct chunk *chunk, struct why *why)
{
    bool is_bool = chunk->space == SPACE_BOOL;
    struct cursor_column column = {.id = chunk->id, .type = is_bool ? PROP_BOOL : PROP_NUMBER};
    uint32_t rows = s->rows.count;
    TRY(part_read_numbers(s->part, chunk, rows, s->rows.scratch, s->number, why));
    for (uint32_t i = 0; i < rows; i++) {
        if (isnan(s->number[i])) continue;
        struct entry e = {.row = i, .column = (uint32_t)s->columns.count};
        e.value.number = s->number[i];
        push_entry(s, e);
    }
    VEC_PUSH(&s->columns, column);
    return check_count(s, chunk, why);
}

static void sort_by_row(struct level_rows *s)
{
    memset(s->start, 0, (s->rows.count + 1) * sizeof(s->start[0]));
    for (size_t i = 0; i < s->found.count; i++)
        s->start[s->found.items[i].row + 1]++;
    for (uint32_t i = 0; i < s->rows.count; i++)
        s->start[i + 1] += s->start[i];
    VEC_RESET(&s->entries);
    VEC_RESERVE(&s->entries, s->found.count);
    for (size_t i = 0; i < s->found.count; i++) {
        const struct entry *e = &s->found.items[i];
        s->entries.items[s->start[e->row]++] = *e;
    }
    /* each start has moved on to the next row's */
    memmove(s->start + 1, s->start, s->rows.count * sizeof(s->start[0]));
    s->start[0] = 0;
}

static enum err read_group(struct level_rows *s, struct why *why)
{
    struct columns all = {.mask = (COLUMN_DIM0 << DIM_COUNT) - 1};
    all.mask |= COLUMN_OTHER | COLUMN_AMOUNT | COLUMN_RECEIVED;
    VEC_RESET(&s->columns);
    VEC_RESET(&s->found);
    s->row = s->run = 0;
    TRY(part_read_group(s->part, s->group, &all, NULL, &s->rows, why));
    const struct footer *f = &s->part->footer;
    const struct footer_group *g = &f->groups.items[s->group];
    for (uint32_t i = 0; i < g->chunk_count; i++) {
        const struct chunk *chunk = &f->chunks.items[g->chunk_first + i];
        if (chunk->space == SPACE_COLUMN) continue;
        TRY(chunk->space == SPACE_TEXT ? add_text(s, chunk, why) : add_number(s, chunk, why));
    }
    sort_by_row(s);
    s->group++;
    return ERR_OK;
}

/* Rows ascend, also from group to group, and are what a writer would have taken. */
static bool is_sound(const struct level_rows *s, uint32_t i)
{
    const struct rows *rows = &s->rows;
    if (rows->kind[i] == 0 || s->start[i + 1] - s->start[i] > LIMIT_PROPS_PER_EVENT) return false;
    uint32_t persona = rows->run_persona[s->run];
    return persona > s->ev.persona || (persona == s->ev.persona && rows->at[i] >= s->ev.at);
}

static void push_prop(struct level_rows *s, struct event_prop prop)
{
    VEC_PUSH(&s->props, prop);
}

static void take_props(struct level_rows *s, uint32_t row)
{
    VEC_RESET(&s->props);
    for (uint32_t i = s->start[row]; i < s->start[row + 1]; i++) {
        const struct entry *e = &s->entries.items[i];
        const struct cursor_column *column = &s->columns.items[e->column];
        struct event_prop prop = {.id = column->id, .type = column->type};
        if (column->type == PROP_TEXT) prop.text = column->strings[e->value.text];
        if (column->type != PROP_TEXT) prop.number = e->value.number;
        push_prop(s, prop);
    }
    s->ev.props = s->props.items;
    s->ev.prop_count = (uint16_t)s->props.count;
}

/* Skip groups of other levels; false at the end. */
static bool find_group(struct level_rows *s)
{
    uint32_t count = part_group_count(s->part);
    while (s->group < count && part_get_group(s->part, s->group)->level != s->level)
        s->group++;
    return s->group < count;
}

static enum err rows_next(struct level_rows *s, struct why *why)
{
    if (s->row == s->rows.count) {
        if (!find_group(s)) return ERR_NOT_FOUND;
        TRY(read_group(s, why));
    }
    const struct rows *rows = &s->rows;
    uint32_t i = s->row;
    if (i == rows->run_off[s->run + 1]) s->run++;
    if (!is_sound(s, i)) {
        const struct footer *f = &s->part->footer;
        const struct chunk *chunk = &f->chunks.items[f->groups.items[s->group - 1].chunk_first];
        return part_damage(s->part->path, chunk->offset, "its events are not in order", why);
    }
    s->row++;
    s->ev.persona = rows->run_persona[s->run];
    s->ev.at = rows->at[i];
    s->ev.received_at = rows->received[i];
    s->ev.kind = rows->kind[i];
    s->ev.other = rows->other[i];
    s->ev.amount = rows->amount[i];
    for (int d = 0; d < DIM_COUNT; d++)
        s->ev.dim[d] = rows->dim[d][i];
    take_props(s, i);
    return ERR_OK;
}

/* --- all levels --- */

/* Move level i on; at its end it goes. */
static enum err advance(struct part_cursor *c, uint32_t i, struct why *why)
{
    enum err err = rows_next(c->levels[i], why);
    if (err != ERR_NOT_FOUND) return err;
    rows_close(c->levels[i]);
    c->levels[i] = c->levels[--c->count];
    return ERR_OK;
}

static enum err begin(struct part_cursor *c, struct why *why)
{
    c->begun = true;
    for (uint32_t i = c->count; i-- > 0;)
        TRY(advance(c, i, why));
    return ERR_OK;
}

static bool is_before(const struct event *a, const struct event *b)
{
    return a->persona != b->persona ? a->persona < b->persona : a->at < b->at;
}

enum err part_cursor_next(struct part_cursor *c, const struct event **out, struct why *why)
{
    if (!c->begun) TRY(begin(c, why));
    for (uint32_t i = 0; c->least && i < c->count; i++) {
        if (c->levels[i] != c->least) continue;
        c->least = NULL;
        TRY(advance(c, i, why));
    }
    for (uint32_t i = 0; i < c->count; i++) {
        if (!c->least || is_before(&c->levels[i]->ev, &c->least->ev)) c->least = c->levels[i];
    }
    if (!c->least) return ERR_NOT_FOUND;
    *out = &c->least->ev;
    return ERR_OK;
}
