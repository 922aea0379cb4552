/* import_order_test.c - one log, whichever way: at once or after a stop, in order or not, in bulk
 * or one by one. */
#include "import_place.h"

static void a_stopped_import_goes_on_where_it_stopped(void **state)
{
    (void)state;
    struct place p, whole;
    begin(&p);
    begin(&whole);
    struct strbuf rows = random_rows(5, 1900, 60, 5);
    struct import_options o = options_of(IMPORT_CSV, ORDERS_MAP);
    const char *path = write_rows(&p, "rows.csv", strbuf_str(&rows));
    struct import_counts all = import_one(&whole, &o, path);

    /* a bad row with --strict ends the first run; the rows before it stay */
    o.strict = true;
    struct import_counts cut = import_one(&p, &o, path);
    assert_int_equal(cut.rejected, 1);
    assert_true(cut.stored > 0 && cut.stored < all.stored);
    place_reopen(&p);
    o.strict = false;
    struct import_counts rest = import_one(&p, &o, path);
    assert_int_equal(rest.read, all.read);
    assert_int_equal(rest.stored + cut.stored, all.stored);
    assert_int_equal(rest.duplicate, cut.stored + cut.duplicate);
    assert_int_equal(rest.rejected, all.rejected);

    struct strbuf a = dump_log(&p), b = dump_log(&whole);
    assert_true(str_eq(strbuf_str(&a), strbuf_str(&b)));
    strbuf_finish(&a);
    strbuf_finish(&b);
    strbuf_finish(&rows);
    place_close(&p);
    place_close(&whole);
}

#define LARGE (LIMIT_IMPORT_ROWS + 20000) /* rows: more than are sorted in memory */

/* Row 'number' in order of time; every time is its own. */
static void add_large_row(struct strbuf *b, uint64_t number)
{
    static const char *const kinds[] = {"order.paid", "message.sent", "group.left"};
    uint64_t x = number * UINT64_C(0x9E3779B97F4A7C15) >> 24;
    strbuf_addf(b, "u%" PRIu64 ",%" PRId64 ",%s,g%" PRIu64 "\n", x % 3000,
                PLACE_NOW - 400 * TIME_DAY + (int64_t)number * 1000, kinds[(x >> 20) % 3],
                (x >> 24) % 5);
}

/* Backwards, the newest first, as shops write it. */
static struct strbuf large_rows(bool backwards)
{
    struct strbuf b = {0};
    strbuf_add_text(&b, "user,at,kind,group\n");
    for (uint64_t i = 0; i < LARGE; i++)
        add_large_row(&b, backwards ? LARGE - 1 - i : i);
    return b;
}

static const char large_map[] = "member=user:user,at=date:at:epoch_ms,kind=text:kind,"
                                "group=text:group";

static void a_large_file_out_of_order_gives_what_it_gives_in_order(void **state)
{
    (void)state;
    struct place p, q;
    begin(&p);
    begin(&q);
    struct import_options o = options_of(IMPORT_CSV, large_map);
    struct strbuf rows = large_rows(false), backwards = large_rows(true);
    const char *path = write_rows(&p, "rows.csv", strbuf_str(&rows));
    const char *backwards_path = write_rows(&q, "rows.csv", strbuf_str(&backwards));
    struct import_counts a = import_one(&p, &o, path);
    struct import_counts b = import_one(&q, &o, backwards_path);
    assert_memory_equal(&a, &b, sizeof(a));
    assert_int_equal(a.stored, LARGE);
    struct strbuf log = dump_log(&p), other_log = dump_log(&q);
    struct strbuf members = dump_members(&p), other_members = dump_members(&q);
    assert_true(str_eq(strbuf_str(&log), strbuf_str(&other_log)));
    assert_true(str_eq(strbuf_str(&members), strbuf_str(&other_members)));
    expect_verified(&q, a.members_created);
    b = import_one(&q, &o, backwards_path);
    expect_counts(&b, LARGE, 0, LARGE, 0);
    struct strbuf *all[] = {&rows, &backwards, &log, &other_log, &members, &other_members};
    for (size_t i = 0; i < COUNT(all); i++)
        strbuf_finish(all[i]);
    place_close(&p);
    place_close(&q);
}

/* As if the first rows in order of time had been applied before. */
static enum err pretend_applied(struct tx *tx, void *arg, struct why *why)
{
    (void)why;
    struct sql_stmt *s =
        sql_use(tx_sql(tx), "UPDATE import_file SET row_offset = $1, by_time = 1, done = 0");
    sql_bind_int(s, 1, *(const int64_t *)arg);
    return sql_run(s);
}

