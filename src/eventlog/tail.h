/* tail.h - the newest events, in memory until they are in a part.
 *
 * One writer appends and drops; any thread takes views. A view is an immutable set of chunks up to
 * a seq, counted by reference, so that dropping never disturbs a reader. */
#pragma once

#include "base/err.h"
#include "eventlog/event.h"
#include "eventlog/part.h"
#include "eventlog/tail_index.h"

struct tail;
struct tail_view;

struct tail *tail_create(void);
void tail_destroy(struct tail *t);
/* Append the events of one commit (copied). seqs must continue the last chunk's. */
void tail_append(struct tail *t, const struct event *events, size_t count, uint64_t first_seq);
/* Forget chunks that end at or before 'seq' (they are in a part now). */
void tail_drop(struct tail *t, uint64_t seq);
size_t tail_count(const struct tail *t);

/* Everything appended so far. Sorting is done on first use of a view's rows and shared by all views
 * of the same state. Release with tail_view_unref. */
struct tail_view *tail_view(struct tail *t);
void tail_view_unref(struct tail_view *v);
size_t tail_view_count(const struct tail_view *v);
/* The event of that seq; NULL: it is not in the view. */
const struct event *tail_view_seq(const struct tail_view *v, uint64_t seq);
/* Events sorted by (persona, at), ties in order of commit. Borrowed from the view. */
const struct event *const *tail_view_events(struct tail_view *v, size_t *count);
/* The same order as keys, whose places are those of tail_view_event. Borrowed from the view. */
const struct tail_key *tail_view_keys(struct tail_view *v, size_t *count);
const struct event *tail_view_event(const struct tail_view *v, uint32_t place);
/* The first and the last time; false when there are no events. */
bool tail_view_times(struct tail_view *v, int64_t *first, int64_t *last);
/* Events of one persona, sorted by at, ties in order of commit: a list that the caller frees. It
 * does not take the order of all. */
const struct event **tail_view_persona(const struct tail_view *v, uint32_t persona, size_t *count);
/* In order of commit, with the seq of the first. */
const struct event *const *tail_view_commits(struct tail_view *v, size_t *count,
                                             uint64_t *first_seq);
