/* retention_kernel.c - one walk collects a member's births and returns; then each birth leaps from
 * period to period through the returns. A single birth with calendar periods, which is what is
 * mostly asked, needs no list: each return behind it sets the bit of its bucket. Where births are
 * returns, too, such a member may come in several runs: the earliest row is the birth, buckets with
 * a row are those returned in, and the birth's own is when it has two.
 *
 * Period k of a birth is [start(k), start(k + 1)), so that a leap is a search for a time. With
 * "each" a member has at most one birth a cohort, which bounds the work whatever the rows are. */
#include "insight/retention_kernel.h"

#include <string.h>

#define BIRTH UINT32_C(1)
#define RETURN UINT32_C(2)

/* The first index >= i whose return is not before 'at': steps double, then are halved. */
static size_t leap(const int64_t *returns, size_t count, size_t i, int64_t at)
{
    size_t step = 1;
    size_t low = i;
    while (low + step <= count && returns[low + step - 1] < at) {
        low += step;
        step *= 2;
    }
    size_t high = low + step <= count ? low + step : count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (returns[middle] < at) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Brackets are (b[k - 1], b[k]] days, so that they start one past the day before. */
int64_t retention_start(const struct retention_settings *s, int64_t at, uint32_t cohort, uint32_t k)
{
    if (s->type == RETENTION_BRACKET) {
        int64_t days = k > 0 ? s->brackets[k - 1] : 0;
        if (s->elapsed) return at + days * TIME_DAY + 1;
        int32_t day = zone_day(s->zone, zone_bucket_start(s->zone, UNIT_DAY, at));
        return zone_day_start(s->zone, day + (int32_t)days + 1);
    }
    if (s->elapsed) return at + k * s->period_ms;
    return s->buckets->starts[cohort + k];
}

static void set_bit(struct birth *b, uint32_t period)
{
    b->seen[period >> 6] |= UINT64_C(1) << (period & 63);
}

static void mark_periods(struct retention *r, struct birth *b)
{
    const struct retention_settings *s = r->settings;
    const int64_t *returns = r->returns.items;
    size_t count = r->returns.count;
    size_t i = b->first;
    if (i < count) i = leap(returns, count, i, retention_start(s, b->at, b->cohort, 0));
    for (uint32_t k = 0; k < s->periods && i < count; k++) {
        int64_t end = retention_start(s, b->at, b->cohort, k + 1);
        if (returns[i] >= end) continue;
        set_bit(b, k);
        i = leap(returns, count, i, end);
    }
}

static uint32_t bucket_at(const struct retention_settings *s, int64_t at)
{
    const struct buckets *b = s->buckets;
    if (at >= b->starts[b->count]) return (uint32_t)b->count;
    return buckets_find(b, at);
}

/* Returned on k or later: every period up to that of the last return. */
static void mark_rolling(struct retention *r, struct birth *b)
{
    const struct retention_settings *s = r->settings;
    if (b->first == r->returns.count) return;
    int64_t last = r->returns.items[r->returns.count - 1];
    int64_t period = s->elapsed ? (last - b->at) / s->period_ms
                                : (int64_t)bucket_at(s, last) - (int64_t)b->cohort;
    for (uint32_t k = 0; k < s->periods && k <= period; k++) {
        set_bit(b, k);
    }
}

static void add_birth(struct retention *r, int64_t at)
{
    const struct retention_settings *s = r->settings;
    uint32_t cohort = bucket_at(s, at);
    size_t count = r->births.count;
    if (count > 0 && r->births.items[count - 1].cohort == cohort) return;
    VEC_PUSH(&r->births, ((struct birth){.at = at, .cohort = cohort, .first = r->returns.count}));
}

/* Is the 'number'-th birth event of the member, at 'at', a birth that counts? */
static bool counts_as_birth(const struct retention_settings *s, uint32_t number, int64_t at)
{
    if (at < s->from || at >= s->to) return false;
    return s->first == RETENTION_EACH || number == s->nth;
}

/* An event that is both is first a return for the births before it. */
static void collect(struct retention *r, const struct sight *sight, uint32_t from, uint32_t to)
{
    const struct retention_settings *s = r->settings;
    const int64_t *at = sight->at;
    uint32_t number = 0; /* birth events so far */
    VEC_RESET(&r->births);
    VEC_RESET(&r->returns);
    for (uint32_t i = from; i < to; i++) {
        uint32_t mask = sight_mask(sight, i);
        if (mask & RETURN && r->births.count > 0) VEC_PUSH(&r->returns, at[i]);
        if ((mask & BIRTH) == 0) continue;
        if (s->first != RETENTION_IN_RANGE || at[i] >= s->from) number++;
        if (counts_as_birth(s, number, at[i])) add_birth(r, at[i]);
    }
}

static void count_birth(struct retention *r, const struct birth *b)
{
    uint64_t *row = r->returned + (size_t)b->cohort * r->settings->periods;
    r->sizes[b->cohort]++;
    for (int word = 0; word < 2; word++) {
        for (uint64_t bits = b->seen[word]; bits != 0; bits &= bits - 1) {
            row[word * 64 + __builtin_ctzll(bits)]++;
        }
    }
}

static void count(struct retention *r)
{
    for (size_t i = 0; i < r->births.count; i++) {
        struct birth *b = &r->births.items[i];
        if (r->settings->type == RETENTION_ROLLING) {
            mark_rolling(r, b);
        } else {
            mark_periods(r, b);
        }
        count_birth(r, b);
    }
}

/* The place of the one birth, or 'to'. */
static uint32_t single_birth(const struct retention_settings *s, const struct sight *sight,
                             uint32_t from, uint32_t to)
{
    uint32_t number = 0;
    for (uint32_t i = from; i < to; i++) {
        if ((sight_mask(sight, i) & BIRTH) == 0) continue;
        if (s->first == RETENTION_IN_RANGE && sight->at[i] < s->from) continue;
        if (++number < s->nth) continue;
        return sight->at[i] >= s->from && sight->at[i] < s->to ? i : to;
    }
    return to;
}

/* The periods of the returns among places from .. to-1. */
static void mark_single(const struct retention_settings *s, const struct sight *sight,
                        uint32_t from, uint32_t to, struct birth *b)
{
    const struct buckets *buckets = s->buckets;
    int64_t end = buckets->starts[b->cohort + s->periods];
    bool all = !sight->mask && sight->every & RETURN;
    if (from < to && sight->at[to - 1] >= end) to = history_row_at(sight->at, from, to, end);
    if (all && s->periods <= 64) {
        b->seen[0] = buckets_seen(buckets, sight->at + from, to - from, b->cohort);
        return;
    }
    for (uint32_t i = from; i < to; i++) {
        if (!all && (sight_mask(sight, i) & RETURN) == 0) continue;
        set_bit(b, buckets_find(buckets, sight->at[i]) - b->cohort);
    }
}

static void add_single(struct retention *r, const struct sight *sight, uint32_t from, uint32_t to)
{
    const struct retention_settings *s = r->settings;
    uint32_t i = single_birth(s, sight, from, to);
    if (i == to) return;
    struct birth b = {.at = sight->at[i], .cohort = buckets_find(s->buckets, sight->at[i])};
    mark_single(s, sight, i + 1, to, &b);
    count_birth(r, &b);
}

bool retention_takes_spans(const struct retention_settings *s, bool alike)
{
    bool single = s->first != RETENTION_EACH && s->nth == 1;
    bool calendar = s->type == RETENTION_CLASSIC && !s->elapsed;
    return alike && single && calendar && s->buckets->count <= 64;
}

/* The rows of a run. */
static struct retention_tally tally_of(const struct retention_settings *s, const int64_t *at,
                                       uint32_t n)
{
    const struct buckets *b = s->buckets;
    struct retention_tally t = {.any = n > 0};
    if (n > 0 && at[0] < s->from && s->first == RETENTION_IN_RANGE) {
        uint32_t before = history_row_at(at, 0, n, s->from);
        return tally_of(s, at + before, n - before);
    }
    if (n > 0) t.first = at[0];
    if (n == 0 || b->count == 0 || t.first < s->from) return t; /* no birth comes from it */
    if (at[n - 1] >= b->starts[b->count]) n = history_row_at(at, 0, n, b->starts[b->count]);
    if (n == 0) return t;
    uint32_t first = buckets_find(b, at[0]);
    t.seen = buckets_seen(b, at, n, 0);
    if (n > 1 && at[1] < b->starts[first + 1]) t.again = UINT64_C(1) << first;
    return t;
}

static inline void add_tally(struct retention_tally *to, struct retention_tally t)
{
    if (!t.any) return;
    to->again |= t.again | (to->seen & t.seen);
    to->seen |= t.seen;
    to->first = !to->any | (t.first < to->first) ? t.first : to->first;
    to->any = true;
}

static void end_tally(struct retention *r, const struct retention_tally *t)
{
    const struct retention_settings *s = r->settings;
    if (!t->any || t->first < s->from || t->first >= s->to) return;
    struct birth b = {.at = t->first, .cohort = buckets_find(s->buckets, t->first)};
    uint64_t periods = s->periods < 64 ? (UINT64_C(1) << s->periods) - 1 : UINT64_MAX;
    uint64_t seen = t->seen & ~(UINT64_C(1) << b.cohort);
    seen |= t->again & UINT64_C(1) << b.cohort;
    b.seen[0] = seen >> b.cohort & periods;
    count_birth(r, &b);
}

static void add_span(struct retention *r, const struct sight *s)
{
    const struct history *h = s->h;
    uint32_t from = h->span.from, count = h->span.count;
    if (count > r->tallies_max) {
        r->tallies = mem_resize_array(r->tallies, count, sizeof(*r->tallies));
        memset(r->tallies + r->tallies_max, 0, (count - r->tallies_max) * sizeof(*r->tallies));
        r->tallies_max = count;
    }
    for (uint32_t m = 0; m < h->member_count; m++) {
        struct retention_tally t =
            tally_of(r->settings, s->at + s->first[m], s->end[m] - s->first[m]);
        add_tally(&r->tallies[h->member[m] - from], t);
    }
    if (h->span.more) return;
    for (uint32_t i = 0; i < count; i++)
        end_tally(r, &r->tallies[i]);
    memset(r->tallies, 0, count * sizeof(*r->tallies));
}

static void run(void *kernel, const struct sight *s)
{
    struct retention *r = kernel;
    const struct retention_settings *settings = r->settings;
    if (s->h->span.count > 0) {
        add_span(r, s);
        return;
    }
    bool single = settings->first != RETENTION_EACH && settings->type == RETENTION_CLASSIC &&
                  !settings->elapsed;
    for (uint32_t m = 0; m < s->h->member_count; m++) {
        if (s->first[m] == s->end[m] || s->h->member[m] == 0) continue;
        if (single) {
            add_single(r, s, s->first[m], s->end[m]);
            continue;
        }
        collect(r, s, s->first[m], s->end[m]);
        count(r);
    }
}

static void init(void *kernel, const void *settings)
{
    struct retention *r = kernel;
    *r = (struct retention){.settings = settings};
    size_t cohorts = r->settings->cohorts;
    r->sizes = mem_alloc_array(cohorts, sizeof(*r->sizes));
    r->returned = mem_alloc_array(cohorts * r->settings->periods, sizeof(*r->returned));
}

static void finish(void *kernel)
{
    struct retention *r = kernel;
    mem_free(r->sizes);
    mem_free(r->returned);
    mem_free(r->tallies);
    VEC_FINISH(&r->births);
    VEC_FINISH(&r->returns);
}

static size_t bytes(const void *kernel)
{
    const struct retention *r = kernel;
    size_t cells = (size_t)r->settings->cohorts * (r->settings->periods + 1);
    return cells * sizeof(uint64_t) + r->tallies_max * sizeof(*r->tallies) +
           r->births.capacity * sizeof(r->births.items[0]) +
           r->returns.capacity * sizeof(r->returns.items[0]);
}

static void merge(void *to, void *from)
{
    struct retention *a = to;
    const struct retention *b = from;
    size_t cohorts = a->settings->cohorts;
    for (size_t i = 0; i < cohorts; i++) {
        a->sizes[i] += b->sizes[i];
    }
    for (size_t i = 0; i < cohorts * a->settings->periods; i++) {
        a->returned[i] += b->returned[i];
    }
}

const struct kernel_type retention_kernel = {
    sizeof(struct retention), init, finish, run, bytes, merge,
};
