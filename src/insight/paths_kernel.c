/* paths_kernel.c - what follows an anchor is the next places of the sight. Where repeats are folded
 * each place points at the one that follows it in a path, so that a path is read in 'depth' steps
 * whatever lies between.
 *
 * Paths are kept in a table of open addressing over their kinds; at most half of its slots are
 * taken. */
#include "insight/paths_kernel.h"

#include <string.h>

#define ANCHOR UINT32_C(1)
#define NOWHERE UINT32_MAX
#define FIRST_SLOTS 1024

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
    if (p->list.count * 2 > p->mask) fill_slots(p, (p->mask + 1) * 2);
    return &p->list.items[p->list.count - 1];
}

/* The member at hand. */
struct walk {
    const struct sight *sight;
    uint32_t member;
    uint32_t first, end; /* their places */
};

static uint16_t kind_at(const struct walk *w, uint32_t place)
{
    return w->sight->h->kind[sight_row(w->sight, place)];
}

/* The place beside 'place' in the direction of the walk, or NOWHERE. */
static uint32_t beside(const struct paths *p, const struct walk *w, uint32_t place)
{
    if (p->settings->before) return place > w->first ? place - 1 : NOWHERE;
    return place + 1 < w->end ? place + 1 : NOWHERE;
}

/* Fill p->next, by place - first: the nearest place of another kind. */
static void link_places(struct paths *p, const struct walk *w)
{
    uint32_t count = w->end - w->first;
    VEC_RESET(&p->next);
    VEC_RESERVE(&p->next, count);
    for (uint32_t k = 0; k < count; k++) {
        uint32_t place = p->settings->before ? w->first + k : w->end - 1 - k;
        uint32_t next = beside(p, w, place);
        bool same = next != NOWHERE && kind_at(w, place) == kind_at(w, next);
        p->next.items[place - w->first] = same ? p->next.items[next - w->first] : next;
    }
}

static uint32_t next_of(const struct paths *p, const struct walk *w, uint32_t place)
{
    return p->settings->fold ? p->next.items[place - w->first] : beside(p, w, place);
}

static void add_path(struct paths *p, const struct walk *w, uint32_t place)
{
    const struct paths_settings *s = p->settings;
    const int64_t *times = w->sight->at;
    uint16_t kinds[LIMIT_PATH_DEPTH] = {0};
    int64_t at = times[place];
    uint32_t depth = 0;
    uint32_t i = next_of(p, w, place);
    for (; depth < s->depth && i != NOWHERE; i = next_of(p, w, i)) {
        int64_t away = s->before ? at - times[i] : times[i] - at;
        if (away > s->within) break;
        kinds[depth++] = kind_at(w, i);
    }
    struct path *path = find(p, kinds);
    path->members += path->last != w->member;
    path->last = w->member;
    path->occurrences++;
    p->occurrences++;
    p->ended += depth < s->depth;
}

static void add_member(struct paths *p, const struct walk *w)
{
    bool linked = !p->settings->fold;
    for (uint32_t i = w->first; i < w->end; i++) {
        if ((sight_mask(w->sight, i) & ANCHOR) == 0) continue;
        if (!linked) link_places(p, w);
        linked = true;
        add_path(p, w, i);
    }
}

static void run(void *kernel, const struct sight *s)
{
    for (uint32_t m = 0; m < s->h->member_count; m++) {
        struct walk w = {s, s->h->member[m], s->first[m], s->end[m]};
        if (w.member != 0) add_member(kernel, &w);
    }
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
