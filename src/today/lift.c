/* lift.c - the difference of two shares, and what to believe of it.
 *
 * 1. The interval is Newcombe's (1998, method 10): from the Wilson intervals of both shares, so
 * that it holds for few people and for shares near 0 and 1.
 * 2. A weight of w promises a lift of w / 10 points, give or take 5 points (PRIOR_SD). What was
 *    measured corrects that by the precision of each, as a normal prior does: nothing is learnt
 * from nobody, and with many the weight is forgotten. The variance of the measured difference takes
 *    one more of each outcome on each side (Agresti and Caffo), so that 3 of 3 is not certain.
 * 3. Not useful: the share of done among done and not useful, as if 4 more had been done. */
#include "today/lift.h"

#include <math.h>

#define PRIOR_SD 0.05
#define Z 1.959963984540054 /* 95 % */
#define DONE_BEFORE 4

struct wilson {
    double share, low, high;
};

static struct wilson wilson_of(uint64_t back, uint64_t of)
{
    double n = (double)of, p = (double)back / n, zz = Z * Z;
    double centre = p + zz / (2 * n), spread = Z * sqrt(p * (1 - p) / n + zz / (4 * n * n));
    return (struct wilson){p, (centre - spread) / (1 + zz / n), (centre + spread) / (1 + zz / n)};
}

static double smooth_variance(uint64_t back, uint64_t of)
{
    double n = (double)of + 2, p = ((double)back + 1) / n;
    return p * (1 - p) / n;
}

struct today_lift today_lift(const struct today_result *r, int weight)
{
    double prior = weight / 1000.0, done = (double)r->done + DONE_BEFORE;
    struct today_lift l = {.expected = prior, .useful = done / (done + (double)r->useless)};
    l.known = r->shown && r->withheld;
    if (l.known) {
        struct wilson a = wilson_of(r->shown_back, r->shown);
        struct wilson b = wilson_of(r->withheld_back, r->withheld);
        double variance = smooth_variance(r->shown_back, r->shown) +
                          smooth_variance(r->withheld_back, r->withheld);
        l.lift = a.share - b.share;
        l.low = l.lift - hypot(a.share - a.low, b.high - b.share);
        l.high = l.lift + hypot(a.high - a.share, b.share - b.low);
        l.learnt = PRIOR_SD * PRIOR_SD / (PRIOR_SD * PRIOR_SD + variance);
        l.expected = prior + l.learnt * (l.lift - prior);
    }
    l.score = l.expected > 0 ? l.expected * l.useful : l.expected;
    return l;
}
