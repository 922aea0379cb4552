/* funnel_any.c - steps in any order: an attempt is a window that begins at an event, its depth the
 * number of steps that events in the window can serve, one each.
 *
 * Which events can serve together is a matching of events to steps. Walking forward, the matching
 * keeps the latest events that it can: a new event that finds no free step pushes out the oldest
 * one whose place can be passed on to it. Such a matching is largest in every window that ends
 * here, so that after dropping what is older than the window its size is the depth. The first row
 * at which the greatest depth appears is 'done'; the earliest attempt of that depth starts at the
 * first event whose window holds 'done', and its times are those of a matching that keeps the
 * earliest. */
#include "insight/funnel_kernel.h"

struct served {
    uint32_t row;  /* of the event */
    uint32_t mask; /* steps that it could serve */
    int64_t at;
};

struct matching {
    uint32_t taken;                       /* bits of the steps served */
    struct served by[LIMIT_FUNNEL_STEPS]; /* the event that serves each */
    int8_t via[LIMIT_FUNNEL_STEPS];       /* while searching: the step that led here, -1 = none */
};

static uint32_t lowest(uint32_t bits)
{
    return (uint32_t)__builtin_ctz(bits);
}

/* Every step that 'mask' can reach by passing on places; stops at a free one. Fills m->via. */
static uint32_t reach(struct matching *m, uint32_t mask)
{
    uint32_t reached = mask;
    for (uint32_t bits = mask; bits != 0; bits &= bits - 1) {
        m->via[lowest(bits)] = -1;
    }
    for (uint32_t todo = mask; todo != 0 && (reached & ~m->taken) == 0;) {
        uint32_t step = lowest(todo);
        todo &= todo - 1;
        uint32_t fresh = m->by[step].mask & ~reached;
        for (uint32_t bits = fresh; bits != 0; bits &= bits - 1) {
            m->via[lowest(bits)] = (int8_t)step;
        }
        reached |= fresh;
        todo |= fresh;
    }
    return reached;
}

/* Give 'step' to whoever the search came from, and so on back to the new event. */
static void pass_on(struct matching *m, uint32_t step, struct served event)
{
    m->taken |= UINT32_C(1) << step;
    for (; m->via[step] >= 0; step = (uint32_t)m->via[step]) {
        m->by[step] = m->by[m->via[step]];
    }
    m->by[step] = event;
}

/* Take the event if a step can be freed for it. */
static bool add_earliest(struct matching *m, struct served event)
{
    uint32_t reached = reach(m, event.mask);
    uint32_t free_steps = reached & ~m->taken;
    if (free_steps == 0) return false;
    pass_on(m, lowest(free_steps), event);
    return true;
}

/* Take the event, pushing out the oldest one that it can stand for. */
static void add_latest(struct matching *m, struct served event)
{
    uint32_t reached = reach(m, event.mask);
    uint32_t free_steps = reached & ~m->taken;
    uint32_t step = lowest(free_steps ? free_steps : reached);
    for (uint32_t bits = free_steps ? 0 : reached; bits != 0; bits &= bits - 1) {
        if (m->by[lowest(bits)].row < m->by[step].row) step = lowest(bits);
    }
    pass_on(m, step, event);
}

static void drop_older(struct matching *m, int64_t at)
{
    for (uint32_t bits = m->taken; bits != 0; bits &= bits - 1) {
        if (m->by[lowest(bits)].at < at) m->taken ^= UINT32_C(1) << lowest(bits);
    }
}

static uint32_t any_depth(const struct funnel_settings *f, const struct sight *s, uint32_t from,
                          uint32_t to, uint32_t *done)
{
    const int64_t *at = s->at;
    uint32_t all = (UINT32_C(1) << f->steps) - 1;
    struct matching m = {0};
    uint32_t depth = 0;
    for (uint32_t i = from; i < to && depth < f->steps; i++) {
        uint32_t mask = sight_mask(s, i) & all;
        if (mask == 0) continue;
        drop_older(&m, at[i] - f->window);
        add_latest(&m, (struct served){i, mask, at[i]});
        uint32_t size = (uint32_t)__builtin_popcount(m.taken);
        if (size <= depth) continue;
        depth = size;
        *done = i;
    }
    return depth;
}

void funnel_any(const struct funnel_settings *f, const struct sight *s, uint32_t from, uint32_t to,
                struct attempt *out)
{
    const int64_t *at = s->at;
    uint32_t all = (UINT32_C(1) << f->steps) - 1;
    uint32_t done = 0;
    uint32_t depth = any_depth(f, s, from, to, &done);
    struct matching m = {0};
    uint32_t k = 0;
    for (uint32_t i = from; k < depth; i++) {
        uint32_t mask = sight_mask(s, i) & all;
        if (mask == 0 || at[done] - at[i] > f->window) continue;
        if (!add_earliest(&m, (struct served){i, mask, at[i]})) continue;
        if (k == 0) out->place = i;
        out->at[k++] = at[i];
    }
    out->depth = depth;
}
