/* rebuild.c - the members' rows, folded again by new numbers on a thread of its own.
 *
 * One pass over a snapshot, outside of the writer; what it finds is handed to the writer in slices.
 * The writer takes a member's fold if nothing came since the snapshot; whoever something came of is
 * folded again by the ordinary write-back, since a row of another version is stale (member.c). What
 * is left behind the pass is marked so.
 *
 * Invariant: number_set.applied becomes 1 only when every row says the version. */
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "people/internal.h"

#define SLICE_MEMBERS 1000
#define AGAIN_MS 30000 /* until one that failed is tried again */
#define NICENESS 5
#define LEFT_MAX 10000 /* members that the write-back folds; more are left to another pass */
#define PASSES 3

struct found {
    uint32_t member;
    size_t at, len; /* in bytes */
};

struct rebuild {
    struct people *p;
    uint64_t version;
    struct fold_names names;
    struct arena *arena;
    struct refold_read read;
    struct fold *fold;
    struct budget budget;
    uint64_t seq;    /* of the snapshot */
    uint64_t voided; /* as of before it */
    /* the slice at hand */
    VEC(struct found) found;
    struct strbuf bytes;
    enum err err;
    struct why why;
    uint64_t left;  /* rows of another version */
    bool cancelled; /* by a newer version */
};

/* ---- on the writer ---- */

static bool is_current(const struct rebuild *r)
{
    return r->p->numbering.now.version == r->version && r->p->numbering.now.rebuilding;
}

/* The row's seq and timer; false: there is none to be written. */
static enum err read_row(const struct rebuild *r, struct tx *tx, struct member *m, bool *wanted)
{
    struct sql_stmt *s =
        sql_use(tx_sql(tx), "SELECT seq, due_at, numbers FROM member WHERE id = $1");
    sql_bind_int(s, 1, m->id);
    TRY(sql_step(s, wanted));
    if (!*wanted) return ERR_OK;
    m->seq = (uint64_t)sql_int(s, 0);
    m->armed_due = sql_is_null(s, 1) ? TIME_NONE : sql_int(s, 1);
    *wanted = (uint64_t)sql_int(s, 2) != r->version && m->seq <= r->seq;
    sql_reset(s);
    return ERR_OK;
}

static enum err take(struct rebuild *r, struct tx *tx, const struct found *f)
{
    struct people *p = r->p;
    uint64_t slot;
    bool wanted = true;
    struct member row = {.id = f->member, .fold = r->fold}, *m = &row;
    if (intmap_get(p->member_slots, f->member, &slot)) {
        m = p->members.items[slot];
        wanted = m->stale && m->seq <= r->seq;
    } else {
        TRY(read_row(r, tx, m, &wanted));
    }
    if (!wanted) return ERR_OK;
    if (!fold_decode(m->fold, &p->names.rules, (struct str){r->bytes.p + f->at, f->len}))
        return ERR_INTERNAL;
    m->stale = m->behind = false;
    m->persona = 0;
    return member_write(p, tx, m);
}

/* All that voids from here on comes after the snapshot, or is in it. */
static enum err run_begin(struct tx *tx, void *arg, struct why *why)
{
    struct rebuild *r = arg;
    (void)tx;
    (void)why;
    r->voided = r->p->numbering.voided;
    return ERR_OK;
}

static enum err run_slice(struct tx *tx, void *arg, struct why *why)
{
    struct rebuild *r = arg;
    r->cancelled = !is_current(r);
    if (r->voided != r->p->numbering.voided)
        return why_fail(why, ERR_CONFLICT, MSG_CHANGED_MEANWHILE, "", NULL);
    for (size_t i = 0; i < r->found.count && !r->cancelled; i++) {
        if (take(r, tx, &r->found.items[i]) != ERR_OK)
            return why_fail(why, ERR_STORE, MSG_INTERNAL, "", NULL);
    }
    return ERR_OK;
}

/* Load those whose rows are of another version: they are stale, and dirty from now on. */
static enum err run_left(struct tx *tx, void *arg, struct why *why)
{
    struct rebuild *r = arg;
    r->cancelled = !is_current(r);
    for (size_t i = 0; i < r->found.count && !r->cancelled; i++) {
        if (member_touch(r->p, tx_sql(tx), r->found.items[i].member) != ERR_OK)
            return why_fail(why, ERR_STORE, MSG_INTERNAL, "", NULL);
    }
    return ERR_OK;
}

