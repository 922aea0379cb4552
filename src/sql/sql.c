/* sql.c - what both engines share: life of connections and statements, and the state between them.
 *
 * Every call lands here, is checked, and goes on to the driver of its engine. So that code which
 * works on one engine works on the other, the stricter of the two rules is kept for both:
 * 1. After a statement of a transaction fails, 'failed' holds and nothing but an undo runs.
 * 2. sql_begin to sql_commit or sql_rollback is one transaction, whatever commit answers.
 * 3. Beginning, committing and rolling back end every statement that still has rows.
 * 4. Text is UTF-8 without NUL; NaN is NULL.
 * 'running' of a connection counts the statements whose 'running' is set. */
#include "sql/sql.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "sql/cache.h"
#include "sql/driver.h"
#include "sql/later.h"

/* What was put off has run when the connection is used again. */
static inline void catch_up(struct sql *db)
{
    if (db->putting_off && later_drain(db->later) != ERR_OK) db->failed = true;
}

static const struct driver *driver_of(const char *url)
{
    if (strcmp(url, "sqlite:") == 0) return &sqlite_driver;
    if (postgres_url_valid(url)) return &postgres_driver;
    return NULL;
}

bool sql_url_valid(const char *url)
{
    return driver_of(url) != NULL;
}

enum err sql_open(const char *url, const char *path, const char *schema, enum sql_role role,
                  struct sql **out, struct why *why)
{
    const struct driver *driver = driver_of(url);
    if (!driver) return why_fail(why, ERR_INVALID, MSG_SQL_URL, "store", NULL);
    struct sql *db = mem_alloc(driver->db_size);
    db->driver = driver;
    db->role = role;
    db->cache = stmt_cache_create();
    struct place place = {url, path, schema};
    enum err err = driver->open(db, &place, why);
    if (err != ERR_OK) {
        sql_close(db);
        return err;
    }
    *out = db;
    return ERR_OK;
}

void sql_close(struct sql *db)
{
    struct sql_stmt *s;
    if (!db) return;
    catch_up(db);
    later_destroy(db->later);
    for (size_t i = 0; (s = stmt_cache_at(db->cache, i)); i++) {
        sql_reset(s);
        db->driver->finish(s);
        mem_free(s->text);
        mem_free(s);
    }
    stmt_cache_destroy(db->cache);
    db->driver->close(db);
    mem_free(db);
}

enum sql_engine sql_engine(const struct sql *db)
{
    return db->driver->engine;
}

static enum log_level level_of(enum err err)
{
    if (err == ERR_CONFLICT) return LOG_DEBUG;
    return err == ERR_LOCKED ? LOG_WARN : LOG_ERROR;
}

/* Copy for a quoted value of a log line: no quotes, no line breaks, cut to fit. */
static void quotable(char *out, size_t size, const char *text)
{
    size_t n = 0;
    for (; text[n] && n + 1 < size; n++) {
        out[n] = text[n];
        if ((unsigned char)text[n] < ' ') out[n] = ' ';
        if (text[n] == '"') out[n] = '\'';
    }
    out[n] = '\0';
}

enum err sql_complain(const struct driver *driver, enum err err, const char *code, const char *text,
                      const char *words)
{
    char said[400];
    char what[400];
    quotable(said, sizeof(said), words ? words : "");
    quotable(what, sizeof(what), text ? text : "");
    log_write(level_of(err), "sql", "statement_failed",
              "engine=%s error=%s code=%s words=\"%s\" text=\"%s\"", driver->name, err_code(err),
              code, said, what);
    return err;
}

/* What the engine refused, a transaction does not survive. */
static enum err settle(struct sql *db, enum err err)
{
    if (err != ERR_OK && db->in_transaction) db->failed = true;
    return err;
}

/* ---- statements ---- */

static struct sql_stmt *make_stmt(struct sql *db, const char *text)
{
    struct sql_stmt *s = mem_alloc(db->driver->stmt_size);
    s->db = db;
    s->text = mem_strdup(text);
    stmt_cache_put(db->cache, text, s);
    return s;
}

struct sql_stmt *sql_ready(struct sql *db, const char *text)
{
    struct sql_stmt *s = stmt_cache_get(db->cache, text);
    if (!s) s = make_stmt(db, text);
    sql_reset(s);
    s->fault = ERR_OK;
    s->streaming = false;
    if (s->prepared) {
        db->driver->unbind(s);
        return s;
    }
    if (db->failed) return s; /* nothing can be prepared now; the step says so */
    s->fault = db->driver->prepare(s);
    s->prepared = s->fault == ERR_OK;
    if (!s->prepared) db->driver->finish(s);
    return s;
}

