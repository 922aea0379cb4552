/* upload_store.c - one row an upload, changed by commands on the brand's writer.
 *
 * What was removed keeps its number, with nothing else left of it; beyond LIMIT_UPLOADS the oldest
 * rows whose files are gone are forgotten. */
#include "intake/upload_internal.h"

const char upload_table[] =
    "CREATE TABLE upload (id {int} PRIMARY KEY, mark {int} NOT NULL, name {text} NOT NULL,"
    " bytes {int} NOT NULL, kept {int} NOT NULL, dry_run {int} NOT NULL, author {text} NOT NULL,"
    " created_at {int} NOT NULL, finished_at {int}, options {text}, counts {text}, tried {text},"
    " rejects {text}, reason {text})";

const char upload_files[] = "ALTER TABLE upload ADD COLUMN files {text};"
                            "ALTER TABLE upload ADD COLUMN undone {text}";

const char upload_samples[] = "ALTER TABLE upload ADD COLUMN sampled {blob}";

#define COLUMNS                                                                                    \
    "id, mark, name, bytes, kept, dry_run, author, created_at, finished_at, options, counts,"      \
    " tried, rejects, reason, files, undone"

static enum err internal(enum err err, struct why *why)
{
    return err == ERR_OK ? ERR_OK : why_fail(why, err, MSG_INTERNAL, "", NULL);
}

/* ---- reading ---- */

static struct str copy(struct arena *a, struct sql_stmt *s, int column)
{
    return sql_is_null(s, column) ? (struct str){NULL, 0} : arena_str(a, sql_str(s, column));
}

static struct upload_row read_row(struct sql_stmt *s, struct arena *a)
{
    struct upload_row row = {
        .mark = (enum upload_mark)sql_int(s, 1),
        .kept = sql_int(s, 4) != 0,
        .files = copy(a, s, 14),
        .seen = {.id = (uint32_t)sql_int(s, 0),
                 .name = copy(a, s, 2),
                 .bytes = (uint64_t)sql_int(s, 3),
                 .dry_run = sql_int(s, 5) != 0,
                 .author = copy(a, s, 6),
                 .created_at = sql_int(s, 7),
                 .finished_at = sql_is_null(s, 8) ? TIME_NONE : sql_int(s, 8),
                 .options = copy(a, s, 9),
                 .counts = copy(a, s, 10),
                 .tried = copy(a, s, 11),
                 .rejects = copy(a, s, 12),
                 .reason = copy(a, s, 13),
                 .undone = copy(a, s, 15)},
    };
    return row;
}

enum err upload_read(struct sql *db, struct arena *arena, uint32_t id, struct upload_row *out,
                     struct why *why)
{
    bool row;
    struct sql_stmt *s = sql_use(db, "SELECT " COLUMNS " FROM upload WHERE id = $1 AND mark <> 5");
    sql_bind_int(s, 1, id);
    TRY(internal(sql_step(s, &row), why));
    if (!row) return why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, "", "%s", "import");
    *out = read_row(s, arena);
    sql_reset(s);
    return ERR_OK;
}

enum err upload_read_list(struct sql *db, struct arena *arena, const struct upload_page *page,
                          struct upload_rows *out, struct why *why)
{
    struct sql_stmt *s = sql_use(db, "SELECT " COLUMNS " FROM upload WHERE id < $1 AND mark <> 5"
                                     " AND (CAST($3 AS bigint) = 0 OR author = $4)"
                                     " ORDER BY id DESC LIMIT $2");
    *out = (struct upload_rows){arena_alloc_array(arena, page->limit + 1, sizeof(*out->items)), 0};
    sql_bind_int(s, 1, page->below ? (int64_t)page->below : INT64_MAX);
    sql_bind_int(s, 2, (int64_t)page->limit);
    sql_bind_int(s, 3, page->author.p != NULL);
    sql_bind_str(s, 4, page->author.p ? page->author : STR(""));
    for (;;) {
        bool row;
        TRY(internal(sql_step(s, &row), why));
        if (!row) break;
        out->items[out->count++] = read_row(s, arena);
    }
    return ERR_OK;
}

