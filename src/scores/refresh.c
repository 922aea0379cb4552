/* refresh.c - a run, on a thread of its own: scores are computed from a snapshot, written in slices
 * beside those that serve, and put in their place by one row.
 *
 *     drop leftovers -> compute -> write slices -> score_run, published -> drop the old
 *
 * Who is erased meanwhile may be in what was computed: then all of it begins anew. What a kill
 * leaves of a run is dropped by the next. */
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "people/people.h"
#include "scores/internal.h"

#define SLICE 2000
#define DROP_MEMBERS 20000 /* numbers of members at a time */
#define NICENESS 5
#define ATTEMPTS 5

struct refresh {
    struct room *room;
    struct scores scores;
    struct scores_run run;
    size_t at;         /* of the slice at hand */
    uint64_t keep;     /* the run whose rows stay */
    uint32_t from, to; /* members whose other rows go */
};

/* ---- on the writer ---- */

static bool is_void(struct room *r)
{
    pthread_mutex_lock(&r->lock);
    bool is = r->again;
    pthread_mutex_unlock(&r->lock);
    return is || r->erased;
}

static enum err run_drop(struct tx *tx, void *arg, struct why *why)
{
    const struct refresh *f = arg;
    if (store_drop(tx_sql(tx), f->keep, f->from, f->to) == ERR_OK) return ERR_OK;
    return why_fail(why, ERR_STORE, MSG_INTERNAL, "", NULL);
}

static enum err run_slice(struct tx *tx, void *arg, struct why *why)
{
    struct refresh *f = arg;
    size_t count = f->scores.of.count - f->at;
    if (is_void(f->room)) return why_fail(why, ERR_CANCELLED, MSG_INTERNAL, "", NULL);
    if (count > SLICE) count = SLICE;
    if (store_write(tx_sql(tx), f->run.id, f->scores.of.items + f->at, count) == ERR_OK)
        return ERR_OK;
    return why_fail(why, ERR_STORE, MSG_INTERNAL, "", NULL);
}

static enum err run_publish(struct tx *tx, void *arg, struct why *why)
{
    struct refresh *f = arg;
    struct room *r = f->room;
    if (is_void(r)) return why_fail(why, ERR_CANCELLED, MSG_INTERNAL, "", NULL);
    f->run.made_at = tx_now(tx);
    if (store_write_run(tx_sql(tx), &f->run) != ERR_OK)
        return why_fail(why, ERR_STORE, MSG_INTERNAL, "", NULL);
    r->published = true;
    r->staged = f->run;
    r->staged_table = (struct table){f->scores.of.items, f->scores.of.count};
    return ERR_OK;
}

/* ---- the thread ---- */

static enum err drop_but(struct refresh *f, uint64_t run, struct why *why)
{
    struct sql *db;
    uint32_t last;
    TRY(brand_reader(f->room->brand, &db, why));
    enum err err = store_last_member(db, &last);
    sql_close(db);
    f->keep = run;
    for (uint64_t from = 0; err == ERR_OK && from <= last; from += DROP_MEMBERS) {
        f->from = (uint32_t)from;
        f->to = (uint32_t)(from + DROP_MEMBERS < UINT32_MAX ? from + DROP_MEMBERS : UINT32_MAX);
        err = brand_call(f->room->brand, run_drop, f, false, why);
    }
    return err;
}

static bool stop(void *ctx)
{
    struct room *r = ctx;
    return atomic_load(&r->budget.cancel);
}

static void read_cuts(struct brand *b, struct scores_ask *ask)
{
    struct numbering n;
    numbering_get(b, &n);
    ask->has_cuts = numbers_have_cuts(&n.numbers);
    for (int i = 0; i < 3 * RFM_NUMBER_CUTS; i++)
        ask->cuts[i / RFM_NUMBER_CUTS][i % RFM_NUMBER_CUTS] =
            n.numbers.rfm[i / RFM_NUMBER_CUTS][i % RFM_NUMBER_CUTS];
}

