/* mem.h - heap memory. The process aborts when the system has none left; nothing returns NULL. */
#pragma once

#include <stddef.h>

/* Zeroed memory. */
void *mem_alloc(size_t size);
/* 'count' zeroed elements of 'size' bytes; aborts on overflow. */
void *mem_alloc_array(size_t count, size_t size);
/* Resize to 'count' elements of 'size' bytes; new bytes are not initialised. */
void *mem_resize_array(void *p, size_t count, size_t size);
void *mem_copy(const void *p, size_t size);
char *mem_strdup(const char *text);
/* NULL is allowed. */
void mem_free(void *p);
/* Write one line to stderr and abort: for what cannot go on without memory. */
_Noreturn void mem_abort(const char *why);
/* Give memory that is free now back to the system; after something big. */
void mem_trim(void);
