/* sqlite_file.c - the database file: opening, settings, checkpoints, copy and check.
 *
 * A writer makes the file with mode 0600 before SQLite sees it, so that the WAL beside it, which
 * takes its mode, is as private. It is made only when missing: closing a descriptor of a file that
 * SQLite has open would drop SQLite's locks on it.
 *
 * A reader may only read: the file is opened read-only, query_only is on, an authorizer refuses
 * whatever is no reading, and closing it never checkpoints. */
#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/fs.h"
#include "base/limits.h"
#include "base/mem.h"
#include "sql/sqlite.h"

#define BUSY_TIMEOUT_MS 5000
#define BACKUP_PAGES 256    /* copied at a time */
#define DAMAGE_LINES_MAX 10 /* of integrity_check, to the log */
/* Of a WAL that the mover works on, in checkpoints of so many pages: */
#define WAL_LONG 3   /* it is to begin anew as soon as the mover has caught up */
#define WAL_MAX 4    /* the writer moves what the mover left, however much */
#define CAUGHT_UP 16 /* of a checkpoint's pages: so few may be left to the writer */

enum err sqlite_ask(sqlite3 *handle, const char *text, char *out, size_t size)
{
    sqlite3_stmt *s = NULL;
    int code = sqlite3_prepare_v2(handle, text, -1, &s, NULL);
    if (code == SQLITE_OK) code = sqlite3_step(s);
    enum err err = code == SQLITE_ROW ? ERR_OK : ERR_STORE;
    if (code == SQLITE_ROW) {
        const unsigned char *value = sqlite3_column_text(s, 0);
        snprintf(out, size, "%s", value ? (const char *)value : "");
    } else if (code != SQLITE_DONE) {
        err = sqlite_failed(handle, code, text);
    }
    sqlite3_finalize(s);
    return err;
}

/* ---- settings ---- */

static enum err set(sqlite3 *handle, const char *text)
{
    int code = sqlite3_exec(handle, text, NULL, NULL, NULL);
    return code == SQLITE_OK ? ERR_OK : sqlite_failed(handle, code, text);
}

static enum err configure(sqlite3 *handle, int option, int on)
{
    int got = !on;
    int code = sqlite3_db_config(handle, option, on, &got);
    if (code == SQLITE_OK && got == on) return ERR_OK;
    return sqlite_failed(handle, code == SQLITE_OK ? SQLITE_ERROR : code, "db_config");
}

/* For both roles. Foreign keys, double quotes and LIKE behave as on PostgreSQL. */
static enum err settle_common(sqlite3 *handle)
{
    sqlite3_extended_result_codes(handle, 1);
    sqlite3_busy_timeout(handle, BUSY_TIMEOUT_MS);
    sqlite3_wal_autocheckpoint(handle, 0);
    sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, LIMIT_SQL_VALUE_BYTES + 65536);
    TRY(configure(handle, SQLITE_DBCONFIG_DEFENSIVE, 1));
    TRY(configure(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0));
    TRY(configure(handle, SQLITE_DBCONFIG_ENABLE_FKEY, 1));
    TRY(configure(handle, SQLITE_DBCONFIG_DQS_DML, 0));
    TRY(configure(handle, SQLITE_DBCONFIG_DQS_DDL, 0));
    return set(handle, "PRAGMA mmap_size=0; PRAGMA secure_delete=ON; PRAGMA cell_size_check=ON;"
                       "PRAGMA case_sensitive_like=ON;");
}

static int only_reading(void *ctx, int action, const char *first, const char *second,
                        const char *database, const char *trigger)
{
    (void)ctx;
    (void)database;
    (void)trigger;
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_FUNCTION:
    case SQLITE_RECURSIVE:
    case SQLITE_TRANSACTION:
        return SQLITE_OK;
    case SQLITE_UPDATE: /* asked when a full-text table declares its columns; a real one fails */
        return strcmp(first, "sqlite_master") == 0 ? SQLITE_OK : SQLITE_DENY;
    case SQLITE_PRAGMA: /* asking, not setting; full text reads data_version */
        return second == NULL &&
                       (strcmp(first, "data_version") == 0 || strcmp(first, "integrity_check") == 0)
                   ? SQLITE_OK
                   : SQLITE_DENY;
    default:
        return SQLITE_DENY;
    }
}

