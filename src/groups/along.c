/* along.c - credits by looking back from each deal, lifts by looking at rounds.
 *
 * A round is kept as its people, sorted, and its buyers twice: by member, and as times since its
 * beginning. How many of them bought between two hours is then two searches. */
#include "groups/along.h"

#include <math.h>
#include <stdlib.h>

#include "base/vec.h"

static const char *const what_names[] = {"message", "signup", "share", "testimonial"};

const char *along_what_name(enum along_what w)
{
    return what_names[w];
}

static bool same(const struct along_thing *x, const struct along_thing *y)
{
    if (x->campaign && x->campaign == y->campaign) return true;
    return x->product.len && str_eq(x->product, y->product);
}

/* Somebody bought in a round: so long after its beginning. */
struct bought {
    uint32_t member;
    int64_t after;
};
struct round {
    int64_t from, to;
    uint32_t group;
    const struct along_thing *about;
    uint32_t *people; /* in the group at its beginning, ascending */
    uint32_t people_count;
    struct bought *bought; /* of these the first time each, by member */
    int64_t *times;        /* the same times, ascending */
    uint32_t bought_count;
};

struct making {
    const struct along_ask *ask;
    struct arena *arena;
    struct round *rounds;
    uint32_t round_count;
    VEC(struct along_credit) credits;
};

/* ---- who was in ---- */

