/* fold_model_test.c - the fold against a naive model on random histories.
 *
 * Both are asked at every event, at every sum of an event and a length that some rule names, each a
 * millisecond to either side, and at random. Then the same histories go through bytes midway. */
#include "fold_model.h"

#include "base/env.h"
#include "people/numbers.h"

enum profile { TALKER, BUYER, LEAVER, MIXED, FRIEND, PROFILES };

struct habit {
    const char *kind;
    int weight[PROFILES];
};
static const struct habit habits[] = {
    {"message.sent", {60, 3, 10, 6, 20}},    {"order.paid", {2, 30, 12, 6, 0}},
    {"order.refunded", {1, 10, 8, 4, 1}},    {"group.joined", {1, 1, 12, 4, 2}},
    {"group.left", {1, 1, 12, 3, 1}},        {"contact.added", {1, 1, 8, 3, 2}},
    {"contact.deleted", {1, 1, 9, 3, 1}},    {"content.viewed", {4, 3, 4, 5, 1}},
    {"touchpoint.scanned", {1, 1, 1, 2, 1}}, {"dm.received", {3, 2, 2, 6, 12}},
    {"dm.sent", {3, 2, 2, 6, 16}},           {"message.answered", {2, 0, 1, 2, 4}},
    {"checkin.done", {0, 0, 1, 1, 0}},       {"share.clicked", {0, 0, 0, 1, 0}},
    {"invite.paid", {0, 2, 1, 2, 0}},        {"invite.qualified", {0, 1, 0, 1, 0}},
    {"invite.accepted", {0, 1, 1, 1, 0}},    {"live.attended", {0, 0, 0, 1, 0}},
    {"sample.given", {0, 0, 0, 1, 0}},       {"voucher.redeemed", {0, 1, 1, 1, 0}},
    {"member.identified", {1, 1, 1, 2, 1}},  {"testimonial.approved", {0, 0, 0, 1, 0}},
    {"touch.sent", {2, 2, 2, 2, 2}},         {"lifecycle.changed", {1, 1, 1, 1, 1}},
    {"member.assigned", {0, 0, 1, 1, 1}},
};

static const char *pick_kind(struct rng *g, int profile)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < COUNT(habits); i++) {
        sum += (uint64_t)habits[i].weight[profile];
    }
    uint64_t at = rng_below(g, sum);
    size_t i = 0;
    while (at >= (uint64_t)habits[i].weight[profile]) {
        at -= (uint64_t)habits[i++].weight[profile];
    }
    return habits[i].kind;
}

static int64_t pick_gap(struct rng *g, int profile)
{
    static const int days[] = {1, 7, 14, 28, 30, 56, 84, 90, 112, 180};
    uint64_t die = rng_below(g, 100);
    if (profile == TALKER && die < 90) return (int64_t)rng_below(g, 36 * TIME_HOUR);
    if (profile == FRIEND && die < 60) return (int64_t)rng_below(g, 30 * TIME_HOUR);
    if (die < 12) return 0;
    if (die < 15) return 1;
    if (die < 40) return (int64_t)rng_below(g, 2 * TIME_DAY);
    if (die < 70) return (int64_t)rng_below(g, 20 * TIME_DAY);
    if (die < 92) {
        return days[rng_below(g, COUNT(days))] * TIME_DAY + (int64_t)rng_below(g, 3) - 1;
    }
    return (int64_t)rng_below(g, 250 * TIME_DAY);
}

static struct fold_row pick_row(struct rng *g, int64_t at, int profile)
{
    struct fold_row r = row_of(at, pick_kind(g, profile));
    r.group = (uint32_t)rng_below(g, 3);
    r.content = (uint32_t)rng_below(g, CODES);
    r.staff = (uint32_t)rng_below(g, 4);
    r.human = rng_below(g, 4) != 0;
    r.question = rng_below(g, 40) == 0;
    r.known = rng_below(g, 2) == 0;
    if (r.roles & (ROLE_ORDER_PAID | ROLE_ORDER_REFUNDED)) {
        r.order = rng_below(g, 6) ? 1 + rng_below(g, 40) : 0;
        r.amount = rng_below(g, 5) ? (int64_t)rng_below(g, 4) * 100 : HISTORY_NO_AMOUNT;
    }
    return r;
}

/* Some numbers of their own: near the default, and now and then at a bound. */
static void change_rules(struct fold_rules *r, struct rng *g)
{
    struct numbers n = {.rules = *r};
    for (const struct number *of = numbers_table; of->name; of++) {
        if (of->part == NUMBER_RFM || rng_below(g, 3)) continue;
        int value = of->usual / 2 + (int)rng_below(g, (uint64_t)of->usual + 2);
        if (rng_below(g, 8) == 0) value = rng_below(g, 2) ? of->least : of->most;
        numbers_set(&n, of, value < of->least ? of->least : value > of->most ? of->most : value);
    }
    *r = n.rules;
}

