/* part_level.c - recent rows apart from older ones, so that a question about the last weeks does
 * not read years.
 *
 * A file that is sorted by persona has some rows of every month in every group. So each group is
 * parted by time as it is filled, but for the first, by which the times are chosen: a quarter and a
 * bit before the newest row, a year and a bit, three years and a bit. What is asked for most is the
 * newest and gets the narrowest level, and a question about everything merges few of them. A level
 * that would hold next to nothing is not made. The cuts are one choice for the whole file: rows of
 * one time are on one level, wherever they are, and keep their order. */
#include "eventlog/part_group.h"

#define DAY ((int64_t)86400000)
#define SHARE_MIN 64 /* a level has one of so many rows at least */

/* Days before the newest row: a few more than a quarter, a year and three years have. */
static const int64_t ages[] = {96, 380, 1140};
#define AGES (sizeof(ages) / sizeof(ages[0]))
_Static_assert(AGES < PART_LEVELS_MAX, "every age can be a cut");

static uint32_t rows_from(const struct group_buffer *g, int64_t at)
{
    uint32_t rows = 0;
    for (uint32_t i = 0; i < g->rows; i++)
        rows += g->at[i] >= at;
    return rows;
}

void levels_choose(const struct group_buffer *g, struct levels *levels)
{
    int64_t newest = 0, cut[AGES];
    uint32_t cuts = 0, taken = 0; /* rows on the levels so far, newest first */
    for (uint32_t i = 0; i < g->rows; i++)
        newest = g->at[i] > newest ? g->at[i] : newest;
    for (size_t i = 0; i < AGES; i++) {
        uint32_t rows = rows_from(g, newest - ages[i] * DAY);
        if (rows - taken < g->rows / SHARE_MIN || g->rows - rows < g->rows / SHARE_MIN) continue;
        cut[cuts++] = newest - ages[i] * DAY;
        taken = rows;
    }
    levels->cuts = cuts;
    for (uint32_t i = 0; i < cuts; i++)
        levels->cut[i] = cut[cuts - 1 - i];
}

/* For every row its place on the level; UINT32_MAX elsewhere. */
static void pick_rows(const struct group_buffer *g, int64_t from, int64_t to, uint32_t *place,
                      struct group_buffer *out)
{
    for (uint32_t i = 0; i < g->rows; i++) {
        bool in = g->at[i] >= from && g->at[i] < to;
        uint32_t row = out->rows;
        place[i] = in ? row : UINT32_MAX;
        if (!in) continue;
        out->persona[row] = g->persona[i];
        out->at[row] = g->at[i];
        out->received[row] = g->received[i];
        for (unsigned c = 0; c < CODE_COUNT; c++)
            group_put_code(out, c, row, g->code[c][i]);
        out->rows++;
    }
}

static void pick_prop(const struct prop_buffer *p, const uint32_t *place, struct group_buffer *out)
{
    struct prop_buffer *to = group_prop(out, p->form->id, p->form->type);
    for (uint32_t i = 0; i < p->count; i++) {
        uint32_t row = place[p->row[i]];
        if (row == UINT32_MAX) continue;
        group_add_prop(to, row);
        if (p->form->type == PROP_TEXT) to->text[to->count - 1] = p->text[i];
        if (p->form->type != PROP_TEXT) to->number[to->count - 1] = p->number[i];
    }
}

void group_pick(const struct group_buffer *g, const struct levels *levels, uint32_t level,
                struct group_buffer *out)
{
    int64_t from = level ? levels->cut[level - 1] : INT64_MIN;
    int64_t to = level < levels->cuts ? levels->cut[level] : INT64_MAX;
    uint32_t *place = out->full; /* free until the group is encoded */
    group_reset(out);
    pick_rows(g, from, to, place, out);
    for (uint32_t i = 0; i < g->amounts; i++) {
        uint32_t row = place[g->amount_row[i]];
        if (row == UINT32_MAX) continue;
        out->amount_row[out->amounts] = row;
        out->amount[out->amounts++] = g->amount[i];
    }
    for (size_t i = 0; i < g->props.count; i++)
        pick_prop(g->props.items[i], place, out);
}
