/* fold_stage.c - the rules of lifecycle and trust (docs/definitions.md), as a pure function of the
 * aggregates, the rules and a moment.
 *
 * Each window is (t - d, t]: what happened at x is in it from x on and out of it at x + d. So every
 * answer can change only at some x + d, and 'due' is the least of these after t. It is a lower
 * bound: nothing need change there, but nothing changes before. A missing time is TIME_NONE, so far
 * in the past that it is in no window and its x + d is never after t. */
#include "people/fold_internal.h"

/* The moment, and the next one of interest. */
struct moment {
    const struct fold *f;
    const struct fold_rules *r;
    int64_t t;
    int64_t due;
};

/* Without a branch: which of many moments is the next one cannot be foreseen. */
static inline void look_again(struct moment *m, int64_t at)
{
    bool sooner = (at > m->t) & (at < m->due);
    m->due = sooner ? at : m->due;
}

/* Did it happen within the last 'length' ms? Then it will be out of the window at x + length. */
static bool within(struct moment *m, int64_t x, int64_t length)
{
    look_again(m, x + length);
    return x > m->t - length;
}

/* Has 't' reached that moment? */
static bool reached(struct moment *m, int64_t at)
{
    look_again(m, at);
    return m->t >= at;
}

/* First of the days with an act in the window. */
static uint32_t first_recent(struct moment *m)
{
    const struct fold_days *d = &m->f->days;
    int64_t window = fold_days_ms(m->r->window_days);
    uint32_t i = d->count;
    while (i > 0 && fold_day_last(&d->items[i - 1]) > m->t - window) {
        i--;
    }
    if (i < d->count) look_again(m, fold_day_last(&d->items[i]) + window);
    return i;
}

/* Days with an act in the time before the window, (t - window - before, t - window]. The day that
 * the border cuts may lie in both. */
static uint32_t earlier_days(struct moment *m, uint32_t recent)
{
    const struct fold_days *d = &m->f->days;
    int64_t window = fold_days_ms(m->r->window_days);
    int64_t both = window + fold_days_ms(m->r->before_days);
    uint32_t start = 0, end = recent;
    while (start < d->count && fold_day_last(&d->items[start]) <= m->t - both) {
        start++;
    }
    while (end < d->count && d->items[end].first <= m->t - window) {
        end++;
    }
    if (start < d->count) look_again(m, fold_day_last(&d->items[start]) + both);
    if (end < d->count) look_again(m, d->items[end].first + window);
    return end > start ? end - start : 0;
}

/* Act days fell to a quarter of what they were: those in the window are <= fell_percent of their
 * mean per window over the time before (or since joining, a window at least), where that mean is >=
 * fell_days. With s the length of that time the mean is before * window / s: while s grows, the
 * rule ends by itself. */
static bool fell_silent(struct moment *m, uint32_t from)
{
    int64_t window = fold_days_ms(m->r->window_days), full = fold_days_ms(m->r->before_days);
    int64_t least = window < full ? window : full;
    if (m->f->days.count * window < m->r->fell_days * least) return false;
    int64_t before = earlier_days(m, from);
    int64_t recent = m->f->days.count - from;
    int64_t s_max = before * window / m->r->fell_days;
    int64_t s_fell = recent ? m->r->fell_percent * before * window / (100 * recent) : s_max;
    if (s_fell < s_max) s_max = s_fell;
    int64_t s = m->t - window - m->f->joined;
    if (s >= full) return full <= s_max;
    look_again(m, m->f->joined + window + s_max + 1);
    return reached(m, m->f->joined + window + least) && s <= s_max;
}

static bool in_rhythm(struct moment *m)
{
    return !reached(m, m->f->rhythm_end);
}

static enum churn churned(struct moment *m)
{
    const struct fold *f = m->f;
    if (f->left_at != TIME_NONE && reached(m, f->left_at + m->r->left_hours * TIME_HOUR)) {
        return CHURN_LEFT;
    }
    bool bought = within(m, f->standing[0], fold_days_ms(m->r->order_days));
    if (f->void_at != TIME_NONE && !bought && f->last_act <= f->void_at) return CHURN_REFUNDED;
    int64_t patience = fold_days_ms(m->r->churned_days);
    if (f->patience > patience) patience = f->patience;
    int64_t last = f->last_act > f->last_look ? f->last_act : f->last_look;
    if (f->last_join > last) last = f->last_join;
    return reached(m, last + patience) ? CHURN_SILENT : CHURN_NOT;
}

