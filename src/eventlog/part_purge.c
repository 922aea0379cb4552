/* part_purge.c - groups are looked through by their times and by which properties they have; of
 * those that may hold any, the times and these properties alone are decoded. A part is written
 * anew row by row, as for an erasure: strings that only went are not in the new file. */
#include "eventlog/part_purge.h"

#include <math.h>

#include "base/limits.h"
#include "base/mem.h"
#include "eventlog/part_file.h"

#define STOP_ROWS 4096 /* between two looks at 'stop' */

/* Whether a value of a property is to go from an event of this time; '*item' says by which. */
static bool is_over(const struct expiry *e, uint32_t prop, int64_t at, size_t *item)
{
    size_t low = 0, high = e->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (e->items[middle].prop < prop) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *item = low;
    return low < e->count && e->items[low].prop == prop && at < e->items[low].before;
}

static bool is_stopped(const atomic_bool *stop)
{
    return stop && atomic_load(stop);
}

/* ---- counting ---- */

/* One thread's. */
struct counter {
    const struct part *part;
    const struct expiry *expiry;
    uint64_t *values;
    struct rows rows; /* the times of a group */
    double *number;   /* [PART_GROUP_ROWS] */
    uint32_t *text;   /* [PART_GROUP_ROWS + CODEC_SLACK] */
};

static enum err count_chunk(struct counter *c, const struct chunk *chunk, size_t item,
                            struct why *why)
{
    int64_t before = c->expiry->items[item].before;
    uint32_t rows = c->rows.count;
    if (chunk->space == SPACE_TEXT) {
        TRY(part_read_text(c->part, chunk, rows, c->rows.scratch, c->text, why));
        for (uint32_t i = 0; i < rows; i++)
            c->values[item] += c->text[i] != 0 && c->rows.at[i] < before;
    } else {
        TRY(part_read_numbers(c->part, chunk, rows, c->rows.scratch, c->number, why));
        for (uint32_t i = 0; i < rows; i++)
            c->values[item] += !isnan(c->number[i]) && c->rows.at[i] < before;
    }
    return ERR_OK;
}

static enum err count_group(struct counter *c, uint32_t group, struct why *why)
{
    const struct footer *f = &c->part->footer;
    const struct footer_group *g = &f->groups.items[group];
    int64_t at_min = part_get_group(c->part, group)->at_min;
    bool read = false;
    for (uint32_t i = 0; i < g->chunk_count; i++) {
        const struct chunk *chunk = &f->chunks.items[g->chunk_first + i];
        size_t item;
        if (chunk->space == SPACE_COLUMN || !is_over(c->expiry, chunk->id, at_min, &item)) continue;
        if (!read) TRY(part_read_group(c->part, group, &(struct columns){0}, NULL, &c->rows, why));
        read = true;
        TRY(count_chunk(c, chunk, item, why));
    }
    return ERR_OK;
}

enum err part_expired(const struct part *p, const struct expiry *e, uint64_t *values,
                      const atomic_bool *stop, struct why *why)
{
    struct counter c = {.part = p, .expiry = e, .values = values};
    enum err err = ERR_OK;
    c.number = mem_alloc_array(PART_GROUP_ROWS, sizeof(c.number[0]));
    c.text = mem_alloc_array(PART_GROUP_ROWS + CODEC_SLACK, sizeof(c.text[0]));
    for (uint32_t g = 0; g < part_group_count(p) && err == ERR_OK; g++)
        err = is_stopped(stop) ? ERR_UNAVAILABLE : count_group(&c, g, why);
    rows_finish(&c.rows);
    mem_free(c.number);
    mem_free(c.text);
    return err;
}

void events_expired(const struct event *const *events, size_t count, const struct expiry *e,
                    uint64_t *values)
{
    for (size_t i = 0; i < count; i++) {
        for (uint16_t k = 0; k < events[i]->prop_count; k++) {
            size_t item;
            if (is_over(e, events[i]->props[k].id, events[i]->at, &item)) values[item]++;
        }
    }
}

/* ---- writing anew ---- */

static enum err add_without(struct part_writer *w, const struct event *ev, const struct expiry *e,
                            struct why *why)
{
    struct event_prop kept[LIMIT_PROPS_PER_EVENT];
    struct event copy = *ev;
    size_t item;
    copy.props = kept;
    copy.prop_count = 0;
    for (uint16_t i = 0; i < ev->prop_count; i++) {
        if (!is_over(e, ev->props[i].id, ev->at, &item)) kept[copy.prop_count++] = ev->props[i];
    }
    return part_add(w, copy.prop_count == ev->prop_count ? ev : &copy, why);
}

static enum err copy_rows(struct part_cursor *c, const struct expiry *e, struct part_writer *w,
                          const atomic_bool *stop, struct why *why)
{
    for (uint64_t n = 1;; n++) {
        const struct event *ev;
        if (n % STOP_ROWS == 0 && is_stopped(stop)) return ERR_UNAVAILABLE;
        enum err err = part_cursor_next(c, &ev, why);
        if (err == ERR_NOT_FOUND) return ERR_OK;
        if (err != ERR_OK) return err;
        TRY(add_without(w, ev, e, why));
    }
}

enum err part_purge(struct part *p, const struct expiry *e, const char *path,
                    const atomic_bool *stop, struct part_info *info, struct why *why)
{
    struct part_cursor *c = NULL;
    struct part_writer *w = NULL;
    enum err err = part_cursor_open(p, &c, why);
    if (err == ERR_OK) err = part_create(path, &w, why);
    if (err == ERR_OK) err = copy_rows(c, e, w, stop, why);
    part_cursor_close(c);
    if (err == ERR_OK) return part_finish(w, info, why);
    part_abandon(w);
    return err;
}
