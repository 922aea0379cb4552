/* saved.c - one table; of what was removed the number stays, with the kind GONE, so that it is not
 * given again. */
#include "saved/saved.h"

#define GONE (-1)

static const struct migration migrations[] = {
    {1, "CREATE TABLE saved (id {int} PRIMARY KEY, kind {int} NOT NULL, name {text} NOT NULL,"
        " body {text} NOT NULL, author {text} NOT NULL, version {int} NOT NULL,"
        " created_at {int} NOT NULL, changed_at {int} NOT NULL)"},
    {0, NULL},
};

const struct module saved_module = {.name = "saved", .migrations = migrations};

/* ---- reading ---- */

static struct saved read_row(struct sql_stmt *s, struct arena *arena)
{
    return (struct saved){
        .id = (uint32_t)sql_int(s, 0),
        .kind = (enum saved_kind)sql_int(s, 1),
        .name = arena_str(arena, sql_str(s, 2)),
        .body = arena_str(arena, sql_str(s, 3)),
        .author = arena_str(arena, sql_str(s, 4)),
        .version = (uint64_t)sql_int(s, 5),
        .created_at = sql_int(s, 6),
        .changed_at = sql_int(s, 7),
    };
}

static int64_t limit_of(enum saved_kind kind)
{
    if (kind == SAVED_MAPPING) return LIMIT_SAVED_MAPPINGS;
    return kind == SAVED_QUESTION ? LIMIT_SAVED_QUESTIONS : LIMIT_SAVED_BOARDS;
}

static enum err read_list(struct sql *db, enum saved_kind kind, struct arena *arena,
                          struct saved *rows, size_t *count)
{
    struct sql_stmt *s =
        sql_use(db, "SELECT id, kind, name, body, author, version, created_at, changed_at"
                    " FROM saved WHERE kind = $1 ORDER BY id LIMIT $2");
    sql_bind_int(s, 1, kind);
    sql_bind_int(s, 2, limit_of(kind));
    for (*count = 0;;) {
        bool row;
        TRY(sql_step(s, &row));
        if (!row) return ERR_OK;
        rows[(*count)++] = read_row(s, arena);
    }
}

enum err saved_list(struct sql *db, enum saved_kind kind, struct arena *arena, struct saved **out,
                    size_t *count, struct why *why)
{
    struct saved *rows = arena_alloc_array(arena, (size_t)limit_of(kind), sizeof(*rows));
    enum err err = read_list(db, kind, arena, rows, count);
    if (err != ERR_OK) return why_fail(why, err, MSG_INTERNAL, "", NULL);
    *out = rows;
    return ERR_OK;
}

static enum err read_one(struct sql *db, enum saved_kind kind, uint32_t id, struct arena *arena,
                         struct saved *out, bool *found)
{
    struct sql_stmt *s =
        sql_use(db, "SELECT id, kind, name, body, author, version, created_at, changed_at"
                    " FROM saved WHERE id = $1 AND kind = $2");
    sql_bind_int(s, 1, id);
    sql_bind_int(s, 2, kind);
    TRY(sql_step(s, found));
    if (!*found) return ERR_OK;
    *out = read_row(s, arena);
    sql_reset(s);
    return ERR_OK;
}

enum err saved_get(struct sql *db, enum saved_kind kind, uint32_t id, struct arena *arena,
                   struct saved *out, struct why *why)
{
    bool found;
    enum err err = read_one(db, kind, id, arena, out, &found);
    if (err != ERR_OK) return why_fail(why, err, MSG_INTERNAL, "", NULL);
    if (!found)
        return why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, "", "%s",
                        kind == SAVED_QUESTION ? "question" : "board");
    return ERR_OK;
}

/* ---- changing, on the writer ---- */

static enum err count_rows(struct sql *db, enum saved_kind kind, int64_t *live, int64_t *last)
{
    struct sql_stmt *s = sql_use(db, "SELECT COALESCE(MAX(id), 0) FROM saved");
    TRY(sql_number(s, 0, last));
    s = sql_use(db, "SELECT COUNT(*) FROM saved WHERE kind = $1");
    sql_bind_int(s, 1, kind);
    return sql_number(s, 0, live);
}

