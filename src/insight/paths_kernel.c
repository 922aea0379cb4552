/* paths_kernel.c - each seen row points at the one that follows it in a path, so that a path is
 * read in 'depth' steps whatever lies between.
 *
 * Paths are kept in a table of open addressing over their kinds; at most half of its slots are
 * taken. */
#include "insight/paths_kernel.h"

#include <string.h>

#define ANCHOR UINT32_C(1)
#define NOWHERE UINT32_MAX
#define FIRST_SLOTS 1024

static size_t hash_of(const uint16_t *kinds)
{
    uint64_t hash = kinds[LIMIT_PATH_DEPTH - 1];
    for (int i = 0; i + 1 < LIMIT_PATH_DEPTH; i++) {
        hash = (hash ^ kinds[i]) * UINT64_C(0x9E3779B97F4A7C15);
        hash ^= hash >> 29;
    }
    return (size_t)hash;
}

static void fill_slots(struct paths *p, size_t slots)
{
    mem_free(p->slots);
    p->slots = mem_alloc_array(slots, sizeof(*p->slots));
    p->mask = slots - 1;
    for (size_t i = 0; i < p->list.count; i++) {
        size_t slot = hash_of(p->list.items[i].kinds) & p->mask;
        while (p->slots[slot] != 0) {
            slot = (slot + 1) & p->mask;
        }
        p->slots[slot] = (uint32_t)i + 1;
    }
}

/* The path of these kinds, made when it is new. */
static struct path *find(struct paths *p, const uint16_t *kinds)
{
    size_t slot = hash_of(kinds) & p->mask;
    for (; p->slots[slot] != 0; slot = (slot + 1) & p->mask) {
        struct path *path = &p->list.items[p->slots[slot] - 1];
        if (memcmp(path->kinds, kinds, sizeof(path->kinds)) == 0) return path;
    }
    struct path fresh = {.last = 0};
    memcpy(fresh.kinds, kinds, sizeof(fresh.kinds));
    VEC_PUSH(&p->list, fresh);
    p->slots[slot] = (uint32_t)p->list.count;
    if (p->list.count * 2 > p->mask) fill_slots(p, (p->mask + 1) * 2);
    return &p->list.items[p->list.count - 1];
}

/* The member's seen rows in the direction of the walk; false when there is no anchor. */
static bool collect(struct paths *p, const struct sight *s, uint32_t from, uint32_t to)
{
    bool anchored = false;
    VEC_RESET(&p->rows);
    for (uint32_t i = from; i < to; i++) {
        anchored = anchored || s->mask[i] & ANCHOR;
    }
    if (!anchored) return false;
    VEC_RESERVE(&p->rows, to - from);
    for (uint32_t i = 0; i < to - from; i++) {
        uint32_t row = p->settings->before ? to - 1 - i : from + i;
        if (s->mask[row] & SIGHT_SEEN) p->rows.items[p->rows.count++] = row;
    }
    return true;
}

static void link_rows(struct paths *p, const struct history *h)
{
    size_t count = p->rows.count;
    const uint32_t *rows = p->rows.items;
    VEC_RESET(&p->next);
    VEC_RESERVE(&p->next, count);
    uint32_t *next = p->next.items;
    for (size_t i = count; i-- > 0;) {
        next[i] = i + 1 < count ? (uint32_t)i + 1 : NOWHERE;
        bool same = i + 1 < count && h->kind[rows[i]] == h->kind[rows[i + 1]];
        if (p->settings->fold && same) next[i] = next[i + 1];
    }
}

static void add_path(struct paths *p, const struct history *h, uint32_t place, uint32_t member)
{
    const struct paths_settings *s = p->settings;
    uint16_t kinds[LIMIT_PATH_DEPTH] = {0};
    int64_t at = h->at[p->rows.items[place]];
    uint32_t depth = 0;
    uint32_t i = p->next.items[place];
    for (; depth < s->depth && i != NOWHERE; i = p->next.items[i]) {
        uint32_t row = p->rows.items[i];
        int64_t away = s->before ? at - h->at[row] : h->at[row] - at;
        if (away > s->within) break;
        kinds[depth++] = h->kind[row];
    }
    struct path *path = find(p, kinds);
    path->members += path->last != member;
    path->last = member;
    path->occurrences++;
    p->occurrences++;
    p->ended += depth < s->depth;
}

static void run(void *kernel, const struct sight *s)
{
    struct paths *p = kernel;
    const struct history *h = s->h;
    for (uint32_t m = 0; m < h->member_count; m++) {
        if (!sight_keeps(s, m) || h->member[m] == 0) continue;
        if (!collect(p, s, h->off[m], h->off[m + 1])) continue;
        link_rows(p, h);
        for (uint32_t i = 0; i < p->rows.count; i++) {
            if (s->mask[p->rows.items[i]] & ANCHOR) add_path(p, h, i, h->member[m]);
        }
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
    VEC_FINISH(&p->rows);
    VEC_FINISH(&p->next);
    mem_free(p->slots);
}

static size_t bytes(const void *kernel)
{
    const struct paths *p = kernel;
    return p->list.capacity * sizeof(p->list.items[0]) + (p->mask + 1) * sizeof(p->slots[0]) +
           (p->rows.capacity + p->next.capacity) * sizeof(uint32_t);
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
