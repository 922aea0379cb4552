/* engine.h - which engine the stores of a test are on, and a database for each store.
 *
 * A program that includes this is run once on each engine: by `make unit` on SQLite, by
 * `make unit-postgres` on PostgreSQL, where WF_STORE is 'postgresql' and WF_TEST_POSTGRES names the
 * server. A test about one engine has a name that ends with " (sqlite)" or " (postgresql)";
 * engine_run leaves those of the other engine out. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sql/sql.h"

/* cmocka_run_group_tests for a list with tests about one engine. */
#define engine_run(tests)                                                                          \
    (cmocka_set_skip_filter(engine_of_run() == SQL_SQLITE ? "* (postgresql)" : "* (sqlite)"),      \
     cmocka_run_group_tests(tests, NULL, NULL))

static inline enum sql_engine engine_of_run(void)
{
    const char *store = getenv("WF_STORE");
    return store && strcmp(store, "postgresql") == 0 ? SQL_POSTGRES : SQL_SQLITE;
}

/* The --store URL of the engine: a server, whose database is shared by all tests, or "sqlite:". */
static inline const char *engine_url(void)
{
    const char *server = getenv("WF_TEST_POSTGRES");
    if (engine_of_run() == SQL_SQLITE) return "sqlite:";
    if (!server) fail_msg("WF_STORE is postgresql, but WF_TEST_POSTGRES names no server");
    return server;
}

/* A place for one data directory's tables that no other test sees. */
struct database {
    char url[600]; /* for --store */
    char name[64]; /* PostgreSQL's; empty on SQLite, whose files are in the data directory */
};

/* Say something to the server, from a schema that goes again. */
static inline enum err engine_say(const char *before, const char *name, const char *after)
{
    struct sql *db = NULL;
    char schema[64], text[200], drop[100];
    snprintf(schema, sizeof(schema), "wf_say_%d", (int)getpid());
    snprintf(text, sizeof(text), "%s %s %s", before, name, after);
    snprintf(drop, sizeof(drop), "DROP SCHEMA %s", schema);
    enum err err = sql_open(engine_url(), NULL, schema, SQL_WRITER, &db, NULL);
    if (err != ERR_OK) return err;
    err = sql_exec(db, text);
    if (err == ERR_OK) err = sql_exec(db, drop);
    sql_close(db);
    return err;
}

/* PostgreSQL: drop a schema of the server's own database, with everything in it. */
static inline enum err engine_drop_schema(const char *schema)
{
    struct strbuf quoted = {0};
    strbuf_add_char(&quoted, '"');
    for (const char *c = schema; *c; c++) {
        if (*c == '"') strbuf_add_char(&quoted, '"');
        strbuf_add_char(&quoted, *c);
    }
    strbuf_add_char(&quoted, '"');
    enum err err = engine_say("DROP SCHEMA IF EXISTS", quoted.p, "CASCADE");
    strbuf_finish(&quoted);
    return err;
}

static inline void database_make(struct database *d)
{
    static int count;
    const char *server = engine_url();
    *d = (struct database){.url = "sqlite:"};
    if (engine_of_run() == SQL_SQLITE) return;
    const char *slash = strrchr(server, '/'), *query = strchr(slash, '?');
    snprintf(d->name, sizeof(d->name), "wf_place_%d_%d", (int)getpid(), ++count);
    snprintf(d->url, sizeof(d->url), "%.*s/%s%s", (int)(slash - server), server, d->name,
             query ? query : "");
    assert_int_equal(engine_say("CREATE DATABASE", d->name, ""), ERR_OK);
}

/* Whatever is still connected to it is cut off. */
static inline void database_drop(const struct database *d)
{
    if (!d->name[0]) return;
    assert_int_equal(engine_say("DROP DATABASE", d->name, "WITH (FORCE)"), ERR_OK);
}
