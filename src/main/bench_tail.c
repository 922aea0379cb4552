/* bench_tail.c - the events go through the writer, as all others do that the product takes. */
#include "main/bench_tail.h"

#include <stdio.h>

#include "main/bench_data.h"
#include "main/bench_load.h"

#define COMMIT_EVENTS 1000
#define HOUR_MS 3600000
#define SEED 7

struct batch {
    struct rng *rng;
    uint64_t first, count, total; /* numbers of these events, and how many there are in all */
    uint64_t members;
};

static enum err code(struct tx *tx, enum dim dim, const char *form, uint64_t number, uint32_t *out,
                     struct why *why)
{
    char text[32];
    snprintf(text, sizeof(text), "%s%llu", form, (unsigned long long)number + 1);
    return registry_code(tx, dim, str_of(text), out, why);
}

static enum err emit(struct tx *tx, struct rng *rng, uint32_t member, int64_t at, struct why *why)
{
    struct event ev = {.at = at, .received_at = at, .persona = member, .amount = HISTORY_NO_AMOUNT};
    const char *kind = bench_kind_name((uint32_t)rng_below(rng, BENCH_KINDS));
    TRY(registry_kind(tx, str_of(kind), (struct str){NULL, 0}, &ev.kind, why));
    TRY(code(tx, DIM_TOUCHPOINT, "channel-", rng_below(rng, BENCH_CHANNELS),
             &ev.dim[DIM_TOUCHPOINT], why));
    TRY(code(tx, DIM_GROUP, "group-", rng_below(rng, BENCH_GROUPS), &ev.dim[DIM_GROUP], why));
    if (rng_below(rng, 20) == 0) ev.amount = (int64_t)rng_below(rng, 100000);
    return tx_emit(tx, &ev, why);
}

static enum err run_batch(struct tx *tx, void *arg, struct why *why)
{
    struct batch *b = arg;
    int64_t begin = (int64_t)BENCH_END * 1000 - HOUR_MS;
    for (uint64_t i = b->first; i < b->first + b->count; i++) {
        int64_t at = begin + (int64_t)(i * HOUR_MS / b->total);
        uint32_t member = 1 + (uint32_t)rng_below(b->rng, b->members);
        TRY(emit(tx, b->rng, member, at, why));
    }
    return ERR_OK;
}

enum err bench_tail_fill(struct brand *b, uint64_t count, uint64_t members, struct why *why)
{
    struct rng rng;
    rng_init(&rng, SEED);
    for (uint64_t first = 0; first < count; first += COMMIT_EVENTS) {
        uint64_t left = count - first;
        struct batch batch = {.rng = &rng,
                              .first = first,
                              .count = left < COMMIT_EVENTS ? left : COMMIT_EVENTS,
                              .total = count,
                              .members = members};
        TRY(brand_call(b, run_batch, &batch, false, why));
    }
    return ERR_OK;
}

static enum err run_touch(struct tx *tx, void *arg, struct why *why)
{
    return emit(tx, arg, 1, (int64_t)BENCH_END * 1000 + HOUR_MS, why);
}

enum err bench_tail_touch(struct brand *b, struct why *why)
{
    struct rng rng;
    rng_init(&rng, SEED);
    return brand_call(b, run_touch, &rng, false, why);
}

static enum err run_seal(struct tx *tx, void *arg, struct why *why)
{
    (void)arg;
    return tx_bulk_begin(tx, why);
}

enum err bench_tail_seal(struct brand *b, struct why *why)
{
    return brand_call(b, run_seal, NULL, true, why);
}
