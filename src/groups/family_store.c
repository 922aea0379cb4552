/* family_store.c - families as rows: one each, and one for each of its groups. */
#include "groups/internal.h"

#include "base/limits.h"
#include "groups/family.h"

static enum err broken(enum err err, struct why *why)
{
    return err == ERR_OK ? ERR_OK : why_fail(why, err, MSG_INTERNAL, "", NULL);
}

/* ---- reading ---- */

static enum err read_groups(struct sql *db, struct group_family *f, struct arena *arena)
{
    VEC(uint32_t) list = {0};
    enum err err;
    struct sql_stmt *s =
        sql_use(db, "SELECT code FROM group_family_member WHERE family = $1 ORDER BY place");
    sql_bind_int(s, 1, f->id);
    for (bool row = true;;) {
        err = sql_step(s, &row);
        if (err != ERR_OK || !row) break;
        VEC_PUSH(&list, (uint32_t)sql_int(s, 0));
    }
    f->groups = arena_copy(arena, list.items, list.count * sizeof(f->groups[0]));
    f->group_count = list.count;
    VEC_FINISH(&list);
    return err;
}

static struct group_family read_row(struct sql_stmt *s, struct arena *arena)
{
    return (struct group_family){.id = (uint32_t)sql_int(s, 0),
                                 .name = arena_str(arena, sql_str(s, 1)),
                                 .qr = sql_int(s, 2) != 0,
                                 .hours = (int)sql_int(s, 3),
                                 .share = (int)sql_int(s, 4),
                                 .version = (uint64_t)sql_int(s, 5),
                                 .created_at = sql_int(s, 6),
                                 .changed_at = sql_int(s, 7),
                                 .changed_by = arena_str(arena, sql_str(s, 8)),
                                 .opens = sql_int(s, 9) != 0,
                                 .put_off_groups = (size_t)sql_int(s, 10),
                                 .put_off_full = sql_int(s, 11) != 0};
}

static enum err read_all(struct sql *db, struct arena *arena, struct group_family *rows,
                         size_t *count)
{
    struct sql_stmt *s = sql_use(
        db,
        "SELECT id, name, qr, hours, share, version, created_at, changed_at,"
        " changed_by, opens, put_off_groups, put_off_full FROM group_family ORDER BY id LIMIT $1");
    sql_bind_int(s, 1, LIMIT_FAMILIES);
    for (*count = 0;;) {
        bool row;
        TRY(sql_step(s, &row));
        if (!row) break;
        rows[(*count)++] = read_row(s, arena);
    }
    for (size_t i = 0; i < *count; i++)
        TRY(read_groups(db, &rows[i], arena));
    return ERR_OK;
}

enum err family_list(struct sql *db, struct arena *arena, struct group_family **out, size_t *count,
                     struct why *why)
{
    *out = arena_alloc_array(arena, LIMIT_FAMILIES, sizeof(**out));
    return broken(read_all(db, arena, *out, count), why);
}

static enum err read_one(struct sql *db, uint32_t id, struct arena *arena, struct group_family *out,
                         bool *found)
{
    struct sql_stmt *s = sql_use(
        db, "SELECT id, name, qr, hours, share, version, created_at, changed_at,"
            " changed_by, opens, put_off_groups, put_off_full FROM group_family WHERE id = $1");
    sql_bind_int(s, 1, id);
    TRY(sql_step(s, found));
    if (!*found) return ERR_OK;
    *out = read_row(s, arena);
    sql_reset(s);
    return read_groups(db, out, arena);
}

enum err family_get(struct sql *db, uint32_t id, struct arena *arena, struct group_family *out,
                    struct why *why)
{
    bool found;
    TRY(broken(read_one(db, id, arena, out, &found), why));
    if (found) return ERR_OK;
    return why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, "", "%s", "family");
}

/* ---- writing ---- */

