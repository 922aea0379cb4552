/* asking_test.c - small groups, worked out by hand: who still waits for an answer. */
#include "groups/asking.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* 2026-03-02 00:00 in Shanghai, a Monday. */
#define DAY INT64_C(1772380800000)
#define AT(hour, minute) (DAY + (hour)*TIME_HOUR + (minute)*TIME_MINUTE)
#define ASK(when, who)                                                                             \
    {                                                                                              \
        .at = (when), .member = (who), .question = true                                            \
    }
#define TO(when, who, whom)                                                                        \
    {                                                                                              \
        .at = (when), .member = (who), .other = (whom)                                             \
    }

static struct asking_place place(void)
{
    return (struct asking_place){zone_open("Asia/Shanghai"), {9 * 60, 22 * 60}};
}

struct found {
    struct arena *arena;
    struct asking_open *open;
    size_t count;
};

static struct found find(const struct asking_message *messages, size_t count)
{
    struct asking_place p = place();
    struct found f = {.arena = arena_create(1 << 20)};
    f.count = asking_find(&p, messages, count, f.arena, &f.open);
    return f;
}

static void the_clock_of_a_question_starts_in_service_hours(void **state)
{
    (void)state;
    struct asking_place p = place();
    assert_int_equal(asking_clock(&p, AT(8, 59)), AT(9, 0));
    assert_int_equal(asking_clock(&p, AT(9, 0)), AT(9, 0));
    assert_int_equal(asking_clock(&p, AT(21, 59)), AT(21, 59));
    assert_int_equal(asking_clock(&p, AT(22, 0)), AT(33, 0));
    assert_int_equal(asking_clock(&p, AT(0, 0)), AT(9, 0));
    p.hours = (struct hours){0, 24 * 60};
    assert_int_equal(asking_clock(&p, AT(23, 59)), AT(23, 59));
}

static void only_service_hours_count_as_waiting(void **state)
{
    (void)state;
    struct asking_place p = place();
    assert_int_equal(asking_waited(&p, AT(10, 0), AT(10, 25)), 25 * TIME_MINUTE);
    assert_int_equal(asking_waited(&p, AT(21, 50), AT(33, 5)), 15 * TIME_MINUTE); /* 10 + 5 */
    assert_int_equal(asking_waited(&p, AT(22, 30), AT(32, 0)), 0);
    assert_int_equal(asking_waited(&p, AT(9, 0), AT(9 + 48, 0)), 26 * TIME_HOUR);
    assert_int_equal(asking_waited(&p, AT(11, 0), AT(10, 0)), 0);
}

static void a_question_is_open_until_somebody_speaks_to_the_asker(void **state)
{
    (void)state;
    const struct asking_message messages[] = {
        ASK(AT(10, 0), 1),
        ASK(AT(10, 1), 2),
        TO(AT(10, 2), 3, 1),
        TO(AT(10, 3), 2, 2), /* to oneself: no answer */
        {.at = AT(10, 4), .member = 4},
    };
    struct found f = find(messages, COUNT(messages));
    assert_int_equal(f.count, 1);
    assert_int_equal(f.open[0].message, 1);
    assert_int_equal(f.open[0].clock, AT(10, 1));
    arena_destroy(f.arena);
}

static void an_answer_answers_all_that_the_asker_had_asked(void **state)
{
    (void)state;
    const struct asking_message messages[] = {
        ASK(AT(10, 0), 1),
        ASK(AT(10, 1), 1),
        TO(AT(10, 40), 3, 1),
        ASK(AT(10, 41), 1),
    };
    struct found f = find(messages, COUNT(messages));
    assert_int_equal(f.count, 1);
    assert_int_equal(f.open[0].message, 3);
    arena_destroy(f.arena);
}

static void staff_answer_by_speaking_within_ten_minutes(void **state)
{
    (void)state;
    const struct asking_message messages[] = {
        ASK(AT(10, 0), 1),
        ASK(AT(10, 5), 2),
        {.at = AT(10, 11), .side = ASKING_STAFF}, /* too late for 1, in time for 2 */
        ASK(AT(11, 0), 3),
        {.at = AT(11, 1), .side = ASKING_STAFF, .promotion = true},
        ASK(AT(23, 0), 4), /* at night: the clock starts at 9:00 */
        {.at = AT(33, 10), .side = ASKING_STAFF},
    };
    struct found f = find(messages, COUNT(messages));
    assert_int_equal(f.count, 2);
    assert_int_equal(f.open[0].message, 0);
    assert_int_equal(f.open[1].message, 3);
    arena_destroy(f.arena);
}

static void who_asks_the_same_joins_and_answers_nothing(void **state)
{
    (void)state;
    const struct asking_message messages[] = {
        ASK(AT(10, 0), 1),
        {.at = AT(10, 1), .member = 2, .other = 1, .joins = true},
        {.at = AT(10, 2), .member = 1, .joins = true},  /* the asker cannot join */
        {.at = AT(10, 31), .member = 3, .joins = true}, /* too late to join */
    };
    struct found f = find(messages, COUNT(messages));
    assert_int_equal(f.count, 1);
    assert_int_equal(f.open[0].joined, 1);
    arena_destroy(f.arena);
}

static void an_answer_to_who_joined_is_one_to_the_question(void **state)
{
    (void)state;
    const struct asking_message messages[] = {
        ASK(AT(10, 0), 1),
        {.at = AT(10, 1), .member = 2, .joins = true},
        TO(AT(10, 2), 3, 2),
    };
    struct found f = find(messages, COUNT(messages));
    assert_int_equal(f.count, 0);
    arena_destroy(f.arena);
}

static void bots_and_staff_ask_nothing_and_bots_answer_nothing(void **state)
{
    (void)state;
    const struct asking_message messages[] = {
        {.at = AT(10, 0), .member = 9, .side = ASKING_BOT, .question = true},
        {.at = AT(10, 1), .member = 8, .side = ASKING_STAFF, .question = true},
        ASK(AT(10, 20), 1),
        {.at = AT(10, 21), .member = 9, .other = 1, .side = ASKING_BOT},
        {.at = AT(10, 22), .member = 0, .question = true}, /* nobody is known to have said it */
    };
    struct found f = find(messages, COUNT(messages));
    assert_int_equal(f.count, 1);
    assert_int_equal(f.open[0].message, 2);
    arena_destroy(f.arena);
}

static void no_messages_leave_no_questions(void **state)
{
    (void)state;
    struct found f = find(NULL, 0);
    assert_int_equal(f.count, 0);
    arena_destroy(f.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_clock_of_a_question_starts_in_service_hours),
        cmocka_unit_test(only_service_hours_count_as_waiting),
        cmocka_unit_test(a_question_is_open_until_somebody_speaks_to_the_asker),
        cmocka_unit_test(an_answer_answers_all_that_the_asker_had_asked),
        cmocka_unit_test(staff_answer_by_speaking_within_ten_minutes),
        cmocka_unit_test(who_asks_the_same_joins_and_answers_nothing),
        cmocka_unit_test(an_answer_to_who_joined_is_one_to_the_question),
        cmocka_unit_test(bots_and_staff_ask_nothing_and_bots_answer_nothing),
        cmocka_unit_test(no_messages_leave_no_questions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
