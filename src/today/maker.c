/* maker.c - the thread of a brand that makes its lists, follows live rules, and settles.
 *
 * A round: are lists due? Then make them, and settle old ones. Is the day's list there? Then ask
 * live rules about whom something happened to, and whose moment has come; not without rest between,
 * since a question that waited an hour can wait seconds. */
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "base/wait.h"
#include "today/internal.h"

#define NICENESS 5
#define IDLE_MS 1000
#define RETRY_MS 60000
#define REST_NS UINT64_C(2000000000) /* between two rounds of live rules ... */
#define REST_TIMES 10                /* ... and so many times as long as one took */

/* ---- lists that are due ---- */

/* Where a brand stands. */
struct standing {
    struct today_settings settings;
    int32_t day, last_day;
    int64_t made_at; /* of the day's lists; TIME_NONE */
};

static enum err look_up(struct sql *db, struct standing *s)
{
    TRY(today_get_settings(db, &s->settings));
    TRY(store_last_day(db, &s->last_day));
    return store_made_at(db, s->day, &s->made_at);
}

static enum err look(struct room *r, int64_t now, struct standing *out, struct why *why)
{
    struct sql *db;
    *out = (struct standing){.day = zone_day(brand_zone(r->brand), now)};
    TRY(brand_reader(r->brand, &db, why));
    enum err err = look_up(db, out);
    sql_close(db);
    return err == ERR_OK ? ERR_OK : why_fail(why, err, MSG_INTERNAL, "", NULL);
}

/* The moment the lists of the day are to be made as of; TIME_NONE: not now. A brand's first ones
 * need not wait for the hour. */
static int64_t due_as_of(struct room *r, const struct standing *s, int64_t now)
{
    int64_t hour = day_hour(r->brand, s->day, s->settings.hour);
    if (!s->settings.enabled || s->made_at != TIME_NONE) return TIME_NONE;
    if (brand_stats(r->brand).seq == 0) return TIME_NONE;
    if (s->last_day == INT32_MIN) return now < hour ? now : hour;
    return now >= hour ? hour : TIME_NONE;
}

/* Make what is due; 'watch' whether live rules have a list to add to. */
static enum err make_due(struct room *r, int64_t now, bool *made, bool *watch, struct why *why)
{
    struct standing s;
    TRY(look(r, now, &s, why));
    int64_t at = due_as_of(r, &s, now);
    *made = at != TIME_NONE;
    if (*made) {
        uint64_t began = env_mono_ns(brand_env(r->brand));
        TRY(day_make(r, s.day, at, why));
        TRY(settle_old(r, now, why));
        uint64_t ms = (env_mono_ns(brand_env(r->brand)) - began) / 1000000;
        log_info("today", "made", "slug=%s day=%d ms=%d", brand_slug(r->brand), (int)s.day,
                 (int)ms);
    }
    *watch = s.settings.enabled && (*made || s.made_at != TIME_NONE);
    return ERR_OK;
}

/* ---- rounds ---- */

/* Whose moment has come. */
static void add_due(struct room *r, int64_t now, roaring_bitmap_t *out)
{
    for (size_t m = 0; m < r->due.count; m++) {
        int64_t due = r->due.items[m];
        if (due != TIME_NONE && due <= now) roaring_bitmap_add(out, (uint32_t)m);
    }
}

/* What was noted of a while. */
struct taken {
    bool anew; /* not all: everybody is to be asked about */
    roaring_bitmap_t *touched;
};

/* Personas to the members they belong to. */
static roaring_bitmap_t *members_of(struct room *r, const roaring_bitmap_t *personas)
{
    roaring_bitmap_t *out = roaring_bitmap_create();
    struct snapshot *s = brand_snapshot(r->brand);
    roaring_uint32_iterator_t *i = roaring_create_iterator(personas);
    for (; i->has_value; roaring_advance_uint32_iterator(i))
        roaring_bitmap_add(out, persona_map_member(s->personas, i->current_value));
    roaring_free_uint32_iterator(i);
    brand_snapshot_release(s);
    return out;
}

static enum err follow_live(struct room *r, const struct taken *t, int64_t now, struct why *why)
{
    struct standing s;
    uint64_t began = env_mono_ns(brand_env(r->brand));
    enum err err = look(r, now, &s, why);
    roaring_bitmap_t *members = members_of(r, t->touched);
    add_due(r, now, members);
    bool any = t->anew || !roaring_bitmap_is_empty(members);
    if (err == ERR_OK && any && s.made_at != TIME_NONE)
        err = day_top_up(r, s.day, now, t->anew ? NULL : members, why);
    roaring_bitmap_free(members);
    uint64_t took = env_mono_ns(brand_env(r->brand)) - began;
    r->rest_ns = began + took * REST_TIMES + REST_NS;
    return err;
}