static void make(struct timeline *l, const char *zone, uint64_t seed)
{
    static const char *const presets[] = {"knowledge", "training", "fresh", "retail", "beauty"};
    struct rng g;
    rng_init(&g, seed);
    l->seed = seed;
    l->names = names_in(zone);
    assert_true(fold_rules_preset(str_of(presets[rng_below(&g, COUNT(presets))]), &l->names.rules));
    if (rng_below(&g, 2)) change_rules(&l->names.rules, &g);
    l->names.rules.owner = (enum fold_owner_rule)rng_below(&g, FOLD_OWNER_RULES);
    l->names.rules.owner_days = 1 + (int)rng_below(&g, FOLD_OWNER_DAYS_MAX);
    int profile = (int)rng_below(&g, PROFILES);
    l->count = 1 + rng_below(&g, profile == TALKER ? 200 : 50);
    int64_t at = INT64_C(1700000000000) + (int64_t)rng_below(&g, 365 * TIME_DAY);
    uint64_t break_at = rng_below(&g, 2 * l->count);
    for (size_t i = 0; i < l->count; i++) {
        if (i && i != break_at) at += pick_gap(&g, profile);
        if (i == break_at) at += (int64_t)rng_below(&g, 40 * TIME_DAY);
        if (i > break_at && profile == TALKER) at += (int64_t)rng_below(&g, 20 * TIME_DAY);
        l->rows[i] = pick_row(&g, at, profile);
    }
    /* derived events say nothing: the model does not see them */
    size_t kept = 0;
    for (size_t i = 0; i < l->count; i++) {
        if (!(l->rows[i].roles & ROLE_DERIVED) || i % 2) l->rows[kept++] = l->rows[i];
    }
    l->count = kept;
}

struct moments {
    int64_t items[40000];
    size_t count;
};

