/* rfm_kernel.c - orders without a name are added up on the way; those with one are put together by
 * name when the member ends. The order of facts does not matter, so that a member may come in
 * several runs (struct member_span).
 *
 * Members have an order or two in a run, so that a loop over each one's rows would be mispredicted
 * at every member. Where no fact of a run has a name, all its rows are added up without a branch,
 * and a member's orders and revenue are the difference of two sums. */
#include "insight/rfm_kernel.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "insight/order.h"

#define REFUNDED UINT32_C(2)
#define QUINTILES 5

/* A buyer while the rows are read. All 0: none yet. */
struct tally {
    wide revenue;
    int64_t last; /* unless there are no orders */
    uint32_t orders;
    uint32_t named; /* 1 + the latest of the facts with a name; 0 = none */
};

static int64_t clamp(wide v)
{
    if (v > INT64_MAX) return INT64_MAX;
    return v < -INT64_MAX ? -INT64_MAX : (int64_t)v;
}

/* The names of orders by row, codes of strings; NULL: there are none. */
static const uint32_t *names_of(const struct rfm *r, const struct history *h)
{
    int place = r->settings->order_place;
    return place < 0 ? NULL : h->props[place].text;
}

static uint64_t order_of(const struct rfm *r, const struct history *h, uint32_t row)
{
    const uint32_t *names = names_of(r, h);
    uint32_t text = names ? names[row] : 0;
    if (text == 0) return 0;
    const struct prop_column *c = &h->props[r->settings->order_place];
    uint64_t hash = hash_xxh3(c->strings[text].p, c->strings[text].len);
    return hash ? hash : 1;
}

static void add_standing(struct tally *t, int64_t at)
{
    if (t->orders == 0 || at > t->last) t->last = at;
    t->orders++;
}

static wide size_of_refund(int64_t amount)
{
    if (amount == HISTORY_NO_AMOUNT) return 0;
    return amount < 0 ? -(wide)amount : amount;
}

static void add_unnamed(struct tally *t, const struct rfm_fact *f)
{
    if (f->refund) {
        t->revenue -= size_of_refund(f->amount);
        return;
    }
    add_standing(t, f->at);
    if (f->amount != HISTORY_NO_AMOUNT) t->revenue += f->amount;
}

/* The facts of one order. */
static void add_order(struct tally *t, const struct rfm_fact *facts, size_t count)
{
    int64_t paid_at = INT64_MIN;
    wide paid = 0;
    wide refunded = 0;
    bool any_refund = false;
    bool whole = false;
    for (size_t i = 0; i < count; i++) {
        const struct rfm_fact *f = &facts[i];
        if (f->refund) {
            any_refund = true;
            whole = whole || f->amount == HISTORY_NO_AMOUNT;
            refunded += size_of_refund(f->amount);
            continue;
        }
        if (f->at > paid_at) paid_at = f->at;
        if (f->amount != HISTORY_NO_AMOUNT) paid += f->amount;
    }
    bool stands = paid_at != INT64_MIN && !whole && !(any_refund && refunded >= paid);
    if (!stands) return;
    add_standing(t, paid_at);
    t->revenue += paid - refunded;
}

static int by_order(const void *a, const void *b)
{
    const struct rfm_fact *x = a;
    const struct rfm_fact *y = b;
    return (x->order > y->order) - (x->order < y->order);
}

static void add_named(struct rfm *r, struct tally *t)
{
    VEC_RESET(&r->orders);
    for (uint32_t i = t->named; i != 0; i = r->named.items[i - 1].next)
        VEC_PUSH(&r->orders, r->named.items[i - 1]);
    struct rfm_fact *facts = r->orders.items;
    size_t count = r->orders.count;
    qsort(facts, count, sizeof(*facts), by_order);
    for (size_t from = 0, to; from < count; from = to) {
        for (to = from + 1; to < count && facts[to].order == facts[from].order;) {
            to++;
        }
        add_order(t, facts + from, to - from);
    }
}

/* Room for the sums of 'places'. */
static void make_sums(struct rfm *r, size_t places)
{
    if (places < r->sums_max) return;
    r->sums_max = places + places / 4 + 64;
    r->sums = mem_resize_array(r->sums, r->sums_max, sizeof(*r->sums));
}

