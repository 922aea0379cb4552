/* build.c - segments made by one scan over the log, beside the keeper.
 *
 * The scan sees a snapshot of its beginning; the keeper notes whom it looks at meanwhile (since),
 * and looks at them again by the new definition once the result is in its place. */
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "segments/internal.h"

#define NICENESS 5

/* ---- a scan of all members ---- */

struct finding {
    roaring_bitmap_t **members; /* [count] */
    VEC(struct due) dues;
};

struct scanning {
    size_t count; /* expressions */
    struct finding of[LIMIT_QUERY_WORKERS];
};

static void note(void *ctx, int worker, uint32_t member, const uint8_t *answers, int64_t due)
{
    struct scanning *s = ctx;
    struct finding *f = &s->of[worker];
    for (size_t i = 0; i < s->count; i++) {
        if (answers[i]) roaring_bitmap_add(f->members[i], member);
    }
    if (due != TIME_NONE) VEC_PUSH(&f->dues, ((struct due){due, member}));
}

static int worker_count(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (cores < 1) return 1;
    return cores > LIMIT_QUERY_WORKERS ? LIMIT_QUERY_WORKERS : (int)cores;
}

/* Put what a worker has found to the rest, and give it back. */
static void gather(struct membership *m, struct finding *f)
{
    for (size_t i = 0; i < m->count; i++) {
        roaring_bitmap_or_inplace(m->members[i], f->members[i]);
        roaring_bitmap_free(f->members[i]);
    }
    for (size_t i = 0; i < f->dues.count; i++)
        VEC_PUSH(&m->dues, f->dues.items[i]);
    mem_free(f->members);
    VEC_FINISH(&f->dues);
}

static roaring_bitmap_t **bitmaps(size_t count)
{
    roaring_bitmap_t **list = mem_alloc_array(count + 1, sizeof(roaring_bitmap_t *));
    for (size_t i = 0; i < count; i++)
        list[i] = roaring_bitmap_create();
    return list;
}

enum err membership_scan(struct panel *p, const struct snapshot *s, struct budget *budget,
                         struct membership **out, struct why *why)
{
    struct scanning scanning = {.count = panel_count(p)};
    int workers = worker_count();
    const struct panel_scan scan = {
        .snapshot = s, .workers = workers, .budget = budget, .fn = note, .ctx = &scanning};
    for (int i = 0; i < workers; i++)
        scanning.of[i].members = bitmaps(scanning.count);
    enum err err = panel_scan(p, &scan, why);
    struct membership *m = mem_alloc(sizeof(*m));
    m->count = scanning.count;
    m->members = bitmaps(m->count);
    for (int i = 0; i < workers; i++)
        gather(m, &scanning.of[i]);
    if (err == ERR_OK) {
        *out = m;
    } else {
        membership_destroy(m);
    }
    return err;
}

void membership_destroy(struct membership *m)
{
    if (!m) return;
    for (size_t i = 0; i < m->count; i++)
        roaring_bitmap_free(m->members[i]);
    mem_free(m->members);
    VEC_FINISH(&m->dues);
    mem_free(m);
}

/* ---- beside the keeper ---- */

bool build_wanted(const struct room *r)
{
    for (size_t i = 0; i < r->lives.count; i++) {
        const struct live *l = r->lives.items[i];
        if (!l->list && !l->broken && live_is_building(l)) return true;
    }
    return false;
}

static void *builder(void *arg)
{
    struct build *b = arg;
    struct why why;
    struct room *r = b->room;
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICENESS); /* what comes in goes first */
    b->err = membership_scan(b->panel, b->snapshot, &b->budget, &b->found, &why);
    pthread_mutex_lock(&r->lock);
    b->done = true;
    pthread_cond_signal(&r->wake);
    pthread_mutex_unlock(&r->lock);
    return NULL;
}

static void destroy(struct build *b)
{
    membership_destroy(b->found);
    panel_destroy(b->panel);
    brand_snapshot_release(b->snapshot);
    mem_free(b->ids);
    mem_free(b);
}

