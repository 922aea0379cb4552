/* writer.c - the one thread that changes a brand.
 *
 * A loop: wait for commands, a due timer or rows to write back; take everything queued (never
 * waiting for more); one transaction; one commit; then the answers. A command that fails has
 * changed nothing and the batch goes on. A failure of the store is fatal for the batch: it is
 * rolled back and its commands run again one by one, so that only the guilty one fails. A failed
 * commit of a single command whose outcome is unknown, and a failed sync, poison the brand: nothing
 * is accepted after it.
 *
 * Write-back: a round begins ROUND_MS after the first change, or when the tail is to be sealed,
 * notes the seq, and writes slices of changed rows with later batches; with the last slice
 * folded_seq moves to the noted seq. A slice has SLICE_ROWS rows, or as many as its batch has
 * events: an event changes one member, so a round never needs more events than the one before it.
 * Of a large batch it has twice as many, so that the tail can be sealed soon. Not of a small one:
 * what a single event waits for is two batches in a row, and a row takes longer than an event. */
#include <assert.h>

#include "base/log.h"
#include "base/wait.h"
#include "brand/internal.h"

#define ROUND_MS 2000
#define SLICE_ROWS 64   /* of a batch without events */
#define SLICE_LEAST 16  /* of any */
#define SLICE_SMALL 256 /* events of a batch that takes no more rows than it has events */
#define IDLE_MS 1000
#define CHECKPOINT_PAGES 4000

struct brand *tx_brand(struct tx *tx)
{
    return tx->brand;
}

struct sql *tx_sql(struct tx *tx)
{
    return tx->brand->db;
}

int64_t tx_now(const struct tx *tx)
{
    return tx->now;
}

struct arena *tx_arena(struct tx *tx)
{
    return tx->arena;
}

bool tx_replaying(const struct tx *tx)
{
    return tx->replaying;
}

const struct event *tx_events(const struct tx *tx, size_t *count)
{
    *count = tx->events.count;
    return tx->events.items;
}

uint64_t tx_seq(const struct tx *tx)
{
    return tx->brand->log.seq + tx->events.count + tx->bulk_rows;
}

const struct said *tx_said(const struct tx *tx)
{
    return tx->said;
}

/* Errors after which the SQL transaction cannot go on. */
static bool is_fatal(enum err err)
{
    return err == ERR_STORE || err == ERR_IO || err == ERR_NO_SPACE || err == ERR_CORRUPT ||
           err == ERR_INTERNAL || err == ERR_UNAVAILABLE || err == ERR_LOCKED;
}

static enum err to_rooms(struct tx *tx, const struct event *ev, uint64_t seq)
{
    struct brand *b = tx->brand;
    for (int i = 0; i < b->module_count; i++) {
        if (b->modules[i]->on_event) TRY(b->modules[i]->on_event(tx, b->states[i], ev, seq));
    }
    return ERR_OK;
}

static enum err tell_said(struct tx *tx, const struct event *ev, uint64_t seq,
                          const struct said *said)
{
    struct brand *b = tx->brand;
    for (int i = 0; i < b->module_count; i++) {
        if (b->modules[i]->on_said) TRY(b->modules[i]->on_said(tx, b->states[i], ev, seq, said));
    }
    return ERR_OK;
}

static enum err failed(struct tx *tx, enum err err, struct why *why)
{
    tx->fatal = err;
    return why_fail(why, err, MSG_INTERNAL, "", NULL);
}

enum err tx_emit_said(struct tx *tx, const struct event *ev, const struct said *said,
                      struct why *why)
{
    if (tx->replaying) return ERR_OK;
    assert(tx->bulk_rows == 0); /* a block comes before the parts made in its batch */
    /* rooms may emit further events, which take the seqs before this one's, and say nothing */
    const struct said *outer = tx->said;
    tx->said = said;
    enum err err = to_rooms(tx, ev, tx_seq(tx) + 1);
    tx->said = outer;
    if (err == ERR_OK && said) err = tell_said(tx, ev, tx_seq(tx) + 1, said);
    if (err != ERR_OK) return failed(tx, err, why);
    VEC_PUSH(&tx->events, *ev);
    return ERR_OK;
}

