/* simulate.c - days of the simulated world, gathered into slices for the bulk path.
 *
 * A slice holds whole days, so slices follow each other in time; one is filled while the writer
 * stores the other. What lies after the present is left out: a history that ends today ends now.
 * Every fact passes fact_check as any sender's would, and carries an id, so that running the same
 * simulation again adds nothing. */
#include "intake/simulate.h"

#include <inttypes.h>
#include <pthread.h>

#include "intake/progress.h"
#include "intake/sim.h"

#define SLICE_FACTS 100000

struct run;

struct slice {
    struct run *run;
    VEC(struct fact) facts;
    struct people_result *results; /* beside facts, while stored */
    struct why *errors;
    struct arena *arena; /* what the facts point to */
    struct command command;
    bool waits; /* for the writer; under the run's lock */
    enum err err;
    struct why why;
};

struct run {
    struct sim *sim;
    struct brand *brand;
    struct import_counts *counts;
    struct sender sender;
    struct slice slices[2];
    struct slice *filling;
    uint64_t number; /* of the next fact, for its id */
    int64_t now;     /* nothing happens after it */
    struct progress progress;
    pthread_mutex_t lock;
    pthread_cond_t stored;
};

/* ---- storing ---- */

static enum err run_bulk(struct tx *tx, void *arg, struct why *why)
{
    struct slice *l = arg;
    struct people_load load = {l->facts.items, l->facts.count, l->results, l->errors, NULL};
    return people_bulk(tx, &l->run->sender, &load, why);
}

static void slice_stored(void *arg, enum err err, const struct why *why)
{
    struct slice *l = arg;
    pthread_mutex_lock(&l->run->lock);
    l->err = err;
    if (err != ERR_OK) l->why = *why;
    l->waits = false;
    pthread_cond_signal(&l->run->stored);
    pthread_mutex_unlock(&l->run->lock);
}

static enum err run_end(struct tx *tx, void *arg, struct why *why)
{
    (void)arg;
    return people_bulk_end(tx, why);
}

static void count_results(const struct slice *l, struct import_counts *c)
{
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

/* Wait until it is stored, count it and empty it. */
static enum err settle(struct slice *l, struct why *why)
{
    pthread_mutex_lock(&l->run->lock);
    while (l->waits)
        pthread_cond_wait(&l->run->stored, &l->run->lock);
    pthread_mutex_unlock(&l->run->lock);
    enum err err = l->err;
    if (err != ERR_OK && why) *why = l->why;
    if (err == ERR_OK && l->results) count_results(l, l->run->counts);
    mem_free(l->results);
    mem_free(l->errors);
    l->results = NULL;
    l->errors = NULL;
    l->err = ERR_OK;
    VEC_RESET(&l->facts);
    arena_reset(l->arena);
    return err;
}

/* Hand the filled slice to the writer, and go on with the other once that is stored. */
static enum err hand_over(struct run *r, struct why *why)
{
    struct slice *l = r->filling, *other = &r->slices[l == &r->slices[0]];
    TRY(settle(other, why));
    if (l->facts.count == 0) return ERR_OK;
    l->results = mem_alloc_array(l->facts.count, sizeof(*l->results));
    l->errors = mem_alloc_array(l->facts.count, sizeof(*l->errors));
    l->command = (struct command){.run = run_bulk, .done = slice_stored, .arg = l, .alone = true};
    l->waits = true;
    enum err err = brand_submit(r->brand, &l->command, why);
    if (err != ERR_OK) l->waits = false; /* then slice_stored() is not called */
    if (err != ERR_OK) VEC_RESET(&l->facts);
    r->filling = other;
    return err;
}

/* ---- days ---- */

/* "simulate:SEED:NUMBER"; written out by hand, for there is one a fact. */
static struct str next_id(struct run *r, struct arena *arena)
{
    struct str origin = r->sender.origin;
    size_t size = origin.len + 21, at = size;
    char *p = arena_alloc(arena, size);
    uint64_t n = r->number++;
    do {
        p[--at] = (char)('0' + n % 10);
        n /= 10;
    } while (n);
    p[--at] = ':';
    at -= origin.len;
    memcpy(p + at, origin.p, origin.len);
    return (struct str){p + at, size - at};
}

static enum err add_fact(struct run *r, const struct deed *d, struct why *why)
{
    struct slice *l = r->filling;
    struct fact f;
    uint32_t junk;
    sim_fact(r->sim, d, l->arena, &f);
    f.id = next_id(r, l->arena);
    TRY(fact_check(&f, r->now, l->arena, &junk, why));
    people_key(r->brand, r->sender.scope, &f);
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

static enum err play(struct run *r, struct why *why)
{
    struct sim *s = r->sim;
    for (int32_t i = 0; i < s->days; i++) {
        play_day(s, i);
        for (size_t k = 0; k < s->deeds.count; k++) {
            const struct deed *d = &s->deeds.items[k];
            if (d->at <= r->now) TRY(add_fact(r, d, why));
        }
        VEC_RESET(&s->deeds);
        if (r->filling->facts.count >= SLICE_FACTS) TRY(hand_over(r, why));
        progress_tell(&r->progress, (i + 1.0) / s->days, r->number, "simulating");
    }
    TRY(hand_over(r, why)); /* the last, */
    TRY(hand_over(r, why)); /* and wait for it */
    TRY(brand_call(r->brand, run_end, NULL, true, why));
    return brand_compact(r->brand, why);
}

static void run_init(struct run *r)
{
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->stored, NULL);
    for (int i = 0; i < 2; i++) {
        r->slices[i].run = r;
        r->slices[i].arena = arena_create(0);
    }
    r->filling = &r->slices[0];
}

/* The writer may still hold a slice. */
static void run_finish(struct run *r)
{
    for (int i = 0; i < 2; i++) {
        enum err err = settle(&r->slices[i], NULL);
        (void)err;
        VEC_FINISH(&r->slices[i].facts);
        arena_destroy(r->slices[i].arena);
    }
    pthread_cond_destroy(&r->stored);
    pthread_mutex_destroy(&r->lock);
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
    struct run r = {
        .sim = &s,
        .brand = b,
        .counts = counts,
        .sender = {.level = SENDER_ROOM, .origin = str_of(origin), .scope = STR("")},
        .now = now,
    };
    run_init(&r);
    progress_begin(&r.progress, progress, brand_env(b));
    enum err err = check_start(zone_day_start(s.zone, s.first_day), now, s.zone, why);
    if (err == ERR_OK) err = play(&r, why);
    progress_clear(&r.progress);
    run_finish(&r);
    sim_finish(&s);
    return err;
}
