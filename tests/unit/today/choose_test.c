/* choose_test.c - lists are full, fair and the same again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "today/choose.h"

#define MANY 40000

static const uint8_t key[32] = {7};
static const double scores[] = {0.09, 0.02, 0.05};
static const uint64_t marks[] = {11, 22, 33};

static struct today_candidate *crowd(size_t count, uint32_t owners)
{
    struct today_candidate *all = mem_alloc_array(count, sizeof(*all));
    for (size_t i = 0; i < count; i++) {
        all[i] = (struct today_candidate){
            .member = (uint32_t)i + 1, .owner = (uint32_t)(i % owners), .rule = (uint32_t)(i % 3)};
    }
    return all;
}

static struct today_choice choice(struct today_candidate *all, size_t count, const uint32_t *room)
{
    return (struct today_choice){.key = key,
                                 .day = 20089,
                                 .scores = scores,
                                 .marks = marks,
                                 .room = room,
                                 .candidates = all,
                                 .candidate_count = count};
}

static void no_list_is_longer_than_its_room_and_the_best_come_first(void **state)
{
    (void)state;
    const uint32_t room[] = {60, 15, 0, 4};
    struct today_candidate *all = crowd(3000, 4);
    struct today_pick *out = mem_alloc_array(3000, sizeof(*out));
    struct today_choice c = choice(all, 3000, room);
    size_t count = today_choose(&c, out), shown[4] = {0};
    for (size_t i = 0; i < count; i++) {
        shown[out[i].owner] += !out[i].withheld;
        assert_int_equal(out[i].rule, 0); /* there are enough of the best */
        if (i) assert_true(out[i].owner >= out[i - 1].owner);
    }
    for (int i = 0; i < 4; i++)
        assert_int_equal(shown[i], room[i]);
    mem_free(all);
    mem_free(out);
}

static void a_member_is_picked_once_by_the_best_reason(void **state)
{
    (void)state;
    const uint32_t room[] = {10};
    struct today_candidate all[] = {{5, 0, 1}, {5, 0, 2}, {6, 0, 1}, {5, 0, 0}, {6, 0, 2}};
    struct today_pick out[5];
    struct today_choice c = choice(all, 5, room);
    assert_int_equal(today_choose(&c, out), 2);
    assert_true(out[0].member == 5 && out[0].rule == 0);
    assert_true(out[1].member == 6 && out[1].rule == 2);
}

static void one_in_ten_is_withheld_whatever_the_reason(void **state)
{
    (void)state;
    const uint32_t room[] = {MANY};
    struct today_candidate *all = crowd(MANY, 1);
    struct today_pick *out = mem_alloc_array(MANY, sizeof(*out));
    struct today_choice c = choice(all, MANY, room);
    double withheld[3] = {0}, of[3] = {0};
    assert_int_equal(today_choose(&c, out), MANY);
    for (size_t i = 0; i < MANY; i++) {
        withheld[out[i].rule] += out[i].withheld;
        of[out[i].rule]++;
    }
    /* 13,333 of each: a standard deviation is 0.26 points */
    for (int rule = 0; rule < 3; rule++)
        assert_true(withheld[rule] / of[rule] > 0.09 && withheld[rule] / of[rule] < 0.11);
    mem_free(all);
    mem_free(out);
}

static void the_same_day_gives_the_same_lists_in_any_order(void **state)
{
    (void)state;
    const uint32_t room[] = {60, 15};
    struct today_candidate *all = crowd(500, 2);
    struct today_pick a[500], b[500];
    struct today_choice c = choice(all, 500, room);
    size_t count = today_choose(&c, a), same = 0;
    for (size_t i = 0; i < 250; i++) {
        struct today_candidate swap = all[i];
        all[i] = all[499 - i];
        all[499 - i] = swap;
    }
    assert_int_equal(today_choose(&c, b), count);
    for (size_t i = 0; i < count; i++)
        assert_true(a[i].member == b[i].member && a[i].withheld == b[i].withheld);
    c.day++;
    assert_true(today_choose(&c, b) > 0);
    for (size_t i = 0; i < 75; i++)
        same += a[i].member == b[i].member;
    assert_true(same < 20); /* of 75: another day, others of the same score */
    mem_free(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_list_is_longer_than_its_room_and_the_best_come_first),
        cmocka_unit_test(a_member_is_picked_once_by_the_best_reason),
        cmocka_unit_test(one_in_ten_is_withheld_whatever_the_reason),
        cmocka_unit_test(the_same_day_gives_the_same_lists_in_any_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