/* As of the start of the brand's day. */
static enum err compute(struct refresh *f, struct why *why)
{
    struct room *r = f->room;
    struct brand *b = r->brand;
    struct arena *arena = arena_create(0);
    struct expr_catalog catalog;
    struct fold_names names;
    struct scores_ask ask = {.stop = stop, .ctx = r};
    int64_t now = env_now(brand_env(b));
    brand_catalog(b, &catalog);
    people_fold_names(b, arena, &names);
    read_cuts(b, &ask);
    if (r->wanted_as_of != TIME_NONE) now = r->wanted_as_of;
    ask.as_of = zone_bucket_start(brand_zone(b), UNIT_DAY, now);
    struct snapshot *s = brand_snapshot(b);
    const struct insight in = {.snapshot = s,
                               .catalog = &catalog,
                               .fold = &names,
                               .zone = brand_zone(b),
                               .env = brand_env(b),
                               .now = now,
                               .workers = 1,
                               .budget = &r->budget};
    r->budget.bytes_left = LIMIT_QUERY_MEMORY;
    enum err err = insight_scores(&in, &ask, &f->scores, why);
    if (err == ERR_OK && stop(r)) err = ERR_CANCELLED;
    brand_snapshot_release(s);
    arena_destroy(arena);
    f->run.as_of = ask.as_of;
    f->run.buyers = f->scores.of.count;
    f->run.fitted = f->scores.fitted;
    f->run.valued = f->scores.valued;
    f->run.model = f->scores.model;
    f->run.value = f->scores.value;
    return err;
}

static enum err write_all(struct refresh *f, struct why *why)
{
    struct brand *b = f->room->brand;
    for (f->at = 0; f->at < f->scores.of.count; f->at += SLICE)
        TRY(brand_call(b, run_slice, f, false, why));
    TRY(brand_call(b, run_publish, f, false, why));
    f->scores.of.items = NULL; /* the room's now */
    f->scores.of.count = 0;
    return drop_but(f, f->run.id, why);
}

static enum err attempt(struct room *r)
{
    struct why why;
    struct refresh f = {.room = r};
    pthread_mutex_lock(&r->lock);
    uint64_t now = r->run.id;
    r->again = false;
    pthread_mutex_unlock(&r->lock);
    f.run.id = now + 1;
    enum err err = drop_but(&f, now, &why);
    if (err == ERR_OK) err = compute(&f, &why);
    if (err == ERR_OK) err = write_all(&f, &why);
    scores_finish(&f.scores);
    return err;
}

static void *refresher(void *arg)
{
    struct room *r = arg;
    enum err err = ERR_CANCELLED;
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICENESS); /* what comes in goes first */
    for (int i = 0; i < ATTEMPTS && err == ERR_CANCELLED && !stop(r); i++)
        err = attempt(r);
    if (err != ERR_OK && err != ERR_CANCELLED && err != ERR_UNAVAILABLE)
        log_warn("scores", "not_refreshed", "slug=%s error=%s", brand_slug(r->brand),
                 err_code(err));
    pthread_mutex_lock(&r->lock);
    r->run.running = false;
    r->run.failed = err != ERR_OK;
    pthread_cond_broadcast(&r->settled);
    pthread_mutex_unlock(&r->lock);
    return NULL;
}

enum err refresh_start(struct room *r, int64_t as_of)
{
    enum err err = ERR_OK;
    pthread_mutex_lock(&r->lock);
    if (r->closing) {
        err = ERR_UNAVAILABLE;
    } else if (r->run.running) {
        err = ERR_CONFLICT;
    } else {
        r->wanted_as_of = as_of;
        if (r->started) pthread_join(r->thread, NULL); /* it has given up the lock for good */
        r->started = pthread_create(&r->thread, NULL, refresher, r) == 0;
        r->run.running = r->started;
        if (!r->started) err = ERR_UNAVAILABLE;
    }
    pthread_mutex_unlock(&r->lock);
    return err;
}

void refresh_stop(struct room *r)
{
    pthread_mutex_lock(&r->lock);
    r->closing = true;
    atomic_store(&r->budget.cancel, true);
    bool started = r->started;
    pthread_mutex_unlock(&r->lock);
    if (started) pthread_join(r->thread, NULL);
    r->started = false;
}
