/* postgres.h - what the files of the PostgreSQL driver share. For src/sql/postgres*.c alone. */
#pragma once

#include <libpq-fe.h>

#include "sql/driver.h"

/* Parameters are kept in wire form, in the arrays libpq takes. */
struct postgres_stmt {
    struct sql_stmt base;
    char name[16];        /* of the prepared statement */
    Oid *types;           /* [param_count] as the server inferred them */
    struct strbuf *wires; /* [param_count] what values point into */
    const char **values;  /* [param_count] NULL binds NULL */
    int *lengths;         /* [param_count] bytes of each value */
    int *binary;          /* [param_count] 1 binary form, 0 text form */
    PGresult *result;     /* rows at hand: all of them, or one of a stream; NULL = none */
    int row;              /* current one of the result */
    struct strbuf *texts; /* [column_count] numbers asked for as text */
};

struct postgres_db {
    struct sql base;
    PGconn *conn;                 /* NULL before the first try to connect */
    char *schema;                 /* as given */
    int names;                    /* statements named on this connection so far */
    struct postgres_stmt *stream; /* whose rows are still coming; NULL = none */
};

/* Our error for a result that is none (NULL: no result at all); what failed goes to the log. */
enum err postgres_failed(struct postgres_db *db, const PGresult *result, const char *text);
/* ERR_OK when the connection has no rows on their way. */
enum err postgres_idle(struct postgres_db *db, const char *text);

/* Statements and values: postgres_stmt.c, for the driver's table. */
enum err postgres_prepare(struct sql_stmt *base);
void postgres_finish(struct sql_stmt *base);
void postgres_unbind(struct sql_stmt *base);
enum err postgres_bind(struct sql_stmt *base, int index, const struct value *v);
enum err postgres_step(struct sql_stmt *base, bool *row);
void postgres_reset(struct sql_stmt *base);
bool postgres_is_null(struct sql_stmt *base, int column);
int64_t postgres_get_int(struct sql_stmt *base, int column);
double postgres_get_double(struct sql_stmt *base, int column);
struct str postgres_get_bytes(struct sql_stmt *base, int column, enum value_kind kind);
