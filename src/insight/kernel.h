/* kernel.h - what a query computes from runs: tables that one worker fills and that can be merged.
 *
 * Kernels are pure functions of plain arrays (sight.h) and of their own tables. They know neither
 * storage nor budget; between runs they are asked for their size. The merged result must not depend
 * on which worker saw which run. */
#pragma once

#include <stddef.h>

#include "insight/sight.h"

struct kernel_type {
    size_t size; /* of the struct */
    void (*init)(void *kernel, const void *settings);
    void (*finish)(void *kernel);
    void (*run)(void *kernel, const struct sight *s);
    size_t (*bytes)(const void *kernel); /* held in tables */
    void (*merge)(void *to, void *from); /* 'from' is finished by the caller */
};
