/* log_test.c - parts, blocks and side files: each event once, through sealing and merging. */
#include "log_load.h"

static void sealing_moves_the_tail_into_a_part(void **state)
{
    struct room *r = *state;
    struct why why = {0};
    for (int i = 0; i < 14; i++)
        room_emit(r, i * 10000, 10000);
    must(brand_compact(r->brand, &why), &why);
    struct brand_stats s = brand_stats(r->brand);
    assert_int_equal(s.tail_events, 0);
    assert_int_equal(s.parts, 1);
    expect_log(r, 140000);
    assert_int_equal(room_emit(r, 0, 10000), 10000); /* ids are in a side file now */
    room_close(r);
    room_open(r);
    assert_int_equal(room_emit(r, 130000, 10000), 10000);
    expect_log(r, 140000);
    assert_int_equal(findings(r), 0);
}

static void merging_keeps_each_event_once_and_old_snapshots_valid(void **state)
{
    struct room *r = *state;
    struct why why = {0};
    struct dump *d = mem_alloc(sizeof(*d));
    struct snapshot *old[3] = {NULL};
    for (int i = 0; i < 11; i++) {
        if (i % 2) room_emit(r, i * 1000, 300);
        bulk(r, i * 1000 + (i % 2 ? 300 : 0), i % 2 ? 700 : 1000);
        if (i % 4 == 2) old[i / 4] = brand_snapshot(r->brand);
    }
    must(brand_compact(r->brand, &why), &why);
    assert_true(brand_stats(r->brand).parts < 8);
    expect_log(r, 11000);
    for (uint64_t i = 0; i < 3; i++) {
        dump_snapshot(d, old[i]);
        expect_numbers(d, i * 4000 + 3000);
        brand_snapshot_release(old[i]);
    }
    assert_int_equal(files(r), (int)(brand_stats(r->brand).parts + r->brand->log.ids.count));
    room_close(r);
    room_open(r);
    expect_log(r, 11000);
    assert_int_equal(room_emit(r, 0, 11000), 11000);
    assert_int_equal(findings(r), 0);
    mem_free(d);
}

static void the_parts_of_a_bulk_load_become_one(void **state)
{
    struct room *r = *state;
    struct why why = {0};
    for (int i = 0; i < 20; i++)
        bulk(r, i * 300, 300);
    must(brand_compact(r->brand, &why), &why);
    assert_int_equal(brand_stats(r->brand).parts, 1);
    expect_log(r, 6000);
    assert_int_equal(findings(r), 0);
}

static void little_that_comes_does_not_rewrite_much_that_is_there(void **state)
{
    struct room *r = *state;
    struct why why = {0};
    bulk(r, 0, 10000);
    uint32_t file = first_file(r);
    for (int i = 0; i < 40; i++) {
        bulk(r, 10000 + i * 80, 80);
        must(brand_compact(r->brand, &why), &why);
        assert_true(brand_stats(r->brand).parts <= 4);
        assert_int_equal(first_file(r), file);
    }
    bulk(r, 13200, 400);
    for (int i = 0; i < 3; i++)
        bulk(r, 13600 + i * 10, 10);
    must(brand_compact(r->brand, &why), &why);
    assert_int_equal(brand_stats(r->brand).parts, 1); /* a third is new */
    expect_log(r, 13630);
    assert_int_equal(findings(r), 0);
}

/* The compactor looks at parts, too. */
static uint32_t file_at(struct brand *b, int i)
{
    pthread_mutex_lock(&b->log.set_lock);
    uint32_t file = b->log.parts.items[i].file;
    pthread_mutex_unlock(&b->log.set_lock);
    return file;
}

static void set_merging(struct brand *b, int i, bool merging)
{
    pthread_mutex_lock(&b->log.set_lock);
    b->log.parts.items[i].merging = merging;
    pthread_mutex_unlock(&b->log.set_lock);
}

static void what_a_merge_reads_no_other_merge_takes(void **state)
{
    struct room *r = *state;
    struct why why = {0};
    uint32_t files[3];
    for (int i = 0; i < 3; i++)
        bulk(r, i * 100, 100);
    for (int i = 0; i < 3; i++)
        files[i] = file_at(r->brand, i);
    set_merging(r->brand, 2, true);
    for (int i = 3; i < 9; i++)
        bulk(r, i * 100, 100);
    must(brand_compact(r->brand, &why), &why);
    assert_int_equal(brand_stats(r->brand).parts, 4);
    for (int i = 0; i < 3; i++)
        assert_int_equal(file_at(r->brand, i), files[i]);
    set_merging(r->brand, 2, false);
    bulk(r, 900, 100);
    must(brand_compact(r->brand, &why), &why);
    assert_true(brand_stats(r->brand).parts < 4);
    expect_log(r, 1000);
    assert_int_equal(findings(r), 0);
}

