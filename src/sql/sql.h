/* sql.h - the one door to SQL, with two engines behind it: SQLite and PostgreSQL.
 *
 * One text of SQL serves both: parameters are $1 $2 ..., RETURNING and ON CONFLICT are fine, no
 * engine-only functions; ORDER BY a nullable column says NULLS FIRST or LAST. A connection belongs
 * to one thread at a time. Exactly one connection of a database writes (SQL_WRITER). A statement
 * belongs to its connection, is prepared once per text and found again by the text's address, so
 * texts are string literals. Values read are borrowed until the next sql_step or sql_use of that
 * statement.
 *
 * On both engines alike: after a statement of a transaction failed only sql_rollback works, so ask
 * with ON CONFLICT instead of catching an error. What the engine refuses is ERR_NO_SPACE, ERR_IO
 * (what is on the disk is not known), ERR_CORRUPT, ERR_LOCKED, ERR_CONFLICT (a constraint),
 * ERR_UNAVAILABLE (the server is gone) or ERR_STORE; its words go to the log. Rules for texts:
 * src/sql/README.md. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct sql;
struct sql_stmt;

enum sql_engine { SQL_SQLITE, SQL_POSTGRES };
enum sql_role { SQL_WRITER, SQL_READER };

/* Where a database is: 'url' is "sqlite:" (then 'path' names the file) or "postgresql://..." (then
 * 'schema' names the schema, made if missing by a writer). A SQLite writer opens with WAL and
 * synchronous=FULL, reads both back and fails with ERR_STORE when they are not so; automatic
 * checkpoints are off; trusted_schema off, DEFENSIVE on, secure_delete on, mmap_size 0. A
 * PostgreSQL writer holds an advisory lock on the schema (ERR_LOCKED when another has it) and sets
 * synchronous_commit=on. */
MUST_CHECK enum err sql_open(const char *url, const char *path, const char *schema,
                             enum sql_role role, struct sql **out, struct why *why);
/* NULL is allowed. Open statements and transactions are dropped. */
void sql_close(struct sql *db);
enum sql_engine sql_engine(const struct sql *db);
/* True for a --store URL this build understands. */
bool sql_url_valid(const char *url);

/* The prepared statement of a text, reset, with no parameters bound. A text that does not prepare
 * is remembered and its next sql_step returns ERR_STORE (the engine's words go to the log). */
struct sql_stmt *sql_use(struct sql *db, const char *text);
void sql_bind_int(struct sql_stmt *s, int index, int64_t v);   /* indexes start at 1 */
void sql_bind_double(struct sql_stmt *s, int index, double v); /* NaN binds NULL */
void sql_bind_str(struct sql_stmt *s, int index,
                  struct str v); /* text, copied; {NULL,0} binds NULL */
void sql_bind_text(struct sql_stmt *s, int index, const char *v); /* NULL binds NULL */
void sql_bind_blob(struct sql_stmt *s, int index, const void *p,
                   size_t len); /* copied; NULL binds NULL */
void sql_bind_null(struct sql_stmt *s, int index);

/* From here to sql_later_end, inside a transaction of the writer, what comes of sql_use_later is
 * run by a thread of its own on SQLite, in order, while the caller goes on: many rows are put in
 * beside the work that finds out which. Anything else that is asked of the connection waits until
 * all of it has run, and sees it. */
void sql_later_begin(struct sql *db);
/* As sql_use, of a statement without rows that goes to sql_run next, before any other sql_use; the
 * first that the engine refused is told by a later call or by sql_later_end, and none is run after
 * it. Outside of sql_later_begin and sql_later_end it is sql_use. */
struct sql_stmt *sql_use_later(struct sql *db, const char *text);
/* Wait for the last of them. The transaction has failed where this does. */
MUST_CHECK enum err sql_later_end(struct sql *db);

/* Run to the next row: *row says whether there is one. After the last row the statement is reset.
 * A bound text that is not UTF-8 or holds NUL is ERR_INVALID here, a value over SQL_VALUE_BYTES is
 * ERR_TOO_LARGE; neither harms the transaction. */
