/* part_merge.c - several parts and the events of a tail into one, row by row.
 *
 * A binary heap of sources, least first by (persona, at, place): the place is that among the parts,
 * the events come last. It settles ties, so rows of one moment stay in order of commit. */
#include <assert.h>

#include "base/mem.h"
#include "eventlog/part.h"

struct source {
    struct part_cursor *cursor;        /* of a part; NULL = events */
    const struct event *const *events; /* those that follow 'ev' */
    size_t left;                       /* of events */
    const struct event *ev;            /* its next row */
    size_t place;                      /* in order of commit */
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

/* Move to the next row; ERR_NOT_FOUND behind the last. */
static enum err next_row(struct source *s, struct why *why)
{
    if (s->cursor) return part_cursor_next(s->cursor, &s->ev, why);
    if (s->left == 0) return ERR_NOT_FOUND;
    events_fetch_ahead(s->events, s->left);
    s->ev = *s->events++;
    s->left--;
    return ERR_OK;
}

/* Take a source in if it has rows; it is closed with the heap, or here. */
static enum err add_source(struct merge *m, struct source s, struct why *why)
{
    enum err err = next_row(&s, why);
    if (err != ERR_OK) {
        part_cursor_close(s.cursor);
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    }
    m->heap[m->count++] = s;
    return ERR_OK;
}

static enum err open_sources(struct merge *m, const struct part_sources *from, struct why *why)
{
    m->heap = mem_alloc_array(from->part_count + 1, sizeof(*m->heap));
    for (size_t i = 0; i < from->part_count; i++) {
        struct source s = {.place = i};
        TRY(part_cursor_open(from->parts[i], &s.cursor, why));
        TRY(add_source(m, s, why));
    }
    TRY(add_source(m,
                   (struct source){.events = from->events,
                                   .left = from->event_count,
                                   .place = from->part_count},
                   why));
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
    enum err err = next_row(least, why);
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

enum err part_merge(const struct part_sources *from, const char *path, const atomic_bool *stop,
                    struct part_info *info, struct why *why)
{
    struct merge m = {0};
    struct part_writer *w = NULL;
    enum err err = open_sources(&m, from, why);
    if (err == ERR_OK) err = part_create(path, &w, why);
    if (err == ERR_OK) err = write_rows(&m, w, stop, why);
    close_sources(&m);
    if (err == ERR_OK) return part_finish(w, info, why);
    part_abandon(w);
    return err;
}