static bool dormant(struct moment *m, uint32_t from)
{
    const struct fold *f = m->f;
    int64_t last = f->last_act > f->last_join ? f->last_act : f->last_join;
    bool idle = reached(m, last + fold_days_ms(m->r->dormant_days));
    bool rhythm = in_rhythm(m);
    return (idle && !rhythm) || fell_silent(m, from);
}

static bool core(struct moment *m)
{
    int64_t length = fold_days_ms(m->r->order_days);
    bool buys = within(m, m->f->standing[m->r->core_orders - 1], length);
    return within(m, m->f->last_spread, length) && buys;
}

static bool active(struct moment *m, uint32_t recent)
{
    bool speaks = within(m, m->f->last_interaction, fold_days_ms(m->r->window_days));
    bool buys = within(m, m->f->standing[m->r->active_orders - 1], fold_days_ms(m->r->order_days));
    return recent >= (uint32_t)m->r->active_days && speaks && buys;
}

static bool effective(struct moment *m, uint32_t recent)
{
    bool often = recent >= (uint32_t)m->r->effective_days;
    return m->f->effective || m->f->orders_standing > 0 || often || in_rhythm(m);
}

static enum stage stage_at(struct moment *m, enum churn *churn)
{
    *churn = CHURN_NOT;
    if (m->f->joined == TIME_NONE) return m->f->known ? STAGE_POTENTIAL : STAGE_NONE;
    *churn = churned(m);
    uint32_t from = first_recent(m), recent = m->f->days.count - from;
    bool quiet = dormant(m, from);
    bool spreads = core(m);
    bool busy = active(m, recent);
    if (*churn != CHURN_NOT) return STAGE_CHURNED;
    if (quiet) return STAGE_DORMANT;
    if (spreads) return STAGE_CORE;
    if (busy) return STAGE_ACTIVE;
    return effective(m, recent) ? STAGE_EFFECTIVE : STAGE_NEW;
}

static bool familiar(const struct fold *f, const struct fold_rules *r)
{
    return f->exchange_count >= r->familiar_exchanges && f->exchange_days >= r->familiar_days &&
           f->exchange_staff >= r->familiar_staff;
}

static enum trust trust_at(struct moment *m)
{
    const struct fold *f = m->f;
    if (f->left_at != TIME_NONE) {
        bool bought = within(m, f->standing[0], fold_days_ms(m->r->order_days));
        return bought ? TRUST_BOUGHT : TRUST_CURIOUS;
    }
    if (f->shares) return TRUST_SHARES;
    if (f->orders_standing) return TRUST_BOUGHT;
    if (familiar(f, m->r)) return TRUST_FAMILIAR;
    if (f->informed || f->content_count >= m->r->informed_items) return TRUST_INFORMED;
    if (f->last_join != TIME_NONE) return TRUST_ACQUAINTED;
    return f->touched ? TRUST_CURIOUS : TRUST_UNAWARE;
}

/* ---- why ---- */

static int64_t days_between(int64_t from, int64_t to)
{
    return from == TIME_NONE ? 0 : (to - from) / TIME_DAY;
}

static struct fold_reason why_churned(struct moment *m, enum churn churn)
{
    const struct fold *f = m->f;
    if (churn == CHURN_LEFT)
        return (struct fold_reason){RULE_CHURNED_LEFT, f->left_at, 0, m->r->left_hours, 0};
    if (churn == CHURN_REFUNDED)
        return (struct fold_reason){RULE_CHURNED_REFUNDED, f->void_at, 0, m->r->order_days, 0};
    int64_t limit = fold_days_ms(m->r->churned_days);
    if (f->patience > limit) limit = f->patience;
    int64_t last = f->last_act > f->last_look ? f->last_act : f->last_look;
    if (f->last_join > last) last = f->last_join;
    return (struct fold_reason){RULE_CHURNED_SILENT, last, days_between(last, m->t),
                                limit / TIME_DAY, 0};
}

static struct fold_reason why_dormant(struct moment *m, uint32_t from)
{
    const struct fold *f = m->f;
    int64_t last = f->last_act > f->last_join ? f->last_act : f->last_join;
    bool idle = m->t >= last + fold_days_ms(m->r->dormant_days);
    if (idle && !in_rhythm(m))
        return (struct fold_reason){RULE_DORMANT_IDLE, last, days_between(last, m->t),
                                    m->r->dormant_days, 0};
    return (struct fold_reason){RULE_DORMANT_LESS, last, f->days.count - from, m->r->window_days,
                                earlier_days(m, from)};
}