static enum err insert(struct sql *db, const struct saved *n)
{
    struct sql_stmt *s =
        sql_use(db, "INSERT INTO saved (id, kind, name, body, author, version, created_at,"
                    " changed_at) VALUES ($1, $2, $3, $4, $5, 1, $6, $6)");
    sql_bind_int(s, 1, n->id);
    sql_bind_int(s, 2, n->kind);
    sql_bind_str(s, 3, n->name);
    sql_bind_str(s, 4, n->body);
    sql_bind_str(s, 5, n->author);
    sql_bind_int(s, 6, n->created_at);
    return sql_run(s);
}

static enum err run_add(struct tx *tx, void *arg, struct why *why)
{
    struct saved *n = arg;
    int64_t live, last;
    TRY(count_rows(tx_sql(tx), n->kind, &live, &last));
    if (live >= limit_of(n->kind))
        return why_fail(why, ERR_TOO_LARGE, MSG_TOO_MANY, "", "%d", (int)limit_of(n->kind));
    n->id = (uint32_t)last + 1;
    n->version = 1;
    n->created_at = n->changed_at = tx_now(tx);
    return insert(tx_sql(tx), n);
}

/* Is it there, and as the caller knows it? */
static enum err check(struct tx *tx, const struct saved *n, struct saved *old, struct why *why)
{
    TRY(saved_get(tx_sql(tx), n->kind, n->id, tx_arena(tx), old, why));
    if (old->version == n->version) return ERR_OK;
    return why_fail(why, ERR_PRECONDITION, MSG_CHANGED_MEANWHILE, "", NULL);
}

static enum err write(struct tx *tx, const struct saved *n, int64_t kind)
{
    struct sql_stmt *s =
        sql_use(tx_sql(tx), "UPDATE saved SET kind = $2, name = $3, body = $4, version = $5,"
                            " changed_at = $6 WHERE id = $1");
    sql_bind_int(s, 1, n->id);
    sql_bind_int(s, 2, kind);
    sql_bind_str(s, 3, n->name);
    sql_bind_str(s, 4, n->body);
    sql_bind_int(s, 5, (int64_t)n->version);
    sql_bind_int(s, 6, tx_now(tx));
    return sql_run(s);
}

/* The versions and times are the caller's to see only after the commit, and a batch may run
 * again: they are worked out from the row each time. */
struct change {
    struct saved *saved;
    uint64_t version;
    int64_t created_at, changed_at;
};

static enum err run_change(struct tx *tx, void *arg, struct why *why)
{
    struct change *c = arg;
    struct saved old = {0}, n = *c->saved;
    TRY(check(tx, &n, &old, why));
    n.version = c->version = old.version + 1;
    c->created_at = old.created_at;
    c->changed_at = tx_now(tx);
    return write(tx, &n, n.kind);
}

static enum err run_remove(struct tx *tx, void *arg, struct why *why)
{
    const struct saved *n = arg;
    struct saved old = {0}, gone = *n;
    TRY(check(tx, n, &old, why));
    gone.name = gone.body = STR("");
    gone.version = old.version + 1;
    return write(tx, &gone, GONE);
}

enum err saved_add(struct brand *b, struct saved *s, struct why *why)
{
    return brand_call(b, run_add, s, false, why);
}

enum err saved_change(struct brand *b, struct saved *s, struct why *why)
{
    struct change c = {.saved = s};
    TRY(brand_call(b, run_change, &c, false, why));
    s->version = c.version;
    s->created_at = c.created_at;
    s->changed_at = c.changed_at;
    return ERR_OK;
}

enum err saved_remove(struct brand *b, const struct saved *s, struct why *why)
{
    struct saved copy = *s;
    return brand_call(b, run_remove, &copy, false, why);
}
