/* sqlite.h - what the files of the SQLite driver share. For src/sql/sqlite*.c alone. */
#pragma once

#include <sqlite3.h>

#include "sql/driver.h"

struct sqlite_db {
    struct sql base;
    sqlite3 *handle;     /* NULL when it could not be opened */
    char *path;          /* as given */
    int wal_pages;       /* in the WAL as of the last commit; only the writer counts */
    int wal_moved;       /* of those, already in the database file */
    struct mover *mover; /* moves them beside the writer; NULL until first asked, or if it cannot */
    bool no_mover;       /* it could not be made */
    bool asked;          /* the mover was, and the WAL has not begun anew since */
};

/* Connect with the settings of a role; on failure *out is closed by the caller all the same. */
enum err sqlite_connect(const char *path, enum sql_role role, sqlite3 **out, struct why *why);
/* Our error for SQLite's code; what failed goes to the log. */
enum err sqlite_failed(sqlite3 *handle, int code, const char *text);
/* First column of the first row of a PRAGMA as text, cut to fit. */
enum err sqlite_ask(sqlite3 *handle, const char *text, char *out, size_t size);

/* Bytes of the file that the connection keeps in memory. */
enum err sqlite_cache(sqlite3 *handle, size_t bytes);

enum err sqlite_verify(struct sql *db, struct why *why);
enum err sqlite_checkpoint(struct sql *db, int pages);
enum err sqlite_checkpoint_beside(struct sql *db, int pages);
/* The connection of a mover: it writes no row. On failure *out is closed by the caller. */
enum err sqlite_connect_mover(const char *path, sqlite3 **out);

/* sqlite_mover.c: the thread that makes checkpoints. Its functions are called on the writer's. */
struct mover;
struct mover *mover_create(const char *path); /* NULL: no thread or no connection */
void mover_destroy(struct mover *m);          /* waits for the checkpoint under way; NULL allowed */
/* Begin a checkpoint; the mover is free, and of the WAL more than 'moved' pages are to be moved. */
void mover_ask(struct mover *m, int moved);
/* Is it free? *done: a checkpoint has ended since the last call; then *moved and *err tell of it.
 */
bool mover_take(struct mover *m, bool *done, int *moved, enum err *err);
