/* bench_threads.h - the same work on several pieces at once. */
#pragma once

#include <stddef.h>

#define BENCH_THREADS_MAX 16

/* Call fn with each of 'count' pieces of 'size' bytes, each on a thread of its own, the first on
 * the caller's; those that no thread can be had for come behind it. 1 <= count <=
 * BENCH_THREADS_MAX. */
void bench_threads_run(void (*fn)(void *piece), void *pieces, size_t size, int count);
