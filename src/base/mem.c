/* mem.c - the malloc family, and the one answer to exhaustion: a line on stderr, then abort.
 *
 * Large arrays are hash tables, column buffers and blocks of arenas: they ask for huge pages, which
 * makes random access a fifth faster and filling them a third. */
#include "base/mem.h"

#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define LARGE ((size_t)4 * 1024 * 1024)
#define PAGE ((uintptr_t)4096)

/* A plain write: nothing here may need memory, and a failure cannot be helped. */
static void say(const char *text)
{
    if (write(STDERR_FILENO, text, strlen(text)) < 0) return;
}

void mem_abort(const char *why)
{
    say("wellfield: ");
    say(why);
    say("\n");
    abort();
}

static void *checked(void *p)
{
    if (!p) mem_abort("out of memory");
    return p;
}

void *mem_alloc(size_t size)
{
    return checked(calloc(1, size ? size : 1));
}

/* Advice, for the whole pages within; a kernel that cannot follow it loses nothing. */
static void prefer_huge_pages(void *p, size_t size)
{
    size_t to_page = (size_t)(-(uintptr_t)p & (PAGE - 1));
    (void)madvise((char *)p + to_page, (size - to_page) & ~(size_t)(PAGE - 1), MADV_HUGEPAGE);
}

void *mem_alloc_array(size_t count, size_t size)
{
    if (count == 0 || size == 0) return mem_alloc(0);
    void *p = checked(calloc(count, size)); /* calloc refuses an overflow */
    if (count * size >= LARGE) prefer_huge_pages(p, count * size);
    return p;
}

void *mem_resize_array(void *p, size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size) mem_abort("out of memory: array size overflows");
    size_t bytes = count * size;
    p = checked(realloc(p, bytes ? bytes : 1));
    if (bytes >= LARGE) prefer_huge_pages(p, bytes);
    return p;
}

void *mem_copy(const void *p, size_t size)
{
    void *copy = checked(malloc(size ? size : 1));
    if (size) memcpy(copy, p, size);
    return copy;
}

char *mem_strdup(const char *text)
{
    return mem_copy(text, strlen(text) + 1);
}

void mem_free(void *p)
{
    free(p);
}

void mem_trim(void)
{
    malloc_trim(0);
}
