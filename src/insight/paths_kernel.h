/* paths_kernel.h - what members do next to an anchor: the kinds of the events after or before it.
 *
 * Selector 0 is the anchor; the path is made of all rows of the sight. One path an anchor,
 * at most 'depth' kinds long, in order away from the anchor. */
#pragma once

#include "base/limits.h"
#include "base/vec.h"
#include "insight/kernel.h"

struct paths_settings {
    bool before;    /* walk back in time */
    uint32_t depth; /* 1 .. LIMIT_PATH_DEPTH */
    int64_t within; /* ms from the anchor, closed; INT64_MAX: no end */
    bool fold;      /* leave out an event of the same kind as the one before it in the path */
};

struct path {
    uint16_t kinds[LIMIT_PATH_DEPTH]; /* 0 behind the last */
    uint32_t last;                    /* the member counted last */
    uint64_t members;
    uint64_t occurrences;
};

/* A path that is still to be looked up. */
struct found {
    uint16_t kinds[LIMIT_PATH_DEPTH]; /* 0 behind the last */
    uint32_t member;
};
#define PATHS_FOUND_MAX 64

struct paths {
    const struct paths_settings *settings;
    VEC(struct path) list; /* in order of first sight */
    uint32_t *slots;       /* 1 + index in 'list', by hash; 0 = free */
    size_t mask;           /* slots - 1 */
    VEC(uint32_t) next;    /* of the member at hand, when folding: place that follows each */
    struct found found[PATHS_FOUND_MAX];
    uint32_t found_count;
    uint64_t occurrences; /* of anchors */
    uint64_t ended;       /* anchors whose path is shorter than 'depth' */
};

/* Settings are struct paths_settings, the kernel is a struct paths. */
extern const struct kernel_type paths_kernel;
