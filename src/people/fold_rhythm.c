/* fold_rhythm.c - how often a member acts now and used to, and when the next order would be due, as
 * a pure function of the aggregates, the rules and a moment.
 *
 * Windows as in fold_stage.c. What came before the last window is compared by whole windows, as
 * many as the member has been there for, so that between two events the answer changes only when a
 * day crosses a border or one more window is whole. */
#include "people/fold_internal.h"

static void look_again(struct fold_rhythm *out, int64_t t, int64_t at)
{
    if (at > t && (out->due == TIME_NONE || at < out->due)) out->due = at;
}

/* Days with an act in (t - from, t - to], the one that a border cuts included. */
static uint32_t days_in(const struct fold *f, int64_t t, int64_t from, int64_t to,
                        struct fold_rhythm *out)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < f->days.count; i++) {
        const struct fold_day *d = &f->days.items[i];
        bool in = fold_day_last(d) > t - from && d->first <= t - to;
        count += in;
        if (in) look_again(out, t, fold_day_last(d) + from);
        if (!in && to) look_again(out, t, d->first + to);
    }
    return count;
}

void fold_get_rhythm(const struct fold *f, const struct fold_names *n, int64_t t,
                     struct fold_rhythm *out)
{
    const struct fold_rules *r = &n->rules;
    int64_t window = fold_days_ms(r->window_days);
    *out = (struct fold_rhythm){.order_due = TIME_NONE, .due = TIME_NONE};
    out->act_days = days_in(f, t, window, 0, out);
    if (f->rhythm_end != TIME_NONE) {
        out->order_gap = (double)f->gap / TIME_DAY;
        out->order_due = f->last_order + f->gap;
    }
    if (f->joined == TIME_NONE) return;
    int64_t most = r->before_days / r->window_days;
    int64_t windows = (t - f->joined) / window - 1;
    if (windows < most) look_again(out, t, f->joined + (windows + 2) * window);
    if (windows > most) windows = most;
    if (windows < 1) return;
    out->windows = (uint32_t)windows;
    out->days_before = days_in(f, t, (windows + 1) * window, window, out);
}
