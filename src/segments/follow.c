/* follow.c - what the keeper does with what has happened: whom to look at, who enters, who leaves,
 * and when to look again.
 *
 * r->due says of each member when one of the answers may change by the clock. An event never moves
 * it later: it is found anew when it fires. So the heap has few entries beyond one a member. */
#include "segments/look.h"

#include <stdlib.h>

/* So many moments are looked at one by one; what else is due is looked at as of now, and dated by
 * when it was due first: after a long stop, since otherwise there are few. */
#define MOMENTS 256

/* ---- personas ---- */

uint32_t follow_member_of(const struct snapshot *s, uint32_t persona)
{
    return persona_map_member(s->personas, persona);
}

/* ---- moves ---- */

/* Under the lock. */
void follow_tell(struct room *r, const struct live *l, const struct segment_move *move)
{
    struct segment_move m = *move;
    m.number = r->moved + 1;
    m.segment = l->id;
    m.code = str_of(l->code);
    size_t place = r->moved % LIMIT_SEGMENT_MOVES;
    if (place == r->moves.count) {
        VEC_PUSH(&r->moves, m);
    } else {
        r->moves.items[place] = m;
    }
    r->moved++;
}

void follow_move(struct room *r, struct live *l, uint32_t member, bool in,
                 enum segment_reason reason, int64_t at)
{
    if (roaring_bitmap_contains(l->members, member) == in) return;
    const struct segment_move move = {.member = member, .entered = in, .reason = reason, .at = at};
    pthread_mutex_lock(&r->lock);
    if (in) {
        roaring_bitmap_add(l->members, member);
    } else {
        roaring_bitmap_remove(l->members, member);
    }
    roaring_bitmap_add(l->dirty, member >> CHUNK_BITS);
    l->moved_at = at;
    follow_tell(r, l, &move);
    pthread_mutex_unlock(&r->lock);
}

void follow_clear(struct room *r, uint32_t persona)
{
    for (size_t i = 0; i < r->lives.count; i++) {
        if (!r->lives.items[i]->list)
            follow_move(r, r->lives.items[i], persona, false, REASON_EVENT, r->now);
    }
    due_set(r, persona, TIME_NONE, true);
    memory_forget(r->memory, persona);
    if (room_notes(r)) roaring_bitmap_add(r->since, persona);
}

void follow_look(struct room *r, const struct snapshot *s, const uint32_t *members, size_t count,
                 enum segment_reason reason)
{
    struct looking w;
    VEC(uint32_t) live = {0};
    if (count == 0 || r->lives.count == 0) return;
    for (size_t i = 0; i < count; i++) {
        if (follow_member_of(s, members[i]) == members[i]) {
            VEC_PUSH(&live, members[i]);
        } else {
            follow_clear(r, members[i]);
        }
    }
    looking_begin(&w, r, s, reason);
    look_all(&w, live.items, live.count);
    looking_end(&w);
    VEC_FINISH(&live);
}

/* ---- events ---- */

static int by_persona(const void *a, const void *b)
{
    const struct touch *x = a, *y = b;
    if (x->persona != y->persona) return x->persona < y->persona ? -1 : 1;
    return (x->seq > y->seq) - (x->seq < y->seq);
}

/* Put members in the place of personas. */
static bool map_touches(struct room *r, const struct snapshot *s, struct touch *touches,
                        size_t count)
{
    bool shared = false;
    uint32_t cleared = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t persona = touches[i].persona, member = follow_member_of(s, persona);
        if (touches[i].kind == 0) shared = true;
        if (member == persona) continue;
        shared = true;
        touches[i].persona = member;
        if (cleared != persona) follow_clear(r, persona);
        cleared = persona;
    }
    return shared;
}

static size_t next_member(const struct touch *touches, size_t i, size_t count)
{
    size_t end = i;
    while (end < count && touches[end].persona == touches[i].persona)
        end++;
    return end;
}

/* Touches of one member. */
struct stir {
    const struct touch *touches;
    size_t count;
};

/* Those who are not remembered. */
static void look_at_stirs(struct looking *w, const struct stir *stirs, size_t count)
{
    if (!look_pass_is_shorter(w, count)) {
        for (size_t i = 0; i < count; i++)
            look_touched(w, stirs[i].touches, stirs[i].count);
        return;
    }
    uint32_t *members = mem_alloc_array(count, sizeof(*members));
    for (size_t i = 0; i < count; i++)
        members[i] = stirs[i].touches[0].persona;
    look_by_pass(w, members, count);
    mem_free(members);
}

