/* sql_tx_test.c - transactions, whatever the engine: what others see of them, how they end, and a
 * model. */
#include "store.h"

#include "base/env.h"

/* ---- transactions ---- */

static void a_constraint_is_a_conflict_and_ends_the_transaction(void **state)
{
    struct sql *db = store_with_table(store_of(state));
    assert_int_equal(put_item(db, 1, "one"), ERR_OK);
    assert_int_equal(put_item(db, 1, "again"), ERR_CONFLICT);
    assert_int_equal(put_item(db, 2, "two"), ERR_OK);
    assert_int_equal(sql_run(sql_use(db, "INSERT INTO part (id, item) VALUES (1, 99)")),
                     ERR_CONFLICT);
    assert_int_equal(sql_run(sql_use(db, "INSERT INTO part (id) VALUES (1)")), ERR_CONFLICT);

    assert_int_equal(sql_begin(db), ERR_OK);
    assert_int_equal(put_item(db, 3, "three"), ERR_OK);
    assert_int_equal(put_item(db, 1, "again"), ERR_CONFLICT);
    assert_int_equal(put_item(db, 4, "four"), ERR_STORE);
    assert_int_equal(sql_exec(db, "DELETE FROM item"), ERR_STORE);
    assert_int_equal(sql_commit(db), ERR_STORE);
    assert_int_equal(number_of(db, COUNT_ITEMS), 2);

    assert_int_equal(sql_begin(db), ERR_OK);
    assert_int_equal(sql_exec(db, "NONSENSE"), ERR_STORE);
    sql_rollback(db);
    assert_int_equal(put_item(db, 3, "three"), ERR_OK);
    sql_close(db);
}

static void uniqueness_is_asked_without_an_error(void **state)
{
    struct sql *db = store_with_table(store_of(state));
    static const char *const text = "INSERT INTO item (id, name) VALUES ($1, 'x')"
                                    " ON CONFLICT DO NOTHING RETURNING id";
    assert_int_equal(sql_begin(db), ERR_OK);
    for (int i = 0; i < 2; i++) {
        bool row = i == 1;
        struct sql_stmt *s = sql_use(db, text);
        sql_bind_int(s, 1, 5);
        assert_int_equal(sql_step(s, &row), ERR_OK);
        assert_int_equal(row, i == 0);
    }
    assert_int_equal(sql_commit(db), ERR_OK);
    assert_int_equal(number_of(db, COUNT_ITEMS), 1);
    sql_close(db);
}

static void ending_a_transaction_ends_open_statements(void **state)
{
    struct sql *db = store_with_table(store_of(state));
    bool row = false;
    assert_int_equal(sql_begin(db), ERR_OK);
    struct sql_stmt *write = sql_use(db, "INSERT INTO item (id) VALUES (1), (2) RETURNING id");
    assert_int_equal(sql_step(write, &row), ERR_OK);
    assert_true(row);
    assert_int_equal(sql_commit(db), ERR_OK);
    assert_int_equal(sql_step(write, &row), ERR_STORE);
    assert_int_equal(number_of(db, COUNT_ITEMS), 2);

    assert_int_equal(sql_begin(db), ERR_OK);
    struct sql_stmt *read = sql_use(db, "SELECT id FROM item ORDER BY id");
    assert_int_equal(sql_step(read, &row), ERR_OK);
    sql_rollback(db);
    assert_int_equal(sql_step(read, &row), ERR_STORE);
    read = sql_use(db, "SELECT id FROM item ORDER BY id");
    assert_int_equal(sql_step(read, &row), ERR_OK);
    assert_int_equal(sql_int(read, 0), 1);
    sql_close(db);
}

static void a_reader_keeps_its_view_and_cannot_write(void **state)
{
    struct store *st = store_of(state);
    struct sql *db = store_with_table(st);
    struct sql *reader = store_open(st, SQL_READER);
    assert_int_equal(put_item(db, 1, "one"), ERR_OK);
    assert_int_equal(sql_begin(reader), ERR_OK);
    assert_int_equal(put_item(db, 2, "two"), ERR_OK);
    assert_int_equal(number_of(reader, COUNT_ITEMS), 1);
    assert_int_equal(put_item(db, 3, "three"), ERR_OK);
    assert_int_equal(number_of(reader, COUNT_ITEMS), 1);
    assert_int_equal(sql_commit(reader), ERR_OK);
    assert_int_equal(number_of(reader, COUNT_ITEMS), 3);
    assert_int_equal(put_item(reader, 4, "four"), ERR_STORE);
    assert_int_equal(sql_exec(reader, "DELETE FROM item"), ERR_STORE);
    assert_int_equal(sql_exec(reader, "DROP TABLE item"), ERR_STORE);
    assert_int_equal(number_of(db, COUNT_ITEMS), 3);
    sql_close(reader);
    sql_close(db);
}

