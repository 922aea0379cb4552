/* tail.c - chunks of CHUNK_EVENTS events, filled one after another, and views of them.
 *
 *   chunks   [ 0 ........ ][ 1 ........ ][ 2 ....      ]     chunk i begins at seq base + i *
 * CHUNK_EVENTS ^ first_seq                    ^ end_seq
 *
 * 1. The writer fills the room behind end_seq without the lock; raising end_seq under the lock
 * makes a commit visible. What lies before end_seq never changes again.
 * 2. A view copies the pointers of its chunks and holds a reference to each, so that a drop frees
 *    memory only when the last view of it is gone.
 * 3. A view of a state is made once and shared. It starts from the index of the view before it; the
 *    orders (of commit, sorted) are made on first use under the view's own lock.
 * 4. The tail's lock and a view's lock are never held together.
 * 5. A chunk's events are linked by buckets of their personas, the newest first, and so are those a
 *    view is too old for: one persona's are found with a look into each chunk and no order made. */
#include "eventlog/tail.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/mem.h"
#include "base/vec.h"

#define CHUNK_EVENTS 1024
#define CHUNK_BUCKETS 2048 /* of personas */
#define PIECE_BYTES ((size_t)32 * 1024)

/* Memory of the properties and texts of a chunk's events. */
struct piece {
    struct piece *next; /* older one */
    size_t size;        /* of bytes */
    size_t used;        /* of size */
    _Alignas(16) char bytes[];
};

struct chunk {
    atomic_uint refs;                      /* the tail's and each view's */
    struct piece *pieces;                  /* newest first; only the writer looks */
    _Atomic uint16_t heads[CHUNK_BUCKETS]; /* newest event of each bucket + 1; 0 = none */
    uint16_t next[CHUNK_EVENTS];           /* the one before it in its bucket + 1; 0 = none */
    struct event events[CHUNK_EVENTS];
};
_Static_assert(CHUNK_EVENTS < UINT16_MAX, "places fit the buckets");

struct tail {
    pthread_mutex_t lock; /* guards what follows against readers; the writer alone changes it */
    VEC(struct chunk *) chunks;
    uint64_t base;           /* seq of the first event of chunk 0 */
    uint64_t first_seq;      /* of the oldest event kept */
    uint64_t end_seq;        /* one past the newest */
    struct tail_view *view;  /* the newest made, referenced; may be of an older state; NULL */
    struct tail_index *seed; /* for the next view when there is none to follow; NULL */
};

struct tail_view {
    atomic_uint refs;
    uint64_t first_seq;                     /* of the oldest event in it */
    size_t count;                           /* events in it */
    size_t skip;                            /* events of the first chunk before first_seq */
    struct chunk **chunks;                  /* referenced */
    size_t chunk_count;                     /* of chunks */
    struct tail_index *seed;                /* an earlier order to start from; NULL */
    pthread_mutex_t lock;                   /* held while an order is made */
    _Atomic(const struct event **) commits; /* in order of commit; NULL until asked for */
    _Atomic(const struct event **) sorted;  /* by the index; NULL until asked for as events */
    _Atomic(struct tail_index *) index;     /* NULL until asked for */
};

static void chunk_unref(struct chunk *c)
{
    if (atomic_fetch_sub_explicit(&c->refs, 1, memory_order_acq_rel) != 1) return;
    for (struct piece *p = c->pieces; p;) {
        struct piece *next = p->next;
        mem_free(p);
        p = next;
    }
    mem_free(c);
}

struct tail *tail_create(void)
{
    struct tail *t = mem_alloc(sizeof(*t));
    pthread_mutex_init(&t->lock, NULL);
    return t;
}

void tail_destroy(struct tail *t)
{
    if (!t) return;
    for (size_t i = 0; i < t->chunks.count; i++) {
        chunk_unref(t->chunks.items[i]);
    }
    VEC_FINISH(&t->chunks);
    tail_view_unref(t->view);
    tail_index_unref(t->seed);
    pthread_mutex_destroy(&t->lock);
    mem_free(t);
}

/* --- appending --- */

static void *chunk_alloc(struct chunk *c, size_t size)
{
    size = (size + 15) & ~(size_t)15;
    struct piece *p = c->pieces;
    if (!p || p->size - p->used < size) {
        size_t room = size > PIECE_BYTES ? size : PIECE_BYTES;
        p = mem_alloc(sizeof(*p) + room);
        p->size = room;
        p->next = c->pieces;
        c->pieces = p;
    }
    void *got = p->bytes + p->used;
    p->used += size;
    return got;
}

