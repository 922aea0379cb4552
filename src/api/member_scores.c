/* member_scores.c - fields of expressions, one by one. */
#include "api/member_scores.h"

#include <math.h>

#include "api/put.h"

const char *const member_score_names[MEMBER_SCORES] = {
    "rfm_r", "rfm_f", "rfm_m", "p_alive", "p_alive_drop", "expected_orders", "expected_value"};

bool member_scores(struct brand *b, uint32_t member, double out[MEMBER_SCORES])
{
    struct score s;
    if (!scores_get(b, member, &s)) return false;
    for (int i = 0; i < 3; i++)
        out[i] = s.rfm[i] ? s.rfm[i] : NAN;
    out[3] = (double)s.alive;
    out[4] = (double)s.drop;
    out[5] = (double)s.orders;
    out[6] = s.revenue;
    return true;
}

void members_put_scores(const struct call *c, struct json_writer *w, uint32_t member)
{
    struct scores_run run;
    double of[MEMBER_SCORES];
    json_key(w, "scores");
    if (!member_scores(c->brand, member, of)) {
        json_null(w);
        return;
    }
    scores_look(c->brand, &run);
    json_begin_object(w);
    put_time(c, w, "as_of", run.as_of);
    for (int i = 0; i < MEMBER_SCORES; i++) {
        put_real_or_null(w, member_score_names[i], of[i], !isnan(of[i]));
    }
    json_end_object(w);
}
