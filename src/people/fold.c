/* fold.c - the walk of the clock.
 *
 * An event is added to the aggregates at once, but the stages are judged only when time moves past
 * the event's millisecond: so all that happens in one millisecond gives one change.
 *
 *     event at T:   judge 'now' if dirty -> walk each due moment < T -> now = T -> add, mark dirty
 *
 * Invariants:
 *   1. last_at <= now; nothing between 'now' and 'due' changes the state when !dirty.
 *   2. stage, trust, stage_since and returned_at are those before 'now' while dirty.
 *   3. They are a function of the events in order: judging earlier or later gives the same. */
#include "people/fold_internal.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"

struct report {
    fold_change_fn *fn;
    void *ctx;
};

void fold_reset(struct fold *f)
{
    struct fold empty = {
        .last_at = TIME_NONE,
        .now = TIME_NONE,
        .due = FOLD_NEVER,
        .stage = STAGE_NONE,
        .trust = -1,
        .trust_peak = -1,
        .stage_since = TIME_NONE,
        .returned_at = TIME_NONE,
        .first_seen = TIME_NONE,
        .joined = TIME_NONE,
        .last_join = TIME_NONE,
        .left_at = TIME_NONE,
        .last_act = TIME_NONE,
        .last_interaction = TIME_NONE,
        .last_look = TIME_NONE,
        .last_message = TIME_NONE,
        .last_spread = TIME_NONE,
        .dm_at = TIME_NONE,
        .last_order = TIME_NONE,
        .standing = {TIME_NONE, TIME_NONE},
        .unnamed = {TIME_NONE, TIME_NONE},
        .latest = UINT32_MAX,
        .talk_day = INT32_MIN,
        .hand_at = TIME_NONE,
        .void_at = TIME_NONE,
        .rhythm_end = TIME_NONE,
        .groups = {f->groups.items, 0, f->groups.capacity},
        .contacts = {f->contacts.items, 0, f->contacts.capacity},
        .ties = {f->ties.items, 0, f->ties.capacity},
        .saids = {f->saids.items, 0, f->saids.capacity},
        .days = {f->days.items, 0, f->days.capacity},
        .orders = {f->orders.items, 0, f->orders.capacity, f->orders.slots, 0},
    };
    *f = empty;
}

struct fold *fold_create(void)
{
    struct fold *f = mem_alloc(sizeof(*f));
    fold_reset(f);
    return f;
}

void fold_destroy(struct fold *f)
{
    if (!f) return;
    mem_free(f->groups.items);
    mem_free(f->contacts.items);
    mem_free(f->ties.items);
    mem_free(f->saids.items);
    mem_free(f->days.items);
    mem_free(f->orders.items);
    mem_free(f->orders.slots);
    mem_free(f);
}

/* Set the items of 'to' (a set with count and capacity) to those of 'from'. */
#define SET_COPY(to, old, from)                                                                    \
    do {                                                                                           \
        (to)->capacity = (old)->capacity;                                                          \
        (to)->items =                                                                              \
            fold_grow((old)->items, &(to)->capacity, (from)->count, sizeof((to)->items[0]));       \
        if ((from)->count) {                                                                       \
            memcpy((to)->items, (from)->items, (from)->count * sizeof((to)->items[0]));            \
        }                                                                                          \
    } while (0)

void fold_copy(struct fold *to, const struct fold *from)
{
    if (to == from) return;
    struct fold old = *to;
    *to = *from;
    SET_COPY(&to->groups, &old.groups, &from->groups);
    SET_COPY(&to->contacts, &old.contacts, &from->contacts);
    SET_COPY(&to->ties, &old.ties, &from->ties);
    SET_COPY(&to->saids, &old.saids, &from->saids);
    SET_COPY(&to->days, &old.days, &from->days);
    SET_COPY(&to->orders, &old.orders, &from->orders);
    to->orders.slots = old.orders.slots; /* built again when it is needed */
    to->orders.slot_count = 0;
}

static void tell(const struct report *report, int what, int64_t at, int from, int to)
{
    if (!report->fn) return;
    struct fold_change change = {.at = at, .what = what, .from = from, .to = to};
    report->fn(report->ctx, &change);
}

static void set_stage(struct fold *f, enum stage stage, const struct report *report)
{
    int from = f->stage == STAGE_NONE ? -1 : f->stage;
    if (f->stage == stage) return;
    if (f->stage == STAGE_CHURNED) f->returned_at = f->now;
    f->stage = (uint8_t)stage;
    f->stage_since = f->now;
    tell(report, FOLD_LIFECYCLE, f->now, from, (int)stage);
}

static void set_trust(struct fold *f, enum trust trust, const struct report *report)
{
    int from = f->trust;
    if (from == (int)trust) return;
    f->trust = (int)trust;
    if (f->trust > f->trust_peak) f->trust_peak = f->trust;
    tell(report, FOLD_TRUST, f->now, from, (int)trust);
}

/* Judge the moment 'now'. */
static void settle(struct fold *f, const struct fold_rules *r, const struct report *report)
{
    struct fold_verdict v = fold_judge(f, r, f->now);
    set_stage(f, v.stage, report);
    set_trust(f, v.trust, report);
    f->churn = (uint8_t)v.churn;
    int64_t returned_end = f->returned_at + fold_days_ms(r->returned_days);
    f->due = returned_end > f->now && returned_end < v.due ? returned_end : v.due;
    f->dirty = false;
}

/* Judge each moment from 'now' on that is < 'end'. */
static void walk(struct fold *f, const struct fold_rules *r, int64_t end,
                 const struct report *report)
{
    if (f->dirty && f->now < end) settle(f, r, report);
    while (!f->dirty && f->due < end) {
        f->now = f->due;
        settle(f, r, report);
    }
}

