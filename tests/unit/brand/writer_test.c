/* writer_test.c - batches, failures, duplicates, timers and write-back of the one writer. */
#include "room.h"

/* Holds the writer until 'gate' is unlocked, so that commands queue up behind it. */
static enum err wait_at_gate(struct tx *tx, void *arg, struct why *why)
{
    (void)tx;
    (void)why;
    pthread_mutex_lock(arg);
    pthread_mutex_unlock(arg);
    return ERR_OK;
}

struct answers {
    pthread_mutex_t lock;
    pthread_cond_t cond;
    int missing;
};
struct waiting {
    struct command command;
    struct batch batch;
    struct answers *answers;
    enum err answer;
};

static void note_answer(void *arg, enum err err, const struct why *why)
{
    (void)why;
    struct waiting *w = (struct waiting *)(void *)((char *)arg - offsetof(struct waiting, batch));
    w->answer = err;
    pthread_mutex_lock(&w->answers->lock);
    w->answers->missing--;
    pthread_cond_signal(&w->answers->cond);
    pthread_mutex_unlock(&w->answers->lock);
}

/* Submit all while the writer stands at the gate, let it go, and wait for the answers. */
static void submit_together(struct room *r, struct waiting *list, int count)
{
    struct answers answers = {.missing = count};
    pthread_mutex_t gate;
    struct why why = {0};
    struct command first = {.run = wait_at_gate, .arg = &gate, .alone = true};
    pthread_mutex_init(&gate, NULL);
    pthread_mutex_init(&answers.lock, NULL);
    pthread_cond_init(&answers.cond, NULL);
    pthread_mutex_lock(&gate);
    must(brand_submit(r->brand, &first, &why), &why);
    for (int i = 0; i < count; i++) {
        list[i].answers = &answers;
        list[i].command.run = emit_batch;
        list[i].command.done = note_answer;
        list[i].command.arg = &list[i].batch;
        must(brand_submit(r->brand, &list[i].command, &why), &why);
    }
    pthread_mutex_unlock(&gate);
    pthread_mutex_lock(&answers.lock);
    while (answers.missing)
        pthread_cond_wait(&answers.cond, &answers.lock);
    pthread_mutex_unlock(&answers.lock);
    must(brand_flush(r->brand, &why), &why);
}

static void commands_that_wait_are_committed_together(void **state)
{
    struct room *r = *state;
    struct waiting list[50] = {0};
    for (int i = 0; i < 50; i++)
        list[i].batch = (struct batch){i * 2, 2, 0, ERR_OK};
    uint64_t before = brand_stats(r->brand).commits;
    submit_together(r, list, 50);
    assert_true(brand_stats(r->brand).commits - before <= 4); /* gate, the fifty, flush */
    for (int i = 0; i < 50; i++)
        assert_int_equal(list[i].answer, ERR_OK);
    expect_log(r, 100);
    expect_rows(r, 100);
}

static void a_command_that_stands_alone_shares_no_batch(void **state)
{
    struct room *r = *state;
    struct waiting list[9] = {0};
    for (int i = 0; i < 9; i++) {
        list[i].batch = (struct batch){i, 1, 0, ERR_OK};
        list[i].command.alone = i % 2;
    }
    uint64_t before = brand_stats(r->brand).commits;
    submit_together(r, list, 9);
    assert_true(brand_stats(r->brand).commits - before >= 9);
    expect_log(r, 9);
}

static void a_store_failure_undoes_the_guilty_command_only(void **state)
{
    struct room *r = *state;
    struct waiting list[20] = {0};
    for (int i = 0; i < 20; i++)
        list[i].batch = (struct batch){i < 7 ? i * 10 : (i - 1) * 10, 10, 0, ERR_OK};
    list[7].batch = (struct batch){5000, 10, 0, ERR_STORE};
    submit_together(r, list, 20);
    for (int i = 0; i < 20; i++)
        assert_int_equal(list[i].answer, i == 7 ? ERR_STORE : ERR_OK);
    expect_log(r, 190);
    expect_rows(r, 190);
    assert_int_equal(brand_stats(r->brand).rolled_back, 2); /* together, then the guilty one */
    assert_int_equal(room_emit(r, 190, 5), 0);
    list[7].batch = (struct batch){195, 10, 0, ERR_OK};
    submit_together(r, &list[7], 1);
    expect_rows(r, 205);
}

