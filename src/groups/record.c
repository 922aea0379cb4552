/* record.c - one table, a row for each code of DIM_GROUP. */
#include "groups/internal.h"

#include "base/limits.h"
#include "base/vec.h"

const char *const account_role_names[ACCOUNT_ROLES] = {"member", "staff", "bot", "partner"};
const char *const group_use_names[GROUP_USES] = {"",         "sharing",    "sales",
                                                 "enabling", "converting", "caring"};
const char *const group_charter_names[CHARTERS] = {"purpose", "audience", "gain",  "about",
                                                   "rhythm",  "rules",    "ending"};

#define COLUMNS                                                                                    \
    "code, name, used_for, channel, channel_id, owner, helpers, capacity, hard_limit, tags,"       \
    " target, purpose, audience, gain, about, rhythm, rules, ending, archived_at, version,"        \
    " created_at, changed_at, changed_by"

/* ---- reading ---- */

static struct group_record bare(struct brand *b, uint32_t code, int64_t now)
{
    struct str key = registry_code_text(b, DIM_GROUP, code);
    const struct str none = STR("");
    struct group_record r = {.code = code,
                             .key = key,
                             .name = key,
                             .channel = none,
                             .channel_id = none,
                             .owner = none,
                             .helpers = none,
                             .capacity = GROUP_CAPACITY,
                             .tags = none,
                             .archived_at = TIME_NONE,
                             .version = 1,
                             .created_at = now,
                             .changed_at = now,
                             .changed_by = none};
    for (int i = 0; i < CHARTERS; i++)
        r.charter[i] = none;
    return r;
}

static struct group_record read_row(struct brand *b, struct sql_stmt *s, struct arena *arena)
{
    struct group_record r = {
        .code = (uint32_t)sql_int(s, 0),
        .name = arena_str(arena, sql_str(s, 1)),
        .use = (enum group_use)sql_int(s, 2),
        .channel = arena_str(arena, sql_str(s, 3)),
        .channel_id = arena_str(arena, sql_str(s, 4)),
        .owner = arena_str(arena, sql_str(s, 5)),
        .helpers = arena_str(arena, sql_str(s, 6)),
        .capacity = (int)sql_int(s, 7),
        .hard_limit = (int)sql_int(s, 8),
        .tags = arena_str(arena, sql_str(s, 9)),
        .target = (int)sql_int(s, 10),
        .archived_at = sql_is_null(s, 18) ? TIME_NONE : sql_int(s, 18),
        .version = (uint64_t)sql_int(s, 19),
        .created_at = sql_int(s, 20),
        .changed_at = sql_int(s, 21),
        .changed_by = arena_str(arena, sql_str(s, 22)),
    };
    for (int i = 0; i < CHARTERS; i++)
        r.charter[i] = arena_str(arena, sql_str(s, 11 + i));
    r.key = registry_code_text(b, DIM_GROUP, r.code);
    if (r.name.len == 0) r.name = r.key;
    return r;
}

static enum err broken(enum err err, struct why *why)
{
    return err == ERR_OK ? ERR_OK : why_fail(why, err, MSG_INTERNAL, "", NULL);
}

static enum err read_all(struct brand *b, struct sql *db, struct arena *arena,
                         struct group_record *rows, uint32_t count)
{
    struct sql_stmt *s = sql_use(db, "SELECT " COLUMNS " FROM group_record ORDER BY code");
    for (;;) {
        bool row;
        TRY(sql_step(s, &row));
        if (!row) return ERR_OK;
        uint32_t code = (uint32_t)sql_int(s, 0);
        if (code >= 1 && code <= count) rows[code - 1] = read_row(b, s, arena);
    }
}

enum err group_record_list(struct brand *b, struct sql *db, struct arena *arena,
                           struct group_record **out, size_t *count, struct why *why)
{
    uint32_t codes = registry_code_count(b, DIM_GROUP);
    int64_t now = env_now(brand_env(b));
    struct group_record *rows = arena_alloc_array(arena, codes + 1, sizeof(*rows));
    for (uint32_t code = 1; code <= codes; code++)
        rows[code - 1] = bare(b, code, now);
    *out = rows;
    *count = codes;
    return broken(read_all(b, db, arena, rows, codes), why);
}

enum err group_record_get(struct brand *b, struct sql *db, uint32_t code, struct arena *arena,
                          struct group_record *out, struct why *why)
{
    bool row;
    if (code == 0 || code > registry_code_count(b, DIM_GROUP))
        return why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, "", "%s", "group");
    *out = bare(b, code, env_now(brand_env(b)));
    struct sql_stmt *s = sql_use(db, "SELECT " COLUMNS " FROM group_record WHERE code = $1");
    sql_bind_int(s, 1, code);
    TRY(broken(sql_step(s, &row), why));
    if (!row) return ERR_OK;
    *out = read_row(b, s, arena);
    sql_reset(s);
    return ERR_OK;
}

/* ---- writing ---- */

