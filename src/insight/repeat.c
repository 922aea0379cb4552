/* repeat.c - the query "repeat": who will buy again, how often and for how much.
 *
 * Buyers are sorted by member before anything is added up, so that sums do not depend on the
 * workers. What the model says of a history is kept for the buyers who share it: where all are
 * alike its series are long. Orders that settle no model (everybody's are the same) end in a
 * forecast beyond an order a day for all, or in none; then the model is dropped, with a warning. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "insight/bgnbd.h"
#include "insight/gamma_gamma.h"
#include "insight/query.h"
#include "insight/repeat_kernel.h"
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

#define MEMO 4096 /* histories kept, by a hash */

/* What the model says of a history. */
struct memo {
    struct bgnbd_point point; /* buyers 0: free */
    double alive, orders;
};

/* What the models say of one buyer. */
struct forecast {
    double mean; /* day-sum over repeat days, minor units; NaN = none */
    double alive;
    double orders;
    double revenue; /* minor units; NaN = unknown */
};

struct outcome {
    const struct repeat *repeat;
    int32_t end;         /* the last day that is known of: as_of's day before */
    bool fitted, valued; /* the models below could be fitted */
    struct bgnbd model;
    struct gamma_gamma value;
    struct memo *memo;             /* [MEMO] */
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

static int by_member(const void *a, const void *b)
{
    const struct repeat_buyer *x = a;
    const struct repeat_buyer *y = b;
    return (x->member > y->member) - (x->member < y->member);
}

/* A last order on the day before as_of leaves an age as old as the recency. */
static struct bgnbd_point point_of(const struct outcome *o, const struct repeat_buyer *buyer)
{
    return (struct bgnbd_point){buyer->frequency, buyer->last - buyer->first, o->end - buyer->first,
                                1};
}

static double mean_of(const struct repeat_buyer *buyer)
{
    if (buyer->value_days == 0 || buyer->value <= 0) return NAN;
    return (double)buyer->value / buyer->value_days;
}

static bool stop(void *ctx)
{
    return plan_check(ctx, NULL) != ERR_OK;
}

static void fit(struct plan *p, struct outcome *o)
{
    const struct repeat_plan *t = p->own;
    size_t count = o->repeat->buyers.count;
    struct bgnbd_point *points = mem_resize_array(NULL, count + 1, sizeof(*points));
    struct gamma_gamma_point *values = mem_resize_array(NULL, count + 1, sizeof(*values));
    size_t valued = 0;
    for (size_t i = 0; i < count; i++) {
        const struct repeat_buyer *buyer = &o->repeat->buyers.items[i];
        points[i] = point_of(o, buyer);
        double mean = mean_of(buyer);
        if (!isnan(mean)) values[valued++] = (struct gamma_gamma_point){buyer->value_days, mean};
    }
    o->fitted = bgnbd_fit(points, count, t->unit == 1 ? 7 : 1, stop, p, &o->model);
    o->valued = gamma_gamma_fit(values, valued, stop, p, &o->value);
    mem_free(points);
    mem_free(values);
}

/* 'days' is the same for all calls. */
static const struct memo *history_of(const struct outcome *o, const struct repeat_buyer *buyer,
                                     double days)
{
    struct bgnbd_point p = point_of(o, buyer);
    uint32_t hash = p.frequency * 2654435761u ^ (uint32_t)p.recency * 40503u ^ (uint32_t)p.age;
    struct memo *m = &o->memo[hash % MEMO];
    bool known = m->point.buyers && m->point.frequency == p.frequency &&
                 m->point.recency == p.recency && m->point.age == p.age;
    if (!known)
        *m = (struct memo){p, bgnbd_alive(&o->model, &p), bgnbd_expected(&o->model, &p, days)};
    return m;
}

static struct forecast forecast_of(const struct outcome *o, const struct repeat_buyer *buyer,
                                   int64_t horizon)
{
    const struct memo *m = history_of(o, buyer, (double)horizon / (double)TIME_DAY);
    struct forecast f = {
        .mean = mean_of(buyer), .revenue = NAN, .alive = m->alive, .orders = m->orders};
    if (!o->valued) return f;
    bool known = !isnan(f.mean);
    f.revenue =
        f.orders * gamma_gamma_value(&o->value, known ? buyer->value_days : 0, known ? f.mean : 0);
    return f;
}

static void add_holdout(struct outcome *o, const struct repeat_buyer *buyer, int64_t holdout)
{
    uint32_t place = buyer->frequency < HOLDOUT_ROWS ? buyer->frequency : HOLDOUT_ROWS - 1;
    struct holdout_row *row = &o->holdout[place];
    struct bgnbd_point point = point_of(o, buyer);
    row->buyers++;
    row->expected += bgnbd_expected(&o->model, &point, (double)holdout / (double)TIME_DAY);
    row->orders += buyer->holdout;
}

static enum err add_up(const struct plan *p, struct outcome *o, struct why *why)
{
    const struct repeat_plan *t = p->own;
    for (size_t i = 0; o->fitted && i < o->repeat->buyers.count; i++) {
        const struct repeat_buyer *buyer = &o->repeat->buyers.items[i];
        struct forecast f = forecast_of(o, buyer, t->horizon);
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
    o->fitted = o->valued = false;
}

/* More than an order a day of everybody is no forecast. */
static void judge(struct plan *p, struct outcome *o)
{
    const struct repeat_plan *t = p->own;
    double most = (double)o->repeat->buyers.count * (double)t->horizon / (double)TIME_DAY;
    char least[16];
    int len = snprintf(least, sizeof(least), "%d", BGNBD_REPEATERS_MIN);
    if (!o->fitted) {
        plan_warn(p, MSG_QUERY_REPEAT_FEW, (struct str){least, (size_t)len});
    } else if (!(o->orders <= most)) {
        drop_model(o);
        plan_warn(p, MSG_QUERY_REPEAT_ALIKE, STR(""));
    } else if (bgnbd_at_edge(&o->model)) {
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
    if (o->fitted) {
        reply_object(r, "bgnbd");
        reply_double(r, "r", o->model.r);
        reply_double(r, "alpha", o->model.alpha);
        reply_double(r, "a", o->model.a);
        reply_double(r, "b", o->model.b);
        reply_double(r, "log_likelihood", o->model.log_likelihood);
        reply_object_end(r);
    } else {
        reply_null(r, "bgnbd");
    }
    if (o->valued) {
        reply_object(r, "gamma_gamma");
        reply_double(r, "p", o->value.p);
        reply_double(r, "q", o->value.q);
        reply_double(r, "v", o->value.v);
        reply_object_end(r);
    } else {
        reply_null(r, "gamma_gamma");
    }
}

static void reply_sums(struct reply *r, const struct outcome *o)
{
    reply_count(r, "members", o->repeat->buyers.count);
    reply_double(r, "members_alive", o->fitted ? o->alive : NAN);
    reply_double(r, "expected_orders", o->fitted ? o->orders : NAN);
    reply_money(r, "expected_revenue", o->fitted ? o->revenue : NAN);
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
        struct forecast f = {.alive = NAN, .orders = NAN, .revenue = NAN, .mean = mean_of(buyer)};
        if (o->fitted) f = forecast_of(o, buyer, t->horizon);
        reply_row(r);
        reply_member(r, "member", buyer->member);
        reply_count(r, "frequency", buyer->frequency);
        reply_int(r, "recency_days", buyer->last - buyer->first);
        reply_int(r, "age_days", o->end - buyer->first);
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
    reply_double(r, "r", o->fitted ? o->model.r : NAN);
    reply_double(r, "alpha", o->fitted ? o->model.alpha : NAN);
    reply_double(r, "a", o->fitted ? o->model.a : NAN);
    reply_double(r, "b", o->fitted ? o->model.b : NAN);
    reply_double(r, "log_likelihood", o->fitted ? o->model.log_likelihood : NAN);
    reply_double(r, "p", o->valued ? o->value.p : NAN);
    reply_double(r, "q", o->valued ? o->value.q : NAN);
    reply_double(r, "v", o->valued ? o->value.v : NAN);
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
    if (t->holdout > 0 && o->fitted) reply_holdout(r, t, o);
    if (t->by == 1) reply_buyers(r, t, o);
}

static enum err answer(struct plan *p, const struct repeat *repeat, struct reply *r,
                       struct why *why)
{
    const struct repeat_plan *t = p->own;
    struct outcome o = {.repeat = repeat, .end = zone_day(p->in->zone, p->to) - 1};
    if (t->by == 1 && repeat->buyers.count > LIMIT_QUERY_MEMBERS) {
        return why_fail(why, ERR_TOO_LARGE, MSG_QUERY_MEMBERS, "repeat.by", "%d",
                        LIMIT_QUERY_MEMBERS);
    }
    TRY(plan_need(p, repeat->buyers.count,
                  sizeof(struct bgnbd_point) + 3 * sizeof(struct gamma_gamma_point), why));
    fit(p, &o);
    TRY(plan_check(p, why));
    o.memo = arena_alloc_array(p->arena, MEMO, sizeof(*o.memo));
    TRY(add_up(p, &o, why));
    judge(p, &o);
    reply_all(r, t, &o);
    return ERR_OK;
}

static enum err run(struct plan *p, struct reply *r, struct why *why)
{
    const struct repeat_plan *t = p->own;
    struct repeat_settings settings = {p->in->zone, p->to};
    int64_t end = t->holdout > 0 ? holdout_end(p, t) : p->to;
    struct sweep sweep = {.plan = p, .from = p->from, .to = end, .members_only = true};
    struct repeat repeat;
    TRY(sweep_run(&sweep, &repeat_kernel, &settings, &repeat, why));
    if (repeat.buyers.count > 0) {
        qsort(repeat.buyers.items, repeat.buyers.count, sizeof(repeat.buyers.items[0]), by_member);
    }
    enum err err = answer(p, &repeat, r, why);
    repeat_kernel.finish(&repeat);
    return err;
}

const struct query_type query_repeat = {"repeat", TAKES_FROM | TAKES_WHERE | TAKES_WHO, false,
                                        parse, run};
