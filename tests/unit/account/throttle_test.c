/* throttle_test.c - attempts that fail have to wait, and nobody can lock somebody else out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "account/throttle.h"
#include "base/time.h"

#define HOME STR("192.0.2.1")

struct world {
    struct env_sim env;
    struct throttle *t;
};

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    env_sim_init(&w->env, INT64_C(1735700000000), 3);
    w->t = throttle_create(&w->env.env);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    throttle_destroy(w->t);
    free(w);
    return 0;
}

/* Fail as soon as may be; the seconds that took. */
static int fail_once(struct world *w, struct str name, struct str address)
{
    int waited = 0, wait;
    while ((wait = throttle_begin(w->t, name, address)) > 0) {
        waited += wait;
        w->env.now_ms += wait * TIME_SECOND;
    }
    return waited;
}

static void a_name_from_one_place_waits_longer_and_longer(void **state)
{
    struct world *w = *state;
    static const int expected[] = {0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60};
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
        assert_int_equal(fail_once(w, STR("lily"), HOME), expected[i]);
    assert_int_equal(throttle_begin(w->t, STR("lily"), HOME), 60);
    w->env.now_ms += 59 * TIME_SECOND;
    assert_int_equal(throttle_begin(w->t, STR("lily"), HOME), 1);
}

static void waiting_is_no_attempt(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 6; i++)
        fail_once(w, STR("lily"), HOME);
    for (int i = 0; i < 50; i++)
        assert_int_equal(throttle_begin(w->t, STR("lily"), HOME), 2);
}

static void being_right_starts_anew(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 8; i++)
        fail_once(w, STR("lily"), HOME);
    throttle_right(w->t, STR("lily"), HOME);
    for (int i = 0; i < 5; i++)
        assert_int_equal(throttle_begin(w->t, STR("lily"), HOME), 0);
}

static void nobody_can_lock_somebody_else_out(void **state)
{
    struct world *w = *state;
    char address[32];
    for (int i = 0; i < 500; i++) {
        snprintf(address, sizeof(address), "198.51.100.%d", i);
        fail_once(w, STR("lily"), str_of(address));
    }
    int wait = throttle_begin(w->t, STR("lily"), HOME);
    assert_true(wait > 0 && wait <= THROTTLE_NAME_WAIT);
    assert_int_equal(throttle_begin(w->t, STR("rose"), HOME), 0);
}

static void an_address_that_tries_many_names_waits(void **state)
{
    struct world *w = *state;
    char name[32];
    int waited = 0;
    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof(name), "name%d", i);
        waited += fail_once(w, str_of(name), HOME);
    }
    assert_true(waited > 5 * 60);
    assert_int_equal(throttle_begin(w->t, STR("rose"), STR("203.0.113.5")), 0);
}

static void a_quarter_of_an_hour_of_silence_is_forgotten(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 12; i++)
        fail_once(w, STR("lily"), HOME);
    w->env.now_ms += 15 * TIME_MINUTE + 1;
    for (int i = 0; i < 5; i++)
        assert_int_equal(throttle_begin(w->t, STR("lily"), HOME), 0);
}

static void a_flood_of_names_pushes_no_certain_one_out(void **state)
{
    struct world *w = *state;
    char name[32], address[32];
    for (int i = 0; i < 12; i++)
        fail_once(w, STR("lily"), HOME);
    for (int i = 0; i < 2000; i++) {
        snprintf(name, sizeof(name), "flood%d", i);
        snprintf(address, sizeof(address), "10.%d.%d.1", i / 250, i % 250);
        assert_int_equal(throttle_begin(w->t, str_of(name), str_of(address)), 0);
    }
    assert_int_equal(throttle_begin(w->t, STR("lily"), HOME), 60);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_name_from_one_place_waits_longer_and_longer),
        TEST(waiting_is_no_attempt),
        TEST(being_right_starts_anew),
        TEST(nobody_can_lock_somebody_else_out),
        TEST(an_address_that_tries_many_names_waits),
        TEST(a_quarter_of_an_hour_of_silence_is_forgotten),
        TEST(a_flood_of_names_pushes_no_certain_one_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
