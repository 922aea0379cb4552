/* fold_codec.c - a fold as bytes.
 *
 *     u8 version (4) · owner by hand, 0 or staff and time · varint events · unless it is empty:
 *     varint now · times, each 0 for never or now - time + 1 · stage, trust, trust_peak and flags ·
 *     counters · trust evidence · order totals and orders · lists: groups, ties to staff, act days,
 *     messages that wait for an answer
 *
 * All numbers are varints, signed ones zigzag. A list is its length and then its items; codes and
 * days are written as differences. What follows from the rest (due, churn, standing orders, pace)
 * is not written. Reading accepts only what writing may give in shape and range, so that damaged
 * bytes yield a false, never a state that breaks an invariant the code leans on. */
#include "people/fold_internal.h"

#include "base/mem.h"
#include "eventlog/bytes.h"

#define VERSION 4
#define DAY_MAX 3000000 /* a day number is less: the year 10183 */

enum {
    FLAG_KNOWN = 1 << 0,
    FLAG_TOUCHED = 1 << 1,
    FLAG_EFFECTIVE = 1 << 2,
    FLAG_INFORMED = 1 << 3,
    FLAG_SHARES = 1 << 4,
    FLAG_DM_STAFF = 1 << 5,
    FLAG_ORDERS = 1 << 6, /* the order totals follow */
    FLAG_ALL = (1 << 7) - 1,
};

static void put_time(struct strbuf *out, const struct fold *f, int64_t at)
{
    put_varint(out, at == TIME_NONE ? 0 : (uint64_t)(f->now - at) + 1);
}

static int64_t get_time(struct byte_reader *r, const struct fold *f)
{
    uint64_t v = get_varint(r);
    if (v == 0) return TIME_NONE;
    if (v - 1 > (uint64_t)f->now) r->bad = true;
    return r->bad ? TIME_NONE : f->now - (int64_t)(v - 1);
}

/* A number no greater than 'max'. */
static uint32_t get_limited(struct byte_reader *r, uint32_t max)
{
    uint32_t v = get_varint32(r);
    if (v > max) r->bad = true;
    return r->bad ? 0 : v;
}

static int32_t get_day(struct byte_reader *r)
{
    int64_t v = unzigzag(get_varint(r));
    if (v < -DAY_MAX || v > DAY_MAX) r->bad = true;
    return r->bad ? 0 : (int32_t)v;
}

/* The length of a list whose items take 'bytes' at least. */
static uint32_t get_count(struct byte_reader *r, size_t bytes)
{
    uint32_t count = get_varint32(r);
    if (count > byte_reader_left(r) / bytes) r->bad = true;
    return r->bad ? 0 : count;
}

/* The plain times, in the order they are written. */
#define TIMES 13
static void times_of(struct fold *f, int64_t *times[TIMES])
{
    int64_t *all[TIMES] = {&f->last_at,   &f->stage_since,  &f->returned_at,      &f->first_seen,
                           &f->joined,    &f->last_join,    &f->left_at,          &f->last_act,
                           &f->last_look, &f->last_message, &f->last_interaction, &f->last_spread,
                           &f->dm_at};
    memcpy(times, all, sizeof(all));
}

static void put_codes(struct strbuf *out, const struct fold_codes *c)
{
    put_varint(out, c->count);
    for (uint32_t i = 0; i < c->count; i++) {
        put_varint(out, i ? c->items[i] - c->items[i - 1] : c->items[i]);
    }
}

static void get_codes(struct byte_reader *r, struct fold_codes *c)
{
    uint32_t count = get_count(r, 1);
    c->items = fold_grow(c->items, &c->capacity, count, sizeof(c->items[0]));
    for (c->count = 0; c->count < count && !r->bad; c->count++) {
        uint64_t code = get_varint32(r);
        if (c->count && code == 0) r->bad = true;
        if (c->count) code += c->items[c->count - 1];
        if (code > UINT32_MAX) r->bad = true;
        c->items[c->count] = (uint32_t)code;
    }
}