void build_begin(struct room *r, bool all)
{
    fill_cancel(r); /* it would be of other expressions */
    struct build *b = mem_alloc(sizeof(*b));
    struct str *texts = mem_alloc_array(r->lives.count + 1, sizeof(*texts));
    b->room = r;
    b->all = all;
    b->ids = mem_alloc_array(r->lives.count + 1, sizeof(*b->ids));
    for (size_t i = 0; i < r->lives.count; i++) {
        const struct live *l = r->lives.items[i];
        if (l->list || l->broken || !(all || live_is_building(l))) continue;
        b->ids[b->count] = l->id;
        texts[b->count++] = str_of(l->expr);
    }
    b->panel = panel_create(r->brand, texts, b->count);
    mem_free(texts);
    panel_set_now(b->panel, env_now(brand_env(r->brand)));
    b->snapshot = brand_snapshot(r->brand);
    b->budget.bytes_left = SIZE_MAX / 2;
    b->began_ns = env_mono_ns(brand_env(r->brand));
    roaring_bitmap_clear(r->since);
    if (pthread_create(&b->thread, NULL, builder, b) == 0) {
        r->build = b;
        return;
    }
    log_error("segments", "no_builder", "slug=%s", brand_slug(r->brand));
    destroy(b);
}

/* Members of 'l' from now on. Everything may differ from the rows. */
static void replace(struct room *r, struct live *l, roaring_bitmap_t **members, uint64_t basis)
{
    const struct segment_move move = {.reason = REASON_DEFINITION, .at = r->now};
    pthread_mutex_lock(&r->lock);
    bool same = l->basis == basis && roaring_bitmap_equals(l->members, *members);
    if (!same) {
        roaring_bitmap_t *old = l->members;
        uint64_t last = (uint64_t)roaring_bitmap_maximum(old) | roaring_bitmap_maximum(*members);
        l->members = *members;
        *members = old;
        l->basis = basis;
        l->made = true;
        l->moved_at = r->now;
        roaring_bitmap_add_range(l->dirty, 0, (last >> CHUNK_BITS) + 1);
        follow_tell(r, l, &move);
    }
    pthread_mutex_unlock(&r->lock);
}

static void install_dues(struct room *r, const struct build *b)
{
    for (size_t i = 0; i < b->found->dues.count; i++) {
        struct due d = b->found->dues.items[i];
        int64_t old = d.member < r->due.count ? r->due.items[d.member] : TIME_NONE;
        if (old != TIME_NONE && old <= d.at) continue;
        pthread_mutex_lock(&r->lock);
        room_set_due(r, d.member, d.at);
        pthread_mutex_unlock(&r->lock);
        due_push(r, d.member, d.at);
    }
}

/* Definitions may have changed again meanwhile: what was built for another is left. */
static void install(struct room *r, struct build *b)
{
    for (size_t i = 0; i < b->count; i++) {
        struct live *l = room_find_id(r, b->ids[i]);
        if (!l || l->list || l->wanted != panel_basis(b->panel, i)) continue;
        replace(r, l, &b->found->members[i], l->wanted);
    }
    install_dues(r, b);
}

void build_install(struct room *r, const struct snapshot *s)
{
    struct build *b = r->build;
    uint64_t now_ns = env_mono_ns(brand_env(r->brand));
    pthread_join(b->thread, NULL);
    r->build = NULL;
    room_tear(r, true);
    if (b->err == ERR_OK) {
        install(r, b);
    } else {
        log_warn("segments", "not_built", "slug=%s error=%s", brand_slug(r->brand),
                 err_code(b->err));
        pthread_mutex_lock(&r->lock);
        r->rescan = true;
        pthread_mutex_unlock(&r->lock);
    }
    r->scan_ns = now_ns - b->began_ns;
    r->scanned_ns = now_ns;
    destroy(b);
    size_t count = roaring_bitmap_get_cardinality(r->since);
    uint32_t *members = mem_alloc_array(count + 1, sizeof(*members));
    roaring_bitmap_to_uint32_array(r->since, members);
    follow_look(r, s, members, count, REASON_EVENT);
    follow_lists(r, s); /* a bulk load may have merged some */
    room_tear(r, false);
    mem_free(members);
}

void build_cancel(struct room *r)
{
    if (!r->build) return;
    atomic_store(&r->build->budget.cancel, true);
    pthread_join(r->build->thread, NULL);
    destroy(r->build);
    r->build = NULL;
}