/* The count makes SQLite look at the file now, where a refusal can be told. */
static enum err settle_reader(sqlite3 *handle)
{
    char count[16];
    TRY(sqlite_ask(handle, "SELECT count(*) FROM sqlite_schema", count, sizeof(count)));
    TRY(configure(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1));
    TRY(set(handle, "PRAGMA query_only=ON"));
    sqlite3_set_authorizer(handle, only_reading, NULL);
    return ERR_OK;
}

enum err sqlite_cache(sqlite3 *handle, size_t bytes)
{
    char text[48];
    snprintf(text, sizeof(text), "PRAGMA cache_size=-%zu", bytes / 1024);
    return set(handle, text);
}

static enum err settle_writer(sqlite3 *handle, struct why *why)
{
    char mode[16] = "";
    char level[16] = "";
    TRY(set(handle, "PRAGMA locking_mode=NORMAL; PRAGMA journal_size_limit=67108864;"));
    TRY(sqlite_cache(handle, LIMIT_SQL_CACHE));
    TRY(sqlite_ask(handle, "PRAGMA journal_mode=WAL", mode, sizeof(mode)));
    TRY(set(handle, "PRAGMA synchronous=FULL"));
    TRY(sqlite_ask(handle, "PRAGMA synchronous", level, sizeof(level)));
    if (strcmp(mode, "wal") == 0 && strcmp(level, "2") == 0) return ERR_OK;
    log_error("sql", "not_durable", "journal_mode=%s synchronous=%s", mode, level);
    return why_fail(why, ERR_STORE, MSG_SQL_NOT_DURABLE, "", NULL);
}

/* ---- opening ---- */

/* Memory statistics take a global lock at every allocation. */
static void set_up_library(void)
{
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

/* SQLite reads a name that begins with "file:" as a URI; a path never is one. */
static int open_file(const char *path, int flags, sqlite3 **out)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct strbuf name = {0};
    pthread_once(&once, set_up_library);
    if (strncmp(path, "file:", 5) == 0) strbuf_add_text(&name, "./");
    strbuf_add_text(&name, path);
    int code = sqlite3_open_v2(name.p, out, flags | SQLITE_OPEN_NOMUTEX, NULL);
    strbuf_finish(&name);
    return code;
}

static enum err make_file(const char *path, struct why *why)
{
    int fd = -1;
    if (fs_exists(path)) return ERR_OK;
    TRY(fs_create(path, &fd, why));
    fs_close(fd);
    return ERR_OK;
}

/* Fill 'why' where the step that failed did not. */
static enum err explain(struct why *why, enum err err, const char *path)
{
    if (!why || err == ERR_OK || why->err == err) return err;
    if (err == ERR_CORRUPT) {
        return why_fail(why, err, MSG_SQL_DAMAGED, "", "%s|%s", "not a whole database", path);
    }
    if (err == ERR_LOCKED) return why_fail(why, err, MSG_LOCKED, "", "%s", path);
    return why_fail(why, err, MSG_SQL_OPEN, "", "%s", path);
}

static enum err connect_with(const char *path, enum sql_role role, sqlite3 **out, struct why *why)
{
    int flags = role == SQL_WRITER ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
    int code = open_file(path, flags, out);
    if (code != SQLITE_OK) return sqlite_failed(*out, code, "open");
    TRY(settle_common(*out));
    return role == SQL_WRITER ? settle_writer(*out, why) : settle_reader(*out);
}

enum err sqlite_connect(const char *path, enum sql_role role, sqlite3 **out, struct why *why)
{
    struct why inner = {0};
    enum err err = ERR_OK;
    if (role == SQL_WRITER) {
        err = make_file(path, &inner);
    } else if (!fs_exists(path)) {
        err = why_fail(&inner, ERR_NOT_FOUND, MSG_NOT_FOUND, "", "%s", path);
    }
    if (err == ERR_OK) err = connect_with(path, role, out, &inner);
    explain(&inner, err, path);
    if (why && err != ERR_OK) *why = inner;
    return err;
}

