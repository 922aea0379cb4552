/* driver.h - what an engine does behind sql.h. For the files of src/sql alone.
 *
 * sql.c owns connections and statements and keeps what both engines share: the cache of statements,
 * the state of the transaction, checks of what is bound and read. A driver embeds struct sql first
 * in its connection and struct sql_stmt first in its statement, says their sizes, and fills the
 * rest. Functions of a driver are called only when the state allows them, so they check nothing
 * twice. */
#pragma once

#include "base/log.h"
#include "sql/sql.h"

/* A value on its way to the engine. */
enum value_kind { VALUE_NULL, VALUE_INT, VALUE_DOUBLE, VALUE_TEXT, VALUE_BLOB };
struct value {
    enum value_kind kind;
    int64_t i;        /* VALUE_INT */
    double d;         /* VALUE_DOUBLE, never NaN */
    struct str bytes; /* VALUE_TEXT (UTF-8 without NUL) and VALUE_BLOB; borrowed for the call */
    bool stays;       /* the bytes stay until the statement has run */
};

/* What moves a transaction. */
enum control { CONTROL_BEGIN, CONTROL_COMMIT, CONTROL_ROLLBACK };

/* Names of column types, put for {int} {blob} {text} {real} in migrations, and what is put for
 * {by key} behind a table. */
struct type_names {
    const char *integer, *blob, *text, *real, *by_key;
};

/* Where sql_open was told to go. */
struct place {
    const char *url;
    const char *path;   /* SQLite: the file */
    const char *schema; /* PostgreSQL: the schema */
};

struct driver {
    enum sql_engine engine;
    const char *name; /* for the log */
    struct type_names types;
    size_t db_size;   /* bytes of a connection, struct sql included */
    size_t stmt_size; /* bytes of a statement, struct sql_stmt included */
    /* After a failed open, close is called as well. */
    enum err (*open)(struct sql *db, const struct place *place, struct why *why);
    void (*close)(struct sql *db);
    /* Prepare s->text; sets s->param_count and s->column_count. finish also follows a failure. */
    enum err (*prepare)(struct sql_stmt *s);
    void (*finish)(struct sql_stmt *s);
    void (*unbind)(struct sql_stmt *s); /* every parameter becomes NULL */
    enum err (*bind)(struct sql_stmt *s, int index, const struct value *v);
    /* When it fails or gives no row, reset follows. */
    enum err (*step)(struct sql_stmt *s, bool *row);
    void (*reset)(struct sql_stmt *s);
    bool (*is_null)(struct sql_stmt *s, int column);
    int64_t (*get_int)(struct sql_stmt *s, int column);
    double (*get_double)(struct sql_stmt *s, int column);
    struct str (*get_bytes)(struct sql_stmt *s, int column, enum value_kind kind); /* not of NULL */
    enum err (*control)(struct sql *db, enum control what);
    enum err (*exec)(struct sql *db, const char *text);
    enum err (*checkpoint)(struct sql *db, int pages);
    enum err (*checkpoint_beside)(struct sql *db, int pages);
    enum err (*cache)(struct sql *db, size_t bytes); /* NULL = it is not ours to say */
    int (*wal_pages)(const struct sql *db);
    enum err (*verify)(struct sql *db, struct why *why);
    enum err (*alive)(struct sql *db);
};

extern const struct driver sqlite_driver;
extern const struct driver postgres_driver;

struct stmt_cache;

struct sql {
    const struct driver *driver;
    enum sql_role role;
    struct stmt_cache *cache; /* every statement of this connection */
    int running;              /* statements between their first row and their end */
    bool in_transaction;      /* from sql_begin to sql_commit or sql_rollback */
    bool failed;              /* a statement of the transaction failed: only undoing is left */
    bool putting_off;         /* between sql_later_begin and sql_later_end */
    struct later *later;      /* who runs what was put off; NULL before the first */
};

struct sql_stmt {
    struct sql *db;
    char *text;       /* own copy */
    enum err fault;   /* no prepare, or a bind that cannot be: what the next step returns */
    int param_count;  /* $1 .. $param_count */
    int column_count; /* 0 when it gives no rows */
    bool prepared;    /* false: the text does not prepare */
    bool running;     /* between the first row and the end */
    bool on_row;      /* columns may be read */
    bool streaming;   /* sql_stream was called since sql_use */
    bool later;       /* it is noted down, to be run later */
};

/* Log the engine's words about a failure, at the level 'err' deserves, and return 'err'. */
enum err sql_complain(const struct driver *driver, enum err err, const char *code, const char *text,
                      const char *words);

/* sql.c: the statement of a text, reset, prepared if it can be, without a look at what was put off.
 */
struct sql_stmt *sql_ready(struct sql *db, const char *text);

/* True for postgresql:// URLs that libpq can parse. */
bool postgres_url_valid(const char *url);
