/* mem.c - the malloc family, and the one answer to exhaustion: a line on stderr, then abort. */
#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void mem_abort(const char *why)
{
    static const char head[] = "wellfield: ";
    /* Three plain writes: nothing here may need memory. A failed one cannot be helped. */
    ssize_t n = write(STDERR_FILENO, head, sizeof(head) - 1);
    n = write(STDERR_FILENO, why, strlen(why));
    n = write(STDERR_FILENO, "\n", 1);
    (void)n;
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

void *mem_alloc_array(size_t count, size_t size)
{
    if (count == 0 || size == 0) return mem_alloc(0);
    return checked(calloc(count, size)); /* calloc refuses an overflow */
}

void *mem_resize_array(void *p, size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size) mem_abort("out of memory: array size overflows");
    size_t bytes = count * size;
    return checked(realloc(p, bytes ? bytes : 1));
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