static void ids_of_a_failed_command_are_not_remembered(void **state)
{
    struct room *r = *state;
    struct batch b = {0, 10, 0, ERR_STORE};
    struct why why = {0};
    assert_int_equal(brand_call(r->brand, emit_batch, &b, false, &why), ERR_STORE);
    expect_log(r, 0);
    assert_int_equal(room_emit(r, 0, 10), 0);
    expect_rows(r, 10);
}

static void duplicates_are_known_in_the_batch_after_it_and_after_opening_again(void **state)
{
    struct room *r = *state;
    assert_int_equal(room_emit(r, 0, 100), 0);
    assert_int_equal(room_emit(r, 50, 100), 50);
    struct waiting list[2] = {{.batch = {150, 10, 0, ERR_OK}}, {.batch = {155, 10, 0, ERR_OK}}};
    submit_together(r, list, 2);
    assert_int_equal(list[1].batch.seen, 5);
    room_close(r);
    room_open(r);
    assert_int_equal(room_emit(r, 0, 165), 165);
    expect_log(r, 165);
    expect_rows(r, 165);
}

static enum err discard_batch(struct tx *tx, void *arg, struct why *why)
{
    TRY(emit_batch(tx, arg, why));
    tx_discard(tx);
    return ERR_OK;
}

static void a_discarded_trial_leaves_nothing(void **state)
{
    struct room *r = *state;
    struct batch b = {0, 30, 0, ERR_OK};
    struct why why = {0};
    room_emit(r, 0, 10);
    must(brand_call(r->brand, discard_batch, &b, true, &why), &why);
    assert_int_equal(b.seen, 10);
    expect_rows(r, 10);
    assert_int_equal(room_emit(r, 0, 30), 10);
    expect_rows(r, 30);
}

static void rows_not_written_back_are_folded_again_after_opening(void **state)
{
    struct room *r = *state;
    for (int i = 0; i < 40; i++)
        room_emit(r, i * 5, 5);
    room_close(r); /* writes back */
    room_open(r);
    assert_int_equal(brand_stats(r->brand).folded_seq, 200);
    room_emit(r, 200, 50);
    expect_rows(r, 250);
    assert_int_equal(brand_stats(r->brand).folded_seq, 250);
}

static void an_idle_writer_writes_back_by_itself(void **state)
{
    struct room *r = *state;
    room_emit(r, 0, 20);
    for (int i = 0; i < 100 && brand_stats(r->brand).folded_seq < 20; i++)
        usleep(100000);
    assert_int_equal(brand_stats(r->brand).folded_seq, 20);
}

/* The room of these tests writes a row a slice, so that a round takes many batches. */
static void rows_are_written_back_up_to_a_seq_batch_by_batch(void **state)
{
    struct room *r = *state;
    struct why why = {0};
    room_emit(r, 0, 250);
    uint64_t commits = brand_stats(r->brand).commits;
    must(brand_fold_to(r->brand, 250, &why), &why);
    assert_int_equal(brand_stats(r->brand).folded_seq, 250);
    assert_true(brand_stats(r->brand).commits > commits + 1);
    commits = brand_stats(r->brand).commits;
    must(brand_fold_to(r->brand, 250, &why), &why);
    assert_int_equal(brand_stats(r->brand).commits, commits);
    room_emit(r, 250, 50);
    must(brand_fold_to(r->brand, 300, &why), &why);
    assert_int_equal(brand_stats(r->brand).folded_seq, 300);
    expect_rows(r, 300);
}

