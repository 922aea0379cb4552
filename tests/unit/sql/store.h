/* store.h - a new store for each test, on the engine of the run.
 *
 * A list of tests names each as BOTH, ON_SQLITE or ON_POSTGRES, and is given to engine_run. The
 * test gets its store from store_of(state); connections opened by store_open are its to close. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "engine.h"

struct store {
    const char *url;
    char dir[64];    /* its own directory, removed after the test */
    char path[96];   /* SQLite's file in it */
    char schema[64]; /* PostgreSQL's schema, dropped after the test */
};

#define BOTH(f) cmocka_unit_test_setup_teardown(f, store_setup, store_teardown)
#define ON_SQLITE(f)                                                                               \
    {                                                                                              \
#f " (sqlite)", f, store_setup, store_teardown, NULL                                       \
    }
#define ON_POSTGRES(f)                                                                             \
    {                                                                                              \
#f " (postgresql)", f, store_setup, store_teardown, NULL                                   \
    }

static inline int store_setup(void **state)
{
    static int count;
    struct store *st = calloc(1, sizeof(*st));
    st->url = engine_url();
    snprintf(st->dir, sizeof(st->dir), "/tmp/wf-sql-test.XXXXXX");
    if (!mkdtemp(st->dir)) return -1;
    snprintf(st->path, sizeof(st->path), "%s/a.db", st->dir);
    snprintf(st->schema, sizeof(st->schema), "wf_test_%d_%d", (int)getpid(), ++count);
    /* Tests provoke errors; what the engine says about them is of no interest unless asked for. */
    log_init(getenv("WF_TEST_LOG") ? LOG_DEBUG : (enum log_level)(LOG_ERROR + 1), LOG_AUTO);
    *state = st;
    return 0;
}

static inline int store_unlink(const char *path, const struct stat *sb, int flag, struct FTW *ftw)
{
    (void)sb;
    (void)flag;
    (void)ftw;
    return remove(path);
}

static inline int store_teardown(void **state)
{
    struct store *st = *state;
    int failures = 0;
    if (engine_of_run() == SQL_POSTGRES) failures += engine_drop_schema(st->schema) != ERR_OK;
    failures += nftw(st->dir, store_unlink, 8, FTW_DEPTH | FTW_PHYS) != 0;
    free(st);
    return failures ? -1 : 0;
}

static inline struct store *store_of(void **state)
{
    return *state;
}

static inline struct sql *store_open(const struct store *st, enum sql_role role)
{
    struct sql *db = NULL;
    struct why why = {0};
    enum err err = sql_open(st->url, st->path, st->schema, role, &db, &why);
    if (err != ERR_OK) {
        char text[256];
        why_text(&why, LANG_EN, text, sizeof(text));
        fail_msg("could not open: %s", text);
    }
    return db;
}

/* A writer with the tables most tests want. */
static inline struct sql *store_with_table(const struct store *st)
{
    static const struct migration tables[] = {
        {1,
         "CREATE TABLE item (id {int} NOT NULL PRIMARY KEY, name {text}, data {blob}, size {real});"
         "CREATE TABLE part (id {int} NOT NULL PRIMARY KEY, item {int} NOT NULL REFERENCES item "
         "(id))"},
        {0, NULL},
    };
    struct sql *db = store_open(st, SQL_WRITER);
    assert_int_equal(sql_migrate(db, "test", tables, NULL), ERR_OK);
    return db;
}

/* Insert an item with an id and a name; what the step answered. */
static inline enum err put_item(struct sql *db, int64_t id, const char *name)
{
    struct sql_stmt *s = sql_use(db, "INSERT INTO item (id, name) VALUES ($1, $2)");
    sql_bind_int(s, 1, id);
    sql_bind_text(s, 2, name);
    return sql_run(s);
}

/* The one number a text without parameters asks for. */
static inline int64_t number_of(struct sql *db, const char *text)
{
    int64_t number = INT64_MIN;
    assert_int_equal(sql_number(sql_use(db, text), INT64_MIN, &number), ERR_OK);
    assert_true(number != INT64_MIN);
    return number;
}

#define COUNT_ITEMS "SELECT count(*) FROM item"
#define assert_str(actual, expected)                                                               \
    do {                                                                                           \
        struct str actual_ = (actual);                                                             \
        struct str expected_ = (expected);                                                         \
        assert_int_equal(actual_.len, expected_.len);                                              \
        if (expected_.len) assert_memory_equal(actual_.p, expected_.p, expected_.len);             \
    } while (0)

/* A thousand bytes a row, in one commit. */
static inline void fill(struct sql *db, int from, int count)
{
    char name[1001];
    memset(name, 'n', 1000);
    name[1000] = '\0';
    assert_int_equal(sql_begin(db), ERR_OK);
    for (int i = from; i < from + count; i++) {
        assert_int_equal(put_item(db, i, name), ERR_OK);
    }
    assert_int_equal(sql_commit(db), ERR_OK);
}
