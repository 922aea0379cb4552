/* simulate.c - days of the simulated world, gathered into slices for the bulk path.
 *
 * A slice holds whole days, so slices follow each other in time. What lies after the present is
 * left out: a history that ends today ends now. Every fact passes fact_check as any sender's
 * would, and carries an id, so that running the same simulation again adds nothing. */
#include "intake/simulate.h"

#include <inttypes.h>
#include <unistd.h>

#include "intake/sim.h"

#define SLICE_FACTS 200000

struct slice {
    struct sim *sim;
    struct brand *brand;
    struct import_counts *counts;
    struct sender sender;
    struct arena *arena; /* what the facts point to */
    uint64_t number;     /* of the next fact, for its id */
    int64_t now;         /* nothing happens after it */
    uint64_t shown_at;   /* monotonic ns of the latest line of progress */
    FILE *progress;
    struct people_result *results; /* beside facts */
    struct why *errors;
    VEC(struct fact) facts;
};

/* ---- progress ---- */

static void show(struct slice *l, int32_t done, bool last)
{
    if (!l->progress) return;
    bool terminal = isatty(fileno(l->progress));
    uint64_t now = env_mono_ns(brand_env(l->brand));
    uint64_t pause = terminal ? UINT64_C(200000000) : UINT64_C(10000000000);
    if (!last && now - l->shown_at < pause) return;
    l->shown_at = now;
    fprintf(l->progress, "%sday %d of %d, %" PRIu64 " events%s", terminal ? "\r" : "", (int)done,
            (int)l->sim->days, l->number, terminal && !last ? "" : "\n");
    fflush(l->progress);
}

/* ---- applying ---- */

static enum err run_bulk(struct tx *tx, void *arg, struct why *why)
{
    struct slice *l = arg;
    return people_bulk(tx, &l->sender, l->facts.items, l->facts.count, l->results, l->errors, why);
}

static enum err run_end(struct tx *tx, void *arg, struct why *why)
{
    (void)arg;
    return people_bulk_end(tx, why);
}

static void count_results(struct slice *l)
{
    struct import_counts *c = l->counts;
    for (size_t i = 0; i < l->facts.count; i++) {
        const struct people_result *r = &l->results[i];
        c->read++;
        if (l->errors[i].err != ERR_OK) {
            c->rejected++;
            continue;
        }
        c->duplicate += r->duplicate;
        c->stored += !r->duplicate;
        c->members_created += r->members_created;
        c->merged += r->merged;
        c->dropped += r->dropped;
        c->conflicts += r->conflicts;
    }
}

static enum err apply(struct slice *l, struct why *why)
{
    size_t count = l->facts.count;
    if (count == 0) return ERR_OK;
    l->results = mem_alloc_array(count, sizeof(*l->results));
    l->errors = mem_alloc_array(count, sizeof(*l->errors));
    enum err err = brand_call(l->brand, run_bulk, l, true, why);
    if (err == ERR_OK) count_results(l);
    mem_free(l->results);
    mem_free(l->errors);
    VEC_RESET(&l->facts);
    arena_reset(l->arena);
    return err;
}

/* ---- days ---- */

/* "simulate:SEED:NUMBER"; written out by hand, for there is one a fact. */
static struct str next_id(struct slice *l)
{
    struct str origin = l->sender.origin;
    size_t size = origin.len + 21, at = size;
    char *p = arena_alloc(l->arena, size);
    uint64_t n = l->number++;
    do {
        p[--at] = (char)('0' + n % 10);
        n /= 10;
    } while (n);
    p[--at] = ':';
    at -= origin.len;
    memcpy(p + at, origin.p, origin.len);
    return (struct str){p + at, size - at};
}

static enum err add_fact(struct slice *l, const struct deed *d, struct why *why)
{
    struct fact f;
    uint32_t junk;
    sim_fact(l->sim, d, l->arena, &f);
    f.id = next_id(l);
    TRY(fact_kind_allowed(&l->sender, f.kind, why));
    TRY(fact_check(&f, l->now, l->arena, &junk, why));
    VEC_PUSH(&l->facts, f);
    return ERR_OK;
}

