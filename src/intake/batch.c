/* batch.c - two batches between two threads, under one lock. */
#include "intake/batch.h"

void belt_init(struct belt *b)
{
    *b = (struct belt){.empty_count = 0};
    pthread_mutex_init(&b->lock, NULL);
    pthread_cond_init(&b->moved, NULL);
    for (int i = 0; i < 2; i++) {
        b->batches[i].arena = arena_create(0);
        arena_retain(b->batches[i].arena, BATCH_BYTES);
    }
    belt_rearm(b);
}

void belt_finish(struct belt *b)
{
    for (int i = 0; i < 2; i++) {
        arena_destroy(b->batches[i].arena);
        VEC_FINISH(&b->batches[i].facts);
        VEC_FINISH(&b->batches[i].rows);
        VEC_FINISH(&b->batches[i].known);
        VEC_FINISH(&b->batches[i].rejects);
    }
    pthread_mutex_destroy(&b->lock);
    pthread_cond_destroy(&b->moved);
}

void belt_rearm(struct belt *b)
{
    b->stop = false;
    b->full_count = 0;
    b->empty_count = 2;
    b->empty[0] = &b->batches[0];
    b->empty[1] = &b->batches[1];
}

static void batch_reset(struct batch *batch)
{
    arena_reset(batch->arena);
    VEC_RESET(&batch->facts);
    VEC_RESET(&batch->rows);
    VEC_RESET(&batch->known);
    VEC_RESET(&batch->rejects);
    batch->counts = (struct import_counts){0};
    batch->row_end = 0;
    batch->by_time = false;
    batch->last = false;
    batch->err = ERR_OK;
    batch->note = (struct why){0};
}

struct batch *belt_take_empty(struct belt *b)
{
    struct batch *batch = NULL;
    pthread_mutex_lock(&b->lock);
    while (b->empty_count == 0 && !b->stop)
        pthread_cond_wait(&b->moved, &b->lock);
    if (!b->stop) batch = b->empty[--b->empty_count];
    pthread_mutex_unlock(&b->lock);
    if (batch) batch_reset(batch);
    return batch;
}

void belt_put_full(struct belt *b, struct batch *batch)
{
    pthread_mutex_lock(&b->lock);
    b->full[b->full_count++] = batch;
    pthread_cond_broadcast(&b->moved);
    pthread_mutex_unlock(&b->lock);
}

struct batch *belt_take_full(struct belt *b)
{
    pthread_mutex_lock(&b->lock);
    while (b->full_count == 0)
        pthread_cond_wait(&b->moved, &b->lock);
    struct batch *batch = b->full[0];
    b->full[0] = b->full[1];
    b->full_count--;
    pthread_mutex_unlock(&b->lock);
    return batch;
}

void belt_put_empty(struct belt *b, struct batch *batch)
{
    pthread_mutex_lock(&b->lock);
    b->empty[b->empty_count++] = batch;
    pthread_cond_broadcast(&b->moved);
    pthread_mutex_unlock(&b->lock);
}

void belt_stop(struct belt *b)
{
    pthread_mutex_lock(&b->lock);
    b->stop = true;
    pthread_cond_broadcast(&b->moved);
    pthread_mutex_unlock(&b->lock);
}
