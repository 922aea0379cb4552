/* past.c - one fold at a time, by who needs it or by a thread beside.
 *
 * The brand is told which moment is watched before the snapshot is taken, so that what comes
 * meanwhile is either in the snapshot or marks it as outdated. */
#include "api/past.h"

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include "api/asking.h"
#include "base/log.h"
#include "base/mem.h"
#include "people/look.h"

#ifndef AT_ONCE_MS
#define AT_ONCE_MS 500 /* who asks waits for a fold that takes no longer */
#endif
#define REST 2 /* of its own time a fold beside rests before the next one */
#define NICENESS 10

struct past {
    struct brand *brand;
    pthread_mutex_t lock;
    pthread_cond_t done;       /* a fold was */
    struct stages *stages;     /* NULL = none yet */
    struct stages_range range; /* to be folded beside */
    int64_t took, ended_at;    /* ms of the last fold; monotonic ms */
    bool folding, stopping;
    pthread_t thread;
    bool threaded; /* there is one to be joined */
    struct budget budget;
};

struct past *past_create(struct brand *b)
{
    struct past *p = mem_alloc(sizeof(*p));
    p->brand = b;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->done, NULL);
    return p;
}

void past_stop(struct past *p)
{
    pthread_mutex_lock(&p->lock);
    p->stopping = true;
    atomic_store(&p->budget.cancel, true);
    while (p->folding)
        pthread_cond_wait(&p->done, &p->lock);
    pthread_mutex_unlock(&p->lock);
}

void past_destroy(struct past *p)
{
    if (!p) return;
    past_stop(p);
    if (p->threaded) pthread_join(p->thread, NULL);
    stages_destroy(p->stages);
    pthread_cond_destroy(&p->done);
    pthread_mutex_destroy(&p->lock);
    mem_free(p);
}

static int64_t mono_ms(const struct past *p)
{
    return (int64_t)(env_mono_ns(brand_env(p->brand)) / 1000000);
}

/* ---- folding ---- */

static enum err fold_all(struct past *p, const struct stages_range *range, struct stages **out,
                         struct why *why)
{
    struct asking a;
    TRY(brand_watch_past(p->brand, range->to, why));
    asking_begin(&a, p->brand, LANG_EN, &p->budget);
    enum err err = stages_fold(&a.in, range, out, why);
    asking_end(&a);
    return err;
}

/* Under the lock, which is given up meanwhile; nobody folds. */
static enum err fold(struct past *p, struct stages_range range, struct why *why)
{
    struct stages *stages = NULL;
    if (p->stopping) return why_fail(why, ERR_UNAVAILABLE, MSG_STOPPING, "", NULL);
    int64_t began = mono_ms(p);
    p->folding = true;
    pthread_mutex_unlock(&p->lock);
    enum err err = fold_all(p, &range, &stages, why);
    pthread_mutex_lock(&p->lock);
    p->folding = false;
    p->ended_at = mono_ms(p);
    p->took = p->ended_at - began;
    if (err == ERR_OK) {
        stages_destroy(p->stages);
        p->stages = stages;
    }
    pthread_cond_broadcast(&p->done);
    return err;
}

static void *fold_beside(void *arg)
{
    struct past *p = arg;
    struct why why = {0};
    if (setpriority(PRIO_PROCESS, (id_t)gettid(), NICENESS) != 0) /* this thread alone */
        log_warn("api", "past_not_nice", NULL);
    pthread_mutex_lock(&p->lock);
    p->folding = false;
    enum err err = fold(p, p->range, &why);
    pthread_cond_broadcast(&p->done);
    pthread_mutex_unlock(&p->lock);
    if (err != ERR_OK && err != ERR_CANCELLED && err != ERR_UNAVAILABLE)
        log_warn("api", "past_not_folded", "brand=%s error=%s", brand_slug(p->brand),
                 err_code(err));
    return NULL;
}

/* Under the lock; nobody folds. */
static void begin_beside(struct past *p, const struct stages_range *range)
{
    if (p->stopping || mono_ms(p) < p->ended_at + REST * p->took) return;
    if (p->threaded) pthread_join(p->thread, NULL); /* it has given up the lock for good */
    p->range = *range;
    p->threaded = pthread_create(&p->thread, NULL, fold_beside, p) == 0;
    p->folding = p->threaded;
}

static bool is_outdated(const struct past *p, const struct stages_range *range)
{
    return !p->stages || !stages_range_same(stages_get_range(p->stages), range) ||
           brand_past_changed(p->brand);
}

/* Under the lock, on return too. */
static enum err bring_up(struct past *p, const struct stages_range *range, bool wait,
                         struct why *why)
{
    while (p->folding && (wait || !p->stages))
        pthread_cond_wait(&p->done, &p->lock);
    if (p->folding || !is_outdated(p, range)) return ERR_OK;
    if (wait || !p->stages) return fold(p, *range, why);
    struct why kept = {0};
    if (p->took > AT_ONCE_MS) {
        begin_beside(p, range);
    } else if (fold(p, *range, &kept) != ERR_OK) {
        log_warn("api", "past_not_folded", "brand=%s", brand_slug(p->brand));
    }
    return ERR_OK;
}

enum err past_fold(struct past *p, const struct stages_range *range, struct why *why)
{
    pthread_mutex_lock(&p->lock);
    enum err err = bring_up(p, range, true, why);
    pthread_mutex_unlock(&p->lock);
    return err;
}

int64_t past_took(struct past *p)
{
    pthread_mutex_lock(&p->lock);
    int64_t took = p->took;
    pthread_mutex_unlock(&p->lock);
    return took;
}

/* ---- the present ---- */

/* The rows are brought up to what is acknowledged; if they cannot be, they are as they are. */
static enum err read_present(struct brand *b, struct look_stages *out, struct why *why)
{
    struct sql *db;
    struct why lag = {0};
    enum err err = brand_fold_to(b, brand_stats(b).seq, &lag);
    if (err != ERR_OK)
        log_warn("api", "rows_lag", "brand=%s error=%s", brand_slug(b), err_code(err));
    TRY(brand_reader(b, &db, why));
    err = look_stages(db, out);
    sql_close(db);
    return err == ERR_OK ? ERR_OK : why_fail(why, err, MSG_INTERNAL, "", NULL);
}

enum err past_write(struct past *p, const struct past_ask *ask, struct past_answer *of,
                    struct strbuf *out, struct why *why)
{
    struct look_stages rows = {0};
    if (!ask->ended) TRY(read_present(p->brand, &rows, why));
    const struct stages_present present = {ask->now, rows.of.items, rows.of.count};
    pthread_mutex_lock(&p->lock);
    enum err err = bring_up(p, &ask->range, false, why);
    if (err == ERR_OK) {
        of->range = *stages_get_range(p->stages);
        of->outdated = is_outdated(p, &ask->range);
        stages_write(p->stages, ask->ended ? NULL : &present, brand_zone(p->brand), out);
    }
    pthread_mutex_unlock(&p->lock);
    VEC_FINISH(&rows.of);
    return err;
}
