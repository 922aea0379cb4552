/* copies.c - hashes that differ in few bits are of texts that share most of their characters in
 * threes. The window is a ring that is looked through whole. */
#include "moderation/copies.h"

#include "base/hash.h"
#include "base/utf8.h"

#define HASHED_BYTES 8192

uint64_t copies_hash(struct str clean)
{
    int weight[64] = {0};
    size_t start[3] = {0}, count = 0;
    clean = utf8_cut(clean, HASHED_BYTES);
    for (size_t i = 0; i < clean.len; count++) {
        start[count % 3] = i;
        utf8_next(clean, &i);
        if (count < 2) continue;
        size_t from = start[(count + 1) % 3];
        uint64_t h = hash_xxh3(clean.p + from, i - from);
        for (int bit = 0; bit < 64; bit++)
            weight[bit] += h >> bit & 1 ? 1 : -1;
    }
    if (count < COPIES_CHARS) return 0;
    uint64_t out = 0;
    for (int bit = 0; bit < 64; bit++)
        out |= (uint64_t)(weight[bit] > 0) << bit;
    return out ? out : 1;
}

void copies_finish(struct copies *c)
{
    mem_free(c->ring);
    *c = (struct copies){0};
}

void copies_reset(struct copies *c)
{
    c->count = 0;
}

static bool add_group(uint32_t *groups, uint32_t *count, uint32_t group)
{
    for (uint32_t i = 0; i < *count; i++) {
        if (groups[i] == group) return true;
    }
    groups[(*count)++] = group;
    return *count < COPIES_GROUPS;
}

uint32_t copies_groups(const struct copies *c, struct copy one, int64_t since)
{
    uint32_t groups[COPIES_GROUPS] = {one.group}, count = 1;
    uint64_t held = c->count < COPIES_WINDOW ? c->count : COPIES_WINDOW;
    for (uint64_t i = 0; i < held; i++) {
        const struct copy *other = &c->ring[i];
        if (other->at < since || __builtin_popcountll(other->hash ^ one.hash) > COPIES_DISTANCE)
            continue;
        if (!add_group(groups, &count, other->group)) break;
    }
    return count;
}

void copies_add(struct copies *c, struct copy one)
{
    if (!one.hash) return;
    if (!c->ring) c->ring = mem_alloc_array(COPIES_WINDOW, sizeof(*c->ring));
    c->ring[c->count++ % COPIES_WINDOW] = one;
}
