/* repeat.c - the query "repeat": who will buy again, how often and for how much.
 *
 * Buyers are sorted by member before anything is added up, so that sums do not depend on the
 * workers. Orders that settle no model (everybody's are the same) end in a
 * forecast beyond an order a day for all, or in none; then the model is dropped, with a warning. */
#include <math.h>
#include <stdio.h>

#include "base/mem.h"
#include "insight/query.h"
#include "insight/repeat_model.h"
#include "insight/sweep.h"

static const char *const units[] = {"day", "week", NULL};
static const char *const bys[] = {"all", "member", NULL};

#define HOLDOUT_ROWS 8 /* by frequency: 0 .. 6, and 7 or more */
#define CHECK_EVERY 4096

struct repeat_plan {
    int unit;        /* place in 'units' */
    int by;          /* 1 = member */
    int64_t horizon; /* ms, whole days */
    int64_t holdout; /* the same; 0 = none */
};

struct holdout_row {
    uint64_t buyers;
    double expected; /* days with an order */
    uint64_t orders; /* the same, seen */
};

struct outcome {
    const struct repeat *repeat;
    struct repeat_model m;
    double alive, orders, revenue; /* sums over all buyers */
    struct holdout_row holdout[HOLDOUT_ROWS];
};

static enum err parse_days(struct form *f, const char *key, int64_t *out)
{
    TRY(form_duration(f, key, TIME_DAY, out));
    if (*out % TIME_DAY != 0) return form_fail(f, key, MSG_QUERY_WHOLE_DAYS, NULL);
    return ERR_OK;
}

static int64_t holdout_end(const struct plan *p, const struct repeat_plan *t)
{
    int32_t day = zone_day(p->in->zone, p->to);
    return zone_day_start(p->in->zone, day + (int32_t)(t->holdout / TIME_DAY));
}

static enum err parse(struct plan *p, struct form *f)
{
    struct repeat_plan *t = arena_alloc(p->arena, sizeof(*t));
    p->own = t;
    t->unit = 1;
    t->horizon = 90 * TIME_DAY;
    TRY(plan_select(p, f, "order.paid", false));
    TRY(plan_as_of(p, f, true));
    TRY(form_choice(f, "unit", units, &t->unit));
    TRY(parse_days(f, "horizon", &t->horizon));
    TRY(parse_days(f, "holdout", &t->holdout));
    TRY(form_choice(f, "by", bys, &t->by));
    if (t->holdout > 0 && holdout_end(p, t) > p->in->now) {
        return form_fail(f, "holdout", MSG_QUERY_HOLDOUT, NULL);
    }
    json_key(&p->echo, "unit");
    json_text(&p->echo, units[t->unit]);
    plan_echo_duration(p, "horizon", t->horizon);
    if (t->holdout > 0) plan_echo_duration(p, "holdout", t->holdout);
    json_key(&p->echo, "by");
    json_text(&p->echo, bys[t->by]);
    p->columns.mask |= COLUMN_AMOUNT;
    return ERR_OK;
}

static bool stop(void *ctx)
{
    return plan_check(ctx, NULL) != ERR_OK;
}

static double days_of(int64_t horizon)
{
    return (double)horizon / (double)TIME_DAY;
}

static void add_holdout(struct outcome *o, const struct repeat_buyer *buyer, int64_t holdout)
{
    uint32_t place = buyer->frequency < HOLDOUT_ROWS ? buyer->frequency : HOLDOUT_ROWS - 1;
    struct holdout_row *row = &o->holdout[place];
    struct bgnbd_point point = repeat_model_point(&o->m, buyer);
    row->buyers++;
    row->expected += bgnbd_expected(&o->m.model, &point, days_of(holdout));
    row->orders += buyer->holdout;
}

static enum err add_up(const struct plan *p, struct outcome *o, struct why *why)
{
    const struct repeat_plan *t = p->own;
    for (size_t i = 0; o->m.fitted && i < o->repeat->buyers.count; i++) {
        const struct repeat_buyer *buyer = &o->repeat->buyers.items[i];
        struct repeat_forecast f = repeat_model_forecast(&o->m, buyer, days_of(t->horizon));
        if (i % CHECK_EVERY == 0) TRY(plan_check(p, why));
        o->alive += f.alive;
        o->orders += f.orders;
        o->revenue += f.revenue;
        if (t->holdout > 0) add_holdout(o, buyer, t->holdout);
    }
    return ERR_OK;
}

