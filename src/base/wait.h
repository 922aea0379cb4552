/* wait.h - waiting on a condition until a moment of the monotonic clock, so that setting the wall
 * clock neither delays a thread nor wakes it. */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* The moment 'ms' milliseconds from now; a negative 'ms' is now. */
struct timespec wait_moment(int64_t ms);
/* pthread_cond_wait() until then at the latest: false when the moment has come. As with that
 * function, the caller holds 'lock' and looks again at what it waits for. */
bool wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, const struct timespec *moment);
/* Both in one, where one wait is enough. */
bool wait_ms(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t ms);
