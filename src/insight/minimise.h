/* minimise.h - the lowest point of a function of a few variables, without derivatives. */
#pragma once

#include <stdbool.h>

#define MINIMISE_MAX 4

struct minimise {
    int count;                                   /* variables, 1 .. MINIMISE_MAX */
    double (*value)(void *ctx, const double *x); /* not a number counts as infinite */
    int builds;                                  /* most simplexes to build, one after another */
    bool (*stop)(void *ctx);                     /* asked before each step; NULL: never */
    void *ctx;
};

/* Walk from 'x' to the lowest point nearby, with a first step of 'step' in each direction. Returns
 * the value there. */
double minimise_run(const struct minimise *m, double *x, double step);
