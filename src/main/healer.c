/* healer.c - every ten seconds, each open brand: which groups have news? Those are looked at, one
 * after another; when the day has changed, all of them. It works at low priority a tenth of the
 * time, so that many groups, or a long log, do not take the processors from what people wait for:
 * then groups are further behind. */
#include "main/healer.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/vec.h"
#include "base/wait.h"
#include "groups/checkup.h"

#define BEAT_MS 10000
#define REST 9            /* so many times as long as a look took, it rests */
#define REST_MS_MAX 60000 /* but no longer */
#define NICENESS 15

struct healer {
    struct data *data; /* borrowed */
    struct talk_places places;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    atomic_bool stop;  /* set under the lock */
    VEC(int32_t) days; /* by brand: of the last look */
};

static void tell(struct brand *b, const struct why *why)
{
    char text[400];
    why_text(why, LANG_EN, text, sizeof(text));
    log_warn("main", "group_not_looked_at", "brand=%s why=\"%s\"", brand_slug(b), text);
}

static void rest(struct healer *h, int64_t ms)
{
    struct timespec moment = wait_moment(ms);
    pthread_mutex_lock(&h->lock);
    while (!atomic_load(&h->stop) && wait_until(&h->wake, &h->lock, &moment))
        continue;
    pthread_mutex_unlock(&h->lock);
}

static enum err look_at_group(struct healer *h, struct brand *b, struct sql *db, uint32_t group,
                              struct why *why)
{
    int32_t day, today;
    const struct checkup_ask ask = {.brand = b, .db = db, .group = group, .places = &h->places};
    if (health_due(b, db, group, &day, &today) != ERR_OK)
        return why_fail(why, ERR_STORE, MSG_INTERNAL, "", NULL);
    for (; day <= today && !atomic_load(&h->stop); day++) {
        uint64_t began = env_mono_ns(brand_env(b));
        TRY(health_make_day(&ask, day, why));
        int64_t ms = (int64_t)((env_mono_ns(brand_env(b)) - began) / 1000000) * REST;
        if (ms) rest(h, ms < REST_MS_MAX ? ms : REST_MS_MAX);
    }
    return ERR_OK;
}

static void look_at(struct healer *h, struct brand *b, const uint32_t *groups, size_t count)
{
    struct why why = {0};
    struct sql *db = NULL;
    enum err err = brand_reader(b, &db, &why);
    for (size_t i = 0; err == ERR_OK && i < count && !atomic_load(&h->stop); i++)
        err = look_at_group(h, b, db, groups[i], &why);
    if (db) sql_close(db);
    if (err != ERR_OK && err != ERR_UNAVAILABLE) tell(b, &why);
}

static void look_at_brand(struct healer *h, struct brand *b, int32_t *day)
{
    struct arena *arena = arena_create(0);
    uint32_t *groups;
    size_t count = health_changed(b, arena, &groups);
    int32_t today = zone_day(brand_zone(b), env_now(brand_env(b)));
    if (today != *day) {
        count = registry_code_count(b, DIM_GROUP);
        groups = arena_alloc_array(arena, count + 1, sizeof(*groups));
        for (uint32_t i = 0; i < count; i++)
            groups[i] = i + 1;
        *day = today;
    }
    if (count) look_at(h, b, groups, count);
    arena_destroy(arena);
}

static void look_at_all(struct healer *h)
{
    for (size_t i = 0; i < data_brand_count(h->data) && !atomic_load(&h->stop); i++) {
        struct brand *b = data_brand_if_open(h->data, i);
        while (h->days.count <= i)
            VEC_PUSH(&h->days, INT32_MIN);
        if (b) look_at_brand(h, b, &h->days.items[i]);
    }
}

static void *heal(void *arg)
{
    struct healer *h = arg;
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICENESS);
    while (!atomic_load(&h->stop)) {
        look_at_all(h);
        rest(h, BEAT_MS);
    }
    return NULL;
}

struct healer *healer_start(struct data *d, struct staff *staff)
{
    struct healer *h = mem_alloc(sizeof(*h));
    h->data = d;
    h->places = (struct talk_places){staff_department, staff};
    pthread_mutex_init(&h->lock, NULL);
    pthread_cond_init(&h->wake, NULL);
    if (pthread_create(&h->thread, NULL, heal, h) == 0) return h;
    log_error("main", "no_healer", NULL);
    mem_free(h);
    return NULL;
}

void healer_stop(struct healer *h)
{
    if (!h) return;
    pthread_mutex_lock(&h->lock);
    atomic_store(&h->stop, true);
    pthread_cond_signal(&h->wake);
    pthread_mutex_unlock(&h->lock);
    pthread_join(h->thread, NULL);
    pthread_cond_destroy(&h->wake);
    pthread_mutex_destroy(&h->lock);
    VEC_FINISH(&h->days);
    mem_free(h);
}
