/* rfm.c - the query "rfm": buyers by recency, frequency and money.
 *
 * Without cuts a score is min(5, 1 + floor(5 x members strictly lower / members)); the later the
 * last order, the higher the recency. With cuts it is 1 + the number of cuts reached. */
#include "base/mem.h"
#include "insight/order.h"
#include "insight/query.h"
#include "insight/rfm_kernel.h"
#include "insight/sweep.h"

#define CUTS_MAX 9
#define SCORES (CUTS_MAX + 1)
#define QUINTILES 5
#define MONEY_MAX INT64_C(1000000000000000)
#define ORDERS_MAX INT64_C(1000000000)

struct rfm_plan {
    struct form_list cuts[3]; /* recency in days, frequency, money in minor units */
};

struct cell {
    uint64_t members;
    wide revenue; /* minor units */
};

struct scores {
    const struct rfm_plan *plan;
    /* Of last order, orders and revenue, in turn: where there are cuts, what is to be reached, else
     * the values of all buyers, ascending. */
    int64_t reach[3][CUTS_MAX];
    int64_t *sorted[3]; /* [count] */
    size_t count;       /* of buyers */
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
        TRY(form_numbers(&cuts, names[i], i == 2 ? -MONEY_MAX : 0, most[i], CUTS_MAX, &t->cuts[i]));
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

static int64_t value_of(const struct rfm_buyer *buyer, int what)
{
    int64_t values[] = {buyer->last, buyer->orders, buyer->revenue};
    return values[what];
}

static void sort_values(struct scores *s, const struct rfm *rfm, int what)
{
    s->sorted[what] = mem_resize_array(NULL, s->count + 1, sizeof(*s->sorted[what]));
    for (size_t i = 0; i < s->count; i++)
        s->sorted[what][i] = value_of(&rfm->buyers.items[i], what);
    order_sort(s->sorted[what], s->count);
}

static void scores_init(struct scores *s, const struct plan *p, const struct rfm *rfm)
{
    *s = (struct scores){.plan = p->own, .count = rfm->buyers.count};
    for (int i = 0; i < 3; i++) {
        const struct form_list *cuts = &s->plan->cuts[i];
        if (!cuts->items) sort_values(s, rfm, i);
        /* Recency is the better the fewer the days. */
        for (size_t k = 0; cuts->items && k < cuts->count; k++)
            s->reach[i][k] = i == 0 ? p->to - cuts->items[k] * TIME_DAY : cuts->items[k];
    }
}

static void scores_finish(struct scores *s)
{
    for (int i = 0; i < 3; i++) {
        mem_free(s->sorted[i]);
    }
}

/* From 0. */
static size_t score_of(const struct scores *s, int what, int64_t value)
{
    const struct form_list *cuts = &s->plan->cuts[what];
    size_t score = 0;
    if (!cuts->items) {
        score = QUINTILES * order_lower(s->sorted[what], s->count, value) / s->count;
        return score < QUINTILES ? score : QUINTILES - 1;
    }
    for (size_t i = 0; i < cuts->count; i++)
        score += value >= s->reach[what][i];
    return score;
}

static void fill_cells(const struct scores *s, const struct rfm *rfm,
                       struct cell cells[SCORES][SCORES][SCORES])
{
    for (size_t i = 0; i < s->count; i++) {
        const struct rfm_buyer *buyer = &rfm->buyers.items[i];
        struct cell *cell = &cells[score_of(s, 0, buyer->last)][score_of(s, 1, buyer->orders)]
                                  [score_of(s, 2, buyer->revenue)];
        cell->members++;
        cell->revenue += buyer->revenue;
    }
}

static void reply_cells(struct reply *r, struct cell cells[SCORES][SCORES][SCORES])
{
    reply_list(r, "cells", "r,f,m,members,revenue");
    for (int place = 0; place < SCORES * SCORES * SCORES; place++) {
        int recency = place / (SCORES * SCORES);
        int frequency = place / SCORES % SCORES;
        int money = place % SCORES;
        const struct cell *cell = &cells[recency][frequency][money];
        if (cell->members == 0) continue;
        reply_row(r);
        reply_int(r, "r", recency + 1);
        reply_int(r, "f", frequency + 1);
        reply_int(r, "m", money + 1);
        reply_count(r, "members", cell->members);
        reply_wide(r, "revenue", cell->revenue);
        reply_row_end(r);
    }
    reply_list_end(r);
}

static enum err run(struct plan *p, struct reply *r, struct why *why)
{
    struct rfm_settings settings = {plan_place(p, p->in->fold->prop_order)};
    struct sweep sweep = {
        .plan = p, .from = p->from, .to = p->to, .members_only = true, .spans = true};
    struct rfm rfm;
    struct scores scores;
    struct cell(*cells)[SCORES][SCORES] = arena_alloc_array(p->arena, SCORES, sizeof(*cells));
    TRY(sweep_run(&sweep, &rfm_kernel, &settings, &rfm, why));
    enum err err = plan_need(p, rfm.buyers.count, 5 * sizeof(int64_t), why);
    if (err != ERR_OK) {
        rfm_kernel.finish(&rfm);
        return err;
    }
    scores_init(&scores, p, &rfm);
    fill_cells(&scores, &rfm, cells);
    scores_finish(&scores);
    reply_cells(r, cells);
    reply_count(r, "members", rfm.buyers.count);
    rfm_kernel.finish(&rfm);
    return ERR_OK;
}

const struct query_type query_rfm = {"rfm", TAKES_FROM | TAKES_WHERE | TAKES_WHO, false, parse,
                                     run};
