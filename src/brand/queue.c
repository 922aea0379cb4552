/* queue.c - commands on their way to the writer: bounded, first in first out.
 *
 * Any thread appends; the writer takes runs of commands that fit into one batch.
 *
 * Commands that bring something are those with bytes. When sealing does not keep up and the tail is
 * at its limit, the writer leaves them in the queue; those without, the seal's own among them, run
 * one by one. What is submitted meanwhile waits, and is refused once the queue is full. Where
 * nobody seals (a twin, or when the brand is closed) nothing is held back. */
#include "base/limits.h"
#include "brand/internal.h"

bool queue_is_held(const struct brand *b)
{
    return b->queue.sealing && tail_count(b->log.tail) >= b->log.tail_max;
}

struct command *queue_first(const struct queue *q, bool held)
{
    struct command *c = q->head;
    while (held && c && c->bytes > 0)
        c = c->next;
    return c;
}

/* Take out the commands from 'first' to 'last', 'before' being the one before them, if any. */
static struct command *detach(struct queue *q, struct command *before, struct command *first,
                              struct command *last)
{
    if (before) {
        before->next = last->next;
    } else {
        q->head = last->next;
    }
    if (!last->next) q->last = before;
    last->next = NULL;
    for (const struct command *c = first; c; c = c->next) {
        q->count--;
        q->bytes -= c->bytes;
    }
    return first;
}

struct command *queue_take(struct queue *q, bool held)
{
    struct command *first = queue_first(q, held), *last = first, *before = NULL;
    size_t count = 1, bytes = first ? first->bytes : 0;
    if (!first) return NULL;
    if (first != q->head) {
        for (before = q->head; before->next != first;)
            before = before->next;
    }
    while (!held && !first->alone && last->next && !last->next->alone &&
           count < LIMIT_WRITER_BATCH && bytes + last->next->bytes <= LIMIT_WRITER_BATCH_BYTES) {
        last = last->next;
        count++;
        bytes += last->bytes;
    }
    return detach(q, before, first, last);
}

static enum err run_flush(struct tx *tx, void *arg, struct why *why)
{
    (void)arg;
    (void)why;
    return flush_all(tx);
}

enum err brand_flush(struct brand *b, struct why *why)
{
    return brand_call(b, run_flush, NULL, true, why);
}

static enum err run_fold(struct tx *tx, void *arg, struct why *why)
{
    const uint64_t *seq = arg;
    (void)why;
    if (tx->brand->log.folded_seq < *seq) flush_begin(tx);
    return ERR_OK;
}

/* Each call waits for one batch, with a slice of the round under way. */
enum err brand_fold_to(struct brand *b, uint64_t seq, struct why *why)
{
    while (b->log.folded_seq < seq)
        TRY(brand_call(b, run_fold, &seq, false, why));
    return ERR_OK;
}

enum err brand_submit(struct brand *b, struct command *c, struct why *why)
{
    struct queue *q = &b->queue;
    enum err err = ERR_OK;
    c->next = NULL;
    pthread_mutex_lock(&q->lock);
    if (q->stopping || b->poisoned) {
        err = why_fail(why, ERR_UNAVAILABLE, MSG_STOPPING, "", NULL);
    } else if (q->count >= LIMIT_WRITER_QUEUE || q->bytes + c->bytes > LIMIT_WRITER_QUEUE_BYTES) {
        err = why_fail(why, ERR_BUSY, MSG_BUSY, "", "1");
    } else {
        if (q->last) q->last->next = c;
        if (!q->head) q->head = c;
        q->last = c;
        q->count++;
        q->bytes += c->bytes;
        pthread_cond_signal(&q->wake);
    }
    pthread_mutex_unlock(&q->lock);
    return err;
}

/* A caller that waits for its command. */
struct waiter {
    pthread_mutex_t lock;
    pthread_cond_t cond;
    bool finished;
    struct command command;
    void *arg;
    enum err (*run)(struct tx *tx, void *arg, struct why *why);
};

static enum err waiter_run(struct tx *tx, void *arg, struct why *why)
{
    struct waiter *w = arg;
    return w->run(tx, w->arg, why);
}

static void waiter_done(void *arg, enum err err, const struct why *why)
{
    (void)err;
    (void)why;
    struct waiter *w = arg;
    pthread_mutex_lock(&w->lock);
    w->finished = true;
    pthread_cond_signal(&w->cond);
    pthread_mutex_unlock(&w->lock);
}

enum err brand_call(struct brand *b, enum err (*run)(struct tx *tx, void *arg, struct why *why),
                    void *arg, bool alone, struct why *why)
{
    struct waiter w = {.arg = arg, .run = run};
    w.command = (struct command){.run = waiter_run, .done = waiter_done, .arg = &w, .alone = alone};
    pthread_mutex_init(&w.lock, NULL);
    pthread_cond_init(&w.cond, NULL);
    enum err err = brand_submit(b, &w.command, why);
    if (err == ERR_OK) {
        pthread_mutex_lock(&w.lock);
        while (!w.finished)
            pthread_cond_wait(&w.cond, &w.lock);
        pthread_mutex_unlock(&w.lock);
        err = w.command.err;
        if (err != ERR_OK && why) *why = w.command.why;
        if (err != ERR_OK && why && why->err == ERR_OK) why_fail(why, err, MSG_INTERNAL, "", NULL);
    }
    pthread_cond_destroy(&w.cond);
    pthread_mutex_destroy(&w.lock);
    return err;
}
