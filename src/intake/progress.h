/* progress.h - a bar on a terminal, a line every ten seconds elsewhere. One thread. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "base/env.h"

struct progress {
    FILE *out; /* NULL = silent */
    const struct env *env;
    bool terminal, drawn;
    uint64_t began_ns, told_ns;
};

void progress_begin(struct progress *p, FILE *out, const struct env *env);
/* 'part' of the work is done, 0 to 1; 'rows' rows of 'what' so far. */
void progress_tell(struct progress *p, double part, uint64_t rows, const char *what);
/* Take the bar away, so that other lines can be printed. */
void progress_clear(struct progress *p);