MUST_CHECK enum err sql_step(struct sql_stmt *s, bool *row);
/* Run to the end, ignoring rows. */
MUST_CHECK enum err sql_run(struct sql_stmt *s);
/* The first column of the first row, 'none' without a row or where it is null; no row is left. */
MUST_CHECK enum err sql_number(struct sql_stmt *s, int64_t none, int64_t *out);
/* Is there a row? None is left. */
MUST_CHECK enum err sql_any(struct sql_stmt *s, bool *any);
/* Give up the rest of the rows. */
void sql_reset(struct sql_stmt *s);
bool sql_is_null(struct sql_stmt *s, int column); /* columns start at 0 */
int64_t sql_int(struct sql_stmt *s, int column);
double sql_double(struct sql_stmt *s, int column);
struct str sql_str(struct sql_stmt *s, int column);
struct str sql_blob(struct sql_stmt *s, int column);
/* Between sql_use and the first step of a large result: rows come from the server one by one
 * instead of all at once. Until the last row or sql_reset (which reads the rest) a PostgreSQL
 * connection runs nothing else: another step is ERR_STORE. SQLite always works so and can run
 * others. */
void sql_stream(struct sql_stmt *s);

/* Begin, commit and rollback end the statements that still have rows: their next step is ERR_STORE.
 */
MUST_CHECK enum err
sql_begin(struct sql *db); /* the writer: BEGIN IMMEDIATE; a reader: a stable view */
MUST_CHECK enum err sql_commit(struct sql *db); /* rolled back when it fails */
void sql_rollback(struct sql *db);
/* One or more statements without parameters or rows. */
MUST_CHECK enum err sql_exec(struct sql *db, const char *text);

/* Numbered steps of one module's tables. {int} {blob} {text} {real} expand to the engine's types;
 * {by key} behind the columns of a table asks for rows that lie by the primary key, without an
 * index beside them: for narrow rows whose keys come about in order. */
struct migration {
    int number; /* 1, 2, 3 ... without gaps */
    const char *text;
};
/* Apply those not yet applied, each in a transaction of its own, recorded in
 * schema_migration(module, number). ERR_CONFLICT when the database is newer than 'migrations'.
 * 'migrations' ends with {0}. */
MUST_CHECK enum err sql_migrate(struct sql *db, const char *module,
                                const struct migration *migrations, struct why *why);

/* Writer on SQLite: keep so many bytes of the file in memory, for as long as much is written to
 * places far apart; 0: as at first. Elsewhere nothing. */
MUST_CHECK enum err sql_cache(struct sql *db, size_t bytes);
/* Writer on SQLite: PASSIVE checkpoint when the WAL holds at least 'pages'; 0: all of it, and the
 * WAL is emptied, so that what was deleted is in neither file: ERR_BUSY while a reader needs it.
 * Elsewhere nothing. */
MUST_CHECK enum err sql_checkpoint(struct sql *db, int pages);
/* The same with 'pages' over 0, by a thread of its own: returns at once, but for the few pages that
 * were committed while that thread was at work. To be called after every commit. While the thread
 * is at work sql_checkpoint does nothing, and of 0 pages is ERR_BUSY. */
MUST_CHECK enum err sql_checkpoint_beside(struct sql *db, int pages);
/* Pages in the WAL as of the last commit; 0 on PostgreSQL. */
int sql_wal_pages(const struct sql *db);
/* Consistent copy of a SQLite database into a new file, a few pages at a time; safe while the
 * writer works. ERR_NOT_IMPLEMENTED on PostgreSQL. */
MUST_CHECK enum err sql_backup(const char *from_path, const char *to_path, struct why *why);
/* integrity_check of SQLite; ERR_CORRUPT names the file. Nothing to do on PostgreSQL. */
MUST_CHECK enum err sql_verify(struct sql *db, struct why *why);
/* A cheap liveness probe for PostgreSQL's connection and lock; ERR_OK on SQLite. */
MUST_CHECK enum err sql_alive(struct sql *db);
