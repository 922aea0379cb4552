/* view.c - snapshots: references to the parts, a view of the tail and the map of personas, taken
 * under one short lock so that each event is in exactly one place. */
#include <stdatomic.h>

#include "base/mem.h"
#include "brand/internal.h"

/* The map of shared personas, counted. */
struct shared_personas {
    atomic_int refs;
    struct persona_map map;
    uint32_t ids[]; /* personas, then members */
};

/* What brand_snapshot hands out; the caller sees its first field. */
struct view {
    struct snapshot snapshot;
    struct shared_personas *personas;
    struct part *parts[];
};

void personas_unref(struct shared_personas *p)
{
    if (p && atomic_fetch_sub(&p->refs, 1) == 1) mem_free(p);
}

void brand_set_personas(struct brand *b, const uint32_t *persona, const uint32_t *member,
                        size_t count)
{
    struct shared_personas *p = mem_alloc(sizeof(*p) + 2 * count * sizeof(p->ids[0]));
    atomic_init(&p->refs, 1);
    for (size_t i = 0; i < count; i++) {
        p->ids[i] = persona[i];
        p->ids[count + i] = member[i];
    }
    p->map = (struct persona_map){count, p->ids, p->ids + count};
    pthread_mutex_lock(&b->log.set_lock);
    struct shared_personas *old = b->log.personas;
    b->log.personas = p;
    pthread_mutex_unlock(&b->log.set_lock);
    past_mark(b);
    personas_unref(old);
}

struct snapshot *brand_snapshot(struct brand *b)
{
    struct log *log = &b->log;
    b->counters.snapshots++;
    pthread_mutex_lock(&log->set_lock);
    size_t count = log->parts.count;
    struct view *v = mem_alloc(sizeof(*v) + count * sizeof(v->parts[0]));
    for (size_t i = 0; i < count; i++) {
        v->parts[i] = log->parts.items[i].part;
        part_ref(v->parts[i]);
    }
    v->personas = log->personas;
    if (v->personas) atomic_fetch_add(&v->personas->refs, 1);
    v->snapshot = (struct snapshot){
        .part_count = count,
        .parts = v->parts,
        .tail = tail_view(log->tail),
        .seq = log->seq,
        .personas = v->personas ? &v->personas->map : NULL,
    };
    pthread_mutex_unlock(&log->set_lock);
    return &v->snapshot;
}

void brand_snapshot_release(struct snapshot *s)
{
    if (!s) return;
    struct view *v = (struct view *)(void *)s;
    for (size_t i = 0; i < s->part_count; i++)
        part_unref(s->parts[i]);
    if (s->tail) tail_view_unref(s->tail);
    personas_unref(v->personas);
    mem_free(v);
}
