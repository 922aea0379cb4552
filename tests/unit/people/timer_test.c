/* timer_test.c - a member's timer and the row that names it stay together through every commit. */
#include "joined.h"

static enum err run_join(struct tx *tx, void *arg, struct why *why)
{
    return record_joined(tx, "u1", *(const int64_t *)arg, why);
}

static enum err run_nothing(struct tx *tx, void *arg, struct why *why)
{
    (void)tx;
    (void)arg;
    (void)why;
    return ERR_OK;
}

struct seen {
    int64_t stage, due_at, timer; /* TIME_NONE = no such row */
};

static int64_t one(struct sql *db, const char *query)
{
    int64_t value;
    assert_int_equal(sql_number(sql_use(db, query), TIME_NONE, &value), ERR_OK);
    return value;
}

static struct seen look(struct place *p)
{
    struct sql *db = place_reader(p);
    struct seen seen = {one(db, "SELECT stage FROM member WHERE id = 1"),
                        one(db, "SELECT due_at FROM member WHERE id = 1"),
                        one(db, "SELECT due_at FROM timer WHERE subject = 1")};
    sql_close(db);
    return seen;
}

/* Move the clock and let the writer make one batch. */
static void let_time_pass(struct place *p, int64_t to)
{
    struct why why = {0};
    p->env.now_ms = to;
    place_must(brand_call(p->brand, run_nothing, NULL, false, &why), &why, "a batch");
}

static void a_member_who_is_due_is_written_in_the_batch_that_takes_the_timer(void **state)
{
    (void)state;
    struct place p;
    struct why why = {0};
    int64_t at = PLACE_NOW;
    place_open(&p, "Asia/Shanghai");
    place_must(brand_call(p.brand, run_join, &at, false, &why), &why, "join");
    place_must(brand_flush(p.brand, &why), &why, "flush");
    struct seen before = look(&p);
    assert_int_equal(before.stage, STAGE_NEW);
    assert_int_equal(before.due_at, at + 14 * TIME_DAY);
    assert_int_equal(before.timer, before.due_at);
    let_time_pass(&p, before.due_at);
    struct seen dormant = look(&p);
    assert_int_equal(dormant.stage, STAGE_DORMANT);
    assert_true(dormant.due_at > before.due_at);
    assert_int_equal(dormant.timer, dormant.due_at);
    place_close(&p);
}

static void a_member_that_is_to_be_folded_again_keeps_a_timer_until_then(void **state)
{
    (void)state;
    struct place p;
    struct why why = {0};
    int64_t at = PLACE_NOW, late = PLACE_NOW - TIME_DAY;
    place_open(&p, "Asia/Shanghai");
    place_must(brand_call(p.brand, run_join, &at, false, &why), &why, "join");
    place_must(brand_flush(p.brand, &why), &why, "flush");
    int64_t due = look(&p).due_at;
    p.env.now_ms = due;
    place_must(brand_call(p.brand, run_join, &late, false, &why), &why, "a late one");
    struct seen seen = look(&p);
    assert_true(seen.due_at > due);
    assert_int_equal(seen.timer, seen.due_at);
    place_must(brand_flush(p.brand, &why), &why, "flush");
    let_time_pass(&p, seen.due_at);
    seen = look(&p);
    assert_int_equal(seen.stage, STAGE_DORMANT);
    assert_int_equal(seen.timer, seen.due_at);
    place_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_member_who_is_due_is_written_in_the_batch_that_takes_the_timer),
        cmocka_unit_test(a_member_that_is_to_be_folded_again_keeps_a_timer_until_then),
    };
    return cmocka_run_group_tests_name("timers", tests, NULL, NULL);
}
