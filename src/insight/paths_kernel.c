/* paths_kernel.c - what follows an anchor is the next places of the sight. Where repeats are folded
 * each place points at the one that follows it in a path, so that a path is read in 'depth' steps
 * whatever lies between.
 *
 * Paths are kept in a table of open addressing over their kinds; most of its slots are free. */
#include "insight/paths_kernel.h"

#include <string.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "base/cpu.h"

#define ANCHOR UINT32_C(1)
#define NOWHERE UINT32_MAX
#define FIRST_SLOTS 1024
#define SLOTS_A_PATH 4 /* at least, so that most are found at once */
#define BLOCK 64       /* places */
#define FOUR 4
_Static_assert(LIMIT_PATH_DEPTH == FOUR + 1, "the kinds of a path are a struct code");

/* The kinds as two numbers, which are equal when they are. */
struct code {
    uint64_t four;
    uint16_t last;
};

static struct code code_of(const uint16_t *kinds)
{
    struct code c = {.last = kinds[LIMIT_PATH_DEPTH - 1]};
    memcpy(&c.four, kinds, sizeof(c.four));
    return c;
}

static size_t hash_of(struct code c)
{
    uint64_t hash = (c.four ^ c.last) * UINT64_C(0x9E3779B97F4A7C15);
    hash = (hash ^ hash >> 32) * UINT64_C(0xD6E8FEB86659FD93);
    return (size_t)(hash ^ hash >> 32);
}

static void fill_slots(struct paths *p, size_t slots)
{
    mem_free(p->slots);
    p->slots = mem_alloc_array(slots, sizeof(*p->slots));
    p->mask = slots - 1;
    for (size_t i = 0; i < p->list.count; i++) {
        size_t slot = hash_of(code_of(p->list.items[i].kinds)) & p->mask;
        while (p->slots[slot] != 0) {
            slot = (slot + 1) & p->mask;
        }
        p->slots[slot] = (uint32_t)i + 1;
    }
}

/* The path of these kinds, made when it is new. */
static struct path *find(struct paths *p, const uint16_t *kinds)
{
    struct code code = code_of(kinds);
    size_t slot = hash_of(code) & p->mask;
    for (; p->slots[slot] != 0; slot = (slot + 1) & p->mask) {
        struct path *path = &p->list.items[p->slots[slot] - 1];
        struct code there = code_of(path->kinds);
        if (there.four == code.four && there.last == code.last) return path;
    }
    struct path fresh = {.last = 0};
    memcpy(fresh.kinds, kinds, sizeof(fresh.kinds));
    VEC_PUSH(&p->list, fresh);
    p->slots[slot] = (uint32_t)p->list.count;
    if (p->list.count * SLOTS_A_PATH > p->mask) fill_slots(p, (p->mask + 1) * 2);
    return &p->list.items[p->list.count - 1];
}

static void add_found(struct paths *p, const struct found *found)
{
    struct path *path = find(p, found->kinds);
    path->members += path->last != found->member;
    path->last = found->member;
    path->occurrences++;
}

static void add_all_found(struct paths *p)
{
    for (uint32_t i = 0; i < p->found_count; i++) {
        uint32_t there = p->slots[hash_of(code_of(p->found[i].kinds)) & p->mask];
        if (there > 0) __builtin_prefetch(&p->list.items[there - 1]);
    }
    for (uint32_t i = 0; i < p->found_count; i++)
        add_found(p, &p->found[i]);
    p->found_count = 0;
}

/* The member at hand. */
struct walk {
    const struct sight *sight;
    uint32_t member;
    uint32_t first, end; /* their places */
    uint32_t near;       /* of places before this one, the kinds that follow lie right behind */
};

static uint16_t kind_at(const struct walk *w, uint32_t place)
{
    return w->sight->h->kind[sight_row(w->sight, place)];
}

/* Fill p->next, by place - first: the nearest place of another kind in the direction of the walk,
 * or NOWHERE. */
static void link_places(struct paths *p, const struct walk *w)
{
    uint32_t count = w->end - w->first;
    bool before = p->settings->before;
    VEC_RESET(&p->next);
    VEC_RESERVE(&p->next, count);
    for (uint32_t k = 0; k < count; k++) {
        uint32_t i = before ? k : count - 1 - k; /* what is beside it is linked already */
        uint32_t beside = before ? i - 1 : i + 1;
        bool same = k > 0 && kind_at(w, w->first + i) == kind_at(w, w->first + beside);
        uint32_t next = k > 0 ? w->first + beside : NOWHERE;
        p->next.items[i] = same ? p->next.items[beside] : next;
    }
}

/* The kinds that follow 'place' from link to link; how many. */
static uint32_t follow_links(const struct paths *p, const struct walk *w, uint32_t place,
                             uint16_t *kinds)
{
    const struct paths_settings *s = p->settings;
    const int64_t *times = w->sight->at;
    uint32_t depth = 0;
    uint32_t i = p->next.items[place - w->first];
    for (; depth < s->depth && i != NOWHERE; i = p->next.items[i - w->first]) {
        int64_t away = s->before ? times[place] - times[i] : times[i] - times[place];
        if (away > s->within) break;
        kinds[depth++] = kind_at(w, i);
    }
    return depth;
}

