/* wait_test.c - a wait ends at its moment, or when it is woken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/env.h"
#include "base/wait.h"

struct waiting {
    pthread_mutex_t lock;
    pthread_cond_t cond;
    bool ready;
};

static void *make_ready(void *arg)
{
    struct waiting *w = arg;
    pthread_mutex_lock(&w->lock);
    w->ready = true;
    pthread_cond_signal(&w->cond);
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

static void a_wait_ends_at_its_moment_and_not_before(void **state)
{
    (void)state;
    struct waiting w = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false};
    uint64_t before = env_mono_ns(env_system());
    struct timespec moment = wait_moment(20);
    pthread_mutex_lock(&w.lock);
    while (wait_until(&w.cond, &w.lock, &moment))
        continue;
    pthread_mutex_unlock(&w.lock);
    assert_true(env_mono_ns(env_system()) - before >= 20 * UINT64_C(1000000));
}

static void a_moment_that_has_passed_is_not_waited_for(void **state)
{
    (void)state;
    struct waiting w = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false};
    pthread_mutex_lock(&w.lock);
    assert_false(wait_ms(&w.cond, &w.lock, 0));
    assert_false(wait_ms(&w.cond, &w.lock, INT64_MIN));
    pthread_mutex_unlock(&w.lock);
}

static void a_signal_ends_it_before(void **state)
{
    (void)state;
    struct waiting w = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false};
    pthread_t thread;
    struct timespec moment = wait_moment(INT64_C(600000));
    pthread_mutex_lock(&w.lock);
    assert_int_equal(pthread_create(&thread, NULL, make_ready, &w), 0);
    while (!w.ready)
        assert_true(wait_until(&w.cond, &w.lock, &moment));
    pthread_mutex_unlock(&w.lock);
    pthread_join(thread, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wait_ends_at_its_moment_and_not_before),
        cmocka_unit_test(a_moment_that_has_passed_is_not_waited_for),
        cmocka_unit_test(a_signal_ends_it_before),
    };
    return cmocka_run_group_tests_name("wait", tests, NULL, NULL);
}