static void copy_props(struct chunk *c, const struct event *from, struct event *to)
{
    size_t text_bytes = 0;
    for (size_t i = 0; i < from->prop_count; i++) {
        if (from->props[i].type == PROP_TEXT) text_bytes += from->props[i].text.len;
    }
    size_t prop_bytes = from->prop_count * sizeof(struct event_prop);
    struct event_prop *props = chunk_alloc(c, prop_bytes + text_bytes);
    char *text = (char *)props + prop_bytes;
    memcpy(props, from->props, prop_bytes);
    for (size_t i = 0; i < from->prop_count; i++) {
        struct str s = from->props[i].text;
        props[i].text = (struct str){NULL, 0};
        if (props[i].type != PROP_TEXT) continue;
        props[i].text = (struct str){text, s.len};
        if (s.len) memcpy(text, s.p, s.len);
        text += s.len;
    }
    to->props = props;
}

static size_t bucket_of(uint32_t persona)
{
    return persona * UINT32_C(2654435761) >> 21 & (CHUNK_BUCKETS - 1);
}

/* Event 'at' of a chunk is whole: its persona's events lead to it from now on. */
static void link_event(struct chunk *c, size_t at)
{
    _Atomic uint16_t *head = &c->heads[bucket_of(c->events[at].persona)];
    c->next[at] = atomic_load_explicit(head, memory_order_relaxed);
    atomic_store_explicit(head, (uint16_t)(at + 1), memory_order_release);
}

static void push_chunk(struct tail *t)
{
    struct chunk *c = mem_alloc(sizeof(*c));
    atomic_init(&c->refs, 1);
    pthread_mutex_lock(&t->lock);
    VEC_PUSH(&t->chunks, c);
    pthread_mutex_unlock(&t->lock);
}

void tail_append(struct tail *t, const struct event *events, size_t count, uint64_t first_seq)
{
    if (t->chunks.count == 0) {
        pthread_mutex_lock(&t->lock);
        t->base = t->first_seq = t->end_seq = first_seq;
        pthread_mutex_unlock(&t->lock);
    }
    assert(first_seq == t->end_seq);
    uint64_t place = first_seq - t->base;
    for (size_t i = 0; i < count; i++, place++) {
        size_t at = (size_t)(place / CHUNK_EVENTS);
        if (at == t->chunks.count) push_chunk(t);
        struct chunk *c = t->chunks.items[at];
        struct event *to = &c->events[place % CHUNK_EVENTS];
        *to = events[i];
        to->props = NULL;
        if (to->prop_count) copy_props(c, &events[i], to);
        link_event(c, place % CHUNK_EVENTS);
    }
    pthread_mutex_lock(&t->lock);
    t->end_seq = first_seq + count;
    pthread_mutex_unlock(&t->lock);
}

/* --- dropping --- */

/* The best order known so far, referenced; NULL when none was made. */
static struct tail_index *best_index(struct tail *t)
{
    if (!t->view) return tail_index_ref(t->seed);
    struct tail_index *made = atomic_load_explicit(&t->view->index, memory_order_acquire);
    return tail_index_ref(made ? made : t->view->seed);
}

void tail_drop(struct tail *t, uint64_t seq)
{
    if (t->first_seq > seq || t->first_seq == t->end_seq) return;
    uint64_t first = seq < t->end_seq ? seq + 1 : t->end_seq;
    size_t whole = (size_t)((first - t->base) / CHUNK_EVENTS);
    if (first == t->end_seq) whole = t->chunks.count;
    struct chunk **dropped = mem_alloc_array(whole + 1, sizeof(*dropped));

    pthread_mutex_lock(&t->lock);
    t->first_seq = first;
    t->base += (uint64_t)whole * CHUNK_EVENTS;
    if (whole) memcpy(dropped, t->chunks.items, whole * sizeof(*dropped));
    t->chunks.count -= whole;
    memmove(t->chunks.items, t->chunks.items + whole, t->chunks.count * sizeof(*dropped));
    struct tail_index *seed = best_index(t);
    struct tail_index *old_seed = t->seed;
    struct tail_view *view = t->view;
    t->seed = seed;
    t->view = NULL;
    pthread_mutex_unlock(&t->lock);

    tail_index_unref(old_seed);
    tail_view_unref(view);
    for (size_t i = 0; i < whole; i++) {
        chunk_unref(dropped[i]);
    }
    mem_free(dropped);
}

