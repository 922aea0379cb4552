/* fold_model.h - a naive model of the fold: one moment's answer by scanning every event, straight
 * from docs/definitions.md. It keeps nothing between moments and knows nothing of due times. */
#pragma once

#include "fold_help.h"

#define EVENTS_MAX 400
#define CODES 5

struct timeline {
    struct fold_names names;
    struct fold_row rows[EVENTS_MAX];
    size_t count;
    uint64_t seed;
};

/* What the model says of a moment. */
struct answer {
    enum stage stage;
    enum churn churn;
    enum trust trust;
    bool outside, reads, silent_buyer;
    uint32_t orders;
    int64_t spent, joined, last_act;
    uint32_t groups, contacts;
    uint32_t owner;
    bool by_hand;
};

static inline const struct fold_row *each(const struct timeline *l, size_t i, int64_t t)
{
    return i < l->count && l->rows[i].at <= t ? &l->rows[i] : NULL;
}

static inline int64_t last_with(const struct timeline *l, int64_t t, uint32_t roles)
{
    int64_t last = TIME_NONE;
    for (size_t i = 0; each(l, i, t); i++) {
        if (l->rows[i].roles & roles) last = l->rows[i].at;
    }
    return last;
}

static inline int64_t first_with(const struct timeline *l, int64_t t, uint32_t roles)
{
    for (size_t i = 0; each(l, i, t); i++) {
        if (l->rows[i].roles & roles) return l->rows[i].at;
    }
    return TIME_NONE;
}

#define JOINS (ROLE_JOIN_CONTACT | ROLE_JOIN_GROUP)

/* Calendar days of the acts in (from, to]. */
static inline int64_t act_days(const struct timeline *l, int64_t from, int64_t to)
{
    int64_t days = 0, previous = INT64_MIN;
    for (size_t i = 0; each(l, i, to); i++) {
        if (l->rows[i].at <= from || !(l->rows[i].roles & ROLE_ACT)) continue;
        int64_t day = zone_day(l->names.zone, l->rows[i].at);
        if (day != previous) days++;
        previous = day;
    }
    return days;
}

struct order {
    bool paid, stands;
    int64_t paid_at, amount, refunded, void_at;
};

/* The order of that name at t. Refunds may come before the payment. */
static inline struct order order_at(const struct timeline *l, int64_t t, uint64_t name)
{
    struct order o = {.void_at = TIME_NONE, .paid_at = TIME_NONE};
    bool refund = false, whole = false;
    for (size_t i = 0; each(l, i, t); i++) {
        const struct fold_row *r = &l->rows[i];
        if (r->order != name) continue;
        bool stood = o.stands;
        if (r->roles & ROLE_ORDER_PAID) {
            o.paid = true;
            o.paid_at = r->at;
            if (r->amount != HISTORY_NO_AMOUNT) o.amount += r->amount;
        } else if (r->roles & ROLE_ORDER_REFUNDED) {
            refund = true;
            whole = whole || r->amount == HISTORY_NO_AMOUNT;
            if (!whole) o.refunded += r->amount;
        } else {
            continue;
        }
        o.stands = o.paid && !(refund && (whole || o.refunded >= o.amount));
        if (o.stands) o.void_at = TIME_NONE;
        bool turned = stood || (r->roles & ROLE_ORDER_PAID);
        if (!o.stands && turned) o.void_at = r->at;
    }
    return o;
}

/* Is event i the last payment of its order up to t, and does the order stand? */
static inline bool standing_payment(const struct timeline *l, int64_t t, size_t i)
{
    const struct fold_row *r = &l->rows[i];
    if (!(r->roles & ROLE_ORDER_PAID)) return false;
    if (r->order == 0) return true;
    for (size_t k = i + 1; each(l, k, t); k++) {
        if ((l->rows[k].roles & ROLE_ORDER_PAID) && l->rows[k].order == r->order) return false;
    }
    return order_at(l, t, r->order).stands;
}

static inline uint32_t standing_orders(const struct timeline *l, int64_t t, int64_t since)
{
    uint32_t n = 0;
    for (size_t i = 0; each(l, i, t); i++) {
        if (l->rows[i].at > since && standing_payment(l, t, i)) n++;
    }
    return n;
}

