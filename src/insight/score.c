/* score.c - two passes over the log, one for each kernel: orders for rfm are those that stand, days
 * with an order for the models are all. */
#include "insight/score.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "insight/plan.h"
#include "insight/sweep.h"

struct ask {
    const struct insight *in;
    const struct scores_ask *of;
    struct scores *out;
};

static void begin(struct plan *p, const struct ask *a, struct arena *arena, const char *name)
{
    plan_init(p, a->in, arena);
    p->name = name;
    if (!plan_first_event(p, &p->start)) p->start = INT64_MAX;
    plan_end(p, a->of->as_of);
    p->columns.mask |= COLUMN_AMOUNT;
    plan_select_kind(p, "order.paid");
}

/* ---- recency, frequency, money ---- */

static enum err sweep_rfm(struct plan *p, struct rfm *out, struct why *why)
{
    uint32_t order = p->in->fold->prop_order;
    plan_select_kind(p, "order.refunded");
    if (order != 0 && !plan_prop(p, order, PROP_TEXT))
        return why_fail(why, ERR_INTERNAL, MSG_INTERNAL, "", NULL);
    TRY(plan_columns(p, false, why));
    const struct rfm_settings settings = {plan_place(p, order), NULL};
    const struct sweep sweep = {
        .plan = p, .from = p->from, .to = p->to, .members_only = true, .spans = true};
    return sweep_run(&sweep, &rfm_kernel, &settings, out, why);
}

static void scale_by_cuts(const struct scores_ask *ask, struct rfm_scale *scale)
{
    for (int what = 0; what < 3; what++) {
        scale->count[what] = 4;
        for (int i = 0; i < 4; i++) {
            int64_t cut = ask->cuts[what][i];
            scale->above[what][i] = (what == 0 ? ask->as_of - cut * TIME_DAY : cut) - 1;
        }
    }
}

static void take_rfm(const struct ask *a, const struct rfm *rfm)
{
    struct rfm_scale scale;
    if (a->of->has_cuts) {
        scale_by_cuts(a->of, &scale);
    } else {
        rfm_scale_by_rank(rfm, &scale);
    }
    VEC_RESERVE(&a->out->of, rfm->buyers.count);
    for (size_t i = 0; i < rfm->buyers.count; i++) {
        struct score s = {.member = rfm->buyers.items[i].member,
                          .alive = NAN,
                          .drop = NAN,
                          .orders = NAN,
                          .revenue = NAN};
        rfm_scores_of(&scale, &rfm->buyers.items[i], s.rfm);
        VEC_PUSH(&a->out->of, s);
    }
}

static enum err score_rfm(const struct ask *a, struct why *why)
{
    struct arena *arena = arena_create(0);
    struct plan *p = arena_alloc(arena, sizeof(*p));
    struct rfm rfm = {0};
    begin(p, a, arena, "rfm");
    enum err err = sweep_rfm(p, &rfm, why);
    if (err == ERR_OK) {
        take_rfm(a, &rfm);
        rfm_kernel.finish(&rfm);
    }
    plan_finish(p);
    arena_destroy(arena);
    return err;
}

/* ---- buying again ---- */

static int by_member(const void *a, const void *b)
{
    const struct score *x = a, *y = b;
    return (x->member > y->member) - (x->member < y->member);
}

static bool never(void *ctx)
{
    (void)ctx;
    return false;
}

static double sum_of(const struct repeat_model *m, const struct repeat *buyers)
{
    double orders = 0;
    for (size_t i = 0; i < buyers->buyers.count; i++)
        orders += repeat_model_forecast(m, &buyers->buyers.items[i], SCORE_HORIZON_DAYS).orders;
    return orders;
}

/* Both lists are by member; who has no order that stands has no score of the first three. */
static void take_forecasts(const struct repeat_model *m, const struct repeat *buyers,
                           struct scores *out)
{
    size_t at = 0, scored = out->of.count;
    for (size_t i = 0; i < buyers->buyers.count; i++) {
        const struct repeat_buyer *b = &buyers->buyers.items[i];
        while (at < scored && out->of.items[at].member < b->member)
            at++;
        if (at == scored || out->of.items[at].member != b->member) {
            VEC_PUSH(&out->of, ((struct score){.member = b->member, .revenue = NAN}));
        }
        bool there = at < scored && out->of.items[at].member == b->member;
        struct score *s = &out->of.items[there ? at : out->of.count - 1];
        struct repeat_forecast f = {.alive = NAN, .drop = NAN, .orders = NAN, .revenue = NAN};
        if (out->fitted) f = repeat_model_forecast(m, b, SCORE_HORIZON_DAYS);
        s->alive = (float)f.alive;
        s->drop = (float)f.drop;
        s->orders = (float)f.orders;
        s->revenue = isfinite(f.revenue) && fabs(f.revenue) < 9e15 ? f.revenue : NAN;
    }
    if (out->of.count) qsort(out->of.items, out->of.count, sizeof(out->of.items[0]), by_member);
}

static void fit(const struct ask *a, struct repeat *buyers)
{
    struct repeat_model m;
    struct scores *out = a->out;
    int32_t end = zone_day(a->in->zone, a->of->as_of) - 1;
    repeat_sort(buyers);
    repeat_model_fit(&m, buyers, end, 7, a->of->stop ? a->of->stop : never, a->of->ctx);
    if (m.fitted)
        m.fitted =
            repeat_model_is_sound(sum_of(&m, buyers), buyers->buyers.count, SCORE_HORIZON_DAYS);
    if (!m.fitted) m.valued = false;
    out->fitted = m.fitted;
    out->valued = m.valued;
    out->model = m.model;
    out->value = m.value;
    take_forecasts(&m, buyers, out);
    repeat_model_finish(&m);
}

static enum err score_repeat(const struct ask *a, struct why *why)
{
    struct arena *arena = arena_create(0);
    struct plan *p = arena_alloc(arena, sizeof(*p));
    struct repeat buyers;
    begin(p, a, arena, "repeat");
    enum err err = plan_columns(p, false, why);
    const struct repeat_settings settings = {a->in->zone, a->of->as_of};
    const struct sweep sweep = {.plan = p, .from = p->from, .to = p->to, .members_only = true};
    if (err == ERR_OK) err = sweep_run(&sweep, &repeat_kernel, &settings, &buyers, why);
    if (err == ERR_OK) {
        fit(a, &buyers);
        repeat_kernel.finish(&buyers);
    }
    plan_finish(p);
    arena_destroy(arena);
    return err;
}

enum err insight_scores(const struct insight *in, const struct scores_ask *ask, struct scores *out,
                        struct why *why)
{
    const struct ask a = {in, ask, out};
    *out = (struct scores){.fitted = false};
    TRY(score_rfm(&a, why));
    if (out->of.count) qsort(out->of.items, out->of.count, sizeof(out->of.items[0]), by_member);
    return score_repeat(&a, why);
}

void scores_finish(struct scores *s)
{
    VEC_FINISH(&s->of);
}
