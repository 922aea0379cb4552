/* overview.c - sections.h as one object.
 *
 * Of a brand one computes at a time. A brand that is computed at once is so by who asks, when what
 * there is has become too old. Of a larger one who asks gets what there is; a thread beside begins
 * the next in time, as long as somebody has asked of late. Callers wait for the first of all, and
 * after a change of what members are by (people_stamp), before which nothing is of any use. Those
 * of some members only are kept beside, by the expression, and computed by who asks. */
#include "api/overview.h"

#include <pthread.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "api/past.h"
#include "api/put.h"
#include "api/sections.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/wait.h"
#include "people/numbering.h"

#ifndef AT_ONCE_MS
#define AT_ONCE_MS 40 /* who asks waits for what takes no longer */
#endif
#define NICENESS 5 /* of the thread beside, as questions have it */

struct overview {
    struct brand *brand;
    struct str within;  /* of these members only; {NULL, 0} = all */
    char *own;          /* its text */
    struct past *past;  /* NULL of some members: it is asked for */
    unsigned users;     /* calls that hold it */
    uint64_t stamp;     /* people_stamp() of it */
    struct strbuf text; /* the object without its end, "age_ms" to follow; empty = none yet */
    int64_t began_at;   /* monotonic ms: when it was computed from what there was */
    int64_t took;       /* ms to compute it */
    int64_t tried_at;   /* monotonic ms: when computing was last begun */
    int64_t asked_at;   /* monotonic ms: when somebody last asked */
    struct past_answer stages; /* of the one being computed */
    struct budget budget;      /* of the one being computed */
    bool computing;
    struct overview *next;
};

struct overview_cache {
    pthread_mutex_t lock;
    pthread_cond_t made;  /* one was computed, or failed */
    pthread_cond_t asked; /* something may be due */
    struct overview *list;
    pthread_t thread;
    bool stopping;
};

/* ---- the object ---- */

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
    put_array(w, "kinds");
    for (size_t i = 0; i < count; i++) {
        json_begin_object(w);
        put_str(w, "kind", kinds[i].kind);
        put_int(w, "events", kinds[i].events);
        json_end_object(w);
    }
    json_end_array(w);
}

static void put_groups(struct json_writer *w, const struct brand *b, const struct sections *s)
{
    put_array(w, "groups");
    for (size_t i = 0; i < s->group_count; i++) {
        const struct group_row *g = &s->groups[i];
        json_begin_object(w);
        put_str(w, "group", g->name);
        put_int(w, "members", (int64_t)g->members);
        put_int(w, "speakers", (int64_t)g->speakers);
        put_int(w, "messages", (int64_t)g->recent_messages);
        put_instant(w, "last_message_at", brand_zone(b), g->last_message_at);
        put_array(w, "daily");
        for (size_t d = 0; d < GROUP_RECENT_DAYS; d++)
            json_uint(w, g->daily[d]);
        json_end_array(w);
        json_end_object(w);
    }
    json_end_array(w);
}

/* 'part': of some members only. */
static void render(struct brand *b, const struct sections *s, struct arena *arena, bool part,
                   struct strbuf *out)
{
    struct json_writer w = {.out = out};
    json_begin_object(&w);
    put_instant(&w, "as_of", brand_zone(b), s->to);
    put_instant(&w, "from", brand_zone(b), s->from);
    put_instant(&w, "first_at", brand_zone(b), s->first_at);
    put_instant(&w, "last_at", brand_zone(b), s->last_at);
    json_key(&w, "ended");
    json_bool(&w, s->ended);
    put_int(&w, "members", (int64_t)s->members);
    put_int(&w, "active", (int64_t)s->active);
    put_int(&w, "events", (int64_t)s->events);
    put_list(&w, "stages", s->lifecycle, "stock");
    put_instant(&w, "flow_from", brand_zone(b), s->flow_from);
    put_list(&w, "flow", s->lifecycle, "flow");
    put_list(&w, "arrived", s->lifecycle, "arrived");
    put_list(&w, "days", s->days, "points");
    put_kinds(&w, s, arena);
    json_key(&w, "retention");
    json_begin_object(&w);
    put_list(&w, "cohorts", s->retention, "cohorts");
    json_end_object(&w);
    put_groups(&w, b, s);
    json_key(&w, "left_out");
    json_begin_array(&w);
    if (part) json_text(&w, "groups");
    json_end_array(&w);
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
    return past_write(o->past, &ask, &o->stages, out, why);
}

