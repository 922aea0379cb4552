/* migrate_test.c - steps are applied once, whole, and in order. */
#include "store.h"

static const struct migration first[] = {
    {1, "CREATE TABLE shop (id {int} NOT NULL PRIMARY KEY, doc {text} NOT NULL DEFAULT "
        "'{\"{x}\":{}}')"},
    {0, NULL},
};
static const struct migration second[] = {
    {1, "this step is applied already and is not looked at again"},
    {2, "ALTER TABLE shop ADD COLUMN photo {blob}; ALTER TABLE shop ADD COLUMN score {real};"
        "INSERT INTO shop (id, score) VALUES (7, 0.5)"},
    {3, "CREATE INDEX shop_score ON shop (score)"},
    {0, NULL},
};
static const struct migration failing[] = {
    {1, "applied"},
    {2, "ALTER TABLE shop ADD COLUMN photo {blob}"},
    {3, "CREATE TABLE half (id {int}); INSERT INTO half (id) VALUES (1);"
        "INSERT INTO shop (id, doc) VALUES (1, NULL)"},
    {4, "CREATE TABLE never (id {int})"},
    {0, NULL},
};

static void steps_are_applied_once_and_remembered(void **state)
{
    struct store *st = store_of(state);
    struct sql *db = store_open(st, SQL_WRITER);
    bool row = false;
    assert_int_equal(sql_migrate(db, "shop", first, NULL), ERR_OK);
    assert_int_equal(sql_migrate(db, "shop", first, NULL), ERR_OK);
    sql_close(db);
    db = store_open(st, SQL_WRITER);
    assert_int_equal(sql_migrate(db, "shop", second, NULL), ERR_OK);
    assert_int_equal(sql_migrate(db, "shop", second, NULL), ERR_OK);
    struct sql_stmt *s = sql_use(db, "SELECT id, doc, photo, score FROM shop");
    assert_int_equal(sql_step(s, &row), ERR_OK);
    assert_true(row);
    assert_int_equal(sql_int(s, 0), 7);
    assert_str(sql_str(s, 1), STR("{\"{x}\":{}}"));
    assert_true(sql_is_null(s, 2));
    assert_true(sql_double(s, 3) == 0.5);
    assert_int_equal(sql_step(s, &row), ERR_OK);
    assert_false(row);
    assert_int_equal(number_of(db, "SELECT count(*) FROM schema_migration"), 3);
    sql_close(db);
}

static void types_hold_what_their_names_promise(void **state)
{
    static const struct migration tables[] = {
        {1, "CREATE TABLE kept (i {int}, b {blob}, t {text}, r {real})"}, {0, NULL}};
    struct sql *db = store_open(store_of(state), SQL_WRITER);
    bool row = false;
    assert_int_equal(sql_migrate(db, "kept", tables, NULL), ERR_OK);
    struct sql_stmt *s = sql_use(db, "INSERT INTO kept (i, b, t, r) VALUES ($1, $2, $3, $4)"
                                     " RETURNING i, b, t, r");
    sql_bind_int(s, 1, INT64_MIN);
    sql_bind_blob(s, 2, "\0\xff", 2);
    sql_bind_text(s, 3, "t");
    sql_bind_int(s, 4, 3);
    assert_int_equal(sql_step(s, &row), ERR_OK);
    assert_true(sql_int(s, 0) == INT64_MIN);
    assert_str(sql_blob(s, 1), STR("\0\xff"));
    assert_str(sql_str(s, 2), STR("t"));
    assert_true(sql_double(s, 3) == 3.0);
    sql_close(db);
}

