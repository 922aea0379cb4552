/* log_tail_test.c - a full tail is sealed, and holds back what comes in until it is. */
#include "log_load.h"

static void a_full_tail_is_sealed_without_being_asked(void **state)
{
    struct room *r = *state;
    for (int i = 0; i < 14; i++)
        room_emit(r, i * 10000, 10000);
    while (brand_stats(r->brand).parts == 0)
        sched_yield();
    struct brand_stats s = brand_stats(r->brand);
    assert_int_equal(s.tail_events + s.part_rows, 140000);
    expect_log(r, 140000);
}

static void mark_oldest(struct room *r, bool merging)
{
    pthread_mutex_lock(&r->brand->log.set_lock);
    r->brand->log.parts.items[0].merging = merging;
    pthread_mutex_unlock(&r->brand->log.set_lock);
}

static void a_seal_takes_in_the_parts_that_would_be_too_many(void **state)
{
    struct room *r = *state;
    struct why why = {0};
    bulk(r, 0, 400);
    for (int i = 0; i < 3; i++)
        bulk(r, 400 + i * 100, 100);
    uint32_t oldest = first_file(r);
    mark_oldest(r, true); /* a long merge */
    room_emit(r, 700, 50000);
    room_emit(r, 50700, 90000);
    must(brand_compact(r->brand, &why), &why);
    assert_int_equal(brand_stats(r->brand).parts, 2);
    assert_int_equal(brand_stats(r->brand).tail_events, 0);
    assert_int_equal(first_file(r), oldest);
    assert_int_equal(r->brand->log.parts.items[1].first_seq, 401);
    assert_int_equal(r->brand->log.parts.items[1].last_seq, 140700);
    mark_oldest(r, false);
    expect_log(r, 140700);
    room_close(r);
    room_open(r);
    expect_log(r, 140700);
    assert_int_equal(findings(r), 0);
}

/* Flip a byte of the first chunk. */
static void damage(struct room *r, uint32_t file)
{
    char path[600], byte;
    log_path(r->brand, file, "part", path);
    FILE *f = fopen(path, "r+");
    assert_non_null(f);
    assert_int_equal(fseek(f, 20, SEEK_SET), 0);
    byte = (char)(fgetc(f) ^ 1);
    assert_int_equal(fseek(f, 20, SEEK_SET), 0);
    assert_int_equal(fputc(byte, f), (unsigned char)byte);
    assert_int_equal(fclose(f), 0);
}

static void a_part_that_cannot_be_read_keeps_no_tail_from_being_sealed(void **state)
{
    struct room *r = *state;
    struct why why = {0};
    compactor_stop(r->brand);
    for (int i = 0; i < 4; i++)
        bulk(r, i * 100, 100);
    damage(r, r->brand->log.parts.items[3].file);
    room_emit(r, 400, 140000);
    must(compact_seal(r->brand, false, NULL, &why), &why);
    assert_int_equal(brand_stats(r->brand).parts, 5);
    assert_int_equal(brand_stats(r->brand).tail_events, 0);
    for (int i = 0; i < 5; i++)
        assert_false(r->brand->log.parts.items[i].merging);
    assert_int_equal(files(r), 5 + (int)r->brand->log.ids.count);
}

/* Commands that bring events, as deliveries do. */
struct delivery {
    struct batch batch;
    struct command command;
};

static void deliver(struct room *r, struct delivery *d, int64_t first, int64_t count)
{
    struct why why = {0};
    d->batch = (struct batch){first, count, 0, ERR_OK};
    d->command = (struct command){.run = emit_batch, .arg = &d->batch, .bytes = 1000};
    must(brand_submit(r->brand, &d->command, &why), &why);
}

static void a_full_tail_holds_back_what_comes_in_until_it_is_sealed(void **state)
{
    struct room *r = *state;
    struct why why = {0};
    struct delivery d[3];
    compact_hold(r->brand);
    pthread_mutex_lock(&r->brand->queue.lock);
    r->brand->log.tail_max = 1000;
    pthread_mutex_unlock(&r->brand->queue.lock);
    deliver(r, &d[0], 0, 1000);
    must(brand_flush(r->brand, &why), &why); /* it has run: the tail was not full yet */
    deliver(r, &d[1], 1000, 10);
    deliver(r, &d[2], 1010, 10);
    for (int i = 0; i < 3; i++)
        must(brand_flush(r->brand, &why), &why); /* what brings nothing goes on */
    struct brand_stats s = brand_stats(r->brand);
    assert_int_equal(s.tail_events, 1000);
    assert_int_equal(s.queue, 2);
    must(compact_seal(r->brand, true, NULL, &why), &why);
    must(brand_flush(r->brand, &why), &why); /* behind them */
    expect_log(r, 1020);
    assert_int_equal(brand_stats(r->brand).tail_events, 20);
    compact_release(r->brand);
}

static void a_full_tail_keeps_no_brand_from_closing(void **state)
{
    struct room *r = *state;
    struct why why = {0};
    struct delivery d[2];
    pthread_mutex_lock(&r->brand->queue.lock);
    r->brand->log.tail_max = 1000;
    pthread_mutex_unlock(&r->brand->queue.lock);
    deliver(r, &d[0], 0, 1000);
    must(brand_flush(r->brand, &why), &why);
    deliver(r, &d[1], 1000, 10);
    room_close(r);
    room_open(r);
    expect_log(r, 1010);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_full_tail_is_sealed_without_being_asked),
        TEST(a_seal_takes_in_the_parts_that_would_be_too_many),
        TEST(a_part_that_cannot_be_read_keeps_no_tail_from_being_sealed),
        TEST(a_full_tail_holds_back_what_comes_in_until_it_is_sealed),
        TEST(a_full_tail_keeps_no_brand_from_closing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
