/* erase_test.c - personas taken out of parts and blocks, and nothing else. */
#include "room.h"

#define GONE 3 /* the persona that most tests erase */

/* Events numbered first .. first+count-1 but those of persona 'skip'; the ones of persona 5 whose
 * number ends in 0 name persona 'named' (0 = nobody). */
struct span {
    int64_t first, count;
    uint32_t skip, named;
};

static struct event event_of(const struct span *s, int64_t number)
{
    struct event ev = room_event(number);
    if (ev.persona == 5 && number % 10 == 0) ev.other = s->named;
    return ev;
}

static enum err emit_span(struct tx *tx, void *arg, struct why *why)
{
    const struct span *s = arg;
    for (int64_t i = s->first; i < s->first + s->count; i++) {
        struct event ev = event_of(s, i);
        if (ev.persona != s->skip) TRY(tx_emit(tx, &ev, why));
    }
    return ERR_OK;
}

static enum err bulk_span(struct tx *tx, void *arg, struct why *why)
{
    const struct span *s = arg;
    size_t count = 0;
    struct event *events = mem_alloc_array((size_t)s->count + 1, sizeof(*events));
    const struct event **sorted = mem_alloc_array((size_t)s->count, sizeof(*sorted));
    for (uint32_t p = 1; p <= PERSONAS; p++) {
        for (int64_t i = s->first; i < s->first + s->count; i++) {
            events[count] = event_of(s, i);
            if (events[count].persona != p || p == s->skip) continue;
            sorted[count] = &events[count];
            count++;
        }
    }
    enum err err = tx_bulk_begin(tx, why);
    if (err == ERR_OK) err = tx_bulk_part(tx, sorted, count, NULL, 0, why);
    mem_free(events);
    mem_free(sorted);
    return err;
}

static void emit(struct room *r, struct span s)
{
    struct why why = {0};
    must(brand_call(r->brand, emit_span, &s, false, &why), &why);
}

static void bulk(struct room *r, struct span s)
{
    struct why why = {0};
    must(brand_call(r->brand, bulk_span, &s, true, &why), &why);
}

static enum err erase(struct room *r, uint32_t persona, struct erasure *e)
{
    struct why why = {0};
    e->gone = (struct persona_set){&persona, 1};
    return brand_erase(r->brand, e, &why);
}

/* ---- what is there ---- */

struct found {
    uint64_t rows[PERSONAS + 1];  /* of a persona */
    uint64_t named[PERSONAS + 1]; /* how often another names it */
};

static bool find_run(void *worker, const struct history *h)
{
    struct found *f = worker;
    for (uint32_t m = 0; m < h->member_count; m++) {
        for (uint32_t i = h->off[m]; i < h->off[m + 1]; i++) {
            assert_int_equal(h->member[m], 1 + h->amount[i] % PERSONAS);
            assert_true(h->at[i] == 1700000000000 + h->amount[i] * 1000);
            f->rows[h->member[m]]++;
            f->named[h->other[i]]++;
        }
    }
    return true;
}

static struct found find_in(const struct snapshot *s)
{
    struct columns columns = {.mask = COLUMN_AMOUNT | COLUMN_OTHER};
    struct scan scan = {.columns = &columns, .from = 0, .to = INT64_MAX};
    struct budget budget = {.bytes_left = UINT64_MAX};
    struct why why = {0};
    struct found f = {{0}, {0}};
    void *worker = &f;
    must(eventlog_scan(s, &scan, &worker, 1, find_run, &budget, &why), &why);
    return f;
}

static struct found find_now(struct room *r)
{
    struct snapshot *s = brand_snapshot(r->brand);
    struct found f = find_in(s);
    brand_snapshot_release(s);
    return f;
}

/* 'after' is 'before' without the persona. */
static void expect_without(const struct found *before, const struct found *after, uint32_t persona)
{
    struct found wanted = *before;
    wanted.rows[persona] = 0;
    for (uint32_t p = 0; p <= PERSONAS; p++)
        assert_int_equal(after->rows[p], wanted.rows[p]);
    /* of those that named nobody, the erased ones are gone, too */
    wanted.named[0] -= before->rows[persona];
    for (uint32_t p = 0; p <= PERSONAS; p++)
        assert_int_equal(after->named[p], wanted.named[p]);
}

static void expect_after_opening(struct room *r, const struct found *wanted)
{
    room_close(r);
    room_open(r);
    compactor_stop(r->brand);
    struct found f = find_now(r);
    assert_memory_equal(&f, wanted, sizeof(f));
    expect_files(r);
}