static inline int64_t spent_at(const struct timeline *l, int64_t t)
{
    int64_t spent = 0;
    for (size_t i = 0; each(l, i, t); i++) {
        const struct fold_row *r = &l->rows[i];
        int64_t amount = r->amount == HISTORY_NO_AMOUNT ? 0 : r->amount;
        if ((r->roles & ROLE_ORDER_REFUNDED) && r->order == 0) spent -= amount;
        if (!standing_payment(l, t, i)) continue;
        if (r->order == 0) {
            spent += amount;
        } else {
            struct order o = order_at(l, t, r->order);
            spent += o.amount - o.refunded;
        }
    }
    return spent;
}

/* Order days: their number, and the days between the first and the last. */
static inline int64_t order_days(const struct timeline *l, int64_t t, int64_t *span)
{
    int64_t n = 0, first = 0, last = 0;
    for (size_t i = 0; each(l, i, t); i++) {
        if (!(l->rows[i].roles & ROLE_ORDER_PAID)) continue;
        int64_t day = zone_day(l->names.zone, l->rows[i].at);
        if (n == 0) first = day;
        if (n == 0 || day != last) n++;
        last = day;
    }
    *span = last - first;
    return n;
}

static inline bool in_rhythm(const struct timeline *l, int64_t t)
{
    int64_t span, n = order_days(l, t, &span);
    if (n < l->names.rules.rhythm_orders) return false;
    int64_t since = t - last_with(l, t, ROLE_ORDER_PAID);
    return 100 * since * (n - 1) < l->names.rules.rhythm_percent * span * TIME_DAY;
}

static inline bool silent_for(const struct timeline *l, int64_t t, int64_t since)
{
    int64_t span, n = order_days(l, t, &span);
    int64_t length = t - since;
    if (length < l->names.rules.churned_days * TIME_DAY) return false;
    return n < 2 || 100 * length * (n - 1) >= l->names.rules.patience_percent * span * TIME_DAY;
}

/* Groups and contact lists at t; the moment the last was left, TIME_NONE when on one or never on
 * any. */
static inline int64_t left_at(const struct timeline *l, int64_t t, uint32_t *groups,
                              uint32_t *contacts)
{
    bool in_group[CODES] = {false}, on_list[CODES] = {false};
    int64_t left = TIME_NONE;
    for (size_t i = 0; each(l, i, t); i++) {
        const struct fold_row *r = &l->rows[i];
        bool was = *groups + *contacts > 0 && i > 0;
        if (r->roles & ROLE_JOIN_GROUP) in_group[r->group] = true;
        if (r->roles & ROLE_LEAVE_GROUP) in_group[r->group] = false;
        if (r->roles & ROLE_JOIN_CONTACT) on_list[r->staff] = true;
        if (r->roles & ROLE_LEAVE_CONTACT) on_list[r->staff] = false;
        *groups = *contacts = 0;
        for (int c = 0; c < CODES; c++) {
            *groups += in_group[c];
            *contacts += on_list[c];
        }
        if (*groups + *contacts) left = TIME_NONE;
        if (was && *groups + *contacts == 0) left = r->at;
    }
    return left;
}

