/* sql_test.c - values and statements: what every caller may rely on, whatever the engine. */
#include "store.h"

#include <float.h>
#include <math.h>

#include "base/env.h"
#include "base/limits.h"

static void urls_of_both_engines_are_known_and_no_others(void **state)
{
    (void)state;
    assert_true(sql_url_valid("sqlite:"));
    assert_true(sql_url_valid("postgresql://user@127.0.0.1:5432/shop"));
    static const char *const bad[] = {
        "",
        "sqlite",
        "sqlite:/tmp/x",
        "SQLITE:",
        "mysql://x",
        "postgresql:",
        "host=x dbname=y",
        "postgresql://h/d?nonsense=1",
        "postgresql://[::1/d",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct sql *db = NULL;
        struct why why = {0};
        assert_false(sql_url_valid(bad[i]));
        assert_int_equal(sql_open(bad[i], "/tmp/x", "x", SQL_WRITER, &db, &why), ERR_INVALID);
        assert_null(db);
        assert_int_equal(why.msg, MSG_SQL_URL);
    }
}

/* ---- values ---- */

static void insert_row(struct sql *db, int64_t id, struct str name, struct str data, double size)
{
    struct sql_stmt *s =
        sql_use(db, "INSERT INTO item (id, name, data, size) VALUES ($1, $2, $3, $4)");
    sql_bind_int(s, 1, id);
    sql_bind_str(s, 2, name);
    sql_bind_blob(s, 3, data.p, data.len);
    sql_bind_double(s, 4, size);
    assert_int_equal(sql_run(s), ERR_OK);
}

static void check_row(struct sql *db, int64_t id, struct str name, struct str data, double size)
{
    bool row = false;
    struct sql_stmt *s = sql_use(db, "SELECT id, name, data, size FROM item WHERE id = $1");
    sql_bind_int(s, 1, id);
    assert_int_equal(sql_step(s, &row), ERR_OK);
    assert_true(row);
    assert_true(sql_int(s, 0) == id);
    assert_int_equal(sql_is_null(s, 1), name.p == NULL);
    assert_str(sql_str(s, 1), name);
    assert_int_equal(sql_str(s, 1).p == NULL, name.p == NULL);
    assert_int_equal(sql_is_null(s, 2), data.p == NULL);
    assert_str(sql_blob(s, 2), data);
    assert_int_equal(sql_blob(s, 2).p == NULL, data.p == NULL);
    assert_int_equal(sql_is_null(s, 3), isnan(size));
    if (!isnan(size)) assert_memory_equal(&size, &(double){sql_double(s, 3)}, sizeof(size));
    assert_int_equal(sql_step(s, &row), ERR_OK);
    assert_false(row);
}

static void values_come_back_as_they_were_bound(void **state)
{
    struct sql *db = store_with_table(store_of(state));
    char all[256];
    for (int i = 0; i < 256; i++) {
        all[i] = (char)i;
    }
    const struct {
        int64_t id;
        struct str name, data;
        double size;
    } rows[] = {
        {0, STR("it's \"quoted\" $1 {int}"), {all, sizeof(all)}, 0.1},
        {1, STR("井田 é \xF0\x9F\x8C\xB1"), STR("\0"), -DBL_MAX},
        {-1, STR(""), STR(""), DBL_TRUE_MIN},
        {INT64_MAX, {NULL, 0}, {NULL, 0}, NAN},
        {INT64_MIN, STR("a\nb\tc\\"), STR("x"), INFINITY},
        {INT64_C(1) << 53, STR("12"), STR("12"), 9007199254740993.0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        insert_row(db, rows[i].id, rows[i].name, rows[i].data, rows[i].size);
        check_row(db, rows[i].id, rows[i].name, rows[i].data, rows[i].size);
    }
    sql_close(db);
}

static void one_number_is_asked_for_at_once(void **state)
{
    struct sql *db = store_with_table(store_of(state));
    const char *all = "SELECT id FROM item ORDER BY id DESC", *last = "SELECT MAX(id) FROM item";
    int64_t number = 1;
    bool any = true;
    assert_int_equal(sql_number(sql_use(db, all), -7, &number), ERR_OK);
    assert_true(number == -7); /* no row */
    assert_int_equal(sql_number(sql_use(db, last), -8, &number), ERR_OK);
    assert_true(number == -8); /* a row of null */
    assert_int_equal(sql_any(sql_use(db, all), &any), ERR_OK);
    assert_false(any);
    assert_int_equal(put_item(db, 4, "four"), ERR_OK);
    assert_int_equal(put_item(db, 5, "five"), ERR_OK);
    assert_int_equal(sql_number(sql_use(db, all), -7, &number), ERR_OK);
    assert_true(number == 5); /* the first of two */
    assert_int_equal(sql_any(sql_use(db, all), &any), ERR_OK);
    assert_true(any);
    assert_int_equal(sql_number(sql_use(db, "SELECT none FROM nowhere"), 0, &number), ERR_STORE);
    assert_true(number == 5);
    sql_close(db);
}

static void a_large_blob_comes_back_whole(void **state)
{
    struct sql *db = store_with_table(store_of(state));
    size_t size = 9000001;
    char *bytes = malloc(size);
    struct rng rng;
    rng_init(&rng, 7);
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (char)(rng_next(&rng) >> 11);
    }
    insert_row(db, 1, STR("large"), (struct str){bytes, size}, 1);
    check_row(db, 1, STR("large"), (struct str){bytes, size}, 1);
    free(bytes);
    sql_close(db);
}