static int compare_moments(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void add_moment(struct moments *m, int64_t t)
{
    if (m->count + 3 > COUNT(m->items)) return;
    for (int i = -1; i <= 1; i++) {
        m->items[m->count++] = t + i;
    }
}

static int64_t first_at(const struct timeline *l)
{
    for (size_t i = 0; i < l->count; i++) {
        if (!(l->rows[i].roles & (ROLE_DERIVED | ROLE_BOOKKEEPING))) return l->rows[i].at;
    }
    return TIME_NONE;
}

/* Every moment at which something might change, as the definitions have it, and some at random. */
static void list_moments(const struct timeline *l, struct rng *g, struct moments *m)
{
    const struct fold_rules *r = &l->names.rules;
    const int64_t lengths[] = {0,
                               r->dormant_days * TIME_DAY,
                               r->churned_days * TIME_DAY,
                               r->left_hours * TIME_HOUR,
                               r->order_days * TIME_DAY,
                               r->window_days * TIME_DAY,
                               2 * r->window_days * TIME_DAY,
                               (r->window_days + r->before_days) * TIME_DAY,
                               r->returned_days * TIME_DAY,
                               r->silent_buyer_days * TIME_DAY};
    m->count = 0;
    for (size_t i = 0; i < l->count; i++) {
        for (size_t k = 0; k < COUNT(lengths); k++) {
            if (l->count < 60 || k == 0 || rng_below(g, 4) == 0) {
                add_moment(m, l->rows[i].at + lengths[k]);
            }
        }
        int64_t span, n = order_days(l, l->rows[i].at, &span);
        if (n < 2) continue;
        int64_t last = last_with(l, l->rows[i].at, ROLE_ORDER_PAID);
        add_moment(m, last + r->rhythm_percent * span * (TIME_DAY / 100) / (n - 1));
        add_moment(m, l->rows[i].at + r->patience_percent * span * (TIME_DAY / 100) / (n - 1));
    }
    int64_t length = l->rows[l->count - 1].at - l->rows[0].at + 300 * TIME_DAY;
    for (int i = 0; i < 200; i++) {
        add_moment(m, l->rows[0].at + (int64_t)rng_below(g, (uint64_t)length));
    }
    qsort(m->items, m->count, sizeof(m->items[0]), compare_moments);
}

#define SAME(l, t, what, expected, found)                                                          \
    do {                                                                                           \
        int64_t e_ = (int64_t)(expected), f_ = (int64_t)(found);                                   \
        if (e_ != f_)                                                                              \
            fail_msg("seed %llu %s at %lld: %s is %lld, should be %lld",                           \
                     (unsigned long long)(l)->seed, zone_name((l)->names.zone), (long long)(t),    \
                     what, (long long)f_, (long long)e_);                                          \
    } while (0)

static void run(const struct timeline *l, struct fold *f, size_t from, size_t to,
                struct changes *changes)
{
    for (size_t i = from; i < to; i++) {
        fold_event(f, &l->names, &l->rows[i], changes ? note_change : NULL, changes);
    }
}

/* What the changes up to t add up to. */
struct sum {
    int stage, trust, peak;
    int64_t since;
    bool returned;
};

static struct sum sum_of(const struct timeline *l, const struct changes *c, int64_t t)
{
    struct sum s = {STAGE_NONE, -1, -1, first_at(l), false};
    for (size_t i = 0; i < c->count && c->items[i].at <= t; i++) {
        const struct fold_change *change = &c->items[i];
        if (change->what == FOLD_TRUST) {
            s.trust = change->to;
            if (s.trust > s.peak) s.peak = s.trust;
            continue;
        }
        s.stage = change->to;
        s.since = change->at;
        bool late = change->at > t - l->names.rules.returned_days * TIME_DAY;
        if (change->from == STAGE_CHURNED && late) s.returned = true;
    }
    return s;
}

static void check_state(const struct timeline *l, const struct fold_state *s, int64_t t,
                        const struct changes *c)
{
    struct answer a = answer_at(l, t);
    struct sum sum = sum_of(l, c, t);
    SAME(l, t, "stage", a.stage, s->stage);
    SAME(l, t, "stage by changes", a.stage, sum.stage);
    SAME(l, t, "since", sum.since, s->stage_since);
    SAME(l, t, "churn", a.churn, s->churn);
    SAME(l, t, "trust", a.trust, s->trust);
    SAME(l, t, "trust by changes", a.trust, sum.trust);
    SAME(l, t, "peak", sum.peak, s->trust_peak);
    SAME(l, t, "returned", sum.returned, s->returned);
    SAME(l, t, "outside", a.outside, s->outside);
    SAME(l, t, "reads", a.reads, s->reads);
    SAME(l, t, "silent buyer", a.silent_buyer, s->silent_buyer);
    SAME(l, t, "orders", a.orders, s->orders);
    SAME(l, t, "spent", a.spent, s->spent);
    SAME(l, t, "joined", a.joined, s->joined);
    SAME(l, t, "last act", a.last_act, s->last_act);
    SAME(l, t, "groups", a.groups, s->group_count);
    SAME(l, t, "contacts", a.contacts, s->contacts);
    SAME(l, t, "owner", a.owner, s->owner);
    SAME(l, t, "owner by hand", a.by_hand, s->owner_by == FOLD_OWNER_BY_HAND);
}

static void check_due(const struct timeline *l, const struct fold_state *s, int64_t t, int64_t next)
{
    if (s->due == TIME_NONE) return;
    if (s->due <= t)
        fail_msg("seed %llu: due is not after %lld", (unsigned long long)l->seed, (long long)t);
    if (s->due - 1 >= next) return;
    struct answer now = answer_at(l, t), then = answer_at(l, s->due - 1);
    SAME(l, t, "stage until due", now.stage, then.stage);
    SAME(l, t, "churn until due", now.churn, then.churn);
    SAME(l, t, "trust until due", now.trust, then.trust);
    SAME(l, t, "reads until due", now.reads, then.reads);
    SAME(l, t, "silent buyer until due", now.silent_buyer, then.silent_buyer);
}

/* Changes alternate and begin with none; each is one at its own millisecond. */
static void check_changes(const struct timeline *l, const struct changes *c)
{
    int last[2] = {-1, -1};
    int64_t at[2] = {TIME_NONE, TIME_NONE};
    for (size_t i = 0; i < c->count; i++) {
        const struct fold_change *change = &c->items[i];
        SAME(l, change->at, "from", last[change->what], change->from);
        if (change->from == change->to || change->at <= at[change->what]) {
            fail_msg("seed %llu: no change at %lld", (unsigned long long)l->seed,
                     (long long)change->at);
        }
        if (i && change->at < c->items[i - 1].at) fail_msg("changes out of order");
        struct answer before = answer_at(l, change->at - 1), after = answer_at(l, change->at);
        bool first = change->at == first_at(l);
        bool trust = change->what == FOLD_TRUST;
        int was = trust ? (first ? -1 : (int)before.trust)
                        : (before.stage == STAGE_NONE ? -1 : (int)before.stage);
        SAME(l, change->at, "before the change", was, change->from);
        SAME(l, change->at, "after the change", trust ? (int)after.trust : (int)after.stage,
             change->to);
        last[change->what] = change->to;
        at[change->what] = change->at;
    }
}

static struct moments moments;
static struct changes changes;

static void compare(const struct timeline *l)
{
    struct rng g;
    rng_init(&g, l->seed ^ 1);
    struct fold *f = fold_create(), *copy = fold_create(), *added = fold_create();
    changes.count = 0;
    list_moments(l, &g, &moments);
    int64_t end = moments.items[moments.count - 1] + 1;
    run(l, f, 0, l->count, &changes);
    fold_advance(f, &l->names, end, note_change, &changes);
    check_changes(l, &changes);
    fold_reset(f);
    size_t done = 0;
    for (size_t i = 0; i < moments.count; i++) {
        int64_t t = moments.items[i];
        if (t < first_at(l) || (i && t == moments.items[i - 1])) continue;
        while (done < l->count && l->rows[done].at <= t) {
            run(l, f, done, done + 1, NULL);
            fold_add(added, &l->names, &l->rows[done]);
            done++;
        }
        struct fold_state state;
        fold_copy(copy, f);
        fold_advance(copy, &l->names, t, NULL, NULL);
        fold_get_state(copy, &l->names, &state);
        check_state(l, &state, t, &changes);
        check_due(l, &state, t, done < l->count ? l->rows[done].at : end);
        state.due = TIME_NONE;
        SAME(l, t, "stage of events added", state.stage,
             fold_stage_at(added, &l->names, t, &state.due));
        check_due(l, &state, t, done < l->count ? l->rows[done].at : end);
    }
    fold_destroy(added);
    fold_destroy(f);
    fold_destroy(copy);
}

static struct timeline timeline;

static void random_histories_equal_the_model(void **unused)
{
    (void)unused;
    uint64_t seed = 20250131;
#ifdef WF_SANITIZED
    int rounds = 40;
#else
    int rounds = 200;
#endif
    if (getenv("SEED")) seed = strtoull(getenv("SEED"), NULL, 10);
    if (getenv("ROUNDS")) rounds = (int)strtol(getenv("ROUNDS"), NULL, 10);
    print_message("seeds from %llu\n", (unsigned long long)seed);
    for (int i = 0; i < rounds; i++) {
        make(&timeline, i % 2 ? "America/New_York" : "Asia/Shanghai", seed + (uint64_t)i);
        if (first_at(&timeline) != TIME_NONE) compare(&timeline);
    }
}

static bool same_changes(const struct changes *a, const struct changes *b)
{
    if (a->count != b->count) return false;
    for (size_t i = 0; i < a->count; i++) {
        const struct fold_change *x = &a->items[i], *y = &b->items[i];
        if (x->at != y->at || x->what != y->what || x->from != y->from || x->to != y->to) {
            return false;
        }
    }
    return true;
}

static struct changes other_changes;

/* Stop at a random event, go through bytes, advance copies all the way: nothing differs. */
static void interrupt(const struct timeline *l, struct rng *g)
{
    struct fold *straight = fold_create(), *broken = fold_create(), *copy = fold_create();
    struct strbuf a = {0}, b = {0};
    changes.count = other_changes.count = 0;
    size_t stop = rng_below(g, l->count + 1);
    run(l, straight, 0, l->count, &changes);
    for (size_t i = 0; i < l->count; i++) {
        if (i == stop) {
            fold_encode(broken, &a);
            assert_true(fold_decode(broken, &l->names.rules, strbuf_str(&a)));
            fold_encode(broken, &b);
            assert_true(str_eq(strbuf_str(&a), strbuf_str(&b)));
        }
        run(l, broken, i, i + 1, &other_changes);
        fold_copy(copy, broken);
        int64_t ahead = l->rows[i].at + (int64_t)rng_below(g, 300 * TIME_DAY);
        fold_advance(copy, &l->names, ahead, NULL, NULL);
    }
    assert_true(same_changes(&changes, &other_changes));
    strbuf_reset(&a);
    strbuf_reset(&b);
    fold_encode(straight, &a);
    fold_encode(broken, &b);
    assert_true(str_eq(strbuf_str(&a), strbuf_str(&b)));
    strbuf_finish(&a);
    strbuf_finish(&b);
    fold_destroy(straight);
    fold_destroy(broken);
    fold_destroy(copy);
}

static void bytes_midway_and_advanced_copies_change_nothing(void **unused)
{
    (void)unused;
    uint64_t seed = 77;
    print_message("seeds from %llu\n", (unsigned long long)seed);
    struct rng g;
    rng_init(&g, seed);
    for (uint64_t i = 0; i < 500; i++) {
        make(&timeline, i % 2 ? "America/New_York" : "Asia/Shanghai", seed + i);
        interrupt(&timeline, &g);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_histories_equal_the_model),
        cmocka_unit_test(bytes_midway_and_advanced_copies_change_nothing),
    };
    return cmocka_run_group_tests_name("fold against a model", tests, NULL, NULL);
}