void follow_touches(struct room *r, const struct snapshot *s, struct touch *touches, size_t count)
{
    struct looking w;
    VEC(struct stir) unknown = {0};
    if (count == 0 || r->lives.count == 0) return;
    qsort(touches, count, sizeof(*touches), by_persona);
    bool shared = map_touches(r, s, touches, count);
    if (shared) qsort(touches, count, sizeof(*touches), by_persona);
    looking_begin(&w, r, s, REASON_EVENT);
    for (size_t i = 0, end; i < count; i = end) {
        end = next_member(touches, i, count);
        if (touches[i].persona == 0) continue;
        if (!look_recall(&w, touches + i, end - i))
            VEC_PUSH(&unknown, ((struct stir){touches + i, end - i}));
        if (room_notes(r)) roaring_bitmap_add(r->since, touches[i].persona);
    }
    if (unknown.count) keeper_tell(r); /* those take longer */
    look_at_stirs(&w, unknown.items, unknown.count);
    looking_end(&w);
    VEC_FINISH(&unknown);
    if (shared) follow_lists(r, s);
}

/* ---- the clock ---- */

static int by_number(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void set_now(struct room *r, int64_t now)
{
    size_t remembered = memory_count(r->memory);
    panel_set_now(r->panel, now);
    memory_set_now(r->memory, now);
    if (memory_count(r->memory) < remembered)
        r->unfilled = true; /* the machine's clock went back */
}

/* Look at who is due up to 'until', as of that moment, but never as of one that is past already: a
 * build may find that somebody was due before the clock was followed last. */
static void look_due(struct room *r, const struct snapshot *s, int64_t until)
{
    VEC(uint32_t) members = {0};
    if (until < room_followed(r)) until = room_followed(r);
    for (int64_t due = due_next(r); due != TIME_NONE && due <= until; due = due_next(r)) {
        VEC_PUSH(&members, r->heap.items[0].member);
        due_pop(r);
    }
    if (members.count) qsort(members.items, members.count, sizeof(members.items[0]), by_number);
    size_t kept = 0;
    for (size_t i = 0; i < members.count; i++) {
        if (!kept || members.items[kept - 1] != members.items[i])
            members.items[kept++] = members.items[i];
    }
    set_now(r, until);
    follow_look(r, s, members.items, kept, REASON_CLOCK);
    VEC_FINISH(&members);
}

void follow_clock(struct room *r, const struct snapshot *s, int64_t now)
{
    int64_t due = due_next(r);
    for (int i = 0; i < MOMENTS && due != TIME_NONE && due <= now; i++) {
        look_due(r, s, due);
        due = due_next(r);
    }
    if (due != TIME_NONE && due <= now) look_due(r, s, now);
    set_now(r, now);
}

/* ---- static lists ---- */

struct mapping {
    const struct snapshot *snapshot;
    roaring_bitmap_t *out;
};

static bool map_member(uint32_t persona, void *arg)
{
    struct mapping *m = arg;
    roaring_bitmap_add(m->out, follow_member_of(m->snapshot, persona));
    return true;
}

struct changing {
    struct room *room;
    struct live *live;
    const roaring_bitmap_t *now;
    VEC(uint32_t) members; /* changed */
};

static bool move_listed(uint32_t member, void *arg)
{
    struct changing *c = arg;
    follow_move(c->room, c->live, member, roaring_bitmap_contains(c->now, member), REASON_EVENT,
                c->room->now);
    if (room_notes(c->room)) roaring_bitmap_add(c->room->since, member);
    VEC_PUSH(&c->members, member);
    return true;
}

static void look_at_listed(struct room *r, const struct snapshot *s, const struct changing *c)
{
    struct looking w;
    bool any = false;
    for (size_t i = 0; i < r->lives.count; i++)
        any |= panel_reads_lists(r->panel, i);
    if (c->members.count == 0 || !any) return;
    looking_begin(&w, r, s, REASON_EVENT);
    for (size_t i = 0; i < c->members.count; i++)
        look_listed(&w, c->members.items[i]);
    looking_end(&w);
}

void follow_lists(struct room *r, const struct snapshot *s)
{
    struct changing c = {.room = r};
    room_tear(r, true);
    for (size_t i = 0; i < r->lives.count; i++) {
        struct live *l = r->lives.items[i];
        if (!l->list) continue;
        struct mapping m = {s, roaring_bitmap_create()};
        roaring_iterate(l->named, map_member, &m);
        roaring_bitmap_t *moved = roaring_bitmap_xor(m.out, l->members);
        c.live = l;
        c.now = m.out;
        roaring_iterate(moved, move_listed, &c);
        roaring_bitmap_free(moved);
        roaring_bitmap_free(m.out);
    }
    look_at_listed(r, s, &c);
    room_tear(r, false);
    VEC_FINISH(&c.members);
}
