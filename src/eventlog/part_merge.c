/* part_merge.c - several parts into one, row by row.
 *
 * A binary heap of cursors, least first by (persona, at, place in 'parts'): the place settles ties,
 * so rows of one moment stay in order of commit. */
#include <assert.h>

#include "base/mem.h"
#include "eventlog/part.h"

struct source {
    struct part_cursor *cursor;
    const struct event *ev; /* its next row */
    size_t place;           /* of the part among those merged */
};

struct merge {
    struct source *heap; /* heap[0] is least; heap[i] <= heap[2i + 1], heap[2i + 2] */
    size_t count;
};

static bool is_before(const struct source *a, const struct source *b)
{
    if (a->ev->persona != b->ev->persona) return a->ev->persona < b->ev->persona;
    if (a->ev->at != b->ev->at) return a->ev->at < b->ev->at;
    return a->place < b->place;
}

static void sift_down(struct merge *m, size_t i)
{
    struct source moved = m->heap[i];
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= m->count) break;
        if (child + 1 < m->count && is_before(&m->heap[child + 1], &m->heap[child])) child++;
        if (!is_before(&m->heap[child], &moved)) break;
        m->heap[i] = m->heap[child];
        i = child;
    }
    m->heap[i] = moved;
}

/* Open a cursor on each part that has rows. */
static enum err open_sources(struct merge *m, struct part *const *parts, size_t count,
                             struct why *why)
{
    m->heap = mem_alloc_array(count, sizeof(*m->heap));
    for (size_t i = 0; i < count; i++) {
        struct source *s = &m->heap[m->count];
        s->place = i;
        TRY(part_cursor_open(parts[i], &s->cursor, why));
        m->count++; /* from here on close_sources closes it */
        enum err err = part_cursor_next(s->cursor, &s->ev, why);
        if (err == ERR_NOT_FOUND) {
            part_cursor_close(s->cursor);
            m->count--;
        } else if (err != ERR_OK) {
            return err;
        }
    }
    for (size_t i = m->count / 2; i-- > 0;)
        sift_down(m, i);
    return ERR_OK;
}

static void close_sources(struct merge *m)
{
    for (size_t i = 0; i < m->count; i++)
        part_cursor_close(m->heap[i].cursor);
    mem_free(m->heap);
}

/* Move the least source to its next row, or out of the heap. */
static enum err advance(struct merge *m, struct why *why)
{
    struct source *least = &m->heap[0];
    enum err err = part_cursor_next(least->cursor, &least->ev, why);
    if (err == ERR_NOT_FOUND) {
        part_cursor_close(least->cursor);
        *least = m->heap[--m->count];
        err = ERR_OK;
    }
    if (err == ERR_OK && m->count > 1) sift_down(m, 0);
    return err;
}

static enum err write_rows(struct merge *m, struct part_writer *w, const atomic_bool *stop,
                           struct why *why)
{
    while (m->count) {
        if (stop && atomic_load_explicit(stop, memory_order_relaxed)) {
            return why_fail(why, ERR_UNAVAILABLE, MSG_STOPPING, "", NULL);
        }
        TRY(part_add(w, m->heap[0].ev, why));
        TRY(advance(m, why));
    }
    return ERR_OK;
}

enum err part_merge(struct part *const *parts, size_t count, const char *path,
                    const atomic_bool *stop, struct part_info *info, struct why *why)
{
    struct merge m = {0};
    struct part_writer *w = NULL;
    enum err err = open_sources(&m, parts, count, why);
    if (err == ERR_OK) err = part_create(path, &w, why);
    if (err == ERR_OK) err = write_rows(&m, w, stop, why);
    close_sources(&m);
    if (err == ERR_OK) return part_finish(w, info, why);
    part_abandon(w);
    return err;
}