size_t tail_count(const struct tail *t)
{
    /* The lock is no part of the tail's value. */
    pthread_mutex_t *lock = (pthread_mutex_t *)(uintptr_t)&t->lock;
    pthread_mutex_lock(lock);
    size_t count = (size_t)(t->end_seq - t->first_seq);
    pthread_mutex_unlock(lock);
    return count;
}

/* --- views --- */

/* With the tail's lock held. */
static struct tail_view *view_create(struct tail *t)
{
    struct tail_view *v = mem_alloc(sizeof(*v));
    atomic_init(&v->refs, 1);
    pthread_mutex_init(&v->lock, NULL);
    v->first_seq = t->first_seq;
    v->count = (size_t)(t->end_seq - t->first_seq);
    v->skip = (size_t)(t->first_seq - t->base);
    v->chunk_count = v->count ? (v->skip + v->count + CHUNK_EVENTS - 1) / CHUNK_EVENTS : 0;
    v->chunks = mem_alloc_array(v->chunk_count + 1, sizeof(struct chunk *));
    for (size_t i = 0; i < v->chunk_count; i++) {
        v->chunks[i] = t->chunks.items[i];
        atomic_fetch_add_explicit(&v->chunks[i]->refs, 1, memory_order_relaxed);
    }
    v->seed = best_index(t);
    return v;
}

struct tail_view *tail_view(struct tail *t)
{
    struct tail_view *old = NULL;
    pthread_mutex_lock(&t->lock);
    struct tail_view *v = t->view;
    if (!v || v->first_seq != t->first_seq || v->count != t->end_seq - t->first_seq) {
        old = t->view;
        v = view_create(t);
        t->view = v;
    }
    atomic_fetch_add_explicit(&v->refs, 1, memory_order_relaxed);
    pthread_mutex_unlock(&t->lock);
    tail_view_unref(old);
    return v;
}

void tail_view_unref(struct tail_view *v)
{
    if (!v || atomic_fetch_sub_explicit(&v->refs, 1, memory_order_acq_rel) != 1) return;
    for (size_t i = 0; i < v->chunk_count; i++) {
        chunk_unref(v->chunks[i]);
    }
    mem_free(v->chunks);
    tail_index_unref(v->seed);
    tail_index_unref(atomic_load(&v->index));
    mem_free(atomic_load(&v->commits));
    mem_free(atomic_load(&v->sorted));
    pthread_mutex_destroy(&v->lock);
    mem_free(v);
}

size_t tail_view_count(const struct tail_view *v)
{
    return v->count;
}

/* With the view's lock held. */
static const struct event **make_commits(struct tail_view *v)
{
    const struct event **events = atomic_load_explicit(&v->commits, memory_order_relaxed);
    if (events) return events;
    events = mem_alloc_array(v->count + 1, sizeof(*events));
    size_t place = v->skip;
    for (size_t i = 0; i < v->count; i++, place++) {
        events[i] = &v->chunks[place / CHUNK_EVENTS]->events[place % CHUNK_EVENTS];
    }
    atomic_store_explicit(&v->commits, events, memory_order_release);
    return events;
}

const struct event *tail_view_event(const struct tail_view *v, uint32_t place)
{
    size_t at = v->skip + place;
    return &v->chunks[at / CHUNK_EVENTS]->events[at % CHUNK_EVENTS];
}

const struct event *tail_view_seq(const struct tail_view *v, uint64_t seq)
{
    if (seq < v->first_seq || seq - v->first_seq >= v->count) return NULL;
    return tail_view_event(v, (uint32_t)(seq - v->first_seq));
}

/* With the view's lock held. */
static struct tail_index *make_index(struct tail_view *v)
{
    struct tail_index *index = atomic_load_explicit(&v->index, memory_order_relaxed);
    if (index) return index;
    size_t kept = tail_index_kept(v->seed, v->first_seq), more = v->count - kept;
    const struct event **events = mem_alloc_array(more + 1, sizeof(*events));
    for (size_t i = 0; i < more; i++)
        events[i] = tail_view_event(v, (uint32_t)(kept + i));
    index = tail_index_create(v->seed, events, more, v->first_seq);
    mem_free(events);
    atomic_store_explicit(&v->index, index, memory_order_release);
    return index;
}