static enum err run_applied(struct tx *tx, void *arg, struct why *why)
{
    struct rebuild *r = arg;
    r->cancelled = !is_current(r);
    if (r->cancelled) return ERR_OK;
    struct sql_stmt *s =
        sql_use(tx_sql(tx), "UPDATE number_set SET applied = 1 WHERE version = $1");
    sql_bind_int(s, 1, (int64_t)r->version);
    if (sql_run(s) != ERR_OK) return why_fail(why, ERR_STORE, MSG_INTERNAL, "", NULL);
    return ERR_OK;
}

/* ---- the pass ---- */

static bool give_slice(struct rebuild *r)
{
    if (r->found.count) r->err = brand_call(r->p->brand, run_slice, r, false, &r->why);
    pthread_mutex_lock(&r->p->numbering.lock);
    if (is_current(r)) r->p->numbering.now.done += r->found.count;
    pthread_mutex_unlock(&r->p->numbering.lock);
    VEC_RESET(&r->found);
    strbuf_reset(&r->bytes);
    return r->err == ERR_OK && !r->cancelled;
}

static bool fold_run(void *worker, const struct history *h)
{
    struct rebuild *r = worker;
    for (uint32_t i = 0; i < h->member_count; i++) {
        if (h->member[i] == 0) continue;
        refold_rows(&r->names, &r->read.columns, h, i, r->fold);
        struct found f = {.member = h->member[i], .at = r->bytes.len};
        fold_encode(r->fold, &r->bytes);
        f.len = r->bytes.len - f.at;
        VEC_PUSH(&r->found, f);
        if (r->found.count >= SLICE_MEMBERS && !give_slice(r)) return false;
    }
    return true;
}

static enum err pass(struct rebuild *r)
{
    struct scan scan = refold_scan_of(&r->read);
    void *worker = r;
    TRY(brand_call(r->p->brand, run_begin, r, false, &r->why));
    struct snapshot *s = brand_snapshot(r->p->brand);
    VEC_RESET(&r->found);
    strbuf_reset(&r->bytes);
    r->err = ERR_OK;
    r->seq = s->seq;
    enum err err = eventlog_scan(s, &scan, &worker, 1, fold_run, &r->budget, &r->why);
    brand_snapshot_release(s);
    if (err == ERR_OK && !r->cancelled) (void)give_slice(r);
    return r->err != ERR_OK ? r->err : err;
}

static enum err read_left(struct rebuild *r, struct sql *db)
{
    struct sql_stmt *s = sql_use(db, "SELECT id FROM member WHERE numbers <> $1 LIMIT $2");
    sql_bind_int(s, 1, (int64_t)r->version);
    sql_bind_int(s, 2, LEFT_MAX);
    VEC_RESET(&r->found);
    for (bool row = true;;) {
        TRY(sql_step(s, &row));
        if (!row) break;
        VEC_PUSH(&r->found, ((struct found){.member = (uint32_t)sql_int(s, 0)}));
    }
    r->left = r->found.count;
    return ERR_OK;
}

/* Rows that the pass has not brought: their members are left to the write-back. */
static enum err mend_left(struct rebuild *r)
{
    struct sql *db;
    TRY(brand_reader(r->p->brand, &db, &r->why));
    enum err err = read_left(r, db);
    sql_close(db);
    if (err == ERR_OK && r->left && r->left < LEFT_MAX) {
        err = brand_call(r->p->brand, run_left, r, false, &r->why);
        if (err == ERR_OK) err = brand_flush(r->p->brand, &r->why);
        r->left = 0;
    }
    VEC_RESET(&r->found);
    return err;
}

static enum err rebuild_all(struct rebuild *r)
{
    enum err err = ERR_OK;
    for (int i = 0; i < PASSES && err == ERR_OK && !r->cancelled; i++) {
        err = pass(r);
        r->left = err == ERR_CONFLICT; /* somebody was changed without an event: another pass */
        if (err == ERR_CONFLICT) {
            err = ERR_OK;
            continue;
        }
        if (err == ERR_OK && !r->cancelled) err = mend_left(r);
        if (r->left == 0) break;
    }
    if (err == ERR_OK && r->left) return ERR_BUSY;
    if (err == ERR_OK && !r->cancelled)
        err = brand_call(r->p->brand, run_applied, r, false, &r->why);
    return err;
}

/* ---- the thread ---- */

