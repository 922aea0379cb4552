/* tag.c - the definitions of tags and of their groups, and who holds what.
 *
 * Of an exclusive group a member may have rows of several tags, left by a merge or from before it
 * was exclusive; the newest counts, of one millisecond that with the higher number. */
#include "people/tag.h"

#include <stdlib.h>

#include "people/internal.h"

/* ---- reading ---- */

static struct tag_group read_group(struct sql_stmt *s, struct arena *arena)
{
    return (struct tag_group){.id = (uint32_t)sql_int(s, 0),
                              .name = arena_str(arena, sql_str(s, 1)),
                              .colour = arena_str(arena, sql_str(s, 2)),
                              .exclusive = sql_int(s, 3) != 0};
}

static struct tag read_tag(struct sql_stmt *s, struct arena *arena)
{
    return (struct tag){.id = (uint32_t)sql_int(s, 0),
                        .group = (uint32_t)sql_int(s, 1),
                        .name = arena_str(arena, sql_str(s, 2))};
}

static enum err broken(enum err err, struct why *why)
{
    return why_fail(why, err, MSG_INTERNAL, "", NULL);
}

enum err tag_groups(struct sql *db, struct arena *arena, struct tag_group **out, size_t *count,
                    struct why *why)
{
    struct tag_group *list = arena_alloc_array(arena, LIMIT_TAG_GROUPS, sizeof(*list));
    struct sql_stmt *s =
        sql_use(db, "SELECT id, name, colour, exclusive FROM tag_group ORDER BY id LIMIT $1");
    sql_bind_int(s, 1, LIMIT_TAG_GROUPS);
    *count = 0;
    for (bool row = true;;) {
        enum err err = sql_step(s, &row);
        if (err != ERR_OK) return broken(err, why);
        if (!row) break;
        list[(*count)++] = read_group(s, arena);
    }
    *out = list;
    return ERR_OK;
}

enum err tag_list(struct sql *db, struct arena *arena, struct tag **out, size_t *count,
                  struct why *why)
{
    struct tag *list = arena_alloc_array(arena, LIMIT_TAGS, sizeof(*list));
    struct sql_stmt *s = sql_use(db, "SELECT id, tag_group, name FROM tag ORDER BY name LIMIT $1");
    sql_bind_int(s, 1, LIMIT_TAGS);
    *count = 0;
    for (bool row = true;;) {
        enum err err = sql_step(s, &row);
        if (err != ERR_OK) return broken(err, why);
        if (!row) break;
        list[(*count)++] = read_tag(s, arena);
    }
    *out = list;
    return ERR_OK;
}

static enum err absent(struct why *why, const char *what)
{
    return why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, "", "%s", what);
}

enum err tag_group_get(struct sql *db, uint32_t id, struct arena *arena, struct tag_group *out,
                       struct why *why)
{
    bool row;
    struct sql_stmt *s =
        sql_use(db, "SELECT id, name, colour, exclusive FROM tag_group WHERE id = $1");
    sql_bind_int(s, 1, id);
    enum err err = sql_step(s, &row);
    if (err != ERR_OK) return broken(err, why);
    if (!row) return absent(why, "tag group");
    *out = read_group(s, arena);
    sql_reset(s);
    return ERR_OK;
}

enum err tag_get(struct sql *db, uint32_t id, struct arena *arena, struct tag *out, struct why *why)
{
    bool row;
    struct sql_stmt *s = sql_use(db, "SELECT id, tag_group, name FROM tag WHERE id = $1");
    sql_bind_int(s, 1, id);
    enum err err = sql_step(s, &row);
    if (err != ERR_OK) return broken(err, why);
    if (!row) return absent(why, "tag");
    *out = read_tag(s, arena);
    sql_reset(s);
    return ERR_OK;
}

/* A row of a member's beside those kept so far: of one tag the older moment counts as "since"; of
 * an exclusive group the newest row takes the place of the others. */
struct held_row {
    struct tag_held held;
    bool exclusive;
};

static bool takes_place(const struct held_row *new, const struct held_row *old)
{
    bool rival = new->exclusive &&new->held.tag.group == old->held.tag.group;
    return rival || new->held.tag.id == old->held.tag.id;
}

/* Rows come from the oldest to the newest. */
static void keep(struct held_row *rows, size_t *count, const struct held_row *new)
{
    size_t kept = 0;
    for (size_t i = 0; i < *count; i++) {
        if (!takes_place(new, &rows[i])) rows[kept++] = rows[i];
    }
    rows[kept++] = *new;
    *count = kept;
}

