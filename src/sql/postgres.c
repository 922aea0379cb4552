/* postgres.c - the PostgreSQL driver: connection, transactions and the owner's lock.
 *
 * A connection is never made again: what it holds (the lock, the snapshot, prepared statements)
 * would be gone without anyone noticing. Once it is lost every call says ERR_UNAVAILABLE.
 *
 * The writer's lock is a session lock on a 64-bit hash of the schema's name. It is waited for a
 * second, since the server may take a moment to notice that the last owner has died. */
#include "sql/postgres.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#define SCHEMA_BYTES_MAX 63 /* longer names are cut by the server, and two could become one */

static struct postgres_db *of(struct sql *db)
{
    return (struct postgres_db *)db;
}

bool postgres_url_valid(const char *url)
{
    if (!str_starts(str_of(url), STR("postgresql://"))) return false;
    PQconninfoOption *options = PQconninfoParse(url, NULL);
    PQconninfoFree(options);
    return options != NULL;
}

/* ---- errors ---- */

static enum err err_of_state(const char *state)
{
    static const struct {
        const char *prefix; /* of an SQLSTATE */
        enum err err;
    } known[] = {
        {"08", ERR_UNAVAILABLE},    {"57P01", ERR_UNAVAILABLE}, {"57P02", ERR_UNAVAILABLE},
        {"57P03", ERR_UNAVAILABLE}, {"23", ERR_CONFLICT},       {"53100", ERR_NO_SPACE},
        {"55P03", ERR_LOCKED},      {"XX001", ERR_CORRUPT},     {"XX002", ERR_CORRUPT},
        {"58030", ERR_IO},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strncmp(state, known[i].prefix, strlen(known[i].prefix)) == 0) return known[i].err;
    }
    return ERR_STORE;
}

enum err postgres_failed(struct postgres_db *db, const PGresult *result, const char *text)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *words = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    bool lost = PQstatus(db->conn) == CONNECTION_BAD;
    if (!state) state = "";
    if (!words) words = PQerrorMessage(db->conn);
    if (strncmp(state, "22", 2) == 0) words = "a value was refused"; /* the words may repeat it */
    enum err err = lost ? ERR_UNAVAILABLE : err_of_state(state);
    return sql_complain(&postgres_driver, err, state, text, words);
}

enum err postgres_idle(struct postgres_db *db, const char *text)
{
    if (!db->stream) return ERR_OK;
    return sql_complain(&postgres_driver, ERR_STORE, "stream", text,
                        "the rows of another statement are still on their way");
}

/* ---- texts without parameters ---- */

static enum err exec(struct sql *base, const char *text)
{
    struct postgres_db *db = of(base);
    TRY(postgres_idle(db, text));
    PGresult *result = PQexec(db->conn, text);
    ExecStatusType status = PQresultStatus(result);
    bool done =
        status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY;
    enum err err = done ? ERR_OK : postgres_failed(db, result, text);
    PQclear(result);
    return err;
}

/* Ask for one value, as text; 'arg' is $1, or NULL when the text has no parameter. */
static enum err ask(struct postgres_db *db, const char *text, const char *arg, char *out,
                    size_t size)
{
    TRY(postgres_idle(db, text));
    PGresult *result = PQexecParams(db->conn, text, arg ? 1 : 0, NULL, &arg, NULL, NULL, 0);
    bool got = PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) > 0;
    if (got) snprintf(out, size, "%s", PQgetvalue(result, 0, 0));
    enum err err = got ? ERR_OK : postgres_failed(db, result, text);
    PQclear(result);
    return err;
}

/* COMMIT of a failed transaction answers ROLLBACK, and no error. */
static enum err commit(struct postgres_db *db)
{
    PGresult *result = PQexec(db->conn, "COMMIT");
    enum err err = ERR_OK;
    if (PQresultStatus(result) != PGRES_COMMAND_OK) {
        err = postgres_failed(db, result, "COMMIT");
    } else if (strcmp(PQcmdStatus(result), "COMMIT") != 0) {
        err = sql_complain(&postgres_driver, ERR_STORE, "rolled_back", "COMMIT",
                           "the transaction had failed");
    }
    PQclear(result);
    return err;
}