static void drop_model(struct outcome *o)
{
    o->m.fitted = o->m.valued = false;
}

/* More than an order a day of everybody is no forecast. */
static void judge(struct plan *p, struct outcome *o)
{
    const struct repeat_plan *t = p->own;
    bool sound = repeat_model_is_sound(o->orders, o->repeat->buyers.count, days_of(t->horizon));
    char least[16];
    int len = snprintf(least, sizeof(least), "%d", BGNBD_REPEATERS_MIN);
    if (!o->m.fitted) {
        plan_warn(p, MSG_QUERY_REPEAT_FEW, (struct str){least, (size_t)len});
    } else if (!sound) {
        drop_model(o);
        plan_warn(p, MSG_QUERY_REPEAT_ALIKE, STR(""));
    } else if (bgnbd_at_edge(&o->m.model)) {
        plan_warn(p, MSG_QUERY_REPEAT_EDGE, STR(""));
    }
}

static void reply_money(struct reply *r, const char *key, double v)
{
    if (isfinite(v) && fabs(v) < 9e18) {
        reply_int(r, key, llround(v));
    } else {
        reply_null(r, key);
    }
}

static void reply_models(struct reply *r, const struct outcome *o)
{
    if (o->m.fitted) {
        reply_object(r, "bgnbd");
        reply_double(r, "r", o->m.model.r);
        reply_double(r, "alpha", o->m.model.alpha);
        reply_double(r, "a", o->m.model.a);
        reply_double(r, "b", o->m.model.b);
        reply_double(r, "log_likelihood", o->m.model.log_likelihood);
        reply_object_end(r);
    } else {
        reply_null(r, "bgnbd");
    }
    if (o->m.valued) {
        reply_object(r, "gamma_gamma");
        reply_double(r, "p", o->m.value.p);
        reply_double(r, "q", o->m.value.q);
        reply_double(r, "v", o->m.value.v);
        reply_object_end(r);
    } else {
        reply_null(r, "gamma_gamma");
    }
}

static void reply_sums(struct reply *r, const struct outcome *o)
{
    reply_count(r, "members", o->repeat->buyers.count);
    reply_double(r, "members_alive", o->m.fitted ? o->alive : NAN);
    reply_double(r, "expected_orders", o->m.fitted ? o->orders : NAN);
    reply_money(r, "expected_revenue", o->m.fitted ? o->revenue : NAN);
}

static void reply_holdout(struct reply *r, const struct repeat_plan *t, const struct outcome *o)
{
    double expected = 0;
    uint64_t orders = 0;
    for (int i = 0; i < HOLDOUT_ROWS; i++) {
        expected += o->holdout[i].expected;
        orders += o->holdout[i].orders;
    }
    reply_object(r, "holdout");
    reply_int(r, "days", t->holdout / TIME_DAY);
    reply_double(r, "expected_orders", expected);
    reply_count(r, "orders", orders);
    reply_array(r, "by_frequency");
    for (int i = 0; i < HOLDOUT_ROWS; i++) {
        reply_object(r, NULL);
        reply_int(r, "frequency", i);
        reply_count(r, "members", o->holdout[i].buyers);
        reply_double(r, "expected_orders", o->holdout[i].expected);
        reply_count(r, "orders", o->holdout[i].orders);
        reply_object_end(r);
    }
    reply_array_end(r);
    reply_object_end(r);
}