/* ---- the tests ---- */

static void only_what_holds_them_is_written_anew(void **state)
{
    struct room *r = *state;
    struct erasure e = {.gone = {NULL, 0}};
    bulk(r, (struct span){0, 700, 0, 2});         /* has rows of it */
    bulk(r, (struct span){700, 700, GONE, 0});    /* has nothing of it */
    bulk(r, (struct span){1400, 70, GONE, GONE}); /* names it, only */
    emit(r, (struct span){1470, 140, 0, GONE});
    uint32_t before_file = r->brand->log.parts.items[1].file;
    uint64_t seq = brand_stats(r->brand).seq;
    struct snapshot *old = brand_snapshot(r->brand);
    struct found before = find_now(r);
    assert_true(before.rows[GONE] == 120 && before.named[GONE] == 3);
    assert_int_equal(erase(r, GONE, &e), ERR_OK);
    assert_int_equal(e.events, 120);
    assert_int_equal(e.parts, 2); /* the tail has become one */
    struct found after = find_now(r), then = find_in(old);
    expect_without(&before, &after, GONE);
    assert_memory_equal(&then, &before, sizeof(then));
    brand_snapshot_release(old);
    assert_int_equal(r->brand->log.parts.items[1].file, before_file);
    assert_int_equal(brand_stats(r->brand).seq, seq);
    expect_files(r);
    expect_after_opening(r, &after);
}

static void a_tail_that_says_nothing_of_them_stays(void **state)
{
    struct room *r = *state;
    struct erasure e = {.gone = {NULL, 0}};
    bulk(r, (struct span){0, 70, 0, 0});
    emit(r, (struct span){70, 70, GONE, 2});
    struct found before = find_now(r);
    assert_int_equal(erase(r, GONE, &e), ERR_OK);
    assert_int_equal(brand_stats(r->brand).tail_events, 60);
    struct found after = find_now(r);
    expect_without(&before, &after, GONE);
    assert_int_equal(e.parts, 1);
    assert_int_equal(erase(r, GONE, &e), ERR_OK); /* again: there is nothing to do */
    assert_true(e.parts == 0 && e.events == 0);
    expect_after_opening(r, &after);
}

static void when_all_are_gone_the_log_goes_on(void **state)
{
    struct room *r = *state;
    static const uint32_t all[] = {1, 2, 3, 4, 5, 6, 7};
    struct erasure e = {.gone = {all, PERSONAS}};
    struct why why = {0};
    bulk(r, (struct span){0, 300, 0, 2});
    emit(r, (struct span){300, 50, 0, 1});
    must(brand_erase(r->brand, &e, &why), &why);
    assert_int_equal(e.events, 350);
    struct found none = {{0}, {0}};
    expect_after_opening(r, &none);
    emit(r, (struct span){350, 70, 0, 2});
    for (int i = 0; i < 4; i++)
        bulk(r, (struct span){420 + i * 70, 70, 0, 0});
    must(brand_compact(r->brand, &why), &why);
    struct found f = find_now(r);
    assert_int_equal(f.rows[1], 50);
    expect_after_opening(r, &f);
}

static void ids_of_erased_events_stay_known(void **state)
{
    struct room *r = *state;
    struct erasure e = {.gone = {NULL, 0}};
    assert_int_equal(room_emit(r, 0, 70), 0);
    assert_int_equal(erase(r, GONE, &e), ERR_OK);
    assert_int_equal(room_emit(r, 0, 70), 70);
    room_close(r);
    room_open(r);
    assert_int_equal(room_emit(r, 0, 70), 70);
    assert_int_equal(find_now(r).rows[GONE], 0);
}

/* ---- rooms' rows ---- */

struct rows_call {
    enum err answer;
    int calls;
};

static enum err take_rows(struct tx *tx, void *arg, struct why *why)
{
    (void)why;
    struct rows_call *c = arg;
    c->calls++;
    if (c->answer == ERR_CONFLICT) return c->answer;
    TRY(sql_run(sql_use(tx_sql(tx), "DELETE FROM sums WHERE persona = 3")));
    return c->answer;
}

