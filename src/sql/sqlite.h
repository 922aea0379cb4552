/* sqlite.h - what the files of the SQLite driver share. For src/sql/sqlite*.c alone. */
#pragma once

#include <sqlite3.h>

#include "sql/driver.h"

struct sqlite_db {
    struct sql base;
    sqlite3 *handle; /* NULL when it could not be opened */
    char *path;      /* as given */
    int wal_pages;   /* in the WAL as of the last commit; only the writer counts */
    int wal_moved;   /* of those, already in the database file */
};

/* Connect with the settings of a role; on failure *out is closed by the caller all the same. */
enum err sqlite_connect(const char *path, enum sql_role role, sqlite3 **out, struct why *why);
/* Our error for SQLite's code; what failed goes to the log. */
enum err sqlite_failed(sqlite3 *handle, int code, const char *text);
/* First column of the first row of a PRAGMA as text, cut to fit. */
enum err sqlite_ask(sqlite3 *handle, const char *text, char *out, size_t size);

enum err sqlite_verify(struct sql *db, struct why *why);
enum err sqlite_checkpoint(struct sql *db, int pages);
