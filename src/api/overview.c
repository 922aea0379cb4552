/* overview.c - sections.h as one object.
 *
 * Of a brand one caller computes at a time. Who comes meanwhile gets what there is; only the first
 * ones of all wait. */
#include "api/overview.h"

#include <pthread.h>

#include "api/past.h"
#include "api/sections.h"
#include "base/mem.h"
#include "people/numbering.h"

struct overview {
    struct brand *brand;
    struct past *past;
    uint64_t stamp;     /* people_stamp() of it */
    struct strbuf text; /* the object without its end, "age_ms" to follow; empty = none yet */
    int64_t began_at;   /* when it was computed from what there was */
    int64_t took;       /* ms to compute it */
    int64_t flow_from;  /* of the one being computed */
    bool computing;
    struct overview *next;
};

struct overview_cache {
    pthread_mutex_t lock;
    pthread_cond_t made; /* one was computed, or failed */
    struct overview *list;
    bool stopping;
};

struct overview_cache *overview_create(void)
{
    struct overview_cache *x = mem_alloc(sizeof(*x));
    pthread_mutex_init(&x->lock, NULL);
    pthread_cond_init(&x->made, NULL);
    return x;
}

void overview_destroy(struct overview_cache *x)
{
    if (!x) return;
    while (x->list) {
        struct overview *next = x->list->next;
        past_destroy(x->list->past);
        strbuf_finish(&x->list->text);
        mem_free(x->list);
        x->list = next;
    }
    pthread_cond_destroy(&x->made);
    pthread_mutex_destroy(&x->lock);
    mem_free(x);
}

/* ---- the object ---- */

static void put_instant(struct json_writer *w, const struct brand *b, const char *key, int64_t at)
{
    char text[48];
    json_key(w, key);
    if (at == TIME_NONE) {
        json_null(w);
        return;
    }
    time_format(brand_zone(b), at, text, sizeof(text));
    json_text(w, text);
}

static void put_count(struct json_writer *w, const char *key, uint64_t v)
{
    json_key(w, key);
    json_uint(w, v);
}

/* A list of a reply as it is; empty when there is none. */
static void put_list(struct json_writer *w, const char *key, const struct json *reply,
                     const char *name)
{
    const struct json *list = json_get(reply, name);
    json_key(w, key);
    if (list) {
        json_tree(w, list);
        return;
    }
    json_begin_array(w);
    json_end_array(w);
}

static void put_kinds(struct json_writer *w, const struct sections *s, struct arena *arena)
{
    struct report_kind *kinds = NULL;
    size_t count = s->kinds ? report_kinds(s, arena, &kinds) : 0;
    json_key(w, "kinds");
    json_begin_array(w);
    for (size_t i = 0; i < count; i++) {
        json_begin_object(w);
        json_key(w, "kind");
        json_str(w, kinds[i].kind);
        json_key(w, "events");
        json_int(w, kinds[i].events);
        json_end_object(w);
    }
    json_end_array(w);
}

static void put_groups(struct json_writer *w, const struct brand *b, const struct sections *s)
{
    json_key(w, "groups");
    json_begin_array(w);
    for (size_t i = 0; i < s->group_count; i++) {
        const struct group_row *g = &s->groups[i];
        json_begin_object(w);
        json_key(w, "group");
        json_str(w, g->name);
        put_count(w, "members", g->members);
        put_count(w, "speakers", g->speakers);
        put_count(w, "messages", g->recent_messages);
        put_instant(w, b, "last_message_at", g->last_message_at);
        json_key(w, "daily");
        json_begin_array(w);
        for (size_t d = 0; d < GROUP_RECENT_DAYS; d++)
            json_uint(w, g->daily[d]);
        json_end_array(w);
        json_end_object(w);
    }
    json_end_array(w);
}

static void render(struct brand *b, const struct sections *s, struct arena *arena,
                   struct strbuf *out)
{
    struct json_writer w = {.out = out};
    json_begin_object(&w);
    put_instant(&w, b, "as_of", s->to);
    put_instant(&w, b, "from", s->from);
    put_instant(&w, b, "first_at", s->first_at);
    put_instant(&w, b, "last_at", s->last_at);
    json_key(&w, "ended");
    json_bool(&w, s->ended);
    put_count(&w, "members", s->members);
    put_count(&w, "active", s->active);
    put_count(&w, "events", s->events);
    put_list(&w, "stages", s->lifecycle, "stock");
    put_instant(&w, b, "flow_from", s->flow_from);
    put_list(&w, "flow", s->lifecycle, "flow");
    put_list(&w, "arrived", s->lifecycle, "arrived");
    put_list(&w, "days", s->days, "points");
    put_kinds(&w, s, arena);
    json_key(&w, "retention");
    json_begin_object(&w);
    put_list(&w, "cohorts", s->retention, "cohorts");
    json_end_object(&w);
    put_groups(&w, b, s);
}

