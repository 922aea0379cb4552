/* cache.c - an open-addressed table of text addresses in front of a map of texts.
 *
 * Texts are literals, so the table almost always hits. What it finds is compared with the text all
 * the same: memory given back and used again for another text must not run the old statement.
 *
 * Invariant: used * 2 <= SLOTS, so a probe always ends. A full table is emptied, since the map can
 * fill it again. */
#include "sql/cache.h"

#include <assert.h>
#include <string.h>

#include "base/limits.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/vec.h"

#define SLOT_BITS 10
#define SLOTS ((size_t)1 << SLOT_BITS)

struct slot {
    const char *address;   /* of the text given to sql_use; NULL = empty */
    struct sql_stmt *stmt; /* what it meant when last looked up */
};

struct stmt_cache {
    struct slot slot[SLOTS];    /* by address, linear probing */
    size_t used;                /* slots filled */
    struct map *by_text;        /* text -> index into all */
    VEC(struct sql_stmt *) all; /* in order of arrival */
};

struct stmt_cache *stmt_cache_create(void)
{
    struct stmt_cache *c = mem_alloc(sizeof(*c));
    c->by_text = map_create();
    return c;
}

void stmt_cache_destroy(struct stmt_cache *c)
{
    if (!c) return;
    map_destroy(c->by_text);
    VEC_FINISH(&c->all);
    mem_free(c);
}

/* The slot of an address: its own, or the empty one where it belongs. */
static struct slot *slot_of(struct stmt_cache *c, const char *address)
{
    uint64_t mixed = (uint64_t)(uintptr_t)address * UINT64_C(0x9E3779B97F4A7C15);
    size_t i = (size_t)(mixed >> (64 - SLOT_BITS));
    while (c->slot[i].address && c->slot[i].address != address) {
        i = (i + 1) % SLOTS;
    }
    return &c->slot[i];
}

static void remember(struct stmt_cache *c, const char *address, struct sql_stmt *s)
{
    struct slot *slot = slot_of(c, address);
    if (!slot->address && (c->used + 1) * 2 > SLOTS) {
        memset(c->slot, 0, sizeof(c->slot));
        c->used = 0;
        slot = slot_of(c, address);
    }
    if (!slot->address) c->used++;
    *slot = (struct slot){address, s};
}

struct sql_stmt *stmt_cache_get(struct stmt_cache *c, const char *text)
{
    struct slot *slot = slot_of(c, text);
    uint64_t index;
    if (slot->address && strcmp(slot->stmt->text, text) == 0) return slot->stmt;
    if (!map_get(c->by_text, str_of(text), &index)) return NULL;
    remember(c, text, c->all.items[index]);
    return c->all.items[index];
}

void stmt_cache_put(struct stmt_cache *c, const char *text, struct sql_stmt *s)
{
    assert(c->all.count < LIMIT_SQL_STATEMENTS);
    map_put(c->by_text, str_of(text), c->all.count);
    VEC_PUSH(&c->all, s);
    remember(c, text, s);
}

struct sql_stmt *stmt_cache_at(const struct stmt_cache *c, size_t i)
{
    return i < c->all.count ? c->all.items[i] : NULL;
}
