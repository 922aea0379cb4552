/* purger.c - a look at each open brand every second, which costs nothing while nobody asks. */
#include "main/purger.h"

#include <inttypes.h>
#include <pthread.h>

#include <stdatomic.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "account/audit.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/wait.h"
#include "people/retention.h"

#define NICENESS 10

struct purger {
    struct data *data; /* borrowed */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake, done; /* 'stop' is set; 'looked' is */
    atomic_bool stop;          /* set under the lock */
    bool looked;               /* at all brands once; under the lock */
};

/* What went, in the log of who did what; a person who asked is in there with the asking. */
static void write_down(struct purger *p, struct brand *b, const struct purged *done)
{
    static const struct principal timer = {.kind = PRINCIPAL_TIMER};
    struct strbuf text = {0};
    struct json_writer w = {.out = &text};
    char subject[40];
    struct why why = {0};
    json_begin_object(&w);
    json_key(&w, "removed");
    json_uint(&w, done->removed);
    json_key(&w, "parts");
    json_uint(&w, done->parts);
    json_end_object(&w);
    snprintf(subject, sizeof(subject), "purge:%" PRIu64, done->id);
    const struct audit_entry e = {.who = &timer,
                                  .brand = brand_slug(b),
                                  .action = "purge.done",
                                  .subject = subject,
                                  .after = strbuf_str(&text)};
    if (audit_add(p->data, &e, &why) != ERR_OK)
        log_warn("main", "purge_not_audited", "brand=%s", brand_slug(b));
    strbuf_finish(&text);
}

static void purge_brand(struct purger *p, struct brand *b, enum purge_wish wish)
{
    const struct purge_order order = {.who = wish == PURGE_FORCED ? STR("asked") : STR("timer"),
                                      .forced = wish == PURGE_FORCED,
                                      .stop = &p->stop};
    struct purged done;
    struct why why = {0};
    char text[400];
    enum err err = people_purge(b, &order, &done, &why);
    if (err == ERR_OK && done.id) write_down(p, b, &done);
    if (err == ERR_OK || err == ERR_UNAVAILABLE) return;
    why_text(&why, LANG_EN, text, sizeof(text));
    log_error("main", "not_purged", "brand=%s error=%s why=\"%s\"", brand_slug(b), err_code(err),
              text);
}

static void look_at_all(struct purger *p, bool first)
{
    for (size_t i = 0; i < data_brand_count(p->data) && !atomic_load(&p->stop); i++) {
        struct brand *b = data_brand_if_open(p->data, i);
        if (!b) continue;
        enum purge_wish wish = people_purge_asked(b);
        if (wish == PURGE_NONE && first) wish = PURGE_DUE;
        if (wish != PURGE_NONE) purge_brand(p, b, wish);
    }
}

static void tell_looked(struct purger *p)
{
    pthread_mutex_lock(&p->lock);
    p->looked = true;
    pthread_cond_signal(&p->done);
    pthread_mutex_unlock(&p->lock);
}

static void wait_a_second(struct purger *p)
{
    pthread_mutex_lock(&p->lock);
    if (!atomic_load(&p->stop)) wait_ms(&p->wake, &p->lock, 1000);
    pthread_mutex_unlock(&p->lock);
}

static void *purge_all(void *arg)
{
    struct purger *p = arg;
    if (setpriority(PRIO_PROCESS, (id_t)gettid(), NICENESS) != 0) /* this thread alone */
        log_warn("main", "purger_not_nice", NULL);
    for (bool first = true; !atomic_load(&p->stop); first = false) {
        look_at_all(p, first);
        if (first) tell_looked(p);
        wait_a_second(p);
    }
    return NULL;
}

struct purger *purger_start(struct data *d)
{
    struct purger *p = mem_alloc(sizeof(*p));
    p->data = d;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->wake, NULL);
    pthread_cond_init(&p->done, NULL);
    if (pthread_create(&p->thread, NULL, purge_all, p) == 0) return p;
    log_error("main", "no_purger", NULL);
    mem_free(p);
    return NULL;
}

bool purger_has_looked(struct purger *p, int ms)
{
    struct timespec until;
    timespec_get(&until, TIME_UTC);
    until.tv_nsec += (long)ms * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&p->lock);
    while (!p->looked && pthread_cond_timedwait(&p->done, &p->lock, &until) == 0)
        ;
    bool looked = p->looked;
    pthread_mutex_unlock(&p->lock);
    return looked;
}

void purger_stop(struct purger *p)
{
    if (!p) return;
    pthread_mutex_lock(&p->lock);
    atomic_store(&p->stop, true);
    pthread_cond_signal(&p->wake);
    pthread_mutex_unlock(&p->lock);
    pthread_join(p->thread, NULL);
    pthread_cond_destroy(&p->wake);
    pthread_cond_destroy(&p->done);
    pthread_mutex_destroy(&p->lock);
    mem_free(p);
}