struct sql_stmt *sql_use(struct sql *db, const char *text)
{
    catch_up(db);
    return sql_ready(db, text);
}

struct sql_stmt *sql_use_later(struct sql *db, const char *text)
{
    return db->putting_off ? later_open(db->later, text) : sql_ready(db, text);
}

void sql_later_begin(struct sql *db)
{
    assert(db->in_transaction && !db->putting_off);
    if (db->driver->engine != SQL_SQLITE) return; /* a server has its own processors */
    if (!db->later) db->later = later_create(db);
    db->putting_off = db->later != NULL;
    if (db->later) later_reset(db->later);
}

enum err sql_later_end(struct sql *db)
{
    if (!db->putting_off) return ERR_OK;
    enum err err = later_drain(db->later);
    db->putting_off = false;
    return settle(db, err);
}

static void bind(struct sql_stmt *s, int index, const struct value *v)
{
    if (!s->prepared || s->fault != ERR_OK) return;
    if (s->later) {
        later_bind(s->db->later, index, v);
        return;
    }
    catch_up(s->db);
    assert(index >= 1 && index <= s->param_count);
    assert(!s->running);
    s->fault = s->db->driver->bind(s, index, v);
}

void sql_bind_int(struct sql_stmt *s, int index, int64_t v)
{
    bind(s, index, &(struct value){.kind = VALUE_INT, .i = v});
}

void sql_bind_double(struct sql_stmt *s, int index, double v)
{
    if (isnan(v)) {
        sql_bind_null(s, index);
        return;
    }
    bind(s, index, &(struct value){.kind = VALUE_DOUBLE, .d = v});
}

/* The first fault of a statement stays. */
static void fault(struct sql_stmt *s, enum err err)
{
    if (s->fault == ERR_OK) s->fault = err;
}

void sql_bind_str(struct sql_stmt *s, int index, struct str v)
{
    if (!v.p) {
        sql_bind_null(s, index);
    } else if (v.len > LIMIT_SQL_VALUE_BYTES) {
        fault(s, ERR_TOO_LARGE);
    } else if ((v.len && memchr(v.p, '\0', v.len)) || !utf8_valid(v)) {
        fault(s, ERR_INVALID);
    } else {
        bind(s, index, &(struct value){.kind = VALUE_TEXT, .bytes = v});
    }
}

void sql_bind_text(struct sql_stmt *s, int index, const char *v)
{
    sql_bind_str(s, index, str_of(v));
}

void sql_bind_blob(struct sql_stmt *s, int index, const void *p, size_t len)
{
    if (!p) {
        sql_bind_null(s, index);
    } else if (len > LIMIT_SQL_VALUE_BYTES) {
        fault(s, ERR_TOO_LARGE);
    } else {
        bind(s, index, &(struct value){.kind = VALUE_BLOB, .bytes = {p, len}});
    }
}

void sql_bind_null(struct sql_stmt *s, int index)
{
    bind(s, index, &(struct value){.kind = VALUE_NULL});
}

void sql_stream(struct sql_stmt *s)
{
    assert(!s->running);
    s->streaming = true;
}

static void end_run(struct sql_stmt *s)
{
    if (s->running) s->db->running--;
    s->running = s->on_row = false;
}

static enum err run(struct sql_stmt *s, bool *row)
{
    if (s->db->failed) {
        return sql_complain(s->db->driver, ERR_STORE, "failed", s->text,
                            "the transaction has failed and must be rolled back");
    }
    if (!s->prepared) return settle(s->db, s->fault != ERR_OK ? s->fault : ERR_STORE);
    if (s->fault != ERR_OK) return s->fault;
    return settle(s->db, s->db->driver->step(s, row));
}

enum err sql_step(struct sql_stmt *s, bool *row)
{
    bool got = false;
    if (s->later) {
        *row = false;
        return later_close(s->db->later);
    }
    catch_up(s->db);
    enum err err = run(s, &got);
    if (err == ERR_OK && got) {
        if (!s->running) s->db->running++;
        s->running = s->on_row = *row = true;
        return ERR_OK;
    }
    if (s->prepared) s->db->driver->reset(s);
    end_run(s);
    if (err == ERR_OK) *row = false;
    return err;
}