enum err tx_emit(struct tx *tx, const struct event *ev, struct why *why)
{
    return tx_emit_said(tx, ev, NULL, why);
}

enum err tx_bulk_said(struct tx *tx, const struct event *ev, uint64_t seq, const struct said *said,
                      struct why *why)
{
    assert(seq <= tx_seq(tx));
    enum err err = tell_said(tx, ev, seq, said);
    return err == ERR_OK ? ERR_OK : failed(tx, err, why);
}

void tx_discard(struct tx *tx)
{
    tx->discard = true;
}

struct hash128 brand_event_id(const struct brand *b, struct str sender_id)
{
    return hash_keyed(b->dedupe_key, sender_id.p, sender_id.len);
}

enum err tx_dedupe(struct tx *tx, struct hash128 id, bool *seen, struct why *why)
{
    struct brand *b = tx->brand;
    TRY(dedupe_seen(b->log.dedupe, id, seen, why));
    if (*seen) {
        b->counters.duplicates++;
        return ERR_OK;
    }
    dedupe_add(b->log.dedupe, id, tx_seq(tx) + 1);
    VEC_PUSH(&tx->ids, id);
    return ERR_OK;
}

/* ---- write-back ---- */

/* One slice over all rooms; *clean when the round has nothing left. */
static enum err flush_slice(struct tx *tx, size_t rows_max, bool *clean)
{
    struct brand *b = tx->brand;
    *clean = true;
    for (int i = 0; i < b->module_count; i++) {
        if (!b->modules[i]->on_flush) continue;
        bool done = true;
        TRY(b->modules[i]->on_flush(tx, b->states[i], rows_max, &done));
        *clean &= done;
    }
    return ERR_OK;
}

static enum err end_round(struct tx *tx, uint64_t seq)
{
    struct brand *b = tx->brand;
    if (seq > b->log.folded_seq) TRY(log_set_mark(b->db, "folded", seq));
    return ERR_OK;
}

void flush_begin(struct tx *tx)
{
    struct brand *b = tx->brand;
    if (b->round_began_at) return;
    b->round_began_at = tx->now;
    b->round_seq = b->log.seq;
    b->dirty_since = 0;
}

static enum err flush_some(struct tx *tx)
{
    struct brand *b = tx->brand;
    if (!b->round_began_at && (!b->dirty_since || tx->now - b->dirty_since < ROUND_MS))
        return ERR_OK;
    flush_begin(tx);
    bool clean;
    size_t events = tx->events.count;
    size_t rows = events + (events > SLICE_SMALL ? events - SLICE_SMALL : 0);
    if (rows < SLICE_LEAST) rows = events ? SLICE_LEAST : SLICE_ROWS;
    TRY(flush_slice(tx, rows, &clean));
    if (!clean) return ERR_OK;
    TRY(end_round(tx, b->round_seq));
    b->round_began_at = 0;
    return ERR_OK;
}

enum err flush_all(struct tx *tx)
{
    struct brand *b = tx->brand;
    uint64_t seq = b->log.seq;
    /* the first pass may finish a round under way, the second covers everything */
    for (int pass = 0; pass < 2; pass++) {
        for (bool clean = false; !clean;)
            TRY(flush_slice(tx, SIZE_MAX, &clean));
    }
    TRY(end_round(tx, seq));
    b->round_seq = seq;
    b->round_began_at = b->dirty_since = 0;
    return ERR_OK;
}

enum err tx_flush(struct tx *tx, struct why *why)
{
    enum err err = flush_all(tx);
    return err == ERR_OK ? ERR_OK : why_fail(why, err, MSG_INTERNAL, "", NULL);
}

/* ---- one batch ---- */

static enum err begin(struct tx *tx)
{
    tx->now = env_now(tx->brand->env);
    tx->fatal = ERR_OK;
    tx->discard = false;
    tx->said = NULL;
    TRY(sql_begin(tx->brand->db));
    tx->began = true;
    return ERR_OK;
}

static void clear(struct tx *tx)
{
    VEC_RESET(&tx->events);
    VEC_RESET(&tx->ids);
    tx->bulk_rows = 0;
    tx->began = false;
    arena_reset(tx->arena);
}

