/* healer.c - every ten seconds, each open brand: which groups have news? Those are looked at, one
 * after another; when the day has changed, all of them. What time is left goes to the days of
 * before, back to the beginning of each group. It works at low priority a tenth of the
 * time, so that many groups, or a long log, do not take the processors from what people wait for:
 * then groups are further behind. */
#include "main/healer.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "account/audit.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/vec.h"
#include "base/wait.h"
#include "groups/checkup.h"
#include "groups/family.h"

#define BEAT_MS 10000
#define REST 9            /* so many times as long as a look took, it rests */
#define REST_MS_MAX 60000 /* but no longer */
#define NICENESS 15
#define BACK_AT_ONCE 14 /* days of a group's past before the next group has its turn */

/* How far a brand's groups have been looked at. */
struct patient {
    int32_t day;        /* of the last look */
    bool over;          /* the past of all groups is whole */
    VEC(bool) begun;    /* by group: its first day is reached */
    uint32_t last_back; /* the group whose turn was last */
};

struct healer {
    struct data *data; /* borrowed */
    struct talk_places places;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    atomic_bool stop;             /* set under the lock */
    VEC(struct patient) patients; /* by brand */
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

/* A day of a group, and a rest after it. */
static enum err make_day(struct healer *h, const struct checkup_ask *ask, int32_t day, bool past,
                         bool *empty, struct why *why)
{
    uint64_t began = env_mono_ns(brand_env(ask->brand));
    TRY(health_make_day(ask, day, past, empty, why));
    int64_t ms = (int64_t)((env_mono_ns(brand_env(ask->brand)) - began) / 1000000) * REST;
    if (ms) rest(h, ms < REST_MS_MAX ? ms : REST_MS_MAX);
    return ERR_OK;
}

/* ---- what is new ---- */

static enum err make_days(struct healer *h, const struct checkup_ask *ask,
                          const struct health_days *due, struct why *why)
{
    bool empty;
    for (int32_t day = due->from; day <= due->to && !atomic_load(&h->stop); day++)
        TRY(make_day(h, ask, day, day < due->newest, &empty, why));
    return ERR_OK;
}

/* What is due of a group; one that was never looked at is first, as of now. */
static enum err glance(struct healer *h, const struct checkup_ask *ask,
                       const struct health_news *news, struct health_days *due, struct why *why)
{
    bool empty;
    TRY(health_due(ask->brand, ask->db, news, due, why));
    return due->newest == INT32_MIN ? make_day(h, ask, due->to, true, &empty, why) : ERR_OK;
}

/* A glance at all comes before the weeks of any. What cannot be looked at is told, and passed over.
 */
static void look_at_groups(struct healer *h, struct checkup_ask ask, const struct health_news *news,
                           size_t count)
{
    struct health_days *due = mem_alloc_array(count + 1, sizeof(*due));
    bool *looked = mem_alloc_array(count + 1, sizeof(*looked));
    struct why why = {0};
    for (size_t i = 0; i < count && !atomic_load(&h->stop); i++) {
        ask.group = news[i].group;
        enum err err = glance(h, &ask, &news[i], &due[i], &why);
        looked[i] = err == ERR_OK;
        if (err != ERR_OK && err != ERR_UNAVAILABLE) tell(ask.brand, &why);
    }
    for (size_t i = 0; i < count && !atomic_load(&h->stop); i++) {
        ask.group = news[i].group;
        enum err err = looked[i] ? make_days(h, &ask, &due[i], &why) : ERR_OK;
        if (err != ERR_OK && err != ERR_UNAVAILABLE) tell(ask.brand, &why);
    }
    mem_free(looked);
    mem_free(due);
}

/* Its past may have to be looked for again. */
static void begin_again(struct patient *p, uint32_t group)
{
    while (p->begun.count <= group)
        VEC_PUSH(&p->begun, false);
    p->begun.items[group] = false;
    p->over = false;
}

static void look_at(struct healer *h, struct brand *b, struct patient *p,
                    const struct health_news *news, size_t count)
{
    struct why why = {0};
    struct sql *db = NULL;
    for (size_t i = 0; i < count; i++)
        begin_again(p, news[i].group);
    enum err err = brand_reader(b, &db, &why);
    const struct checkup_ask ask = {.brand = b, .db = db, .places = &h->places};
    if (err == ERR_OK) look_at_groups(h, ask, news, count);
    if (db) sql_close(db);
    if (err != ERR_OK && err != ERR_UNAVAILABLE) tell(b, &why);
}

/* ---- families ---- */

static void write_down(struct healer *h, struct brand *b, const struct family_opened *o)
{
    static const struct principal timer = {.kind = PRINCIPAL_TIMER};
    char subject[40], after[40];
    struct why why = {0};
    snprintf(subject, sizeof(subject), "family:%" PRIu32, o->family);
    snprintf(after, sizeof(after), "{\"group\":\"g%" PRIu32 "\"}", o->group);
    const struct audit_entry e = {.who = &timer,
                                  .brand = brand_slug(b),
                                  .action = "family.opened",
                                  .subject = subject,
                                  .after = str_of(after)};
    if (audit_add(h->data, &e, &why) != ERR_OK)
        log_warn("main", "opening_not_audited", "brand=%s", brand_slug(b));
}

/* Those that open the next group by themselves, when somebody has come. */
static void open_families(struct healer *h, struct brand *b, struct arena *arena)
{
    struct why why = {0};
    struct sql *db = NULL;
    struct family_opened *opened = NULL;
    size_t count = 0;
    enum err err = brand_reader(b, &db, &why);
    if (err == ERR_OK) err = families_open_due(b, db, arena, &opened, &count, &why);
    for (size_t i = 0; i < count; i++)
        write_down(h, b, &opened[i]);
    if (db) sql_close(db);
    if (err != ERR_OK && err != ERR_UNAVAILABLE) tell(b, &why);
}

static void look_at_brand(struct healer *h, struct brand *b, struct patient *p)
{
    struct arena *arena = arena_create(0);
    struct health_news *news;
    size_t count = health_changed(b, arena, &news), groups = registry_code_count(b, DIM_GROUP);
    int32_t today = zone_day(brand_zone(b), env_now(brand_env(b)));
    if (today != p->day) {
        struct health_news *all = arena_alloc_array(arena, groups + 1, sizeof(*all));
        for (uint32_t i = 0; i < groups; i++)
            all[i] = (struct health_news){i + 1, INT64_MAX};
        for (size_t i = 0; i < count; i++)
            all[news[i].group - 1] = news[i];
        news = all;
        count = groups;
        p->day = today;
    }
    if (count) look_at(h, b, p, news, count);
    if (count) open_families(h, b, arena);
    arena_destroy(arena);
}

/* ---- what was before ---- */

/* Some days of one group, back in time. */
static enum err look_back(struct healer *h, struct brand *b, struct sql *db, struct patient *p,
                          uint32_t group, struct why *why)
{
    const struct checkup_ask ask = {.brand = b, .db = db, .group = group, .places = &h->places};
    for (int i = 0; i < BACK_AT_ONCE && !atomic_load(&h->stop); i++) {
        int32_t day;
        bool begun = true;
        if (health_back(b, db, group, &day) != ERR_OK)
            return why_fail(why, ERR_STORE, MSG_INTERNAL, "", NULL);
        if (day != INT32_MIN) TRY(make_day(h, &ask, day, true, &begun, why));
        p->begun.items[group] = begun;
        if (begun) return ERR_OK;
    }
    return ERR_OK;
}

/* The next group whose past is not whole; 0 = there is none. */
static uint32_t next_back(const struct patient *p)
{
    for (uint32_t i = 1; i <= p->begun.count; i++) {
        uint32_t g = (p->last_back + i) % (uint32_t)p->begun.count;
        if (g && !p->begun.items[g]) return g;
    }
    return 0;
}

/* Groups whose past is not whole, in turns, until it is time to look for news. */
static void look_back_at_brand(struct healer *h, struct brand *b, struct patient *p)
{
    struct why why = {0};
    struct sql *db = NULL;
    uint64_t until = env_mono_ns(brand_env(b)) + BEAT_MS * UINT64_C(1000000);
    enum err err = brand_reader(b, &db, &why);
    while (err == ERR_OK && !atomic_load(&h->stop) && env_mono_ns(brand_env(b)) < until) {
        uint32_t group = next_back(p);
        if (!group) break;
        err = look_back(h, b, db, p, group, &why);
        p->last_back = group;
    }
    if (db) sql_close(db);
    if (err != ERR_OK && err != ERR_UNAVAILABLE) tell(b, &why);
    p->over = err != ERR_OK || !next_back(p);
}

/* Is anything left to be done? */
static bool look_at_all(struct healer *h)
{
    bool more = false;
    for (size_t i = 0; i < data_brand_count(h->data) && !atomic_load(&h->stop); i++) {
        struct brand *b = data_brand_if_open(h->data, i);
        while (h->patients.count <= i)
            VEC_PUSH(&h->patients, ((struct patient){.day = INT32_MIN, .over = true}));
        struct patient *p = &h->patients.items[i];
        if (b) look_at_brand(h, b, p);
        if (b && !p->over) look_back_at_brand(h, b, p);
        more |= b && !p->over;
    }
    return more;
}

static void *heal(void *arg)
{
    struct healer *h = arg;
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICENESS);
    while (!atomic_load(&h->stop)) {
        if (!look_at_all(h)) rest(h, BEAT_MS);
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
    for (size_t i = 0; i < h->patients.count; i++)
        VEC_FINISH(&h->patients.items[i].begun);
    VEC_FINISH(&h->patients);
    mem_free(h);
}