static void a_reader_does_not_see_what_is_not_committed(void **state)
{
    struct store *st = store_of(state);
    struct sql *db = store_with_table(st);
    struct sql *reader = store_open(st, SQL_READER);
    assert_int_equal(sql_begin(db), ERR_OK);
    assert_int_equal(put_item(db, 1, "one"), ERR_OK);
    assert_int_equal(number_of(reader, COUNT_ITEMS), 0);
    assert_int_equal(sql_commit(db), ERR_OK);
    assert_int_equal(number_of(reader, COUNT_ITEMS), 1);
    sql_close(reader);
    sql_close(db);
}

static void closing_drops_an_open_transaction(void **state)
{
    struct store *st = store_of(state);
    struct sql *db = store_with_table(st);
    bool row = false;
    assert_int_equal(put_item(db, 1, "kept"), ERR_OK);
    assert_int_equal(sql_begin(db), ERR_OK);
    assert_int_equal(put_item(db, 2, "dropped"), ERR_OK);
    assert_int_equal(sql_step(sql_use(db, "SELECT id FROM item"), &row), ERR_OK);
    sql_close(db);
    sql_close(NULL);
    db = store_open(st, SQL_WRITER);
    assert_int_equal(number_of(db, COUNT_ITEMS), 1);
    assert_int_equal(sql_alive(db), ERR_OK);
    assert_int_equal(sql_verify(db, NULL), ERR_OK);
    sql_close(db);
}

/* ---- a model ---- */

#define KEYS 12

struct model {
    int64_t kept[KEYS]; /* committed; -1 = no row */
    int64_t now[KEYS];  /* as the writer sees it */
    bool open;          /* a transaction */
};

static void compare(struct sql *db, const struct model *m)
{
    bool row = false;
    struct sql_stmt *s = sql_use(db, "SELECT id, size FROM item ORDER BY id");
    for (int key = 0; key < KEYS; key++) {
        if (m->now[key] < 0) continue;
        assert_int_equal(sql_step(s, &row), ERR_OK);
        assert_true(row);
        assert_int_equal(sql_int(s, 0), key);
        assert_int_equal(sql_int(s, 1), m->now[key]);
    }
    assert_int_equal(sql_step(s, &row), ERR_OK);
    assert_false(row);
}

static void change(struct sql *db, struct model *m, struct rng *rng)
{
    int key = (int)rng_below(rng, KEYS);
    int64_t value = (int64_t)rng_below(rng, 1000);
    if (rng_below(rng, 3) == 0) {
        struct sql_stmt *s = sql_use(db, "DELETE FROM item WHERE id = $1");
        sql_bind_int(s, 1, key);
        assert_int_equal(sql_run(s), ERR_OK);
        m->now[key] = -1;
    } else {
        struct sql_stmt *s = sql_use(db, "INSERT INTO item (id, size) VALUES ($1, $2)"
                                         " ON CONFLICT (id) DO UPDATE SET size = excluded.size");
        sql_bind_int(s, 1, key);
        sql_bind_int(s, 2, value);
        assert_int_equal(sql_run(s), ERR_OK);
        m->now[key] = value;
    }
    if (!m->open) memcpy(m->kept, m->now, sizeof(m->kept));
}

/* With a change that fails, in half the cases, before it. */
static void go_back(struct sql *db, struct model *m, struct rng *rng)
{
    if (!m->open) return;
    if (rng_below(rng, 2)) {
        assert_int_equal(sql_run(sql_use(db, "INSERT INTO part (id, item) VALUES (1, 999)")),
                         ERR_CONFLICT);
    }
    sql_rollback(db);
    memcpy(m->now, m->kept, sizeof(m->now));
    m->open = false;
}