static void put_ties(struct strbuf *out, const struct fold *f)
{
    uint32_t last = 0;
    bool talked = false;
    put_varint(out, f->ties.count);
    for (uint32_t i = 0; i < f->ties.count; i++) {
        const struct fold_tie *t = &f->ties.items[i];
        put_varint(out, t->staff - last);
        put_time(out, f, t->added);
        put_varint(out, t->days);
        if (t->days) put_time(out, f, t->talked);
        talked |= t->days != 0;
        last = t->staff;
    }
    if (talked) put_varint(out, zigzag(f->talk_day));
}

static struct fold_tie get_tie(struct byte_reader *r, const struct fold *f)
{
    struct fold_tie t = {.talked = TIME_NONE};
    t.staff = get_varint32(r);
    t.added = get_time(r, f);
    t.days = get_varint(r);
    if (t.days) t.talked = get_time(r, f);
    if (t.days >> FOLD_OWNER_DAYS_MAX || (t.days != 0) != (t.talked != TIME_NONE)) r->bad = true;
    if (t.added == TIME_NONE && t.days == 0) r->bad = true;
    return t;
}

/* Contacts are the ties to whose lists the member is on. */
static void get_ties(struct byte_reader *r, struct fold *f)
{
    uint32_t count = get_count(r, 3);
    uint64_t staff = 0;
    bool talked = false;
    f->ties.items = fold_grow(f->ties.items, &f->ties.capacity, count, sizeof(f->ties.items[0]));
    f->contacts.items =
        fold_grow(f->contacts.items, &f->contacts.capacity, count, sizeof(f->contacts.items[0]));
    for (f->ties.count = 0; f->ties.count < count && !r->bad; f->ties.count++) {
        struct fold_tie t = get_tie(r, f);
        staff += t.staff;
        if ((f->ties.count && t.staff == 0) || staff > UINT32_MAX) r->bad = true;
        t.staff = (uint32_t)staff;
        f->ties.items[f->ties.count] = t;
        if (t.added != TIME_NONE) f->contacts.items[f->contacts.count++] = t.staff;
        talked |= t.days != 0;
    }
    if (talked) f->talk_day = get_day(r);
}

static void put_days(struct strbuf *out, const struct fold *f)
{
    const struct fold_days *d = &f->days;
    put_varint(out, d->count);
    for (uint32_t i = 0; i < d->count; i++) {
        put_varint(out, zigzag(i ? d->items[i].day - d->items[i - 1].day : d->items[i].day));
        put_time(out, f, d->items[i].first);
        put_varint(out, d->items[i].span_ms);
    }
}

static void get_days(struct byte_reader *r, struct fold *f)
{
    struct fold_days *d = &f->days;
    uint32_t count = get_count(r, 3);
    d->items = fold_grow(d->items, &d->capacity, count, sizeof(d->items[0]));
    int64_t last = TIME_NONE;
    for (d->count = 0; d->count < count && !r->bad; d->count++) {
        struct fold_day *day = &d->items[d->count];
        int64_t number = get_day(r);
        if (d->count) number += day[-1].day;
        if (number > DAY_MAX || (d->count && number <= day[-1].day)) r->bad = true;
        *day = (struct fold_day){.first = get_time(r, f), .day = (int32_t)number};
        day->span_ms = get_varint32(r);
        if (day->first <= last || fold_day_last(day) > f->last_at) r->bad = true;
        last = fold_day_last(day);
    }
}

static void put_saids(struct strbuf *out, const struct fold *f)
{
    uint32_t last = 0;
    put_varint(out, f->saids.count);
    for (uint32_t i = 0; i < f->saids.count; i++) {
        put_varint(out, f->saids.items[i].group - last);
        put_time(out, f, f->saids.items[i].at);
        last = f->saids.items[i].group;
    }
}

static void get_saids(struct byte_reader *r, struct fold *f)
{
    struct fold_saids *s = &f->saids;
    uint32_t count = get_count(r, 2);
    uint64_t group = 0;
    s->items = fold_grow(s->items, &s->capacity, count, sizeof(s->items[0]));
    for (s->count = 0; s->count < count && !r->bad; s->count++) {
        uint32_t step = get_varint32(r);
        group += step;
        struct fold_said said = {get_time(r, f), (uint32_t)group};
        if (step == 0 || group > UINT32_MAX || said.at == TIME_NONE) r->bad = true;
        s->items[s->count] = said;
    }
}

