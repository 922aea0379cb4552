/* bench_threads.c - see bench_threads.h. */
#include "main/bench_threads.h"

#include <assert.h>
#include <pthread.h>

struct call {
    pthread_t thread;
    void (*fn)(void *piece);
    void *piece;
};

static void *call_main(void *arg)
{
    struct call *call = arg;
    call->fn(call->piece);
    return NULL;
}

void bench_threads_run(void (*fn)(void *piece), void *pieces, size_t size, int count)
{
    struct call calls[BENCH_THREADS_MAX];
    int started = 1;
    assert(count >= 1 && count <= BENCH_THREADS_MAX);
    for (int i = 0; i < count; i++)
        calls[i] = (struct call){.fn = fn, .piece = (char *)pieces + (size_t)i * size};
    while (started < count &&
           pthread_create(&calls[started].thread, NULL, call_main, &calls[started]) == 0)
        started++;
    fn(calls[0].piece);
    for (int i = 1; i < started; i++)
        pthread_join(calls[i].thread, NULL);
    for (int i = started; i < count; i++)
        fn(calls[i].piece);
}