/* False: the numbers have changed meanwhile, so that it begins anew. */
static bool end(struct rebuild *r, enum err err)
{
    struct numbering_state *n = &r->p->numbering;
    pthread_mutex_lock(&n->lock);
    bool over = n->now.version == r->version || n->closing;
    if (over) {
        bool done = err == ERR_OK && !r->cancelled;
        if (done) n->now.rebuilding = false;
        n->failed = !done;
        n->finished = true;
        pthread_cond_broadcast(&n->settled);
    }
    pthread_mutex_unlock(&n->lock);
    people_restamp(r->p->brand);
    if (over && err != ERR_OK && err != ERR_CANCELLED && err != ERR_UNAVAILABLE)
        log_warn("people", "not_rebuilt", "slug=%s error=%s", brand_slug(r->p->brand),
                 err_code(err));
    return over;
}

uint64_t people_count(struct brand *b)
{
    bool row;
    struct why why;
    struct sql *db;
    uint64_t count = 0;
    if (brand_reader(b, &db, &why) != ERR_OK) return 0;
    struct sql_stmt *s = sql_use(db, "SELECT COUNT(*) FROM member");
    if (sql_step(s, &row) == ERR_OK && row) count = (uint64_t)sql_int(s, 0);
    sql_reset(s);
    sql_close(db);
    return count;
}

/* By the newest numbers. */
static void prepare(struct rebuild *r)
{
    struct numbering_state *n = &r->p->numbering;
    uint64_t total = people_count(r->p->brand);
    arena_reset(r->arena);
    pthread_mutex_lock(&n->lock);
    r->version = n->now.version;
    n->now.done = 0;
    n->now.total = total;
    atomic_store(&r->budget.cancel, n->closing);
    pthread_mutex_unlock(&n->lock);
    people_fold_names(r->p->brand, r->arena, &r->names);
    r->read = refold_reading(r->p->brand, &r->names);
    r->cancelled = false;
    r->left = 0;
    r->err = ERR_OK;
}

static void *rebuilder(void *arg)
{
    struct rebuild *r = arg;
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICENESS); /* what comes in goes first */
    r->arena = arena_create(0);
    r->fold = fold_create();
    do {
        prepare(r);
    } while (!end(r, rebuild_all(r)));
    fold_destroy(r->fold);
    VEC_FINISH(&r->found);
    strbuf_finish(&r->bytes);
    arena_destroy(r->arena);
    return NULL;
}

static void join(struct numbering_state *n)
{
    if (n->started) pthread_join(n->thread, NULL);
    mem_free(n->rebuild);
    n->rebuild = NULL;
    n->started = false;
}

/* One that is at work begins anew when it sees that the numbers have changed. */
static void start(struct people *p)
{
    struct numbering_state *n = &p->numbering;
    pthread_mutex_lock(&n->lock);
    bool busy = n->started && !n->finished;
    if (busy && n->rebuild->version != n->now.version)
        atomic_store(&n->rebuild->budget.cancel, true);
    pthread_mutex_unlock(&n->lock);
    if (busy) return;
    join(n);
    struct rebuild *r = mem_alloc(sizeof(*r));
    *r = (struct rebuild){.p = p, .version = n->now.version};
    r->budget.bytes_left = SIZE_MAX / 2;
    pthread_mutex_lock(&n->lock);
    n->finished = n->failed = false;
    n->rebuild = r;
    n->started = pthread_create(&n->thread, NULL, rebuilder, r) == 0;
    pthread_mutex_unlock(&n->lock);
    if (!n->started) log_error("people", "no_rebuild", "slug=%s", brand_slug(p->brand));
}

void rebuild_begin(struct people *p)
{
    if (p->numbering.wants_rebuild) start(p);
    p->numbering.wants_rebuild = false;
}

enum err rebuild_due(struct people *p, struct tx *tx)
{
    struct numbering_state *n = &p->numbering;
    pthread_mutex_lock(&n->lock);
    bool wanted = n->now.rebuilding;
    pthread_mutex_unlock(&n->lock);
    if (!wanted) return ERR_OK;
    start(p);
    return timer_set(tx, &people_module, TIMER_NUMBERS, 0, tx_now(tx) + AGAIN_MS);
}

void rebuild_free(struct people *p)
{
    struct numbering_state *n = &p->numbering;
    pthread_mutex_lock(&n->lock);
    n->closing = true;
    if (n->rebuild) atomic_store(&n->rebuild->budget.cancel, true);
    pthread_mutex_unlock(&n->lock);
    join(n);
}

void numbering_settle(struct brand *b)
{
    struct people *p = brand_module_state(b, &people_module);
    struct numbering_state *n = &p->numbering;
    pthread_mutex_lock(&n->lock);
    while (n->now.rebuilding && !n->failed)
        pthread_cond_wait(&n->settled, &n->lock);
    pthread_mutex_unlock(&n->lock);
}
