/* rfm.c - the query "rfm": buyers by recency, frequency and money.
 *
 * Without cuts a score is min(5, 1 + floor(5 x members strictly lower / members)); the later the
 * last order, the higher the recency. With cuts it is 1 + the number of cuts reached. */
#include "base/mem.h"
#include "insight/query.h"
#include "insight/rfm_kernel.h"
#include "insight/sweep.h"

#define MONEY_MAX INT64_C(1000000000000000)
#define ORDERS_MAX INT64_C(1000000000)

struct rfm_plan {
    struct form_list cuts[3]; /* recency in days, frequency, money in minor units; or none */
};

static enum err parse_cuts(struct plan *p, struct form *f, struct rfm_plan *t)
{
    static const char *const names[] = {"r", "f", "m"};
    static const int64_t most[] = {36500, ORDERS_MAX, MONEY_MAX};
    struct form cuts;
    const struct json *value = form_take(f, "cuts");
    if (!value) return ERR_OK;
    TRY(form_open(&cuts, p->arena, value, form_path(f, "cuts"), f->why));
    json_key(&p->echo, "cuts");
    json_begin_object(&p->echo);
    for (int i = 0; i < 3; i++) {
        TRY(form_numbers(&cuts, names[i], i == 2 ? -MONEY_MAX : 0, most[i], RFM_CUTS_MAX,
                         &t->cuts[i]));
        if (!t->cuts[i].items) return form_fail(&cuts, names[i], MSG_MISSING, NULL);
        json_key(&p->echo, names[i]);
        json_begin_array(&p->echo);
        for (size_t k = 0; k < t->cuts[i].count; k++) {
            json_int(&p->echo, t->cuts[i].items[k]);
        }
        json_end_array(&p->echo);
    }
    json_end_object(&p->echo);
    return form_close(&cuts);
}

static enum err parse(struct plan *p, struct form *f)
{
    struct rfm_plan *t = arena_alloc(p->arena, sizeof(*t));
    p->own = t;
    TRY(plan_as_of(p, f, false));
    TRY(parse_cuts(p, f, t));
    plan_select_kind(p, "order.paid");
    plan_select_kind(p, "order.refunded");
    p->columns.mask |= COLUMN_AMOUNT;
    uint32_t order = p->in->fold->prop_order;
    if (order != 0 && !plan_prop(p, order, PROP_TEXT)) {
        return why_fail(f->why, ERR_INVALID, MSG_QUERY_PROPS, "", "%d", 64);
    }
    return ERR_OK;
}

/* Recency is the better the fewer the days. */
static void scale_by_cuts(const struct plan *p, struct rfm_scale *scale)
{
    const struct rfm_plan *t = p->own;
    for (int what = 0; what < 3; what++) {
        const struct form_list *cuts = &t->cuts[what];
        scale->count[what] = cuts->count;
        for (size_t i = 0; cuts->items && i < cuts->count; i++)
            scale->above[what][i] =
                (what == 0 ? p->to - cuts->items[i] * TIME_DAY : cuts->items[i]) - 1;
    }
}

/* How many buyers they hold. */
static uint64_t reply_cells(struct reply *r, const struct rfm_cell *cells)
{
    uint64_t members = 0;
    reply_list(r, "cells", "r,f,m,members,revenue");
    for (int place = 0; place < RFM_CELLS; place++) {
        int recency = place / (RFM_SCORES * RFM_SCORES);
        int frequency = place / RFM_SCORES % RFM_SCORES;
        int money = place % RFM_SCORES;
        const struct rfm_cell *cell = &cells[place];
        if (cell->members == 0) continue;
        members += cell->members;
        reply_row(r);
        reply_int(r, "r", recency + 1);
        reply_int(r, "f", frequency + 1);
        reply_int(r, "m", money + 1);
        reply_count(r, "members", cell->members);
        reply_wide(r, "revenue", cell->revenue);
        reply_row_end(r);
    }
    reply_list_end(r);
    return members;
}

/* Ranks are known when all buyers are. */
static enum err score_by_rank(struct plan *p, struct rfm *rfm, struct why *why)
{
    struct rfm_scale scale;
    TRY(plan_need(p, rfm->buyers.count, 3 * sizeof(int64_t), why)); /* and to sort with */
    rfm_scale_by_rank(rfm, &scale);
    rfm->cells = mem_alloc_array(RFM_CELLS, sizeof(*rfm->cells));
    for (size_t i = 0; i < rfm->buyers.count; i++)
        rfm_score(&scale, &rfm->buyers.items[i], rfm->cells);
    return ERR_OK;
}

static enum err run(struct plan *p, struct reply *r, struct why *why)
{
    const struct rfm_plan *t = p->own;
    struct rfm_scale scale = {.count = {0}};
    int64_t bounds[RFM_CUTS_MAX];
    struct rfm_settings settings = {plan_place(p, p->in->fold->prop_order),
                                    t->cuts[0].items ? &scale : NULL};
    struct sweep sweep = {
        .plan = p, .from = p->from, .to = p->to, .members_only = true, .spans = true};
    struct rfm rfm;
    scale_by_cuts(p, &scale);
    for (size_t i = 0; i < scale.count[0]; i++)
        bounds[i] = scale.above[0][i] + 1;
    if (settings.scale) sweep.bounds = bounds, sweep.bound_count = scale.count[0];
    TRY(sweep_run(&sweep, &rfm_kernel, &settings, &rfm, why));
    enum err err = rfm.cells ? ERR_OK : score_by_rank(p, &rfm, why);
    if (err == ERR_OK) {
        uint64_t members = reply_cells(r, rfm.cells);
        reply_count(r, "members", members);
    }
    rfm_kernel.finish(&rfm);
    return err;
}

const struct query_type query_rfm = {"rfm", TAKES_FROM | TAKES_WHERE | TAKES_WHO, false, parse,
                                     run};
