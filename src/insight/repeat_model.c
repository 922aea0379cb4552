/* repeat_model.c - what the model says of a history is kept for the buyers who share it: where all
 * are alike its series are long. */
#include "insight/repeat_model.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

#define MEMO 4096 /* histories kept, by a hash */

/* What the model says of a history. */
struct repeat_memo {
    struct bgnbd_point point; /* buyers 0: free */
    double alive, drop, orders;
};

static int by_member(const void *a, const void *b)
{
    const struct repeat_buyer *x = a;
    const struct repeat_buyer *y = b;
    return (x->member > y->member) - (x->member < y->member);
}

void repeat_sort(struct repeat *buyers)
{
    if (buyers->buyers.count == 0) return;
    qsort(buyers->buyers.items, buyers->buyers.count, sizeof(buyers->buyers.items[0]), by_member);
}

/* A last order on the day before as_of leaves an age as old as the recency. */
struct bgnbd_point repeat_model_point(const struct repeat_model *m, const struct repeat_buyer *b)
{
    return (struct bgnbd_point){b->frequency, b->last - b->first, m->end - b->first, 1};
}

double repeat_model_mean(const struct repeat_buyer *b)
{
    if (b->value_days == 0 || b->value <= 0) return NAN;
    return (double)b->value / b->value_days;
}

size_t repeat_model_bytes(size_t buyers)
{
    return buyers * (sizeof(struct bgnbd_point) + 3 * sizeof(struct gamma_gamma_point));
}

void repeat_model_fit(struct repeat_model *m, const struct repeat *buyers, int32_t end, double unit,
                      bool (*stop)(void *ctx), void *ctx)
{
    size_t count = buyers->buyers.count, valued = 0;
    struct bgnbd_point *points = mem_resize_array(NULL, count + 1, sizeof(*points));
    struct gamma_gamma_point *values = mem_resize_array(NULL, count + 1, sizeof(*values));
    *m = (struct repeat_model){.end = end};
    for (size_t i = 0; i < count; i++) {
        const struct repeat_buyer *b = &buyers->buyers.items[i];
        points[i] = repeat_model_point(m, b);
        double mean = repeat_model_mean(b);
        if (!isnan(mean)) values[valued++] = (struct gamma_gamma_point){b->value_days, mean};
    }
    m->fitted = bgnbd_fit(points, count, unit, stop, ctx, &m->model);
    m->valued = gamma_gamma_fit(values, valued, stop, ctx, &m->value);
    m->memo = mem_alloc_array(MEMO, sizeof(*m->memo));
    mem_free(points);
    mem_free(values);
}

void repeat_model_finish(struct repeat_model *m)
{
    mem_free(m->memo);
    m->memo = NULL;
}

/* By how much P(alive) fell while nothing was ordered. */
static double drop_of(const struct bgnbd *m, const struct bgnbd_point *p, double alive)
{
    struct bgnbd_point before = *p;
    before.age -= REPEAT_DROP_DAYS;
    if (before.age < p->recency) before.age = p->recency;
    return bgnbd_alive(m, &before) - alive;
}

static const struct repeat_memo *history_of(const struct repeat_model *m,
                                            const struct repeat_buyer *b, double days)
{
    struct bgnbd_point p = repeat_model_point(m, b);
    uint32_t hash = p.frequency * 2654435761u ^ (uint32_t)p.recency * 40503u ^ (uint32_t)p.age;
    struct repeat_memo *memo = &m->memo[hash % MEMO];
    bool known = memo->point.buyers && memo->point.frequency == p.frequency &&
                 memo->point.recency == p.recency && memo->point.age == p.age;
    if (known) return memo;
    double alive = bgnbd_alive(&m->model, &p);
    *memo = (struct repeat_memo){p, alive, drop_of(&m->model, &p, alive),
                                 bgnbd_expected(&m->model, &p, days)};
    return memo;
}

struct repeat_forecast repeat_model_forecast(const struct repeat_model *m,
                                             const struct repeat_buyer *b, double days)
{
    const struct repeat_memo *memo = history_of(m, b, days);
    struct repeat_forecast f = {.mean = repeat_model_mean(b),
                                .revenue = NAN,
                                .alive = memo->alive,
                                .drop = memo->drop,
                                .orders = memo->orders};
    if (!m->valued) return f;
    bool known = !isnan(f.mean);
    f.revenue =
        f.orders * gamma_gamma_value(&m->value, known ? b->value_days : 0, known ? f.mean : 0);
    return f;
}

bool repeat_model_is_sound(double orders, size_t buyers, double days)
{
    return orders <= (double)buyers * days;
}
