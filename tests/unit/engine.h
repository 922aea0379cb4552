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

/* Say something to the server beside the tests' own databases. */
static inline void database_server(const char *before, const char *name, const char *after)
{
    struct sql *db = NULL;
    struct why why = {0};
    char text[200];
    snprintf(text, sizeof(text), "wf_place_%d", (int)getpid());
    if (sql_open(engine_url(), NULL, text, SQL_WRITER, &db, &why) != ERR_OK) {
        why_text(&why, LANG_EN, text, sizeof(text));
        fail_msg("the server: %s", text);
    }
    snprintf(text, sizeof(text), "%s %s %s", before, name, after);
    assert_int_equal(sql_exec(db, text), ERR_OK);
    assert_int_equal(sql_drop_schema(db), ERR_OK);
    sql_close(db);
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
    database_server("CREATE DATABASE", d->name, "");
}

/* Whatever is still connected to it is cut off. */
static inline void database_drop(const struct database *d)
{
    if (d->name[0]) database_server("DROP DATABASE", d->name, "WITH (FORCE)");
}