/* The first 'depth' kinds, of which LIMIT_PATH_DEPTH may be read; as many are written. */
static inline void copy_kinds(const uint16_t *from, uint32_t depth, uint16_t *kinds)
{
    struct code c = code_of(from);
    c.four &= depth < FOUR ? (UINT64_C(1) << 16 * depth) - 1 : UINT64_MAX;
    memcpy(kinds, &c.four, sizeof(c.four));
    kinds[FOUR] = depth > FOUR ? c.last : 0;
}

/* The same of the places right beside it. */
static uint32_t follow_places(const struct paths *p, const struct walk *w, uint32_t place,
                              uint16_t *kinds)
{
    const struct paths_settings *s = p->settings;
    const int64_t *times = w->sight->at;
    uint32_t there = s->before ? place - w->first : w->end - 1 - place;
    uint32_t depth = there < s->depth ? there : s->depth;
    int32_t step = s->before ? -1 : 1;
    while (depth > 0 && s->within < INT64_MAX) { /* the last is the farthest */
        int64_t away = times[place + (uint32_t)step * depth] - times[place];
        if ((s->before ? -away : away) <= s->within) break;
        depth--;
    }
    if (w->near && place < w->near) {
        copy_kinds(w->sight->h->kind + place + 1, depth, kinds);
        return depth;
    }
    for (uint32_t k = 0; k < depth; k++)
        kinds[k] = kind_at(w, place + (uint32_t)step * (k + 1));
    return depth;
}

/* Paths are looked up some time after they are found, when their slots have come near. */
static void add_path(struct paths *p, const struct walk *w, uint32_t place)
{
    if (p->found_count == PATHS_FOUND_MAX) add_all_found(p);
    struct found *found = &p->found[p->found_count++];
    *found = (struct found){.member = w->member};
    uint32_t depth = p->settings->fold ? follow_links(p, w, place, found->kinds)
                                       : follow_places(p, w, place, found->kinds);
    p->occurrences++;
    p->ended += depth < p->settings->depth;
    __builtin_prefetch(&p->slots[hash_of(code_of(found->kinds)) & p->mask]);
}

#ifdef __x86_64__
/* Eight at a time. */
__attribute__((target("avx2"))) static uint64_t anchors_wide(const uint32_t *mask)
{
    uint64_t bits = 0;
    for (uint32_t i = 0; i < BLOCK; i += 8) {
        const void *eight = mask + i;
        __m256i top = _mm256_slli_epi32(_mm256_loadu_si256(eight), 31);
        bits |= (uint64_t)(unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(top)) << i;
    }
    return bits;
}
#else
static uint64_t anchors_wide(const uint32_t *mask)
{
    (void)mask;
    return 0;
}
#endif

/* Which of 'n' places from 'from' on, BLOCK at most, are anchors; a bit each. */
static uint64_t find_anchors(const struct sight *s, uint32_t from, uint32_t n)
{
    uint64_t bits = 0;
    if (s->mask && n == BLOCK && cpu_has_avx2()) return anchors_wide(s->mask + from);
    for (uint32_t i = 0; i < n; i++)
        bits |= (uint64_t)(sight_mask(s, from + i) & ANCHOR) << i;
    return bits;
}

/* The anchors of all members, block by block; places ascend from member to member. */
static void run(void *kernel, const struct sight *s)
{
    struct paths *p = kernel;
    const struct history *h = s->h;
    uint32_t m = 0, linked = NOWHERE, rows = h->off[h->member_count];
    bool near = !s->row && !p->settings->before && rows > LIMIT_PATH_DEPTH;
    struct walk w = {.sight = s, .near = near ? rows - LIMIT_PATH_DEPTH : 0};
    uint32_t end = s->end[h->member_count - 1];
    for (uint32_t from = s->first[0], to; from < end; from = to) {
        to = end - from < BLOCK ? end : from + BLOCK;
        uint64_t anchors = find_anchors(s, from, to - from);
        for (; anchors != 0; anchors &= anchors - 1) {
            uint32_t place = from + (uint32_t)__builtin_ctzll(anchors);
            while (s->end[m] <= place)
                m++;
            w.member = h->member[m];
            w.first = s->first[m];
            w.end = s->end[m];
            if (place < w.first || w.member == 0) continue;
            if (p->settings->fold && linked != m) link_places(p, &w);
            linked = m;
            add_path(p, &w, place);
        }
    }
    add_all_found(p);
}

static void init(void *kernel, const void *settings)
{
    struct paths *p = kernel;
    *p = (struct paths){.settings = settings};
    fill_slots(p, FIRST_SLOTS);
}

static void finish(void *kernel)
{
    struct paths *p = kernel;
    VEC_FINISH(&p->list);
    VEC_FINISH(&p->next);
    mem_free(p->slots);
}

static size_t bytes(const void *kernel)
{
    const struct paths *p = kernel;
    return p->list.capacity * sizeof(p->list.items[0]) + (p->mask + 1) * sizeof(p->slots[0]) +
           p->next.capacity * sizeof(uint32_t);
}

static void merge(void *to, void *from)
{
    struct paths *a = to;
    const struct paths *b = from;
    for (size_t i = 0; i < b->list.count; i++) {
        const struct path *path = &b->list.items[i];
        struct path *there = find(a, path->kinds);
        there->members += path->members;
        there->occurrences += path->occurrences;
    }
    a->occurrences += b->occurrences;
    a->ended += b->ended;
}

const struct kernel_type paths_kernel = {sizeof(struct paths), init, finish, run, bytes, merge};
