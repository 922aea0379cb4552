/* scores_test.c - a run scores all buyers as of its day, replaces the one before as a whole, lasts
 * over a restart, forgets who was erased, and begins by itself at its hour. */
#include "scores/scores.h"

#include <math.h>

#define PLACE_MODULES &people_module, &scores_module
#include "people/place_loads.h"

#define BUYERS 40
#define DAY_1 (PLACE_NOW - 200 * TIME_DAY)

static struct identity buyer(struct arena *a, int i)
{
    return (struct identity){IDENTITY_USER, str_of(arena_printf(a, "u%02d", i))};
}

static void pay(struct place *p, struct arena *a, int i, int64_t at, int64_t amount)
{
    struct identity who = buyer(a, i);
    const struct fact f = {
        .at = at, .kind = STR("order.paid"), .who = &who, .who_count = 1, .amount = amount};
    send_live(p, &f, 1);
}

/* All of one pace and one patience, as far as chance has it. The first came every other day and
 * stopped long ago; the last comes seldom, and did so lately. */
static void fill(struct place *p, struct arena *a)
{
    struct identity who = {IDENTITY_USER, STR("looks")};
    const struct fact look = {.at = DAY_1,
                              .kind = STR("page.viewed"),
                              .who = &who,
                              .who_count = 1,
                              .amount = HISTORY_NO_AMOUNT};
    struct rng rng;
    rng_init(&rng, 7);
    for (int i = 1; i < BUYERS - 1; i++) {
        int64_t day = (int64_t)rng_below(&rng, 100);
        for (bool stays = true; stays && day<198; stays = rng_below(&rng, 5)> 0) {
            pay(p, a, i, DAY_1 + day * TIME_DAY, 1000 + (int64_t)rng_below(&rng, 9000));
            day += 1 + (int64_t)rng_below(&rng, (uint64_t)(4 + 4 * (i % 9)));
        }
    }
    for (int day = 0; day < 60; day += 2)
        pay(p, a, 0, DAY_1 + day * TIME_DAY, 1000 + 10 * day);
    for (int day = 0; day < 200; day += 60)
        pay(p, a, BUYERS - 1, DAY_1 + day * TIME_DAY, 5000 + 10 * day);
    send_live(p, &look, 1);
}

static uint32_t member(struct place *p, struct identity who)
{
    struct why why = {0};
    uint32_t out;
    place_must(people_find(p->brand, &who, STR(""), &out, &why), &why, "find");
    assert_int_not_equal(out, 0);
    return out;
}

static struct scores_run refresh(struct place *p, int64_t as_of)
{
    struct why why = {0};
    struct scores_run run;
    place_must(scores_refresh(p->brand, as_of, &why), &why, "refresh");
    scores_settle(p->brand);
    scores_look(p->brand, &run);
    assert_false(run.running);
    assert_false(run.failed);
    return run;
}

static struct expr_value field(struct place *p, uint32_t member, enum expr_field field)
{
    struct expr_value v;
    assert_true(scores_get_field(p->brand, member, field, &v));
    return v;
}

static void nobody_has_a_score_before_the_first_run(void **state)
{
    (void)state;
    struct place p;
    struct scores_run run;
    struct score score;
    struct expr_value v;
    struct arena *a = arena_create(0);
    place_open(&p, "Asia/Shanghai");
    pay(&p, a, 1, DAY_1, 1000);
    uint32_t who = member(&p, buyer(a, 1));
    scores_look(p.brand, &run);
    assert_int_equal(run.id, 0);
    assert_int_equal(run.made_at, TIME_NONE);
    assert_int_equal(scores_version(p.brand), 0);
    assert_false(scores_get(p.brand, who, &score));
    assert_int_equal(field(&p, who, FIELD_P_ALIVE).type, TYPE_NULL);
    assert_int_equal(field(&p, who, FIELD_RFM_R).type, TYPE_NULL);
    assert_false(scores_get_field(p.brand, who, FIELD_ORDERS, &v));
    /* one who bought once tells no model anything: ranks alone are there */
    run = refresh(&p, TIME_NONE);
    assert_int_equal(run.buyers, 1);
    assert_false(run.fitted);
    assert_true(scores_get(p.brand, who, &score));
    assert_in_range(score.rfm[0], 1, 5);
    assert_true(isnan(score.alive));
    assert_int_equal(field(&p, who, FIELD_P_ALIVE).type, TYPE_NULL);
    place_close(&p);
    arena_destroy(a);
}