static void *compact_now(void *arg)
{
    struct why why = {0};
    must(brand_compact(arg, &why), &why);
    return NULL;
}

static void several_compactions_at_once_double_nothing(void **state)
{
    struct room *r = *state;
    pthread_t threads[3];
    for (int round = 0; round < 4; round++) {
        for (int i = 0; i < 8; i++)
            bulk(r, (round * 8 + i) * 500, 500);
        for (int i = 0; i < 3; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, compact_now, r->brand), 0);
        for (int i = 0; i < 3; i++)
            pthread_join(threads[i], NULL);
        expect_log(r, (uint64_t)(round + 1) * 4000);
    }
    assert_int_equal(findings(r), 0);
}

static enum err fail_batch(struct tx *tx, void *arg, struct why *why)
{
    (void)tx;
    (void)arg;
    (void)why;
    return ERR_STORE;
}

/* Compact while the compactor's call number 'n' is in one batch with a command that fails: the
 * batch is rolled back, and both run again alone. */
static void compact_with_failing_batch(struct room *r, int n)
{
    enum { CALLS = 4 };
    pthread_t thread;
    struct hold holds[CALLS];
    struct command fails = {.run = fail_batch};
    struct why why = {0};
    assert_true(n < CALLS);
    hold_submit(r, &holds[0]);
    assert_int_equal(pthread_create(&thread, NULL, compact_now, r->brand), 0);
    for (int i = 0; i <= n; i++) {
        hold_wait(&holds[i]);
        room_wait_for_queue(r, 1); /* the call */
        if (i < n) hold_submit(r, &holds[i + 1]);
        if (i == n) must(brand_submit(r->brand, &fails, &why), &why);
        sem_post(&holds[i].go_on);
    }
    pthread_join(thread, NULL);
    must(brand_flush(r->brand, &why), &why); /* all of 'holds' and 'fails' are done with */
}

static void a_failed_batch_costs_a_merge_nothing(void **state)
{
    (void)state;
    for (int n = 0; n < 3; n++) { /* parts merged; files of ids listed, then merged */
        struct room r = {0};
        room_init(&r);
        compactor_stop(r.brand); /* its calls would be taken for those of the thread here */
        for (int i = 0; i < 12; i++)
            bulk(&r, i * 100, 100);
        compact_with_failing_batch(&r, n);
        assert_int_equal(brand_stats(r.brand).parts, 1);
        assert_true(r.brand->log.ids.count <= 9);
        expect_log(&r, 1200);
        room_close(&r);
        room_open(&r);
        expect_log(&r, 1200);
        assert_int_equal(room_emit(&r, 0, 1200), 1200);
        assert_int_equal(findings(&r), 0);
        room_finish(&r);
    }
}

/* The same events as bulk_batch has, in a part written row by row outside of the writer. */
struct stream {
    uint32_t file;
    struct part_info info;
};

static struct stream write_stream(struct room *r, int64_t first, int64_t count)
{
    struct stream s = {0};
    struct part_writer *w;
    struct why why = {0};
    must(brand_part_create(r->brand, &s.file, &w, &why), &why);
    for (int p = 1; p <= PERSONAS; p++) {
        for (int64_t i = first; i < first + count; i++) {
            if (1 + i % PERSONAS != p) continue;
            struct event ev = room_event(i);
            must(part_add(w, &ev, &why), &why);
        }
    }
    must(part_finish(w, &s.info, &why), &why);
    return s;
}

static enum err enter_stream(struct tx *tx, void *arg, struct why *why)
{
    const struct stream *s = arg;
    TRY(tx_bulk_begin(tx, why));
    return tx_bulk_file(tx, s->file, &s->info, why);
}

static void a_part_written_as_a_stream_lies_between_what_was_before_and_after(void **state)
{
    struct room *r = *state;
    struct why why = {0};
    room_emit(r, 0, 100);
    struct stream s = write_stream(r, 100, 400);
    must(brand_call(r->brand, enter_stream, &s, true, &why), &why);
    room_emit(r, 500, 50);
    expect_log(r, 550);
    room_close(r);
    room_open(r);
    expect_log(r, 550);
    assert_int_equal(findings(r), 0);
}

/* Longer than any other work of the tests: it has no other use than its length. */
static void a_long_merge_is_left_to_the_lane_of_long_ones(void **state)
{
    struct room *r = *state;
    struct why why = {0};
    enum { PARTS = 5, ROWS = 430000 };
    for (int i = 0; i < PARTS; i++) {
        struct stream s = write_stream(r, i * ROWS, ROWS);
        must(brand_call(r->brand, enter_stream, &s, true, &why), &why);
    }
    assert_int_equal(merge_parts(r->brand, LANE_SHORT, NULL, &why), ERR_NOT_FOUND);
    must(brand_compact(r->brand, &why), &why);
    struct brand_stats stats = brand_stats(r->brand);
    assert_int_equal(stats.parts, 1);
    assert_int_equal(stats.part_rows, PARTS * ROWS);
}

