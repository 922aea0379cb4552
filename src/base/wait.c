/* wait.c - see wait.h. */
#include "base/wait.h"

#include <errno.h>
#include <time.h>

#include "base/env.h"

#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S INT64_C(1000000000)

struct timespec wait_moment(int64_t ms)
{
    int64_t ns = (int64_t)env_mono_ns(env_system()) + (ms > 0 ? ms : 0) * NS_PER_MS;
    return (struct timespec){.tv_sec = (time_t)(ns / NS_PER_S), .tv_nsec = (long)(ns % NS_PER_S)};
}

bool wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, const struct timespec *moment)
{
    return pthread_cond_clockwait(cond, lock, CLOCK_MONOTONIC, moment) != ETIMEDOUT;
}

bool wait_ms(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t ms)
{
    struct timespec moment = wait_moment(ms);
    return wait_until(cond, lock, &moment);
}