enum err sql_run(struct sql_stmt *s)
{
    bool row = true;
    while (row) {
        enum err err = sql_step(s, &row);
        if (err != ERR_OK) return err;
    }
    return ERR_OK;
}

enum err sql_number(struct sql_stmt *s, int64_t none, int64_t *out)
{
    bool row;
    TRY(sql_step(s, &row));
    *out = row && !sql_is_null(s, 0) ? sql_int(s, 0) : none;
    sql_reset(s);
    return ERR_OK;
}

enum err sql_any(struct sql_stmt *s, bool *any)
{
    bool row;
    TRY(sql_step(s, &row));
    *any = row;
    sql_reset(s);
    return ERR_OK;
}

void sql_reset(struct sql_stmt *s)
{
    if (!s->running) return;
    catch_up(s->db);
    s->db->driver->reset(s);
    end_run(s);
}

static void check_column(const struct sql_stmt *s, int column)
{
    assert(s->on_row && column >= 0 && column < s->column_count);
}

bool sql_is_null(struct sql_stmt *s, int column)
{
    check_column(s, column);
    return s->db->driver->is_null(s, column);
}

int64_t sql_int(struct sql_stmt *s, int column)
{
    check_column(s, column);
    return s->db->driver->get_int(s, column);
}

double sql_double(struct sql_stmt *s, int column)
{
    check_column(s, column);
    return s->db->driver->get_double(s, column);
}

static struct str get_bytes(struct sql_stmt *s, int column, enum value_kind kind)
{
    if (sql_is_null(s, column)) return (struct str){NULL, 0};
    struct str v = s->db->driver->get_bytes(s, column, kind);
    return v.p ? v : STR("");
}

struct str sql_str(struct sql_stmt *s, int column)
{
    return get_bytes(s, column, VALUE_TEXT);
}

struct str sql_blob(struct sql_stmt *s, int column)
{
    return get_bytes(s, column, VALUE_BLOB);
}

/* ---- transactions ---- */

/* A statement cut short must not start again from its first row when stepped once more. */
static void cut_all(struct sql *db)
{
    struct sql_stmt *s;
    for (size_t i = 0; db->running > 0 && (s = stmt_cache_at(db->cache, i)); i++) {
        if (!s->running) continue;
        sql_reset(s);
        s->fault = ERR_STORE;
    }
}

enum err sql_begin(struct sql *db)
{
    assert(!db->in_transaction);
    cut_all(db);
    enum err err = db->driver->control(db, CONTROL_BEGIN);
    db->in_transaction = err == ERR_OK;
    return err;
}

static void leave(struct sql *db)
{
    db->in_transaction = db->failed = false;
}

enum err sql_commit(struct sql *db)
{
    assert(db->in_transaction && !db->putting_off);
    cut_all(db);
    enum err err = db->failed ? ERR_STORE : db->driver->control(db, CONTROL_COMMIT);
    if (err != ERR_OK) {
        sql_rollback(db);
        return err;
    }
    leave(db);
    return ERR_OK;
}

void sql_rollback(struct sql *db)
{
    if (!db->in_transaction) return;
    assert(!db->putting_off);
    cut_all(db);
    /* A rollback that fails leaves a connection on which everything else fails and says so. */
    (void)db->driver->control(db, CONTROL_ROLLBACK);
    leave(db);
}

enum err sql_exec(struct sql *db, const char *text)
{
    catch_up(db);
    if (db->failed) return ERR_STORE;
    return settle(db, db->driver->exec(db, text));
}

/* ---- upkeep ---- */

enum err sql_cache(struct sql *db, size_t bytes)
{
    return db->driver->cache ? db->driver->cache(db, bytes ? bytes : LIMIT_SQL_CACHE) : ERR_OK;
}

enum err sql_checkpoint(struct sql *db, int pages)
{
    assert(!db->in_transaction);
    return db->driver->checkpoint(db, pages);
}

enum err sql_checkpoint_beside(struct sql *db, int pages)
{
    assert(!db->in_transaction && pages > 0);
    return db->driver->checkpoint_beside(db, pages);
}

int sql_wal_pages(const struct sql *db)
{
    return db->driver->wal_pages(db);
}

enum err sql_verify(struct sql *db, struct why *why)
{
    return db->driver->verify(db, why);
}

enum err sql_alive(struct sql *db)
{
    return db->driver->alive(db);
}
