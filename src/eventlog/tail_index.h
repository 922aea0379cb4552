/* tail_index.h - the order of a tail's events by (persona, at), ties in order of commit.
 *
 * An index is immutable and counted by reference. The next one is made from it: what both hold is
 * taken over in order, only what is new is sorted. Any thread. */
#pragma once

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "eventlog/event.h"

struct tail_key {
    int64_t at;       /* of the event */
    uint32_t persona; /* of the event */
    uint32_t place;   /* seq - first_seq of the index */
};

struct tail_index {
    atomic_uint refs;       /* the last one frees */
    uint64_t first_seq;     /* of the oldest event in it */
    size_t count;           /* events in it, which have seqs first_seq, first_seq + 1 ... */
    struct tail_key keys[]; /* in order */
};

/* Of 'count' events given in order of commit. 'seed' is an earlier index of the same tail that ends
 * at or before the last of them, or NULL. The caller holds one reference. */
struct tail_index *tail_index_create(const struct tail_index *seed,
                                     const struct event *const *events, size_t count,
                                     uint64_t first_seq);
/* Sort 'keys', stably; 'spare' is as large. Whichever of the two holds the result. */
struct tail_key *tail_keys_sort(struct tail_key *keys, struct tail_key *spare, size_t count);
struct tail_index *tail_index_ref(struct tail_index *index); /* NULL is allowed */
void tail_index_unref(struct tail_index *index);             /* NULL is allowed */
