/* read_ahead.c - one brand after the other; a brand that is left out loses nothing but time. */
#include "main/read_ahead.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "people/people.h"

#define NICENESS 10

struct read_ahead {
    struct data *data; /* borrowed */
    struct api *api;   /* borrowed */
    pthread_t thread;  /* reads */
    atomic_bool stop;  /* it must end */
};

static void read_brand(struct read_ahead *r, struct brand *b)
{
    struct why why = {0};
    enum err err = people_read_names(b, &r->stop);
    if (err != ERR_OK && err != ERR_UNAVAILABLE)
        log_warn("main", "names_not_read", "brand=%s error=%s", brand_slug(b), err_code(err));
    if (atomic_load(&r->stop)) return;
    err = api_warm(r->api, b, &why);
    if (err != ERR_OK && err != ERR_UNAVAILABLE && err != ERR_CANCELLED)
        log_warn("main", "past_not_folded", "brand=%s error=%s", brand_slug(b), err_code(err));
}

static void *read_all(void *arg)
{
    struct read_ahead *r = arg;
    if (setpriority(PRIO_PROCESS, (id_t)gettid(), NICENESS) != 0) /* this thread alone */
        log_warn("main", "read_ahead_not_nice", NULL);
    for (size_t i = 0; i < data_brand_count(r->data) && !atomic_load(&r->stop); i++) {
        struct brand *b = data_brand_if_open(r->data, i);
        if (b) read_brand(r, b);
    }
    return NULL;
}

struct read_ahead *read_ahead_start(struct data *d, struct api *a)
{
    struct read_ahead *r = mem_alloc(sizeof(*r));
    r->data = d;
    r->api = a;
    if (pthread_create(&r->thread, NULL, read_all, r) == 0) return r;
    mem_free(r);
    return NULL;
}

void read_ahead_stop(struct read_ahead *r)
{
    if (!r) return;
    atomic_store(&r->stop, true);
    api_stop_warming(r->api);
    pthread_join(r->thread, NULL);
    mem_free(r);
}