/* It moves no clock and is no event of the member's: what is late for the rest is not for this. */
static void assign(struct fold *f, const struct fold_row *row)
{
    f->hand_staff = row->staff;
    f->hand_at = row->staff ? row->at : TIME_NONE;
}

void fold_event(struct fold *f, const struct fold_names *n, const struct fold_row *row,
                fold_change_fn *fn, void *ctx)
{
    struct report report = {fn, ctx};
    if (row->roles & ROLE_ASSIGNED) assign(f, row);
    if (row->roles & (ROLE_DERIVED | ROLE_BOOKKEEPING)) return;
    assert(row->at >= f->last_at);
    if (fold_is_empty(f)) {
        f->first_seen = row->at;
        f->stage_since = row->at;
        f->dirty = true;
    } else if (row->at > f->now) {
        walk(f, &n->rules, row->at, &report);
    }
    if (row->roles || f->due <= row->at) f->dirty = true;
    f->last_at = row->at;
    if (row->at > f->now) f->now = row->at;
    fold_apply(f, n, row);
}

void fold_advance(struct fold *f, const struct fold_names *n, int64_t until, fold_change_fn *fn,
                  void *ctx)
{
    struct report report = {fn, ctx};
    assert(until < FOLD_NEVER);
    if (!fold_is_empty(f)) walk(f, &n->rules, until + 1, &report);
}

void fold_add(struct fold *f, const struct fold_names *n, const struct fold_row *row)
{
    if (row->roles & ROLE_ASSIGNED) assign(f, row);
    if (row->roles & (ROLE_DERIVED | ROLE_BOOKKEEPING)) return;
    assert(row->at >= f->last_at);
    if (fold_is_empty(f)) f->first_seen = row->at;
    f->last_at = row->at;
    fold_apply(f, n, row);
}

enum stage fold_stage_at(const struct fold *f, const struct fold_names *n, int64_t at, int64_t *due)
{
    assert(at >= f->last_at);
    struct fold_verdict v = fold_judge(f, &n->rules, at);
    *due = v.due;
    return v.stage;
}

void fold_stages_at(const struct fold *f, const struct fold_names *n, int64_t at, enum stage *stage,
                    enum trust *trust)
{
    assert(at >= f->last_at);
    struct fold_verdict v = fold_judge(f, &n->rules, at);
    *stage = v.stage;
    *trust = v.trust;
}

int64_t fold_last_at(const struct fold *f)
{
    return f->last_at;
}

bool fold_in_group(const struct fold *f, uint32_t group)
{
    uint32_t place = fold_code_place(&f->groups, group);
    return place < f->groups.count && f->groups.items[place] == group;
}

bool fold_get_ask(const struct fold *f, uint32_t i, struct fold_ask *out)
{
    if (f->dm_from != DM_NONE && i-- == 0) {
        *out = (struct fold_ask){0, f->dm_at, f->dm_from == DM_FROM_STAFF};
        return true;
    }
    if (i >= f->saids.count) return false;
    *out = (struct fold_ask){f->saids.items[i].group, f->saids.items[i].at, false};
    return true;
}

bool fold_awaits(const struct fold *f, uint32_t group, int64_t at)
{
    struct fold_ask ask;
    for (uint32_t i = 0; fold_get_ask(f, i, &ask); i++) {
        if (ask.group == group) return !ask.by_staff && at > ask.at && at - ask.at < FOLD_ANSWER_MS;
    }
    return false;
}

void fold_get_state(const struct fold *f, const struct fold_names *n, struct fold_state *out)
{
    static const struct report nobody = {NULL, NULL};
    struct fold view = *f; /* borrows the sets, which settling leaves alone */
    if (!fold_is_empty(&view) && view.dirty) settle(&view, &n->rules, &nobody);
    int64_t now = fold_is_empty(&view) ? 0 : view.now;
    *out = (struct fold_state){
        .stage = view.stage,
        .stage_since = view.stage_since,
        .churn = view.churn,
        .trust = view.trust < 0 ? TRUST_UNAWARE : (enum trust)view.trust,
        .trust_peak = view.trust_peak < 0 ? TRUST_UNAWARE : (enum trust)view.trust_peak,
        .returned = fold_returned(&view, &n->rules, now),
        .outside = view.joined != TIME_NONE && view.last_join == TIME_NONE,
        .reads = fold_reads(&view, &n->rules, now),
        .silent_buyer = fold_silent_buyer(&view, &n->rules, now),
        .first_seen = view.first_seen,
        .last_seen = view.last_at,
        .created = view.first_seen,
        .joined = view.joined,
        .last_interaction = view.last_interaction,
        .last_order = view.last_order,
        .last_act = view.last_act,
        .events = view.events,
        .orders = view.orders_standing,
        .spent = view.spent,
        .invited = view.invited,
        .qualified = view.qualified,
        .contacts = view.contacts.count,
        .group_count = view.groups.count,
        .groups = view.groups.items,
        .ties = view.ties.items,
        .tie_count = view.ties.count,
        .due = view.due == FOLD_NEVER ? TIME_NONE : view.due,
    };
    fold_find_owner(f, n, out);
    out->rhythm = (struct fold_rhythm){.order_due = TIME_NONE, .due = TIME_NONE};
}

void fold_get_reasons(const struct fold *f, const struct fold_names *n, int64_t now,
                      struct fold_reason *lifecycle, struct fold_reason *trust)
{
    assert(fold_is_empty(f) || now >= f->now);
    struct fold_reasons reasons = fold_reason_at(f, &n->rules, now);
    *lifecycle = reasons.lifecycle;
    *trust = reasons.trust;
}