/* Let sums[i] be those of the places before s->first[0] + i. False when a fact has a name or the
 * sums might not fit: a difference of two that wrapped is right as long as it fits itself. */
static bool sum_places(struct rfm *r, const struct sight *s)
{
    const struct sight sight = *s; /* so that no store may change it */
    const int64_t *amounts = sight.h->amount;
    uint32_t members = s->h->member_count, names = 0;
    uint32_t from = members ? s->first[0] : 0, to = members ? s->end[members - 1] : 0;
    const int64_t most = INT64_MAX / ((int64_t)(to - from) + 1);
    const uint32_t *name = names_of(r, s->h);
    struct rfm_sum sum = {0, 0};
    bool far = false;
    make_sums(r, to - from);
    struct rfm_sum *sums = r->sums;
    for (uint32_t i = from; i < to; i++) {
        uint32_t row = sight_row(&sight, i), refund = (sight_mask(&sight, i) & REFUNDED) != 0;
        int64_t amount = amounts[row] == HISTORY_NO_AMOUNT ? 0 : amounts[row];
        int64_t less = amount < 0 ? amount : -amount;
        *sums++ = sum;
        names |= name ? name[row] : 0;
        far |= less < -most;
        sum.revenue += (uint64_t)(refund ? less : amount);
        sum.orders += 1 - refund;
    }
    *sums = sum;
    return !far && names == 0;
}

/* The same as add_facts from the sums. Times ascend, so that the last order is the latest. */
static inline void add_sums(const struct rfm *r, struct tally *t, const struct sight *s, uint32_t m)
{
    uint32_t from = s->first[m], to = s->end[m], base = s->first[0];
    const struct rfm_sum *before = &r->sums[from - base], *after = &r->sums[to - base];
    t->revenue += (int64_t)(after->revenue - before->revenue);
    if (after->orders == before->orders) return;
    while (sight_mask(s, to - 1) & REFUNDED)
        to--;
    if (t->orders == 0 || s->at[to - 1] > t->last) t->last = s->at[to - 1];
    t->orders += after->orders - before->orders;
}

/* The facts of a member, or some of them. */
static inline void add_facts(struct rfm *r, struct tally *tally, const struct sight *s, uint32_t m)
{
    const struct history *h = s->h;
    struct tally t = *tally;
    for (uint32_t i = s->first[m]; i < s->end[m]; i++) {
        uint32_t row = sight_row(s, i);
        struct rfm_fact fact = {.order = order_of(r, h, row),
                                .at = s->at[i],
                                .amount = h->amount[row],
                                .refund = (sight_mask(s, i) & REFUNDED) != 0};
        if (fact.order == 0) {
            add_unnamed(&t, &fact);
            continue;
        }
        fact.next = t.named;
        VEC_PUSH(&r->named, fact);
        t.named = (uint32_t)r->named.count;
    }
    *tally = t;
}

static inline void add(struct rfm *r, struct tally *t, const struct sight *s, uint32_t m,
                       bool summed)
{
    if (summed) {
        add_sums(r, t, s, m);
    } else {
        add_facts(r, t, s, m);
    }
}

void rfm_score(const struct rfm_scale *scale, const struct rfm_buyer *buyer, struct rfm_cell *cells)
{
    const int64_t values[3] = {buyer->last, buyer->orders, buyer->revenue};
    size_t place = 0;
    for (int what = 0; what < 3; what++) {
        size_t score = 0;
        for (size_t i = 0; i < scale->count[what]; i++)
            score += values[what] > scale->above[what][i];
        place = place * RFM_SCORES + score;
    }
    cells[place].members++;
    cells[place].revenue += buyer->revenue;
}

static inline void end_member(struct rfm *r, uint32_t member, struct tally *t)
{
    if (t->named != 0) add_named(r, t);
    if (t->orders == 0) return;
    struct rfm_buyer buyer = {member, t->orders, t->last, clamp(t->revenue)};
    if (r->cells) {
        rfm_score(r->settings->scale, &buyer, r->cells);
    } else {
        VEC_PUSH(&r->buyers, buyer);
    }
}

