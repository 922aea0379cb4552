/* sweep.h - one pass over the log for a query: each run is woven with derived events, filtered by
 * member, sifted, and given to the worker's kernel. */
#pragma once

#include "insight/kernel.h"
#include "insight/plan.h"

struct sweep {
    struct plan *plan;
    int64_t from, to; /* rows outside [from, to) do not matter */
    /* Of a member's rows before this time the kernel needs no more than whether there is one; 0: it
     * needs them all. */
    int64_t brief_before;
    /* Of a row's time the kernel needs no more than which of these it is not before; NULL: it needs
     * the time. */
    const int64_t *bounds;
    size_t bound_count;
    bool members_only; /* events without member are not wanted */
    bool every_kind;   /* rows of no selector are wanted too (SIGHT_SEEN) */
    bool unsifted;     /* the kernel reads the history and 'keep' alone, of every kind */
    bool who_only;     /* the kernel reads who is kept alone */
    bool kindless;     /* the kernel does not look at kinds */
    bool pieces;       /* the kernel does not mind a member in several pieces */
    bool spans;        /* the kernel puts members together that come in several runs */
};

/* Run one kernel a worker and merge them into 'out', which has room for one and is the caller's to
 * finish. ERR_TOO_LARGE when the kernels grow over the budget. */
MUST_CHECK enum err sweep_run(const struct sweep *s, const struct kernel_type *type,
                              const void *settings, void *out, struct why *why);