static void reply_buyers(struct reply *r, const struct repeat_plan *t, const struct outcome *o)
{
    reply_list(r, "by_member",
               "member,frequency,recency_days,age_days,mean_value,alive,expected_orders,"
               "expected_revenue");
    for (size_t i = 0; i < o->repeat->buyers.count; i++) {
        const struct repeat_buyer *buyer = &o->repeat->buyers.items[i];
        struct repeat_forecast f = {
            .alive = NAN, .orders = NAN, .revenue = NAN, .mean = repeat_model_mean(buyer)};
        if (o->m.fitted) f = repeat_model_forecast(&o->m, buyer, days_of(t->horizon));
        reply_row(r);
        reply_member(r, "member", buyer->member);
        reply_count(r, "frequency", buyer->frequency);
        reply_int(r, "recency_days", buyer->last - buyer->first);
        reply_int(r, "age_days", o->m.end - buyer->first);
        reply_double(r, "mean_value", f.mean);
        reply_double(r, "alive", f.alive);
        reply_double(r, "expected_orders", f.orders);
        reply_money(r, "expected_revenue", f.revenue);
        reply_row_end(r);
    }
    reply_list_end(r);
}

/* The main list without members: the models in one row. */
static void reply_csv(struct reply *r, const struct outcome *o)
{
    reply_list(r, "",
               "r,alpha,a,b,log_likelihood,p,q,v,members,members_alive,expected_orders,"
               "expected_revenue");
    reply_row(r);
    reply_double(r, "r", o->m.fitted ? o->m.model.r : NAN);
    reply_double(r, "alpha", o->m.fitted ? o->m.model.alpha : NAN);
    reply_double(r, "a", o->m.fitted ? o->m.model.a : NAN);
    reply_double(r, "b", o->m.fitted ? o->m.model.b : NAN);
    reply_double(r, "log_likelihood", o->m.fitted ? o->m.model.log_likelihood : NAN);
    reply_double(r, "p", o->m.valued ? o->m.value.p : NAN);
    reply_double(r, "q", o->m.valued ? o->m.value.q : NAN);
    reply_double(r, "v", o->m.valued ? o->m.value.v : NAN);
    reply_sums(r, o);
    reply_row_end(r);
    reply_list_end(r);
}

static void reply_all(struct reply *r, const struct repeat_plan *t, const struct outcome *o)
{
    if (r->form == INSIGHT_CSV) {
        if (t->by == 1) {
            reply_buyers(r, t, o);
        } else {
            reply_csv(r, o);
        }
        return;
    }
    reply_models(r, o);
    reply_sums(r, o);
    if (t->holdout > 0 && o->m.fitted) reply_holdout(r, t, o);
    if (t->by == 1) reply_buyers(r, t, o);
}

static enum err answer(struct plan *p, struct outcome *o, struct reply *r, struct why *why)
{
    const struct repeat_plan *t = p->own;
    TRY(plan_check(p, why));
    TRY(add_up(p, o, why));
    judge(p, o);
    reply_all(r, t, o);
    return ERR_OK;
}

static enum err fit_and_answer(struct plan *p, const struct repeat *repeat, struct reply *r,
                               struct why *why)
{
    const struct repeat_plan *t = p->own;
    struct outcome o = {.repeat = repeat};
    if (t->by == 1 && repeat->buyers.count > LIMIT_QUERY_MEMBERS) {
        return why_fail(why, ERR_TOO_LARGE, MSG_QUERY_MEMBERS, "repeat.by", "%d",
                        LIMIT_QUERY_MEMBERS);
    }
    TRY(plan_need(p, 1, repeat_model_bytes(repeat->buyers.count), why));
    repeat_model_fit(&o.m, repeat, zone_day(p->in->zone, p->to) - 1, t->unit == 1 ? 7 : 1, stop, p);
    enum err err = answer(p, &o, r, why);
    repeat_model_finish(&o.m);
    return err;
}

static enum err run(struct plan *p, struct reply *r, struct why *why)
{
    const struct repeat_plan *t = p->own;
    struct repeat_settings settings = {p->in->zone, p->to};
    int64_t end = t->holdout > 0 ? holdout_end(p, t) : p->to;
    struct sweep sweep = {.plan = p, .from = p->from, .to = end, .members_only = true};
    struct repeat repeat;
    TRY(sweep_run(&sweep, &repeat_kernel, &settings, &repeat, why));
    repeat_sort(&repeat);
    enum err err = fit_and_answer(p, &repeat, r, why);
    repeat_kernel.finish(&repeat);
    return err;
}

const struct query_type query_repeat = {"repeat", TAKES_FROM | TAKES_WHERE | TAKES_WHO, false,
                                        parse, run};
