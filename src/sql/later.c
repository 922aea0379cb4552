/* later.c - a ring of chunks of bytes, filled by one thread, run and emptied by another.
 *
 * A statement is a head, then for each value a head and the bytes it says. The chunk at
 * (first + full) is being filled and belongs to the connection's thread; the 'full' ones from
 * 'first' on belong to the other. What is left in a chunk that is not full when all must have run
 * is run by the connection's thread: who often asks between what he writes pays for no other.
 *
 * Invariant: full < CHUNKS, so there is always one to be filled. */
#include "sql/later.h"

#include <pthread.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define CHUNKS 64
#define CHUNK_BYTES ((size_t)1 << 16)

struct later_head {
    const char *text;
    uint32_t count; /* of its values */
};

struct later_value {
    enum value_kind kind;
    int index;
    int64_t i;
    double d;
    size_t len; /* of the bytes behind */
};

struct later {
    struct sql *db;
    struct sql_stmt stmt;   /* being noted down */
    struct strbuf *filling; /* where */
    size_t start;           /* of it */
    struct later_head head; /* of it */
    struct strbuf chunks[CHUNKS];
    pthread_t thread;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t moved; /* any of it */
    size_t first, full;   /* chunks to be run */
    enum err err;         /* of the first that failed */
    bool stopping;
};

/* ---- running ---- */

static enum err run_one(struct sql *db, const char **at)
{
    struct later_head head;
    memcpy(&head, *at, sizeof(head));
    *at += sizeof(head);
    struct sql_stmt *s = sql_ready(db, head.text);
    if (!s->prepared) return s->fault != ERR_OK ? s->fault : ERR_STORE;
    for (uint32_t i = 0; i < head.count; i++) {
        struct later_value v;
        memcpy(&v, *at, sizeof(v));
        *at += sizeof(v);
        const struct value value = {v.kind, v.i, v.d, {*at, v.len}, true};
        *at += v.len;
        TRY(db->driver->bind(s, v.index, &value));
    }
    enum err err = ERR_OK;
    for (bool row = true; row && err == ERR_OK;)
        err = db->driver->step(s, &row);
    db->driver->reset(s);
    return err;
}

static enum err run_chunk(struct sql *db, const struct strbuf *chunk)
{
    for (const char *at = chunk->p; at < chunk->p + chunk->len;)
        TRY(run_one(db, &at));
    return ERR_OK;
}

static void *later_main(void *arg)
{
    struct later *l = arg;
    pthread_mutex_lock(&l->lock);
    for (;;) {
        while (l->full == 0 && !l->stopping)
            pthread_cond_wait(&l->moved, &l->lock);
        if (l->full == 0) break;
        struct strbuf *chunk = &l->chunks[l->first];
        enum err err = l->err;
        pthread_mutex_unlock(&l->lock);
        if (err == ERR_OK) err = run_chunk(l->db, chunk);
        strbuf_reset(chunk);
        pthread_mutex_lock(&l->lock);
        l->err = err;
        l->first = (l->first + 1) % CHUNKS;
        l->full--;
        pthread_cond_broadcast(&l->moved);
    }
    pthread_mutex_unlock(&l->lock);
    return NULL;
}

struct later *later_create(struct sql *db)
{
    struct later *l = mem_alloc(sizeof(*l));
    l->db = db;
    l->filling = &l->chunks[0];
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->moved, NULL);
    if (pthread_create(&l->thread, NULL, later_main, l) == 0) return l;
    mem_free(l);
    return NULL;
}

void later_destroy(struct later *l)
{
    if (!l) return;
    pthread_mutex_lock(&l->lock);
    l->stopping = true;
    pthread_cond_broadcast(&l->moved);
    pthread_mutex_unlock(&l->lock);
    pthread_join(l->thread, NULL);
    for (int i = 0; i < CHUNKS; i++)
        strbuf_finish(&l->chunks[i]);
    pthread_cond_destroy(&l->moved);
    pthread_mutex_destroy(&l->lock);
    mem_free(l);
}

/* ---- noting down ---- */

struct sql_stmt *later_open(struct later *l, const char *text)
{
    l->start = l->filling->len;
    l->head = (struct later_head){text, 0};
    l->stmt = (struct sql_stmt){.db = l->db, .prepared = true, .later = true};
    strbuf_add(l->filling, &l->head, sizeof(l->head)); /* its count is set at its end */
    return &l->stmt;
}

void later_bind(struct later *l, int index, const struct value *v)
{
    bool bytes = v->kind == VALUE_TEXT || v->kind == VALUE_BLOB;
    struct later_value head;
    memset(&head, 0, sizeof(head));
    head.kind = v->kind;
    head.index = index;
    head.i = v->i;
    head.d = v->d;
    head.len = bytes ? v->bytes.len : 0;
    strbuf_add(l->filling, &head, sizeof(head));
    if (head.len) strbuf_add(l->filling, v->bytes.p, head.len);
    l->head.count++;
}

static enum err hand_over(struct later *l)
{
    pthread_mutex_lock(&l->lock);
    l->full++;
    pthread_cond_broadcast(&l->moved);
    while (l->full == CHUNKS)
        pthread_cond_wait(&l->moved, &l->lock);
    l->filling = &l->chunks[(l->first + l->full) % CHUNKS];
    enum err err = l->err;
    pthread_mutex_unlock(&l->lock);
    return err;
}

enum err later_close(struct later *l)
{
    if (l->stmt.fault != ERR_OK) { /* its own: as if it had not been */
        l->filling->len = l->start;
        return l->stmt.fault;
    }
    memcpy(l->filling->p + l->start, &l->head, sizeof(l->head));
    return l->filling->len < CHUNK_BYTES ? ERR_OK : hand_over(l);
}

enum err later_drain(struct later *l)
{
    pthread_mutex_lock(&l->lock);
    while (l->full)
        pthread_cond_wait(&l->moved, &l->lock);
    enum err err = l->err;
    pthread_mutex_unlock(&l->lock);
    if (l->filling->len == 0) return err;
    if (err == ERR_OK) err = run_chunk(l->db, l->filling);
    strbuf_reset(l->filling);
    pthread_mutex_lock(&l->lock);
    l->err = err;
    pthread_mutex_unlock(&l->lock);
    return err;
}

void later_reset(struct later *l)
{
    pthread_mutex_lock(&l->lock);
    l->err = ERR_OK;
    pthread_mutex_unlock(&l->lock);
}
