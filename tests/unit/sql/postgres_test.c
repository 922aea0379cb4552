/* postgres_test.c - the server: the owner's lock, schemas, types, a stream, a lost connection. */
#include "store.h"

static void a_schema_has_one_writer(void **state)
{
    struct store *st = store_of(state);
    struct sql *db = store_with_table(st);
    struct sql *second = NULL;
    struct why why = {0};
    char text[256];
    assert_int_equal(sql_open(st->url, NULL, st->schema, SQL_WRITER, &second, &why), ERR_LOCKED);
    assert_null(second);
    why_text(&why, LANG_EN, text, sizeof(text));
    assert_non_null(strstr(text, st->schema));
    assert_int_equal(sql_alive(db), ERR_OK);
    struct sql *reader = store_open(st, SQL_READER);
    assert_int_equal(sql_alive(reader), ERR_OK);
    sql_close(reader);
    sql_close(db);
    second = store_open(st, SQL_WRITER); /* the lock went with its owner */
    assert_int_equal(sql_alive(second), ERR_OK);
    assert_int_equal(sql_exec(second, "SELECT pg_advisory_unlock_all()"), ERR_OK);
    assert_int_equal(sql_alive(second), ERR_LOCKED);
    sql_close(second);
}

static void schemas_do_not_see_each_other(void **state)
{
    struct store *st = store_of(state);
    struct store odd = *st;
    snprintf(odd.schema, sizeof(odd.schema), "Odd \"one\"-%.40s", st->schema);
    struct sql *db = store_with_table(st);
    struct sql *other = store_with_table(&odd);
    assert_int_equal(put_item(db, 1, "here"), ERR_OK);
    assert_int_equal(number_of(other, COUNT_ITEMS), 0);
    assert_int_equal(put_item(other, 1, "there"), ERR_OK);
    assert_int_equal(put_item(other, 2, "there"), ERR_OK);
    assert_int_equal(number_of(db, COUNT_ITEMS), 1);
    sql_close(other);
    assert_int_equal(engine_drop_schema(odd.schema), ERR_OK);
    struct sql *gone = NULL;
    assert_int_equal(sql_open(st->url, NULL, odd.schema, SQL_READER, &gone, NULL), ERR_NOT_FOUND);
    assert_int_equal(number_of(db, COUNT_ITEMS), 1);
    sql_close(db);
}

static void names_the_server_would_cut_are_refused(void **state)
{
    struct store *st = store_of(state);
    struct sql *db = NULL;
    struct why why = {0};
    char name[65];
    memset(name, 'a', 64);
    name[64] = '\0';
    assert_int_equal(sql_open(st->url, NULL, name, SQL_WRITER, &db, &why), ERR_INVALID);
    assert_int_equal(why.msg, MSG_SQL_SCHEMA);
    assert_int_equal(sql_open(st->url, NULL, "", SQL_WRITER, &db, &why), ERR_INVALID);
    assert_int_equal(sql_open(st->url, NULL, NULL, SQL_WRITER, &db, &why), ERR_INVALID);
    assert_null(db);
}

static void a_server_that_is_not_there_is_unavailable(void **state)
{
    struct sql *db = NULL;
    struct why why = {0};
    store_of(state);
    enum err err =
        sql_open("postgresql://nobody@127.0.0.1:1/none", NULL, "x", SQL_WRITER, &db, &why);
    assert_int_equal(err, ERR_UNAVAILABLE);
    assert_int_equal(why.msg, MSG_SQL_SERVER);
    assert_null(db);
}

static void a_lost_connection_is_unavailable_for_good(void **state)
{
    struct store *st = store_of(state);
    struct sql *db = store_with_table(st);
    struct sql *reader = store_open(st, SQL_READER);
    int64_t pid = number_of(db, "SELECT pg_backend_pid()");
    assert_int_equal(sql_begin(db), ERR_OK);
    assert_int_equal(put_item(db, 1, "lost"), ERR_OK);
    struct sql_stmt *s = sql_use(reader, "SELECT pg_terminate_backend($1, 5000)");
    sql_bind_int(s, 1, pid);
    assert_int_equal(sql_run(s), ERR_OK);
    assert_int_equal(put_item(db, 2, "lost"), ERR_UNAVAILABLE);
    assert_int_not_equal(sql_commit(db), ERR_OK);
    assert_int_equal(sql_alive(db), ERR_UNAVAILABLE);
    assert_int_equal(sql_begin(db), ERR_UNAVAILABLE);
    assert_int_equal(sql_run(sql_use(db, "SELECT 12345")), ERR_UNAVAILABLE);
    sql_close(db);
    assert_int_equal(number_of(reader, COUNT_ITEMS), 0);
    sql_close(reader);
}

static void commit_of_a_transaction_that_failed_unseen_is_no_success(void **state)
{
    struct sql *db = store_with_table(store_of(state));
    assert_int_equal(sql_begin(db), ERR_OK);
    assert_int_equal(put_item(db, 1, "lost"), ERR_OK);
    (void)sql_use(db, "SELECT nothing FROM nowhere"); /* never stepped: only the server knows */
    assert_int_equal(sql_commit(db), ERR_STORE);
    assert_int_equal(number_of(db, COUNT_ITEMS), 0);
    sql_close(db);
}

