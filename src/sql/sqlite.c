/* sqlite.c - the SQLite driver: statements, values and transactions.
 *
 * A parameter $N has SQLite's own index, the order of its first appearance; 'params' maps N to it,
 * made once at prepare. Texts whose parameters are not exactly $1 .. $n do not prepare, since
 * PostgreSQL would refuse them too. Statements of our own (BEGIN ...) go through the same cache. */
#include "sql/sqlite.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>

#include "base/mem.h"

struct sqlite_stmt {
    struct sql_stmt base;
    sqlite3_stmt *handle; /* NULL when not prepared */
    int *params;          /* [param_count] SQLite's index of $1, $2 ... */
};

static struct sqlite_db *of(struct sql *db)
{
    return (struct sqlite_db *)db;
}

static struct sqlite_stmt *stmt_of(struct sql_stmt *s)
{
    return (struct sqlite_stmt *)s;
}

/* The system's reason for an I/O error tells a full disk from a broken one. After a failed sync
 * nobody knows what is on the disk, whatever the reason. */
static enum err err_of_system(sqlite3 *handle, int code)
{
    int reason = sqlite3_system_errno(handle);
    if (code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC) return ERR_IO;
    return reason == ENOSPC || reason == EDQUOT ? ERR_NO_SPACE : ERR_IO;
}

static enum err err_of(sqlite3 *handle, int code)
{
    switch (code & 0xff) {
    case SQLITE_FULL:
        return ERR_NO_SPACE;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return ERR_CORRUPT;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return ERR_LOCKED;
    case SQLITE_CONSTRAINT:
        return ERR_CONFLICT;
    case SQLITE_TOOBIG:
        return ERR_TOO_LARGE;
    case SQLITE_IOERR:
        return err_of_system(handle, code);
    case SQLITE_CANTOPEN:
        return err_of_system(handle, code) == ERR_NO_SPACE ? ERR_NO_SPACE : ERR_STORE;
    default:
        return ERR_STORE;
    }
}

enum err sqlite_failed(sqlite3 *handle, int code, const char *text)
{
    char number[16];
    snprintf(number, sizeof(number), "%d", code);
    return sql_complain(&sqlite_driver, err_of(handle, code), number, text,
                        handle ? sqlite3_errmsg(handle) : sqlite3_errstr(code));
}

/* ---- connection ---- */

static int note_wal(void *ctx, sqlite3 *handle, const char *name, int pages)
{
    struct sqlite_db *db = ctx;
    (void)handle;
    (void)name;
    if (pages < db->wal_pages) { /* the WAL began anew */
        db->wal_moved = 0;
        db->asked = false;
    }
    db->wal_pages = pages;
    return SQLITE_OK;
}

static enum err open_db(struct sql *base, const struct place *place, struct why *why)
{
    struct sqlite_db *db = of(base);
    if (!place->path || !*place->path) {
        return why_fail(why, ERR_INVALID, MSG_MISSING, "path", NULL);
    }
    db->path = mem_strdup(place->path);
    TRY(sqlite_connect(db->path, base->role, &db->handle, why));
    if (base->role == SQL_WRITER) sqlite3_wal_hook(db->handle, note_wal, db);
    return ERR_OK;
}

static void close_db(struct sql *base)
{
    struct sqlite_db *db = of(base);
    mover_destroy(db->mover); /* first, so that the writer is the last and empties the WAL */
    int code = sqlite3_close(db->handle);
    assert(code == SQLITE_OK); /* every statement was finished */
    mem_free(db->path);
}

/* ---- statements ---- */

static enum err map_params(struct sqlite_stmt *s)
{
    int count = sqlite3_bind_parameter_count(s->handle);
    s->params = mem_alloc_array((size_t)count + 1, sizeof(s->params[0]));
    for (int i = 0; i < count; i++) {
        char name[16];
        snprintf(name, sizeof(name), "$%d", i + 1);
        s->params[i] = sqlite3_bind_parameter_index(s->handle, name);
        if (s->params[i] > 0) continue;
        return sql_complain(&sqlite_driver, ERR_STORE, "params", s->base.text,
                            "parameters are not $1 to $n");
    }
    s->base.param_count = count;
    return ERR_OK;
}

/* A text for sql_use is one statement. */
static bool is_blank(const char *rest)
{
    while (*rest == ' ' || *rest == '\n' || *rest == '\t' || *rest == ';') {
        rest++;
    }
    return *rest == '\0';
}

static enum err prepare(struct sql_stmt *base)
{
    struct sqlite_stmt *s = stmt_of(base);
    sqlite3 *handle = of(base->db)->handle;
    const char *rest = "";
    int code =
        sqlite3_prepare_v3(handle, base->text, -1, SQLITE_PREPARE_PERSISTENT, &s->handle, &rest);
    if (code != SQLITE_OK) return sqlite_failed(handle, code, base->text);
    if (!s->handle || !is_blank(rest)) {
        return sql_complain(&sqlite_driver, ERR_STORE, "text", base->text, "is not one statement");
    }
    base->column_count = sqlite3_column_count(s->handle);
    return map_params(s);
}

static void finish(struct sql_stmt *base)
{
    struct sqlite_stmt *s = stmt_of(base);
    sqlite3_finalize(s->handle);
    mem_free(s->params);
    s->handle = NULL;
    s->params = NULL;
}

static void unbind(struct sql_stmt *base)
{
    sqlite3_clear_bindings(stmt_of(base)->handle);
}