/* The first move of a group, or of a member in it. */
static uint32_t first_move(const struct along_ask *ask, uint32_t group, uint32_t member)
{
    uint32_t low = 0, high = ask->move_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct along_move *m = &ask->moves[middle];
        if (m->group < group || (m->group == group && m->member < member)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool was_in(const struct along_ask *ask, uint32_t group, uint32_t member, int64_t at)
{
    bool in = false;
    for (uint32_t i = first_move(ask, group, member); i < ask->move_count; i++) {
        const struct along_move *m = &ask->moves[i];
        if (m->group != group || m->member != member || m->at > at) break;
        in = m->in;
    }
    return in;
}

/* ---- credits ---- */

/* An act that may share in a deal's credit. */
struct sharer {
    uint32_t member, act;
};

static int by_member_latest(const void *a, const void *b)
{
    const struct sharer *x = a, *y = b;
    if (x->member != y->member) return x->member < y->member ? -1 : 1;
    return x->act > y->act ? -1 : x->act < y->act;
}

static uint32_t first_act(const struct along_ask *ask, int64_t after)
{
    uint32_t low = 0, high = ask->act_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (ask->acts[middle].at <= after) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Whether anybody has a share in it. */
static bool credit(struct making *m, uint32_t deal)
{
    const struct along_ask *ask = m->ask;
    const struct along_deal *d = &ask->deals[deal];
    VEC(struct sharer) sharers = {0};
    uint32_t count = 0;
    for (uint32_t i = first_act(ask, d->at - ALONG_TIME);
         i < ask->act_count && ask->acts[i].at <= d->at; i++) {
        const struct along_act *a = &ask->acts[i];
        if (a->group != ask->group || a->member == d->member || !same(&a->about, &d->about))
            continue;
        VEC_PUSH(&sharers, ((struct sharer){a->member, i}));
    }
    if (sharers.count)
        qsort(sharers.items, sharers.count, sizeof(sharers.items[0]), by_member_latest);
    for (size_t i = 0; i < sharers.count; i++) {
        if (i && sharers.items[i].member == sharers.items[i - 1].member) continue;
        count++;
        VEC_PUSH(&m->credits, ((struct along_credit){sharers.items[i].act, deal, 0}));
    }
    for (uint32_t i = 0; i < count; i++)
        m->credits.items[m->credits.count - 1 - i].shared_by = count;
    VEC_FINISH(&sharers);
    return count > 0;
}

static void give_credits(struct making *m, struct along *out)
{
    const struct along_ask *ask = m->ask;
    for (uint32_t i = 0; i < ask->deal_count; i++) {
        const struct along_deal *d = &ask->deals[i];
        if (d->at < ask->from || d->at >= ask->to) continue;
        if (d->group && d->group != ask->group) continue;
        if (!was_in(ask, ask->group, d->member, d->at)) continue;
        out->deals++;
        out->credited += credit(m, i);
    }
}

/* A credit beside whose it is. */
struct owned {
    uint32_t member;
    struct along_credit credit;
};

static int by_owner(const void *a, const void *b)
{
    const struct owned *x = a, *y = b;
    if (x->member != y->member) return x->member < y->member ? -1 : 1;
    return x->credit.deal > y->credit.deal ? -1 : x->credit.deal < y->credit.deal;
}

static int by_credits(const void *a, const void *b)
{
    const struct along_one *x = a, *y = b;
    if (x->credits > y->credits) return -1;
    if (x->credits < y->credits) return 1;
    return x->member < y->member ? -1 : x->member > y->member;
}

/* Credits of one member behind each other, the members with the most first. */
static void add_up(struct making *m, struct along *out)
{
    size_t n = m->credits.count;
    struct owned *owned = arena_alloc_array(m->arena, n + 1, sizeof(*owned));
    for (size_t i = 0; i < n; i++)
        owned[i] =
            (struct owned){m->ask->acts[m->credits.items[i].act].member, m->credits.items[i]};
    if (n) qsort(owned, n, sizeof(*owned), by_owner);
    out->credits = arena_alloc_array(m->arena, n + 1, sizeof(*out->credits));
    out->items = arena_alloc_array(m->arena, n + 1, sizeof(*out->items));
    for (uint32_t i = 0; i < n; i++) {
        if (i == 0 || owned[i].member != owned[i - 1].member)
            out->items[out->count++] = (struct along_one){.member = owned[i].member, .first = i};
        struct along_one *one = &out->items[out->count - 1];
        out->credits[i] = owned[i].credit;
        one->credits += 1.0 / owned[i].credit.shared_by;
        one->count++;
    }
    if (out->count) qsort(out->items, out->count, sizeof(*out->items), by_credits);
    if (out->count > ALONG_ITEMS_MAX) out->count = ALONG_ITEMS_MAX;
}

/* ---- rounds ---- */

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static bool is_of(const struct round *r, uint32_t member)
{
    return r->people_count &&
           bsearch(&member, r->people, r->people_count, sizeof(member), by_number);
}

static void find_people(struct making *m, struct round *r)
{
    const struct along_ask *ask = m->ask;
    VEC(uint32_t) people = {0};
    for (uint32_t i = first_move(ask, r->group, 0), end;
         i < ask->move_count && ask->moves[i].group == r->group; i = end) {
        bool in = false;
        for (end = i; end < ask->move_count && ask->moves[end].group == r->group &&
                      ask->moves[end].member == ask->moves[i].member;
             end++) {
            if (ask->moves[end].at <= r->from) in = ask->moves[end].in;
        }
        if (in) VEC_PUSH(&people, ask->moves[i].member);
    }
    r->people = arena_copy(m->arena, people.items, people.count * sizeof(uint32_t));
    r->people_count = (uint32_t)people.count;
    VEC_FINISH(&people);
}

static int by_buyer(const void *a, const void *b)
{
    const struct bought *x = a, *y = b;
    if (x->member != y->member) return x->member < y->member ? -1 : 1;
    return x->after < y->after ? -1 : x->after > y->after;
}

static int by_time(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static void find_bought(struct making *m, struct round *r)
{
    VEC(struct bought) all = {0};
    for (uint32_t i = 0; i < m->ask->deal_count; i++) {
        const struct along_deal *d = &m->ask->deals[i];
        if (d->at < r->from || d->at >= r->to || !same(&d->about, r->about)) continue;
        if ((d->group && d->group != r->group) || !is_of(r, d->member)) continue;
        VEC_PUSH(&all, ((struct bought){d->member, d->at - r->from}));
    }
    if (all.count) qsort(all.items, all.count, sizeof(all.items[0]), by_buyer);
    r->bought = arena_alloc_array(m->arena, all.count + 1, sizeof(*r->bought));
    r->times = arena_alloc_array(m->arena, all.count + 1, sizeof(*r->times));
    for (size_t i = 0; i < all.count; i++) {
        if (i && all.items[i].member == all.items[i - 1].member) continue;
        r->times[r->bought_count] = all.items[i].after;
        r->bought[r->bought_count++] = all.items[i];
    }
    if (r->bought_count) qsort(r->times, r->bought_count, sizeof(*r->times), by_time);
    VEC_FINISH(&all);
}

/* An offer belongs to the round of its thing that began less than 24 h ago, or ends it. */
static void make_rounds(struct making *m)
{
    const struct along_ask *ask = m->ask;
    VEC(struct round) begun = {0};
    for (uint32_t i = 0; i < ask->offer_count; i++) {
        const struct along_offer *o = &ask->offers[i];
        struct round *running = NULL;
        for (size_t k = begun.count; k-- > 0 && !running;) {
            struct round *r = &begun.items[k];
            if (r->group == o->group && same(r->about, &o->about)) running = r;
        }
        if (running && o->at < running->from + ALONG_TIME) continue;
        if (running) running->to = o->at;
        struct round r = {.from = o->at, .to = ask->to, .group = o->group, .about = &o->about};
        VEC_PUSH(&begun, r);
    }
    size_t skip = begun.count > ALONG_ROUNDS_MAX ? begun.count - ALONG_ROUNDS_MAX : 0;
    m->round_count = (uint32_t)(begun.count - skip);
    m->rounds = arena_alloc_array(m->arena, m->round_count + 1, sizeof(*m->rounds));
    for (uint32_t i = 0; i < m->round_count; i++) {
        m->rounds[i] = begun.items[skip + i];
        find_people(m, &m->rounds[i]);
        find_bought(m, &m->rounds[i]);
    }
    VEC_FINISH(&begun);
}

/* ---- lift ---- */

static uint32_t bought_before(const struct round *r, int64_t after)
{
    uint32_t low = 0, high = r->bought_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (r->times[middle] < after) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Count a round's people from h on; the member whose acts these are is not one of them. */
static void count(const struct round *r, uint32_t member, int64_t h, int64_t length,
                  struct along_rate *out)
{
    uint32_t before = bought_before(r, h), until = bought_before(r, h + length);
    uint32_t people = r->people_count - before, hits = until - before;
    if (is_of(r, member)) {
        const struct bought key = {member, 0}, *own = NULL;
        for (uint32_t low = 0, high = r->bought_count; low < high && !own;) {
            uint32_t middle = low + (high - low) / 2;
            const struct bought *b = &r->bought[middle];
            if (b->member == key.member) own = b;
            if (b->member < key.member) low = middle + 1;
            if (b->member > key.member) high = middle;
        }
        people -= !own || own->after >= h;
        hits -= own && own->after >= h && own->after < h + length;
    }
    out->people += people;
    out->hits += hits;
    out->rounds++;
}

/* The member's first act of a round, since its beginning; -1 = none. */
static int64_t acted(const struct along_ask *ask, const uint32_t *acts, uint32_t act_count,
                     const struct round *r)
{
    for (uint32_t i = 0; i < act_count; i++) {
        const struct along_act *a = &ask->acts[acts[i]];
        if (a->at >= r->from && a->at < r->to && a->group == r->group && same(&a->about, r->about))
            return a->at - r->from;
    }
    return -1;
}

/* Rounds with the ½ that a count of none needs (Walter 1975); the logarithm of the ratio is taken
 * to be normal. */
static void compare(struct along_one *one)
{
    double a = one->after.hits, n = one->after.people, b = one->without.hits,
           k = one->without.people;
    one->lift = one->low = one->high = NAN;
    if (n == 0 || k == 0 || b == 0) return;
    double ratio = log((a + 0.5) / (n + 0.5) / ((b + 0.5) / (k + 0.5)));
    double spread =
        1.959963984540054 * sqrt(1 / (a + 0.5) - 1 / (n + 0.5) + 1 / (b + 0.5) - 1 / (k + 0.5));
    one->lift = (a / n) / (b / k);
    one->low = a == 0 ? 0 : exp(ratio - spread);
    one->high = exp(ratio + spread);
}

static void find_lift(struct making *m, struct along_one *one)
{
    const struct along_ask *ask = m->ask;
    VEC(uint32_t) acts = {0};
    for (uint32_t i = 0; i < ask->act_count; i++) {
        if (ask->acts[i].member == one->member) VEC_PUSH(&acts, i);
    }
    int64_t *first = arena_alloc_array(m->arena, m->round_count + 1, sizeof(*first));
    for (uint32_t i = 0; i < m->round_count; i++)
        first[i] = acted(ask, acts.items, (uint32_t)acts.count, &m->rounds[i]);
    VEC_FINISH(&acts);
    for (uint32_t i = 0; i < m->round_count; i++) {
        const struct round *r = &m->rounds[i];
        int64_t h = first[i], length = ALONG_TIME;
        if (h < 0 || r->group != ask->group) continue;
        if (r->from + h + length > r->to && r->to < ask->to) length = r->to - r->from - h;
        if (r->from + h + length > ask->to) continue; /* not over yet */
        count(r, one->member, h, length, &one->after);
        for (uint32_t k = 0; k < m->round_count; k++) {
            const struct round *other = &m->rounds[k];
            if (first[k] >= 0 || !same(other->about, r->about)) continue;
            if (other->from + h + length > other->to) continue;
            count(other, one->member, h, length, &one->without);
        }
    }
    compare(one);
}

void along_make(const struct along_ask *ask, struct arena *arena, struct along *out)
{
    struct making m = {.ask = ask, .arena = arena};
    *out = (struct along){0};
    give_credits(&m, out);
    add_up(&m, out);
    VEC_FINISH(&m.credits);
    if (out->count) make_rounds(&m);
    for (uint32_t i = 0; i < out->count; i++)
        find_lift(&m, &out->items[i]);
}
