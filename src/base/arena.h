/* arena.h - memory that is given back all at once.
 *
 * One thread uses an arena. Allocations are zeroed and 16-byte aligned. Nothing is freed singly.
 * The unused tail is poisoned under ASan; with ARENA_DEBUG=1 in the environment every allocation is
 * a malloc of its own. Over its cap an arena aborts: callers bound their input first. */
#pragma once

#include <stddef.h>

#include "base/str.h"

struct arena;

/* First block of 16 KiB; 'cap' bytes at most in all, 0 = no cap. */
struct arena *arena_create(size_t cap);
/* Runs deferred calls, last first, then frees. NULL is allowed. */
void arena_destroy(struct arena *a);
/* As destroy, but keeps the first block for use again. */
void arena_reset(struct arena *a);
/* From here on resets and rewinds keep up to so many bytes more for use again, until destroyed: for
 * one that is filled again and again, and to much the same extent. */
void arena_retain(struct arena *a, size_t size);

void *arena_alloc(struct arena *a, size_t size);
/* Not zeroed: for what is written whole right away. */
void *arena_alloc_raw(struct arena *a, size_t size);
void *arena_alloc_array(struct arena *a, size_t count, size_t size);
void *arena_copy(struct arena *a, const void *p, size_t size);
/* Copies are NUL-terminated. */
struct str arena_str(struct arena *a, struct str s);
char *arena_printf(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Call fn(p) at reset or destroy, last deferred first. */
void arena_defer(struct arena *a, void (*fn)(void *), void *p);
/* Bytes handed out since the last reset. */
size_t arena_used(const struct arena *a);

/* Give back everything allocated after the mark. */
struct arena_mark {
    void *block;
    size_t used;
    size_t total;
    void *deferred;
};
struct arena_mark arena_mark(struct arena *a);
void arena_rewind(struct arena *a, struct arena_mark mark);