static struct fold_reason why_effective(struct moment *m, uint32_t recent)
{
    const struct fold *f = m->f;
    struct fold_reason r = {RULE_EFFECTIVE_ACT, TIME_NONE, recent, m->r->window_days, 0};
    if (f->orders_standing > 0) {
        r.rule = RULE_EFFECTIVE_ORDER;
        r.count = f->orders_standing;
    } else if (recent >= (uint32_t)m->r->effective_days) {
        r.rule = RULE_EFFECTIVE_DAYS;
    } else if (!f->effective) {
        r.rule = RULE_EFFECTIVE_RHYTHM;
        r.at = f->rhythm_end;
    }
    return r;
}

static struct fold_reason why_stage(struct moment *m)
{
    enum churn churn;
    const struct fold *f = m->f;
    enum stage stage = stage_at(m, &churn);
    uint32_t from = first_recent(m), recent = f->days.count - from;
    switch (stage) {
    case STAGE_CHURNED:
        return why_churned(m, churn);
    case STAGE_DORMANT:
        return why_dormant(m, from);
    case STAGE_CORE:
        return (struct fold_reason){RULE_CORE, f->last_spread, 0, m->r->order_days, 0};
    case STAGE_ACTIVE:
        return (struct fold_reason){RULE_ACTIVE, TIME_NONE, recent, m->r->window_days, 0};
    case STAGE_EFFECTIVE:
        return why_effective(m, recent);
    case STAGE_NEW:
        return (struct fold_reason){RULE_NEW, f->joined, 0, 0, 0};
    case STAGE_POTENTIAL:
        return (struct fold_reason){RULE_POTENTIAL, TIME_NONE, 0, 0, 0};
    default:
        return (struct fold_reason){RULE_VISITOR, TIME_NONE, 0, 0, 0};
    }
}

static struct fold_reason why_trust(struct moment *m)
{
    static const enum fold_rule rules[TRUST_COUNT] = {
        [TRUST_UNAWARE] = RULE_UNAWARE,       [TRUST_CURIOUS] = RULE_CURIOUS,
        [TRUST_ACQUAINTED] = RULE_ACQUAINTED, [TRUST_INFORMED] = RULE_INFORMED_TOOK,
        [TRUST_FAMILIAR] = RULE_FAMILIAR,     [TRUST_BOUGHT] = RULE_BOUGHT,
        [TRUST_SHARES] = RULE_SHARES};
    const struct fold *f = m->f;
    enum trust trust = trust_at(m);
    struct fold_reason r = {rules[trust], TIME_NONE, f->orders_standing, m->r->order_days, 0};
    if (f->left_at != TIME_NONE) {
        r.rule = trust == TRUST_BOUGHT ? RULE_BOUGHT_LEFT : RULE_LAPSED;
        r.at = f->left_at;
    } else if (trust == TRUST_INFORMED && !f->informed) {
        r.rule = RULE_INFORMED_VIEWED;
    }
    return r;
}

struct fold_reasons fold_reason_at(const struct fold *f, const struct fold_rules *r, int64_t t)
{
    struct moment m = {f, r, t, FOLD_NEVER};
    struct fold_reasons reasons;
    reasons.lifecycle = why_stage(&m);
    reasons.trust = why_trust(&m);
    return reasons;
}

struct fold_verdict fold_judge(const struct fold *f, const struct fold_rules *r, int64_t t)
{
    struct moment m = {f, r, t, FOLD_NEVER};
    struct fold_verdict v;
    v.stage = stage_at(&m, &v.churn);
    v.trust = trust_at(&m);
    look_again(&m, f->last_look + fold_days_ms(r->window_days));
    if (f->orders_standing) look_again(&m, f->last_message + fold_days_ms(r->silent_buyer_days));
    v.due = m.due;
    return v;
}

bool fold_reads(const struct fold *f, const struct fold_rules *r, int64_t t)
{
    return f->stage == STAGE_DORMANT && f->last_look > t - fold_days_ms(r->window_days);
}

bool fold_silent_buyer(const struct fold *f, const struct fold_rules *r, int64_t t)
{
    return f->orders_standing > 0 && f->last_message <= t - fold_days_ms(r->silent_buyer_days);
}

bool fold_returned(const struct fold *f, const struct fold_rules *r, int64_t t)
{
    return f->returned_at > t - fold_days_ms(r->returned_days);
}
