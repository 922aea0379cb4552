/* minimise.c - the simplex of Nelder and Mead: reflect the worst corner, expand, contract or
 * shrink.
 *
 * A simplex may go flat before it is at a minimum; so when all its corners are of one value it is
 * built again around the best, until that gains nothing more. */
#include "insight/minimise.h"

#include <math.h>
#include <string.h>

#define STEPS_MAX 500
#define VALUE_TOLERANCE 1e-11 /* of the values at the corners, relative */
#define GAIN_MIN 1e-9         /* of a new simplex, relative */

struct corner {
    double x[MINIMISE_MAX];
    double value;
};

struct simplex {
    const struct minimise *m;
    struct corner corners[MINIMISE_MAX + 1]; /* ascending by value */
};

static double value_at(const struct minimise *m, const double *x)
{
    double value = m->value(m->ctx, x);
    return isnan(value) ? INFINITY : value;
}

static void sort_corners(struct simplex *s)
{
    for (int i = 1; i <= s->m->count; i++) {
        struct corner corner = s->corners[i];
        int at = i;
        for (; at > 0 && s->corners[at - 1].value > corner.value; at--) {
            s->corners[at] = s->corners[at - 1];
        }
        s->corners[at] = corner;
    }
}

static void build(struct simplex *s, const double *x, double step)
{
    int n = s->m->count;
    for (int i = 0; i <= n; i++) {
        memcpy(s->corners[i].x, x, (size_t)n * sizeof(x[0]));
        if (i > 0) s->corners[i].x[i - 1] += step;
        s->corners[i].value = value_at(s->m, s->corners[i].x);
    }
    sort_corners(s);
}

/* The point 'share' of the way from the worst corner through the middle of the others. */
static struct corner beyond(const struct simplex *s, double share)
{
    int n = s->m->count;
    struct corner point;
    for (int k = 0; k < n; k++) {
        double middle = 0;
        for (int i = 0; i < n; i++) {
            middle += s->corners[i].x[k] / n;
        }
        point.x[k] = middle + share * (middle - s->corners[n].x[k]);
    }
    point.value = value_at(s->m, point.x);
    return point;
}

static void shrink(struct simplex *s)
{
    for (int i = 1; i <= s->m->count; i++) {
        struct corner *corner = &s->corners[i];
        for (int k = 0; k < s->m->count; k++) {
            corner->x[k] = (corner->x[k] + s->corners[0].x[k]) / 2;
        }
        corner->value = value_at(s->m, corner->x);
    }
}

static void improve(struct simplex *s)
{
    int n = s->m->count;
    struct corner *worst = &s->corners[n];
    struct corner reflected = beyond(s, 1);
    if (reflected.value < s->corners[0].value) {
        struct corner expanded = beyond(s, 2);
        *worst = expanded.value < reflected.value ? expanded : reflected;
    } else if (reflected.value < s->corners[n - 1].value) {
        *worst = reflected;
    } else {
        struct corner contracted = beyond(s, reflected.value < worst->value ? 0.5 : -0.5);
        if (contracted.value < fmin(reflected.value, worst->value)) {
            *worst = contracted;
        } else {
            shrink(s);
        }
    }
    sort_corners(s);
}

/* Corners of one value may still lie apart, on a ridge or around the minimum; the next simplex will
 * tell. */
static bool is_level(const struct simplex *s)
{
    double lowest = s->corners[0].value;
    return s->corners[s->m->count].value - lowest <= VALUE_TOLERANCE * (1 + fabs(lowest));
}

double minimise_run(const struct minimise *m, double *x, double step)
{
    struct simplex s = {.m = m};
    double best = value_at(m, x);
    for (int builds = 0; builds < m->builds; builds++) {
        build(&s, x, step);
        for (int i = 0; i < STEPS_MAX && !is_level(&s); i++) {
            if (m->stop && m->stop(m->ctx)) break;
            improve(&s);
        }
        double gain = best - s.corners[0].value;
        memcpy(x, s.corners[0].x, (size_t)m->count * sizeof(x[0]));
        best = s.corners[0].value;
        if (m->stop && m->stop(m->ctx)) break;
        if (!(gain > GAIN_MIN * (1 + fabs(best)))) break;
    }
    return best;
}
