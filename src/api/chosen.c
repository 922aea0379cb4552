/* chosen.c - a few sets, the one used longest ago goes first; counted, since a call may hold one
 * that is no longer kept.
 *
 * An expression with "within" changes with the clock, so a set serves first pages for FRESH_MS
 * only; a cursor names the seq of its set, and gets it for as long as it is there. */
#include "api/chosen.h"

#include <pthread.h>

#include "api/asking.h"
#include "api/internal.h"
#include "insight/select.h"
#include "people/numbering.h"

#define SETS 16
#define FRESH_MS 5000
#define STILL_MS 60000 /* of counts, while nothing comes */

struct chosen {
    struct brand *brand; /* NULL = free */
    struct str filter;   /* own copy */
    uint64_t seq;        /* of the newest event seen */
    uint64_t stamp;      /* people_stamp() */
    int64_t made_at, used_at;
    struct idset set;
    int refs; /* the cache's, and one a call */
};

/* How many of a brand's members there are. */
struct stock {
    struct brand *brand;
    uint64_t seq; /* of the newest event when it was counted */
    uint64_t stamp;
    int64_t made_at;
    bool counting; /* somebody counts anew */
    uint64_t counts[STAGE_COUNT + 1];
};

struct chosen_cache {
    pthread_mutex_t lock;
    struct chosen *sets[SETS]; /* NULL = free */
    VEC(struct stock) stocks;
};

struct chosen_cache *chosen_create(void)
{
    struct chosen_cache *x = mem_alloc(sizeof(*x));
    pthread_mutex_init(&x->lock, NULL);
    return x;
}

static void unref(struct chosen *s)
{
    if (!s || --s->refs > 0) return;
    idset_finish(&s->set);
    mem_free(s);
}

void chosen_destroy(struct chosen_cache *x)
{
    if (!x) return;
    for (size_t i = 0; i < SETS; i++)
        unref(x->sets[i]);
    VEC_FINISH(&x->stocks);
    pthread_mutex_destroy(&x->lock);
    mem_free(x);
}

/* ---- a call's hold on a set ---- */

struct hold {
    struct chosen_cache *cache;
    struct chosen *set;
};

static void let_go(void *arg)
{
    struct hold *h = arg;
    pthread_mutex_lock(&h->cache->lock);
    unref(h->set);
    pthread_mutex_unlock(&h->cache->lock);
}

/* Under the lock. */
static void hold(struct call *c, struct chosen *s)
{
    struct hold *h = arena_alloc(c->arena, sizeof(*h));
    *h = (struct hold){c->api->chosen, s};
    s->refs++;
    arena_defer(c->arena, let_go, h);
}

static struct chosen *find(struct call *c, struct str filter, uint64_t seq, int64_t now)
{
    struct chosen_cache *x = c->api->chosen;
    for (size_t i = 0; i < SETS; i++) {
        struct chosen *s = x->sets[i];
        if (!s || s->brand != c->brand || !str_eq(s->filter, filter)) continue;
        bool fresh = now - s->made_at < FRESH_MS && s->stamp == people_stamp(c->brand);
        bool fits = seq ? s->seq == seq : fresh;
        if (fits) return s;
    }
    return NULL;
}

static void keep(struct chosen_cache *x, struct chosen *s)
{
    size_t place = 0;
    for (size_t i = 0; i < SETS; i++) {
        if (!x->sets[i]) {
            place = i;
            break;
        }
        if (x->sets[i]->used_at < x->sets[place]->used_at) place = i;
    }
    unref(x->sets[place]);
    x->sets[place] = s;
    s->refs++;
}

static enum err make(struct call *c, struct str filter, struct chosen **out, struct why *why)
{
    struct asking asking;
    struct idset set = {0};
    uint64_t stamp = people_stamp(c->brand);
    asking_begin(&asking, c->brand, call_lang(c), c->budget);
    uint64_t seq = asking.snapshot->seq;
    enum err err = insight_select(&asking.in, filter, "filter", &set, why);
    asking_end(&asking);
    if (err != ERR_OK) return err;
    struct chosen *s = mem_alloc(sizeof(*s) + filter.len);
    if (filter.len) memcpy(s + 1, filter.p, filter.len);
    *s = (struct chosen){.brand = c->brand,
                         .filter = {(const char *)(s + 1), filter.len},
                         .seq = seq,
                         .stamp = stamp,
                         .made_at = env_now(brand_env(c->brand)),
                         .set = set};
    *out = s;
    return ERR_OK;
}

enum err chosen_get(struct call *c, struct str filter, uint64_t seq, const struct idset **out,
                    uint64_t *as_of, struct why *why)
{
    struct chosen_cache *x = c->api->chosen;
    int64_t now = env_now(brand_env(c->brand));
    filter = str_trim(filter);
    pthread_mutex_lock(&x->lock);
    struct chosen *s = find(c, filter, seq, now);
    if (s) hold(c, s);
    pthread_mutex_unlock(&x->lock);
    if (!s) {
        TRY(make(c, filter, &s, why));
        pthread_mutex_lock(&x->lock);
        s->used_at = now;
        keep(x, s);
        hold(c, s);
        pthread_mutex_unlock(&x->lock);
    }
    *out = &s->set;
    *as_of = s->seq;
    return ERR_OK;
}

/* ---- how many there are ---- */

static struct stock *find_stock(struct chosen_cache *x, const struct brand *b)
{
    for (size_t i = 0; i < x->stocks.count; i++) {
        if (x->stocks.items[i].brand == b) return &x->stocks.items[i];
    }
    return NULL;
}

/* Counted a moment ago, or nothing came since; or somebody is at it. */
static bool is_good(const struct stock *s, const struct stock *asked)
{
    uint64_t seq = asked->seq;
    int64_t age = asked->made_at - s->made_at;
    if (s->stamp != asked->stamp) return false;
    return s->counting || age < FRESH_MS || (s->seq == seq && age < STILL_MS);
}

static void keep_stock(struct chosen_cache *x, const struct stock *new)
{
    struct stock *s = find_stock(x, new->brand);
    if (s) {
        *s = *new;
    } else {
        VEC_PUSH(&x->stocks, *new);
    }
}

enum err chosen_stock(struct call *c, struct sql *db, uint64_t counts[STAGE_COUNT + 1],
                      struct why *why)
{
    struct chosen_cache *x = c->api->chosen;
    struct stock new = {.brand = c->brand,
                        .seq = brand_stats(c->brand).seq,
                        .stamp = people_stamp(c->brand),
                        .made_at = env_now(brand_env(c->brand))};
    pthread_mutex_lock(&x->lock);
    struct stock *old = find_stock(x, c->brand);
    bool good = old && is_good(old, &new);
    if (good) memcpy(counts, old->counts, sizeof(old->counts));
    if (old && !good) old->counting = true;
    pthread_mutex_unlock(&x->lock);
    if (good) return ERR_OK;
    enum err err = look_count(db, new.counts);
    pthread_mutex_lock(&x->lock);
    old = find_stock(x, c->brand);
    if (old) old->counting = false;
    if (err == ERR_OK) keep_stock(x, &new);
    pthread_mutex_unlock(&x->lock);
    if (err != ERR_OK) return why_fail(why, err, MSG_INTERNAL, "", NULL);
    memcpy(counts, new.counts, sizeof(new.counts));
    return ERR_OK;
}