static enum err compute(struct overview *o, struct strbuf *out, struct why *why)
{
    struct arena *arena = arena_create(0);
    struct sections s;
    bool part = o->within.p;
    const struct sections_range range = {.from = TIME_NONE,
                                         .to = TIME_NONE,
                                         .stages = part ? NULL : write_stages,
                                         .ctx = o,
                                         .budget = &o->budget,
                                         .within = o->within};
    o->stages = (struct past_answer){.range.flow_from = TIME_NONE};
    enum err err = sections_ask(o->brand, &range, arena, &s, why);
    if (!part) s.flow_from = o->stages.range.flow_from;
    if (err == ERR_OK) render(o->brand, &s, arena, part, out);
    if (err == ERR_OK) strbuf_addf(out, ",\"past_due\":%s", o->stages.outdated ? "true" : "false");
    arena_destroy(arena);
    return err;
}

/* ---- keeping it ---- */

static int64_t mono_ms(const struct overview *o)
{
    return (int64_t)(env_mono_ns(brand_env(o->brand)) / 1000000);
}

static void drop(struct overview *o)
{
    past_destroy(o->past);
    strbuf_finish(&o->text);
    mem_free(o->own);
    mem_free(o);
}

/* Of those of some members, the one that nobody has asked for the longest, where there are enough.
 */
static void make_place(struct overview_cache *x)
{
    struct overview **oldest = NULL;
    size_t parts = 0;
    for (struct overview **at = &x->list; *at; at = &(*at)->next) {
        const struct overview *o = *at;
        parts += o->within.p != NULL;
        if (!o->within.p || o->users) continue;
        if (!oldest || o->asked_at < (*oldest)->asked_at) oldest = at;
    }
    if (parts < OVERVIEW_PARTS || !oldest) return;
    struct overview *gone = *oldest;
    *oldest = gone->next;
    drop(gone);
}

static struct overview *find(struct overview_cache *x, struct brand *b, struct str within)
{
    for (struct overview *o = x->list; o; o = o->next) {
        if (o->brand == b && !o->within.p == !within.p && str_eq(o->within, within)) return o;
    }
    if (within.p) make_place(x);
    struct overview *o = mem_alloc(sizeof(*o));
    o->brand = b;
    if (within.p) {
        o->own = mem_alloc(within.len + 1);
        memcpy(o->own, within.p, within.len);
        o->within = (struct str){o->own, within.len};
    } else {
        o->past = past_create(b);
    }
    if (x->stopping && o->past) past_stop(o->past);
    atomic_store(&o->budget.cancel, x->stopping);
    o->next = x->list;
    x->list = o;
    return o;
}