static void a_value_over_the_inferred_type_is_refused_and_harms_nothing(void **state)
{
    struct sql *db = store_with_table(store_of(state));
    bool row = false;
    assert_int_equal(sql_begin(db), ERR_OK);
    struct sql_stmt *s = sql_use(db, "SELECT $1 + 1"); /* int4, like the 1 */
    sql_bind_int(s, 1, INT64_C(3000000000));
    assert_int_equal(sql_step(s, &row), ERR_STORE);
    s = sql_use(db, "SELECT CAST($1 AS bigint) + 1");
    sql_bind_int(s, 1, INT64_C(3000000000));
    assert_int_equal(sql_step(s, &row), ERR_OK);
    assert_true(sql_int(s, 0) == INT64_C(3000000001));
    assert_int_equal(sql_commit(db), ERR_OK);
    sql_close(db);
}

static void columns_of_every_readable_type_are_read(void **state)
{
    struct sql *db = store_with_table(store_of(state));
    bool row = false;
    struct sql_stmt *s = sql_use(
        db, "SELECT CAST(-7 AS smallint), CAST(-7 AS integer), -7.25, CAST(1.5 AS real), true,"
            " CAST('n' AS name), CAST('v' AS varchar(9)), CAST('c' AS char(3)), 'u',"
            " CAST('NaN' AS numeric)");
    assert_int_equal(sql_step(s, &row), ERR_OK);
    assert_int_equal(sql_int(s, 0), -7);
    assert_int_equal(sql_int(s, 1), -7);
    assert_true(sql_double(s, 2) == -7.25);
    assert_str(sql_str(s, 2), STR("-7.25"));
    assert_true(sql_double(s, 3) == 1.5);
    assert_int_equal(sql_int(s, 4), 1);
    assert_str(sql_str(s, 5), STR("n"));
    assert_str(sql_str(s, 6), STR("v"));
    assert_str(sql_str(s, 7), STR("c  "));
    assert_str(sql_str(s, 8), STR("u"));
    assert_int_equal(sql_int(s, 9), 0);
    sql_reset(s);
    assert_int_equal(sql_run(sql_use(db, "SELECT now()")), ERR_STORE);
    s = sql_use(db, "SELECT count(*) FROM item WHERE $1 AND CAST($2 AS numeric) > 1.5");
    sql_bind_int(s, 1, 1);
    sql_bind_double(s, 2, 1.75);
    assert_int_equal(sql_step(s, &row), ERR_OK);
    sql_close(db);
}

static void nothing_else_runs_while_rows_are_on_their_way(void **state)
{
    struct sql *db = store_with_table(store_of(state));
    bool row = false;
    assert_int_equal(put_item(db, 1, "one"), ERR_OK);
    assert_int_equal(number_of(db, COUNT_ITEMS), 1);
    struct sql_stmt *s = sql_use(db, "SELECT i FROM generate_series(1, 20000) AS g (i)");
    sql_stream(s);
    assert_int_equal(sql_step(s, &row), ERR_OK);
    assert_int_equal(sql_run(sql_use(db, COUNT_ITEMS)), ERR_STORE);
    assert_int_equal(sql_run(sql_use(db, "SELECT 'not prepared yet'")), ERR_STORE);
    assert_int_equal(sql_exec(db, "DELETE FROM item"), ERR_STORE);
    assert_int_equal(sql_alive(db), ERR_OK);
    assert_int_equal(sql_step(s, &row), ERR_OK);
    assert_int_equal(sql_int(s, 0), 2);
    sql_reset(s);
    assert_int_equal(number_of(db, COUNT_ITEMS), 1);
    sql_close(db);
}

static void an_error_inside_a_stream_is_told(void **state)
{
    struct sql *db = store_with_table(store_of(state));
    enum err err = ERR_OK;
    bool row = true;
    struct sql_stmt *s =
        sql_use(db, "SELECT 1 / (CAST($1 AS bigint) - i) FROM generate_series(1, 5000) AS g (i)");
    sql_bind_int(s, 1, 4000);
    sql_stream(s);
    int rows = 0;
    while (err == ERR_OK && row) {
        err = sql_step(s, &row);
        if (err == ERR_OK && row) rows++;
    }
    assert_int_equal(err, ERR_STORE);
    assert_in_range(rows, 1, 3999);
    assert_int_equal(number_of(db, COUNT_ITEMS), 0);
    sql_close(db);
}

static void there_is_nothing_to_checkpoint_or_to_verify(void **state)
{
    struct sql *db = store_with_table(store_of(state));
    assert_int_equal(sql_engine(db), SQL_POSTGRES);
    assert_int_equal(sql_checkpoint(db, 0), ERR_OK);
    assert_int_equal(sql_checkpoint_beside(db, 1), ERR_OK);
    assert_int_equal(sql_wal_pages(db), 0);
    assert_int_equal(sql_verify(db, NULL), ERR_OK);
    sql_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_POSTGRES(a_schema_has_one_writer),
        ON_POSTGRES(schemas_do_not_see_each_other),
        ON_POSTGRES(names_the_server_would_cut_are_refused),
        ON_POSTGRES(a_server_that_is_not_there_is_unavailable),
        ON_POSTGRES(a_lost_connection_is_unavailable_for_good),
        ON_POSTGRES(commit_of_a_transaction_that_failed_unseen_is_no_success),
        ON_POSTGRES(a_value_over_the_inferred_type_is_refused_and_harms_nothing),
        ON_POSTGRES(columns_of_every_readable_type_are_read),
        ON_POSTGRES(nothing_else_runs_while_rows_are_on_their_way),
        ON_POSTGRES(an_error_inside_a_stream_is_told),
        ON_POSTGRES(there_is_nothing_to_checkpoint_or_to_verify),
    };
    return engine_run(tests);
}