static void text_that_is_not_text_is_refused_and_harms_nothing(void **state)
{
    struct sql *db = store_with_table(store_of(state));
    static const struct str bad[] = {
        {"a\0b", 3}, {"\xff", 1}, {"\xC3", 1}, {"\xED\xA0\x80", 3}, {"\xC0\x80", 2}};
    assert_int_equal(sql_begin(db), ERR_OK);
    assert_int_equal(put_item(db, 1, "before"), ERR_OK);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct sql_stmt *s = sql_use(db, "INSERT INTO item (id, name) VALUES ($1, $2)");
        bool row = true;
        sql_bind_int(s, 1, 2);
        sql_bind_str(s, 2, bad[i]);
        assert_int_equal(sql_step(s, &row), ERR_INVALID);
    }
    struct sql_stmt *s = sql_use(db, "INSERT INTO item (id, data) VALUES ($1, $2)");
    sql_bind_int(s, 1, 2);
    sql_bind_blob(s, 2, "x", (size_t)LIMIT_SQL_VALUE_BYTES + 1);
    assert_int_equal(sql_run(s), ERR_TOO_LARGE);
    assert_int_equal(put_item(db, 3, "after"), ERR_OK);
    assert_int_equal(sql_commit(db), ERR_OK);
    assert_int_equal(number_of(db, COUNT_ITEMS), 2);
    sql_close(db);
}

static void numbers_can_be_read_as_text_and_sums_as_numbers(void **state)
{
    struct sql *db = store_with_table(store_of(state));
    bool row = false;
    insert_row(db, -5, STR("a"), STR("x"), 1.5);
    insert_row(db, INT64_C(4000000000), STR("b"), STR("y"), 2.25);
    struct sql_stmt *s =
        sql_use(db, "SELECT sum(id), avg(id), sum(size), count(*), max(name), id > 0 FROM item"
                    " GROUP BY id > 0 ORDER BY id > 0");
    assert_int_equal(sql_step(s, &row), ERR_OK);
    assert_true(sql_int(s, 0) == -5);
    assert_str(sql_str(s, 0), STR("-5"));
    assert_true(sql_double(s, 1) == -5.0);
    assert_true(sql_double(s, 2) == 1.5);
    assert_int_equal(sql_int(s, 2), 1);
    assert_int_equal(sql_int(s, 3), 1);
    assert_true(sql_double(s, 3) == 1.0);
    assert_str(sql_str(s, 4), STR("a"));
    assert_int_equal(sql_int(s, 5), 0);
    assert_int_equal(sql_step(s, &row), ERR_OK);
    assert_true(sql_int(s, 0) == INT64_C(4000000000));
    assert_int_equal(sql_int(s, 5), 1);
    sql_reset(s);
    s = sql_use(db, "SELECT sum(id), max(id) FROM item WHERE id = 77");
    assert_int_equal(sql_step(s, &row), ERR_OK);
    assert_true(row && sql_is_null(s, 0));
    assert_int_equal(sql_int(s, 0), 0);
    assert_true(sql_double(s, 1) == 0.0);
    sql_close(db);
}

/* ---- statements ---- */