static void a_stopped_import_in_order_of_time_goes_on_in_that_order(void **state)
{
    (void)state;
    struct place p;
    struct why why = {0};
    begin(&p);
    struct import_options o = options_of(IMPORT_CSV, large_map);
    struct strbuf rows = large_rows(true);
    o.strict = true;
    strbuf_add_text(&rows, "u1,never,a.b,\n"); /* the last row: nothing is applied before it */
    const char *path = write_rows(&p, "rows.csv", strbuf_str(&rows));
    struct import_counts c = import_one(&p, &o, path);
    expect_counts(&c, LARGE + 1, 0, 0, 1);
    assert_int_equal(brand_stats(p.brand).seq, 0);
    int64_t applied = LARGE - 100;
    place_must(brand_call(p.brand, pretend_applied, &applied, false, &why), &why, "update");
    o.strict = false;
    c = import_one(&p, &o, path);
    expect_counts(&c, LARGE + 1, 100, (uint64_t)applied, 1);
    struct strbuf log = dump_log(&p);
    char first[40];
    snprintf(first, sizeof(first), " %" PRId64 " ", PLACE_NOW - 400 * TIME_DAY + applied * 1000);
    assert_true(str_find(strbuf_str(&log), str_of(first)) != SIZE_MAX);
    strbuf_finish(&log);
    strbuf_finish(&rows);
    place_close(&p);
}

/* Pieces small enough to go one by one, against the whole in bulk. */
static void bulk_gives_what_one_by_one_gives(void **state)
{
    (void)state;
    const size_t rows = 100000, piece = 1999;
    uint64_t seed = getenv("WF_SEED") ? strtoull(getenv("WF_SEED"), NULL, 10) : 11;
    print_message("seed %" PRIu64 "\n", seed);
    struct place bulk, single;
    begin(&bulk);
    begin(&single);
    struct strbuf text = random_rows(seed, rows, 3000, 2);
    struct import_options o = options_of(IMPORT_CSV, ORDERS_MAP);
    struct import_counts all =
        import_one(&bulk, &o, write_rows(&bulk, "all.csv", strbuf_str(&text)));

    struct import_counts sum = {0};
    struct str rest = strbuf_str(&text), header = str_cut(&rest, '\n');
    while (rest.len) {
        struct strbuf part = {0};
        strbuf_add_str(&part, header);
        strbuf_add_char(&part, '\n');
        for (size_t i = 0; i < piece && rest.len; i++) {
            strbuf_add_str(&part, str_cut(&rest, '\n'));
            strbuf_add_char(&part, '\n');
        }
        struct import_counts c =
            import_one(&single, &o, write_rows(&single, "part.csv", strbuf_str(&part)));
        sum.read += c.read;
        sum.stored += c.stored;
        sum.rejected += c.rejected;
        sum.members_created += c.members_created;
        strbuf_finish(&part);
    }
    assert_int_equal(all.read, rows);
    assert_int_equal(sum.read, rows);
    assert_int_equal(sum.stored, all.stored);
    assert_int_equal(sum.rejected, all.rejected);
    assert_int_equal(sum.members_created, all.members_created);
    struct strbuf a = dump_log(&bulk), b = dump_log(&single);
    struct strbuf c = dump_members(&bulk), d = dump_members(&single);
    assert_true(a.len > rows * 10);
    assert_true(str_eq(strbuf_str(&a), strbuf_str(&b)));
    assert_true(str_eq(strbuf_str(&c), strbuf_str(&d)));
    expect_verified(&bulk, (uint64_t)place_number(&bulk, "SELECT COUNT(*) FROM member"));
    expect_verified(&single, (uint64_t)place_number(&single, "SELECT COUNT(*) FROM member"));
    struct strbuf *made[] = {&text, &a, &b, &c, &d};
    for (size_t i = 0; i < COUNT(made); i++)
        strbuf_finish(made[i]);
    place_close(&bulk);
    place_close(&single);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stopped_import_goes_on_where_it_stopped),
        cmocka_unit_test(a_large_file_out_of_order_gives_what_it_gives_in_order),
        cmocka_unit_test(a_stopped_import_in_order_of_time_goes_on_in_that_order),
        cmocka_unit_test(bulk_gives_what_one_by_one_gives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
