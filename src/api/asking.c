/* asking.c - the same for every question, whoever asks. */
#include "api/asking.h"

#include <unistd.h>

#include "base/limits.h"
#include "people/people.h"
#include "segments/segments.h"

static int worker_count(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (cores < 1) return 1;
    return cores > LIMIT_QUERY_WORKERS ? LIMIT_QUERY_WORKERS : (int)cores;
}

static uint64_t mono_ns(void *ctx)
{
    return env_mono_ns(ctx);
}

void asking_fill(struct brand *b, struct budget *budget)
{
    union {
        const struct env *from;
        void *to;
    } env = {.from = brand_env(b)};
    budget->mono_ns = mono_ns;
    budget->ctx = env.to;
    budget->deadline_ns = env_mono_ns(brand_env(b)) + (uint64_t)LIMIT_QUERY_MS * 1000000;
    budget->bytes_left = LIMIT_QUERY_MEMORY;
}

void asking_begin(struct asking *a, struct brand *b, enum lang lang, struct budget *budget)
{
    *a = (struct asking){.arena = arena_create(0)};
    if (!budget) budget = &a->own;
    segments_catalog(b, &a->catalog);
    people_fold_names(b, a->arena, &a->names);
    asking_fill(b, budget);
    a->snapshot = brand_snapshot(b);
    a->in = (struct insight){
        .snapshot = a->snapshot,
        .catalog = &a->catalog,
        .fold = &a->names,
        .zone = brand_zone(b),
        .env = brand_env(b),
        .now = env_now(brand_env(b)),
        .lang = lang,
        .workers = worker_count(),
        .budget = budget,
        .get = segments_get_field,
        .get_ctx = b,
        .brand = b,
    };
}

void asking_end(struct asking *a)
{
    brand_snapshot_release(a->snapshot);
    arena_destroy(a->arena);
}
