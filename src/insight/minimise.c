/* minimise.c - the simplex of Nelder and Mead: reflect the worst corner, expand, contract or
 * shrink.
 *
 * A simplex may collapse before it is at a minimum; so when it has shrunk to nothing it is built
 * again around its best corner, until that gains nothing more. */
#include "insight/minimise.h"

#include <math.h>
#include <string.h>

#define STEPS_MAX 1000
#define VALUE_TOLERANCE 1e-11 /* of the values at the corners, relative */
#define PLACE_TOLERANCE 1e-6  /* of the corners' coordinates */
#define GAIN_MIN 1e-10        /* of a new simplex, relative */

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

static bool collapsed(const struct simplex *s)
{
    int n = s->m->count;
    double spread = s->corners[n].value - s->corners[0].value;
    double size = 0;
    if (!(spread <= VALUE_TOLERANCE * (1 + fabs(s->corners[0].value)))) return false;
    for (int k = 0; k < n; k++) {
        size = fmax(size, fabs(s->corners[n].x[k] - s->corners[0].x[k]));
    }
    return size < PLACE_TOLERANCE || spread == 0;
}

double minimise_run(const struct minimise *m, double *x, double step)
{
    struct simplex s = {.m = m};
    double best = value_at(m, x);
    for (int builds = 0; builds < m->builds; builds++) {
        build(&s, x, step);
        for (int i = 0; i < STEPS_MAX && !collapsed(&s); i++) {
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
