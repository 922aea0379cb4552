/* fold_order.c - orders: which stand, what was spent, and the pace of buying.
 *
 * An order is all order.paid of one name. It is unpaid ("void") once a refund without an amount
 * names it, or refunds with one reach what was paid; a refund may come before its payment. Orders
 * without a name always stand: only their number and latest two times are kept.
 *
 * Invariants:
 *   1. orders_standing counts the unnamed and the named that stand; standing[] are the latest times
 *      among them, latest first.
 *   2. spent = payments without name - refunds without name + the worth of each named order.
 *   3. void_at is TIME_NONE unless the latest order has a name and is void. */
#include "people/fold_internal.h"

#include <string.h>

#include "base/mem.h"

#define SCAN_MAX 16 /* so many orders are searched one by one */

static int64_t add_clamped(int64_t a, int64_t b)
{
    int64_t sum;
    if (!__builtin_add_overflow(a, b, &sum)) return sum > -INT64_MAX ? sum : -INT64_MAX;
    return b > 0 ? INT64_MAX : -INT64_MAX;
}

static int64_t size_of_refund(int64_t amount)
{
    return amount < 0 ? -amount : amount;
}

static bool is_void(const struct fold_order *o)
{
    return o->refunded >= 0 && o->refunded >= o->paid;
}

static bool stands(const struct fold_order *o)
{
    return o->paid_at != TIME_NONE && !is_void(o);
}

/* What the order adds to 'spent'. */
static int64_t worth(const struct fold_order *o)
{
    if (!stands(o)) return 0;
    return o->refunded > 0 ? o->paid - o->refunded : o->paid;
}

static void spend(struct fold *f, const struct fold_order *before, const struct fold_order *after)
{
    f->spent = add_clamped(add_clamped(f->spent, worth(after)), -worth(before));
}

static void index_put(struct fold_orders *o, uint32_t place)
{
    uint32_t mask = o->slot_count - 1;
    uint32_t slot = (uint32_t)o->items[place].hash & mask;
    while (o->slots[slot]) {
        slot = (slot + 1) & mask;
    }
    o->slots[slot] = place + 1;
}

static void index_build(struct fold_orders *o)
{
    o->slot_count = 64;
    while (o->slot_count < o->count * UINT64_C(4)) {
        o->slot_count *= 2;
    }
    mem_free(o->slots);
    o->slots = mem_alloc_array(o->slot_count, sizeof(o->slots[0]));
    for (uint32_t i = 0; i < o->count; i++) {
        index_put(o, i);
    }
}

static uint32_t find(struct fold_orders *o, uint64_t hash)
{
    if (o->count <= SCAN_MAX) {
        uint32_t i = 0;
        while (i < o->count && o->items[i].hash != hash) {
            i++;
        }
        return i;
    }
    if (o->slot_count == 0) index_build(o);
    uint32_t mask = o->slot_count - 1;
    for (uint32_t slot = (uint32_t)hash & mask; o->slots[slot]; slot = (slot + 1) & mask) {
        uint32_t place = o->slots[slot] - 1;
        if (o->items[place].hash == hash) return place;
    }
    return o->count;
}

/* Place of the order of that name, made when it is new. */
static uint32_t find_or_add(struct fold_orders *o, uint64_t hash)
{
    uint32_t place = find(o, hash);
    if (place < o->count) return place;
    o->items = fold_grow(o->items, &o->capacity, o->count + 1, sizeof(o->items[0]));
    o->items[o->count++] = (struct fold_order){.hash = hash, .paid_at = TIME_NONE, .refunded = -1};
    if (o->slot_count == 0) return place;
    if (o->count > o->slot_count / 2) {
        index_build(o);
    } else {
        index_put(o, place);
    }
    return place;
}

/* Keep the two latest; two orders may share a moment. */
static void rank(int64_t latest[2], int64_t at)
{
    if (at >= latest[0]) {
        latest[1] = latest[0];
        latest[0] = at;
    } else if (at > latest[1]) {
        latest[1] = at;
    }
}