static void buyers_are_told_apart_and_again_after_a_restart(void **state)
{
    (void)state;
    struct place p;
    struct score often, seldom, read;
    struct arena *a = arena_create(0);
    place_open(&p, "Asia/Shanghai");
    fill(&p, a);
    struct scores_run run = refresh(&p, TIME_NONE);
    assert_int_equal(run.buyers, BUYERS);
    assert_int_equal(run.as_of, zone_bucket_start(brand_zone(p.brand), UNIT_DAY, PLACE_NOW));
    assert_true(run.fitted);
    uint32_t first = member(&p, buyer(a, 0)), last = member(&p, buyer(a, BUYERS - 1));
    assert_false(
        scores_get(p.brand, member(&p, (struct identity){IDENTITY_USER, STR("looks")}), &read));
    assert_true(scores_get(p.brand, first, &often));
    assert_true(scores_get(p.brand, last, &seldom));
    assert_int_equal(often.rfm[1], 5);
    assert_true(seldom.rfm[0] > often.rfm[0]);
    assert_true(seldom.rfm[1] < often.rfm[1]);
    assert_true(often.alive < seldom.alive);
    assert_true(often.alive >= 0 && seldom.alive <= 1);
    assert_true(field(&p, first, FIELD_P_ALIVE).number == (double)often.alive);
    assert_true(field(&p, first, FIELD_RFM_F).number == 5);
    place_reopen(&p);
    assert_int_equal(scores_version(p.brand), run.id);
    assert_true(scores_get(p.brand, first, &read));
    assert_true(read.alive == often.alive && read.orders == often.orders);
    assert_true(read.revenue == often.revenue && memcmp(read.rfm, often.rfm, 3) == 0);
    place_close(&p);
    arena_destroy(a);
}

static void a_run_replaces_the_one_before_as_a_whole(void **state)
{
    (void)state;
    struct place p;
    struct score score;
    struct why why = {0};
    struct people_erased erased;
    struct arena *a = arena_create(0);
    place_open(&p, "Asia/Shanghai");
    fill(&p, a);
    struct scores_run now = refresh(&p, TIME_NONE), then = refresh(&p, DAY_1 + TIME_DAY);
    assert_int_equal(then.id, now.id + 1);
    assert_int_equal(then.as_of,
                     zone_bucket_start(brand_zone(p.brand), UNIT_DAY, DAY_1 + TIME_DAY));
    assert_in_range(then.buyers, 2, BUYERS - 1); /* orders from then on are out */
    assert_int_equal(one(&p, "SELECT COUNT(*) FROM score_run"), 1);
    assert_int_equal(one(&p, "SELECT COUNT(*) FROM member_score"), then.buyers);
    assert_int_equal(one(&p, "SELECT MIN(run) FROM member_score"), then.id);
    uint32_t who = member(&p, buyer(a, 0));
    assert_true(scores_get(p.brand, who, &score));
    place_must(people_erase(p.brand, who, &erased, &why), &why, "erase");
    assert_false(scores_get(p.brand, who, &score));
    assert_int_equal(one(&p, "SELECT COUNT(*) FROM member_score"), then.buyers - 1);
    assert_true(scores_get(p.brand, member(&p, buyer(a, BUYERS - 1)), &score));
    assert_int_equal(refresh(&p, TIME_NONE).buyers, BUYERS - 1);
    place_close(&p);
    arena_destroy(a);
}

static void the_next_is_due_at_its_hour_of_the_brand_s_clock(void **state)
{
    (void)state;
    struct place p;
    struct scores_run run;
    struct arena *a = arena_create(0);
    place_open(&p, "Asia/Shanghai");
    pay(&p, a, 1, DAY_1, 1000);
    scores_look(p.brand, &run);
    int64_t day = zone_bucket_next(brand_zone(p.brand), UNIT_DAY, PLACE_NOW);
    assert_int_equal(run.next_at, day + SCORES_HOUR * TIME_HOUR);
    p.env.now_ms = run.next_at;
    pay(&p, a, 2, DAY_1, 1000); /* the writer looks at the clock with each batch */
    scores_settle(p.brand);
    scores_look(p.brand, &run);
    assert_int_equal(run.id, 1);
    assert_int_equal(run.as_of, day);
    assert_int_equal(run.next_at, day + TIME_DAY + SCORES_HOUR * TIME_HOUR);
    place_close(&p);
    arena_destroy(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_has_a_score_before_the_first_run),
        cmocka_unit_test(buyers_are_told_apart_and_again_after_a_restart),
        cmocka_unit_test(a_run_replaces_the_one_before_as_a_whole),
        cmocka_unit_test(the_next_is_due_at_its_hour_of_the_brand_s_clock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