/* What the files of the brand have, or will have. */
static enum err read_bytes(struct sql *db, uint64_t *bytes, struct why *why)
{
    bool row;
    struct sql_stmt *s = sql_use(db, "SELECT bytes FROM upload WHERE kept = 1");
    uint64_t sum = 0;
    for (;;) {
        TRY(internal(sql_step(s, &row), why));
        if (!row) break;
        sum += (uint64_t)sql_int(s, 0);
    }
    *bytes = sum;
    return ERR_OK;
}

/* ---- a new one ---- */

/* Is there room for one more, when those have gone that may? */
static enum err make_room(struct sql *db, uint32_t *id, struct why *why)
{
    int64_t last, kept;
    struct sql_stmt *s = sql_use(db, "SELECT COALESCE(MAX(id), 0) FROM upload");
    TRY(sql_number(s, 0, &last));
    *id = (uint32_t)last + 1;
    s = sql_use(db, "DELETE FROM upload WHERE kept = 0 AND id <= CAST($1 AS bigint)");
    sql_bind_int(s, 1, (int64_t)*id - LIMIT_UPLOADS);
    TRY(sql_run(s));
    s = sql_use(db, "SELECT COUNT(*) FROM upload WHERE kept = 1");
    TRY(sql_number(s, 0, &kept));
    if (kept < LIMIT_UPLOADS) return ERR_OK;
    return why_fail(why, ERR_TOO_LARGE, MSG_TOO_MANY, "", "%d", LIMIT_UPLOADS);
}

static enum err run_insert(struct tx *tx, void *arg, struct why *why)
{
    struct upload *n = arg;
    uint64_t bytes;
    TRY(make_room(tx_sql(tx), &n->id, why));
    TRY(read_bytes(tx_sql(tx), &bytes, why));
    if (bytes + n->bytes > (uint64_t)LIMIT_UPLOADS_MIB << 20)
        return why_fail(why, ERR_TOO_LARGE, MSG_UPLOAD_ROOM, "bytes", "%d", LIMIT_UPLOADS_MIB);
    n->created_at = tx_now(tx);
    struct sql_stmt *s = sql_use(tx_sql(tx), "INSERT INTO upload (id, mark, name, bytes, kept,"
                                             " dry_run, author, created_at)"
                                             " VALUES ($1, 0, $2, $3, 1, 0, $4, $5)");
    sql_bind_int(s, 1, n->id);
    sql_bind_str(s, 2, n->name);
    sql_bind_int(s, 3, (int64_t)n->bytes);
    sql_bind_str(s, 4, n->author);
    sql_bind_int(s, 5, n->created_at);
    return sql_run(s);
}

enum err upload_insert(struct brand *b, struct upload *n, struct why *why)
{
    return brand_call(b, run_insert, n, false, why);
}

/* ---- changes ---- */

static enum err start(struct tx *tx, const struct upload_change *c)
{
    struct sql_stmt *s =
        sql_use(tx_sql(tx), "UPDATE upload SET mark = $2, dry_run = $3, options = $4,"
                            " finished_at = NULL, rejects = NULL, reason = NULL,"
                            " undone = NULL WHERE id = $1");
    sql_bind_int(s, 1, c->id);
    sql_bind_int(s, 2, c->mark);
    sql_bind_int(s, 3, c->dry_run);
    sql_bind_str(s, 4, c->options);
    return sql_run(s);
}