void fold_orders_recount(struct fold *f)
{
    f->orders_standing = f->unnamed_count;
    memcpy(f->standing, f->unnamed, sizeof(f->standing));
    for (uint32_t i = 0; i < f->orders.count; i++) {
        const struct fold_order *o = &f->orders.items[i];
        if (!stands(o)) continue;
        f->orders_standing++;
        rank(f->standing, o->paid_at);
    }
}

/* So many hundredths of the mean gap, rounded up; a hundredth of a day is whole milliseconds. */
static int64_t gaps_of(int64_t days, int64_t gaps, int percent)
{
    return (days * percent * (TIME_DAY / 100) + gaps - 1) / gaps;
}

void fold_orders_pace(struct fold *f, const struct fold_rules *r)
{
    int64_t gaps = (int64_t)f->order_days - 1;
    f->rhythm_end = TIME_NONE;
    f->gap = f->patience = 0;
    if (gaps < 1) return;
    int64_t days = (int64_t)f->order_day_last - f->order_day_first;
    f->gap = gaps_of(days, gaps, 100);
    f->patience = gaps_of(days, gaps, r->patience_percent);
    if (gaps + 1 >= r->rhythm_orders)
        f->rhythm_end = f->last_order + gaps_of(days, gaps, r->rhythm_percent);
}

static void add_order_day(struct fold *f, const struct fold_names *n, int64_t at)
{
    int32_t day = zone_day(n->zone, at);
    if (f->order_days == 0) f->order_day_first = day;
    if (f->order_days == 0 || day > f->order_day_last) {
        f->order_day_last = day;
        f->order_days++;
    }
    f->last_order = at;
    fold_orders_pace(f, &n->rules);
}

static void add_unnamed(struct fold *f, int64_t at, int64_t amount)
{
    rank(f->unnamed, at);
    rank(f->standing, at);
    f->unnamed_count++;
    f->orders_standing++;
    f->spent = add_clamped(f->spent, amount);
    f->latest = UINT32_MAX;
    f->void_at = TIME_NONE;
}

static void pay_named(struct fold *f, const struct fold_row *row, int64_t amount)
{
    uint32_t place = find_or_add(&f->orders, row->order);
    struct fold_order *o = &f->orders.items[place];
    struct fold_order before = *o;
    o->paid_at = row->at;
    o->paid = add_clamped(o->paid, amount);
    spend(f, &before, o);
    f->latest = place;
    f->void_at = stands(o) ? TIME_NONE : row->at;
    if (before.paid_at == TIME_NONE) {
        if (!stands(o)) return;
        f->orders_standing++;
        rank(f->standing, row->at);
    } else if (before.paid_at != row->at || stands(&before) != stands(o)) {
        fold_orders_recount(f);
    }
}

void fold_apply_paid(struct fold *f, const struct fold_names *n, const struct fold_row *row)
{
    int64_t amount = row->amount == HISTORY_NO_AMOUNT ? 0 : row->amount;
    add_order_day(f, n, row->at);
    if (row->order) {
        pay_named(f, row, amount);
    } else {
        add_unnamed(f, row->at, amount);
    }
}

void fold_apply_refund(struct fold *f, const struct fold_row *row)
{
    bool whole = row->amount == HISTORY_NO_AMOUNT;
    if (row->order == 0) {
        if (!whole) f->spent = add_clamped(f->spent, -size_of_refund(row->amount));
        return;
    }
    uint32_t place = find_or_add(&f->orders, row->order);
    struct fold_order *o = &f->orders.items[place];
    struct fold_order before = *o;
    int64_t refund = whole ? INT64_MAX : size_of_refund(row->amount);
    o->refunded = add_clamped(o->refunded < 0 ? 0 : o->refunded, refund);
    spend(f, &before, o);
    if (!stands(&before) || stands(o)) return;
    if (f->latest == place) f->void_at = row->at;
    fold_orders_recount(f);
}