/* Members whose facts come in several runs: each has a place. */
static void add_span(struct rfm *r, const struct sight *s, bool summed)
{
    const struct history *h = s->h;
    uint32_t from = h->span.from, count = h->span.count;
    if (count > r->tallies_max) {
        r->tallies = mem_resize_array(r->tallies, count, sizeof(*r->tallies));
        memset(r->tallies + r->tallies_max, 0, (count - r->tallies_max) * sizeof(*r->tallies));
        r->tallies_max = count;
    }
    for (uint32_t m = 0; m < h->member_count; m++) {
        if (s->first[m] < s->end[m]) add(r, &r->tallies[h->member[m] - from], s, m, summed);
    }
    if (h->span.more) return;
    for (uint32_t i = 0; i < count; i++)
        end_member(r, from + i, &r->tallies[i]);
    memset(r->tallies, 0, count * sizeof(*r->tallies));
    VEC_RESET(&r->named);
}

static void run(void *kernel, const struct sight *s)
{
    bool summed = sum_places(kernel, s);
    if (s->h->span.count > 0) {
        add_span(kernel, s, summed);
        return;
    }
    for (uint32_t m = 0; m < s->h->member_count; m++) {
        struct tally t = {.orders = 0};
        if (s->first[m] == s->end[m] || s->h->member[m] == 0) continue;
        add(kernel, &t, s, m, summed);
        end_member(kernel, s->h->member[m], &t);
        VEC_RESET(&((struct rfm *)kernel)->named);
    }
}

static void init(void *kernel, const void *settings)
{
    const struct rfm_settings *given = settings;
    struct rfm *r = kernel;
    *r = (struct rfm){.settings = given};
    if (given->scale) r->cells = mem_alloc_array(RFM_CELLS, sizeof(*r->cells));
}

static void finish(void *kernel)
{
    struct rfm *r = kernel;
    VEC_FINISH(&r->buyers);
    VEC_FINISH(&r->named);
    VEC_FINISH(&r->orders);
    mem_free(r->tallies);
    mem_free(r->sums);
    mem_free(r->cells);
}

static size_t bytes(const void *kernel)
{
    const struct rfm *r = kernel;
    return r->buyers.capacity * sizeof(r->buyers.items[0]) +
           (r->cells ? RFM_CELLS * sizeof(*r->cells) : 0) +
           (r->named.capacity + r->orders.capacity) * sizeof(r->named.items[0]) +
           r->tallies_max * sizeof(*r->tallies) + r->sums_max * sizeof(*r->sums);
}

static void merge(void *to, void *from)
{
    struct rfm *a = to;
    const struct rfm *b = from;
    for (size_t i = 0; a->cells && i < RFM_CELLS; i++) {
        a->cells[i].members += b->cells[i].members;
        a->cells[i].revenue += b->cells[i].revenue;
    }
    VEC_RESERVE(&a->buyers, b->buyers.count);
    if (b->buyers.count > 0)
        memcpy(a->buyers.items + a->buyers.count, b->buyers.items,
               b->buyers.count * sizeof(*b->buyers.items));
    a->buyers.count += b->buyers.count;
}

/* ---- scores ---- */

static int64_t value_of(const struct rfm_buyer *buyer, int what)
{
    int64_t values[] = {buyer->last, buyer->orders, buyer->revenue};
    return values[what];
}

/* A score is k at least when k fifths of all are lower, that is when the last of so many is. */
void rfm_scale_by_rank(const struct rfm *rfm, struct rfm_scale *scale)
{
    size_t count = rfm->buyers.count;
    int64_t *sorted = mem_alloc_array(count + 1, sizeof(*sorted));
    for (int what = 0; what < 3; what++) {
        for (size_t i = 0; i < count; i++)
            sorted[i] = value_of(&rfm->buyers.items[i], what);
        order_sort(sorted, count);
        scale->count[what] = count ? QUINTILES - 1 : 0;
        for (size_t k = 1; k <= scale->count[what]; k++)
            scale->above[what][k - 1] = sorted[(k * count + QUINTILES - 1) / QUINTILES - 1];
    }
    mem_free(sorted);
}

void rfm_scores_of(const struct rfm_scale *scale, const struct rfm_buyer *buyer, uint8_t out[3])
{
    for (int what = 0; what < 3; what++) {
        out[what] = 1;
        for (size_t i = 0; i < scale->count[what]; i++)
            out[what] = (uint8_t)(out[what] + (value_of(buyer, what) > scale->above[what][i]));
    }
}

const struct kernel_type rfm_kernel = {sizeof(struct rfm), init, finish, run, bytes, merge};