/* The rooms have forgotten what they held in memory, committed events not yet in rows included. */
static void refold(struct tx *tx)
{
    tx->replaying = true;
    enum err err = brand_refold(tx);
    tx->replaying = false;
    arena_reset(tx->arena);
    if (err == ERR_OK) return;
    log_error("brand", "refold_failed", "error=%s", err_code(err));
    tx->brand->poisoned = true;
}

static void roll_back(struct tx *tx)
{
    struct brand *b = tx->brand;
    if (tx->began) sql_rollback(b->db);
    log_forget(tx);
    for (int i = 0; i < b->module_count; i++) {
        if (b->modules[i]->on_rollback) b->modules[i]->on_rollback(b->states[i]);
    }
    if (tx->discard) registry_forget(&b->registry);
    b->round_began_at = 0;
    b->round_seq = b->log.folded_seq;
    if (!b->dirty_since) b->dirty_since = tx->now;
    b->due_known = false;
    b->counters.rolled_back++;
    clear(tx);
    refold(tx);
}

static enum err commit(struct tx *tx)
{
    struct brand *b = tx->brand;
    uint64_t folded = b->log.folded_seq;
    for (int i = 0; i < b->module_count; i++) {
        if (b->modules[i]->on_prepare) TRY(b->modules[i]->on_prepare(tx, b->states[i]));
    }
    TRY(registry_save(&b->registry, b->db));
    TRY(log_append(tx));
    TRY(sql_commit(b->db));
    registry_saved(&b->registry);
    for (int i = 0; i < b->module_count; i++) {
        if (b->modules[i]->on_commit) b->modules[i]->on_commit(b->states[i]);
    }
    if (!b->round_began_at && b->round_seq > folded) b->log.folded_seq = b->round_seq;
    if (tx->events.count && !b->dirty_since) b->dirty_since = tx->now;
    bool touched = past_is_touched(tx);
    log_publish(tx);
    if (touched) past_mark(b);
    for (int i = 0; i < b->module_count; i++) {
        if (b->modules[i]->on_visible) b->modules[i]->on_visible(b->states[i]);
    }
    b->counters.commits++;
    clear(tx);
    return ERR_OK;
}

static void run_one(struct tx *tx, struct command *c)
{
    c->why = (struct why){0};
    c->err = c->run(tx, c->arg, &c->why);
    if (c->err != ERR_OK && (is_fatal(c->err) || tx->fatal)) tx->fatal = c->err;
}

/* Run a list of commands in one transaction; false when it was rolled back. */
static bool run_together(struct tx *tx, struct command *list)
{
    const struct brand *b = tx->brand;
    enum err err = begin(tx);
    for (struct command *c = list; c && err == ERR_OK; c = c->next) {
        run_one(tx, c);
        err = tx->fatal;
    }
    if (err == ERR_OK && tx->discard) {
        roll_back(tx);
        return true;
    }
    if (err == ERR_OK && tx->bulk_rows == 0) err = timers_run(tx); /* they may emit */
    for (int i = 0; i < b->module_count && err == ERR_OK; i++) {
        if (b->modules[i]->on_gathered) b->modules[i]->on_gathered(b->states[i]);
    }
    if (err == ERR_OK) err = flush_some(tx);
    if (err == ERR_OK) err = commit(tx);
    if (err == ERR_OK) return true;
    log_warn("brand", "batch_rolled_back", "error=%s", err_code(err));
    if (err == ERR_IO) tx->brand->poisoned = true; /* a failed sync is final */
    tx->fatal = err;
    roll_back(tx);
    return false;
}

static void answer(struct brand *b, struct command *list)
{
    while (list) {
        struct command *next = list->next;
        b->counters.commands++;
        if (list->done) list->done(list->arg, list->err, &list->why);
        list = next;
    }
}

static void run_batch(struct brand *b, struct command *list)
{
    if (!b->poisoned && run_together(&b->tx, list)) {
        b->quiet_until = 0;
        answer(b, list);
        return;
    }
    if (!list) b->quiet_until = env_now(b->env) + ROUND_MS; /* no hurry to fail again */
    while (list) {
        struct command *c = list;
        list = c->next;
        c->next = NULL;
        if (b->poisoned) {
            c->err = why_fail(&c->why, ERR_UNAVAILABLE, MSG_STOPPING, "", NULL);
        } else if (!run_together(&b->tx, c) && c->err == ERR_OK) {
            c->err = why_fail(&c->why, b->tx.fatal, MSG_INTERNAL, "", NULL);
        }
        answer(b, c);
    }
}

