/* part_crew.h - the groups of a part on their way to bytes: filled one after the other, encoded by
 * the caller and by helpers if there are any, handed back in order.
 *
 * One thread calls; the helpers are the crew's own and touch a bundle only between crew_submit and
 * the crew_take that hands it back. With few bundles memory is bounded: when all are full the
 * caller encodes, too. */
#pragma once

#include "eventlog/part_group.h"

#define CREW_HELPERS_MAX 15

/* Up to PART_GROUP_ROWS rows, by level, and then the chunks they became. */
struct bundle {
    struct group_buffer *level[PART_LEVELS_MAX]; /* NULL until it has a row */
    uint32_t rows;                               /* of all levels */
    struct strbuf out;                           /* their chunks */
    struct footer footer;                        /* of these, as if they began at byte 0 */
    enum { BUNDLE_FILLING, BUNDLE_FULL, BUNDLE_TAKEN, BUNDLE_DONE } state; /* under the lock */
};

struct crew;
/* 'helpers' <= CREW_HELPERS_MAX; as many as can be started. 'forms' is borrowed by the bundles. */
struct crew *crew_create(struct prop_forms *forms, unsigned helpers);
void crew_destroy(struct crew *c); /* NULL is allowed */

/* The bundle to fill, empty at first. */
struct bundle *crew_bundle(struct crew *c);
/* The rows of a level of it. */
struct group_buffer *crew_level(struct crew *c, uint32_t level);
/* It is full: have it encoded. crew_take has to be called before the next is filled. */
void crew_submit(struct crew *c);
/* The caller's own. */
struct codec_writer *crew_codec(struct crew *c);
/* The next encoded bundle, good until a row is added. NULL when none has to be waited for: there is
 * one to fill, or with 'all', every one was handed back. */
struct bundle *crew_take(struct crew *c, bool all);