static int by_name(const void *a, const void *b)
{
    const struct tag_held *x = a, *y = b;
    return str_cmp(x->tag.name, y->tag.name);
}

enum err tag_held_by(struct sql *db, uint32_t member, struct arena *arena, struct tag_held **out,
                     size_t *count, struct why *why)
{
    VEC(struct held_row) rows = {0};
    enum err err = ERR_OK;
    struct sql_stmt *s =
        sql_use(db, "SELECT t.id, t.tag_group, t.name, g.colour, g.exclusive, mt.at, mt.expires_at,"
                    " mt.source, mt.run FROM member_tag mt JOIN tag t ON t.id = mt.tag"
                    " LEFT JOIN tag_group g ON g.id = t.tag_group"
                    " WHERE " OF_MEMBER("mt.persona") " ORDER BY mt.at, mt.tag");
    sql_bind_int(s, 1, member);
    for (bool row = true;;) {
        err = sql_step(s, &row);
        if (err != ERR_OK || !row) break;
        struct held_row r = {.exclusive = sql_int(s, 4) != 0};
        r.held.tag = read_tag(s, arena);
        r.held.colour = sql_is_null(s, 3) ? STR("grey") : arena_str(arena, sql_str(s, 3));
        r.held.at = sql_int(s, 5);
        r.held.expires_at = sql_is_null(s, 6) ? TIME_NONE : sql_int(s, 6);
        r.held.source = arena_str(arena, sql_str(s, 7));
        r.held.run = (uint32_t)sql_int(s, 8);
        VEC_RESERVE(&rows, 1);
        keep(rows.items, &rows.count, &r);
    }
    struct tag_held *list = arena_alloc_array(arena, rows.count + 1, sizeof(*list));
    for (size_t i = 0; i < rows.count; i++)
        list[i] = rows.items[i].held;
    if (rows.count) qsort(list, rows.count, sizeof(*list), by_name);
    *out = list;
    *count = rows.count;
    VEC_FINISH(&rows);
    return err == ERR_OK ? ERR_OK : broken(err, why);
}

/* ---- changing what there is ---- */

static enum err next_id(struct sql *db, bool group, uint32_t *out, struct why *why)
{
    int64_t last, count;
    int64_t most = group ? LIMIT_TAG_GROUPS : LIMIT_TAGS;
    TRY(sql_number(group ? sql_use(db, "SELECT COUNT(*) FROM tag_group")
                         : sql_use(db, "SELECT COUNT(*) FROM tag"),
                   0, &count));
    if (count >= most) return why_fail(why, ERR_TOO_LARGE, MSG_TOO_MANY, "", "%d", (int)most);
    TRY(sql_number(group ? sql_use(db, "SELECT COALESCE(MAX(id), 0) FROM tag_group")
                         : sql_use(db, "SELECT COALESCE(MAX(id), 0) FROM tag"),
                   0, &last));
    *out = (uint32_t)last + 1;
    return ERR_OK;
}

static enum err run_save_group(struct tx *tx, void *arg, struct why *why)
{
    struct tag_group *g = arg;
    struct tag_group old, new = *g;
    struct sql *db = tx_sql(tx);
    int64_t other;
    struct sql_stmt *s = sql_use(db, "SELECT id FROM tag_group WHERE name = $1 AND id <> $2");
    sql_bind_str(s, 1, g->name);
    sql_bind_int(s, 2, g->id);
    TRY(sql_number(s, 0, &other));
    if (other) return why_fail(why, ERR_CONFLICT, MSG_NAME_TAKEN, "name", NULL);
    if (new.id) TRY(tag_group_get(db, new.id, tx_arena(tx), &old, why));
    if (!new.id) TRY(next_id(db, true, &new.id, why));
    s = sql_use(db, "INSERT INTO tag_group (id, name, colour, exclusive) VALUES ($1, $2, $3, $4)"
                    " ON CONFLICT (id) DO UPDATE SET name = excluded.name,"
                    " colour = excluded.colour, exclusive = excluded.exclusive");
    sql_bind_int(s, 1, new.id);
    sql_bind_str(s, 2, new.name);
    sql_bind_str(s, 3, new.colour);
    sql_bind_int(s, 4, new.exclusive);
    TRY(sql_run(s));
    tag_sets_redefined(brand_module_state(tx_brand(tx), &people_module));
    g->id = new.id;
    return ERR_OK;
}

enum err tag_group_save(struct brand *b, struct tag_group *g, struct why *why)
{
    struct tag_group copy = *g;
    TRY(brand_call(b, run_save_group, &copy, false, why));
    g->id = copy.id;
    return ERR_OK;
}