static void what_the_rooms_refuse_or_the_store_fails_changes_nothing(void **state)
{
    struct room *r = *state;
    static const enum err answers[] = {ERR_CONFLICT, ERR_STORE};
    emit(r, (struct span){0, 140, 0, GONE});
    bulk(r, (struct span){140, 700, 0, 2});
    emit(r, (struct span){840, 70, GONE, GONE});
    struct found before = find_now(r);
    for (size_t i = 0; i < 2; i++) {
        struct rows_call c = {answers[i], 0};
        struct erasure e = {.rows = take_rows, .arg = &c};
        assert_int_equal(erase(r, GONE, &e), answers[i]);
        struct found f = find_now(r);
        assert_memory_equal(&f, &before, sizeof(f));
        expect_files(r);
    }
    struct rows_call c = {ERR_OK, 0};
    struct erasure e = {.rows = take_rows, .arg = &c};
    assert_int_equal(erase(r, GONE, &e), ERR_OK);
    assert_int_equal(c.calls, 1);
    struct found after = find_now(r);
    expect_without(&before, &after, GONE);
    expect_after_opening(r, &after);
}

/* ---- what comes in meanwhile ---- */

struct eraser {
    struct room *room;
    struct erasure e;
    enum err err;
};

static void *erase_now(void *arg)
{
    struct eraser *x = arg;
    x->err = erase(x->room, GONE, &x->e);
    return NULL;
}

/* The first time the batch fails behind all that the command has done: a timer that is due does. */
static enum err fail_first(struct tx *tx, void *arg, struct why *why)
{
    (void)why;
    int *calls = arg;
    sums_fail_timer = ++*calls == 1 ? ERR_STORE : ERR_OK;
    return *calls == 1 ? timer_set(tx, &sums_module, 1, 1, tx_now(tx)) : ERR_OK;
}

/* Erase while a part and events are on their way into the log: they come in between the looks at
 * the parts and the swap, whose batch is rolled back once. */
static void what_comes_in_meanwhile_goes_as_well(void **state)
{
    struct room *r = *state;
    struct why why = {0};
    struct hold hold;
    struct span part = {700, 700, 0, GONE}, events = {1400, 70, 0, GONE};
    int calls = 0;
    struct eraser x = {.room = r, .e = {.rows = fail_first, .arg = &calls}};
    pthread_t thread;
    struct command load = {.run = bulk_span, .arg = &part, .alone = true};
    struct command emits = {.run = emit_span, .arg = &events};
    bulk(r, (struct span){0, 700, 0, 2});
    hold_submit(r, &hold);
    hold_wait(&hold);
    must(brand_submit(r->brand, &load, &why), &why);
    must(brand_submit(r->brand, &emits, &why), &why);
    assert_int_equal(pthread_create(&thread, NULL, erase_now, &x), 0);
    room_wait_for_queue(r, 3); /* the swap is behind them */
    sem_post(&hold.go_on);
    pthread_join(thread, NULL);
    assert_int_equal(x.err, ERR_OK);
    assert_int_equal(calls, 2);
    assert_int_equal(x.e.events, 210);
    struct found f = find_now(r);
    for (uint32_t p = 1; p <= PERSONAS; p++)
        assert_int_equal(f.rows[p], p == GONE ? 0 : 210);
    assert_true(f.named[2] > 0);
    expect_after_opening(r, &f);
}

static void compaction_beside_it_doubles_and_loses_nothing(void **state)
{
    struct room *r = *state;
    struct why why = {0};
    for (int round = 0; round < 3; round++) {
        struct eraser x = {.room = r};
        pthread_t thread;
        for (int i = 0; i < 8; i++)
            bulk(r, (struct span){(round * 8 + i) * 70, 70, 0, GONE});
        assert_int_equal(pthread_create(&thread, NULL, erase_now, &x), 0);
        must(brand_compact(r->brand, &why), &why);
        pthread_join(thread, NULL);
        assert_int_equal(x.err, ERR_OK);
        struct found f = find_now(r);
        for (uint32_t p = 1; p <= PERSONAS; p++)
            assert_int_equal(f.rows[p], p == GONE ? 0 : (uint64_t)(round + 1) * 80);
        assert_true(f.named[GONE] > 0); /* its number stays */
        expect_after_opening(r, &f);
    }
}

/* Files are counted: the compactor does not make any meanwhile. */
static int still_setup(void **state)
{
    int failed = room_setup(state);
    if (failed == 0) compactor_stop(((struct room *)*state)->brand);
    return failed;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, still_setup, room_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(only_what_holds_them_is_written_anew),
        TEST(a_tail_that_says_nothing_of_them_stays),
        TEST(when_all_are_gone_the_log_goes_on),
        TEST(ids_of_erased_events_stay_known),
        TEST(what_the_rooms_refuse_or_the_store_fails_changes_nothing),
        TEST(what_comes_in_meanwhile_goes_as_well),
        TEST(compaction_beside_it_doubles_and_loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
