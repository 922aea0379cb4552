/* sqlite_mover_test.c - checkpoints by a thread beside the writer. */
#include "store.h"

#include <sys/stat.h>

/* Commit one row after the other until the log begins anew; rows written. */
static int fill_until_anew(struct sql *db, int from, int pages)
{
    int rows = 0, last;
    do {
        last = sql_wal_pages(db);
        fill(db, from + rows++, 1);
        assert_int_equal(sql_checkpoint_beside(db, pages), ERR_OK);
    } while (sql_wal_pages(db) >= last);
    return rows;
}

static void a_thread_moves_the_log_while_the_writer_goes_on(void **state)
{
    struct store *st = store_of(state);
    struct sql *db = store_with_table(st);
    struct stat sb;
    fill(db, 0, 2000);
    int pages = sql_wal_pages(db);
    assert_int_equal(stat(st->path, &sb), 0);
    off_t before = sb.st_size;
    assert_int_equal(sql_checkpoint_beside(db, pages + 1), ERR_OK);
    assert_int_equal(sql_wal_pages(db), pages);
    int rows = 2000;
    rows += fill_until_anew(db, rows, pages);
    assert_int_equal(stat(st->path, &sb), 0);
    assert_true(sb.st_size > before + 500 * 4096);
    for (int i = 0; i < 5; i++)
        rows += fill_until_anew(db, rows, 25);
    while (sql_checkpoint(db, 0) != ERR_OK) /* the thread may be at work */
        assert_int_equal(sql_checkpoint_beside(db, 25), ERR_OK);
    assert_int_equal(sql_wal_pages(db), 0);
    assert_int_equal(number_of(db, COUNT_ITEMS), rows);
    fill(db, rows, 100);
    assert_int_equal(sql_checkpoint_beside(db, 1), ERR_OK);
    sql_close(db); /* with the thread at work, perhaps */
    db = store_open(st, SQL_WRITER);
    assert_int_equal(sql_verify(db, NULL), ERR_OK);
    assert_int_equal(number_of(db, COUNT_ITEMS), rows + 100);
    sql_close(db);
}

static void a_reader_that_looks_on_does_not_stop_the_thread_for_ever(void **state)
{
    struct store *st = store_of(state);
    struct sql *db = store_with_table(st);
    fill(db, 0, 100);
    struct sql *reader = store_open(st, SQL_READER);
    assert_int_equal(sql_begin(reader), ERR_OK);
    int last = 0, rows = 100;
    for (int i = 0; i < 50; i++) {
        fill(db, rows++, 1);
        assert_int_equal(sql_checkpoint_beside(db, 10), ERR_OK);
        assert_true(sql_wal_pages(db) > last);
        last = sql_wal_pages(db);
    }
    assert_int_equal(number_of(reader, COUNT_ITEMS), 100);
    assert_int_equal(sql_commit(reader), ERR_OK);
    assert_int_equal(sql_checkpoint_beside(reader, 1), ERR_OK);
    sql_close(reader);
    rows += fill_until_anew(db, rows, 10);
    assert_int_equal(number_of(db, COUNT_ITEMS), rows);
    sql_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_SQLITE(a_thread_moves_the_log_while_the_writer_goes_on),
        ON_SQLITE(a_reader_that_looks_on_does_not_stop_the_thread_for_ever),
    };
    return engine_run(tests);
}
