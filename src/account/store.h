/* store.h - changes of the room's tables in server.db: one transaction each, and what is kept in
 * memory follows before anybody else may change anything:
 *
 *   TRY(store_begin(d, &db, why));
 *   enum err err = write(db, ...);
 *   err = store_commit(db, err, why);
 *   if (err == ERR_OK) change what is in memory;
 *   data_server_unlock(d);
 *
 * The locks of what is in memory are taken inside of the server's, never the other way round. */
#pragma once

#include "brand/data.h"

/* The room's tables, for struct data_options. */
extern const struct migration account_migrations[];

/* Lock the server database and begin. Failed: not locked. */
MUST_CHECK enum err store_begin(struct data *d, struct sql **db, struct why *why);
/* Commit if 'err' is ERR_OK, else roll back; stays locked. Returns what came of it, why filled. */
MUST_CHECK enum err store_commit(struct sql *db, enum err err, struct why *why);
/* The first column of the next row as a number. */
MUST_CHECK enum err store_number(struct sql_stmt *s, int64_t *out);
/* A text column into a field of fixed size, cut where it is too long. */
void store_text(struct sql_stmt *s, int column, char *out, size_t size);