static void rows_by_key_are_found_and_replaced(void **state)
{
    static const struct migration tables[] = {
        {1, "CREATE TABLE shelf (a {int} NOT NULL, b {text} NOT NULL, n {int}, PRIMARY KEY (a, b))"
            " {by key};"
            "CREATE INDEX shelf_n ON shelf (n)"},
        {0, NULL}};
    struct sql *db = store_open(store_of(state), SQL_WRITER);
    assert_int_equal(sql_migrate(db, "shelf", tables, NULL), ERR_OK);
    for (int i = 0; i < 6; i++) {
        struct sql_stmt *s =
            sql_use(db, "INSERT INTO shelf (a, b, n) VALUES ($1, $2, $3)"
                        " ON CONFLICT (a, b) DO UPDATE SET n = shelf.n + excluded.n");
        sql_bind_int(s, 1, 3 - i % 3);
        sql_bind_text(s, 2, "x");
        sql_bind_int(s, 3, i);
        assert_int_equal(sql_run(s), ERR_OK);
    }
    assert_int_equal(number_of(db, "SELECT count(*) FROM shelf"), 3);
    assert_int_equal(number_of(db, "SELECT n FROM shelf WHERE a = 3 AND b = 'x'"), 3);
    assert_int_equal(number_of(db, "SELECT a FROM shelf WHERE n = 7"), 1);
    assert_int_equal(sql_cache(db, 1 << 20), ERR_OK);
    assert_int_equal(sql_cache(db, 0), ERR_OK);
    sql_close(db);
}

static void a_failing_step_leaves_nothing_of_itself_and_says_which(void **state)
{
    struct sql *db = store_open(store_of(state), SQL_WRITER);
    struct why why = {0};
    char text[256];
    assert_int_equal(sql_migrate(db, "shop", first, NULL), ERR_OK);
    assert_int_equal(sql_migrate(db, "shop", failing, &why), ERR_CONFLICT);
    assert_int_equal(why.msg, MSG_SQL_MIGRATION);
    why_text(&why, LANG_EN, text, sizeof(text));
    assert_non_null(strstr(text, "shop"));
    assert_non_null(strstr(text, "step 3"));
    assert_int_equal(number_of(db, "SELECT count(*) FROM schema_migration"), 2);
    assert_int_equal(sql_exec(db, "SELECT photo FROM shop"), ERR_OK);
    assert_int_equal(sql_exec(db, "SELECT id FROM half"), ERR_STORE);
    assert_int_equal(sql_exec(db, "SELECT id FROM never"), ERR_STORE);
    sql_close(db);
}

static void a_database_newer_than_the_program_is_refused(void **state)
{
    struct sql *db = store_open(store_of(state), SQL_WRITER);
    struct why why = {0};
    char text[256];
    assert_int_equal(sql_migrate(db, "shop", first, NULL), ERR_OK);
    assert_int_equal(sql_migrate(db, "shop", second, NULL), ERR_OK);
    assert_int_equal(sql_migrate(db, "shop", first, &why), ERR_CONFLICT);
    assert_int_equal(why.msg, MSG_SQL_NEWER);
    why_text(&why, LANG_EN, text, sizeof(text));
    assert_non_null(strstr(text, "step 3"));
    assert_non_null(strstr(text, "knows 1"));
    sql_close(db);
}

static void modules_count_for_themselves(void **state)
{
    static const struct migration other[] = {{1, "CREATE TABLE desk (id {int})"}, {0, NULL}};
    static const struct migration none[] = {{0, NULL}};
    struct sql *db = store_open(store_of(state), SQL_WRITER);
    assert_int_equal(sql_migrate(db, "shop", first, NULL), ERR_OK);
    assert_int_equal(sql_migrate(db, "desk", other, NULL), ERR_OK);
    assert_int_equal(sql_migrate(db, "bare", none, NULL), ERR_OK);
    assert_int_equal(number_of(db, "SELECT count(*) FROM desk"), 0);
    assert_int_equal(number_of(db, "SELECT count(*) FROM schema_migration"), 2);
    sql_close(db);
}

static void a_gap_in_the_steps_applied_is_damage(void **state)
{
    struct sql *db = store_open(store_of(state), SQL_WRITER);
    assert_int_equal(sql_migrate(db, "shop", first, NULL), ERR_OK);
    assert_int_equal(sql_exec(db, "UPDATE schema_migration SET number = 2"), ERR_OK);
    assert_int_equal(sql_migrate(db, "shop", second, NULL), ERR_CORRUPT);
    sql_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(steps_are_applied_once_and_remembered),
        BOTH(types_hold_what_their_names_promise),
        BOTH(rows_by_key_are_found_and_replaced),
        BOTH(a_failing_step_leaves_nothing_of_itself_and_says_which),
        BOTH(a_database_newer_than_the_program_is_refused),
        BOTH(modules_count_for_themselves),
        BOTH(a_gap_in_the_steps_applied_is_damage),
    };
    return engine_run(tests);
}
