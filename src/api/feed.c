/* feed.c - one thread looks at the brands that somebody watches, and wakes their streams.
 *
 *   ticker ──every 250 ms: seq of each watched brand──► topic.seq ──wake──► fill(): one event each
 *          └─every LIMIT_STREAM_BEAT_SECONDS: ": beat" to all, ends those that are over
 *
 * 1. feed.lock guards all of topics and watchers. It is taken before the server's own lock, and
 *    while no lock of a brand's segments is held but that of their listener.
 * 2. A topic lives as long as the feed: there are no more than brands.
 * 3. A watcher is in its topic's list from feed_watch() until its stream is closed. */
#include "api/feed.h"

#include <assert.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "api/internal.h"
#include "api/sight.h"
#include "base/limits.h"
#include "base/mem.h"
#include "people/owner.h"
#include "segments/segments.h"

#define TICK_MS (1000 / FEED_PER_SECOND)
#define MOVES_A_TIME 64
#define BEAT_NS ((uint64_t)LIMIT_STREAM_BEAT_SECONDS * 1000000000)

/* One brand somebody watches, or has watched. */
struct topic {
    struct brand *brand;
    uint64_t seq;          /* of its newest event, as seen last */
    int64_t changed_at;    /* when that was seen */
    uint64_t news;         /* of imports, as seen last */
    struct watcher *first; /* of those who watch */
    struct topic *next;    /* in the feed's list */
};

/* One stream. */
struct watcher {
    struct feed *feed;
    struct topic *topic;
    struct stream *stream;
    struct watcher *next, *previous; /* in the topic's list */
    unsigned topics;                 /* FEED_* */
    uint64_t told;                   /* seq it knows of; UINT64_MAX = none */
    uint64_t told_news;              /* news of imports it knows of */
    uint64_t told_moves;             /* moves of segments it knows of */
    uint64_t ends_ns;                /* when it must ask anew, so that its authority is looked at */
    bool beat;                       /* a sign of life is due */
    bool greeted;                    /* has been told how soon to come back */
    bool narrow;                     /* hears of members of these owners alone */
    uint32_t *owners;
    size_t owner_count;
};

struct feed {
    const struct env *env;
    struct uploads *uploads; /* of the first who watched; there are no others */
    pthread_t thread;
    bool running; /* there is a thread */
    pthread_mutex_t lock;
    pthread_cond_t wake; /* somebody watches, or it is over */
    struct topic *topics;
    size_t watchers;
    uint64_t next_beat_ns; /* when all streams give a sign of life */
    bool stopping;
};

/* ---- what a stream sends ---- */

static ptrdiff_t write_state(struct watcher *w, char *out, size_t max)
{
    char at[48];
    const struct topic *t = w->topic;
    time_format(brand_zone(t->brand), t->changed_at, at, sizeof(at));
    int n = snprintf(out, max,
                     "id: %" PRIu64 "\nevent: events\ndata: {\"seq\":%" PRIu64
                     ",\"events_total\":%" PRIu64 ",\"last_at\":\"%s\"}\n\n",
                     t->seq, t->seq, t->seq, at);
    if (n < 0 || (size_t)n >= max) return 0; /* asked again with more room */
    w->told = t->seq;
    w->beat = false;
    return n;
}

/* Imports that changed between the last tick but one and the last, one a call. They have no id: an
 * import can be asked for. */
static ptrdiff_t write_news(struct watcher *w, char *out, size_t max)
{
    struct upload_news news;
    const struct topic *t = w->topic;
    if (!uploads_news(w->feed->uploads, t->brand, w->told_news, t->news, &news)) {
        w->told_news = t->news;
        return 0;
    }
    int n = snprintf(
        out, max, "event: imports\ndata: {\"id\":%" PRIu32 ",\"state\":\"%s\",\"share\":%.4f}\n\n",
        news.id, upload_state_name(news.state), news.share);
    if (n < 0 || (size_t)n >= max) return 0; /* asked again with more room */
    w->told_news = news.number;
    w->beat = false;
    return n;
}

static int write_move(const struct topic *t, const struct segment_move *m, char *out, size_t max)
{
    static const char *const reasons[] = {"event", "clock", "definition"};
    char at[48], member[16] = "null";
    const char *change = m->entered ? "entered" : "left";
    time_format(brand_zone(t->brand), m->at, at, sizeof(at));
    if (m->reason == REASON_DEFINITION) change = "rebuilt";
    if (m->member) snprintf(member, sizeof(member), "\"m%" PRIu32 "\"", m->member);
    return snprintf(out, max,
                    "event: segments\ndata: {\"segment\":\"" STR_FMT "\",\"member\":%s,"
                    "\"change\":\"%s\",\"reason\":\"%s\",\"at\":\"%s\"}\n\n",
                    STR_ARG(m->code), member, change, reasons[m->reason], at);
}