/* ---- the queue ---- */

/* How long the writer may sleep, ms. */
static int64_t sleep_ms(struct brand *b)
{
    int64_t now = env_now(b->env), ms = IDLE_MS, due = timers_next_due(b);
    if (b->quiet_until > now) return ms;
    if (b->round_began_at) return 0;
    if (b->dirty_since && b->dirty_since + ROUND_MS - now < ms)
        ms = b->dirty_since + ROUND_MS - now;
    if (due != TIME_NONE && due - now < ms) ms = due - now;
    return ms < 0 ? 0 : ms;
}

static void wait_for_work(struct brand *b)
{
    struct queue *q = &b->queue;
    if (queue_first(q, queue_is_held(b)) || q->stopping) return;
    pthread_mutex_unlock(&q->lock);
    int64_t ms = sleep_ms(b);
    pthread_mutex_lock(&q->lock);
    if (ms == 0 || queue_first(q, queue_is_held(b)) || q->stopping) return;
    wait_ms(&q->wake, &q->lock, ms);
}

static bool wants_quiet_batch(struct brand *b)
{
    int64_t now = env_now(b->env), due = timers_next_due(b);
    if (b->quiet_until > now || b->poisoned) return false;
    return b->round_began_at || (b->dirty_since && now - b->dirty_since >= ROUND_MS) ||
           (due != TIME_NONE && due <= now);
}

/* When nothing was asked for a while, what loads and questions freed goes back to the system. */
static void give_back(struct brand *b)
{
    uint64_t activity = b->counters.commands + b->counters.snapshots;
    bool quiet = activity == b->activity;
    if (quiet && b->trim_due) mem_trim();
    b->trim_due = !quiet;
    b->activity = activity;
}

static void checkpoint(struct brand *b)
{
    enum err err =
        b->wal_due ? sql_checkpoint(b->db, 0) : sql_checkpoint_beside(b->db, CHECKPOINT_PAGES);
    if (err == ERR_OK) b->wal_due = false;
    if (err == ERR_IO) b->poisoned = true; /* what was moved may be on no disk: the WAL has it */
    if (err != ERR_OK && err != ERR_BUSY)
        log_warn("brand", "checkpoint_failed", "error=%s", err_code(err));
}

static void *writer(void *arg)
{
    struct brand *b = arg;
    struct queue *q = &b->queue;
    pthread_mutex_lock(&q->lock);
    for (;;) {
        wait_for_work(b);
        struct command *list = queue_take(q, queue_is_held(b));
        if (!list && q->stopping) break;
        pthread_mutex_unlock(&q->lock);
        if (list || wants_quiet_batch(b)) run_batch(b, list);
        checkpoint(b);
        b->counters.wal_pages = (uint64_t)sql_wal_pages(b->db);
        if (!list && sql_alive(b->db) != ERR_OK) b->poisoned = true;
        if (!list) give_back(b);
        if (tail_count(b->log.tail) >= TIERS_SEAL_ROWS) compactor_wake(b);
        pthread_mutex_lock(&q->lock);
    }
    pthread_mutex_unlock(&q->lock);
    return NULL;
}

/* ---- start and stop ---- */

enum err writer_start(struct brand *b, struct why *why)
{
    if (pthread_create(&b->writer, NULL, writer, b) != 0)
        return why_fail(why, ERR_INTERNAL, MSG_INTERNAL, "", NULL);
    b->writer_started = true;
    return ERR_OK;
}

void writer_stop(struct brand *b)
{
    if (!b->writer_started) return;
    struct why why = {0};
    if (!b->poisoned && brand_flush(b, &why) != ERR_OK)
        log_warn("brand", "flush_failed", "slug=%s", b->facts.slug);
    pthread_mutex_lock(&b->queue.lock);
    b->queue.stopping = true;
    pthread_cond_signal(&b->queue.wake);
    pthread_mutex_unlock(&b->queue.lock);
    pthread_join(b->writer, NULL);
    b->writer_started = false;
}