/* A name that says no more than the key is not stored. */
static void bind(struct sql_stmt *s, const struct group_record *r)
{
    sql_bind_int(s, 1, r->code);
    sql_bind_str(s, 2, str_eq(r->name, r->key) ? STR("") : r->name);
    sql_bind_int(s, 3, r->use);
    sql_bind_str(s, 4, r->channel);
    sql_bind_str(s, 5, r->channel_id);
    sql_bind_str(s, 6, r->owner);
    sql_bind_str(s, 7, r->helpers);
    sql_bind_int(s, 8, r->capacity);
    sql_bind_int(s, 9, r->hard_limit);
    sql_bind_str(s, 10, r->tags);
    sql_bind_int(s, 11, r->target);
    for (int i = 0; i < CHARTERS; i++)
        sql_bind_str(s, 12 + i, r->charter[i]);
    if (r->archived_at == TIME_NONE) {
        sql_bind_null(s, 19);
    } else {
        sql_bind_int(s, 19, r->archived_at);
    }
    sql_bind_int(s, 20, (int64_t)r->version);
    sql_bind_int(s, 21, r->created_at);
    sql_bind_int(s, 22, r->changed_at);
    sql_bind_str(s, 23, r->changed_by);
}

static enum err put(struct sql *db, const struct group_record *r)
{
    struct sql_stmt *s = sql_use(
        db, "INSERT INTO group_record (" COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9,"
            " $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)"
            " ON CONFLICT (code) DO UPDATE SET name = excluded.name,"
            " used_for = excluded.used_for, channel = excluded.channel,"
            " channel_id = excluded.channel_id, owner = excluded.owner,"
            " helpers = excluded.helpers, capacity = excluded.capacity,"
            " hard_limit = excluded.hard_limit, tags = excluded.tags, target = excluded.target,"
            " purpose = excluded.purpose, audience = excluded.audience, gain = excluded.gain,"
            " about = excluded.about, rhythm = excluded.rhythm, rules = excluded.rules,"
            " ending = excluded.ending, archived_at = excluded.archived_at,"
            " version = excluded.version, changed_at = excluded.changed_at,"
            " changed_by = excluded.changed_by");
    bind(s, r);
    return sql_run(s);
}

enum err record_fill(struct tx *tx, uint32_t *recorded)
{
    struct brand *b = tx_brand(tx);
    struct sql *db = tx_sql(tx);
    int64_t number;
    uint32_t codes = registry_code_count(b, DIM_GROUP);
    struct sql_stmt *s = sql_use(db, "SELECT COALESCE(MAX(code), 0) FROM group_record");
    TRY(sql_number(s, 0, &number));
    uint32_t last = (uint32_t)number;
    for (uint32_t code = last + 1; code <= codes; code++) {
        struct group_record r = bare(b, code, tx_now(tx));
        TRY(put(db, &r));
    }
    *recorded = codes;
    return ERR_OK;
}

static enum err run_save(struct tx *tx, void *arg, struct why *why)
{
    struct group_record *r = arg, old = {.version = 0}, next = r[0];
    TRY(group_record_get(tx_brand(tx), tx_sql(tx), next.code, tx_arena(tx), &old, why));
    if (old.version != next.version)
        return why_fail(why, ERR_PRECONDITION, MSG_CHANGED_MEANWHILE, "", NULL);
    next.version++;
    next.created_at = old.created_at;
    next.changed_at = tx_now(tx);
    r[1] = next;
    return put(tx_sql(tx), &next);
}

/* As wanted and as saved: a batch that runs again begins with the first. */
enum err group_record_save(struct brand *b, struct group_record *r, struct why *why)
{
    struct group_record both[2] = {*r, *r};
    TRY(brand_call(b, run_save, both, false, why));
    *r = both[1];
    return ERR_OK;
}

enum err record_make(struct tx *tx, struct group_record *r, struct why *why)
{
    struct brand *b = tx_brand(tx);
    struct group_record next = *r;
    if (registry_find_code(b, DIM_GROUP, next.key))
        return why_fail(why, ERR_CONFLICT, MSG_EXISTS, "code", STR_FMT, STR_ARG(next.key));
    if (registry_code_count(b, DIM_GROUP) >= LIMIT_GROUPS)
        return why_fail(why, ERR_TOO_LARGE, MSG_TOO_MANY, "code", "%d", LIMIT_GROUPS);
    TRY(registry_code(tx, DIM_GROUP, next.key, &next.code, why));
    TRY(record_fill(tx, &room_of(b)->recorded));
    next.key = registry_code_text(b, DIM_GROUP, next.code);
    next.version = 1;
    next.created_at = next.changed_at = tx_now(tx);
    *r = next;
    return put(tx_sql(tx), &next);
}

static enum err run_add(struct tx *tx, void *arg, struct why *why)
{
    struct group_record *both = arg;
    both[1] = both[0];
    return record_make(tx, &both[1], why);
}

enum err group_record_add(struct brand *b, struct group_record *r, struct why *why)
{
    struct group_record both[2] = {*r, *r};
    TRY(brand_call(b, run_add, both, false, why));
    *r = both[1];
    return ERR_OK;
}