/* Each group is known, once in it, and in no other. */
static enum err check_groups(struct tx *tx, const struct group_family *f, struct why *why)
{
    uint32_t codes = registry_code_count(tx_brand(tx), DIM_GROUP);
    for (size_t i = 0; i < f->group_count; i++) {
        int64_t family;
        if (f->groups[i] == 0 || f->groups[i] > codes)
            return why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, "groups", "%s", "group");
        struct sql_stmt *s =
            sql_use(tx_sql(tx), "SELECT family FROM group_family_member WHERE code = $1");
        sql_bind_int(s, 1, f->groups[i]);
        TRY(sql_number(s, 0, &family));
        bool twice = false;
        for (size_t k = 0; k < i; k++)
            twice |= f->groups[k] == f->groups[i];
        if (!twice && (family == 0 || (uint32_t)family == f->id)) continue;
        struct str key = registry_code_text(tx_brand(tx), DIM_GROUP, f->groups[i]);
        return why_fail(why, ERR_CONFLICT, MSG_FAMILY_TAKEN, "groups", STR_FMT, STR_ARG(key));
    }
    return ERR_OK;
}

static enum err put_groups(struct sql *db, const struct group_family *f)
{
    struct sql_stmt *s = sql_use(db, "DELETE FROM group_family_member WHERE family = $1");
    sql_bind_int(s, 1, f->id);
    TRY(sql_run(s));
    for (size_t i = 0; i < f->group_count; i++) {
        s = sql_use(db, "INSERT INTO group_family_member (code, family, place) VALUES"
                        " ($1, $2, $3)");
        sql_bind_int(s, 1, f->groups[i]);
        sql_bind_int(s, 2, f->id);
        sql_bind_int(s, 3, (int64_t)i);
        TRY(sql_run(s));
    }
    return ERR_OK;
}

static enum err put(struct sql *db, const struct group_family *f)
{
    struct sql_stmt *s = sql_use(
        db, "INSERT INTO group_family (id, name, qr, hours, share, version, created_at,"
            " changed_at, changed_by, opens) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
            " ON CONFLICT (id) DO UPDATE SET opens = excluded.opens, name = excluded.name, qr = "
            "excluded.qr, hours = excluded.hours,"
            " share = excluded.share, version = excluded.version,"
            " changed_at = excluded.changed_at, changed_by = excluded.changed_by");
    sql_bind_int(s, 1, f->id);
    sql_bind_str(s, 2, f->name);
    sql_bind_int(s, 3, f->qr);
    sql_bind_int(s, 4, f->hours);
    sql_bind_int(s, 5, f->share);
    sql_bind_int(s, 6, (int64_t)f->version);
    sql_bind_int(s, 7, f->created_at);
    sql_bind_int(s, 8, f->changed_at);
    sql_bind_str(s, 9, f->changed_by);
    sql_bind_int(s, 10, f->opens);
    TRY(sql_run(s));
    return put_groups(db, f);
}

static enum err make(struct tx *tx, struct group_family *f, struct why *why)
{
    int64_t count, last;
    TRY(sql_number(sql_use(tx_sql(tx), "SELECT COUNT(*) FROM group_family"), 0, &count));
    if (count >= LIMIT_FAMILIES)
        return why_fail(why, ERR_TOO_LARGE, MSG_TOO_MANY, "", "%d", LIMIT_FAMILIES);
    TRY(sql_number(sql_use(tx_sql(tx), "SELECT MAX(id) FROM group_family"), 0, &last));
    f->id = (uint32_t)last + 1;
    f->version = 0;
    f->created_at = tx_now(tx);
    return ERR_OK;
}

static enum err check_version(struct tx *tx, struct group_family *f, struct why *why)
{
    struct group_family old = {.version = 0};
    TRY(family_get(tx_sql(tx), f->id, tx_arena(tx), &old, why));
    if (old.version != f->version)
        return why_fail(why, ERR_PRECONDITION, MSG_CHANGED_MEANWHILE, "", NULL);
    f->created_at = old.created_at;
    return ERR_OK;
}

static enum err run_save(struct tx *tx, void *arg, struct why *why)
{
    struct group_family *both = arg, f = both[0];
    TRY(check_groups(tx, &f, why));
    TRY(f.id ? check_version(tx, &f, why) : make(tx, &f, why));
    f.version++;
    f.changed_at = tx_now(tx);
    both[1] = f;
    return put(tx_sql(tx), &f);
}