static void put_orders(struct strbuf *out, const struct fold *f)
{
    put_varint(out, f->orders.count);
    for (uint32_t i = 0; i < f->orders.count; i++) {
        const struct fold_order *o = &f->orders.items[i];
        put_u64(out, o->hash);
        put_time(out, f, o->paid_at);
        put_varint(out, zigzag(o->paid));
        put_varint(out, (uint64_t)o->refunded + 1);
    }
}

static void get_orders(struct byte_reader *r, struct fold *f)
{
    struct fold_orders *list = &f->orders;
    uint32_t count = get_count(r, 11);
    list->items = fold_grow(list->items, &list->capacity, count, sizeof(list->items[0]));
    for (list->count = 0; list->count < count && !r->bad; list->count++) {
        struct fold_order *o = &list->items[list->count];
        o->hash = get_u64(r);
        o->paid_at = get_time(r, f);
        o->paid = unzigzag(get_varint(r));
        uint64_t refunded = get_varint(r);
        if (o->hash == 0 || o->paid == INT64_MIN || refunded > (uint64_t)INT64_MAX + 1) {
            r->bad = true;
        }
        o->refunded = (int64_t)(refunded - 1);
    }
}

static void put_trust(struct strbuf *out, const struct fold *f)
{
    put_varint(out, f->content_count);
    for (uint32_t i = 0; i < f->content_count; i++) {
        put_varint(out, f->content[i]);
    }
    put_varint(out, f->dm_from);
    put_varint(out, f->exchange_count);
    put_varint(out, f->exchange_staff);
    put_varint(out, f->exchange_days);
    put_varint(out, zigzag(f->exchange_day));
}

static void get_trust(struct byte_reader *r, struct fold *f)
{
    f->content_count = (uint8_t)get_limited(r, 3);
    for (uint32_t i = 0; i < f->content_count; i++) {
        f->content[i] = get_varint32(r);
    }
    f->dm_from = (uint8_t)get_limited(r, DM_FROM_STAFF);
    f->exchange_count = (uint8_t)get_limited(r, 3);
    f->exchange_staff = (uint8_t)get_limited(r, 2);
    f->exchange_days = (uint8_t)get_limited(r, 2);
    f->exchange_day = get_day(r);
}

static void put_order_totals(struct strbuf *out, const struct fold *f)
{
    put_varint(out, f->order_days);
    put_varint(out, zigzag(f->order_day_first));
    put_varint(out, zigzag(f->order_day_last));
    put_time(out, f, f->last_order);
    put_varint(out, zigzag(f->spent));
    put_varint(out, f->unnamed_count);
    put_time(out, f, f->unnamed[0]);
    put_time(out, f, f->unnamed[1]);
    put_varint(out, (uint32_t)(f->latest + 1));
    put_time(out, f, f->void_at);
    put_orders(out, f);
}

static void get_order_totals(struct byte_reader *r, struct fold *f)
{
    f->order_days = get_varint32(r);
    f->order_day_first = get_day(r);
    f->order_day_last = get_day(r);
    f->last_order = get_time(r, f);
    f->spent = unzigzag(get_varint(r));
    f->unnamed_count = get_varint32(r);
    f->unnamed[0] = get_time(r, f);
    f->unnamed[1] = get_time(r, f);
    uint64_t latest = get_varint(r);
    f->latest = (uint32_t)(latest - 1);
    f->void_at = get_time(r, f);
    get_orders(r, f);
    if (latest > f->orders.count) r->bad = true;
    if (f->order_day_last < f->order_day_first) r->bad = true;
    if (f->order_days && f->last_order == TIME_NONE) r->bad = true;
    if (f->unnamed[0] < f->unnamed[1]) r->bad = true;
}

static uint32_t flags_of(const struct fold *f)
{
    bool trades = f->order_days || f->orders.count || f->spent;
    return (trades ? FLAG_ORDERS : 0u) | (f->known ? FLAG_KNOWN : 0u) |
           (f->touched ? FLAG_TOUCHED : 0u) | (f->effective ? FLAG_EFFECTIVE : 0u) |
           (f->informed ? FLAG_INFORMED : 0u) | (f->shares ? FLAG_SHARES : 0u) |
           (f->dm_staff ? FLAG_DM_STAFF : 0u);
}