static void a_statement_starts_with_every_parameter_null(void **state)
{
    struct sql *db = store_with_table(store_of(state));
    assert_int_equal(put_item(db, 1, "one"), ERR_OK);
    struct sql_stmt *s = sql_use(db, "INSERT INTO item (id, name) VALUES ($1, $2)");
    sql_bind_int(s, 1, 2);
    assert_int_equal(sql_run(s), ERR_OK);
    assert_int_equal(number_of(db, "SELECT count(*) FROM item WHERE name IS NULL"), 1);
    sql_close(db);
}

static void a_parameter_may_be_null_first_and_a_number_later(void **state)
{
    struct sql *db = store_with_table(store_of(state));
    static const char *const text = "INSERT INTO item (id, size, name) VALUES ($1, $2, $3)";
    for (int id = 1; id <= 3; id++) {
        struct sql_stmt *s = sql_use(db, text);
        sql_bind_int(s, 1, id);
        if (id == 1) sql_bind_null(s, 2);
        if (id == 2) sql_bind_int(s, 2, 40);
        if (id == 3) sql_bind_double(s, 2, 2.5);
        if (id == 2) sql_bind_int(s, 3, 99);
        assert_int_equal(sql_run(s), ERR_OK);
    }
    assert_int_equal(number_of(db, "SELECT count(*) FROM item WHERE size = 42.5 - 2.5"), 1);
    assert_int_equal(number_of(db, "SELECT count(*) FROM item WHERE name = '99'"), 1);
    assert_int_equal(number_of(db, "SELECT count(*) FROM item WHERE size IS NULL"), 1);
    sql_close(db);
}

static void parameters_may_repeat_and_come_in_any_order(void **state)
{
    struct sql *db = store_with_table(store_of(state));
    bool row = false;
    struct sql_stmt *s = sql_use(db, "INSERT INTO item (name, id, size) VALUES ($3, $1, $2)"
                                     " ON CONFLICT (id) DO UPDATE SET name = $3"
                                     " RETURNING id, name, size");
    sql_bind_double(s, 2, 0.5);
    sql_bind_text(s, 3, "three");
    sql_bind_int(s, 1, 1);
    assert_int_equal(sql_step(s, &row), ERR_OK);
    assert_int_equal(sql_int(s, 0), 1);
    assert_str(sql_str(s, 1), STR("three"));
    assert_true(sql_double(s, 2) == 0.5);
    sql_close(db);
}

static void a_text_is_found_by_what_it_says_not_by_where_it_was(void **state)
{
    struct sql *db = store_with_table(store_of(state));
    char buffer[64] = "SELECT 1 + 0";
    char other[64] = "SELECT 1 + 0";
    assert_int_equal(number_of(db, buffer), 1);
    assert_ptr_equal(sql_use(db, buffer), sql_use(db, other));
    strcpy(buffer, "SELECT 2 + 0");
    assert_int_equal(number_of(db, buffer), 2);
    assert_int_equal(number_of(db, other), 1);
    sql_close(db);
}

static void after_the_last_row_a_statement_runs_again_with_its_values(void **state)
{
    struct sql *db = store_with_table(store_of(state));
    assert_int_equal(put_item(db, 1, "one"), ERR_OK);
    assert_int_equal(put_item(db, 2, "two"), ERR_OK);
    struct sql_stmt *s = sql_use(db, "SELECT name FROM item WHERE id >= $1 ORDER BY id");
    sql_bind_int(s, 1, 1);
    for (int round = 0; round < 3; round++) {
        bool row = false;
        assert_int_equal(sql_step(s, &row), ERR_OK);
        assert_true(row);
        assert_str(sql_str(s, 0), STR("one"));
        assert_int_equal(sql_step(s, &row), ERR_OK);
        assert_str(sql_str(s, 0), STR("two"));
        assert_int_equal(sql_step(s, &row), ERR_OK);
        assert_false(row);
    }
    sql_bind_int(s, 1, 2);
    bool row = false;
    assert_int_equal(sql_step(s, &row), ERR_OK);
    assert_str(sql_str(s, 0), STR("two"));
    sql_close(db);
}

static void a_text_that_does_not_prepare_fails_at_the_step_and_may_prepare_later(void **state)
{
    struct sql *db = store_with_table(store_of(state));
    static const char *const text = "SELECT count(*) FROM later WHERE id = $1";
    bool row = true;
    struct sql_stmt *s = sql_use(db, text);
    sql_bind_int(s, 1, 1);
    assert_int_equal(sql_step(s, &row), ERR_STORE);
    assert_true(row);
    assert_int_equal(sql_exec(db, "CREATE TABLE later (id INTEGER)"), ERR_OK);
    s = sql_use(db, text);
    sql_bind_int(s, 1, 1);
    assert_int_equal(sql_step(s, &row), ERR_OK);
    assert_int_equal(sql_int(s, 0), 0);
    sql_close(db);
}