static int bind_value(sqlite3_stmt *handle, int index, const struct value *v)
{
    sqlite3_destructor_type keeping = v->stays ? SQLITE_STATIC : SQLITE_TRANSIENT;
    switch (v->kind) {
    case VALUE_INT:
        return sqlite3_bind_int64(handle, index, v->i);
    case VALUE_DOUBLE:
        return sqlite3_bind_double(handle, index, v->d);
    case VALUE_TEXT:
        return sqlite3_bind_text64(handle, index, v->bytes.p, v->bytes.len, keeping, SQLITE_UTF8);
    case VALUE_BLOB:
        return sqlite3_bind_blob64(handle, index, v->bytes.p, v->bytes.len, keeping);
    case VALUE_NULL:
        break;
    }
    return sqlite3_bind_null(handle, index);
}

static enum err bind(struct sql_stmt *base, int index, const struct value *v)
{
    struct sqlite_stmt *s = stmt_of(base);
    int code = bind_value(s->handle, s->params[index - 1], v);
    return code == SQLITE_OK ? ERR_OK : sqlite_failed(of(base->db)->handle, code, base->text);
}

static enum err step(struct sql_stmt *base, bool *row)
{
    int code = sqlite3_step(stmt_of(base)->handle);
    *row = code == SQLITE_ROW;
    if (code == SQLITE_ROW || code == SQLITE_DONE) return ERR_OK;
    return sqlite_failed(of(base->db)->handle, code, base->text);
}

static void reset(struct sql_stmt *base)
{
    sqlite3_reset(stmt_of(base)->handle); /* repeats the error of the step, told already */
}

/* ---- values ---- */

static bool is_null(struct sql_stmt *base, int column)
{
    return sqlite3_column_type(stmt_of(base)->handle, column) == SQLITE_NULL;
}

static int64_t get_int(struct sql_stmt *base, int column)
{
    return sqlite3_column_int64(stmt_of(base)->handle, column);
}

static double get_double(struct sql_stmt *base, int column)
{
    return sqlite3_column_double(stmt_of(base)->handle, column);
}

static struct str get_bytes(struct sql_stmt *base, int column, enum value_kind kind)
{
    sqlite3_stmt *handle = stmt_of(base)->handle;
    const void *p = kind == VALUE_TEXT ? (const void *)sqlite3_column_text(handle, column)
                                       : sqlite3_column_blob(handle, column);
    assert(p || sqlite3_errcode(of(base->db)->handle) != SQLITE_NOMEM);
    return (struct str){p, (size_t)sqlite3_column_bytes(handle, column)};
}

/* ---- transactions ---- */

static enum err run_text(struct sql *db, const char *text)
{
    bool was_failed = db->failed;
    db->failed = false; /* an undo is what a failed transaction may still run */
    struct sql_stmt *s = sql_use(db, text);
    enum err err = sql_run(s);
    db->failed = was_failed;
    return err;
}

/* A deferred BEGIN sees nothing yet; the first read fixes the view. */
static enum err begin_view(struct sql *db)
{
    TRY(run_text(db, "BEGIN"));
    enum err err = run_text(db, "SELECT 1 FROM sqlite_schema LIMIT 1");
    if (err != ERR_OK) sqlite3_exec(of(db)->handle, "ROLLBACK", NULL, NULL, NULL);
    return err;
}

/* Some errors have rolled the transaction back already; then there is none left to end. */
static enum err roll_back(struct sql *db)
{
    return sqlite3_get_autocommit(of(db)->handle) ? ERR_OK : run_text(db, "ROLLBACK");
}

static enum err control(struct sql *db, enum control what)
{
    switch (what) {
    case CONTROL_BEGIN:
        return db->role == SQL_WRITER ? run_text(db, "BEGIN IMMEDIATE") : begin_view(db);
    case CONTROL_COMMIT:
        return run_text(db, "COMMIT");
    case CONTROL_ROLLBACK:
        return roll_back(db);
    }
    return ERR_STORE;
}

static enum err exec(struct sql *base, const char *text)
{
    sqlite3 *handle = of(base)->handle;
    int code = sqlite3_exec(handle, text, NULL, NULL, NULL);
    return code == SQLITE_OK ? ERR_OK : sqlite_failed(handle, code, text);
}

/* ---- upkeep ---- */

static int wal_pages(const struct sql *base)
{
    return ((const struct sqlite_db *)base)->wal_pages;
}

static enum err cache(struct sql *base, size_t bytes)
{
    return sqlite_cache(((struct sqlite_db *)base)->handle, bytes);
}

static enum err alive(struct sql *base)
{
    (void)base;
    return ERR_OK;
}

const struct driver sqlite_driver = {
    .engine = SQL_SQLITE,
    .name = "sqlite",
    .types = {"INTEGER", "BLOB", "TEXT", "REAL", "WITHOUT ROWID"},
    .db_size = sizeof(struct sqlite_db),
    .stmt_size = sizeof(struct sqlite_stmt),
    .open = open_db,
    .close = close_db,
    .prepare = prepare,
    .finish = finish,
    .unbind = unbind,
    .bind = bind,
    .step = step,
    .reset = reset,
    .is_null = is_null,
    .get_int = get_int,
    .get_double = get_double,
    .get_bytes = get_bytes,
    .control = control,
    .exec = exec,
    .checkpoint = sqlite_checkpoint,
    .checkpoint_beside = sqlite_checkpoint_beside,
    .cache = cache,
    .wal_pages = wal_pages,
    .verify = sqlite_verify,
    .alive = alive,
};