static void play_day(struct sim *s, int32_t index)
{
    sim_day(s, index);
    sim_due(s);
    sim_open_day(s);
    sim_arrive(s);
    sim_live(s);
    sim_weave(s);
}

static enum err play(struct slice *l, struct why *why)
{
    struct sim *s = l->sim;
    for (int32_t i = 0; i < s->days; i++) {
        play_day(s, i);
        for (size_t k = 0; k < s->deeds.count; k++) {
            const struct deed *d = &s->deeds.items[k];
            if (d->at <= l->now) TRY(add_fact(l, d, why));
        }
        VEC_RESET(&s->deeds);
        if (l->facts.count >= SLICE_FACTS) TRY(apply(l, why));
        show(l, i + 1, false);
    }
    TRY(apply(l, why));
    TRY(brand_call(l->brand, run_end, NULL, true, why));
    show(l, s->days, true);
    return brand_compact(l->brand, why);
}

/* ---- beginning and end ---- */

static enum err check_start(int64_t start, int64_t now, const struct zone *zone, struct why *why)
{
    if (start >= 0 && start <= now) return ERR_OK;
    char is[48], latest[48];
    time_format(zone, start, is, sizeof(is));
    time_format(zone, now, latest, sizeof(latest));
    return why_fail(why, ERR_INVALID, MSG_OUT_OF_RANGE, "--start", "%s|1970-01-01|%s", is, latest);
}

static int64_t unit_of(const struct brand *b)
{
    int64_t unit = 1;
    for (int i = brand_currency_digits(b); i > 0; i--)
        unit *= 10;
    return unit;
}

/* Sum of the days' factors, so that everybody has arrived on the last. */
static void sum_arrivals(struct sim *s)
{
    for (int32_t i = 0; i < s->days; i++) {
        sim_day(s, i);
        s->arrival_total += s->today.arrivals;
    }
}

static void sim_init(struct sim *s, const struct brand *b, const struct simulate_options *o)
{
    int64_t now = env_now(brand_env(b));
    s->zone = brand_zone(b);
    s->unit = unit_of(b);
    s->days = (int32_t)o->days;
    s->first_day =
        o->start == TIME_NONE ? zone_day(s->zone, now) - s->days + 1 : zone_day(s->zone, o->start);
    rng_init(&s->rng, o->seed);
    s->salt = rng_next(&s->rng);
    /* every ninth is a visitor, who is no member yet */
    s->persons_total = (uint32_t)(o->members + (o->members - 1) / 8);
    s->persons = mem_alloc_array(s->persons_total, sizeof(*s->persons));
    s->later_head = mem_alloc_array((size_t)s->days, sizeof(*s->later_head));
    s->staff_count = (uint32_t)(2 + o->members / 1200);
    if (s->staff_count > SIM_STAFF_MAX) s->staff_count = SIM_STAFF_MAX;
    s->names = arena_create(0);
    sim_name_all(s);
    sum_arrivals(s);
}

static void sim_finish(struct sim *s)
{
    mem_free(s->persons);
    mem_free(s->later_head);
    VEC_FINISH(&s->groups);
    VEC_FINISH(&s->fans);
    VEC_FINISH(&s->deeds);
    VEC_FINISH(&s->later);
    VEC_FINISH(&s->contents);
    VEC_FINISH(&s->campaigns);
    arena_destroy(s->names);
}

enum err simulate_run(struct brand *b, const struct simulate_options *o, FILE *progress,
                      struct import_counts *counts, struct why *why)
{
    int64_t now = env_now(brand_env(b));
    char origin[48];
    snprintf(origin, sizeof(origin), "simulate:%" PRIu64, o->seed);
    struct sim s = {0};
    sim_init(&s, b, o);
    struct slice l = {
        .sim = &s,
        .brand = b,
        .counts = counts,
        .sender = {.level = SENDER_ROOM, .origin = str_of(origin), .scope = STR("")},
        .arena = arena_create(0),
        .now = now,
        .progress = progress,
    };
    l.shown_at = env_mono_ns(brand_env(b));
    enum err err = check_start(zone_day_start(s.zone, s.first_day), now, s.zone, why);
    if (err == ERR_OK) err = play(&l, why);
    VEC_FINISH(&l.facts);
    arena_destroy(l.arena);
    sim_finish(&s);
    return err;
}
