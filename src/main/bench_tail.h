/* bench_tail.h - events that are acknowledged and in no part yet. */
#pragma once

#include "brand/brand.h"

/* Fewer than what the compactor would make a part of by itself. */
#define BENCH_TAIL_MAX 130000

/* Commit 'count' events of members 1 .. 'members', in the last hour of the bench's time. */
MUST_CHECK enum err bench_tail_fill(struct brand *b, uint64_t count, uint64_t members,
                                    struct why *why);
/* Commit one more, behind the bench's time: no answer has it, but no question finds the tail as the
 * one before it did. */
MUST_CHECK enum err bench_tail_touch(struct brand *b, struct why *why);
/* Make a part of the tail. */
MUST_CHECK enum err bench_tail_seal(struct brand *b, struct why *why);
