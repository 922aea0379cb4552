/* recent.c - two maps: when the newer is full, the older goes. */
#include "intake/recent.h"

#include "base/hash.h"
#include "base/map.h"
#include "base/mem.h"

struct recent {
    struct intmap *now, *before;
    size_t count; /* put into 'now' */
};

struct recent *recent_create(void)
{
    struct recent *r = mem_alloc(sizeof(*r));
    r->now = intmap_create();
    r->before = intmap_create();
    return r;
}

void recent_destroy(struct recent *r)
{
    if (!r) return;
    intmap_destroy(r->now);
    intmap_destroy(r->before);
    mem_free(r);
}

/* The one key that a map does not take is never made of it. */
static uint64_t key_of(uint64_t hash)
{
    return hash >> 1;
}

bool recent_get(const struct recent *r, uint64_t hash, uint64_t *value)
{
    return intmap_get(r->now, key_of(hash), value) || intmap_get(r->before, key_of(hash), value);
}

void recent_put(struct recent *r, uint64_t hash, uint64_t value)
{
    if (r->count >= RECENT_KEPT) {
        intmap_destroy(r->before);
        r->before = r->now;
        r->now = intmap_create();
        r->count = 0;
    }
    intmap_put(r->now, key_of(hash), value);
    r->count++;
}

uint64_t recent_hash(struct str text)
{
    return text.len ? hash_xxh3(text.p, text.len) : 0;
}