/* What must be folded to know the past: of a history that goes on, what was before today. */
static struct stages_range past_range(const struct brand *b, const struct sections *s)
{
    const struct zone *zone = brand_zone(b);
    struct stages_range r = {s->from, s->flow_from, s->to};
    if (s->ended) return r;
    r.to = zone_bucket_start(zone, UNIT_DAY, s->to);
    r.flow_from = zone_bucket_start(zone, UNIT_DAY, s->flow_from);
    if (r.flow_from < r.from) r.flow_from = r.from;
    return r;
}

static enum err write_stages(void *ctx, const struct sections *s, struct strbuf *out,
                             struct why *why)
{
    struct overview *o = ctx;
    const struct past_ask ask = {past_range(o->brand, s), s->to, s->ended};
    struct stages_range of;
    TRY(past_write(o->past, &ask, &of, out, why));
    o->flow_from = of.flow_from;
    return ERR_OK;
}

static enum err compute(struct overview *o, struct strbuf *out, struct why *why)
{
    struct arena *arena = arena_create(0);
    struct sections s;
    const struct sections_range range = {
        .from = TIME_NONE, .to = TIME_NONE, .stages = write_stages, .ctx = o};
    o->flow_from = TIME_NONE;
    enum err err = sections_ask(o->brand, &range, arena, &s, why);
    s.flow_from = o->flow_from;
    if (err == ERR_OK) render(o->brand, &s, arena, out);
    arena_destroy(arena);
    return err;
}

/* ---- keeping it ---- */

static struct overview *find(struct overview_cache *x, struct brand *b)
{
    for (struct overview *o = x->list; o; o = o->next) {
        if (o->brand == b) return o;
    }
    struct overview *o = mem_alloc(sizeof(*o));
    o->brand = b;
    o->past = past_create(b);
    if (x->stopping) past_stop(o->past);
    o->next = x->list;
    x->list = o;
    return o;
}

/* Under the lock, which is given up meanwhile. */
static enum err renew(struct overview_cache *x, struct overview *o, struct why *why)
{
    struct strbuf text = {0};
    int64_t began = env_now(brand_env(o->brand));
    uint64_t stamp = people_stamp(o->brand);
    o->computing = true;
    pthread_mutex_unlock(&x->lock);
    enum err err = compute(o, &text, why);
    pthread_mutex_lock(&x->lock);
    o->computing = false;
    if (err == ERR_OK) {
        struct strbuf old = o->text;
        o->text = text;
        int64_t took = env_now(brand_env(o->brand)) - began;
        o->began_at = began;
        o->stamp = stamp;
        o->took = took > 0 ? took : 0;
        text = old;
    }
    pthread_cond_broadcast(&x->made);
    strbuf_finish(&text);
    return err;
}

/* The next one is begun so early that it is there before this one is too old; where it takes too
 * long for that, a fifth of the time is left to others. */
static int64_t due_age(const struct overview *o)
{
    int64_t in_time = OVERVIEW_AGE_MS - o->took, rested = o->took + o->took / 4;
    return in_time > rested ? in_time : rested;
}

enum err overview_write(struct overview_cache *x, struct brand *b, struct strbuf *out,
                        struct why *why)
{
    enum err err = ERR_OK;
    pthread_mutex_lock(&x->lock);
    struct overview *o = find(x, b);
    while (o->computing && o->text.len == 0)
        pthread_cond_wait(&x->made, &x->lock);
    bool old = o->text.len == 0 || env_now(brand_env(b)) - o->began_at >= due_age(o) ||
               o->stamp != people_stamp(b);
    if (old && !o->computing) err = renew(x, o, why);
    if (err == ERR_OK) {
        int64_t age = env_now(brand_env(b)) - o->began_at;
        strbuf_add_str(out, strbuf_str(&o->text));
        strbuf_addf(out, ",\"age_ms\":%lld}", (long long)(age > 0 ? age : 0));
    }
    pthread_mutex_unlock(&x->lock);
    return err;
}

enum err overview_warm(struct overview_cache *x, struct brand *b, struct why *why)
{
    struct sections s;
    const struct sections_range range = {.from = TIME_NONE, .to = TIME_NONE};
    pthread_mutex_lock(&x->lock);
    struct overview *o = find(x, b);
    pthread_mutex_unlock(&x->lock);
    TRY(sections_bound(b, &range, &s, why));
    if (s.first_at == TIME_NONE) return ERR_OK;
    const struct stages_range past = past_range(b, &s);
    return past_fold(o->past, &past, why);
}

void overview_stop(struct overview_cache *x)
{
    pthread_mutex_lock(&x->lock);
    x->stopping = true;
    for (struct overview *o = x->list; o; o = o->next)
        past_stop(o->past);
    pthread_mutex_unlock(&x->lock);
}
