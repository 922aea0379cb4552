/* funnel_kernel.h - how far each member comes through the steps of a funnel.
 *
 * Bit k of a mask says that the row matches step k. A member counts once, with the attempt that
 * goes furthest, the earliest of equals. An event serves one step at most; the window is closed: an
 * event at exactly first + window counts. Time is linear in rows, whatever the rows are. */
#pragma once

#include "base/limits.h"
#include "base/vec.h"
#include "insight/kernel.h"
#include "insight/keys.h"

enum funnel_mode { FUNNEL_ORDERED, FUNNEL_STRICT, FUNNEL_ANY };

struct funnel_settings {
    enum funnel_mode mode;
    uint32_t steps;                /* 2 .. LIMIT_FUNNEL_STEPS */
    int64_t window;                /* ms from the first step */
    const struct key_field *field; /* of the first step; KEYS_NONE: no breakdown */
};

/* One member's best attempt. */
struct attempt {
    uint32_t depth;                 /* steps done; 0: none */
    uint32_t place;                 /* of the first, in the sight */
    int64_t at[LIMIT_FUNNEL_STEPS]; /* of each step done */
};

/* Places from .. to-1 are one member's. */
void funnel_ordered(const struct funnel_settings *f, const struct sight *s, uint32_t from,
                    uint32_t to, struct attempt *out);
void funnel_strict(const struct funnel_settings *f, const struct sight *s, uint32_t from,
                   uint32_t to, struct attempt *out);
void funnel_any(const struct funnel_settings *f, const struct sight *s, uint32_t from, uint32_t to,
                struct attempt *out);

struct funnel_group {
    uint64_t depth[LIMIT_FUNNEL_STEPS]; /* [k] members whose attempt has k + 1 steps */
};

struct funnel_time {
    uint32_t key;  /* id */
    uint32_t step; /* 1 ..: it took 'ms' since the step before */
    int64_t ms;
};

struct funnel {
    const struct funnel_settings *settings;
    struct keys *keys;
    VEC(struct funnel_group) groups; /* by key */
    VEC(struct funnel_time) times;   /* in no order */
};

/* Settings are struct funnel_settings, the kernel is a struct funnel. */
extern const struct kernel_type funnel_kernel;