static void set_flags(struct fold *f, uint32_t flags)
{
    f->known = flags & FLAG_KNOWN;
    f->touched = flags & FLAG_TOUCHED;
    f->effective = flags & FLAG_EFFECTIVE;
    f->informed = flags & FLAG_INFORMED;
    f->shares = flags & FLAG_SHARES;
    f->dm_staff = flags & FLAG_DM_STAFF;
}

static void put_counters(struct strbuf *out, const struct fold *f)
{
    put_varint(out, f->stage);
    put_varint(out, (uint32_t)(f->trust + 1));
    put_varint(out, (uint32_t)(f->trust_peak + 1));
    put_varint(out, f->invited);
    put_varint(out, f->qualified);
}

static void get_counters(struct byte_reader *r, struct fold *f)
{
    f->stage = (uint8_t)get_limited(r, STAGE_NONE);
    f->trust = (int)get_limited(r, TRUST_COUNT) - 1;
    f->trust_peak = (int)get_limited(r, TRUST_COUNT) - 1;
    f->invited = get_varint32(r);
    f->qualified = get_varint32(r);
}

void fold_encode(const struct fold *f, struct strbuf *out)
{
    struct fold copy = *f;
    int64_t *times[TIMES];
    times_of(&copy, times);
    uint32_t flags = flags_of(f);
    put_u8(out, VERSION);
    put_varint(out, f->hand_staff);
    if (f->hand_staff) put_varint(out, (uint64_t)f->hand_at);
    put_varint(out, f->events);
    if (fold_is_empty(f)) return;
    put_varint(out, (uint64_t)f->now);
    for (int i = 0; i < TIMES; i++) {
        put_time(out, f, *times[i]);
    }
    put_varint(out, flags);
    put_counters(out, f);
    put_trust(out, f);
    if (flags & FLAG_ORDERS) put_order_totals(out, f);
    put_codes(out, &f->groups);
    put_ties(out, f);
    put_days(out, f);
    put_saids(out, f);
}

static void get_state(struct byte_reader *r, struct fold *f)
{
    int64_t *times[TIMES];
    times_of(f, times);
    uint64_t now = get_varint(r);
    if (now > 2 * (uint64_t)EVENT_AT_MAX) r->bad = true;
    f->now = r->bad ? 0 : (int64_t)now;
    for (int i = 0; i < TIMES; i++) {
        *times[i] = get_time(r, f);
    }
    uint32_t flags = get_limited(r, FLAG_ALL);
    set_flags(f, flags);
    get_counters(r, f);
    get_trust(r, f);
    if (flags & FLAG_ORDERS) get_order_totals(r, f);
    get_codes(r, &f->groups);
    get_ties(r, f);
    get_days(r, f);
    get_saids(r, f);
    if (f->last_at == TIME_NONE || f->first_seen == TIME_NONE) r->bad = true;
    if ((f->dm_from == DM_NONE) != (f->dm_at == TIME_NONE)) r->bad = true;
}

static void get_hand(struct byte_reader *r, struct fold *f)
{
    f->hand_staff = get_varint32(r);
    if (f->hand_staff == 0) return;
    uint64_t at = get_varint(r);
    if (at > 2 * (uint64_t)EVENT_AT_MAX) r->bad = true;
    f->hand_at = r->bad ? TIME_NONE : (int64_t)at;
}

bool fold_decode(struct fold *f, const struct fold_rules *r, struct str bytes)
{
    struct byte_reader in = byte_reader_of(bytes.p, bytes.len);
    fold_reset(f);
    if (get_u8(&in) != VERSION) return false;
    get_hand(&in, f);
    f->events = get_varint(&in);
    if (f->events || byte_reader_left(&in)) get_state(&in, f);
    if (in.bad || byte_reader_left(&in)) {
        fold_reset(f);
        return false;
    }
    fold_orders_recount(f);
    fold_orders_pace(f, r);
    f->dirty = true;
    return true;
}