/* As of now: owners change. A move of many names nobody. */
static bool may_know(const struct watcher *w, const struct segment_move *m)
{
    if (!w->narrow || m->member == 0) return true;
    uint32_t owner = owner_of(w->topic->brand, m->member);
    for (size_t i = 0; owner && i < w->owner_count; i++) {
        if (w->owners[i] == owner) return true;
    }
    return false;
}

/* False: there is no more room. */
static bool put_moves(struct watcher *w, const struct segment_move *moves, size_t count, char *out,
                      size_t max, size_t *len)
{
    for (size_t i = 0; i < count; i++) {
        size_t left = max - *len;
        int n = may_know(w, &moves[i]) ? write_move(w->topic, &moves[i], out + *len, left) : 0;
        if (n < 0 || (size_t)n >= left) return false; /* asked again with more room */
        *len += (size_t)n;
        w->told_moves = moves[i].number;
    }
    return true;
}

/* Moves of segments, as many as there is room for. */
static ptrdiff_t write_moves(struct watcher *w, char *out, size_t max)
{
    struct segment_move moves[MOVES_A_TIME];
    size_t len = 0, count = MOVES_A_TIME;
    while (len == 0 && count == MOVES_A_TIME) { /* of none that may be told there are more */
        count = segments_moves(w->topic->brand, w->told_moves, moves, MOVES_A_TIME);
        if (!put_moves(w, moves, count, out, max, &len)) break;
    }
    if (len) w->beat = false;
    return (ptrdiff_t)len;
}

static ptrdiff_t fill_locked(struct watcher *w, char *out, size_t max)
{
    static const char greeting[] = "retry: 3000\n\n", beat[] = ": beat\n\n";
    if (max < sizeof(greeting)) return 0;
    if (!w->greeted) {
        w->greeted = true;
        memcpy(out, greeting, sizeof(greeting) - 1);
        return sizeof(greeting) - 1;
    }
    if ((w->topics & FEED_EVENTS) && w->told != w->topic->seq) return write_state(w, out, max);
    if ((w->topics & FEED_IMPORTS) && w->told_news < w->topic->news) {
        ptrdiff_t n = write_news(w, out, max);
        if (n) return n;
    }
    if (w->topics & FEED_SEGMENTS) {
        ptrdiff_t n = write_moves(w, out, max);
        if (n) return n;
    }
    if (env_mono_ns(w->feed->env) >= w->ends_ns) return -1;
    if (!w->beat) return 0;
    w->beat = false;
    memcpy(out, beat, sizeof(beat) - 1);
    return sizeof(beat) - 1;
}

static ptrdiff_t fill(void *ctx, char *out, size_t max)
{
    struct watcher *w = ctx;
    pthread_mutex_lock(&w->feed->lock);
    ptrdiff_t n = fill_locked(w, out, max);
    pthread_mutex_unlock(&w->feed->lock);
    return n;
}

static void close_watcher(void *ctx)
{
    struct watcher *w = ctx;
    struct feed *f = w->feed;
    pthread_mutex_lock(&f->lock);
    if (w->next) w->next->previous = w->previous;
    if (w->previous) w->previous->next = w->next;
    if (w->topic->first == w) w->topic->first = w->next;
    f->watchers--;
    pthread_mutex_unlock(&f->lock);
    mem_free(w->owners);
    mem_free(w);
}

/* ---- the ticker; called under the lock ---- */

static void look(struct feed *f, struct topic *t)
{
    uint64_t seq = brand_stats(t->brand).seq, news = uploads_newest(f->uploads);
    if (seq == t->seq && news == t->news) return;
    if (seq != t->seq) t->changed_at = env_now(f->env);
    t->seq = seq;
    t->news = news;
    for (struct watcher *w = t->first; w; w = w->next)
        stream_wake(w->stream);
}

static void beat_all(struct feed *f)
{
    f->next_beat_ns = env_mono_ns(f->env) + BEAT_NS;
    for (struct topic *t = f->topics; t; t = t->next) {
        for (struct watcher *w = t->first; w; w = w->next) {
            w->beat = true;
            stream_wake(w->stream);
        }
    }
}

/* Takes the lock, and drops it while it sleeps. */
static void tick(struct feed *f)
{
    const struct timespec pause = {.tv_nsec = TICK_MS * 1000000L};
    for (struct topic *t = f->topics; t; t = t->next) {
        if (t->first) look(f, t);
    }
    pthread_mutex_unlock(&f->lock);
    nanosleep(&pause, NULL);
    pthread_mutex_lock(&f->lock);
}