/* Take what was noted; from here on the writer notes anew. Under the lock. */
static struct taken take(struct room *r, bool everybody)
{
    struct taken t = {.anew = r->anew || everybody, .touched = r->touched};
    r->anew = false;
    r->touched = roaring_bitmap_create();
    return t;
}

static void failed(struct room *r, enum err err, bool all, int64_t now)
{
    if (r->stop) return;
    log_error("today", "failed", "slug=%s err=%s", brand_slug(r->brand), err_code(err));
    r->wanted = true;
    r->anew |= all;
    r->retry_at = now + RETRY_MS;
}

/* Under the lock, which is dropped meanwhile. */
static void round_of(struct room *r, bool live, int64_t now)
{
    bool made = false, watched = atomic_load(&r->watching), watch = watched;
    struct why why = {0};
    enum err err = ERR_OK;
    if (r->wanted) {
        r->wanted = false;
        pthread_mutex_unlock(&r->lock);
        err = make_due(r, now, &made, &watch, &why);
        pthread_mutex_lock(&r->lock);
    }
    /* of what comes from here on the writer tells; what was before, everybody is asked about */
    bool everybody = made || (watch && !watched);
    atomic_store(&r->watching, watch);
    if (err == ERR_OK && watch && (live || everybody)) {
        struct taken t = take(r, everybody);
        pthread_mutex_unlock(&r->lock);
        err = follow_live(r, &t, now, &why);
        roaring_bitmap_free(t.touched);
        pthread_mutex_lock(&r->lock);
    }
    if (err != ERR_OK) failed(r, err, watch, now);
}

/* Under the lock: is there something for live rules, whether they rest or not? */
static bool live_work(struct room *r, int64_t now)
{
    if (!atomic_load(&r->watching)) return false;
    if (r->anew || !roaring_bitmap_is_empty(r->touched)) return true;
    for (size_t m = 0; m < r->due.count; m++) {
        if (r->due.items[m] != TIME_NONE && r->due.items[m] <= now) return true;
    }
    return false;
}

static void wait_a_while(struct room *r)
{
    wait_ms(&r->wake, &r->lock, IDLE_MS);
}

static void *maker(void *arg)
{
    struct room *r = arg;
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICENESS); /* what comes in goes first */
    pthread_mutex_lock(&r->lock);
    while (!r->stop) {
        int64_t now = env_now(brand_env(r->brand));
        bool hurry = r->asked > r->answered;
        bool rested = hurry || env_mono_ns(brand_env(r->brand)) >= r->rest_ns;
        bool live = rested && live_work(r, now);
        if ((r->wanted && now >= r->retry_at) || live) {
            round_of(r, live, now);
            continue;
        }
        if (!live_work(r, now)) {
            r->answered = r->asked;
            pthread_cond_broadcast(&r->settled);
        }
        wait_a_while(r);
    }
    pthread_cond_broadcast(&r->settled);
    pthread_mutex_unlock(&r->lock);
    return NULL;
}

/* ---- life ---- */

enum err maker_start(struct room *r)
{
    pthread_mutex_lock(&r->lock);
    if (!r->started) r->started = pthread_create(&r->maker, NULL, maker, r) == 0;
    bool started = r->started;
    pthread_cond_signal(&r->wake);
    pthread_mutex_unlock(&r->lock);
    return started ? ERR_OK : ERR_INTERNAL;
}

void maker_stop(struct room *r)
{
    if (!r->started) return;
    pthread_mutex_lock(&r->lock);
    r->stop = true;
    atomic_store(&r->budget.cancel, true);
    pthread_cond_signal(&r->wake);
    pthread_mutex_unlock(&r->lock);
    pthread_join(r->maker, NULL);
    r->started = false;
}

void today_want(struct brand *b)
{
    struct room *r = room_of(b);
    if (!r) return;
    pthread_mutex_lock(&r->lock);
    r->wanted = true;
    pthread_mutex_unlock(&r->lock);
    if (maker_start(r) != ERR_OK) log_error("today", "no_maker", "slug=%s", brand_slug(b));
}

void today_settle(struct brand *b)
{
    struct room *r = room_of(b);
    today_want(b);
    pthread_mutex_lock(&r->lock);
    uint64_t ticket = ++r->asked;
    pthread_cond_signal(&r->wake);
    while (r->started && !r->stop && r->answered < ticket)
        pthread_cond_wait(&r->settled, &r->lock);
    pthread_mutex_unlock(&r->lock);
}