enum err sqlite_connect_mover(const char *path, sqlite3 **out)
{
    char count[16];
    int code = open_file(path, SQLITE_OPEN_READWRITE, out);
    if (code != SQLITE_OK) return sqlite_failed(*out, code, "open");
    TRY(settle_common(*out));
    TRY(set(*out, "PRAGMA synchronous=FULL"));
    TRY(configure(*out, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1));
    /* only what has been read once has its WAL open */
    TRY(sqlite_ask(*out, "SELECT count(*) FROM sqlite_schema", count, sizeof(count)));
    sqlite3_set_authorizer(*out, only_reading, NULL);
    return ERR_OK;
}

/* ---- checkpoints ---- */

static enum err empty_wal(struct sqlite_db *db)
{
    sqlite3_busy_timeout(db->handle, 0); /* the writer does not wait for a reader */
    int code = sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    sqlite3_busy_timeout(db->handle, BUSY_TIMEOUT_MS);
    if (code == SQLITE_BUSY) return ERR_BUSY;
    if (code != SQLITE_OK) return sqlite_failed(db->handle, code, "checkpoint");
    db->wal_pages = db->wal_moved = 0;
    return ERR_OK;
}

static enum err move_now(struct sqlite_db *db)
{
    int held = 0;
    int moved = 0;
    if (db->wal_pages == db->wal_moved) return ERR_OK;
    int code =
        sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, &held, &moved);
    if (code != SQLITE_OK) return sqlite_failed(db->handle, code, "checkpoint");
    db->wal_moved = moved;
    return ERR_OK;
}

/* False while the mover is at work; *done: it has ended since the last call, and 'err' is how. */
static bool mover_is_free(struct sqlite_db *db, bool *done, enum err *err)
{
    int moved = 0;
    *done = false;
    *err = ERR_OK;
    if (!db->mover) return true;
    bool free = mover_take(db->mover, done, &moved, err);
    if (*done && db->asked && *err == ERR_OK) db->wal_moved = moved;
    return free;
}

/* What counts is pages not yet moved: while a reader keeps the WAL from beginning anew, every batch
 * would otherwise pay for a checkpoint of its own few pages. */
enum err sqlite_checkpoint(struct sql *base, int pages)
{
    struct sqlite_db *db = (struct sqlite_db *)base;
    bool done;
    enum err err;
    if (base->role != SQL_WRITER) return ERR_OK;
    if (!mover_is_free(db, &done, &err)) return pages == 0 ? ERR_BUSY : ERR_OK;
    if (err != ERR_OK) return err;
    if (pages == 0) return empty_wal(db);
    return db->wal_pages - db->wal_moved < pages ? ERR_OK : move_now(db);
}

static bool has_mover(struct sqlite_db *db)
{
    if (!db->mover && !db->no_mover) db->mover = mover_create(db->path);
    db->no_mover = !db->mover;
    return db->mover;
}

/* A busy writer never lets the mover catch up: the pages of the last moments are the writer's to
 * move, or the WAL would grow for ever. That ends with a sync, so it is not done often. */
enum err sqlite_checkpoint_beside(struct sql *base, int pages)
{
    struct sqlite_db *db = (struct sqlite_db *)base;
    bool done;
    enum err err;
    if (base->role != SQL_WRITER || !mover_is_free(db, &done, &err)) return ERR_OK;
    if (err != ERR_OK) return err;
    int left = db->wal_pages - db->wal_moved;
    bool is_long = db->wal_pages / WAL_LONG >= pages;
    if (done && is_long && (left <= pages / CAUGHT_UP || db->wal_pages / WAL_MAX >= pages))
        return move_now(db);
    if (left < (is_long ? 1 : pages)) return ERR_OK;
    if (!has_mover(db)) return move_now(db);
    db->asked = true;
    mover_ask(db->mover, db->wal_moved);
    return ERR_OK;
}