static enum err run_save_tag(struct tx *tx, void *arg, struct why *why)
{
    struct tag *t = arg;
    struct tag old, new = *t;
    struct tag_group group;
    struct sql *db = tx_sql(tx);
    int64_t other;
    struct sql_stmt *s = sql_use(db, "SELECT id FROM tag WHERE name = $1 AND id <> $2");
    sql_bind_str(s, 1, t->name);
    sql_bind_int(s, 2, t->id);
    TRY(sql_number(s, 0, &other));
    if (other) return why_fail(why, ERR_CONFLICT, MSG_NAME_TAKEN, "name", NULL);
    if (new.group) TRY(tag_group_get(db, new.group, tx_arena(tx), &group, why));
    if (new.id) TRY(tag_get(db, new.id, tx_arena(tx), &old, why));
    if (!new.id) TRY(next_id(db, false, &new.id, why));
    s = sql_use(db, "INSERT INTO tag (id, name, tag_group) VALUES ($1, $2, $3)"
                    " ON CONFLICT (id) DO UPDATE SET name = excluded.name,"
                    " tag_group = excluded.tag_group");
    sql_bind_int(s, 1, new.id);
    sql_bind_str(s, 2, new.name);
    sql_bind_int(s, 3, new.group);
    TRY(sql_run(s));
    tag_sets_redefined(brand_module_state(tx_brand(tx), &people_module));
    t->id = new.id;
    return ERR_OK;
}

enum err tag_save(struct brand *b, struct tag *t, struct why *why)
{
    struct tag copy = *t;
    TRY(brand_call(b, run_save_tag, &copy, false, why));
    t->id = copy.id;
    return ERR_OK;
}

/* ---- removing ---- */

static enum err delete_row(struct sql *db, const char *text, uint32_t id)
{
    struct sql_stmt *s = sql_use(db, text);
    sql_bind_int(s, 1, id);
    return sql_run(s);
}

static enum err run_remove_group(struct tx *tx, void *arg, struct why *why)
{
    const uint32_t *id = arg;
    struct tag_group group;
    int64_t tags;
    TRY(tag_group_get(tx_sql(tx), *id, tx_arena(tx), &group, why));
    struct sql_stmt *s = sql_use(tx_sql(tx), "SELECT COUNT(*) FROM tag WHERE tag_group = $1");
    sql_bind_int(s, 1, *id);
    TRY(sql_number(s, 0, &tags));
    if (tags) return why_fail(why, ERR_CONFLICT, MSG_TAG_GROUP_FULL, "", "%d", (int)tags);
    return delete_row(tx_sql(tx), "DELETE FROM tag_group WHERE id = $1", *id);
}

enum err tag_group_remove(struct brand *b, uint32_t id, struct why *why)
{
    return brand_call(b, run_remove_group, &id, false, why);
}

static enum err run_remove_tag(struct tx *tx, void *arg, struct why *why)
{
    const uint32_t *id = arg;
    struct tag tag;
    int64_t rows;
    TRY(tag_get(tx_sql(tx), *id, tx_arena(tx), &tag, why));
    struct sql_stmt *s = sql_use(tx_sql(tx), "SELECT COUNT(*) FROM member_tag WHERE tag = $1");
    sql_bind_int(s, 1, *id);
    TRY(sql_number(s, 0, &rows));
    if (rows) return why_fail(why, ERR_CONFLICT, MSG_TAG_IN_USE, "", "%d", (int)rows);
    s = sql_use(tx_sql(tx), "SELECT COUNT(*) FROM tag_rule WHERE tag = $1");
    sql_bind_int(s, 1, *id);
    TRY(sql_number(s, 0, &rows));
    if (rows) return why_fail(why, ERR_CONFLICT, MSG_TAG_HAS_RULE, "", NULL);
    TRY(delete_row(tx_sql(tx),
                   "DELETE FROM tag_ousted WHERE run IN (SELECT id FROM tag_run WHERE tag = $1)",
                   *id));
    TRY(delete_row(tx_sql(tx), "DELETE FROM tag_ousted WHERE tag = $1", *id));
    TRY(delete_row(tx_sql(tx), "DELETE FROM tag_run WHERE tag = $1", *id));
    TRY(delete_row(tx_sql(tx), "DELETE FROM tag WHERE id = $1", *id));
    tag_sets_redefined(brand_module_state(tx_brand(tx), &people_module));
    return ERR_OK;
}

enum err tag_remove(struct brand *b, uint32_t id, struct why *why)
{
    return brand_call(b, run_remove_tag, &id, false, why);
}