static struct tail_index *index_of(struct tail_view *v)
{
    struct tail_index *index = atomic_load_explicit(&v->index, memory_order_acquire);
    if (index) return index;
    pthread_mutex_lock(&v->lock);
    index = make_index(v);
    pthread_mutex_unlock(&v->lock);
    return index;
}

const struct tail_key *tail_view_keys(struct tail_view *v, size_t *count)
{
    *count = v->count;
    return index_of(v)->keys;
}

bool tail_view_times(struct tail_view *v, int64_t *first, int64_t *last)
{
    if (v->count == 0) return false;
    const struct tail_index *index = index_of(v);
    *first = index->at_min;
    *last = index->at_max;
    return true;
}

/* With the view's lock held. */
static const struct event **make_sorted(struct tail_view *v)
{
    const struct event **events = atomic_load_explicit(&v->sorted, memory_order_relaxed);
    if (events) return events;
    const struct tail_index *index = make_index(v);
    events = mem_alloc_array(v->count + 1, sizeof(*events));
    for (size_t i = 0; i < v->count; i++)
        events[i] = tail_view_event(v, index->keys[i].place);
    atomic_store_explicit(&v->sorted, events, memory_order_release);
    return events;
}

const struct event *const *tail_view_events(struct tail_view *v, size_t *count)
{
    *count = v->count;
    const struct event **events = atomic_load_explicit(&v->sorted, memory_order_acquire);
    if (events) return events;
    pthread_mutex_lock(&v->lock);
    events = make_sorted(v);
    pthread_mutex_unlock(&v->lock);
    return events;
}

const struct event *const *tail_view_commits(struct tail_view *v, size_t *count,
                                             uint64_t *first_seq)
{
    *count = v->count;
    *first_seq = v->first_seq;
    const struct event **events = atomic_load_explicit(&v->commits, memory_order_acquire);
    if (events) return events;
    pthread_mutex_lock(&v->lock);
    events = make_commits(v);
    pthread_mutex_unlock(&v->lock);
    return events;
}

/* --- one persona --- */

/* A place is one of the view's chunks, the first event of the first being 0. */
struct keys {
    struct tail_key *items;
    size_t count, capacity; /* as of a VEC */
};

/* Add the events of a persona in one chunk, in order of commit. */
static void find_in_chunk(const struct tail_view *v, size_t chunk, uint32_t persona,
                          struct keys *out)
{
    const struct chunk *c = v->chunks[chunk];
    size_t first = out->count, base = chunk * CHUNK_EVENTS, end = v->skip + v->count - base;
    size_t skip = chunk == 0 ? v->skip : 0;
    uint16_t next = atomic_load_explicit(&c->heads[bucket_of(persona)], memory_order_acquire);
    for (; next > skip; next = c->next[next - 1]) {
        const struct event *ev = &c->events[next - 1];
        if (next > end || ev->persona != persona) continue;
        VEC_PUSH(out, tail_key_of(ev, base + next - 1));
    }
    for (size_t i = first, k = out->count; i + 1 < k; i++) {
        struct tail_key swap = out->items[--k];
        out->items[k] = out->items[i];
        out->items[i] = swap;
    }
}

static bool ascend(const struct tail_key *keys, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (keys[i].at < keys[i - 1].at) return false;
    }
    return true;
}

const struct event **tail_view_persona(const struct tail_view *v, uint32_t persona, size_t *count)
{
    struct keys found = {0};
    for (size_t i = 0; i < v->chunk_count; i++)
        find_in_chunk(v, i, persona, &found);
    *count = found.count;
    const struct tail_key *sorted = found.items;
    if (!ascend(found.items, found.count)) {
        VEC_RESERVE(&found, found.count);
        sorted = tail_keys_sort(found.items, found.items + found.count, found.count);
    }
    const struct event **events = mem_alloc_array(found.count + 1, sizeof(*events));
    for (size_t i = 0; i < found.count; i++) {
        uint32_t place = sorted[i].place;
        events[i] = &v->chunks[place / CHUNK_EVENTS]->events[place % CHUNK_EVENTS];
    }
    VEC_FINISH(&found);
    return events;
}