static void a_changed_fold_version_rebuilds_once(void **state)
{
    struct room *r = *state;
    room_emit(r, 0, 5);
    room_close(r);
    sums_rebuilt = 0;
    sums_module.fold_version++;
    room_open(r);
    assert_int_equal(sums_rebuilt, 1);
    room_close(r);
    room_open(r);
    assert_int_equal(sums_rebuilt, 1);
}

/* ---- timers ---- */

struct timer_change {
    uint64_t subject;
    int64_t due_at;
};

static enum err change_timer(struct tx *tx, void *arg, struct why *why)
{
    const struct timer_change *c = arg;
    (void)why;
    return timer_set(tx, &sums_module, 3, c->subject, c->due_at);
}

static void change(struct room *r, uint64_t subject, int64_t due_at)
{
    struct timer_change c = {subject, due_at};
    struct why why = {0};
    must(brand_call(r->brand, change_timer, &c, false, &why), &why);
}

static int64_t now(void)
{
    return env_now(env_system());
}

static void timers_fire_when_due_and_only_once(void **state)
{
    struct room *r = *state;
    sums_fired = 0;
    int64_t due = now() + 400;
    change(r, 1, due);
    change(r, 2, now() + 3600000);
    change(r, 3, now() + 200);
    change(r, 3, now() + 3600000); /* put off */
    for (int i = 0; i < 100 && sums_fired == 0; i++) {
        assert_true(sums_fired == 0 || now() >= due);
        usleep(20000);
    }
    usleep(100000);
    assert_int_equal(sums_fired, 1);
    assert_int_equal(sums_fired_due, due);
    room_close(r);
    room_open(r);
    change(r, 2, now() - 1); /* set anew: due at once */
    for (int i = 0; i < 100 && sums_fired == 1; i++)
        usleep(20000);
    assert_int_equal(sums_fired, 2);
}

static void a_timer_that_fails_does_not_spin(void **state)
{
    struct room *r = *state;
    sums_fired = 0;
    sums_fail_timer = ERR_STORE;
    struct timer_change c = {9, now() + 100};
    struct why why = {0};
    must(brand_call(r->brand, change_timer, &c, false, &why), &why);
    usleep(600000);
    uint64_t failures = brand_stats(r->brand).rolled_back;
    sums_fail_timer = ERR_OK;
    assert_true(failures >= 1 && failures <= 3);
    for (int i = 0; i < 200 && sums_fired == 0; i++)
        usleep(20000);
    assert_int_equal(sums_fired, 1);
}

static void a_poisoned_brand_takes_nothing(void **state)
{
    struct room *r = *state;
    struct batch b = {10, 1, 0, ERR_OK};
    struct why why = {0};
    room_emit(r, 0, 10);
    r->brand->poisoned = true;
    assert_int_equal(brand_call(r->brand, emit_batch, &b, false, &why), ERR_UNAVAILABLE);
    assert_true(data_poisoned(r->data));
    room_close(r);
    room_open(r);
    expect_rows(r, 10);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, room_setup, room_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(commands_that_wait_are_committed_together),
        TEST(a_command_that_stands_alone_shares_no_batch),
        TEST(a_store_failure_undoes_the_guilty_command_only),
        TEST(ids_of_a_failed_command_are_not_remembered),
        TEST(duplicates_are_known_in_the_batch_after_it_and_after_opening_again),
        TEST(a_discarded_trial_leaves_nothing),
        TEST(rows_not_written_back_are_folded_again_after_opening),
        TEST(an_idle_writer_writes_back_by_itself),
        TEST(rows_are_written_back_up_to_a_seq_batch_by_batch),
        TEST(a_changed_fold_version_rebuilds_once),
        TEST(timers_fire_when_due_and_only_once),
        TEST(a_timer_that_fails_does_not_spin),
        TEST(a_poisoned_brand_takes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
