/* replay.c - the list of the erased, brought to bear on a directory that was restored.
 *
 * Lines are read into what is to go of each brand, and a brand's parts are written anew once.
 * Identities belong to one persona for ever, and numbers are not given twice: of a line those
 * personas go that have one of its identities now. All of its numbers are kept from being given
 * again. A member of whom only some personas were erased then is split here, since the merge that
 * joined them was undone after the backup. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/fs.h"
#include "base/json.h"
#include "brand/data.h"
#include "people/erase_internal.h"

#define LIST_BYTES_MAX ((size_t)1 << 30)

/* What goes of one brand. */
struct brand_list {
    struct brand *brand;
    VEC(uint32_t) numbers; /* all that were erased */
    VEC(uint32_t) gone;    /* of them, those that are there */
    VEC(const struct json *) lines;
};

static int ascending(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static bool is_number(const struct json *line, uint32_t persona)
{
    const struct json *list = json_get(line, "personas");
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].number == (double)persona) return true;
    }
    return false;
}

static enum err find_gone(struct people *p, struct tx *tx, struct brand_list *l,
                          const struct json *line)
{
    const struct json *keys = json_get(line, "keys"), *numbers = json_get(line, "personas");
    for (size_t i = 0; i < numbers->count; i++)
        VEC_PUSH(&l->numbers, (uint32_t)numbers->items[i].number);
    for (size_t i = 0; i < keys->count; i++) {
        struct hash128 key;
        uint32_t persona;
        if (!hex_decode(keys->items[i].string, (uint8_t *)&key, sizeof(key))) return ERR_CORRUPT;
        TRY(identity_find(p, tx_sql(tx), key, &persona));
        if (persona && is_number(line, persona)) VEC_PUSH(&l->gone, persona);
    }
    return ERR_OK;
}

static size_t unique(uint32_t *list, size_t count)
{
    size_t kept = 0;
    if (count) qsort(list, count, sizeof(list[0]), ascending);
    for (size_t i = 0; i < count; i++) {
        if (!kept || list[kept - 1] != list[i]) list[kept++] = list[i];
    }
    return kept;
}

static enum err run_find(struct tx *tx, void *arg, struct why *why)
{
    struct brand_list *l = arg;
    struct people *p = brand_module_state(tx_brand(tx), &people_module);
    (void)why;
    VEC_RESET(&l->numbers);
    VEC_RESET(&l->gone);
    for (size_t i = 0; i < l->lines.count; i++)
        TRY(find_gone(p, tx, l, l->lines.items[i]));
    l->numbers.count = unique(l->numbers.items, l->numbers.count);
    l->gone.count = unique(l->gone.items, l->gone.count);
    return ERR_OK;
}

static enum err keep_number(struct tx *tx, uint32_t persona)
{
    struct sql_stmt *s =
        sql_use(tx_sql(tx), "INSERT INTO erased (persona, at) SELECT $1, $2 WHERE NOT EXISTS"
                            " (SELECT 1 FROM identity WHERE persona = $3)"
                            " ON CONFLICT (persona) DO NOTHING");
    sql_bind_int(s, 1, persona);
    sql_bind_int(s, 2, tx_now(tx));
    sql_bind_int(s, 3, persona);
    return sql_run(s);
}

static enum err run_rows(struct tx *tx, void *arg, struct why *why)
{
    struct brand_list *l = arg;
    struct people *p = brand_module_state(tx_brand(tx), &people_module);
    (void)why;
    TRY(erase_rows(p, tx, l->gone.items, l->gone.count));
    for (size_t i = 0; i < l->numbers.count; i++) {
        TRY(keep_number(tx, l->numbers.items[i]));
        if (l->numbers.items[i] >= p->next_persona) p->next_persona = l->numbers.items[i] + 1;
    }
    return ERR_OK;
}

static enum err erase_brand(struct brand_list *l, struct erase_replay *out, struct why *why)
{
    TRY(brand_call(l->brand, run_find, l, false, why));
    if (l->gone.count == 0) return brand_call(l->brand, run_rows, l, false, why);
    struct erasure e = {.gone = {l->gone.items, l->gone.count}, .rows = run_rows, .arg = l};
    TRY(brand_erase(l->brand, &e, why));
    TRY(brand_flush(l->brand, why));
    out->personas += l->gone.count;
    out->events += e.events;
    return ERR_OK;
}

/* ---- reading ---- */

typedef VEC(struct brand_list) brand_lists;

static bool is_list_of(const struct json *list, enum json_type type)
{
    if (!list || list->type != JSON_ARRAY) return false;
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].type != type) return false;
        if (type == JSON_INT &&
            !(list->items[i].number >= 1 && list->items[i].number <= (double)UINT32_MAX))
            return false;
    }
    return true;
}

/* Brands that were made after the backup are not in it. */
static enum err add_line(struct data *d, const struct json *line, brand_lists *lists,
                         struct why *why)
{
    struct brand *b;
    const struct json *slug = json_get(line, "brand");
    bool sound = slug && slug->type == JSON_STRING && slug->string.len <= LIMIT_SLUG_BYTES &&
                 is_list_of(json_get(line, "personas"), JSON_INT) &&
                 is_list_of(json_get(line, "keys"), JSON_STRING);
    if (!sound) return ERR_CORRUPT;
    char text[LIMIT_SLUG_BYTES + 1];
    memcpy(text, slug->string.p, slug->string.len);
    text[slug->string.len] = '\0';
    enum err err = data_brand(d, text, &b, why);
    if (err == ERR_NOT_FOUND) return ERR_OK;
    if (err != ERR_OK) return err;
    size_t i = 0;
    while (i < lists->count && lists->items[i].brand != b)
        i++;
    if (i == lists->count) VEC_PUSH(lists, (struct brand_list){.brand = b});
    VEC_PUSH(&lists->items[i].lines, line);
    return ERR_OK;
}

static enum err read_lines(struct data *d, struct str text, struct arena *arena, brand_lists *lists,
                           uint64_t *count, struct why *why)
{
    while (text.len) {
        const struct json *line;
        struct why bad = {0};
        struct str one = str_trim(str_cut(&text, '\n'));
        if (one.len == 0) continue;
        ++*count;
        enum err err = json_parse(arena, one, &line, &bad);
        if (err == ERR_OK && line->type != JSON_OBJECT) err = ERR_CORRUPT;
        if (err == ERR_OK) err = add_line(d, line, lists, &bad);
        if (err == ERR_OK) continue;
        if (!text.p) { /* the last one, and cut off: nothing was erased by it yet */
            --*count;
            break;
        }
        return why_fail(why, ERR_INVALID, MSG_BAD_ERASURES, "--erasures", "%" PRIu64, *count);
    }
    return ERR_OK;
}

enum err people_replay_erasures(struct data *d, const char *path, struct erase_replay *out,
                                struct why *why)
{
    struct strbuf text = {0};
    struct arena *arena = arena_create(LIST_BYTES_MAX);
    brand_lists lists = {0};
    *out = (struct erase_replay){0};
    enum err err = fs_read_file(path, LIST_BYTES_MAX / 2, &text, why);
    if (err == ERR_OK) err = read_lines(d, strbuf_str(&text), arena, &lists, &out->lines, why);
    for (size_t i = 0; i < lists.count; i++) {
        struct brand_list *l = &lists.items[i];
        if (err == ERR_OK) err = erase_brand(l, out, why);
        VEC_FINISH(&l->lines);
        VEC_FINISH(&l->numbers);
        VEC_FINISH(&l->gone);
    }
    VEC_FINISH(&lists);
    arena_destroy(arena);
    strbuf_finish(&text);
    return err;
}
