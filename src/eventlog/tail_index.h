/* tail_index.h - the order of a tail's events by (persona, at), ties in order of commit.
 *
 * An index is immutable and counted by reference. The next one is made from it: what both hold is
 * taken over in order, only what is new is sorted. Any thread. */
#pragma once

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "eventlog/event.h"

/* What most questions need of an event, so that they need not go where it lies. */
struct tail_key {
    uint64_t at : 48;   /* of the event: 0 .. EVENT_AT_MAX */
    uint64_t kind : 16; /* of the event */
    uint32_t persona;   /* of the event */
    uint32_t place;     /* seq - first_seq of the index */
};

static inline struct tail_key tail_key_of(const struct event *ev, size_t place)
{
    const uint64_t times = (UINT64_C(1) << 48) - 1;
    return (struct tail_key){(uint64_t)ev->at & times, ev->kind, ev->persona, (uint32_t)place};
}

struct tail_index {
    atomic_uint refs;       /* the last one frees */
    uint64_t first_seq;     /* of the oldest event in it */
    size_t count;           /* events in it, which have seqs first_seq, first_seq + 1 ... */
    int64_t at_min, at_max; /* of them; INT64_MAX and INT64_MIN when there are none */
    struct tail_key keys[]; /* in order */
};

/* How many of the events from 'first_seq' on are in 'seed', which may be NULL. */
size_t tail_index_kept(const struct tail_index *seed, uint64_t first_seq);
/* Of the events from 'first_seq' on: those in 'seed', an earlier index of the same tail or NULL,
 * and 'count' more, given in order of commit. The caller holds one reference. */
struct tail_index *tail_index_create(const struct tail_index *seed, const struct event *const *more,
                                     size_t count, uint64_t first_seq);
/* Sort 'keys', stably; 'spare' is as large. Whichever of the two holds the result. */
struct tail_key *tail_keys_sort(struct tail_key *keys, struct tail_key *spare, size_t count);
struct tail_index *tail_index_ref(struct tail_index *index); /* NULL is allowed */
void tail_index_unref(struct tail_index *index);             /* NULL is allowed */