static void *run(void *arg)
{
    struct feed *f = arg;
    pthread_mutex_lock(&f->lock);
    while (!f->stopping) {
        if (f->watchers == 0) {
            pthread_cond_wait(&f->wake, &f->lock);
            continue;
        }
        if (env_mono_ns(f->env) >= f->next_beat_ns) beat_all(f);
        tick(f);
    }
    pthread_mutex_unlock(&f->lock);
    return NULL;
}

/* ---- watching ---- */

/* Called under the lock. */
static struct topic *topic_of(struct feed *f, struct brand *b)
{
    struct topic *t = f->topics;
    while (t && t->brand != b)
        t = t->next;
    if (t) return t;
    t = mem_alloc(sizeof(*t));
    t->brand = b;
    t->next = f->topics;
    f->topics = t;
    return t;
}

/* On the thread that follows a brand's segments. */
static void moved(void *ctx, struct brand *b)
{
    struct feed *f = ctx;
    pthread_mutex_lock(&f->lock);
    const struct topic *t = f->topics;
    while (t && t->brand != b)
        t = t->next;
    for (struct watcher *w = t ? t->first : NULL; w; w = w->next) {
        if (w->topics & FEED_SEGMENTS) stream_wake(w->stream);
    }
    pthread_mutex_unlock(&f->lock);
}

static void limit(struct watcher *w, struct call *c)
{
    uint32_t *owners;
    w->narrow = !sight_is_whole(c);
    if (!w->narrow) return;
    w->owner_count = sight_owners(c, &owners);
    w->owners = mem_alloc_array(w->owner_count + 1, sizeof(*owners));
    if (w->owner_count) memcpy(w->owners, owners, w->owner_count * sizeof(*owners));
}

enum err feed_watch(struct feed *f, struct call *c, unsigned topics, uint64_t last_seq,
                    struct why *why)
{
    if (topics & FEED_SEGMENTS) segments_listen(c->brand, moved, f);
    pthread_mutex_lock(&f->lock);
    if (f->watchers >= LIMIT_STREAMS) {
        pthread_mutex_unlock(&f->lock);
        return why_fail(why, ERR_BUSY, MSG_BUSY, "", "%d", LIMIT_STREAM_BEAT_SECONDS);
    }
    struct topic *t = topic_of(f, c->brand);
    struct watcher *w = mem_alloc(sizeof(*w));
    *w = (struct watcher){.feed = f, .topic = t, .next = t->first, .told = last_seq};
    limit(w, c);
    f->uploads = c->api->uploads;
    w->topics = topics;
    w->told_moves = topics & FEED_SEGMENTS ? segments_newest(c->brand) : 0;
    w->ends_ns = env_mono_ns(f->env) + (uint64_t)LIMIT_STREAM_SECONDS * 1000000000;
    if (w->next) w->next->previous = w;
    if (!t->first) { /* nobody has looked for a while */
        t->seq = brand_stats(t->brand).seq;
        t->changed_at = env_now(f->env);
        t->news = uploads_newest(f->uploads);
    }
    w->told_news = t->news;
    t->first = w;
    f->watchers++;
    const struct stream_source source = {fill, close_watcher, w};
    w->stream = reply_stream(c->req, "text/event-stream; charset=utf-8", &source);
    c->replied = true;
    pthread_cond_signal(&f->wake);
    pthread_mutex_unlock(&f->lock);
    return ERR_OK;
}

/* ---- life ---- */

struct feed *feed_create(const struct env *env)
{
    struct feed *f = mem_alloc(sizeof(*f));
    f->env = env;
    f->next_beat_ns = env_mono_ns(env) + BEAT_NS;
    pthread_mutex_init(&f->lock, NULL);
    pthread_cond_init(&f->wake, NULL);
    f->running = pthread_create(&f->thread, NULL, run, f) == 0;
    if (f->running) return f;
    feed_destroy(f);
    return NULL;
}

void feed_destroy(struct feed *f)
{
    if (!f) return;
    assert(f->watchers == 0);
    pthread_mutex_lock(&f->lock);
    f->stopping = true;
    pthread_cond_signal(&f->wake);
    pthread_mutex_unlock(&f->lock);
    if (f->running) pthread_join(f->thread, NULL);
    while (f->topics) {
        struct topic *t = f->topics;
        segments_listen(t->brand, NULL, NULL);
        f->topics = t->next;
        mem_free(t);
    }
    pthread_cond_destroy(&f->wake);
    pthread_mutex_destroy(&f->lock);
    mem_free(f);
}
