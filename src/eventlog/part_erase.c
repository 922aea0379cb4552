/* part_erase.c - a part is looked through by the ranges of its groups, and written anew row by row.
 *
 * Rows of a persona lie together, so their groups are found by persona, and of those that may hold
 * one the personas alone are decoded; for an origin the origins of all groups are, up to the first.
 * Strings are numbered anew when a part is rewritten: those that only the erased rows had are not
 * in the new file. */
#include "eventlog/part_erase.h"

#include "base/mem.h"
#include "eventlog/part_file.h"

/* Place of the first id that is not below 'id'. */
static size_t place_of(const struct persona_set *set, int64_t id)
{
    size_t low = 0, high = set->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (set->ids[middle] < id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool has_between(const struct persona_set *set, int64_t min, int64_t max)
{
    size_t place = place_of(set, min);
    return place < set->count && set->ids[place] <= max;
}

bool persona_set_has(const struct persona_set *set, uint32_t persona)
{
    return has_between(set, persona, persona);
}

bool part_gone_has(const struct part_gone *gone, const struct event *ev)
{
    if (gone->origin && ev->dim[DIM_ORIGIN] == gone->origin) return true;
    return gone->personas.count && persona_set_has(&gone->personas, ev->persona);
}

static enum err find_in(const struct part *p, uint32_t group, const struct persona_set *set,
                        struct rows *rows, bool *held, struct why *why)
{
    const struct part_group *g = part_get_group(p, group);
    if (!has_between(set, g->persona_min, g->persona_max)) return ERR_OK;
    TRY(part_read_brief(p, group, &(struct columns){.mask = COLUMN_NO_KIND}, rows, why));
    for (uint32_t i = 0; i < rows->runs && !*held; i++)
        *held = persona_set_has(set, rows->run_persona[i]);
    return ERR_OK;
}

static enum err find_origin(const struct part *p, uint32_t group, uint32_t origin,
                            struct rows *rows, bool *held, struct why *why)
{
    const struct columns columns = {.mask = COLUMN_NO_KIND | COLUMN_DIM0 << DIM_ORIGIN};
    TRY(part_read_group(p, group, &columns, NULL, rows, why));
    for (uint32_t i = 0; i < rows->count && !*held; i++)
        *held = rows->dim[DIM_ORIGIN][i] == origin;
    return ERR_OK;
}

enum err part_holds(const struct part *p, const struct part_gone *gone, bool *held, struct why *why)
{
    struct rows rows = {0};
    bool found = false;
    enum err err = ERR_OK;
    for (uint32_t g = 0; g < part_group_count(p) && err == ERR_OK && !found; g++) {
        err = find_in(p, g, &gone->personas, &rows, &found, why);
        if (err == ERR_OK && gone->origin && !found)
            err = find_origin(p, g, gone->origin, &rows, &found, why);
    }
    rows_finish(&rows);
    if (err == ERR_OK) *held = found;
    return err;
}

static enum err copy_rows(struct part_cursor *c, const struct part_gone *gone,
                          struct part_writer *w, struct why *why)
{
    for (;;) {
        const struct event *ev;
        enum err err = part_cursor_next(c, &ev, why);
        if (err == ERR_NOT_FOUND) return ERR_OK;
        if (err != ERR_OK) return err;
        if (!part_gone_has(gone, ev)) TRY(part_add(w, ev, why));
    }
}

enum err part_erase(struct part *p, const struct part_gone *gone, const char *path,
                    struct part_info *info, struct why *why)
{
    struct part_cursor *c = NULL;
    struct part_writer *w = NULL;
    enum err err = part_cursor_open(p, &c, why);
    if (err == ERR_OK) err = part_create(path, &w, why);
    if (err == ERR_OK) err = copy_rows(c, gone, w, why);
    part_cursor_close(c);
    if (err == ERR_OK) return part_finish(w, info, why);
    part_abandon(w);
    return err;
}
