/* funnel_kernel.c - the ordered and the strict mode, and the tables.
 *
 * Ordered: start[k] is the latest first step of all chains that have reached step k; a chain that
 * started later has more window left, so no other needs to be kept. That gives the depth and
 * 'done', the place where it was first reached. Chains do not overtake each other: one that starts
 * earlier is done no later. So the earliest attempt of that depth starts at the first step-0 place
 * whose window still holds 'done', and taking each next match from there finds its times. */
#include "insight/funnel_kernel.h"

static uint32_t step_bits(const struct funnel_settings *f)
{
    return (UINT32_C(1) << f->steps) - 1;
}

/* 'other' where 'turn' holds, else 'v': arithmetic, as the compiler makes a branch of a choice. */
static inline uint32_t turn_to(uint32_t v, uint32_t other, bool turn)
{
    return v ^ ((v ^ other) & (0 - (uint32_t)turn));
}

/* The depth, and the place where it was first reached. Which steps come next nobody can guess, so
 * that nothing branches on them: chain[k] is where chains of k steps started, chain[0] the row at
 * hand, NOWHERE where chains go that do not. */
static uint32_t ordered_depth(const struct funnel_settings *f, const struct sight *s, uint32_t from,
                              uint32_t to, uint32_t *done)
{
    enum { NOWHERE = LIMIT_FUNNEL_STEPS + 1 };
    const int64_t *at = s->at;
    int64_t chain[NOWHERE + 1];
    uint32_t bits = step_bits(f), depth = 0, last = from;
    for (uint32_t k = 0; k <= f->steps; k++)
        chain[k] = 0;
    for (uint32_t i = from; i < to && depth < f->steps; i++) {
        chain[0] = at[i];
        /* Later steps first, or one event would serve two. */
        for (uint32_t left = sight_mask(s, i) & bits; left != 0;) {
            uint32_t k = 31 - (uint32_t)__builtin_clz(left);
            int64_t start = chain[k];
            bool goes = (k <= depth) & (at[i] - start <= f->window);
            bool deeper = goes & (k == depth);
            chain[turn_to(NOWHERE, k + 1, goes)] = start;
            last = turn_to(last, i, deeper);
            depth += deeper;
            left ^= UINT32_C(1) << k;
        }
    }
    *done = last;
    return depth;
}

void funnel_ordered(const struct funnel_settings *f, const struct sight *s, uint32_t from,
                    uint32_t to, struct attempt *out)
{
    const int64_t *at = s->at;
    uint32_t done = 0;
    uint32_t depth = ordered_depth(f, s, from, to, &done);
    uint32_t k = 0;
    out->depth = depth;
    out->place = done;
    out->at[0] = at[done];
    if (depth < 2) return;
    /* The first step is at most the window before the last. */
    uint32_t i = history_row_at(at, from, done, at[done] - f->window);
    for (; k < depth; i++) {
        bool next = sight_mask(s, i) >> k & 1;
        out->place = k == 0 ? i : out->place;
        out->at[k] = at[i];
        k += next;
    }
}

/* The steps of the attempt that starts at place 'i', each the member's very next event. */
static uint32_t walk_strict(const struct funnel_settings *f, const struct sight *s, uint32_t i,
                            uint32_t to, int64_t *times)
{
    const int64_t *at = s->at;
    uint32_t k = 1;
    times[0] = at[i];
    for (uint32_t j = i + 1; j < to && k < f->steps; j++) {
        if ((sight_mask(s, j) >> k & 1) == 0 || at[j] - at[i] > f->window) break;
        times[k++] = at[j];
    }
    return k;
}

void funnel_strict(const struct funnel_settings *f, const struct sight *s, uint32_t from,
                   uint32_t to, struct attempt *out)
{
    int64_t times[LIMIT_FUNNEL_STEPS];
    out->depth = 0;
    for (uint32_t i = from; i < to && out->depth < f->steps; i++) {
        if ((sight_mask(s, i) & 1) == 0) continue;
        uint32_t depth = walk_strict(f, s, i, to, times);
        if (depth <= out->depth) continue;
        out->depth = depth;
        out->place = i;
        memcpy(out->at, times, depth * sizeof(times[0]));
    }
}

static void init(void *kernel, const void *settings)
{
    struct funnel *f = kernel;
    *f = (struct funnel){.settings = settings};
    f->keys = keys_create(f->settings->field);
}

static void finish(void *kernel)
{
    struct funnel *f = kernel;
    keys_destroy(f->keys);
    VEC_FINISH(&f->groups);
    VEC_FINISH(&f->times);
}

static size_t bytes(const void *kernel)
{
    const struct funnel *f = kernel;
    return keys_bytes(f->keys) + f->groups.capacity * sizeof(f->groups.items[0]) +
           f->times.capacity * sizeof(f->times.items[0]);
}

static struct funnel_group *group_of(struct funnel *f, uint32_t key)
{
    while (f->groups.count <= key) {
        VEC_PUSH(&f->groups, ((struct funnel_group){{0}}));
    }
    return &f->groups.items[key];
}

static void add(struct funnel *f, const struct attempt *a, const struct sight *s)
{
    uint32_t key = keys_row(f->keys, s->h, sight_row(s, a->place));
    group_of(f, key)->depth[a->depth - 1]++;
    for (uint32_t k = 1; k < a->depth; k++) {
        VEC_PUSH(&f->times, ((struct funnel_time){key, k, a->at[k] - a->at[k - 1]}));
    }
}

static void run(void *kernel, const struct sight *s)
{
    static void (*const modes[])(const struct funnel_settings *, const struct sight *, uint32_t,
                                 uint32_t, struct attempt *) = {
        [FUNNEL_ORDERED] = funnel_ordered,
        [FUNNEL_STRICT] = funnel_strict,
        [FUNNEL_ANY] = funnel_any,
    };
    struct funnel *f = kernel;
    const struct history *h = s->h;
    keys_begin(f->keys);
    for (uint32_t m = 0; m < h->member_count; m++) {
        struct attempt attempt;
        if (s->first[m] == s->end[m] || h->member[m] == 0) continue;
        modes[f->settings->mode](f->settings, s, s->first[m], s->end[m], &attempt);
        if (attempt.depth > 0) add(f, &attempt, s);
    }
}

static void merge(void *to, void *from)
{
    struct funnel *a = to;
    struct funnel *b = from;
    uint32_t *ids = mem_alloc_array(b->groups.count + 1, sizeof(*ids));
    for (uint32_t key = 0; key < b->groups.count; key++) {
        uint32_t there = keys_add(a->keys, keys_get(b->keys, key));
        ids[key] = there;
        for (int k = 0; k < LIMIT_FUNNEL_STEPS; k++) {
            group_of(a, there)->depth[k] += b->groups.items[key].depth[k];
        }
    }
    VEC_RESERVE(&a->times, b->times.count);
    for (size_t i = 0; i < b->times.count; i++) {
        struct funnel_time time = b->times.items[i];
        time.key = ids[time.key];
        VEC_PUSH(&a->times, time);
    }
    mem_free(ids);
}

const struct kernel_type funnel_kernel = {sizeof(struct funnel), init, finish, run, bytes, merge};