/* The snapshot of REPEATABLE READ is taken by its first query. */
static enum err begin(struct sql *base)
{
    if (base->role == SQL_WRITER) return exec(base, "BEGIN ISOLATION LEVEL READ COMMITTED");
    enum err err = exec(base, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT 1");
    if (err != ERR_OK) (void)exec(base, "ROLLBACK");
    return err;
}

static enum err control(struct sql *base, enum control what)
{
    switch (what) {
    case CONTROL_BEGIN:
        return begin(base);
    case CONTROL_COMMIT:
        return commit(of(base));
    case CONTROL_ROLLBACK:
        return exec(base, "ROLLBACK");
    }
    return ERR_STORE;
}

/* ---- opening ---- */

static void drop_notice(void *ctx, const PGresult *notice)
{
    (void)ctx;
    (void)notice;
}

/* What stands before the URL is a default, what follows it is not for the URL to change. */
static enum err connect_to(struct postgres_db *db, const char *url, struct why *why)
{
    const char *names[] = {"connect_timeout", "tcp_user_timeout", "dbname",
                           "client_encoding", "application_name", NULL};
    const char *values[] = {"10", "30000", url, "UTF8", "wellfield", NULL};
    db->conn = PQconnectdbParams(names, values, 1);
    if (PQstatus(db->conn) != CONNECTION_OK) {
        enum err err = postgres_failed(db, NULL, "connect");
        return why_fail(why, err, MSG_SQL_SERVER, "store", NULL);
    }
    PQsetNoticeReceiver(db->conn, drop_notice, NULL);
    const char *encoding = PQparameterStatus(db->conn, "server_encoding");
    if (encoding && strcmp(encoding, "UTF8") == 0) return ERR_OK;
    return why_fail(why, ERR_STORE, MSG_SQL_ENCODING, "store", "%s", encoding ? encoding : "?");
}

static enum err take_lock(struct postgres_db *db, struct why *why)
{
    char got[8];
    TRY(exec(&db->base, "SET lock_timeout = '1s'"));
    enum err err =
        ask(db, "SELECT pg_advisory_lock(hashtextextended($1, 0))", db->schema, got, sizeof(got));
    if (err == ERR_LOCKED) return why_fail(why, err, MSG_LOCKED, "store", "%s", db->schema);
    if (err != ERR_OK) return err;
    return exec(&db->base, "RESET lock_timeout");
}

/* A name cannot be a parameter, so it is quoted into the text. */
static enum err exec_with_schema(struct postgres_db *db, const char *before)
{
    char *quoted = PQescapeIdentifier(db->conn, db->schema, strlen(db->schema));
    if (!quoted) return postgres_failed(db, NULL, before);
    struct strbuf text = {0};
    strbuf_add_text(&text, before);
    strbuf_add_text(&text, quoted);
    enum err err = exec(&db->base, text.p);
    strbuf_finish(&text);
    PQfreemem(quoted);
    return err;
}

static enum err find_schema(struct postgres_db *db, struct why *why)
{
    char count[8];
    if (db->base.role == SQL_WRITER) return exec_with_schema(db, "CREATE SCHEMA IF NOT EXISTS ");
    TRY(ask(db, "SELECT count(*) FROM pg_namespace WHERE nspname = $1", db->schema, count,
            sizeof(count)));
    if (strcmp(count, "0") != 0) return ERR_OK;
    return why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, "store", "%s", db->schema);
}

static enum err settle(struct postgres_db *db, struct why *why)
{
    bool writer = db->base.role == SQL_WRITER;
    if (writer) TRY(take_lock(db, why));
    TRY(find_schema(db, why));
    TRY(exec_with_schema(db, "SET search_path TO "));
    TRY(exec(&db->base, "SET client_min_messages = warning"));
    return exec(&db->base,
                writer ? "SET synchronous_commit = on" : "SET default_transaction_read_only = on");
}

static enum err open_db(struct sql *base, const struct place *place, struct why *why)
{
    struct postgres_db *db = of(base);
    struct why inner = {0};
    size_t len = place->schema ? strlen(place->schema) : 0;
    if (len == 0 || len > SCHEMA_BYTES_MAX) {
        return why_fail(why, ERR_INVALID, MSG_SQL_SCHEMA, "store", "%s", len ? place->schema : "");
    }
    db->schema = mem_strdup(place->schema);
    enum err err = connect_to(db, place->url, &inner);
    if (err == ERR_OK) err = settle(db, &inner);
    if (err == ERR_OK) return ERR_OK;
    if (inner.err != err) why_fail(&inner, err, MSG_SQL_OPEN, "store", "%s", db->schema);
    if (why) *why = inner;
    return err;
}

static void close_db(struct sql *base)
{
    struct postgres_db *db = of(base);
    PQfinish(db->conn);
    mem_free(db->schema);
}

/* ---- upkeep ---- */

static enum err checkpoint(struct sql *base, int pages)
{
    (void)base;
    (void)pages;
    return ERR_OK;
}

static int wal_pages(const struct sql *base)
{
    (void)base;
    return 0;
}

static enum err verify(struct sql *base, struct why *why)
{
    (void)base;
    (void)why;
    return ERR_OK;
}

/* A pooler between us and the server could hand the session to someone else, and the lock with it:
 * so the lock itself is asked for. */
static enum err alive(struct sql *base)
{
    struct postgres_db *db = of(base);
    char count[8] = "";
    if (db->stream) return PQstatus(db->conn) == CONNECTION_OK ? ERR_OK : ERR_UNAVAILABLE;
    if (base->role == SQL_READER) return ask(db, "SELECT 1", NULL, count, sizeof(count));
    TRY(ask(db,
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"
            " AND pid = pg_backend_pid() AND objsubid = 1"
            " AND (classid::bigint << 32) | objid::bigint = hashtextextended($1, 0)",
            db->schema, count, sizeof(count)));
    return strcmp(count, "0") != 0 ? ERR_OK : ERR_LOCKED;
}

const struct driver postgres_driver = {
    .engine = SQL_POSTGRES,
    .name = "postgresql",
    .types = {"bigint", "bytea", "text COLLATE \"C\"", "double precision", ""},
    .db_size = sizeof(struct postgres_db),
    .stmt_size = sizeof(struct postgres_stmt),
    .open = open_db,
    .close = close_db,
    .prepare = postgres_prepare,
    .finish = postgres_finish,
    .unbind = postgres_unbind,
    .bind = postgres_bind,
    .step = postgres_step,
    .reset = postgres_reset,
    .is_null = postgres_is_null,
    .get_int = postgres_get_int,
    .get_double = postgres_get_double,
    .get_bytes = postgres_get_bytes,
    .control = control,
    .exec = exec,
    .checkpoint = checkpoint,
    .checkpoint_beside = checkpoint,
    .wal_pages = wal_pages,
    .verify = verify,
    .alive = alive,
};