/* As wanted and as saved: a batch that runs again begins with the first. */
enum err family_save(struct brand *b, struct group_family *f, struct why *why)
{
    struct group_family both[2] = {*f, *f};
    TRY(brand_call(b, run_save, both, false, why));
    *f = both[1];
    return ERR_OK;
}

static enum err run_remove(struct tx *tx, void *arg, struct why *why)
{
    const uint32_t *id = arg;
    bool row;
    struct sql_stmt *s = sql_use(tx_sql(tx), "DELETE FROM group_family WHERE id = $1 RETURNING id");
    sql_bind_int(s, 1, *id);
    TRY(sql_any(s, &row));
    if (!row) return why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, "", "%s", "family");
    s = sql_use(tx_sql(tx), "DELETE FROM group_family_member WHERE family = $1");
    sql_bind_int(s, 1, *id);
    return sql_run(s);
}

enum err family_remove(struct brand *b, uint32_t id, struct why *why)
{
    return brand_call(b, run_remove, &id, false, why);
}

struct putting_off {
    uint32_t id;
    bool full;
};

static enum err run_put_off(struct tx *tx, void *arg, struct why *why)
{
    const struct putting_off *p = arg;
    bool row;
    struct sql_stmt *s =
        sql_use(tx_sql(tx), "UPDATE group_family SET put_off_full = $2, put_off_groups ="
                            " (SELECT COUNT(*) FROM group_family_member WHERE family = $1)"
                            " WHERE id = $1 RETURNING id");
    sql_bind_int(s, 1, p->id);
    sql_bind_int(s, 2, p->full);
    TRY(sql_any(s, &row));
    if (!row) return why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, "", "%s", "family");
    return ERR_OK;
}

enum err family_put_off(struct brand *b, uint32_t id, bool full, struct why *why)
{
    struct putting_off p = {id, full};
    return brand_call(b, run_put_off, &p, false, why);
}

/* ---- the next group ---- */

struct opening {
    uint32_t id;
    struct str by;
    struct group_record record; /* out */
};

/* A key that no group has: the last one's, counted on. */
static struct str free_key(struct tx *tx, struct str key)
{
    struct brand *b = tx_brand(tx);
    do {
        key = family_next_name(tx_arena(tx), key);
    } while (registry_find_code(b, DIM_GROUP, key));
    return key;
}

static enum err run_open(struct tx *tx, void *arg, struct why *why)
{
    struct opening *o = arg;
    struct group_family f = {.id = 0};
    struct group_record r = {.code = 0};
    TRY(family_get(tx_sql(tx), o->id, tx_arena(tx), &f, why));
    if (f.group_count == 0 || f.group_count >= LIMIT_FAMILY_GROUPS)
        return why_fail(why, ERR_TOO_LARGE, MSG_FAMILY_GROUPS, "", "%d", LIMIT_FAMILY_GROUPS);
    TRY(group_record_get(tx_brand(tx), tx_sql(tx), f.groups[f.group_count - 1], tx_arena(tx), &r,
                         why));
    bool named = !str_eq(r.name, r.key);
    r.key = free_key(tx, r.key);
    r.name = named ? family_next_name(tx_arena(tx), r.name) : r.key;
    r.channel_id = STR(""); /* it is another one there */
    r.archived_at = TIME_NONE;
    r.changed_by = o->by;
    TRY(record_make(tx, &r, why));
    uint32_t *groups = arena_alloc_array(tx_arena(tx), f.group_count + 1, sizeof(*groups));
    memcpy(groups, f.groups, f.group_count * sizeof(*groups));
    groups[f.group_count++] = r.code;
    f.groups = groups;
    f.version++;
    f.changed_at = tx_now(tx);
    f.changed_by = o->by;
    o->record.code = r.code;
    return put(tx_sql(tx), &f);
}

enum err family_open_next(struct brand *b, uint32_t id, struct group_record *r, struct why *why)
{
    struct opening o = {.id = id, .by = r->changed_by};
    TRY(brand_call(b, run_open, &o, false, why));
    r->code = o.record.code;
    return ERR_OK;
}