/* Under the lock, which is given up meanwhile; nobody computes. */
static enum err renew(struct overview_cache *x, struct overview *o, struct why *why)
{
    struct strbuf text = {0};
    int64_t began = mono_ms(o);
    uint64_t stamp = people_stamp(o->brand);
    o->computing = true;
    o->tried_at = began;
    pthread_mutex_unlock(&x->lock);
    enum err err = compute(o, &text, why);
    pthread_mutex_lock(&x->lock);
    o->computing = false;
    if (err == ERR_OK) {
        struct strbuf old = o->text;
        o->text = text;
        o->began_at = began;
        o->stamp = stamp;
        o->took = mono_ms(o) - began;
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
    if (o->within.p) {
        int64_t age = 20 * o->took;
        if (age > OVERVIEW_PART_AGE_MS) age = OVERVIEW_PART_AGE_MS;
        return age > OVERVIEW_AGE_MS ? age : OVERVIEW_AGE_MS;
    }
    int64_t in_time = OVERVIEW_AGE_MS - o->took, rested = o->took + o->took / 4;
    return in_time > rested ? in_time : rested;
}

static bool is_usable(const struct overview *o)
{
    return o->text.len && o->stamp == people_stamp(o->brand);
}

enum err overview_write(struct overview_cache *x, struct brand *b, struct strbuf *out,
                        struct why *why)
{
    return overview_write_within(x, b, (struct str){NULL, 0}, out, why);
}

enum err overview_write_within(struct overview_cache *x, struct brand *b, struct str within,
                               struct strbuf *out, struct why *why)
{
    enum err err = ERR_OK;
    pthread_mutex_lock(&x->lock);
    struct overview *o = find(x, b, within);
    o->asked_at = mono_ms(o);
    o->users++;
    while (o->computing && !is_usable(o))
        pthread_cond_wait(&x->made, &x->lock);
    bool due = !o->computing && mono_ms(o) - o->began_at >= due_age(o);
    bool at_once = within.p || o->took <= AT_ONCE_MS;
    bool mine = !is_usable(o) || (due && at_once);
    if (mine) err = renew(x, o, why);
    if (mine || due) pthread_cond_signal(&x->asked);
    if (err == ERR_OK) {
        int64_t age = mono_ms(o) - o->began_at;
        strbuf_add_str(out, strbuf_str(&o->text));
        strbuf_addf(out, ",\"age_ms\":%lld,\"due\":%s}", (long long)age,
                    age > OVERVIEW_AGE_MS && !within.p ? "true" : "false");
    }
    o->users--;
    pthread_mutex_unlock(&x->lock);
    return err;
}

/* ---- beside ---- */

/* ms until the thread is to compute it; INT64_MAX = it is not. */
static int64_t due_in(const struct overview *o)
{
    int64_t now = mono_ms(o);
    if (o->computing || o->text.len == 0 || o->took <= AT_ONCE_MS) return INT64_MAX;
    if (o->within.p) return INT64_MAX;
    if (now - o->asked_at > OVERVIEW_KEPT_MS) return INT64_MAX;
    int64_t due = o->began_at + due_age(o);
    if (o->tried_at > o->began_at) due = o->tried_at + OVERVIEW_AGE_MS; /* that one failed */
    return due > now ? due - now : 0;
}

static void *renew_in_time(void *arg)
{
    struct overview_cache *x = arg;
    if (setpriority(PRIO_PROCESS, (id_t)gettid(), NICENESS) != 0) /* this thread alone */
        log_warn("api", "overview_not_nice", NULL);
    pthread_mutex_lock(&x->lock);
    while (!x->stopping) {
        struct overview *next = NULL;
        for (struct overview *o = x->list; o; o = o->next) {
            if (due_in(o) < (next ? due_in(next) : INT64_MAX)) next = o;
        }
        int64_t wait = next ? due_in(next) : INT64_MAX;
        if (wait == INT64_MAX) {
            pthread_cond_wait(&x->asked, &x->lock);
        } else if (wait > 0) {
            wait_ms(&x->asked, &x->lock, wait);
        } else {
            struct why why = {0};
            enum err err = renew(x, next, &why);
            if (err != ERR_OK && !x->stopping)
                log_warn("api", "overview_not_made", "brand=%s error=%s", brand_slug(next->brand),
                         err_code(err));
        }
    }
    pthread_mutex_unlock(&x->lock);
    return NULL;
}

/* What takes long is ready before somebody asks; the rest is computed when they do. */
static enum err prepare(struct overview_cache *x, struct overview *o, struct why *why)
{
    enum err err = ERR_OK;
    if (past_took(o->past) <= AT_ONCE_MS) return ERR_OK;
    pthread_mutex_lock(&x->lock);
    if (!o->computing && !o->text.len) err = renew(x, o, why);
    pthread_mutex_unlock(&x->lock);
    return err;
}

enum err overview_warm(struct overview_cache *x, struct brand *b, struct why *why)
{
    struct sections s;
    const struct sections_range range = {.from = TIME_NONE, .to = TIME_NONE};
    pthread_mutex_lock(&x->lock);
    struct overview *o = find(x, b, (struct str){NULL, 0});
    pthread_mutex_unlock(&x->lock);
    TRY(sections_bound(b, &range, &s, why));
    if (s.first_at == TIME_NONE) return ERR_OK;
    const struct stages_range past = past_range(b, &s);
    TRY(past_fold(o->past, &past, why));
    return prepare(x, o, why);
}

void overview_stop(struct overview_cache *x)
{
    pthread_mutex_lock(&x->lock);
    x->stopping = true;
    for (struct overview *o = x->list; o; o = o->next) {
        atomic_store(&o->budget.cancel, true);
        if (o->past) past_stop(o->past);
    }
    pthread_cond_broadcast(&x->asked);
    pthread_mutex_unlock(&x->lock);
}

/* ---- life ---- */

struct overview_cache *overview_create(void)
{
    struct overview_cache *x = mem_alloc(sizeof(*x));
    pthread_mutex_init(&x->lock, NULL);
    pthread_cond_init(&x->made, NULL);
    pthread_cond_init(&x->asked, NULL);
    if (pthread_create(&x->thread, NULL, renew_in_time, x) == 0) return x;
    pthread_cond_destroy(&x->asked);
    pthread_cond_destroy(&x->made);
    pthread_mutex_destroy(&x->lock);
    mem_free(x);
    return NULL;
}

void overview_destroy(struct overview_cache *x)
{
    if (!x) return;
    overview_stop(x);
    pthread_join(x->thread, NULL);
    while (x->list) {
        struct overview *next = x->list->next;
        drop(x->list);
        x->list = next;
    }
    pthread_cond_destroy(&x->asked);
    pthread_cond_destroy(&x->made);
    pthread_mutex_destroy(&x->lock);
    mem_free(x);
}
