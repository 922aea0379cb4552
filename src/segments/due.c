/* due.c - when to look at members again: a heap of (moment, member), the earliest first.
 *
 * r->due says the moment that holds of each member; an entry that says another is passed over. */
#include "segments/internal.h"

static void sift_down(struct due *heap, size_t count)
{
    size_t i = 0;
    for (;;) {
        size_t least = i;
        for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < count; child++) {
            if (heap[child].at < heap[least].at) least = child;
        }
        if (least == i) return;
        struct due swap = heap[i];
        heap[i] = heap[least];
        heap[least] = swap;
        i = least;
    }
}

void due_push(struct room *r, uint32_t member, int64_t at)
{
    VEC_PUSH(&r->heap, ((struct due){at, member}));
    struct due *heap = r->heap.items;
    for (size_t i = r->heap.count - 1; i > 0 && heap[(i - 1) / 2].at > heap[i].at;) {
        size_t up = (i - 1) / 2;
        struct due swap = heap[i];
        heap[i] = heap[up];
        heap[up] = swap;
        i = up;
    }
}

void due_pop(struct room *r)
{
    r->heap.items[0] = r->heap.items[--r->heap.count];
    sift_down(r->heap.items, r->heap.count);
}

int64_t due_of(const struct room *r, uint32_t member)
{
    return member < r->due.count ? r->due.items[member] : TIME_NONE;
}

int64_t due_next(struct room *r)
{
    while (r->heap.count && due_of(r, r->heap.items[0].member) != r->heap.items[0].at)
        due_pop(r);
    return r->heap.count ? r->heap.items[0].at : TIME_NONE;
}

/* 'whole': all expressions were asked, so that it may come later too. */
void due_set(struct room *r, uint32_t member, int64_t due, bool whole)
{
    int64_t old = due_of(r, member);
    if (!whole && (due == TIME_NONE || (old != TIME_NONE && old <= due))) return;
    if (old == due) return;
    pthread_mutex_lock(&r->lock);
    room_set_due(r, member, due);
    pthread_mutex_unlock(&r->lock);
    if (due != TIME_NONE) due_push(r, member, due);
}