static void begin_or_commit(struct sql *db, struct model *m)
{
    assert_int_equal(m->open ? sql_commit(db) : sql_begin(db), ERR_OK);
    memcpy(m->kept, m->now, sizeof(m->kept));
    m->open = !m->open;
}

static void random_transactions_agree_with_a_model(void **state)
{
    struct sql *db = store_with_table(store_of(state));
    uint64_t seed = (uint64_t)getpid();
    const char *wanted = getenv("WF_SEED");
    if (wanted) assert_true(str_to_u64(str_of(wanted), &seed));
    print_message("seed %llu\n", (unsigned long long)seed);
    struct rng rng;
    struct model m = {0};
    rng_init(&rng, seed);
    memset(m.kept, 0xff, sizeof(m.kept));
    memset(m.now, 0xff, sizeof(m.now));
    for (int i = 0; i < 1500; i++) {
        uint64_t dice = rng_below(&rng, 10);
        if (dice < 6) change(db, &m, &rng);
        if (dice == 6 || dice == 7) begin_or_commit(db, &m);
        if (dice > 7) go_back(db, &m, &rng);
        compare(db, &m);
    }
    sql_close(db);
}

/* ---- put off ---- */

#define PUT_OFF 100000 /* more than are on their way at once */

static void insert_later(struct sql *db, int64_t id, struct str name)
{
    struct sql_stmt *s = sql_use_later(db, "INSERT INTO item (id, name) VALUES ($1, $2)");
    sql_bind_int(s, 1, id);
    sql_bind_str(s, 2, name);
    assert_int_equal(sql_run(s), ERR_OK);
}

static void what_is_put_off_is_seen_by_whoever_asks(void **state)
{
    struct sql *db = store_with_table(store_of(state));
    assert_int_equal(sql_begin(db), ERR_OK);
    sql_later_begin(db);
    for (int i = 1; i <= PUT_OFF; i++) {
        insert_later(db, i, STR("a name"));
        if (i % 9999 == 0) assert_int_equal(number_of(db, COUNT_ITEMS), i);
    }
    assert_int_equal(sql_later_end(db), ERR_OK);
    assert_int_equal(sql_commit(db), ERR_OK);
    assert_int_equal(number_of(db, COUNT_ITEMS), PUT_OFF);
    sql_close(db);
}

static void one_put_off_that_is_refused_ends_the_transaction(void **state)
{
    struct sql *db = store_with_table(store_of(state));
    assert_int_equal(sql_begin(db), ERR_OK);
    sql_later_begin(db);
    insert_later(db, 1, STR("first"));
    struct sql_stmt *s = sql_use_later(db, "INSERT INTO item (id, name) VALUES ($1, $2)");
    sql_bind_int(s, 1, 2);
    sql_bind_str(s, 2, STR("no\xFF text"));
    assert_int_equal(sql_run(s), ERR_INVALID); /* its own fault: it harms nothing */
    assert_int_equal(number_of(db, COUNT_ITEMS), 1);
    s = sql_use_later(db, "INSERT INTO item (id, name) VALUES ($1, $2)");
    sql_bind_int(s, 1, 1);
    sql_bind_str(s, 2, STR("again"));
    enum err now = sql_run(s); /* at once where nothing is put off */
    assert_true(now == ERR_OK || now == ERR_CONFLICT);
    enum err end = sql_later_end(db);
    assert_int_equal(now == ERR_OK ? end : now, ERR_CONFLICT);
    assert_int_not_equal(sql_commit(db), ERR_OK);
    assert_int_equal(number_of(db, COUNT_ITEMS), 0);
    sql_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(a_constraint_is_a_conflict_and_ends_the_transaction),
        BOTH(uniqueness_is_asked_without_an_error),
        BOTH(ending_a_transaction_ends_open_statements),
        BOTH(a_reader_keeps_its_view_and_cannot_write),
        BOTH(a_reader_does_not_see_what_is_not_committed),
        BOTH(closing_drops_an_open_transaction),
        BOTH(random_transactions_agree_with_a_model),
        BOTH(what_is_put_off_is_seen_by_whoever_asks),
        BOTH(one_put_off_that_is_refused_ends_the_transaction),
    };
    return engine_run(tests);
}