static inline int64_t max_of(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static inline enum churn churn_at(const struct timeline *l, int64_t t, int64_t left)
{
    const struct fold_rules *r = &l->names.rules;
    if (left != TIME_NONE && t - left >= r->left_hours * TIME_HOUR) return CHURN_LEFT;
    int64_t last_act = last_with(l, t, ROLE_ACT);
    const struct fold_row *latest = NULL;
    for (size_t i = 0; each(l, i, t); i++) {
        if (l->rows[i].roles & ROLE_ORDER_PAID) latest = &l->rows[i];
    }
    if (latest && latest->order) {
        struct order o = order_at(l, t, latest->order);
        bool another = standing_orders(l, t, t - r->order_days * TIME_DAY) > 0;
        if (!o.stands && !another && last_act <= o.void_at) return CHURN_REFUNDED;
    }
    int64_t last = max_of(last_act, max_of(last_with(l, t, ROLE_LOOK), last_with(l, t, JOINS)));
    return silent_for(l, t, last) ? CHURN_SILENT : CHURN_NOT;
}

static inline bool dormant_at(const struct timeline *l, int64_t t, int64_t joined)
{
    const struct fold_rules *r = &l->names.rules;
    int64_t last = max_of(last_with(l, t, ROLE_ACT), last_with(l, t, JOINS));
    if (t - last >= r->dormant_days * TIME_DAY && !in_rhythm(l, t)) return true;
    int64_t window = r->window_days * TIME_DAY, start = t - window - r->before_days * TIME_DAY;
    if (joined > start) start = joined - 1;
    int64_t length = t - window - max_of(start, joined);
    if (start != joined - 1) length = r->before_days * TIME_DAY;
    if (length < (r->before_days < r->window_days ? r->before_days * TIME_DAY : window))
        return false;
    int64_t before = act_days(l, start, t - window), now = act_days(l, t - window, t);
    /* mean per window = before * window / length */
    return before * window >= r->fell_days * length &&
           100 * now * length <= r->fell_percent * before * window;
}

static inline bool effective_ever(const struct timeline *l, int64_t t)
{
    if (last_with(l, t, ROLE_EFFECTIVE) != TIME_NONE) return true;
    for (size_t i = 0; each(l, i, t); i++) {
        if ((l->rows[i].roles & (ROLE_MESSAGE | ROLE_DM_RECEIVED)) && l->rows[i].question)
            return true;
    }
    return standing_orders(l, t, TIME_NONE) > 0;
}

static inline enum stage stage_at(const struct timeline *l, int64_t t, int64_t joined,
                                  enum churn churn)
{
    const struct fold_rules *r = &l->names.rules;
    int64_t window = t - r->window_days * TIME_DAY, half_year = t - r->order_days * TIME_DAY;
    if (joined == TIME_NONE) {
        for (size_t i = 0; each(l, i, t); i++) {
            if ((l->rows[i].roles & ROLE_KNOWN) && l->rows[i].known) return STAGE_POTENTIAL;
        }
        return STAGE_NONE;
    }
    if (churn != CHURN_NOT) return STAGE_CHURNED;
    if (dormant_at(l, t, joined)) return STAGE_DORMANT;
    uint32_t orders = standing_orders(l, t, half_year);
    int64_t spread = last_with(l, t, ROLE_INVITE_PAID | ROLE_INVITE_QUALIFIED);
    if ((int)orders >= r->core_orders && spread > half_year) return STAGE_CORE;
    int64_t days = act_days(l, window, t);
    bool speaks = last_with(l, t, ROLE_INTERACTION) > window;
    if (days >= r->active_days && speaks && (int)orders >= r->active_orders) return STAGE_ACTIVE;
    if (days >= r->effective_days || effective_ever(l, t) || in_rhythm(l, t))
        return STAGE_EFFECTIVE;
    return STAGE_NEW;
}

static inline bool familiar_at(const struct timeline *l, int64_t t)
{
    int exchanges = 0, with_staff = 0, days = 0;
    int64_t previous = INT64_MIN;
    const struct fold_row *waits = NULL;
    for (size_t i = 0; each(l, i, t); i++) {
        const struct fold_row *r = &l->rows[i];
        bool exchange = (r->roles & ROLE_ANSWERED) && r->human, staff = r->staff != 0;
        bool dm = (r->roles & ROLE_DM_RECEIVED) || ((r->roles & ROLE_DM_SENT) && r->human);
        if (dm) {
            exchange = waits && waits->roles != r->roles && r->at - waits->at < TIME_DAY;
            if (exchange && waits->staff) staff = true;
            waits = exchange ? NULL : r;
        }
        bool direct = (r->roles & ROLE_ANSWERED) && r->human && r->group == 0;
        if (direct && waits && (waits->roles & ROLE_DM_RECEIVED) && waits->at < r->at) waits = NULL;
        if (!exchange) continue;
        int64_t day = zone_day(l->names.zone, r->at);
        exchanges++;
        with_staff += staff;
        days += day != previous;
        previous = day;
    }
    const struct fold_rules *rules = &l->names.rules;
    return exchanges >= rules->familiar_exchanges && with_staff >= rules->familiar_staff &&
           days >= rules->familiar_days;
}

static inline int distinct_content(const struct timeline *l, int64_t t)
{
    bool seen[CODES] = {false};
    int n = 0;
    for (size_t i = 0; each(l, i, t); i++) {
        const struct fold_row *r = &l->rows[i];
        if (!(r->roles & ROLE_CONTENT_VIEWED) || r->content == 0 || seen[r->content]) continue;
        seen[r->content] = true;
        n++;
    }
    return n;
}

static inline enum trust trust_at(const struct timeline *l, int64_t t, int64_t left)
{
    if (left != TIME_NONE) {
        int64_t half_year = t - l->names.rules.order_days * TIME_DAY;
        return standing_orders(l, t, half_year) ? TRUST_BOUGHT : TRUST_CURIOUS;
    }
    if (last_with(l, t, ROLE_SHARES | ROLE_INVITE_QUALIFIED) != TIME_NONE) return TRUST_SHARES;
    if (standing_orders(l, t, TIME_NONE)) return TRUST_BOUGHT;
    if (familiar_at(l, t)) return TRUST_FAMILIAR;
    if (last_with(l, t, ROLE_INFORMED) != TIME_NONE) return TRUST_INFORMED;
    if (distinct_content(l, t) >= l->names.rules.informed_items) return TRUST_INFORMED;
    if (last_with(l, t, JOINS) != TIME_NONE) return TRUST_ACQUAINTED;
    bool inbound = last_with(l, t, ROLE_TOUCH | ROLE_LOOK | ROLE_ACT) != TIME_NONE;
    return inbound ? TRUST_CURIOUS : TRUST_UNAWARE;
}

static inline bool talks(const struct fold_row *r, uint32_t staff)
{
    bool talk =
        (r->roles & ROLE_DM_RECEIVED) || ((r->roles & (ROLE_DM_SENT | ROLE_ANSWERED)) && r->human);
    return talk && r->staff && (staff == 0 || r->staff == staff);
}

/* How the rule ranks one contact: days and time of talk, and since when they are one. */
struct rank {
    int64_t days, talked, added;
};

static inline struct rank rank_of(const struct timeline *l, int64_t t, uint32_t staff)
{
    struct rank r = {0, TIME_NONE, TIME_NONE};
    int64_t end = INT64_MIN, previous = INT64_MIN;
    for (size_t i = 0; each(l, i, t); i++) {
        const struct fold_row *row = &l->rows[i];
        if (talks(row, 0)) end = zone_day(l->names.zone, row->at);
        if (row->staff != staff) continue;
        if (row->roles & ROLE_LEAVE_CONTACT) r.added = TIME_NONE;
        if ((row->roles & ROLE_JOIN_CONTACT) && r.added == TIME_NONE) r.added = row->at;
    }
    for (size_t i = 0; each(l, i, t); i++) {
        if (!talks(&l->rows[i], staff)) continue;
        int64_t day = zone_day(l->names.zone, l->rows[i].at);
        if (day <= end - l->names.rules.owner_days || day == previous) continue;
        r.days++;
        previous = day;
    }
    for (size_t i = 0; each(l, i, t); i++) {
        if (r.days && talks(&l->rows[i], staff)) r.talked = l->rows[i].at;
    }
    return r;
}

static inline bool outranks(enum fold_owner_rule rule, const struct rank *a, const struct rank *b)
{
    if (rule == FOLD_OWNER_LAST && a->added != b->added) return a->added > b->added;
    if (rule == FOLD_OWNER_ACTIVE) {
        if (a->days != b->days) return a->days > b->days;
        if (a->talked != b->talked) return a->talked > b->talked;
    }
    return a->added < b->added; /* and of equals the one of the lower number */
}

static inline uint32_t owner_at(const struct timeline *l, int64_t t, bool *by_hand)
{
    uint32_t hand = 0, best = 0;
    struct rank best_rank = {0};
    for (size_t i = 0; each(l, i, t); i++) {
        if (l->rows[i].roles & ROLE_ASSIGNED) hand = l->rows[i].staff;
    }
    *by_hand = hand != 0;
    for (uint32_t staff = 1; staff < CODES; staff++) {
        struct rank r = rank_of(l, t, staff);
        if (r.added == TIME_NONE) continue;
        if (best && !outranks(l->names.rules.owner, &r, &best_rank)) continue;
        best = staff;
        best_rank = r;
    }
    return hand ? hand : best;
}

static inline struct answer answer_at(const struct timeline *l, int64_t t)
{
    struct answer a = {.joined = first_with(l, t, JOINS | ROLE_ACT)};
    int64_t left = left_at(l, t, &a.groups, &a.contacts);
    a.churn = a.joined == TIME_NONE ? CHURN_NOT : churn_at(l, t, left);
    a.stage = stage_at(l, t, a.joined, a.churn);
    a.trust = trust_at(l, t, left);
    a.outside = a.joined != TIME_NONE && last_with(l, t, JOINS) == TIME_NONE;
    int64_t window = t - l->names.rules.window_days * TIME_DAY;
    a.reads = a.stage == STAGE_DORMANT && last_with(l, t, ROLE_LOOK) > window;
    a.orders = standing_orders(l, t, TIME_NONE);
    a.silent_buyer = a.orders > 0 && last_with(l, t, ROLE_MESSAGE) <=
                                         t - l->names.rules.silent_buyer_days * TIME_DAY;
    a.spent = spent_at(l, t);
    a.owner = owner_at(l, t, &a.by_hand);
    a.last_act = last_with(l, t, ROLE_ACT);
    return a;
}