static enum err end(struct tx *tx, const struct upload_change *c)
{
    struct sql_stmt *s = sql_use(
        tx_sql(tx), "UPDATE upload SET mark = $2, finished_at = $3, counts = COALESCE($4, counts),"
                    " tried = COALESCE($5, tried), rejects = $6, reason = $7,"
                    " sampled = COALESCE($8, sampled) WHERE id = $1");
    sql_bind_int(s, 1, c->id);
    sql_bind_int(s, 2, c->mark);
    sql_bind_int(s, 3, tx_now(tx));
    sql_bind_str(s, 4, c->counts);
    sql_bind_str(s, 5, c->tried);
    sql_bind_str(s, 6, c->rejects);
    sql_bind_str(s, 7, c->reason);
    sql_bind_blob(s, 8, c->sampled.p, c->sampled.len);
    return sql_run(s);
}

static enum err note_files(struct tx *tx, const struct upload_change *c)
{
    struct sql_stmt *s = sql_use(tx_sql(tx), "UPDATE upload SET files = $2 WHERE id = $1");
    sql_bind_int(s, 1, c->id);
    sql_bind_str(s, 2, c->files);
    return sql_run(s);
}

enum err upload_mark_undone(struct tx *tx, const struct upload_row *of, struct str sums)
{
    /* others of the very same rows have nothing left, either */
    struct sql_stmt *s =
        sql_use(tx_sql(tx), "UPDATE upload SET mark = 6, finished_at = $2, counts = NULL,"
                            " rejects = NULL, reason = NULL, files = NULL, undone = $3"
                            " WHERE id = $1 OR (files = $4 AND mark IN (2, 3, 4))");
    sql_bind_int(s, 1, of->seen.id);
    sql_bind_int(s, 2, tx_now(tx));
    sql_bind_str(s, 3, sums);
    sql_bind_str(s, 4, of->files);
    return sql_run(s);
}

static enum err recover(struct tx *tx)
{
    struct sql_stmt *s =
        sql_use(tx_sql(tx), "UPDATE upload SET mark = 4, finished_at = $1 WHERE mark = 1");
    sql_bind_int(s, 1, tx_now(tx));
    return sql_run(s);
}

/* Rows tell what the file held where they tell why rows of it were rejected. */
static enum err expire(struct tx *tx, const struct upload_change *c)
{
    struct sql_stmt *s =
        sql_use(tx_sql(tx), "UPDATE upload SET kept = 0, rejects = NULL, reason = NULL,"
                            " sampled = NULL WHERE id = $1");
    sql_bind_int(s, 1, c->id);
    return sql_run(s);
}

static enum err erase(struct tx *tx, const struct upload_change *c)
{
    struct sql_stmt *s =
        sql_use(tx_sql(tx), "UPDATE upload SET mark = 5, kept = 0, name = '', author = '',"
                            " options = NULL, counts = NULL, tried = NULL, rejects = NULL,"
                            " reason = NULL, undone = NULL, sampled = NULL WHERE id = $1");
    sql_bind_int(s, 1, c->id);
    return sql_run(s);
}

enum err upload_expire_all(struct tx *tx, uint32_t *count)
{
    int64_t number;
    struct sql_stmt *s = sql_use(tx_sql(tx), "SELECT COUNT(*) FROM upload WHERE kept = 1");
    TRY(sql_number(s, 0, &number));
    *count = (uint32_t)number;
    return sql_run(sql_use(tx_sql(tx), "UPDATE upload SET kept = 0, rejects = NULL, reason = NULL,"
                                       " sampled = NULL"));
}

static enum err run_change(struct tx *tx, void *arg, struct why *why)
{
    const struct upload_change *c = arg;
    (void)why;
    switch (c->kind) {
    case CHANGE_START:
        return start(tx, c);
    case CHANGE_END:
        return end(tx, c);
    case CHANGE_FILES:
        return note_files(tx, c);
    case CHANGE_RECOVER:
        return recover(tx);
    case CHANGE_EXPIRE:
        return expire(tx, c);
    case CHANGE_REMOVE:
        return erase(tx, c);
    }
    return ERR_INTERNAL;
}

enum err upload_change(struct brand *b, const struct upload_change *c, struct why *why)
{
    struct upload_change own = *c;
    return brand_call(b, run_change, &own, false, why);
}