static void a_stream_that_was_not_entered_is_gone_after_opening(void **state)
{
    struct room *r = *state;
    write_stream(r, 0, 300);
    assert_int_equal(files(r), 1);
    room_close(r);
    room_open(r);
    assert_int_equal(files(r), 0);
    expect_log(r, 0);
}

static void a_failed_bulk_load_leaves_no_file_and_no_event(void **state)
{
    struct room *r = *state;
    struct batch b = {100, 500, 0, ERR_STORE};
    struct why why = {0};
    room_emit(r, 0, 100);
    assert_int_equal(brand_call(r->brand, bulk_batch, &b, true, &why), ERR_STORE);
    expect_log(r, 100);
    assert_int_equal(files(r), 0);
    bulk(r, 100, 500);
    expect_log(r, 600);
}

/* The sync of a commit that failed may have come through all the same. */
static void after_a_failed_sync_files_wait_for_the_next_opening(void **state)
{
    struct room *r = *state;
    struct batch b = {100, 500, 0, ERR_IO};
    struct why why = {0};
    room_emit(r, 0, 100);
    assert_int_equal(brand_call(r->brand, bulk_batch, &b, true, &why), ERR_UNAVAILABLE);
    assert_true(brand_poisoned(r->brand));
    assert_true(files(r) > 0);
    room_close(r);
    room_open(r);
    expect_log(r, 100);
    assert_int_equal(files(r), 0);
}

static void files_stay_while_they_are_held(void **state)
{
    struct room *r = *state;
    struct why why = {0};
    log_hold(r->brand);
    log_hold(r->brand);
    for (int i = 0; i < 8; i++)
        bulk(r, i * 100, 100);
    must(brand_compact(r->brand, &why), &why);
    int wanted = (int)(brand_stats(r->brand).parts + r->brand->log.ids.count);
    assert_true(files(r) > wanted);
    log_release(r->brand);
    assert_true(files(r) > wanted);
    log_release(r->brand);
    assert_int_equal(files(r), wanted);
}

static void run_sql(struct room *r, const char *text)
{
    char path[200];
    struct sql *db;
    struct why why = {0};
    snprintf(path, sizeof(path), "%s/brands/shop/brand.db", r->dir);
    must(sql_open(r->database.url, path, "wf_shop", SQL_WRITER, &db, &why), &why);
    must(sql_begin(db), NULL);
    must(sql_run(sql_use(db, text)), NULL);
    must(sql_commit(db), NULL);
    sql_close(db);
}

static void gaps_and_foreign_rows_are_refused(void **state)
{
    static const char *const damages[] = {
        "DELETE FROM event_block WHERE first_seq = 1501",
        "UPDATE event_block SET count = count + 1 WHERE first_seq = 1501",
        "UPDATE part SET last_seq = last_seq + 1",
        "UPDATE part SET rows = rows + 1",
        "DELETE FROM part WHERE first_seq = 1",
        "UPDATE log_mark SET seq = 100000",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
        struct room r = {0};
        struct why why = {0};
        room_init(&r);
        bulk(&r, 0, 500);
        bulk(&r, 500, 1000);
        room_emit(&r, 1500, 100);
        room_emit(&r, 1600, 100);
        room_close(&r);
        room_open(&r);
        expect_log(&r, 1700);
        room_close(&r);
        run_sql(&r, damages[i]);
        struct data_options o = room_options(&r);
        must(data_open(&o, &r.data, &why), &why);
        if (data_brand(r.data, "shop", &r.brand, &why) != ERR_CORRUPT) fail_msg("%s", damages[i]);
        room_finish(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sealing_moves_the_tail_into_a_part),
        TEST(merging_keeps_each_event_once_and_old_snapshots_valid),
        TEST(the_parts_of_a_bulk_load_become_one),
        TEST(little_that_comes_does_not_rewrite_much_that_is_there),
        TEST(what_a_merge_reads_no_other_merge_takes),
        TEST(a_long_merge_is_left_to_the_lane_of_long_ones),
        TEST(several_compactions_at_once_double_nothing),
        cmocka_unit_test(a_failed_batch_costs_a_merge_nothing),
        TEST(a_part_written_as_a_stream_lies_between_what_was_before_and_after),
        TEST(a_stream_that_was_not_entered_is_gone_after_opening),
        TEST(a_failed_bulk_load_leaves_no_file_and_no_event),
        TEST(after_a_failed_sync_files_wait_for_the_next_opening),
        TEST(files_stay_while_they_are_held),
        cmocka_unit_test(gaps_and_foreign_rows_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
