/* tagger.c - looks at each open brand five times a second: has anybody entered or left a segment?
 * Every fifth second rules are applied in any case, since what is done by hand may free a place. */
#include "main/tagger.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/vec.h"
#include "base/wait.h"
#include "segments/tag_rules.h"

#define BEAT_MS 200
#define BEATS 25 /* of five seconds */

struct tagger {
    struct data *data; /* borrowed */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool stop;              /* under the lock */
    VEC(uint64_t) followed; /* by brand: the newest move that tags follow */
};

static void apply(struct brand *b)
{
    struct why why = {0};
    char text[400];
    size_t changed;
    enum err err = tag_rules_apply(b, &changed, &why);
    if (err == ERR_OK || err == ERR_UNAVAILABLE) return;
    why_text(&why, LANG_EN, text, sizeof(text));
    log_warn("main", "tags_not_given", "brand=%s why=\"%s\"", brand_slug(b), text);
}

static void look_at_all(struct tagger *t, bool whole)
{
    for (size_t i = 0; i < data_brand_count(t->data); i++) {
        struct brand *b = data_brand_if_open(t->data, i);
        while (t->followed.count <= i)
            VEC_PUSH(&t->followed, UINT64_MAX);
        if (!b) continue;
        uint64_t newest = segments_newest(b);
        if (!whole && newest == t->followed.items[i]) continue;
        t->followed.items[i] = newest;
        apply(b);
    }
}

/* Under the lock. */
static void wait_a_beat(struct tagger *t)
{
    if (!t->stop) wait_ms(&t->wake, &t->lock, BEAT_MS);
}

static void *tag_all(void *arg)
{
    struct tagger *t = arg;
    pthread_mutex_lock(&t->lock);
    for (unsigned beat = 0; !t->stop; beat++) {
        pthread_mutex_unlock(&t->lock);
        look_at_all(t, beat % BEATS == 0);
        pthread_mutex_lock(&t->lock);
        wait_a_beat(t);
    }
    pthread_mutex_unlock(&t->lock);
    return NULL;
}

struct tagger *tagger_start(struct data *d)
{
    struct tagger *t = mem_alloc(sizeof(*t));
    t->data = d;
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->wake, NULL);
    if (pthread_create(&t->thread, NULL, tag_all, t) == 0) return t;
    log_error("main", "no_tagger", NULL);
    mem_free(t);
    return NULL;
}

void tagger_stop(struct tagger *t)
{
    if (!t) return;
    pthread_mutex_lock(&t->lock);
    t->stop = true;
    pthread_cond_signal(&t->wake);
    pthread_mutex_unlock(&t->lock);
    pthread_join(t->thread, NULL);
    pthread_cond_destroy(&t->wake);
    pthread_mutex_destroy(&t->lock);
    VEC_FINISH(&t->followed);
    mem_free(t);
}
