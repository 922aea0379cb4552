/* copies.c - hashes that differ in few bits are of texts that share most of their characters in
 * threes. The window is a ring that is looked through whole. */
#include "moderation/copies.h"

#include "base/cpu.h"
#include "base/hash.h"
#include "base/utf8.h"

#define HASHED_BYTES 8192

/* How many hashes had each bit: eight bits in eight bytes of a word until those are full. */
struct bit_counts {
    uint64_t narrow[8];
    uint32_t wide[64];
    uint32_t added, waiting; /* hashes in all, and in 'narrow' */
};

static void widen(struct bit_counts *c)
{
    for (int bit = 0; bit < 64; bit++)
        c->wide[bit] += (uint32_t)(c->narrow[bit / 8] >> bit % 8 * 8 & 0xFF);
    memset(c->narrow, 0, sizeof(c->narrow));
    c->waiting = 0;
}

static void count_bits(struct bit_counts *c, uint64_t hash)
{
    const uint64_t each = UINT64_C(0x0101010101010101), one = UINT64_C(0x8040201008040201);
    if (c->waiting == UINT8_MAX) widen(c);
    for (int i = 0; i < 8; i++) {
        uint64_t bits = ((hash >> 8 * i & 0xFF) * each) & one;
        c->narrow[i] += (bits + each * 0x7F) >> 7 & each;
    }
    c->added++;
    c->waiting++;
}

uint64_t copies_hash(struct str clean)
{
    struct bit_counts bits = {0};
    size_t start[3] = {0}, count = 0;
    clean = utf8_cut(clean, HASHED_BYTES);
    for (size_t i = 0; i < clean.len; count++) {
        start[count % 3] = i;
        utf8_next(clean, &i);
        if (count < 2) continue;
        size_t from = start[(count + 1) % 3];
        count_bits(&bits, hash_xxh3(clean.p + from, i - from));
    }
    if (count < COPIES_CHARS) return 0;
    uint64_t out = 0;
    widen(&bits);
    for (int bit = 0; bit < 64; bit++)
        out |= (uint64_t)(2 * bits.wide[bit] > bits.added) << bit;
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

/* The first from 'i' on that differs in few bits; 'held' = none does. */
__attribute__((always_inline)) static inline uint64_t like(const struct copies *c, uint64_t i,
                                                           uint64_t held, uint64_t hash)
{
    while (i < held && __builtin_popcountll(c->ring[i].hash ^ hash) > COPIES_DISTANCE)
        i++;
    return i;
}

#if defined(__x86_64__)
__attribute__((target("popcnt"))) static uint64_t like_popcnt(const struct copies *c, uint64_t i,
                                                              uint64_t held, uint64_t hash)
{
    return like(c, i, held, hash);
}
#else
#define like_popcnt like
#endif

static uint64_t next_like(const struct copies *c, uint64_t i, uint64_t held, uint64_t hash)
{
    return cpu_has_avx2() ? like_popcnt(c, i, held, hash) : like(c, i, held, hash);
}

uint32_t copies_groups(const struct copies *c, struct copy one, int64_t since)
{
    uint32_t groups[COPIES_GROUPS] = {one.group}, count = 1;
    uint64_t held = c->count < COPIES_WINDOW ? c->count : COPIES_WINDOW;
    for (uint64_t i = next_like(c, 0, held, one.hash); i < held;
         i = next_like(c, i + 1, held, one.hash)) {
        const struct copy *other = &c->ring[i];
        if (other->at >= since && !add_group(groups, &count, other->group)) break;
    }
    return count;
}

void copies_add(struct copies *c, struct copy one)
{
    if (!one.hash) return;
    if (!c->ring) c->ring = mem_alloc_array(COPIES_WINDOW, sizeof(*c->ring));
    c->ring[c->count++ % COPIES_WINDOW] = one;
}
