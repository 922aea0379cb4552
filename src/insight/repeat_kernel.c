/* repeat_kernel.c - one walk; a day ends where the next one starts, so that the zone is asked once
 * a day. */
#include "insight/repeat_kernel.h"

#include "insight/wide.h"

/* A buyer while the rows are read. */
struct walk {
    struct repeat_buyer buyer;
    bool any;        /* has a day before as_of */
    int64_t day_end; /* of the day at hand */
    bool day_valued; /* the day at hand has had an amount */
    wide value;
};

static void begin_day(const struct repeat_settings *s, struct walk *w, int64_t at)
{
    int64_t start = zone_bucket_start(s->zone, UNIT_DAY, at);
    int32_t day = zone_day(s->zone, start);
    w->day_end = zone_bucket_next(s->zone, UNIT_DAY, start);
    w->day_valued = false;
    if (at >= s->as_of) {
        w->buyer.holdout++;
        return;
    }
    if (w->any) {
        w->buyer.frequency++;
    } else {
        w->buyer.first = day;
    }
    w->buyer.last = day;
    w->any = true;
}

static void add_amount(struct walk *w, int64_t amount)
{
    if (amount == HISTORY_NO_AMOUNT) return;
    w->value += amount;
    w->buyer.value_days += !w->day_valued;
    w->day_valued = true;
}

static void add_member(struct repeat *r, const struct sight *s, uint32_t m)
{
    const struct history *h = s->h;
    struct walk w = {.buyer = {.member = h->member[m]}, .day_end = INT64_MIN};
    for (uint32_t i = s->first[m]; i < s->end[m]; i++) {
        if (s->at[i] >= w.day_end) begin_day(r->settings, &w, s->at[i]);
        bool repeated = w.buyer.frequency > 0 && s->at[i] < r->settings->as_of;
        if (repeated) add_amount(&w, h->amount[sight_row(s, i)]);
    }
    if (!w.any) return;
    wide value = w.value > INT64_MAX ? INT64_MAX : w.value;
    w.buyer.value = (int64_t)(value < -INT64_MAX ? -INT64_MAX : value);
    VEC_PUSH(&r->buyers, w.buyer);
}

static void run(void *kernel, const struct sight *s)
{
    for (uint32_t m = 0; m < s->h->member_count; m++) {
        if (s->h->member[m] != 0) add_member(kernel, s, m);
    }
}

static void init(void *kernel, const void *settings)
{
    *(struct repeat *)kernel = (struct repeat){.settings = settings};
}

static void finish(void *kernel)
{
    struct repeat *r = kernel;
    VEC_FINISH(&r->buyers);
}

static size_t bytes(const void *kernel)
{
    const struct repeat *r = kernel;
    return r->buyers.capacity * sizeof(r->buyers.items[0]);
}

static void merge(void *to, void *from)
{
    struct repeat *a = to;
    const struct repeat *b = from;
    VEC_RESERVE(&a->buyers, b->buyers.count);
    for (size_t i = 0; i < b->buyers.count; i++) {
        VEC_PUSH(&a->buyers, b->buyers.items[i]);
    }
}

const struct kernel_type repeat_kernel = {sizeof(struct repeat), init, finish, run, bytes, merge};
