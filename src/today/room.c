/* room.c - the room's seat at the writer's table: it tells the maker what was committed, and when
 * the hour has come. */
#include "base/log.h"
#include "today/internal.h"

static struct room *room_create(struct brand *b)
{
    struct room *r = mem_alloc(sizeof(*r));
    r->brand = b;
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->wake, NULL);
    pthread_cond_init(&r->settled, NULL);
    r->touched = roaring_bitmap_create();
    r->budget.bytes_left = SIZE_MAX / 2;
    return r;
}

static void room_destroy(struct room *r)
{
    VEC_FINISH(&r->pending);
    VEC_FINISH(&r->kinds);
    VEC_FINISH(&r->due);
    roaring_bitmap_free(r->touched);
    pthread_cond_destroy(&r->wake);
    pthread_cond_destroy(&r->settled);
    pthread_mutex_destroy(&r->lock);
    mem_free(r);
}

static enum err room_open(struct tx *tx, void **state, struct why *why)
{
    struct room *r = room_create(tx_brand(tx));
    int32_t last_day;
    (void)why;
    *state = r;
    r->seq_seen = brand_stats(r->brand).seq;
    TRY(store_last_day(tx_sql(tx), &last_day));
    if (last_day == INT32_MIN) return ERR_OK;
    r->wanted = true; /* the hour may have passed while it was closed */
    r->woken = true;
    return store_set_timer(tx); /* should its row be lost */
}

static void room_close(void *state)
{
    struct room *r = state;
    maker_stop(r);
    room_destroy(r);
}

static enum err room_on_event(struct tx *tx, void *state, const struct event *ev, uint64_t seq)
{
    struct room *r = state;
    (void)seq;
    if (tx_replaying(tx)) return ERR_OK;
    if (!atomic_load(&r->watching)) return ERR_OK;
    VEC_PUSH(&r->pending, ((struct touched){ev->persona, ev->kind}));
    r->noted++;
    return ERR_OK;
}

static enum err room_on_timer(struct tx *tx, void *state, const struct timer *t)
{
    struct room *r = state;
    (void)t;
    r->woken = true;
    return store_set_timer(tx);
}

/* Under the lock. */
static void hand_over(struct room *r)
{
    for (size_t i = 0; i < r->pending.count; i++) {
        const struct touched *t = &r->pending.items[i];
        /* a kind that is new may be one that a rule waits for: looking tells */
        bool reads = t->kind >= r->kinds.count || r->kinds.items[t->kind];
        if (t->persona && reads) roaring_bitmap_add(r->touched, t->persona);
    }
}

static void room_on_visible(void *state)
{
    struct room *r = state;
    uint64_t seq = brand_stats(r->brand).seq;
    bool watching = atomic_load(&r->watching);
    /* what was not noted: a load, or what came just before it began to watch */
    bool missed = seq != r->seq_seen + r->noted;
    if (r->woken || (watching && (missed || r->pending.count))) {
        pthread_mutex_lock(&r->lock);
        if (watching) hand_over(r);
        r->anew |= (watching && missed) || r->woken;
        r->wanted |= r->woken;
        pthread_mutex_unlock(&r->lock);
    }
    if (r->woken && maker_start(r) != ERR_OK)
        log_error("today", "no_maker", "slug=%s", brand_slug(r->brand));
    r->woken = false;
    r->seq_seen = seq;
    r->noted = 0;
    VEC_RESET(&r->pending);
}

static void room_on_rollback(void *state)
{
    struct room *r = state;
    VEC_RESET(&r->pending);
    r->noted = 0;
    r->woken = false;
}

static enum err room_on_erase(struct tx *tx, void *state, struct erasure *e)
{
    (void)state;
    return erasure_take(tx, e, "today_item",
                        "DELETE FROM today_item WHERE persona = $1 RETURNING 1");
}

const struct module today_module = {
    .name = "today",
    .migrations = today_migrations,
    .open = room_open,
    .close = room_close,
    .on_event = room_on_event,
    .on_timer = room_on_timer,
    .on_visible = room_on_visible,
    .on_erase = room_on_erase,
    .on_rollback = room_on_rollback,
};
