/* arena.c - a chain of blocks, each twice the one before, filled from the front.
 *
 * 1. 'block' is the newest of the chain; only it has room left.
 * 2. Bytes of a block past 'used', and the padding behind every allocation, are poisoned.
 * 3. Deferred calls form a list, newest first, whose nodes lie in the arena itself.
 * 4. Spare blocks are not in the chain; the one freed last, often the smallest, is used first.
 * 5. With ARENA_DEBUG=1 every allocation is a block of its own, so that a tool sees each one. */
#include "base/arena.h"

#include <assert.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(p, size) ((void)(p), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(p, size) ((void)(p), (void)(size))
#endif

#define ALIGNMENT 16
#define FIRST_BLOCK ((size_t)16 * 1024)
#define DOUBLING_MAX ((size_t)8 * 1024 * 1024) /* larger blocks only for larger allocations */

struct block {
    struct block *previous;                   /* older one, NULL for the first */
    size_t size;                              /* bytes of data */
    _Alignas(ALIGNMENT) unsigned char data[]; /* what is handed out */
};

struct deferred {
    struct deferred *next; /* deferred before this one */
    void (*fn)(void *);    /* the call */
    void *p;               /* its argument */
};

struct arena {
    struct block *block;       /* newest; NULL before the first allocation */
    size_t used;               /* bytes of it handed out */
    size_t total;              /* bytes handed out in all, padding included */
    size_t cap;                /* maximum of total */
    struct block *spare;       /* to be used again, linked by 'previous' */
    size_t spare_total;        /* bytes of data in them */
    size_t spare_max;          /* maximum of spare_total */
    struct deferred *deferred; /* newest first */
    bool debug;                /* a block for each allocation */
};

struct arena *arena_create(size_t cap)
{
    struct arena *a = mem_alloc(sizeof(*a));
    const char *debug = getenv("ARENA_DEBUG");
    a->cap = cap ? cap : SIZE_MAX;
    a->debug = debug && strcmp(debug, "1") == 0;
    return a;
}

static void run_deferred(struct arena *a, const struct deferred *until)
{
    while (a->deferred != until) {
        struct deferred *d = a->deferred;
        a->deferred = d->next;
        d->fn(d->p);
    }
}

static void free_block(struct block *b)
{
    ASAN_UNPOISON_MEMORY_REGION(b->data, b->size);
    mem_free(b);
}

static bool put_spare(struct arena *a, struct block *b)
{
    if (a->debug || b->size > a->spare_max - a->spare_total) return false;
    ASAN_POISON_MEMORY_REGION(b->data, b->size);
    b->previous = a->spare;
    a->spare = b;
    a->spare_total += b->size;
    return true;
}

/* NULL: there is none, or it is too small. */
static struct block *take_spare(struct arena *a, size_t need)
{
    struct block *b = a->spare;
    if (!b || b->size < need) return NULL;
    a->spare = b->previous;
    a->spare_total -= b->size;
    return b;
}

/* Free blocks newer than 'until'. */
static void free_blocks(struct arena *a, const struct block *until)
{
    while (a->block != until) {
        struct block *b = a->block;
        a->block = b->previous;
        if (!put_spare(a, b)) free_block(b);
    }
}

void arena_retain(struct arena *a, size_t size)
{
    a->spare_max = size;
}

void arena_destroy(struct arena *a)
{
    if (!a) return;
    run_deferred(a, NULL);
    free_blocks(a, NULL);
    while (a->spare)
        free_block(take_spare(a, 0));
    mem_free(a);
}

static void add_block(struct arena *a, size_t need)
{
    size_t size = FIRST_BLOCK;
    if (a->block) size = a->block->size < DOUBLING_MAX / 2 ? a->block->size * 2 : DOUBLING_MAX;
    if (a->debug || size < need) size = need;
    struct block *b = take_spare(a, need);
    if (!b) {
        b = mem_resize_array(NULL, sizeof(*b) + size, 1);
        b->size = size;
        ASAN_POISON_MEMORY_REGION(b->data, size);
    }
    b->previous = a->block;
    a->block = b;
    a->used = 0;
}

void arena_reset(struct arena *a)
{
    struct block *first = a->debug ? NULL : a->block;
    run_deferred(a, NULL);
    while (first && first->previous) {
        first = first->previous;
    }
    /* A first allocation over FIRST_BLOCK makes a large first block; that one is not kept. */
    if (first && first->size > FIRST_BLOCK) first = NULL;
    free_blocks(a, first);
    a->used = 0;
    a->total = 0;
    if (first) ASAN_POISON_MEMORY_REGION(first->data, first->size);
}

void *arena_alloc_raw(struct arena *a, size_t size)
{
    if (size > SIZE_MAX / 4) mem_abort("out of memory: arena allocation size overflows");
    size_t need = size ? (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1) : ALIGNMENT;
    if (need > a->cap - a->total) mem_abort("out of memory: an arena is at its cap");
    if (a->debug || !a->block || need > a->block->size - a->used) add_block(a, need);
    unsigned char *p = a->block->data + a->used;
    a->used += need;
    a->total += need;
    ASAN_UNPOISON_MEMORY_REGION(p, size);
    return p;
}

void *arena_alloc(struct arena *a, size_t size)
{
    return memset(arena_alloc_raw(a, size), 0, size);
}

void *arena_alloc_array(struct arena *a, size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size) mem_abort("out of memory: array size overflows");
    return arena_alloc(a, count * size);
}

void *arena_copy(struct arena *a, const void *p, size_t size)
{
    void *copy = arena_alloc_raw(a, size);
    if (size) memcpy(copy, p, size);
    return copy;
}

struct str arena_str(struct arena *a, struct str s)
{
    if (!s.p) return s;
    if (s.len == SIZE_MAX) mem_abort("out of memory: string size overflows");
    char *copy = arena_alloc_raw(a, s.len + 1);
    if (s.len) memcpy(copy, s.p, s.len);
    copy[s.len] = '\0';
    return (struct str){copy, s.len};
}

char *arena_printf(struct arena *a, const char *format, ...)
{
    char short_text[256]; /* most are: printing costs more than copying */
    va_list args;
    va_start(args, format);
    int len = vsnprintf(short_text, sizeof(short_text), format, args);
    va_end(args);
    assert(len >= 0);
    char *text = arena_alloc(a, (size_t)len + 1);
    if ((size_t)len < sizeof(short_text)) return memcpy(text, short_text, (size_t)len + 1);
    va_start(args, format);
    vsnprintf(text, (size_t)len + 1, format, args);
    va_end(args);
    return text;
}

void arena_defer(struct arena *a, void (*fn)(void *), void *p)
{
    struct deferred *d = arena_alloc(a, sizeof(*d));
    *d = (struct deferred){a->deferred, fn, p};
    a->deferred = d;
}

size_t arena_used(const struct arena *a)
{
    return a->total;
}

struct arena_mark arena_mark(struct arena *a)
{
    return (struct arena_mark){a->block, a->used, a->total, a->deferred};
}

void arena_rewind(struct arena *a, struct arena_mark mark)
{
    assert(mark.total <= a->total);
    run_deferred(a, mark.deferred);
    if (!mark.block && a->block && !a->debug) {
        /* The mark is older than the first block, which is worth keeping. */
        arena_reset(a);
        return;
    }
    free_blocks(a, mark.block);
    a->used = mark.used;
    a->total = mark.total;
    if (!a->block) return;
    ASAN_POISON_MEMORY_REGION(a->block->data + a->used, a->block->size - a->used);
}
