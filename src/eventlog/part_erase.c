/* part_erase.c - a part is looked through by the ranges of its groups, and written anew row by row.
 *
 * Rows of a persona lie together, so their groups are found by persona and few are decoded. Who is
 * named may be anywhere: of each group whose range of them has one of the set, that column alone is
 * decoded. Strings are numbered anew when a part is rewritten: those that only the erased rows had
 * are not in the new file. */
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

static bool has(const struct persona_set *set, uint32_t id)
{
    return has_between(set, id, id);
}

const struct event *event_without(const struct persona_set *gone, const struct event *ev,
                                  struct event *changed)
{
    if (has(gone, ev->persona)) return NULL;
    if (!has(gone, ev->other)) return ev;
    *changed = *ev;
    changed->other = 0;
    return changed;
}

/* ---- looking ---- */

static enum err find_own(const struct part *p, uint32_t group, const struct persona_set *set,
                         struct rows *rows, bool *held, struct why *why)
{
    static const struct columns none = {.mask = 0};
    const struct part_group *g = part_get_group(p, group);
    if (!has_between(set, g->persona_min, g->persona_max)) return ERR_OK;
    TRY(part_read_group(p, group, &none, NULL, rows, why));
    for (uint32_t i = 0; i < rows->runs && !*held; i++)
        *held = has(set, rows->run_persona[i]);
    return ERR_OK;
}

static enum err find_named(const struct part *p, uint32_t group, const struct persona_set *set,
                           uint32_t *named, bool *held, struct why *why)
{
    const struct chunk *c = part_find_chunk(p, group, SPACE_COLUMN, COLUMN_ID_OTHER);
    uint32_t rows = part_get_group(p, group)->rows;
    if (!c || !has_between(set, c->min, c->max)) return ERR_OK;
    struct part_scratch *s = scratch_create();
    enum err err = part_read_chunk(p, c, s, why);
    if (err == ERR_OK && !codec_read_codes(s->codec, c->codec, strbuf_str(&s->bytes), rows, named))
        err = part_damage(p->path, c->offset, "a column cannot be decoded", why);
    for (uint32_t i = 0; err == ERR_OK && i < rows && !*held; i++)
        *held = has(set, named[i]);
    scratch_destroy(s);
    return err;
}

enum err part_holds(const struct part *p, const struct persona_set *set, bool *held,
                    struct why *why)
{
    struct rows rows = {0};
    uint32_t *named = mem_alloc_array(PART_GROUP_ROWS + CODEC_SLACK, sizeof(*named));
    bool found = false;
    enum err err = ERR_OK;
    for (uint32_t g = 0; g < part_group_count(p) && err == ERR_OK && !found; g++) {
        err = find_own(p, g, set, &rows, &found, why);
        if (err == ERR_OK && !found) err = find_named(p, g, set, named, &found, why);
    }
    rows_finish(&rows);
    mem_free(named);
    if (err == ERR_OK) *held = found;
    return err;
}

/* ---- rewriting ---- */

static enum err copy_rows(struct part_cursor *c, const struct persona_set *gone,
                          struct part_writer *w, struct why *why)
{
    for (;;) {
        const struct event *ev;
        struct event changed;
        enum err err = part_cursor_next(c, &ev, why);
        if (err == ERR_NOT_FOUND) return ERR_OK;
        if (err != ERR_OK) return err;
        ev = event_without(gone, ev, &changed);
        if (ev) TRY(part_add(w, ev, why));
    }
}

enum err part_erase(struct part *p, const struct persona_set *gone, const char *path,
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
