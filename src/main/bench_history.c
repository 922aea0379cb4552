/* bench_history.c - members drawn at random, each read alone: whoever has many events is as likely
 * as who has few. In the bench a member is one persona. */
#include "main/bench_history.h"

#include <stdlib.h>

#include "main/bench_probe.h"
#include "people/fold.h"

struct histories {
    struct brand *brand;
    struct snapshot *snapshot;
    struct scan scan;
    const uint32_t *members; /* [BENCH_HISTORIES] */
    double seconds[BENCH_HISTORIES];
    double cpu[BENCH_HISTORIES];
    uint64_t rows;
};

static enum err read_one(struct histories *h, int i, struct why *why)
{
    const struct env *env = brand_env(h->brand);
    struct arena *arena = arena_create(0);
    struct history history;
    uint64_t used = bench_probe_cpu_ns(), began = env_mono_ns(env);
    enum err err = eventlog_member(h->snapshot, h->members[i], &h->members[i], 1, &h->scan, arena,
                                   &history, why);
    h->seconds[i] = (double)(env_mono_ns(env) - began) / 1e9;
    h->cpu[i] = (double)(bench_probe_cpu_ns() - used) / 1e9;
    if (err == ERR_OK) h->rows += history.off[1];
    arena_destroy(arena);
    return err;
}

static enum err read_all(struct histories *h, struct why *why)
{
    h->rows = 0;
    for (int i = 0; i < BENCH_HISTORIES; i++)
        TRY(read_one(h, i, why));
    return ERR_OK;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void measure(double *seconds, double *median, double *p99)
{
    qsort(seconds, BENCH_HISTORIES, sizeof(*seconds), by_size);
    *median = seconds[BENCH_HISTORIES / 2];
    *p99 = seconds[BENCH_HISTORIES - BENCH_HISTORIES / 100 - 1];
}

enum err bench_history(struct brand *b, uint64_t members, uint64_t seed, struct bench_history *out,
                       struct why *why)
{
    static const struct fold_names no_names; /* of properties: events of the bench have none */
    static const enum prop_type no_types[1];
    struct columns columns = {0};
    uint32_t drawn[BENCH_HISTORIES];
    struct rng rng;
    fold_columns(&no_names, &columns);
    rng_init(&rng, seed);
    for (int i = 0; i < BENCH_HISTORIES; i++)
        drawn[i] = (uint32_t)(1 + rng_below(&rng, members));
    struct histories h = {.brand = b, .snapshot = brand_snapshot(b), .members = drawn};
    h.scan = (struct scan){.columns = &columns, .prop_types = no_types, .to = INT64_MAX};
    enum err err = read_all(&h, why);
    if (err == ERR_OK) err = read_all(&h, why);
    brand_snapshot_release(h.snapshot);
    if (err != ERR_OK) return err;
    *out = (struct bench_history){.histories = BENCH_HISTORIES, .rows = h.rows};
    measure(h.seconds, &out->median_s, &out->p99_s);
    measure(h.cpu, &out->cpu_median_s, &out->cpu_p99_s);
    return ERR_OK;
}