/* ---- check ---- */

enum err sqlite_verify(struct sql *base, struct why *why)
{
    struct sqlite_db *db = (struct sqlite_db *)base;
    const char *text = "PRAGMA integrity_check";
    char first[160] = "";
    int lines = 0;
    sqlite3_stmt *s = NULL;
    int code = sqlite3_prepare_v2(db->handle, text, -1, &s, NULL);
    while (code == SQLITE_OK || code == SQLITE_ROW) {
        code = sqlite3_step(s);
        if (code != SQLITE_ROW) break;
        const unsigned char *said = sqlite3_column_text(s, 0);
        const char *line = said ? (const char *)said : "";
        if (strcmp(line, "ok") == 0) continue;
        if (lines++ == 0) snprintf(first, sizeof(first), "%s", line);
        if (lines <= DAMAGE_LINES_MAX) sql_complain(&sqlite_driver, ERR_CORRUPT, "0", text, line);
    }
    enum err err = code == SQLITE_DONE ? ERR_OK : sqlite_failed(db->handle, code, text);
    if (err == ERR_CORRUPT) snprintf(first, sizeof(first), "%s", sqlite3_errmsg(db->handle));
    sqlite3_finalize(s);
    if (err == ERR_OK && lines > 0) err = ERR_CORRUPT;
    if (err == ERR_OK) return ERR_OK;
    if (err != ERR_CORRUPT) return why_fail(why, err, MSG_SQL_OPEN, "", "%s", db->path);
    return why_fail(why, err, MSG_SQL_DAMAGED, "", "%s|%s", first, db->path);
}

/* ---- copy ---- */

/* One read transaction holds the view for the whole copy: without it every commit of the writer
 * would make the copy begin anew. Meanwhile checkpoints cannot pass that view and the WAL grows. */
static enum err copy_pages(sqlite3 *from, sqlite3 *to)
{
    char count[16];
    TRY(set(from, "BEGIN"));
    TRY(sqlite_ask(from, "SELECT count(*) FROM sqlite_schema", count, sizeof(count)));
    sqlite3_backup *copy = sqlite3_backup_init(to, "main", from, "main");
    if (!copy) return sqlite_failed(to, sqlite3_errcode(to), "backup");
    int code = SQLITE_OK;
    while (code == SQLITE_OK) {
        code = sqlite3_backup_step(copy, BACKUP_PAGES);
    }
    sqlite3_backup_finish(copy);
    return code == SQLITE_DONE ? ERR_OK : sqlite_failed(to, code, "backup");
}

static enum err sync_file(const char *path, struct why *why)
{
    int fd = -1;
    enum err err = fs_open_append(path, &fd, why);
    if (err != ERR_OK) return err;
    err = fs_sync(fd, why);
    fs_close(fd);
    return err;
}

static enum err copy_into(sqlite3 *from, const char *path, struct why *why)
{
    sqlite3 *to = NULL;
    struct why inner = {0};
    int code = open_file(path, SQLITE_OPEN_READWRITE, &to);
    enum err err = code == SQLITE_OK ? copy_pages(from, to) : sqlite_failed(to, code, "open");
    sqlite3_close(to);
    if (err == ERR_OK) err = sync_file(path, &inner);
    explain(&inner, err, path);
    if (why && err != ERR_OK) *why = inner;
    return err;
}

enum err sql_backup(const char *from_path, const char *to_path, struct why *why)
{
    sqlite3 *from = NULL;
    if (fs_exists(to_path)) return why_fail(why, ERR_CONFLICT, MSG_SQL_EXISTS, "", "%s", to_path);
    enum err err = sqlite_connect(from_path, SQL_READER, &from, why);
    if (err == ERR_OK) err = make_file(to_path, why);
    if (err == ERR_OK) {
        err = copy_into(from, to_path, why);
        if (err != ERR_OK) (void)!fs_remove(to_path, NULL);
    }
    sqlite3_close(from);
    return err;
}
