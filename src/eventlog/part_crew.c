/* part_crew.c - bundles are a ring: those from 'taken' to 'submitted' are full or encoded, the one
 * behind them is being filled.
 *
 * Invariants, under the lock: taken <= submitted <= taken + count; bundle i is at ring[i % count];
 * who sets BUNDLE_TAKEN encodes it. When crew_take returns NULL there is a bundle to fill. */
#include "eventlog/part_crew.h"

#include <assert.h>
#include <pthread.h>

#include "base/mem.h"

struct crew {
    pthread_mutex_t lock;
    pthread_cond_t full;      /* there is something to encode, or 'stop' */
    pthread_cond_t done;      /* a helper has encoded a bundle */
    size_t taken, submitted;  /* bundles so far */
    bool stop;                /* helpers end */
    struct prop_forms *forms; /* of the properties of all bundles */
    struct codec_writer *codec;
    unsigned helpers;
    pthread_t threads[CREW_HELPERS_MAX];
    size_t count;
    struct bundle ring[]; /* [count] */
};

static void encode(struct bundle *b, struct codec_writer *codec)
{
    strbuf_reset(&b->out);
    footer_reset(&b->footer);
    for (uint32_t level = 0; level < PART_LEVELS_MAX; level++) {
        struct group_buffer *g = b->level[level];
        if (!g || g->rows == 0) continue;
        group_encode(g, level, codec, 0, &b->out, &b->footer);
        group_reset(g);
    }
    b->rows = 0;
}

/* Encode the first full bundle, without the lock. False: there is none. */
static bool encode_one(struct crew *c, struct codec_writer *codec)
{
    struct bundle *b = NULL;
    for (size_t i = c->taken; i < c->submitted && !b; i++) {
        struct bundle *at = &c->ring[i % c->count];
        if (at->state == BUNDLE_FULL) b = at;
    }
    if (!b) return false;
    b->state = BUNDLE_TAKEN;
    pthread_mutex_unlock(&c->lock);
    encode(b, codec);
    pthread_mutex_lock(&c->lock);
    b->state = BUNDLE_DONE;
    return true;
}

static void *help(void *arg)
{
    struct crew *c = arg;
    struct codec_writer *codec = codec_writer_create();
    pthread_mutex_lock(&c->lock);
    while (!c->stop) {
        if (encode_one(c, codec)) {
            pthread_cond_signal(&c->done);
        } else {
            pthread_cond_wait(&c->full, &c->lock);
        }
    }
    pthread_mutex_unlock(&c->lock);
    codec_writer_destroy(codec);
    return NULL;
}

struct crew *crew_create(struct prop_forms *forms, unsigned helpers)
{
    assert(helpers <= CREW_HELPERS_MAX);
    size_t count = helpers ? helpers + 2 : 1;
    struct crew *c = mem_alloc(sizeof(*c) + count * sizeof(c->ring[0]));
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->full, NULL);
    pthread_cond_init(&c->done, NULL);
    c->forms = forms;
    c->codec = codec_writer_create();
    c->count = count;
    while (c->helpers < helpers && pthread_create(&c->threads[c->helpers], NULL, help, c) == 0)
        c->helpers++;
    return c;
}

void crew_destroy(struct crew *c)
{
    if (!c) return;
    pthread_mutex_lock(&c->lock);
    c->stop = true;
    pthread_cond_broadcast(&c->full);
    pthread_mutex_unlock(&c->lock);
    for (unsigned i = 0; i < c->helpers; i++)
        pthread_join(c->threads[i], NULL);
    for (size_t i = 0; i < c->count; i++) {
        for (int level = 0; level < PART_LEVELS_MAX; level++)
            group_destroy(c->ring[i].level[level]);
        strbuf_finish(&c->ring[i].out);
        footer_finish(&c->ring[i].footer);
    }
    codec_writer_destroy(c->codec);
    pthread_cond_destroy(&c->done);
    pthread_cond_destroy(&c->full);
    pthread_mutex_destroy(&c->lock);
    mem_free(c);
}

struct bundle *crew_bundle(struct crew *c)
{
    return &c->ring[c->submitted % c->count];
}

struct group_buffer *crew_level(struct crew *c, uint32_t level)
{
    struct bundle *b = crew_bundle(c);
    if (!b->level[level]) b->level[level] = group_create(c->forms);
    return b->level[level];
}

struct codec_writer *crew_codec(struct crew *c)
{
    return c->codec;
}

void crew_submit(struct crew *c)
{
    pthread_mutex_lock(&c->lock);
    assert(c->submitted - c->taken < c->count);
    crew_bundle(c)->state = BUNDLE_FULL;
    c->submitted++;
    pthread_cond_signal(&c->full);
    pthread_mutex_unlock(&c->lock);
}

struct bundle *crew_take(struct crew *c, bool all)
{
    struct bundle *b = NULL;
    pthread_mutex_lock(&c->lock);
    while (c->taken < c->submitted && !b) {
        struct bundle *oldest = &c->ring[c->taken % c->count];
        if (oldest->state == BUNDLE_DONE) {
            b = oldest;
            b->state = BUNDLE_FILLING;
            c->taken++;
        } else if (!all && c->submitted - c->taken < c->count) {
            break;
        } else if (!encode_one(c, c->codec)) {
            pthread_cond_wait(&c->done, &c->lock);
        }
    }
    pthread_mutex_unlock(&c->lock);
    return b;
}