static void texts_one_engine_would_refuse_are_refused_by_both(void **state)
{
    struct sql *db = store_with_table(store_of(state));
    static const char *const bad[] = {
        "INSERT INTO item (id, size) VALUES ($1, $3)", /* no $2 */
        "INSERT INTO item (id) VALUES (?)",
        "INSERT INTO item (id) VALUES (:id)",
        "SELECT 1; SELECT 2",
        "SELECT \"no such column\" FROM item",
        "SELECT nothing FROM item",
        "",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(sql_run(sql_use(db, bad[i])), ERR_STORE);
    }
    assert_int_equal(number_of(db, COUNT_ITEMS), 0);
    sql_close(db);
}

static void text_is_ordered_by_its_bytes_and_like_minds_case(void **state)
{
    struct sql *db = store_with_table(store_of(state));
    static const char *const names[] = {"é", "b", "A", "中", "B", "a", "_"};
    static const char *const sorted[] = {"A", "B", "_", "a", "b", "é", "中"};
    bool row = false;
    for (int i = 0; i < 7; i++) {
        assert_int_equal(put_item(db, i, names[i]), ERR_OK);
    }
    struct sql_stmt *s = sql_use(db, "SELECT name FROM item ORDER BY name NULLS LAST");
    for (int i = 0; i < 7; i++) {
        assert_int_equal(sql_step(s, &row), ERR_OK);
        assert_str(sql_str(s, 0), str_of(sorted[i]));
    }
    assert_int_equal(number_of(db, "SELECT count(*) FROM item WHERE name LIKE 'a%'"), 1);
    sql_close(db);
}

static void a_large_result_can_be_streamed(void **state)
{
    struct sql *db = store_with_table(store_of(state));
    assert_int_equal(sql_exec(db, "INSERT INTO item (id, name)"
                                  " WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
                                  " WHERE i < 50000) SELECT i, 'name of ' || i FROM n"),
                     ERR_OK);
    struct sql_stmt *s = sql_use(db, "SELECT id, name FROM item WHERE id > $1 ORDER BY id");
    sql_bind_int(s, 1, 10);
    sql_stream(s);
    bool row = true;
    int64_t sum = 0;
    int64_t count = 0;
    for (; row; count++) {
        assert_int_equal(sql_step(s, &row), ERR_OK);
        if (row) sum += sql_int(s, 0);
    }
    assert_int_equal(count - 1, 49990);
    assert_int_equal(sum, INT64_C(50000) * 50001 / 2 - 55);
    s = sql_use(db, "SELECT id, name FROM item WHERE id > $1 ORDER BY id");
    sql_bind_int(s, 1, 49999);
    sql_stream(s);
    assert_int_equal(sql_step(s, &row), ERR_OK);
    assert_str(sql_str(s, 1), STR("name of 50000"));
    sql_reset(s);
    assert_int_equal(number_of(db, COUNT_ITEMS), 50000);
    sql_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls_of_both_engines_are_known_and_no_others),
        BOTH(values_come_back_as_they_were_bound),
        BOTH(one_number_is_asked_for_at_once),
        BOTH(a_large_blob_comes_back_whole),
        BOTH(text_that_is_not_text_is_refused_and_harms_nothing),
        BOTH(numbers_can_be_read_as_text_and_sums_as_numbers),
        BOTH(a_statement_starts_with_every_parameter_null),
        BOTH(a_parameter_may_be_null_first_and_a_number_later),
        BOTH(parameters_may_repeat_and_come_in_any_order),
        BOTH(a_text_is_found_by_what_it_says_not_by_where_it_was),
        BOTH(after_the_last_row_a_statement_runs_again_with_its_values),
        BOTH(a_text_that_does_not_prepare_fails_at_the_step_and_may_prepare_later),
        BOTH(texts_one_engine_would_refuse_are_refused_by_both),
        BOTH(text_is_ordered_by_its_bytes_and_like_minds_case),
        BOTH(a_large_result_can_be_streamed),
    };
    return engine_run(tests);
}
